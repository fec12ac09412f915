//! The KV cache of an instance: blocks, who holds them, and which prompt's tokens they still contain.
//!
//! A block that nobody holds is free, but keeps its content until it is taken for something new; a request whose prompt
//! starts with the same tokens takes it back as it is (prefix caching). Contents are compared by name, not by hash: tokens
//! are equal only within a prefix group or within one request, so (owner, index of the block in the prompt) says it all.

use crate::trace::{Arrival, Prefix};

/// What one request holds on its instance.
#[derive(Clone, Debug)]
pub(super) struct Holding {
    input: u32,
    prefix: Option<Prefix>,
    /// Its blocks in the order of its tokens.
    blocks: Vec<u32>,
    /// Tokens in the last of them.
    last_tokens: u32,
    /// The block with the i-th part of its own prompt, if there is one.
    contents: Vec<u32>,
}

impl Holding {
    pub(super) fn new(arrival: &Arrival) -> Self {
        Holding {
            input: arrival.input_tokens,
            prefix: arrival.prefix,
            blocks: Vec::new(),
            last_tokens: 0,
            contents: Vec::new(),
        }
    }

    /// Forgets all, once the request is gone for good.
    pub(super) fn clear(&mut self) {
        self.blocks = Vec::new();
        self.contents = Vec::new();
    }
}

/// The blocks of an instance.
#[derive(Debug)]
pub(super) struct KvCache {
    block_size: u32,
    total: u32,
    /// The blocks ever taken, by number. The others are free and empty, and are taken first.
    blocks: Vec<Block>,
    /// Free blocks with content, in a list linked through `blocks`: the longest free one is taken first.
    first_free: u32,
    last_free: u32,
    listed: u32,
    /// For each prefix group, the block with the i-th part of the prefix.
    groups: Vec<Vec<u32>>,
    /// Blocks taken back with their content.
    pub(super) hits: u64,
    /// Blocks taken for new content.
    pub(super) misses: u64,
}

#[derive(Debug)]
struct Block {
    holders: u32,
    content: Option<Content>,
    previous: u32,
    next: u32,
}

/// The name of a full block of prompt tokens.
#[derive(Clone, Copy, Debug)]
struct Content {
    owner: Owner,
    index: u32,
}

#[derive(Clone, Copy, Debug)]
enum Owner {
    Request(u32),
    Group(u32),
}

const NONE: u32 = u32::MAX;

impl KvCache {
    pub(super) fn new(total: u32, block_size: u32) -> Self {
        KvCache {
            block_size,
            total,
            blocks: Vec::new(),
            first_free: NONE,
            last_free: NONE,
            listed: 0,
            groups: Vec::new(),
            hits: 0,
            misses: 0,
        }
    }

    /// Blocks that nobody holds.
    pub(super) fn free(&self) -> u32 {
        self.total - self.blocks.len() as u32 + self.listed
    }

    /// The share of blocks that somebody holds.
    pub(super) fn utilization(&self) -> f64 {
        f64::from(self.total - self.free()) / f64::from(self.total)
    }

    /// Tokens in this many full blocks.
    pub(super) fn tokens_in(&self, blocks: usize) -> u32 {
        blocks as u32 * self.block_size
    }

    /// Finds the blocks that contain the start of a request's prompt, as far as there are any.
    pub(super) fn find_cached(&self, holdings: &[Holding], id: u32, cached: &mut Vec<u32>) {
        cached.clear();
        for index in 0..holdings[id as usize].input / self.block_size {
            let content = self.content(&holdings[id as usize], id, index);
            let slots = match content.owner {
                Owner::Request(owner) => Some(&holdings[owner as usize].contents),
                Owner::Group(group) => self.groups.get(group as usize),
            };
            match slots.and_then(|slots| slots.get(index as usize)) {
                Some(&block) if block != NONE => cached.push(block),
                _ => break,
            }
        }
    }

