//! Answers of a candidate against a number that they go with.

use science::descriptor::Bin;

/// Answers by a number, in bins of one width; the last one holds all that lies beyond.
#[derive(Debug)]
pub(crate) struct Histogram {
    width: f64,
    bins: Vec<Bin>,
}

impl Histogram {
    pub(crate) fn new(width: f64, bins: usize) -> Self {
        Histogram { width, bins: vec![Bin::default(); bins] }
    }

    /// An answer of the kind that is counted, or of another, where the number is `value` and stands at `position` of the axis.
    pub(crate) fn add(&mut self, position: f64, value: f64, of_kind: bool) {
        let last = self.bins.len() - 1;
        // What is no number, or lies below zero, falls into the first one; what lies on an edge, above it.
        let bin = &mut self.bins[((position / self.width + 1e-6) as usize).min(last)];
        bin.sum += value;
        bin.asked += 1;
        bin.of_kind += u64::from(of_kind);
    }

    pub(crate) fn join(&mut self, other: &Histogram) {
        self.bins.iter_mut().zip(&other.bins).for_each(|(own, other)| *own = own.and(other));
    }

    /// The bins, those with few answers together with their neighbours.
    pub(crate) fn bins(&self) -> Vec<Bin> {
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
