//! What a candidate does, found out by asking it: curves, descriptor, behaviour signature.
//!
//! Each probed state has a run of its own, so that a policy with memory starts afresh in each of them: it first meets the
//! state a few times, then is asked under draws that lie evenly in 0..1. A policy that takes one draw is thus measured to
//! within 1 / [`DRAWS`]; the answers depend on nothing but the candidate.

use crate::error::EngineError;
use admitter::{Instance, Request, wire};
use sandbox::{Artifact, Outcome, Round, Sandbox};
use science::descriptor::{Curve, Descriptor, Input, log_slope, reaches};
use science::id::Hash;
use science::keyed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Draws under which each state is put.
const DRAWS: usize = 128;
/// Times that a state is met before it counts.
const WARM_UP: usize = 8;
/// KV capacity of a probed instance, tokens: Qwen3-14B on an H100.
const CAPACITY: u64 = 254_544;
/// The prompt of a probed request unless prompts are what is varied, tokens.
const PROMPT: u32 = 2048;
/// Random sequences of the signature, and steps of each.
const SEQUENCES: usize = 24;
const STEPS: usize = 64;
/// Bisections of a place where an answer turns: to within 1.25 / 2¹⁴ of saturation.
const BISECTIONS: usize = 14;

/// All that was found out about a candidate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Probe {
    /// Refusal probability against saturation, queue length, KV utilisation and prompt length.
    pub curves: Vec<Curve>,
    /// Its measured place among policies.
    pub descriptor: Descriptor,
}

/// Probes a candidate.
pub fn probe(sandbox: &Sandbox, artifact: &Artifact) -> Found<Probe> {
    let asked = Asked { sandbox, artifact, keys: even_keys() };
    let curves = match asked.curves(&saturations())? {
        Ok(curves) => curves,
        Err(outcome) => return Ok(Err(outcome)),
    };
    let points = curves[0].points.clone();
    let (inputs, order_matters) = match asked.sensitivities(&points)? {
        Ok(found) => found,
        Err(outcome) => return Ok(Err(outcome)),
    };
    let (signature, memory) = match asked.behaviour()? {
        Ok(found) => found,
        Err(outcome) => return Ok(Err(outcome)),
    };
    let descriptor = Descriptor {
        onset: reaches(&points, 0.01),
        half: reaches(&points, 0.5),
        full: reaches(&points, 1.0),
        exponent: log_slope(&points),
        inputs,
        memory,
        order_matters,
        curve: curves[0].clone(),
        signature,
    };
    Ok(Ok(Probe { curves, descriptor }))
}

/// A state of the cluster and a request to decide about.
#[derive(Clone, Debug, PartialEq)]
struct Situation {
    request: Request,
    instances: Vec<Instance>,
}

struct Asked<'a> {
    sandbox: &'a Sandbox,
    artifact: &'a Artifact,
    keys: Vec<u64>,
}

/// What was found out, or what became of the candidate instead; errors are ours.
pub type Found<T> = Result<Result<T, Outcome>, EngineError>;