    /// Makes room for `tokens` more prompt tokens of a request, behind those in the `cached` blocks if it holds none yet.
    /// If there are not enough blocks, nothing changes. If no token is left to compute, nothing is claimed either, not even
    /// the cached blocks: such a request decodes without holding its prompt.
    pub(super) fn allocate_prompt(&mut self, holdings: &mut [Holding], id: u32, tokens: u32, cached: &[u32]) -> bool {
        let holding = &mut holdings[id as usize];
        let room = if holding.blocks.is_empty() { 0 } else { self.block_size - holding.last_tokens };
        let needed = tokens.saturating_sub(room).div_ceil(self.block_size);
        let revived = cached.iter().filter(|&&block| self.blocks[block as usize].holders == 0).count() as u32;
        if needed + revived > self.free() {
            return false;
        }
        if tokens == 0 {
            return true;
        }
        if holding.blocks.is_empty() {
            for &block in cached {
                self.claim(block);
                holding.blocks.push(block);
                holding.last_tokens = self.block_size;
            }
        }
        let mut left = tokens;
        if !holding.blocks.is_empty() && holding.last_tokens < self.block_size {
            let filled = left.min(self.block_size - holding.last_tokens);
            holding.last_tokens += filled;
            left -= filled;
            self.name_if_full(holdings, id);
        }
        while left > 0 {
            let filled = left.min(self.block_size);
            self.take(holdings, id);
            holdings[id as usize].last_tokens = filled;
            left -= filled;
            self.name_if_full(holdings, id);
        }
        true
    }

    /// Makes room for one output token of a request; false if that needs a block and none is free.
    pub(super) fn allocate_token(&mut self, holdings: &mut [Holding], id: u32) -> bool {
        let holding = &mut holdings[id as usize];
        // Blocks that output tokens fill get no name: no prompt contains them.
        if !holding.blocks.is_empty() && holding.last_tokens < self.block_size {
            holding.last_tokens += 1;
            return true;
        }
        if self.free() == 0 {
            return false;
        }
        self.take(holdings, id);
        holdings[id as usize].last_tokens = 1;
        true
    }

    /// Gives back all blocks of a request, the last one first: so the end of a prompt is recycled before its start.
    pub(super) fn release(&mut self, holding: &mut Holding) {
        while let Some(number) = holding.blocks.pop() {
            let block = &mut self.blocks[number as usize];
            block.holders -= 1;
            if block.holders == 0 {
                self.append_free(number);
            }
        }
        holding.last_tokens = 0;
    }

    /// Takes a free block for new content and gives it to a request.
    fn take(&mut self, holdings: &mut [Holding], id: u32) {
        let number = if (self.blocks.len() as u32) < self.total {
            self.blocks.push(Block { holders: 0, content: None, previous: NONE, next: NONE });
            self.blocks.len() as u32 - 1
        } else {
            let number = self.first_free;
            self.unlink(number);
            number
        };
        let block = &mut self.blocks[number as usize];
        block.holders = 1;
        if let Some(content) = block.content.take() {
            // Whichever block has this name now loses it, be it another one: BLIS deletes by hash, too.
            self.name(holdings, content, NONE);
        }
        self.misses += 1;
        holdings[id as usize].blocks.push(number);
    }

    /// One more holder for a block with the right content.
    fn claim(&mut self, number: u32) {
        if self.blocks[number as usize].holders == 0 {
            self.unlink(number);
        }
        self.blocks[number as usize].holders += 1;
        self.hits += 1;
    }

    /// Names the last block of a request if it is full of prompt tokens.
    fn name_if_full(&mut self, holdings: &mut [Holding], id: u32) {
        let holding = &holdings[id as usize];
        if holding.last_tokens < self.block_size {
            return;
        }
        let index = holding.blocks.len() - 1;
        let number = holding.blocks[index];
        let content = self.content(holding, id, index as u32);
        self.blocks[number as usize].content = Some(content);
        self.name(holdings, content, number);
    }

    fn name(&mut self, holdings: &mut [Holding], content: Content, number: u32) {
        let index = content.index as usize;
        let (slots, most) = match content.owner {
            Owner::Request(owner) => {
                let holding = &mut holdings[owner as usize];
                (&mut holding.contents, (holding.input / self.block_size) as usize)
            }
            Owner::Group(group) => {
                let group = group as usize;
                if self.groups.len() <= group {
                    self.groups.resize(group + 1, Vec::new());
                }
                (&mut self.groups[group], index + 1)
            }
        };
        if slots.len() <= index && number != NONE {
            slots.resize(most, NONE);
        }
        if let Some(slot) = slots.get_mut(index) {
            *slot = number;
        }
    }

    /// The name of the i-th block of a request's prompt.
    fn content(&self, holding: &Holding, id: u32, index: u32) -> Content {
        let end = (index + 1) * self.block_size;
        let owner = match holding.prefix {
            Some(prefix) if end <= prefix.tokens => Owner::Group(prefix.group),
            _ => Owner::Request(id),
        };
        Content { owner, index }
    }

    fn append_free(&mut self, number: u32) {
        let last = self.last_free;
        let block = &mut self.blocks[number as usize];
        (block.previous, block.next) = (last, NONE);
        match last {
            NONE => self.first_free = number,
            _ => self.blocks[last as usize].next = number,
        }
        self.last_free = number;
        self.listed += 1;
    }

