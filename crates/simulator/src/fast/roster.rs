//! The batch of an instance, in the order in which its requests were taken in, as a list through the requests themselves.

use super::pool::Remains;

/// What the instances know of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    /// Its neighbours in the batch.
    previous: u32,
    next: u32,
    /// Grows from one request of the batch to the next.
    pub(super) order: u64,
    /// Whether its prompt is complete; the fields below that are about the prompt then mean nothing.
    pub(super) decodes: bool,
    /// Prompt: tokens computed before the current step.
    pub(super) progress: u32,
    /// Prompt: tokens computed after the current step.
    pub(super) computed: u32,
    /// Tokens that the current step computes for it.
    pub(super) new_tokens: u32,
    /// Prompt tokens that it has computed but holds no blocks for: all or none.
    pub(super) unheld: u32,
    /// Decoding: the counter less its progress.
    pub(super) base: i64,
    /// Decoding: the instance's sum of token times when it began.
    pub(super) since_us: u64,
    /// What it left in the free blocks when it was preempted.
    pub(super) remains: Remains,
}

/// The end of the list.
pub(super) const NONE: u32 = u32::MAX;

impl Default for Work {
    fn default() -> Self {
        Work {
            previous: NONE,
            next: NONE,
            order: 0,
            decodes: false,
            progress: 0,
            computed: 0,
            new_tokens: 0,
            unheld: 0,
            base: 0,
            since_us: 0,
            remains: Remains::default(),
        }
    }
}

impl Work {
    /// The next request of the batch, or [`NONE`]; right even if this one has just been taken out.
    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// Back to the start, except for what it left behind.
    pub(super) fn reset(&mut self) {
        *self = Work { remains: self.remains, ..Work::default() };
    }
}

/// The requests of a batch.
#[derive(Debug)]
pub(super) struct Roster {
    first: u32,
    last: u32,
    len: usize,
    /// Requests ever taken in.
    taken_in: u64,
}

impl Roster {
    pub(super) fn new() -> Self {
        Roster { first: NONE, last: NONE, len: 0, taken_in: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn first(&self) -> u32 {
        self.first
    }

    pub(super) fn last(&self) -> u32 {
        self.last
    }

    pub(super) fn push(&mut self, id: u32, works: &mut [Work]) {
        match self.last {
            NONE => self.first = id,
            last => works[last as usize].next = id,
        }
        let work = &mut works[id as usize];
        (work.previous, work.next, work.order) = (self.last, NONE, self.taken_in);
        self.last = id;
        self.len += 1;
        self.taken_in += 1;
    }

    /// Takes a request out. Its own links stay as they are, so that a walk may go on from it.
    pub(super) fn remove(&mut self, id: u32, works: &mut [Work]) {
        let Work { previous, next, .. } = works[id as usize];
        match previous {
            NONE => self.first = next,
            _ => works[previous as usize].next = next,
        }
        match next {
            NONE => self.last = previous,
            _ => works[next as usize].previous = previous,
        }
        self.len -= 1;
    }

    /// The requests from this one on.
    pub(super) fn from(first: u32, works: &[Work]) -> impl Iterator<Item = u32> + Clone {
        let real = |id: u32| (id != NONE).then_some(id);
        std::iter::successors(real(first), move |&id| real(works[id as usize].next))
    }
}