impl Asked<'_> {
    fn curves(&self, saturations: &[f64]) -> Found<Vec<Curve>> {
        let kv = |s: f64| Situation::at(s * 0.8, 0);
        let varied: [(&str, Vec<(f64, Situation)>); 4] = [
            ("saturation", saturations.iter().map(|s| (*s, kv(*s))).collect()),
            ("waiting requests for each instance", (0..=20).map(|w| (f64::from(w), Situation::at(0.0, w))).collect()),
            (
                "KV utilisation",
                (0..=20).map(|k| (f64::from(k) / 20.0, Situation::at(f64::from(k) / 20.0, 0))).collect(),
            ),
            (
                "prompt tokens, at saturation 0.25",
                (5..=13).map(|e| (f64::from(1 << e), kv(0.25).with_prompt(1 << e))).collect(),
            ),
        ];
        let situations: Vec<Situation> =
            varied.iter().flat_map(|(_, states)| states.iter().map(|(_, s)| s.clone())).collect();
        let mut shares = match self.shares(&situations)? {
            Ok(answers) => answers.into_iter().map(|answers| share(&answers)),
            Err(outcome) => return Ok(Err(outcome)),
        };
        let mut curve = |(input, states): (&str, Vec<(f64, Situation)>)| Curve {
            input: input.into(),
            points: states.into_iter().map(|(x, _)| x).zip(shares.by_ref()).collect(),
        };
        Ok(Ok(varied.into_iter().map(&mut curve).collect()))
    }

    /// Which inputs change an answer at places where the candidate refuses some, and whether the instances' order does.
    fn sensitivities(&self, points: &[(f64, f64)]) -> Found<(BTreeSet<Input>, bool)> {
        let half = reaches(points, 0.5).unwrap_or(0.5);
        // Multiples of 0.05: a queue of whole requests on four instances can give these too.
        let places = [0.5, 0.8, 1.0, 1.2].map(|part| (part * half * 20.0).round().max(1.0) / 20.0);
        let mut situations = Vec::new();
        for place in places {
            let plain = Situation::at(place * 0.8, 0);
            situations.push(plain.clone());
            situations.extend(changes(&plain, place).into_iter().map(|(_, changed)| changed));
            let uneven = plain.uneven();
            situations.push(uneven.clone());
            situations.push(uneven.reversed());
        }
        let answers = match self.shares(&situations)? {
            Ok(answers) => answers,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let kinds: Vec<Input> = changes(&Situation::at(0.08, 0), 0.1).into_iter().map(|(input, _)| input).collect();
        let (mut inputs, mut order_matters) = (BTreeSet::new(), false);
        for block in answers.chunks(kinds.len() + 3) {
            inputs.extend(
                kinds.iter().zip(&block[1..]).filter(|(_, changed)| **changed != block[0]).map(|(kind, _)| *kind),
            );
            order_matters |= block[kinds.len() + 1] != block[kinds.len() + 2];
            if block[0].iter().any(|answer| *answer != block[0][0]) {
                inputs.insert(Input::Draw);
            }
        }
        Ok(Ok((inputs, order_matters)))
    }

    /// Answers to random sequences, hashed; and whether the same question is answered differently later in a run.
    fn behaviour(&self) -> Found<(Hash, bool)> {
        let sequences: Vec<Vec<(Situation, u64)>> = (0..SEQUENCES).map(|s| walk(s as u64)).collect();
        let first: Vec<Vec<(Situation, u64)>> = sequences.iter().map(|s| vec![s[s.len() - 1].clone()]).collect();
        let together = match self.answers(&sequences)? {
            Ok(answers) => answers,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let alone = match self.answers(&first)? {
            Ok(answers) => answers,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let flips = match self.flips()? {
            Ok(flips) => flips,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let memory = together.iter().zip(&alone).any(|(whole, last)| whole.last() != last.last());
        Ok(Ok((Hash::of(&[together.concat(), flips].concat()), memory)))
    }

    /// For several prompts and draws, the saturation at which the answer turns from admit to reject, by bisection: tells
    /// apart policies whose constants differ by little. Each question is put to a run of its own.
    fn flips(&self) -> Found<Vec<u8>> {
        let contexts: Vec<(u32, u64)> = [128, 1024, 2048, 4096, 8192]
            .into_iter()
            .flat_map(|prompt| [6, 64, 122].map(|part| (prompt, self.keys[part])))
            .collect();
        let mut session = match self.sandbox.start(self.artifact, &vec![Vec::new(); contexts.len() * BISECTIONS])? {
            Ok(session) => session,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let _core = session.share_core()?;
        let (mut round, mut between) = (Round::new(), vec![(0.0, 1.25); contexts.len()]);
        for step in 0..BISECTIONS {
            for (at, ((low, high), (prompt, key))) in between.iter().zip(&contexts).enumerate() {
                let situation = Situation::at((low + high) / 2.0 * 0.8, 0).with_prompt(*prompt);
                ask(&mut round, step * contexts.len() + at, &situation.request, &situation, *key);
            }
            match session.round(&mut round) {
                Err(outcome) => return Ok(Err(outcome)),
                Ok(answers) => between.iter_mut().zip(answers).for_each(|((low, high), answer)| {
                    let middle = (*low + *high) / 2.0;
                    *(if *answer == wire::REJECT { high } else { low }) = middle;
                }),
            }
        }
        Ok(Ok(between.iter().flat_map(|(low, _)| f64::to_le_bytes(*low)).collect()))
    }

    /// The answers to each situation under every draw, after a warm-up.
    fn shares(&self, situations: &[Situation]) -> Found<Vec<Vec<u8>>> {
        let keys = &self.keys;
        let sequence = |situation: &Situation| {
            let warm = (0..WARM_UP).map(|n| keys[(n * 37) % keys.len()]);
            warm.chain(keys.iter().copied()).map(|key| (situation.clone(), key)).collect()
        };
        let sequences: Vec<Vec<(Situation, u64)>> = situations.iter().map(sequence).collect();
        Ok(self.answers(&sequences)?.map(|answers| answers.into_iter().map(|all| all[WARM_UP..].to_vec()).collect()))
    }

    /// Puts each sequence to a run of its own, all of them side by side.
    fn answers(&self, sequences: &[Vec<(Situation, u64)>]) -> Found<Vec<Vec<u8>>> {
        let mut session = match self.sandbox.start(self.artifact, &vec![Vec::new(); sequences.len()])? {
            Ok(session) => session,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let _core = session.share_core()?;
        let mut round = Round::new();
        let mut answers = vec![Vec::new(); sequences.len()];
        for step in 0..sequences.iter().map(Vec::len).max().unwrap_or(0) {
            let mut seats = Vec::new();
            for (seat, sequence) in sequences.iter().enumerate() {
                let Some((situation, key)) = sequence.get(step) else { continue };
                // Time goes on, as it does for every policy: 10 ms from one request to the next.
                let request = Request { now_us: 1_000_000 + step as u64 * 10_000, ..situation.request };
                ask(&mut round, seat, &request, situation, *key);
                seats.push(seat);
            }
            match session.round(&mut round) {
                Ok(given) => seats.iter().zip(given).for_each(|(seat, answer)| answers[*seat].push(*answer)),
                Err(outcome) => return Ok(Err(outcome)),
            }
        }
        Ok(Ok(answers))
    }
}

fn ask(round: &mut Round, seat: usize, request: &Request, situation: &Situation, key: u64) {
    round.ask(seat as u16, |bytes| {
        wire::ask(request, &situation.instances, &wire::draw(key), |piece| bytes.extend_from_slice(piece));
    });
}

impl Situation {
    /// Four alike instances with this KV utilisation (0..1) and queue, and a sheddable request.
    fn at(kv_utilization: f64, waiting: u32) -> Self {
        let instance = Instance {
            waiting,
            running: 64,
            in_flight: 64 + waiting,
            kv_utilization,
            metrics_age_us: 25_000,
            kv_capacity_tokens: CAPACITY,
        };
        Situation { request: Request { priority: -2, prompt_tokens: PROMPT, now_us: 0 }, instances: vec![instance; 4] }
    }

    fn with_prompt(mut self, prompt_tokens: u32) -> Self {
        self.request.prompt_tokens = prompt_tokens;
        self
    }

    fn each(mut self, change: impl Fn(usize, &mut Instance)) -> Self {
        self.instances.iter_mut().enumerate().for_each(|(at, instance)| change(at, instance));
        self
    }

    /// The same pressure in the mean, unlike on each instance in every respect.
    fn uneven(&self) -> Self {
        self.clone().each(|at, instance| {
            let share = [0.4, 0.8, 1.2, 1.6][at % 4];
            instance.kv_utilization *= share;
            instance.running = (f64::from(instance.running) * share) as u32;
            instance.in_flight = (f64::from(instance.in_flight) * share) as u32;
            instance.metrics_age_us = (instance.metrics_age_us as f64 * share) as u64;
        })
    }

    fn reversed(&self) -> Self {
        let mut reversed = self.clone();
        reversed.instances.reverse();
        reversed
    }
}

/// The same saturation (a multiple of 0.05), each time with one other input changed.
fn changes(plain: &Situation, saturation: f64) -> Vec<(Input, Situation)> {
    let with = |change: fn(&mut Instance)| plain.clone().each(|_, instance| change(instance));
    let mut lower = plain.clone();
    lower.request.priority = -3;
    let waiting = (saturation * 20.0).round() as u32;
    let queued = plain.clone().each(|at, instance| {
        instance.kv_utilization = 0.0;
        instance.waiting = waiting / 4 + u32::from((at as u32) < waiting % 4);
    });
    let more = Situation { instances: plain.instances.repeat(2), ..plain.clone() };
    vec![
        (Input::Prompt, plain.clone().with_prompt(PROMPT * 4)),
        (Input::Prompt, plain.clone().with_prompt(PROMPT / 8)),
        (Input::Priority, lower),
        (Input::Route, queued),
        (Input::Imbalance, plain.clone().each(|at, i| i.kv_utilization *= if at % 2 == 0 { 0.5 } else { 1.5 })),
        (Input::Running, with(|i| i.running = 200)),
        (Input::InFlight, with(|i| i.in_flight += 100)),
        (Input::Age, with(|i| i.metrics_age_us = 0)),
        (Input::Capacity, with(|i| i.kv_capacity_tokens /= 2)),
        (Input::Instances, more),
    ]
}

/// Saturations that are probed: 0 to 2, closer together where policies differ.
fn saturations() -> Vec<f64> {
    let fine = (0..=60).map(|i| f64::from(i) * 0.01);
    let coarse = (13..=25).map(|i| f64::from(i) * 0.05);
    fine.chain(coarse).collect()
}

/// A random walk of the cluster's state, the same for every candidate.
fn walk(sequence: u64) -> Vec<(Situation, u64)> {
    let seed = keyed::seed(&["probe", "walk"], sequence);
    let (mut kv, mut waiting) = (keyed::uniform(seed, 0) * 0.5, 0.0);
    let step = |n: u64| {
        let u = |k: u64| keyed::uniform(seed, 1 + n * 6 + k);
        kv = (kv + 0.1 * (u(0) - 0.45)).clamp(0.0, 1.0);
        waiting = f64::max(0.0, waiting + 3.0 * (u(1) - 0.6) + if kv > 0.9 { 2.0 } else { 0.0 });
        let mut situation = Situation::at(kv, waiting as u32).with_prompt(32 << (u(2) * 8.0) as u32);
        situation.request.priority = if u(3) < 0.2 { 4 } else { -2 };
        let situation = if u(4) < 0.5 { situation.uneven() } else { situation };
        (situation, (u(5) * u64::MAX as f64) as u64)
    };
    (0..STEPS as u64).map(step).collect()
}

/// Keys whose first draws lie evenly in 0..1: the n-th in the n-th of as many equal parts.
fn even_keys() -> Vec<u64> {
    let mut keys: Vec<Option<u64>> = vec![None; DRAWS];
    let mut missing = DRAWS;
    for key in 0u64.. {
        let part = (wire::draw(key).uniform() * DRAWS as f64) as usize;
        if keys[part].is_none() {
            keys[part] = Some(key);
            missing -= 1;
        }
        if missing == 0 {
            break;
        }
    }
    keys.into_iter().flatten().collect()
}

fn share(answers: &[u8]) -> f64 {
    answers.iter().filter(|answer| **answer == wire::REJECT).count() as f64 / answers.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draws_of_a_probe_lie_evenly() {
        let firsts: Vec<f64> = even_keys().into_iter().map(|key| wire::draw(key).uniform()).collect();
        assert_eq!(firsts.len(), DRAWS);
        assert!(firsts.iter().enumerate().all(|(n, u)| (u * DRAWS as f64) as usize == n));
    }

    #[test]
    fn a_change_of_one_input_keeps_the_saturation() {
        let saturation = |s: &Situation| admitter::Cluster { instances: &s.instances }.saturation(5.0, 0.8);
        let plain = Situation::at(0.25 * 0.8, 0);
        for (input, changed) in changes(&plain, 0.25) {
            assert!((saturation(&changed) - 0.25).abs() < 1e-9, "{input:?}");
        }
        assert!((saturation(&plain.uneven()) - 0.25).abs() < 1e-9);
    }

    #[test]
    fn walks_differ_and_visit_idle_and_saturated_clusters() {
        let reached: Vec<f64> =
            (0..SEQUENCES as u64).flat_map(walk).map(|(s, _)| s.instances[0].kv_utilization).collect();
        assert!(reached.iter().any(|kv| *kv < 0.05) && reached.iter().any(|kv| *kv > 0.6));
        assert_ne!(walk(0), walk(1));
    }
}
