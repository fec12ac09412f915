//! A moment of a sequence, and the inputs along which its decision may turn.

use super::PREDICTION;
use crate::admission::Admission;
use crate::shipping::vectors::{Decisions, Random};
use admitter::{Instance, Request, wire};
use engine::problem::Problem;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What an admitter is shown, and what it answers: whether it refuses, and how many draws it took.
pub(super) struct Admitted;

/// What the policy is shown at once.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) request: Request,
    /// The request's fairness id; its number follows from it.
    pub(super) client: String,
    pub(super) instances: Vec<Instance>,
    pub(super) key: u64,
}

/// As the plugin makes a number of an id (FNV-1a).
fn client_number(id: &str) -> u32 {
    id.bytes().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Tokens of a prompt at most: the generated test holds one that long.
const MOST_TOKENS: u32 = 131_072;
/// The router counts blocks of so many tokens.
const BLOCK: u64 = 16;

impl Step {
    fn of(mut request: Request, client: String, mut instances: Vec<Instance>, key: u64) -> Step {
        request.client = client_number(&client);
        request.prompt_tokens = request.prompt_tokens.clamp(1, MOST_TOKENS);
        instances.iter_mut().for_each(|instance| instance.kv_capacity_tokens -= instance.kv_capacity_tokens % BLOCK);
        Step { request, client, instances, key }
    }

    pub(super) fn question(&self) -> Vec<u8> {
        let mut question = Vec::with_capacity(wire::HEADER_BYTES + wire::INSTANCE_BYTES * self.instances.len());
        wire::ask(&self.request, &self.instances, &wire::draw(self.key), |piece| question.extend_from_slice(piece));
        question
    }

    fn json(&self, refused: bool, draws: u8) -> Value {
        let instances: Vec<Value> = self
            .instances
            .iter()
            .map(|own| {
                json!([
                    own.waiting,
                    own.running,
                    own.in_flight,
                    own.kv_utilization,
                    own.metrics_age_us,
                    own.kv_capacity_tokens
                ])
            })
            .collect();
        let request = &self.request;
        json!({
            "priority": request.priority, "prompt": request.prompt_tokens, "client": self.client,
            "limit": request.max_output_tokens, "predicted": request.predicted_output_tokens, "now_us": request.now_us,
            "key": self.key, "instances": instances, "refused": refused, "draws": draws,
        })
    }

    /// A step of the file's format.
    fn of_json(step: &Value) -> Option<Step> {
        let number = |value: &Value| value.as_u64();
        let instances: Option<Vec<Instance>> = step["instances"]
            .as_array()?
            .iter()
            .map(|own| {
                let whole = |at: usize| own[at].as_f64().map(|value| value as u64);
                Some(Instance {
                    waiting: whole(0)? as u32,
                    running: whole(1)? as u32,
                    in_flight: whole(2)? as u32,
                    kv_utilization: own[3].as_f64()?,
                    metrics_age_us: whole(4)?,
                    kv_capacity_tokens: whole(5)?,
                })
            })
            .collect();
        let request = Request {
            priority: i32::try_from(step["priority"].as_i64()?).ok()?,
            prompt_tokens: u32::try_from(number(&step["prompt"])?).ok()?,
            client: 0,
            max_output_tokens: number(&step["limit"]).and_then(|limit| u32::try_from(limit).ok()),
            predicted_output_tokens: step["predicted"].as_f64(),
            now_us: number(&step["now_us"])?,
        };
        Some(Step::of(request, step["client"].as_str()?.to_owned(), instances?, number(&step["key"])?))
    }

    fn edges() -> Vec<Vec<Step>> {
        let mut edges = Vec::new();
        for (at, kv) in [0.0, 0.01, 0.4, 0.8, 0.800_000_000_000_000_1, 1.0].into_iter().enumerate() {
            for waiting in [0, 1, 5, 6, 10_000] {
                for priority in [-3, -1, 0, 4] {
                    let instance = Instance {
                        waiting,
                        running: waiting % 7,
                        in_flight: 2 * waiting,
                        kv_utilization: kv,
                        metrics_age_us: 10_000 * at as u64,
                        kv_capacity_tokens: 281_008 * (at as u64 % 2),
                    };
                    let limit = [None, Some(0), Some(1), Some(4096), Some(u32::MAX)][at % 5];
                    let request = Request {
                        priority,
                        prompt_tokens: [1, 2, 1024, MOST_TOKENS][at % 4],
                        client: 0,
                        max_output_tokens: limit,
                        predicted_output_tokens: [None, Some(1e-9), Some(0.5), Some(256.0), Some(1e9)][(at + 2) % 5],
                        now_us: [0, 1, 5_000_000, 86_400_000_000][at % 4],
                    };
                    let instances = vec![instance; [1, 2, 7][at % 3]];
                    edges.push(vec![Step::of(request, String::new(), instances, u64::from(waiting) + at as u64)]);
                }
            }
        }
        edges
    }
}

/// A sequence in which time goes on, clients come back, and the load drifts.
fn steps(random: &mut Random, length: usize) -> Vec<Step> {
    let mut now_us = random.below(1_000_000_000);
    let instances = 1 + random.below(6) as usize;
    let (mut load, hints) = (random.unit(), random.below(4));
    // Few come back often; many fill what a policy keeps of them.
    let clients = [1, 5, 5, 40, 1000][random.below(5) as usize];
    (0..length)
        .map(|_| {
            now_us += if random.below(10) == 0 { random.below(20_000_000) } else { random.below(50_000) };
            load = (load + 0.3 * (random.unit() - 0.5)).clamp(0.0, 1.2);
            let spread = |random: &mut Random| load * (0.5 + random.unit());
            let of = |random: &mut Random| Instance {
                waiting: (spread(random).powi(3) * 20.0) as u32,
                running: (spread(random) * 60.0) as u32,
                in_flight: (spread(random) * 80.0) as u32,
                kv_utilization: (spread(random) * 0.9).min(1.0),
                // Now and then an instance has not been scraped for a while.
                metrics_age_us: if random.below(8) == 0 { random.below(2_000_000) } else { random.below(50_000) },
                kv_capacity_tokens: 16 * (1_000 + random.below(30_000)),
            };
            let instances = (0..instances).map(|_| of(random)).collect();
            let length = |random: &mut Random| (2f64.powf(4.0 + 9.0 * random.unit())) as u32;
            let request = Request {
                priority: [-3, -2, -1, -1, -2, 0, 3, 4][random.below(8) as usize],
                prompt_tokens: length(random),
                client: 0,
                max_output_tokens: (hints & 1 == 1 && random.below(5) > 0)
                    .then(|| [length(random), length(random), 4096, random.below(3) as u32][random.below(4) as usize]),
                predicted_output_tokens: (hints & 2 == 2 && random.below(5) > 0)
                    .then(|| f64::from(length(random)) + random.unit()),
                now_us,
            };
            let client = format!("client-{}", random.below(clients));
            Step::of(request, client, instances, random.next())
        })
        .collect()
}

/// An input along which a decision may turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Draw,
    Kv,
    AllKv,
    Waiting,
    Running,
    InFlight,
    Prompt,
    Limit,
    Prediction,
    Now,
    Age,
    Capacity,
    Priority,
}

