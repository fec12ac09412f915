//! The gateway's queue: a band for each priority, in it a flow for each client, in it the requests as they came.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::config::{Capacity, DispatchOrder, Fairness, FlowControl};

/// Requests that wait at the gateway.
#[derive(Debug)]
pub(crate) struct Queue {
    capacity: Capacity,
    order: DispatchOrder,
    fairness: Fairness,
    /// The highest priority first. A band stays once it is there.
    bands: Vec<Band>,
    /// Their priorities.
    priorities: Vec<i32>,
    /// How many requests each of them holds.
    waiting: Vec<u32>,
    /// How many all of them hold.
    len: u64,
    /// Requests that came, refused ones included.
    came: u64,
}

#[derive(Debug, Default)]
struct Band {
    /// By the rank of the client's name. A flow that becomes empty is gone.
    flows: BTreeMap<u32, Flow>,
    /// Whose turn it was last.
    cursor: Option<u32>,
}

#[derive(Debug, Default)]
struct Flow {
    /// In the order in which they came.
    line: VecDeque<Place>,
    /// The deadlines of the same requests, where the order goes by them.
    deadlines: BTreeSet<(u64, u64)>,
}

/// A request in a flow.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Its number among all that came.
    number: u64,
    id: u32,
    deadline_us: u64,
}

/// A request at the door of the queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Newcomer {
    pub(crate) id: u32,
    pub(crate) priority: i32,
    /// The rank of its client's name.
    pub(crate) client: u32,
    /// When it should be dispatched; only looked at where the order goes by deadlines.
    pub(crate) deadline_us: u64,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Queued,
    /// In the place of this request, which is out.
    InsteadOf(u32),
    Rejected,
}

