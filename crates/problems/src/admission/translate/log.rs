//! The log of a plugin: JSON lines of what it saw, what it decided, and how long the responses were. It becomes a trace
//! ([`imported`]), and the candidate is asked once more about each decision ([`replayed`]).

mod import;

pub use import::{Imported, imported};

use super::decisions::{Admitted, Step, decided};
use crate::shipping::vectors::{Decisions, NoVectors, Seats, compiled};
use crate::shipping::{Replayed, lines};
use admitter::{Instance, wire};
use sandbox::Sandbox;
use schemars::JsonSchema;
use science::text;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The lines of a file.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// One for each time that a plugin was started.
    pub runs: Vec<Run>,
    /// Lines of others.
    pub foreign: usize,
    /// The first lines of a plugin that cannot be read, [`NAMED`] at most: line, and what is wrong.
    pub bad: Vec<(usize, String)>,
    /// How many more there are.
    pub more: usize,
    /// Lines of a policy that sets ceilings, which sees no request.
    pub ceilings: usize,
}

/// Bad lines that are named, at most, and characters of what is said of one.
const NAMED: usize = 10;
const SAID: usize = 200;

/// The end of times, in µs: numbers below it are the same in JSON, in Go and here. The year 2255, since 1970.
const END: u64 = 1 << 53;

/// What one plugin wrote, from its start on.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// When it started, in µs since 1970.
    pub unix_us: i64,
    /// The values of the policy's tunables, by their names in Go.
    pub parameters: BTreeMap<String, f64>,
    /// Its decisions, in their order.
    pub decisions: Vec<Decision>,
    /// The responses that ended, by the id of their request: tokens of the prompt, of the output, and why they ended.
    pub responses: BTreeMap<String, (u32, u32, String)>,
}

/// A decision: what was to be seen, and what came of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Decision {
    /// The id of the request, by which its response is found.
    pub request: String,
    /// When it was decided; µs since the plugin started, below 2^53.
    now_us: u64,
    /// The priority of the request; below 0 it may be refused.
    priority: i32,
    /// Length of the prompt; tokens.
    prompt: u32,
    /// The number that the fairness id hashes to (FNV-1a): whose it is, without a name.
    client: u32,
    /// The limit of the output that the client set; tokens, null for none, which is not 0.
    limit: Option<u32>,
    /// An estimate of the output; tokens, above 0, null for none.
    predicted: Option<f64>,
    /// What all draws of the decision follow from (SplitMix64), below 2^64.
    key: u64,
    /// For each instance: waiting, running, in flight (requests), KV utilisation (0 to 1), age of the figures (µs), KV capacity (tokens).
    instances: Vec<[f64; 6]>,
    /// Whether the policy refused it. In shadow mode it was admitted all the same.
    refused: bool,
    /// Whether the policy panicked: it was admitted then.
    failed: bool,
    /// Draws that the decision took.
    draws: u32,
}

/// The log of a translated admission plugin, which `elenchus import` makes a trace and a scenario of: a JSON object in each line,
/// whose key `elenchus` is 1, the version of the format. Spaces, the order of keys and keys that are not listed mean nothing; what a logger
/// has put before or behind the object is not read, and lines without the key are of others. Units are those of the policy's
/// contract. There is no text of prompts, and no name.
///
/// A run begins, decides, and sees a response end:
///
/// `{"elenchus":1,"event":"start","plugin":"length-aware","mode":"shadow","unix_us":1764500000000000,"parameters":{"scale":1.5}}`
///
/// `{"elenchus":1,"event":"decision","request":"a1","now_us":20000,"priority":-2,"prompt":100,"client":3335127398,"limit":64,"predicted":null,"key":17,"instances":[[0,1,1,0.25,12000,302016]],"refused":false,"failed":false,"draws":1}`
///
/// `{"elenchus":1,"event":"response","request":"a1","now_us":950000,"prompt":101,"output":30,"cause":"natural"}`
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Line {
    /// A plugin started: what follows is its run, up to the next start.
    Start {
        /// When; µs since 1970, below 2^53.
        unix_us: i64,
        /// The values of the policy's tunables, by their names in the configuration.
        parameters: BTreeMap<String, f64>,
    },
    /// The policy was asked about a request.
    Decision(Decision),
    /// A response ended.
    Response {
        /// The id of the request.
        request: String,
        /// Length of the prompt as the model server counted it; tokens, 0 where it does not say.
        prompt: u32,
        /// Length of the output; tokens, 0 where the response says nothing of its usage.
        output: u32,
        /// Why it ended: `natural`, or what cut it off; only what ended by itself says how long an output is. Empty counts as natural.
        cause: String,
    },
}

