//! How saturated the instances look, and what of the gateway's own doing they do not show yet.

use std::collections::VecDeque;

use admitter::Instance;

use super::config::{Credit, Detector};

impl Detector {
    /// The saturation of these instances, of which there is at least one; 1 and more is saturated. `credit` is how many
    /// dispatches the readings do not show; they count as waiting, spread evenly over the instances.
    pub(crate) fn saturation(self, instances: &[Instance], credit: u64) -> f64 {
        let n = instances.len() as f64;
        match self {
            Detector::Never => 0.0,
            Detector::Utilization { queue_depth, kv } => {
                let credit_each = credit as f64 / n;
                let mut sum = 0.0;
                for instance in instances {
                    let queue_part = (f64::from(instance.waiting) + credit_each) / queue_depth;
                    let kv_part = instance.kv_utilization / kv;
                    sum += if queue_part > kv_part { queue_part } else { kv_part };
                }
                sum / n
            }
            Detector::Concurrency { max } => {
                let in_flight: u64 = instances.iter().map(|instance| u64::from(instance.in_flight)).sum();
                in_flight as f64 / (instances.len() as u64).saturating_mul(max) as f64
            }
        }
    }
}

/// The latest dispatches: those that the last reading of the instances may not show.
#[derive(Debug)]
pub(crate) struct Dispatches {
    /// From a dispatch until the request waits at an instance, in µs.
    blind_us: u64,
    times_us: VecDeque<u64>,
}

impl Dispatches {
    pub(crate) fn new(blind_us: u64) -> Self {
        Dispatches { blind_us, times_us: VecDeque::new() }
    }

    pub(crate) fn push(&mut self, now: u64) {
        self.times_us.push_back(now);
    }

    /// The instances were read at this time: forgets what they show since then.
    pub(crate) fn forget(&mut self, read_us: u64) {
        while self.times_us.front().is_some_and(|&dispatch_us| dispatch_us + self.blind_us < read_us) {
            self.times_us.pop_front();
        }
    }

    /// Those that no reading shows.
    pub(crate) fn unseen(&self) -> u64 {
        self.times_us.len() as u64
    }

    /// Those since the reading at this time.
    pub(crate) fn since(&self, read_us: u64) -> u64 {
        (self.times_us.len() - self.times_us.partition_point(|&dispatch_us| dispatch_us < read_us)) as u64
    }

    /// How many of them count.
    pub(crate) fn credit(&self, credit: Credit, read_us: u64) -> u64 {
        match credit {
            Credit::None => 0,
            Credit::Reading => self.since(read_us),
            Credit::Unseen => self.unseen(),
        }
    }

    /// When the next one ceases to count although nothing happens, if the instances are read all the time.
    pub(crate) fn ages_us(&self, credit: Credit) -> Option<u64> {
        match credit {
            Credit::None => None,
            Credit::Reading => self.times_us.back().map(|&dispatch_us| dispatch_us + 1),
            Credit::Unseen => self.times_us.front().map(|&dispatch_us| dispatch_us + self.blind_us + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(waiting: u32, kv_utilization: f64, in_flight: u32) -> Instance {
        Instance { waiting, running: 9, in_flight, kv_utilization, metrics_age_us: 0, kv_capacity_tokens: 1 }
    }

    #[test]
    fn utilization_is_the_mean_of_the_larger_part_of_each_instance_and_credit_adds_to_the_queue_part_only() {
        let instances = [instance(2, 0.2, 0), instance(1, 0.6, 0)];
        let detector = Detector::Utilization { queue_depth: 4.0, kv: 0.8 };
        assert_eq!(detector.saturation(&instances, 0), f64::midpoint(0.5, 0.6 / 0.8));
        // One each: 3 / 4, and 2 / 4 that the KV part still hides.
        assert_eq!(detector.saturation(&instances, 2), f64::midpoint(0.75, 0.6 / 0.8));
        assert_eq!(Detector::Concurrency { max: 4 }.saturation(&[instance(0, 0.0, 3), instance(0, 0.0, 6)], 7), 1.125);
        assert_eq!(Detector::Never.saturation(&instances, 9), 0.0);
    }

    #[test]
    fn a_dispatch_counts_until_a_reading_can_show_it() {
        let mut dispatches = Dispatches::new(100);
        [10, 50, 50].into_iter().for_each(|time_us| dispatches.push(time_us));
        dispatches.forget(110);
        assert_eq!((dispatches.unseen(), dispatches.since(50), dispatches.since(51)), (3, 2, 0));
        assert_eq!((dispatches.ages_us(Credit::Unseen), dispatches.ages_us(Credit::Reading)), (Some(111), Some(51)));
        dispatches.forget(111);
        assert_eq!((dispatches.unseen(), dispatches.credit(Credit::Unseen, 111)), (2, 2));
        dispatches.forget(151);
        assert_eq!((dispatches.unseen(), dispatches.ages_us(Credit::Unseen)), (0, None));
    }
}
