//! The KV blocks of an instance, as numbers of blocks. See the parent module for why that is enough.

use std::collections::VecDeque;

/// The free blocks, in the order in which they will be taken, and counts of the others.
#[derive(Debug)]
pub(super) struct Pool {
    total: u32,
    free: u32,
    /// The lengths of stretches of free blocks. Each preempted request has one of its own, and can take back its end.
    stretches: VecDeque<u32>,
    /// The number of the first stretch; they are counted from 0 since the start of the run.
    first: u64,
    /// Whether the last stretch is of interest to nobody and may grow.
    open: bool,
    /// Blocks taken back with their content.
    pub(super) hits: u64,
    /// Blocks taken for new content.
    pub(super) misses: u64,
}

/// What a preempted request left behind: a stretch that ends with the first blocks of its prompt.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Remains {
    stretch: u64,
    /// How many full blocks of the prompt there were; 0 for no remains at all.
    blocks: u32,
}

impl Pool {
    pub(super) fn new(total: u32) -> Self {
        Pool { total, free: total, stretches: VecDeque::from([total]), first: 0, open: true, hits: 0, misses: 0 }
    }

    /// Blocks that nobody holds.
    pub(super) fn free(&self) -> u32 {
        self.free
    }

    /// The share of blocks that somebody holds.
    pub(super) fn utilization(&self) -> f64 {
        f64::from(self.total - self.free) / f64::from(self.total)
    }

    /// Takes this many free blocks for new content; there must be as many.
    pub(super) fn take(&mut self, blocks: u32) {
        assert!(blocks <= self.free, "blocks are counted before they are taken");
        self.misses += u64::from(blocks);
        self.free -= blocks;
        let mut left = blocks;
        while left > 0 {
            let first = &mut self.stretches[0];
            let taken = left.min(*first);
            *first -= taken;
            left -= taken;
            if left > 0 {
                self.stretches.pop_front();
                self.first += 1;
            }
        }
    }

    /// Gives back blocks whose content nobody can want again.
    pub(super) fn release(&mut self, blocks: u32) {
        self.free += blocks;
        match self.stretches.back_mut() {
            Some(last) if self.open => *last += blocks,
            _ => self.stretches.push_back(blocks),
        }
        self.open = true;
    }

    /// Gives back all blocks of a request, the last one first, of which the first `full` ones are full of its prompt.
    pub(super) fn leave_behind(&mut self, blocks: u32, full: u32) -> Remains {
        if full == 0 {
            self.release(blocks);
            return Remains::default();
        }
        self.free += blocks;
        self.stretches.push_back(blocks);
        self.open = false;
        Remains { stretch: self.first + self.stretches.len() as u64 - 1, blocks: full }
    }

    /// How many blocks from the start of a prompt are still there.
    pub(super) fn cached(&self, remains: Remains) -> u32 {
        let place = remains.stretch.checked_sub(self.first);
        let stretch = place.and_then(|place| self.stretches.get(place as usize));
        stretch.map_or(0, |&left| left.min(remains.blocks))
    }

    /// Takes back that many.
    pub(super) fn take_back(&mut self, remains: Remains, blocks: u32) {
        if blocks > 0 {
            self.stretches[(remains.stretch - self.first) as usize] -= blocks;
            self.free -= blocks;
            self.hits += u64::from(blocks);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prompt_is_recycled_before_its_start() {
        let mut pool = Pool::new(4);
        pool.take(4);
        let remains = pool.leave_behind(4, 3);
        assert_eq!(pool.cached(remains), 3);
        pool.take(2);
        assert_eq!((pool.cached(remains), pool.free()), (2, 2));
        pool.take_back(remains, 2);
        assert_eq!((pool.cached(remains), pool.free(), pool.hits, pool.misses), (0, 0, 2, 6));
    }

    #[test]
    fn what_was_free_before_is_taken_first() {
        let mut pool = Pool::new(8);
        pool.take(6);
        pool.release(1);
        let one = pool.leave_behind(2, 2);
        let other = pool.leave_behind(2, 1);
        pool.release(1);
        assert_eq!(pool.free(), 8);
        pool.take(3);
        assert_eq!((pool.cached(one), pool.cached(other)), (2, 1));
        pool.take(3);
        assert_eq!((pool.cached(one), pool.cached(other)), (0, 1));
        pool.take(1);
        assert_eq!((pool.cached(other), pool.free()), (0, 1));
    }
}
