//! One attempt to dispatch as bytes: how it is put to a policy that runs in another process.
//!
//! A question is, little-endian: saturation f64, age i64, in flight i64, unseen i64 (−1 for none each), and for each band its priority
//! i32 and the requests that wait there i64 (−1 for none). The answer has eight bytes for each of eight bands: the ceiling as f64, and 1
//! for bands that there are not.

use crate::{Limiter, Reading};

/// Bytes of a question before its bands.
pub const HEADER_BYTES: usize = 32;
/// Bytes of one band.
pub const BAND_BYTES: usize = 12;
/// The most bands that a question can describe.
pub const MAX_BANDS: usize = 8;
/// The most parameters that a policy can take.
pub const MAX_TUNABLES: usize = 32;

/// The ceiling of a band that is open until the instances are saturated.
pub const OPEN: f64 = 1.0;
/// Bytes of an answer.
pub const ANSWER_BYTES: usize = 8 * MAX_BANDS;

/// What is asked of one attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    /// The saturation.
    pub saturation: f64,
    /// The age of the reading, µs.
    pub age_us: Option<u64>,
    /// Requests on all instances.
    pub in_flight: Option<u64>,
    /// Dispatches that the reading cannot show.
    pub unseen: Option<u64>,
    /// How many bands there are; what follows is theirs, and 0 beyond.
    pub bands: usize,
    /// Their priorities.
    pub priorities: [i32; MAX_BANDS],
    /// Requests that wait in each of them, if that is told.
    pub waiting: Option<[u32; MAX_BANDS]>,
}

const NONE: i64 = -1;

fn told(value: Option<u64>) -> [u8; 8] {
    value.and_then(|value| i64::try_from(value).ok()).unwrap_or(NONE).to_le_bytes()
}

impl Question {
    /// Its bytes, handed to `write` piece by piece.
    pub fn write(&self, mut write: impl FnMut(&[u8])) {
        write(&self.saturation.to_le_bytes());
        write(&told(self.age_us));
        write(&told(self.in_flight));
        write(&told(self.unseen));
        for band in 0..self.bands.min(MAX_BANDS) {
            write(&self.priorities[band].to_le_bytes());
            write(&told(self.waiting.map(|waiting| u64::from(waiting[band]))));
        }
    }

    /// A question out of its bytes; none if they are none. What waits is told for each band or for none.
    pub fn read(question: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(question);
        let saturation = f64::from_le_bytes(bytes.take()?);
        let (age_us, in_flight, unseen) = (bytes.told()?, bytes.told()?, bytes.told()?);
        let (mut bands, mut priorities, mut waiting, mut all_tell) = (0, [0; MAX_BANDS], [0; MAX_BANDS], true);
        while !bytes.0.is_empty() {
            *priorities.get_mut(bands)? = i32::from_le_bytes(bytes.take()?);
            match bytes.told()?.map(u32::try_from) {
                Some(Ok(count)) => waiting[bands] = count,
                _ => all_tell = false,
            }
            bands += 1;
        }
        let waiting = Some(waiting).filter(|_| all_tell && bands > 0);
        Some(Question { saturation, age_us, in_flight, unseen, bands, priorities, waiting })
    }

    /// What a policy is shown of it, beside the priorities.
    pub fn reading(&self) -> Reading<'_> {
        Reading {
            saturation: self.saturation,
            age_us: self.age_us,
            waiting: self.waiting.as_ref().map(|waiting| &waiting[..self.bands]),
            in_flight: self.in_flight,
            unseen: self.unseen,
        }
    }
}

/// The ceilings of an answer; none if it has another length.
pub fn ceilings(answer: &[u8]) -> Option<[f64; MAX_BANDS]> {
    numbers(answer)
}

/// The answer of these ceilings.
pub fn answer(ceilings: &[f64; MAX_BANDS]) -> [u8; ANSWER_BYTES] {
    written(ceilings)
}

/// Numbers in a row, as bytes.
fn written<const N: usize>(numbers: &[f64]) -> [u8; N] {
    let mut bytes = [0; N];
    for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    bytes
}

/// Bytes as so many numbers in a row; none if they have another length.
fn numbers<const N: usize>(bytes: &[u8]) -> Option<[f64; N]> {
    let (mut bytes, mut numbers) = (Bytes(bytes), [0.0; N]);
    for number in &mut numbers {
        *number = f64::from_le_bytes(bytes.take()?);
    }
    bytes.0.is_empty().then_some(numbers)
}

