//! What a shadow is shown instead of what happened: the same attempt with exactly one thing changed.

use limiter::wire::Question;

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Change {
    /// The priorities of all bands but the highest: further below it.
    Priorities,
    /// The age of the reading, where it is told: that of another moment between two readings.
    Age,
    /// The requests that wait in each band, where they are told: more of them, or none.
    MoreWaiting,
    NoneWaiting,
    /// The requests on the instances, where they are told: twice as many, or an eighth.
    MoreInFlight,
    LessInFlight,
    /// Dispatches that the reading cannot show, where they are told: more of them, or none.
    MoreUnseen,
    NoneUnseen,
    /// The saturation, times this.
    Pressure(f64),
}

/// The highest saturation at which anybody is asked, about.
const HIGHEST: f64 = 1.0 - 1e-9;
/// What there is more of, requests.
const MORE: u32 = 7;
/// From one reading to the next, µs.
const INTERVAL_US: u64 = 50_000;

impl Change {
    /// The attempt as it is shown.
    pub(super) fn of(self, mut question: Question) -> Question {
        let bands = question.bands;
        match self {
            Change::Priorities => {
                question.priorities[..bands].iter_mut().skip(1).for_each(|own| *own = own.saturating_sub(7));
            }
            Change::Age => {
                question.age_us = question.age_us.map(|us| (us + INTERVAL_US / 2 + 1) % INTERVAL_US);
            }
            Change::MoreWaiting => {
                question.waiting.iter_mut().for_each(|all| {
                    all[..bands].iter_mut().for_each(|own| *own = own.saturating_mul(2).saturating_add(MORE));
                });
            }
            Change::NoneWaiting => question.waiting.iter_mut().for_each(|all| all.fill(0)),
            Change::MoreInFlight => question.in_flight = question.in_flight.map(|own| 2 * own + u64::from(MORE)),
            Change::LessInFlight => question.in_flight = question.in_flight.map(|own| own / 8),
            Change::MoreUnseen => question.unseen = question.unseen.map(|own| 2 * own + u64::from(MORE)),
            Change::NoneUnseen => question.unseen = question.unseen.map(|_| 0),
            Change::Pressure(factor) => question.saturation = (question.saturation * factor).min(HIGHEST),
        }
        question
    }
}
