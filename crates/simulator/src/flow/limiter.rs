//! The contract of a limiter: who sets the ceilings of the bands.

use admitter::Instance;
use serde::Serialize;

/// Sets a ceiling for each band: a saturation at which, and above which, nothing of the band is dispatched.
pub trait Limiter {
    /// Writes the ceiling of each band of [`Attempt::priorities`]; they come as 1, which is open until the instances are
    /// saturated. A ceiling lies between 0 (closed) and 1, and no band has a higher one than the band before it. One call is
    /// one attempt to dispatch one request.
    fn limit(&mut self, attempt: &Attempt<'_>, ceilings: &mut [f64]);

    /// How many further calls, if nothing that they are told but the time changes, would be answered as the last one was. Such
    /// calls are not made, but made up for by [`repeat`](Limiter::repeat). `None` to be called at every attempt.
    fn foreseen(&self) -> Option<u64> {
        None
    }

    /// The last call happened so many times more, and nobody needs the answers.
    fn repeat(&mut self, calls: u64) {
        let _ = calls;
    }
}

/// An attempt to dispatch a request, and what the gateway knows at this moment. What production does not tell a limiter today
/// is marked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Attempt<'a> {
    /// How saturated the instances look, 0 and more; 1 is saturated: then nothing is dispatched whatever the ceilings are.
    pub saturation: f64,
    /// The priorities of the bands, the highest first.
    pub priorities: &'a [i32],
    /// Not in production: requests that wait in each of these bands.
    pub waiting: &'a [u32],
    /// Not in production: what is known of each instance; of it `in_flight` is exact and immediate.
    pub instances: &'a [Instance],
    /// Not in production: how old the rest of that is, in µs.
    pub reading_age_us: u64,
    /// Not in production: requests dispatched since that reading.
    pub dispatched_since_reading: u64,
    /// Not in production: requests dispatched that had not reached an instance's wait queue at that reading.
    pub dispatched_unseen: u64,
    /// Not in production: the time in µs on a clock that starts anywhere. It never falls from one call to the next.
    pub now_us: u64,
}

/// An answer that sets no ceilings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum InvalidCeilings {
    /// There must be one for each band.
    #[error("{found} ceilings for {bands} bands")]
    Number {
        /// How many there are.
        found: usize,
        /// How many there should be.
        bands: usize,
    },
    /// Each is a number between 0 and 1.
    #[error("the ceiling of band {band} is {ceiling}, which does not lie between 0 and 1")]
    Range {
        /// Whose it is, counted from 0 at the highest priority.
        band: usize,
        /// What it is.
        ceiling: f64,
    },
    /// None is higher than that of the band before it.
    #[error("the ceiling of band {band}, {ceiling}, is higher than {before}, that of the band before it")]
    Rising {
        /// Whose it is, counted from 0 at the highest priority.
        band: usize,
        /// What it is.
        ceiling: f64,
        /// That of the more important band.
        before: f64,
    },
}

/// Whether these are the ceilings of so many bands.
pub fn check(ceilings: &[f64], bands: usize) -> Result<(), InvalidCeilings> {
    if ceilings.len() != bands {
        return Err(InvalidCeilings::Number { found: ceilings.len(), bands });
    }
    let mut before = 1.0;
    for (band, &ceiling) in ceilings.iter().enumerate() {
        if !(0.0..=1.0).contains(&ceiling) {
            return Err(InvalidCeilings::Range { band, ceiling });
        }
        if ceiling > before {
            return Err(InvalidCeilings::Rising { band, ceiling, before });
        }
        before = ceiling;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_are_numbers_between_0_and_1_that_do_not_rise_one_for_each_band() {
        for valid in [&[][..], &[1.0], &[0.0], &[1.0, 0.5, 0.5, -0.0]] {
            assert_eq!(check(valid, valid.len()), Ok(()), "{valid:?}");
        }
        assert_eq!(check(&[1.0], 2), Err(InvalidCeilings::Number { found: 1, bands: 2 }));
        assert!(
            matches!(check(&[1.0, f64::NAN], 2), Err(InvalidCeilings::Range { band: 1, ceiling }) if ceiling.is_nan())
        );
        assert_eq!(check(&[1.5], 1), Err(InvalidCeilings::Range { band: 0, ceiling: 1.5 }));
        assert_eq!(check(&[0.5, -0.1], 2), Err(InvalidCeilings::Range { band: 1, ceiling: -0.1 }));
        let rising = InvalidCeilings::Rising { band: 1, ceiling: 0.5, before: 0.25 };
        assert_eq!(check(&[0.25, 0.5], 2), Err(rising));
        assert_eq!(rising.to_string(), "the ceiling of band 1, 0.5, is higher than 0.25, that of the band before it");
    }
}