/// One run of a policy on the far side. It is nothing but the policy: it is copied with each answer.
pub struct Seat<P>(P);

impl<P: Limiter> Seat<P> {
    /// Starts a run with these parameters, or with the author's defaults where there are none.
    pub fn start(parameters: &[f64]) -> Self {
        let count = P::TUNABLES.len();
        let given = (parameters.len() == count).then_some(parameters);
        // A copy in any case: where the values lie must not tell who chose them.
        let mut values = [0.0; MAX_TUNABLES];
        for (at, (value, tunable)) in values.iter_mut().zip(P::TUNABLES).enumerate() {
            *value = given.map_or(tunable.default, |given| given[at]);
        }
        Seat(P::new(&values[..count]))
    }

    /// Answers a question; bytes that are none with what sets no ceilings.
    pub fn answer(&mut self, question: &[u8]) -> [u8; ANSWER_BYTES] {
        let Some(question) = Question::read(question) else { return answer(&[f64::NAN; MAX_BANDS]) };
        let (mut all, bands) = ([OPEN; MAX_BANDS], question.bands);
        self.0.limit(&question.reading(), &question.priorities[..bands], &mut all[..bands]);
        answer(&all)
    }

    /// Writes the policy's tunables: for each one its default, low and high as f64, the length of its name as one byte,
    /// the name. Returns the number of bytes written; those that do not fit are left out.
    pub fn describe(out: &mut [u8]) -> usize {
        let mut end = 0;
        for tunable in P::TUNABLES.iter().take(MAX_TUNABLES) {
            let name = &tunable.name.as_bytes()[..tunable.name.len().min(255)];
            let Some(room) = out.get_mut(end..end + 25 + name.len()) else { return end };
            room[..8].copy_from_slice(&tunable.default.to_le_bytes());
            room[8..16].copy_from_slice(&tunable.low.to_le_bytes());
            room[16..24].copy_from_slice(&tunable.high.to_le_bytes());
            room[24] = name.len() as u8;
            room[25..].copy_from_slice(name);
            end += 25 + name.len();
        }
        end
    }
}

/// The most bands that a wide seat can be asked about.
pub const WIDE_BANDS: usize = 16;
/// Bytes of the answer of a wide seat.
pub const WIDE_BYTES: usize = 8 * WIDE_BANDS;

/// A seat for whoever translates a policy. It is told what production tells, of more bands than the contract promises: production has
/// no bound. In a question the saturation, f64, is followed by the priorities, i32.
pub struct Wide<P>(P);

impl<P: Limiter> Wide<P> {
    /// As [`Seat::start`].
    pub fn start(parameters: &[f64]) -> Self {
        Wide(Seat::start(parameters).0)
    }

    /// Answers a question: a ceiling for each band, and 1 for bands that there are not.
    pub fn answer(&mut self, question: &[u8]) -> [u8; WIDE_BYTES] {
        let (mut bytes, mut bands) = (Bytes(question), 0);
        let (mut priorities, mut all) = ([0; WIDE_BANDS], [OPEN; WIDE_BANDS]);
        let saturation = bytes.take().map_or(0.0, f64::from_le_bytes);
        while let (Some(place), Some(priority)) = (priorities.get_mut(bands), bytes.take()) {
            *place = i32::from_le_bytes(priority);
            bands += 1;
        }
        let reading = Reading { saturation, age_us: None, waiting: None, in_flight: None, unseen: None };
        self.0.limit(&reading, &priorities[..bands], &mut all[..bands]);
        written(&all)
    }

    /// As [`Seat::describe`].
    pub fn describe(out: &mut [u8]) -> usize {
        Seat::<P>::describe(out)
    }
}

/// The ceilings of an answer of a wide seat; none if it has another length.
pub fn wide_ceilings(answer: &[u8]) -> Option<[f64; WIDE_BANDS]> {
    numbers(answer)
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    /// What is told, if anything is: the outer one is none where there are too few bytes.
    fn told(&mut self) -> Option<Option<u64>> {
        Some(u64::try_from(i64::from_le_bytes(self.take()?)).ok())
    }
}

/// This file's own text, compiled together with the contract's.
pub const SOURCE: &str = include_str!("wire.rs");
