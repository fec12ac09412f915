//! Droppable requests at the instances, in the order in which they would be taken back.

use std::cmp::Reverse;

/// The requests that a saturated gateway may take back: the lowest priority first, of these the one dispatched last. Among
/// equals the order is that of an array heap, as in BLIS; so the heap is written out here.
#[derive(Debug, Default)]
pub(crate) struct Tracker(Vec<Tracked>);

#[derive(Clone, Copy, Debug)]
struct Tracked {
    key: (i32, Reverse<u64>),
    id: u32,
}

impl Tracker {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn push(&mut self, id: u32, priority: i32, dispatch_us: u64) {
        self.0.push(Tracked { key: (priority, Reverse(dispatch_us)), id });
        self.sift_up(self.0.len() - 1);
    }

    /// Takes the first one out.
    pub(crate) fn pop(&mut self) -> Option<u32> {
        let last = self.0.len().checked_sub(1)?;
        self.0.swap(0, last);
        let first = self.0.pop();
        self.sift_down(0);
        first.map(|tracked| tracked.id)
    }

    /// Takes out a request that has left its instance, if it is here.
    pub(crate) fn remove(&mut self, id: u32) {
        let Some(index) = self.0.iter().position(|tracked| tracked.id == id) else { return };
        let last = self.0.len() - 1;
        self.0.swap(index, last);
        self.0.pop();
        if index < last && !self.sift_down(index) {
            self.sift_up(index);
        }
    }

    fn sift_up(&mut self, mut index: usize) {
        while index > 0 {
            let parent = (index - 1) / 2;
            if self.0[index].key >= self.0[parent].key {
                break;
            }
            self.0.swap(index, parent);
            index = parent;
        }
    }

    /// Whether it moved.
    fn sift_down(&mut self, start: usize) -> bool {
        let mut index = start;
        loop {
            let (left, right) = (2 * index + 1, 2 * index + 2);
            if left >= self.0.len() {
                break;
            }
            let right_is_first = right < self.0.len() && self.0[right].key < self.0[left].key;
            let child = if right_is_first { right } else { left };
            if self.0[child].key >= self.0[index].key {
                break;
            }
            self.0.swap(index, child);
            index = child;
        }
        index > start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_priority_goes_first_and_of_these_the_last_dispatched() {
        let mut tracker = Tracker::default();
        for (id, priority, dispatch_us) in [(0, -1, 50), (1, -3, 10), (2, -3, 30), (3, -2, 99), (4, -3, 20)] {
            tracker.push(id, priority, dispatch_us);
        }
        tracker.remove(4);
        tracker.remove(7);
        let order: Vec<u32> = std::iter::from_fn(|| tracker.pop()).collect();
        assert_eq!((order, tracker.is_empty()), (vec![2, 1, 3, 0], true));
    }

    #[test]
    fn the_order_holds_where_the_last_of_one_branch_fills_a_gap_in_another() {
        let mut tracker = Tracker::default();
        let heap = [1, 50, 2, 60, 70, 3, 4, 61, 62, 71, 72, 5, 6, 7, 8];
        heap.into_iter().for_each(|id| tracker.push(id, id as i32 - 100, 0));
        tracker.remove(60);
        let order: Vec<u32> = std::iter::from_fn(|| tracker.pop()).collect();
        assert_eq!(order, [1, 2, 3, 4, 5, 6, 7, 8, 50, 61, 62, 70, 71, 72]);
    }

    #[test]
    fn equals_go_in_the_order_of_an_array_heap() {
        let mut tracker = Tracker::default();
        (0..5).for_each(|id| tracker.push(id, -1, 7));
        // [0 1 2 3 4] → pop 0: 4 comes to the top and stays; remove 1: [4 3 2]; pop 4: [2 3].
        assert_eq!(tracker.pop(), Some(0));
        tracker.remove(1);
        assert_eq!(std::iter::from_fn(|| tracker.pop()).collect::<Vec<_>>(), [4, 2, 3]);
        // Of two equal children the left one moves up.
        [(0, -4), (1, -3), (2, -3), (3, -2)].into_iter().for_each(|(id, priority)| tracker.push(id, priority, 7));
        assert_eq!(std::iter::from_fn(|| tracker.pop()).collect::<Vec<_>>(), [0, 1, 2, 3]);
    }
}
