//! Every point of this experiment's design space in one policy: the dimensions of campaign.toml are its tunables, a
//! choice is the position of its value. The defaults are close to the reference's.
use limiter::prelude::*;

pub struct Policy {
    curve: f64,
    spacing: f64,
    onset: f64,
    exponent: f64,
    trend: f64,
    calls: f64,
    memory: f64,
    place: f64,
    /// The reading that stands, the one before it, the mean of recent ones, and calls since it came.
    reading: f64,
    before: f64,
    mean: f64,
    since: f64,
    /// For each band, what it is still owed of open calls.
    owed: [f64; BANDS],
}

/// The most bands that there are.
const BANDS: usize = 8;
/// Calls beyond which no more are counted: about as many as there are between two readings.
const MOST: f64 = 50.0;
/// Readings that a mean remembers.
const MEMORY: f64 = 10.0;
/// Keeps quotients finite.
const LEAST: f64 = 1e-9;

impl Policy {
    /// The share of the calls at which a band is open.
    fn share(&self, pressure: f64) -> f64 {
        if pressure < self.onset {
            return 1.0;
        }
        let room = (1.0 - pressure).max(0.0);
        let share = if self.curve == 0.0 {
            0.0
        } else if self.curve == 1.0 {
            (room / (1.0 - self.onset)).powf(self.exponent)
        } else {
            (room / (pressure + LEAST)).powf(self.exponent)
        };
        share.min(1.0)
    }
}

impl Limiter for Policy {
    const TUNABLES: &'static [Tunable] = &[
        Tunable { name: "curve", default: 2.0, low: 0.0, high: 2.0 },
        Tunable { name: "spacing", default: 0.0, low: 0.0, high: 1.0 },
        Tunable { name: "onset", default: 0.5, low: 0.0, high: 0.95 },
        Tunable { name: "exponent", default: 1.0, low: 0.25, high: 8.0 },
        Tunable { name: "trend", default: 0.0, low: -2.0, high: 2.0 },
        Tunable { name: "calls", default: 0.0, low: 0.0, high: 1.0 },
        Tunable { name: "memory", default: 0.0, low: 0.0, high: 1.0 },
        Tunable { name: "place", default: 0.0, low: 0.0, high: 3.0 },
    ];

    fn new(parameters: &[f64]) -> Self {
        let [curve, spacing, onset, exponent, trend, calls, memory, place] = *parameters else {
            panic!("one value for each tunable");
        };
        Policy {
            curve,
            spacing,
            onset,
            exponent,
            trend,
            calls,
            memory,
            place,
            reading: 0.0,
            before: 0.0,
            mean: 0.0,
            since: 0.0,
            owed: [0.0; BANDS],
        }
    }

    fn limit(&mut self, reading: &Reading, _: &[i32], ceilings: &mut [f64]) {
        let saturation = reading.saturation;
        if saturation != self.reading {
            self.before = self.reading;
            self.reading = saturation;
            self.mean += (saturation - self.mean) / MEMORY;
            self.since = 0.0;
        }
        self.since = (self.since + 1.0).min(MOST);
        // Nothing is held back from idle instances.
        if saturation <= 0.0 {
            return;
        }
        let part = self.since / MOST;
        let pressure = saturation
            + self.trend * (self.reading - self.before)
            + self.calls * part
            + self.memory * (self.mean - saturation);
        let lowest = (ceilings.len() as f64 - 1.0).max(1.0);
        let mut above = 1.0;
        for (band, ceiling) in ceilings.iter_mut().enumerate().skip(1) {
            let share = self.share(pressure * (band as f64 / lowest).powf(self.place));
            let is_open = if self.spacing == 0.0 {
                let owed = &mut self.owed[band.min(BANDS - 1)];
                *owed = (*owed + share).min(2.0);
                // A band is not open where the one above it is closed.
                let is_due = *owed >= 1.0 && above > 0.0;
                if is_due {
                    *owed -= 1.0;
                }
                is_due
            } else {
                part <= share && above > 0.0
            };
            if !is_open {
                *ceiling = 0.0;
            }
            above = *ceiling;
        }
    }
}
