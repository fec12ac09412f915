//! What a shadow is shown instead of what happened: the same moment with exactly one thing changed.

use super::tally::{KV, QUEUE, saturation};
use admitter::{Instance, Request, wire};
use science::keyed;

/// What a policy is shown at once.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moment {
    pub(super) request: Request,
    pub(super) instances: Vec<Instance>,
    /// What the request's draws follow from.
    pub(super) key: u64,
}

impl Moment {
    /// A question of the contract; none if it is none.
    pub(super) fn read(question: &[u8]) -> Option<Moment> {
        let (request, key) = wire::read_request(question)?;
        let mut rest = &question[wire::HEADER_BYTES..];
        let mut instances = Vec::with_capacity(rest.len() / wire::INSTANCE_BYTES);
        while !rest.is_empty() {
            let (instance, after) = rest.split_at_checked(wire::INSTANCE_BYTES)?;
            instances.push(wire::read_instance(instance)?);
            rest = after;
        }
        Some(Moment { request, instances, key })
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut question = Vec::with_capacity(wire::HEADER_BYTES + wire::INSTANCE_BYTES * self.instances.len());
        let draw = wire::draw(self.key);
        wire::ask(&self.request, &self.instances, &draw, |piece| question.extend_from_slice(piece));
        question
    }
}

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Change {
    /// The prompt of every other request: four times as long, or an eighth. Not of all: a policy that holds a length against what is
    /// usual would answer the same.
    LongPrompt,
    ShortPrompt,
    /// How far the priority is below zero.
    Priority,
    /// The client: the same one for all requests, or another number for each client.
    OneClient,
    OtherNames,
    /// The limit of the output, likewise; where there is none, some high ones and some low ones.
    HighLimit,
    LowLimit,
    /// The predicted output, likewise.
    LongPrediction,
    ShortPrediction,
    /// The same saturation of each instance, all of it from the KV cache.
    FromKv,
    /// The same saturation of the cluster, from queues as far as whole requests make it.
    FromQueue,
    /// The same saturation of each instance from the KV cache, then shifted from one instance to its neighbour.
    Imbalance,
    Running,
    InFlight,
    Age,
    Capacity,
    Instances,
    /// Another draw.
    Draw(u64),
    /// The pressure, times this.
    Pressure(f64),
    /// All pressure from KV caches that are full to this share in the mean, and each to another one.
    Uneven(f64),
    /// The same saturation from the KV cache, times this: next to one, it turns what lies on an edge and nothing else.
    Nudge(f64),
}

/// A client that hardly ever sends anything.
const ANYONE: u32 = 0x5EED_0001;

impl Change {
    /// The moment as it is shown.
    pub(super) fn of(self, moment: Moment) -> Moment {
        let Moment { mut request, mut instances, mut key } = moment;
        let (limit, prediction) = (request.max_output_tokens, request.predicted_output_tokens);
        // Not one number for all: who holds a hint against those that there are would find nothing unusual.
        let made_up: u32 = if key.count_ones() % 2 == 0 { 1024 } else { 128 };
        let each = |instances: &mut [Instance], change: &dyn Fn(&mut Instance)| instances.iter_mut().for_each(change);
        match self {
            Change::LongPrompt
            | Change::ShortPrompt
            | Change::HighLimit
            | Change::LowLimit
            | Change::LongPrediction
            | Change::ShortPrediction
                if !is_chosen(key) => {}
            Change::LongPrompt => request.prompt_tokens = request.prompt_tokens.saturating_mul(4),
            Change::ShortPrompt => request.prompt_tokens = (request.prompt_tokens / 8).max(1),
            Change::Priority if request.priority < 0 => request.priority = request.priority.saturating_sub(1),
            Change::Priority => {}
            Change::OneClient => request.client = ANYONE,
            // A bijection: whoever only asks which requests have one sender finds the same.
            Change::OtherNames => request.client = request.client.wrapping_mul(0x9E37_79B1).wrapping_add(ANYONE),
            Change::HighLimit => request.max_output_tokens = limit.map(|l| l.saturating_mul(4)).or(Some(8 * made_up)),
            Change::LowLimit => request.max_output_tokens = limit.map(|l| (l / 8).max(1)).or(Some(made_up / 16)),
            Change::LongPrediction => {
                request.predicted_output_tokens = prediction.map(|p| p * 4.0).or(Some(2.0 * f64::from(made_up)));
            }
            Change::ShortPrediction => {
                request.predicted_output_tokens = prediction.map(|p| p / 8.0).or(Some(f64::from(made_up) / 32.0));
            }
            Change::FromKv => from_kv(&mut instances),
            Change::FromQueue => from_queue(&mut instances),
            Change::Imbalance => {
                from_kv(&mut instances);
                shift(&mut instances);
            }
            Change::Running => each(&mut instances, &|i| i.running = i.running / 2 + 8),
            Change::InFlight => each(&mut instances, &|i| i.in_flight = i.in_flight + i.in_flight / 2 + 8),
            Change::Age => each(&mut instances, &|i| i.metrics_age_us = 50_000_u64.saturating_sub(i.metrics_age_us)),
            Change::Capacity => each(&mut instances, &|i| i.kv_capacity_tokens /= 2),
            Change::Instances if 2 * instances.len() <= wire::MAX_INSTANCES => instances = instances.repeat(2),
            Change::Instances => {}
            Change::Draw(other) => {
                let own = wire::draw(key).uniform().to_bits();
                key = own.wrapping_mul(0xBF58_476D_1CE4_E5B9).wrapping_add(other);
            }
            Change::Nudge(factor) => {
                from_kv(&mut instances);
                each(&mut instances, &|i| i.kv_utilization *= factor);
            }
            Change::Uneven(level) => instances.iter_mut().enumerate().for_each(|(at, i)| {
                (i.waiting, i.kv_utilization) = (0, level * [0.4, 0.8, 1.2, 1.6][at % 4]);
            }),
            Change::Pressure(factor) => each(&mut instances, &|i| {
                i.waiting = (f64::from(i.waiting) * factor).round() as u32;
                i.kv_utilization = (i.kv_utilization * factor).min(1.0);
            }),
        }
        Moment { request, instances, key }
    }
}

