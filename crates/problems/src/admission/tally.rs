//! How often a candidate refused what may be refused, by what it was shown: counted over all of its trials.

use super::change::Moment;
use crate::histogram::Histogram;
use admitter::{Cluster, Instance, wire};
use engine::probe::Tally;
use science::descriptor::{Curve, Trend, log_slope, reaches};
use std::any::Any;
use std::collections::BTreeMap;

/// Thresholds of the saturation that production uses: waiting requests, KV utilisation.
pub(super) const QUEUE: f64 = 5.0;
pub(super) const KV: f64 = 0.8;

/// The saturation as production reckons it.
pub(super) fn saturation(instances: &[Instance]) -> f64 {
    Cluster { instances }.saturation(QUEUE, KV)
}

/// Counts of a candidate's decisions.
#[derive(Debug)]
pub(super) struct AdmissionTally {
    saturation: Histogram,
    waiting: Histogram,
    kv: Histogram,
    prompt: Histogram,
    /// Protected requests that were refused.
    protected: u64,
}

impl Default for AdmissionTally {
    fn default() -> Self {
        AdmissionTally {
            saturation: Histogram::new(0.01, 200),
            waiting: Histogram::new(0.5, 80),
            kv: Histogram::new(0.05, 20),
            // Lengths by half octaves.
            prompt: Histogram::new(0.5, 64),
            protected: 0,
        }
    }
}

impl Tally for AdmissionTally {
    fn add(&mut self, question: &[u8], answer: &[u8]) {
        let Some((request, _)) = wire::read_request(question) else { return };
        let refused = answer == [wire::REJECT];
        if request.priority >= 0 {
            self.protected += u64::from(refused);
            return;
        }
        let Some(Moment { instances, .. }) = Moment::read(question) else { return };
        let mean = |of: fn(&Instance) -> f64| instances.iter().map(of).sum::<f64>() / instances.len().max(1) as f64;
        let saturation = saturation(&instances);
        let (waiting, kv) = (mean(|i| f64::from(i.waiting)), mean(|i| i.kv_utilization));
        let prompt = request.prompt_tokens.max(1);
        let octave = prompt.ilog2();
        let half = f64::from(octave) + f64::from(u8::from(prompt - (1 << octave) >= (1 << octave) / 2)) / 2.0;
        self.saturation.add(saturation, saturation, refused);
        self.waiting.add(waiting, waiting, refused);
        self.kv.add(kv, kv, refused);
        self.prompt.add(half, f64::from(prompt), refused);
    }

    fn join(&mut self, other: &dyn Any) {
        let Some(other) = other.downcast_ref::<AdmissionTally>() else { return };
        let AdmissionTally { saturation, waiting, kv, prompt, protected } = other;
        self.saturation.join(saturation);
        self.waiting.join(waiting);
        self.kv.join(kv);
        self.prompt.join(prompt);
        self.protected += protected;
    }

    /// The share that was refused, against each of them.
    fn curves(&self) -> Vec<Curve> {
        let named = [
            ("saturation", &self.saturation),
            ("waiting requests for each instance", &self.waiting),
            ("KV utilisation", &self.kv),
            ("prompt tokens", &self.prompt),
        ];
        named.map(|(input, histogram)| Curve::of(input, &histogram.bins())).into()
    }

    fn counted(&self) -> &'static str {
        "droppable requests refused"
    }

    fn trend(&self) -> Trend {
        Trend::of(&self.saturation.bins())
    }

    /// The places where it begins to refuse, and how steeply, if it refuses more the higher saturation is.
    fn facts(&self) -> BTreeMap<String, Option<f64>> {
        let curve = Curve::of("saturation", &self.saturation.bins());
        let points = if self.trend() == Trend::Rising { &curve.points[..] } else { &[] };
        let facts = [
            ("onset", reaches(points, 0.01)),
            ("half", reaches(points, 0.5)),
            ("full", reaches(points, 1.0)),
            ("exponent", log_slope(points)),
        ];
        facts.map(|(name, value)| (name.to_owned(), value)).into()
    }

    fn violations(&self) -> u64 {
        self.protected
    }
}
