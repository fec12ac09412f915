//! How often a candidate refused what may be refused, by what it was shown: counted over all of its trials.

use super::change::Moment;
use admitter::{Cluster, Instance, wire};
use engine::probe::Tally;
use science::descriptor::{Bin, Curve, Trend, log_slope, reaches};
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

/// Decisions by a number, in bins of one width; the last one holds all that lies beyond.
#[derive(Debug)]
struct Histogram {
    width: f64,
    bins: Vec<Bin>,
}

impl Histogram {
    fn new(width: f64, bins: usize) -> Self {
        Histogram { width, bins: vec![Bin::default(); bins] }
    }

    fn add(&mut self, position: f64, value: f64, refused: bool) {
        let last = self.bins.len() - 1;
        // What is no number, or lies below zero, falls into the first one; what lies on an edge, above it.
        let bin = &mut self.bins[((position / self.width + 1e-6) as usize).min(last)];
        bin.sum += value;
        bin.asked += 1;
        bin.of_kind += u64::from(refused);
    }

    fn join(&mut self, other: &Histogram) {
        self.bins.iter_mut().zip(&other.bins).for_each(|(own, other)| *own = own.and(other));
    }

    /// The bins, those with few decisions together with their neighbours.
    fn bins(&self) -> Vec<Bin> {
        let all: u64 = self.bins.iter().map(|bin| bin.asked).sum();
        let enough = (all / 200).max(25);
        let (mut bins, mut open): (Vec<Bin>, Bin) = (Vec::new(), Bin::default());
        for bin in &self.bins {
            open = open.and(bin);
            if open.asked >= enough {
                bins.push(std::mem::take(&mut open));
            }
        }
        match bins.last_mut() {
            Some(last) if open.asked > 0 => *last = last.and(&open),
            None if open.asked > 0 => bins.push(open),
            _ => {}
        }
        bins
    }
}