impl Axis {
    const ALL: [Axis; 13] = [
        Axis::Draw,
        Axis::Kv,
        Axis::AllKv,
        Axis::Waiting,
        Axis::Running,
        Axis::InFlight,
        Axis::Prompt,
        Axis::Limit,
        Axis::Prediction,
        Axis::Now,
        Axis::Age,
        Axis::Capacity,
        Axis::Priority,
    ];

    /// Whether the candidate looks at it.
    fn matters(self, reads: &BTreeSet<String>) -> bool {
        let field = match self {
            Axis::Draw => return true,
            Axis::Kv | Axis::AllKv => "Instance.kv_utilization",
            Axis::Waiting => "Instance.waiting",
            Axis::Running => "Instance.running",
            Axis::InFlight => "Instance.in_flight",
            Axis::Prompt => "Request.prompt_tokens",
            Axis::Limit => "Request.max_output_tokens",
            Axis::Prediction => "Request.predicted_output_tokens",
            Axis::Now => "Request.now_us",
            Axis::Age => "Instance.metrics_age_us",
            Axis::Capacity => "Instance.kv_capacity_tokens",
            Axis::Priority => "Request.priority",
        };
        reads.contains(field)
    }

    /// The codes of its least and greatest value; none where it has none here.
    fn range(self, last: &Step, before: &[Step]) -> Option<(u64, u64)> {
        let bits = |low: f64, high: f64| (low.to_bits(), high.to_bits());
        Some(match self {
            Axis::Draw => (0, (1 << 53) - 1),
            Axis::Kv | Axis::AllKv => bits(0.0, 1.0),
            Axis::Waiting | Axis::Running | Axis::InFlight => (0, 5_000),
            Axis::Prompt => (1, u64::from(MOST_TOKENS)),
            Axis::Limit => {
                last.request.max_output_tokens?;
                (0, 1_000_000)
            }
            Axis::Prediction => {
                last.request.predicted_output_tokens?;
                bits(1e-3, 1e6)
            }
            Axis::Now => {
                let first = before.last()?.request.now_us;
                (first, first + 3_600_000_000)
            }
            Axis::Age => (0, 10_000_000),
            Axis::Capacity => (0, 10_000_000 / BLOCK),
            Axis::Priority => (0, 16),
        })
    }