    fn unlink(&mut self, number: u32) {
        let Block { previous, next, .. } = self.blocks[number as usize];
        match previous {
            NONE => self.first_free = next,
            _ => self.blocks[previous as usize].next = next,
        }
        match next {
            NONE => self.last_free = previous,
            _ => self.blocks[next as usize].previous = previous,
        }
        self.listed -= 1;
    }
}

#[cfg(test)]
impl KvCache {
    /// Panics unless every block is either free or held, and the books say so.
    pub(super) fn assert_conserved<'a>(&self, holdings: impl Iterator<Item = &'a Holding>) {
        let mut holders = vec![0; self.blocks.len()];
        for holding in holdings {
            for &block in &holding.blocks {
                holders[block as usize] += 1;
            }
        }
        let counted: Vec<u32> = self.blocks.iter().map(|block| block.holders).collect();
        assert_eq!(counted, holders, "holders of each block");
        let (mut number, mut previous, mut listed) = (self.first_free, NONE, 0);
        while number != NONE {
            let block = &self.blocks[number as usize];
            assert_eq!((block.holders, block.previous), (0, previous), "block {number} in the free list");
            (previous, number) = (number, block.next);
            listed += 1;
        }
        assert_eq!((previous, listed), (self.last_free, self.listed), "the free list");
        let held = holders.iter().filter(|&&count| count > 0).count() as u32;
        assert_eq!(self.free() + held, self.total, "free and held blocks");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hints::Hints;
    use crate::slo::Class;

    fn holdings(inputs: &[(u32, Option<Prefix>)]) -> Vec<Holding> {
        let holding = |&(input_tokens, prefix)| {
            let class = Class::default();
            Holding::new(&Arrival {
                arrival_us: 0,
                class,
                input_tokens,
                output_tokens: 1,
                deadline_us: None,
                prefix,
                hints: Hints::default(),
            })
        };
        inputs.iter().map(holding).collect()
    }

    fn cached(kv: &KvCache, holdings: &[Holding], id: u32) -> Vec<u32> {
        let mut blocks = Vec::new();
        kv.find_cached(holdings, id, &mut blocks);
        blocks
    }

    #[test]
    fn a_released_prompt_is_found_again_and_its_end_is_recycled_first() {
        let mut holdings = holdings(&[(64, None), (16, None)]);
        let mut kv = KvCache::new(4, 16);
        assert!(kv.allocate_prompt(&mut holdings, 0, 64, &[]));
        kv.release(&mut holdings[0]);
        assert_eq!(cached(&kv, &holdings, 0), [0, 1, 2, 3]);
        assert!(kv.allocate_prompt(&mut holdings, 1, 16, &[]));
        assert_eq!(cached(&kv, &holdings, 0), [0, 1, 2]);
        assert_eq!(cached(&kv, &holdings, 1), [3]);
    }

    #[test]
    fn requests_of_a_group_share_the_full_blocks_of_its_prefix_only() {
        let prefix = Some(Prefix { group: 0, tokens: 40 });
        let mut holdings = holdings(&[(64, prefix), (64, prefix), (64, None)]);
        let mut kv = KvCache::new(16, 16);
        assert!(kv.allocate_prompt(&mut holdings, 0, 64, &[]));
        let found = cached(&kv, &holdings, 1);
        assert_eq!(found, [0, 1]);
        assert_eq!(cached(&kv, &holdings, 2), [0; 0]);
        assert!(kv.allocate_prompt(&mut holdings, 1, 32, &found));
        assert_eq!((kv.free(), kv.hits, kv.misses), (10, 2, 6));
        kv.assert_conserved(holdings.iter());
    }

    #[test]
    fn a_failed_allocation_changes_nothing() {
        let mut holdings = holdings(&[(40, None), (64, None)]);
        let mut kv = KvCache::new(4, 16);
        assert!(kv.allocate_prompt(&mut holdings, 0, 40, &[]));
        assert!(!kv.allocate_prompt(&mut holdings, 1, 64, &[]));
        assert_eq!((kv.free(), kv.misses), (1, 3));
        kv.assert_conserved(holdings.iter());
    }

    #[test]
    fn a_new_block_is_needed_only_when_the_last_one_is_full() {
        let mut holdings = holdings(&[(15, None)]);
        let mut kv = KvCache::new(2, 16);
        assert!(kv.allocate_prompt(&mut holdings, 0, 15, &[]));
        assert!(kv.allocate_token(&mut holdings, 0));
        assert_eq!(kv.free(), 1);
        assert!((0..16).all(|_| kv.allocate_token(&mut holdings, 0)));
        assert!(!kv.allocate_token(&mut holdings, 0));
    }
}
