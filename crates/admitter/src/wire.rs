//! One admission decision as bytes: how it is put to a policy that runs in another process.
//!
//! A question is, little-endian: priority i32, prompt tokens u32, client u32, output limit i64 (−1 for none), predicted
//! output f64 (0 for none), time u64, draw key u64, and for each instance waiting u32, running u32, in flight u32, KV
//! utilisation f64, metrics age u64, KV capacity u64. The answer is one byte.

use crate::{Admitter, Cluster, Decision, Draw, Instance, Request};

/// Bytes of a question before its instances.
pub const HEADER_BYTES: usize = 44;
/// Bytes of one instance.
pub const INSTANCE_BYTES: usize = 36;
/// The most instances that a question can describe.
pub const MAX_INSTANCES: usize = 128;
/// As many instances as most clusters have.
const FEW: usize = 16;
/// The most parameters that a policy can take.
pub const MAX_TUNABLES: usize = 32;

/// Answer: let it in.
pub const ADMIT: u8 = 0;
/// Answer: refuse it.
pub const REJECT: u8 = 1;
/// Answer to bytes that are no question.
pub const NOT_A_QUESTION: u8 = 255;
/// Bytes of an answer.
pub const ANSWER_BYTES: usize = 1;

/// The draws of a request with this key.
pub fn draw(key: u64) -> Draw {
    Draw { key, taken: 0 }
}

/// Bytes of an answer with its number of draws.
pub const COUNTED_BYTES: usize = 2;

const NO_LIMIT: i64 = -1;

/// A prediction as a policy may be shown it: none if it is not a positive number.
pub fn sound(prediction: Option<f64>) -> Option<f64> {
    prediction.filter(|tokens| tokens.is_finite() && *tokens > 0.0)
}

const IDLE: Instance =
    Instance { waiting: 0, running: 0, in_flight: 0, kv_utilization: 0.0, metrics_age_us: 0, kv_capacity_tokens: 0 };

/// The bytes of a question, handed to `write` piece by piece.
pub fn ask(request: &Request, instances: &[Instance], draw: &Draw, mut write: impl FnMut(&[u8])) {
    write(&request.priority.to_le_bytes());
    write(&request.prompt_tokens.to_le_bytes());
    write(&request.client.to_le_bytes());
    write(&request.max_output_tokens.map_or(NO_LIMIT, i64::from).to_le_bytes());
    write(&sound(request.predicted_output_tokens).unwrap_or(0.0).to_le_bytes());
    write(&request.now_us.to_le_bytes());
    write(&draw.key.to_le_bytes());
    for instance in instances {
        write(&instance.waiting.to_le_bytes());
        write(&instance.running.to_le_bytes());
        write(&instance.in_flight.to_le_bytes());
        write(&instance.kv_utilization.to_le_bytes());
        write(&instance.metrics_age_us.to_le_bytes());
        write(&instance.kv_capacity_tokens.to_le_bytes());
    }
}

/// One run of a policy on the far side. It is nothing but the policy: it is copied with each answer.
pub struct Seat<P>(P);

impl<P: Admitter> Seat<P> {
    /// A run of a policy that was made already: how one that is built in answers on this side.
    pub fn of(policy: P) -> Self {
        Seat(policy)
    }

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

    /// Answers a question.
    pub fn answer(&mut self, question: &[u8]) -> [u8; ANSWER_BYTES] {
        [self.counted(question)[0]]
    }

    /// The answer, and how many draws it took.
    fn counted(&mut self, question: &[u8]) -> [u8; COUNTED_BYTES] {
        // To clear room for as many as there may be would take longer than most answers.
        if question.len() <= HEADER_BYTES + FEW * INSTANCE_BYTES {
            self.answer_in(&mut [IDLE; FEW], question)
        } else {
            self.answer_in(&mut [IDLE; MAX_INSTANCES], question)
        }
    }

    /// The same, with room for the instances. Not inlined: there is one copy of the policy.
    #[inline(never)]
    fn answer_in(&mut self, room: &mut [Instance], question: &[u8]) -> [u8; COUNTED_BYTES] {
        let mut bytes = Bytes(question);
        let Some((request, key)) = bytes.request() else { return [NOT_A_QUESTION, 0] };
        let mut count = 0;
        while !bytes.0.is_empty() {
            match (room.get_mut(count), bytes.instance()) {
                (Some(place), Some(instance)) => *place = instance,
                _ => return [NOT_A_QUESTION, 0],
            }
            count += 1;
        }
        let mut draw = draw(key);
        let answer = match self.0.admit(&request, &Cluster { instances: &room[..count] }, &mut draw) {
            Decision::Admit => ADMIT,
            Decision::Reject => REJECT,
        };
        [answer, draw.taken.min(255) as u8]
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

/// The request of a question and the key of its draws; none where there are too few bytes.
pub fn read_request(question: &[u8]) -> Option<(Request, u64)> {
    Bytes(question).request()
}

/// An instance out of its bytes in a question; none where there are too few.
pub fn read_instance(bytes: &[u8]) -> Option<Instance> {
    Bytes(bytes).instance()
}

/// A seat that says with each answer how many draws it took, 255 for more: for whoever has to take the same.
pub struct Counting<P>(Seat<P>);

impl<P: Admitter> Counting<P> {
    /// As [`Seat::start`].
    pub fn start(parameters: &[f64]) -> Self {
        Counting(Seat::start(parameters))
    }

    /// Answers a question: the answer, and the number of draws.
    pub fn answer(&mut self, question: &[u8]) -> [u8; COUNTED_BYTES] {
        self.0.counted(question)
    }

    /// As [`Seat::describe`].
    pub fn describe(out: &mut [u8]) -> usize {
        Seat::<P>::describe(out)
    }
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn request(&mut self) -> Option<(Request, u64)> {
        let request = Request {
            priority: i32::from_le_bytes(self.take()?),
            prompt_tokens: u32::from_le_bytes(self.take()?),
            client: u32::from_le_bytes(self.take()?),
            // What is no length, as no limit is, is none.
            max_output_tokens: u32::try_from(i64::from_le_bytes(self.take()?)).ok(),
            predicted_output_tokens: sound(Some(f64::from_le_bytes(self.take()?))),
            now_us: u64::from_le_bytes(self.take()?),
        };
        Some((request, u64::from_le_bytes(self.take()?)))
    }

    fn instance(&mut self) -> Option<Instance> {
        Some(Instance {
            waiting: u32::from_le_bytes(self.take()?),
            running: u32::from_le_bytes(self.take()?),
            in_flight: u32::from_le_bytes(self.take()?),
            kv_utilization: f64::from_le_bytes(self.take()?),
            metrics_age_us: u64::from_le_bytes(self.take()?),
            kv_capacity_tokens: u64::from_le_bytes(self.take()?),
        })
    }
}

/// This file's own text, compiled together with the contract's.
pub const SOURCE: &str = include_str!("wire.rs");