impl Queue {
    pub(crate) fn new(config: &FlowControl) -> Self {
        let mut queue = Queue {
            capacity: config.capacity,
            order: config.order,
            fairness: config.fairness,
            bands: Vec::new(),
            priorities: Vec::new(),
            waiting: Vec::new(),
            len: 0,
            came: 0,
        };
        for &priority in &config.bands {
            queue.band(priority);
        }
        queue
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The priorities of the bands, the highest first.
    pub(crate) fn priorities(&self) -> &[i32] {
        &self.priorities
    }

    /// How many requests wait in each band.
    pub(crate) fn waiting(&self) -> &[u32] {
        &self.waiting
    }

    /// Whether a request waits that must not be dropped.
    pub(crate) fn holds_protected(&self) -> bool {
        self.priorities.iter().zip(&self.waiting).any(|(&priority, &waiting)| priority >= 0 && waiting > 0)
    }

    /// Takes a request in, if there is room or if it may have somebody's place. Its band is there in any case.
    pub(crate) fn enqueue(&mut self, newcomer: Newcomer) -> Entry {
        let band = self.band(newcomer.priority);
        self.came += 1;
        let is_full = |held: u64, capacity: Option<u64>| capacity.is_some_and(|capacity| held >= capacity);
        if is_full(self.waiting[band].into(), self.capacity.band) {
            return Entry::Rejected;
        }
        let mut entry = Entry::Queued;
        if is_full(self.len, self.capacity.all) {
            match self.shed_for(newcomer.priority) {
                Some(victim) => entry = Entry::InsteadOf(victim),
                None => return Entry::Rejected,
            }
        }
        let place = Place { number: self.came, id: newcomer.id, deadline_us: newcomer.deadline_us };
        let flow = self.bands[band].flows.entry(newcomer.client).or_default();
        flow.line.push_back(place);
        if self.order == DispatchOrder::SloDeadline {
            flow.deadlines.insert((place.deadline_us, place.number));
        }
        self.waiting[band] += 1;
        self.len += 1;
        entry
    }

    /// Takes the next request: of the highest band that holds one, unless the saturation reaches the ceiling of a band before
    /// it, or its own. An empty band stops the search like any other.
    pub(crate) fn take(&mut self, saturation: f64, ceilings: &[f64]) -> Option<u32> {
        for (band, &ceiling) in ceilings.iter().enumerate() {
            if saturation >= ceiling {
                return None;
            }
            if self.waiting[band] > 0 {
                return self.take_from(band);
            }
        }
        None
    }

    /// Takes out a request that is not taken in turn.
    pub(crate) fn remove(&mut self, id: u32, priority: i32, client: u32) {
        let Ok(band) = self.priorities.binary_search_by(|other| priority.cmp(other)) else { return };
        let Some(flow) = self.bands[band].flows.get(&client) else { return };
        if let Some(index) = flow.line.iter().position(|place| place.id == id) {
            self.take_out(band, client, index);
        }
    }

    /// The index of a priority's band, which is made if there is none.
    fn band(&mut self, priority: i32) -> usize {
        self.priorities.binary_search_by(|other| priority.cmp(other)).unwrap_or_else(|index| {
            self.bands.insert(index, Band::default());
            self.priorities.insert(index, priority);
            self.waiting.insert(index, 0);
            index
        })
    }

    /// Takes out the request that a newcomer of this priority may displace: of the lowest band below zero that holds some, the
    /// one that came last.
    fn shed_for(&mut self, priority: i32) -> Option<u32> {
        if !self.capacity.shedding {
            return None;
        }
        let lowest = (0..self.bands.len()).rev().find(|&band| self.waiting[band] > 0)?;
        if self.priorities[lowest] >= 0 || priority <= self.priorities[lowest] {
            return None;
        }
        let flows = self.bands[lowest].flows.iter();
        let (_, client) = flows.filter_map(|(&client, flow)| Some((flow.line.back()?.number, client))).max()?;
        let last = self.bands[lowest].flows[&client].line.len() - 1;
        Some(self.take_out(lowest, client, last))
    }

    fn take_from(&mut self, band: usize) -> Option<u32> {
        let client = self.turn(band)?;
        let flow = &self.bands[band].flows[&client];
        let index = match (self.order, flow.deadlines.first()) {
            (DispatchOrder::SloDeadline, Some(&(_, number))) => {
                flow.line.binary_search_by_key(&number, |place| place.number).unwrap_or(0)
            }
            _ => 0,
        };
        self.bands[band].cursor = Some(client);
        Some(self.take_out(band, client, index))
    }

    /// Whose turn it is in a band.
    fn turn(&self, band: usize) -> Option<u32> {
        let Band { flows, cursor } = &self.bands[band];
        match self.fairness {
            Fairness::GlobalStrict => {
                let oldest = flows.iter().filter_map(|(&client, flow)| Some((flow.line.front()?.number, client))).min();
                oldest.map(|(_, client)| client)
            }
            // A flow that has become empty takes the cursor with it: then it begins anew.
            Fairness::RoundRobin => {
                let after = cursor.filter(|cursor| flows.contains_key(cursor));
                let next = after.and_then(|cursor| flows.keys().find(|&&client| client > cursor));
                next.or(flows.keys().next()).copied()
            }
        }
    }

    fn take_out(&mut self, band: usize, client: u32, index: usize) -> u32 {
        let flows = &mut self.bands[band].flows;
        let flow = flows.get_mut(&client).expect("the flow of a request that waits is there");
        let place = flow.line.remove(index).expect("the request was found there");
        flow.deadlines.remove(&(place.deadline_us, place.number));
        if flow.line.is_empty() {
            flows.remove(&client);
        }
        self.waiting[band] -= 1;
        self.len -= 1;
        place.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::config::{Credit, Detector, Ticks};

    fn queue(capacity: Capacity, order: DispatchOrder, fairness: Fairness) -> Queue {
        Queue::new(&FlowControl {
            detector: Detector::Never,
            credit: Credit::None,
            order,
            slo_targets: BTreeMap::new(),
            fairness,
            usage_limit_threshold: 1.0,
            capacity,
            ttl_us: None,
            tick_us: 1_000,
            evicts: false,
            ticks: Ticks::Blis,
            bands: Vec::new(),
            told: [].into(),
        })
    }

    /// Requests 0, 1, 2 … of these priorities and clients; the deadlines fall.
    fn enqueue(queue: &mut Queue, requests: &[(i32, u32)]) -> Vec<Entry> {
        let newcomer = |(id, &(priority, client)): (usize, &(i32, u32))| {
            queue.enqueue(Newcomer { id: id as u32, priority, client, deadline_us: 100 - id as u64 })
        };
        requests.iter().enumerate().map(newcomer).collect()
    }

    fn drain(queue: &mut Queue) -> Vec<u32> {
        std::iter::from_fn(|| queue.take(0.0, &vec![1.0; queue.priorities.len()])).collect()
    }

    #[test]
    fn bands_go_by_priority_and_within_one_the_oldest_request_of_any_client_goes_first() {
        let mut queue = queue(Capacity::default(), DispatchOrder::Fifo, Fairness::GlobalStrict);
        enqueue(&mut queue, &[(-2, 0), (4, 9), (-2, 1), (4, 2), (3, 0), (4, 9)]);
        assert_eq!((queue.priorities(), queue.waiting()), (&[4, 3, -2][..], &[3, 1, 2][..]));
        assert_eq!(drain(&mut queue), [1, 3, 5, 4, 0, 2]);
        assert_eq!((queue.priorities(), queue.is_empty()), (&[4, 3, -2][..], true), "a band stays");
    }

    #[test]
    fn clients_take_turns_in_the_order_of_their_names() {
        let mut queue = queue(Capacity::default(), DispatchOrder::Fifo, Fairness::RoundRobin);
        enqueue(&mut queue, &[(3, 2), (3, 2), (3, 0), (3, 1), (3, 1), (3, 0)]);
        // 0, 1, 2 in turn; 0 is empty after its second one, so it begins anew at 1.
        assert_eq!(drain(&mut queue), [2, 3, 0, 5, 4, 1]);
    }

    #[test]
    fn by_deadline_only_the_order_within_the_flow_changes_whose_turn_it_is() {
        let mut queue = queue(Capacity::default(), DispatchOrder::SloDeadline, Fairness::GlobalStrict);
        enqueue(&mut queue, &[(3, 0), (3, 1), (3, 0), (3, 1)]);
        // The flow with the oldest request: of client 0 the later one is due sooner, and its oldest one still leads.
        assert_eq!(drain(&mut queue), [2, 0, 3, 1]);
    }

    #[test]
    fn a_full_queue_displaces_the_last_request_of_the_lowest_droppable_band_for_a_more_important_one() {
        let capacity = Capacity { band: None, all: Some(3), shedding: true };
        let mut shedding = queue(capacity, DispatchOrder::SloDeadline, Fairness::GlobalStrict);
        // The last one of the lowest band is the second client's, whose number is not the largest.
        let entries =
            enqueue(&mut shedding, &[(-2, 5), (-2, 1), (-1, 0), (-2, 0), (-3, 0), (-1, 0), (4, 0), (4, 0), (4, 0)]);
        let expected = [
            Entry::Queued,
            Entry::Queued,
            Entry::Queued,
            Entry::Rejected,
            Entry::Rejected,
            Entry::InsteadOf(1),
            Entry::InsteadOf(0),
            Entry::InsteadOf(5),
            Entry::InsteadOf(2),
        ];
        assert_eq!(entries, expected);
        assert_eq!(shedding.priorities(), [4, -1, -2, -3], "one that is refused has its band too");
        let mut full = queue(Capacity { shedding: false, ..capacity }, DispatchOrder::Fifo, Fairness::GlobalStrict);
        let entries = enqueue(&mut full, &[(-2, 0), (-2, 0), (-2, 0), (4, 0)]);
        assert_eq!(entries[3], Entry::Rejected);
    }

    #[test]
    fn a_full_band_refuses_whatever_shedding_could_do() {
        let capacity = Capacity { band: Some(1), all: Some(2), shedding: true };
        let mut queue = queue(capacity, DispatchOrder::Fifo, Fairness::GlobalStrict);
        let entries = enqueue(&mut queue, &[(4, 0), (-2, 0), (4, 0), (3, 0)]);
        assert_eq!(entries, [Entry::Queued, Entry::Queued, Entry::Rejected, Entry::InsteadOf(1)]);
    }

    #[test]
    fn a_band_whose_ceiling_is_reached_stops_the_search_even_if_it_is_empty() {
        let mut queue = queue(Capacity::default(), DispatchOrder::Fifo, Fairness::GlobalStrict);
        enqueue(&mut queue, &[(4, 0), (-2, 0)]);
        assert_eq!(queue.take(1.0, &[1.0, 1.0]), None);
        assert_eq!(queue.take(0.5, &[1.0, 0.5]), Some(0));
        assert_eq!(queue.take(0.5, &[1.0, 0.5]), None);
        assert_eq!(queue.take(0.5, &[0.5, 0.6]), None);
        assert_eq!(queue.take(0.5, &[1.0, 0.6]), Some(1));
    }

    #[test]
    fn a_request_that_is_removed_leaves_the_others_in_their_order() {
        let mut queue = queue(Capacity::default(), DispatchOrder::SloDeadline, Fairness::RoundRobin);
        enqueue(&mut queue, &[(3, 0), (3, 0), (3, 0), (3, 7)]);
        queue.remove(1, 3, 0);
        queue.remove(1, 3, 0);
        queue.remove(9, -5, 0);
        assert_eq!(queue.waiting(), [3]);
        assert!(queue.holds_protected());
        assert_eq!(drain(&mut queue), [2, 3, 0]);
    }
}