    /// The moment with this value.
    fn set(self, last: &Step, code: u64) -> Step {
        let mut step = last.clone();
        match self {
            Axis::Draw => step.key = key_of(code),
            Axis::Kv => step.instances[0].kv_utilization = f64::from_bits(code),
            Axis::AllKv => step.instances.iter_mut().for_each(|own| own.kv_utilization = f64::from_bits(code)),
            Axis::Waiting => step.instances[0].waiting = code as u32,
            Axis::Running => step.instances[0].running = code as u32,
            Axis::InFlight => step.instances[0].in_flight = code as u32,
            Axis::Prompt => step.request.prompt_tokens = code as u32,
            Axis::Limit => step.request.max_output_tokens = Some(code as u32),
            Axis::Prediction => step.request.predicted_output_tokens = Some(f64::from_bits(code)),
            Axis::Now => step.request.now_us = code,
            Axis::Age => step.instances[0].metrics_age_us = code,
            Axis::Capacity => step.instances[0].kv_capacity_tokens = code * BLOCK,
            Axis::Priority => step.request.priority = code as i32 - 8,
        }
        step
    }

    /// Both sides of a boundary, and for a draw also a millionth further off.
    fn around(self, low: u64, high: u64) -> Vec<u64> {
        let mut codes = vec![low, high];
        if self == Axis::Draw {
            let part = high / 1_000_000;
            codes.extend([low.saturating_sub(part), (high + part).min((1 << 53) - 1)]);
        }
        codes
    }
}

impl Decisions for Admitted {
    type Step = Step;
    type Axis = Axis;
    const AXES: &'static [Axis] = &Axis::ALL;
    const RECORDED: usize = 400;
    const UNSHOWN: &'static str =
        "More than 7 instances, instances that come or go, and prompts of more than 131072 tokens.";

    fn problem() -> &'static dyn Problem {
        &Admission
    }

    fn edges() -> Vec<Vec<Step>> {
        Step::edges()
    }

    fn made_up(random: &mut Random, length: usize) -> Vec<Step> {
        steps(random, length)
    }

    /// Instances have no order.
    fn reordered(steps: &[Step]) -> Option<Vec<Step>> {
        let mut steps = steps.to_vec();
        steps.iter_mut().for_each(|step| step.instances.reverse());
        Some(steps)
    }

    fn hide(step: &mut Step, untold: &BTreeMap<String, String>) {
        let told = |field: &str| !untold.contains_key(field);
        step.request.max_output_tokens = step.request.max_output_tokens.filter(|_| told("Request.max_output_tokens"));
        step.request.predicted_output_tokens = step.request.predicted_output_tokens.filter(|_| told(PREDICTION));
    }

    fn question(step: &Step) -> Vec<u8> {
        step.question()
    }

    /// With an id for its client.
    fn read(question: &[u8]) -> Option<Step> {
        let (request, key) = wire::read_request(question)?;
        let rest = question.get(wire::HEADER_BYTES..)?;
        let instances: Option<Vec<Instance>> = rest.chunks(wire::INSTANCE_BYTES).map(wire::read_instance).collect();
        Some(Step::of(request, format!("client-{}", request.client), instances?, key))
    }

    fn json(step: &Step, answer: &[u8]) -> Option<Value> {
        let (refused, draws) = decided(answer)?;
        Some(step.json(refused, draws))
    }

    fn of_json(step: &Value) -> Option<Step> {
        Step::of_json(step)
    }

    /// Without the number of draws.
    fn taken(answer: &[u8]) -> &[u8] {
        &answer[..wire::ANSWER_BYTES]
    }

    fn side(_: &Step, answer: &[u8]) -> u64 {
        u64::from(decided(answer).is_some_and(|(refused, _)| refused))
    }

    fn matters(axis: Axis, reads: &BTreeSet<String>) -> bool {
        axis.matters(reads)
    }

    fn range(axis: Axis, last: &Step, before: &[Step]) -> Option<(u64, u64)> {
        axis.range(last, before)
    }

    fn set(axis: Axis, last: &Step, code: u64) -> Step {
        axis.set(last, code)
    }

    fn around(axis: Axis, low: u64, high: u64) -> Vec<u64> {
        axis.around(low, high)
    }
}

/// Whether an answer refuses, and how many draws it took; none if it is none.
pub(super) fn decided(answer: &[u8]) -> Option<(bool, u8)> {
    match answer {
        [wire::ADMIT, draws] => Some((false, *draws)),
        [wire::REJECT, draws] => Some((true, *draws)),
        _ => None,
    }
}

/// The key whose first draw is this many 2⁻⁵³: the contract's mixing, run backwards.
fn key_of(draw: u64) -> u64 {
    let shifted = |z: u64, by: u32| {
        let mut out = z;
        for _ in 0..64 / by {
            out = z ^ (out >> by);
        }
        out
    };
    let z = shifted(draw << 11, 31).wrapping_mul(0x3196_42B2_D24D_8EC3);
    let z = shifted(z, 27).wrapping_mul(0x96DE_1B17_3F11_9089);
    shifted(z, 30).wrapping_sub(0x9E37_79B9_7F4A_7C15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_draw_of_a_key_can_be_chosen() {
        for draw in [0, 1, 12345, 1 << 52, (1 << 53) - 1] {
            assert_eq!(wire::draw(key_of(draw)).uniform(), draw as f64 / (1u64 << 53) as f64);
        }
    }
}
