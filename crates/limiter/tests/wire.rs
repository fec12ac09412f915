//! An attempt goes over the wire as it is, and so do the ceilings.

use limiter::prelude::*;
use limiter::wire::{self, ANSWER_BYTES, BAND_BYTES, HEADER_BYTES, MAX_BANDS, Question, Seat};
use proptest::prelude::*;

fn bytes(question: &Question) -> Vec<u8> {
    let mut bytes = Vec::new();
    question.write(|piece| bytes.extend_from_slice(piece));
    bytes
}

fn told() -> impl Strategy<Value = Option<u64>> {
    proptest::option::of(0..=i64::MAX as u64)
}

prop_compose! {
    fn question()(
        saturation in 0.0..1.0_f64,
        others in (told(), told(), told()),
        bands in proptest::collection::vec((any::<i32>(), any::<u32>()), 1..=MAX_BANDS),
        tells in any::<bool>(),
    ) -> Question {
        let (mut priorities, mut waiting) = ([0; MAX_BANDS], [0; MAX_BANDS]);
        for (at, (priority, count)) in bands.iter().enumerate() {
            (priorities[at], waiting[at]) = (*priority, *count);
        }
        let (age_us, in_flight, unseen) = others;
        let waiting = tells.then_some(waiting);
        Question { saturation, age_us, in_flight, unseen, bands: bands.len(), priorities, waiting }
    }
}

/// Gives back in its ceilings what it is shown.
struct Mirror;

impl Limiter for Mirror {
    fn new(_: &[f64]) -> Self {
        Mirror
    }

    fn limit(&mut self, reading: &Reading<'_>, priorities: &[i32], ceilings: &mut [f64]) {
        assert_eq!((priorities.len(), ceilings.iter().all(|ceiling| *ceiling == 1.0)), (ceilings.len(), true));
        assert!(reading.waiting.is_none_or(|waiting| waiting.len() == priorities.len()));
        for (band, ceiling) in ceilings.iter_mut().enumerate() {
            *ceiling = reading.waiting.map_or(reading.saturation, |waiting| f64::from(waiting[band]));
        }
    }
}

proptest! {
    #[test]
    fn an_attempt_is_read_as_it_was_asked(asked in question()) {
        let bytes = bytes(&asked);
        prop_assert_eq!(bytes.len(), HEADER_BYTES + asked.bands * BAND_BYTES);
        prop_assert_eq!(Question::read(&bytes), Some(asked));
    }

    #[test]
    fn whatever_bytes_come_are_read_or_answered_by_what_sets_no_ceilings(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let ceilings = wire::ceilings(&Seat::<Mirror>::start(&[]).answer(&bytes)).unwrap();
        let is_read = Question::read(&bytes).is_some();
        prop_assert_eq!(is_read, bytes.len() >= HEADER_BYTES && bytes.len() <= HEADER_BYTES + MAX_BANDS * BAND_BYTES
            && (bytes.len() - HEADER_BYTES).is_multiple_of(BAND_BYTES));
        prop_assert!(is_read || ceilings.iter().all(|ceiling| ceiling.is_nan()));
    }

    #[test]
    fn the_ceilings_of_a_policy_arrive_and_bands_that_there_are_not_are_open(asked in question()) {
        let ceilings = wire::ceilings(&Seat::<Mirror>::start(&[]).answer(&bytes(&asked))).unwrap();
        for (band, ceiling) in ceilings.into_iter().enumerate() {
            let own = asked.waiting.map_or(asked.saturation, |waiting| f64::from(waiting[band]));
            prop_assert_eq!(ceiling, if band < asked.bands { own } else { wire::OPEN });
        }
    }
}

#[test]
fn an_answer_of_another_length_has_no_ceilings() {
    let whole = wire::answer(&[0.25; MAX_BANDS]);
    assert_eq!(wire::ceilings(&whole), Some([0.25; MAX_BANDS]));
    assert_eq!(wire::ceilings(&whole[..ANSWER_BYTES - 1]), None);
    assert_eq!(wire::ceilings(&[&whole[..], &[0]].concat()), None);
}