/// Whether a request is one of those, half of all, of which something is changed.
const fn is_chosen(key: u64) -> bool {
    key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 63 == 0
}

/// Puts the instances in another order. Fisher and Yates.
pub(super) fn shuffle(instances: &mut [Instance], seed: u64) {
    for last in (1..instances.len()).rev() {
        let other = (keyed::uniform(seed, last as u64) * (last + 1) as f64) as usize;
        instances.swap(last, other);
    }
}

/// How saturated one instance is.
fn own(instance: &Instance) -> f64 {
    (f64::from(instance.waiting) / QUEUE).max(instance.kv_utilization / KV)
}

/// Where an instance is too saturated for it, its queue stays, beside a full cache.
fn from_kv(instances: &mut [Instance]) {
    for instance in instances {
        let kv = own(instance) * KV;
        instance.kv_utilization = kv.min(1.0);
        if kv <= 1.0 {
            instance.waiting = 0;
        }
    }
}

/// Whole requests on all but the last instance, what is left on that one.
fn from_queue(instances: &mut [Instance]) {
    let sum = saturation(instances) * instances.len() as f64;
    let whole = (sum * QUEUE) as u32;
    let Some((last, others)) = instances.split_last_mut() else { return };
    let count = others.len() as u32;
    let mut left = sum;
    for (at, instance) in others.iter_mut().enumerate() {
        instance.waiting = whole / count + u32::from((at as u32) < whole % count);
        instance.kv_utilization = 0.0;
        left -= f64::from(instance.waiting) / QUEUE;
    }
    let rest = (left.max(0.0) * QUEUE) as u32;
    // A queue alone where that is exact, else the KV cache as well: the larger one counts.
    last.waiting = rest;
    last.kv_utilization = (left.max(0.0) * KV).min(1.0);
}

/// Between neighbours that are saturated by their KV caches: the larger one counts, so it must stay the larger one.
fn shift(instances: &mut [Instance]) {
    let (pairs, _) = instances.as_chunks_mut::<2>();
    for [one, other] in pairs {
        let spare = |i: &Instance| i.kv_utilization - f64::from(i.waiting) / QUEUE * KV;
        let moved = (0.5 * spare(one)).min(1.0 - other.kv_utilization);
        if moved > 0.0 && spare(other) >= 0.0 {
            one.kv_utilization -= moved;
            other.kv_utilization += moved;
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn moment() -> Moment {
        let instance = |waiting, kv_utilization| Instance {
            waiting,
            running: 60,
            in_flight: 70 + waiting,
            kv_utilization,
            metrics_age_us: 12_345,
            kv_capacity_tokens: 254_544,
        };
        Moment {
            request: Request {
                priority: -2,
                prompt_tokens: 700,
                client: 3,
                max_output_tokens: Some(4096),
                predicted_output_tokens: None,
                now_us: 31_234_567,
            },
            instances: vec![instance(0, 0.3), instance(0, 0.1), instance(2, 0.2), instance(1, 0.45)],
            key: 7,
        }
    }

    #[test]
    fn a_moment_is_what_its_question_says() {
        assert_eq!(Moment::read(&moment().write()), Some(moment()));
        assert_eq!(Moment::read(&moment().write()[1..]), None);
    }

    #[test]
    fn another_order_has_the_same_instances_and_is_another_one_for_each_seed() {
        let moment = moment();
        let order = |seed| {
            let mut instances = moment.instances.clone();
            shuffle(&mut instances, seed);
            instances.iter().map(|i| (i.kv_utilization * 100.0).round() as u32).collect()
        };
        let orders: Vec<Vec<u32>> = (0..50).map(order).collect();
        assert!(orders.iter().all(|order| order.iter().sum::<u32>() == 105));
        let different: std::collections::BTreeSet<&Vec<u32>> = orders.iter().collect();
        assert!(different.len() > 15, "of 24: {}", different.len());
    }
}
