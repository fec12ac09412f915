//! The log of a plugin that sets ceilings: what it was told, and what it said. The candidate is asked once more about each call.

use super::decisions::{Limited, Step};
use crate::shipping::vectors::{Decisions, NoVectors, Seats, compiled};
use crate::shipping::{Replayed, lines};
use sandbox::Sandbox;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The log of a translated policy that sets ceilings: a JSON object in each line, whose key `elenchus` is 1, the version of the format.
/// Spaces, the order of keys and keys that are not listed mean nothing; what a logger has put before or behind the object is not read,
/// and lines without the key are of others. It tells of no request, so no traffic can be made of it; `elenchus translate --check --live`
/// asks the candidate once more about each call.
///
/// `{"elenchus":1,"event":"start","plugin":"duty","mode":"shadow","unix_us":1764500000000000,"parameters":{"scale":1.5}}`
///
/// `{"elenchus":1,"event":"calls","now_us":20000,"saturation":0.75,"priorities":[4,-2],"ceilings":[1,0.25],"calls":50}`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Line {
    /// A policy started: what follows is its run, up to the next start.
    Start {
        /// The values of the policy's tunables, by their names in the configuration.
        parameters: BTreeMap<String, f64>,
    },
    /// Calls one after the other that were told the same and answered alike, of a second at most.
    Calls {
        /// What the policy was told: how full the instances are, below 1.
        saturation: f64,
        /// The bands, the highest priority first.
        priorities: Vec<i32>,
        /// What it answered for each band: nothing of it is dispatched at this saturation or above; null where it failed, and all stay open.
        ceilings: Option<Vec<f64>>,
        /// How many calls.
        calls: u64,
    },
}

/// Calls of one line, at most: a reading stands for as long as nobody is scraped.
const MOST: u64 = 10_000_000;

/// Asks the compiled candidate about all calls of a log.
pub(super) fn replayed(
    text: &str,
    source: &str,
    tunables: &[translate::Tunable],
    sandbox: &Sandbox,
) -> Result<Replayed, String> {
    let mut lines_of = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let bad = |problem: String| format!("line {} of the plugin's log cannot be read: {problem}", at + 1);
        let Some(object) = lines::ours(line) else { continue };
        let line: Line = serde_json::from_value(object.map_err(bad)?).map_err(|error| bad(error.to_string()))?;
        lines_of.push(line);
    }
    asked(&lines_of, source, tunables, sandbox).map_err(|problem| problem.to_string())
}

fn asked(
    lines: &[Line],
    source: &str,
    tunables: &[translate::Tunable],
    sandbox: &Sandbox,
) -> Result<Replayed, NoVectors> {
    let artifact = compiled(source, sandbox)?;
    let mut seats: Option<(Seats<'_>, u16)> = None;
    let (mut found, mut closed) = (Replayed::default(), 0);
    for line in lines {
        match line {
            Line::Start { parameters } => {
                let given = |own: &translate::Tunable| parameters.get(&translate::go_name(&own.name, false)).copied();
                let values: Vec<f64> = tunables.iter().map(|own| given(own).unwrap_or(own.default)).collect();
                let mut own = Seats::new(sandbox, &artifact, &values);
                let seat = own.take(1)?[0];
                seats = Some((own, seat));
            }
            Line::Calls { saturation, priorities, ceilings, calls } => {
                let Some((own, seat)) = &mut seats else {
                    return Err(NoVectors::Bug("no `start` line before the first call".into()));
                };
                let step = Step { saturation: *saturation, priorities: priorities.clone() };
                if *calls > MOST {
                    return Err(NoVectors::Bug(format!("a line tells of {calls} calls; at most {MOST} are replayed")));
                }
                for _ in 0..*calls {
                    let answers = own.ask(&[(*seat, Limited::question(&step))])?;
                    let said = answers.first().and_then(|answer| step.ceilings(answer));
                    found.decisions += 1;
                    found.differing += usize::from(bits(said.as_deref()) != bits(ceilings.as_deref()));
                    closed += usize::from(said.is_some_and(|own| own.iter().any(|own| saturation >= own)));
                }
            }
        }
    }
    found.said = format!("{closed} with a band closed");
    Ok(found)
}

fn bits(ceilings: Option<&[f64]>) -> Option<Vec<u64>> {
    ceilings.map(|own| own.iter().map(|ceiling| ceiling.to_bits()).collect())
}