impl Log {
    /// Reads the lines. None makes it fail: what is wrong with which is in the log.
    pub fn read(text: &str) -> Log {
        let mut log = Log::default();
        for (at, line) in text.lines().enumerate() {
            let Some(object) = lines::ours(line) else {
                log.foreign += usize::from(!line.trim().is_empty());
                continue;
            };
            match object.and_then(|object| log.take(object)) {
                Ok(()) => {}
                Err(problem) if log.bad.len() < NAMED => log.bad.push((at + 1, text::clip(&problem, SAID))),
                Err(_) => log.more += 1,
            }
        }
        log
    }

    fn take(&mut self, object: serde_json::Value) -> Result<(), String> {
        if object["event"] == "calls" {
            self.ceilings += 1;
            return Ok(());
        }
        let line: Line = serde_json::from_value(object).map_err(|error| error.to_string())?;
        if let Line::Start { unix_us, parameters } = line {
            if !(0..END as i64).contains(&unix_us) {
                return Err(format!("`unix_us` is {unix_us}, and not in 0 to 2^53"));
            }
            self.runs.push(Run { unix_us, parameters, ..Run::default() });
            return Ok(());
        }
        let run = self.runs.last_mut().ok_or("no `start` line before it: the beginning of the log is missing")?;
        match line {
            Line::Decision(decision) => {
                decision.check()?;
                run.decisions.push(decision);
            }
            Line::Response { request, prompt, output, cause } => {
                run.responses.insert(request, (prompt, output, cause));
            }
            Line::Start { .. } => {}
        }
        Ok(())
    }
}

impl Decision {
    fn check(&self) -> Result<(), String> {
        if self.now_us >= END {
            return Err(format!("`now_us` is {}, and not below 2^53", self.now_us));
        }
        if self.instances.len() > wire::MAX_INSTANCES {
            return Err(format!("{} instances, more than {}", self.instances.len(), wire::MAX_INSTANCES));
        }
        // The fourth is a fraction, all others are counts.
        let counts = self.instances.iter().flat_map(|own| own.iter().enumerate().filter(|(at, _)| *at != 3));
        match counts.map(|(_, count)| *count).find(|count| !(*count >= 0.0 && count.fract() == 0.0)) {
            Some(count) => Err(format!("{count} is no count")),
            None => Ok(()),
        }
    }

    fn step(&self) -> Step {
        let instances = self
            .instances
            .iter()
            .map(|&[waiting, running, in_flight, kv_utilization, age, capacity]| Instance {
                waiting: waiting as u32,
                running: running as u32,
                in_flight: in_flight as u32,
                kv_utilization,
                metrics_age_us: age as u64,
                kv_capacity_tokens: capacity as u64,
            })
            .collect();
        let request = admitter::Request {
            priority: self.priority,
            prompt_tokens: self.prompt,
            client: self.client,
            max_output_tokens: self.limit,
            predicted_output_tokens: self.predicted,
            now_us: self.now_us,
        };
        Step { request, client: String::new(), instances, key: self.key }
    }
}

/// Asks the compiled candidate about all decisions of a log.
pub(super) fn replayed(
    text: &str,
    source: &str,
    tunables: &[translate::Tunable],
    sandbox: &Sandbox,
) -> Result<Replayed, String> {
    let log = Log::read(text);
    if let Some((line, problem)) = log.bad.first() {
        return Err(format!("line {line} of the plugin's log cannot be read: {problem}"));
    }
    asked(&log, source, tunables, sandbox).map_err(|problem| problem.to_string())
}

fn asked(log: &Log, source: &str, tunables: &[translate::Tunable], sandbox: &Sandbox) -> Result<Replayed, NoVectors> {
    let artifact = compiled(source, sandbox)?;
    let (mut found, mut refusals) = (Replayed::default(), 0);
    for run in &log.runs {
        let given = |own: &translate::Tunable| run.parameters.get(&translate::go_name(&own.name, false)).copied();
        let parameters: Vec<f64> = tunables.iter().map(|own| given(own).unwrap_or(own.default)).collect();
        let mut seats = Seats::new(sandbox, &artifact, &parameters);
        let seat = seats.take(1)?[0];
        for decision in &run.decisions {
            let answers = seats.ask(&[(seat, Admitted::question(&decision.step()))])?;
            let said = answers.first().and_then(|answer| decided(answer));
            let same = said.is_some_and(|(refused, draws)| {
                refused == decision.refused && u32::from(draws) == decision.draws && !decision.failed
            });
            found.decisions += 1;
            refusals += usize::from(decision.refused);
            found.differing += usize::from(!same);
        }
    }
    found.said = format!("{refusals} refused");
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const START: &str =
        r#"{"elenchus":1,"event":"start","plugin":"x","mode":"shadow","unix_us":1000000,"parameters":{"k":2.5}}"#;

    #[test]
    fn bad_lines_are_named_and_those_of_others_are_counted() {
        let decision = r#"{"elenchus":1,"event":"decision","request":"a","now_us":5,"priority":-2,"prompt":3,"client":9,"limit":null,"predicted":null,"key":18446744073709551615,"instances":[[1,2,3,0.1,50,16]],"refused":true,"failed":false,"draws":1}"#;
        let wrong = decision.replace("[1,", "[-1,");
        let text = format!(
            "{decision}\n\nI1130 another logger\nprefix {START}\n{decision}\n{wrong}\n{}\n{{\"elenchus\":2}}\n{{\"elenchus\":1,\"event\":\"dance\"}}\n{{\"elenchus\":\n",
            &decision[..60]
        );
        let log = Log::read(&text);
        assert_eq!(log.foreign, 1);
        assert_eq!(log.bad.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 6, 7, 8, 9, 10]);
        assert!(log.bad[0].1.contains("no `start` line"), "{:?}", log.bad);
        assert!(log.bad[1].1.contains("-1 is no count"), "{:?}", log.bad);
        assert!(log.bad[3].1.contains("version 2"), "{:?}", log.bad);
        assert_eq!((log.runs.len(), log.runs[0].decisions.len(), log.runs[0].parameters["k"]), (1, 1, 2.5));
        let step = log.runs[0].decisions[0].step();
        assert_eq!((step.key, step.instances[0].kv_utilization, step.request.max_output_tokens), (u64::MAX, 0.1, None));
    }

    #[test]
    fn the_lines_that_its_page_shows_are_read_and_layout_and_order_mean_nothing() {
        let page = schemars::schema_for!(Line).to_value();
        let words = page["description"].as_str().expect("a description");
        let shown: Vec<&str> = words.split('`').filter(|word| word.starts_with("{\"elenchus\"")).collect();
        assert_eq!(shown.len(), 3);
        let log = Log::read(&shown.join("\n"));
        assert!(log.bad.is_empty() && log.foreign == 0, "{:?}", log.bad);
        assert_eq!((log.runs.len(), log.runs[0].decisions.len(), log.runs[0].responses.len()), (1, 1, 1));
        let otherwise = |line: &str| {
            let serde_json::Value::Object(keys) = serde_json::from_str(line).expect("JSON") else {
                panic!("an object")
            };
            let keys: Vec<String> = keys.iter().rev().map(|(key, value)| format!("\"{key}\" : {value}")).collect();
            format!("\t{{ {} , \"more\" : [ 1 ] }} ", keys.join(" , "))
        };
        let other: Vec<String> = shown.iter().map(|line| otherwise(line)).collect();
        let again = Log::read(&other.join("\r\n"));
        assert_eq!(format!("{again:?}"), format!("{log:?}"));
    }

    #[test]
    fn a_time_that_no_clock_shows_is_a_bad_line() {
        let started = |unix_us: &str| Log::read(&START.replace("1000000", unix_us));
        for unix_us in ["-9223372036854775808", "9223372036854775807", "-1", "9007199254740992"] {
            let log = started(unix_us);
            assert!(log.runs.is_empty() && log.bad[0].1.contains("`unix_us` is "), "{:?}", log.bad);
        }
        assert_eq!(started("9007199254740991").runs.len(), 1);
        let late = r#"{"elenchus":1,"event":"decision","request":"a","now_us":18446744073709551615,"priority":0,"prompt":3,"client":9,"limit":null,"predicted":null,"key":1,"instances":[],"refused":false,"failed":false,"draws":0}"#;
        let log = Log::read(&format!("{START}\n{late}"));
        assert!(log.bad[0].1.contains("`now_us` is 18446744073709551615"), "{:?}", log.bad);
    }

    #[test]
    fn ten_bad_lines_are_named_shortly_and_the_others_are_counted() {
        let bad = format!("{{\"elenchus\":1,\"event\":\"{}\"}}\n", "dance".repeat(100));
        let log = Log::read(&bad.repeat(1000));
        assert_eq!((log.bad.len(), log.more), (10, 990));
        assert!(log.bad.iter().all(|(_, said)| said.chars().count() <= 200), "{:?}", log.bad);
    }
}
