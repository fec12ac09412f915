//! A log as a trace and the skeleton of its scenario.

use super::{Log, Run};
use simulator::trace::MAX_TOKENS;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A user's own traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// `trace.csv`.
    pub trace: String,
    /// `scenario.toml`, which names it.
    pub scenario: String,
    /// Requests in the trace.
    pub requests: usize,
    /// What a reader has to know, a sentence each.
    pub notes: Vec<String>,
}

/// A request with its output.
struct Row {
    unix_us: i64,
    priority: i32,
    input: u32,
    output: u32,
    client: u32,
    limit: Option<u32>,
    predicted: Option<f64>,
}

/// Makes a trace of logs, of one or several replicas. None if no request of theirs has a response.
pub fn imported(logs: &[Log], name: &str) -> Option<Imported> {
    let runs = || logs.iter().flat_map(|log| &log.runs);
    let mut rows: Vec<Row> = runs().flat_map(rows).collect();
    rows.sort_by_key(|row| row.unix_us);
    let first = rows.first()?.unix_us;
    let mut trace =
        "arrival_us,slo_class,input_tokens,output_tokens,client,max_output_tokens,predicted_output_tokens\n".to_owned();
    for row in &rows {
        let limit = row.limit.map_or_else(String::new, |limit| limit.to_string());
        let predicted = row.predicted.map_or_else(String::new, |tokens| format!("{tokens:?}"));
        let _ = writeln!(
            trace,
            "{},{},{},{},{},{limit},{predicted}",
            row.unix_us - first,
            class(row.priority),
            row.input,
            row.output,
            row.client
        );
    }
    let notes = notes(logs, &rows);
    Some(Imported { trace, scenario: scenario(logs, &rows, name), requests: rows.len(), notes })
}

/// The requests of which it is known how long their output was.
fn rows(run: &Run) -> impl Iterator<Item = Row> {
    run.decisions.iter().filter_map(|decision| {
        let (prompt, output, _) = run.responses.get(&decision.request).filter(|(.., cause)| complete(cause))?;
        Some(Row {
            unix_us: run.unix_us.saturating_add_unsigned(decision.now_us),
            priority: decision.priority,
            // What the model server counted, where it says so.
            input: if *prompt > 0 { *prompt } else { decision.prompt },
            output: *output,
            client: decision.client,
            // Beyond what a trace can say, a limit is none that counts.
            limit: decision.limit.map(|limit| limit.min(MAX_TOKENS)),
            predicted: decision.predicted.filter(|tokens| *tokens > 0.0 && *tokens <= f64::from(MAX_TOKENS)),
        })
    })
}

/// Whether a response was not cut off.
fn complete(cause: &str) -> bool {
    matches!(cause, "natural" | "")
}

/// The class of a priority: one of those that are built in, or one of its own.
fn class(priority: i32) -> String {
    match priority {
        4 => "critical".into(),
        3 => "standard".into(),
        -1 => "batch".into(),
        -2 => "sheddable".into(),
        -3 => "background".into(),
        other => format!("priority_{}", other.to_string().replace('-', "minus_")),
    }
}

/// What is left out, and what is not known.
fn notes(logs: &[Log], rows: &[Row]) -> Vec<String> {
    let decisions =
        || logs.iter().flat_map(|log| &log.runs).flat_map(|run| run.decisions.iter().map(move |d| (run, d)));
    let refused = decisions().filter(|(run, own)| own.refused && !run.responses.contains_key(&own.request)).count();
    let lost = decisions().count() - rows.len() - refused;
    let no_usage = rows.iter().filter(|row| row.output == 0).count();
    let outside = rows.iter().map(|row| row.priority).filter(|own| !(-100..=100).contains(own)).count();
    let said = [
        (refused, "were refused: how long their output would have been nobody knows. Log in shadow mode to have them"),
        (lost, "have no complete response in the log and are left out"),
        (
            no_usage,
            "have an output of 0 tokens: the response says nothing of its usage, as a stream does without `include_usage`",
        ),
        (outside, "have a priority beyond ±100, which a scenario has not: [priorities] has the nearest"),
    ];
    said.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} requests {what}.")).collect()
}

/// A scenario of the cluster as far as the log shows it.
fn scenario(logs: &[Log], rows: &[Row], name: &str) -> String {
    let decisions = || logs.iter().flat_map(|log| &log.runs).flat_map(|run| &run.decisions);
    let instances = decisions().map(|own| own.instances.len()).max().unwrap_or(1).max(1);
    let capacity = decisions().flat_map(|own| &own.instances).map(|own| own[5] as u64).max().unwrap_or(0);
    let mut priorities: BTreeMap<String, i32> = BTreeMap::new();
    for own in rows.iter().map(|row| row.priority).collect::<BTreeSet<_>>() {
        if class(own).starts_with("priority_") {
            priorities.insert(class(own), own.clamp(-100, 100));
        }
    }
    let mut out = format!(
        "# Traffic of a router, from the log of a plugin. What the log does not show is marked: set it to what you run.\n\
         name = {}\n\n[cluster]\ninstances = {instances}\n\
         model = \"qwen3-14b\"                # not in the log\nhardware = \"h100\"                  # not in the log\n\
         tensor_parallel = 1                # not in the log\nlatency = \"trained-physics\"\nrouting = \"round-robin\"            # not in the log\n",
        toml::Value::from(name)
    );
    match capacity / 16 {
        0 => out.push_str("# kv_blocks = 18000                # of 16 tokens; not in the log\n"),
        blocks => {
            let _ = writeln!(out, "kv_blocks = {:<22} # of 16 tokens, as the instances say", blocks.min(1 << 24));
        }
    }
    out.push_str("\n[workload]\ntrace = \"trace.csv\"\nheld_out = 0.4                     # the share of its requests that is kept for the seal\n");
    if !priorities.is_empty() {
        out.push_str("\n[priorities]\n");
        priorities.iter().for_each(|(class, priority)| {
            let _ = writeln!(out, "{class} = {priority}");
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::tests::START;
    use super::*;
    use simulator::scenario::Scenario;
    use std::path::Path;

    fn line(id: &str, now_us: u64, priority: i32, refused: bool) -> String {
        format!(
            r#"{{"elenchus":1,"event":"decision","request":"{id}","now_us":{now_us},"priority":{priority},"prompt":30,"client":7,"limit":0,"predicted":12.5,"key":1,"instances":[[1,2,3,0.1,50,16000],[0,0,0,0,0,0]],"refused":{refused},"failed":false,"draws":1}}"#
        )
    }

    fn ended(id: &str, prompt: u32, cause: &str) -> String {
        format!(
            r#"{{"elenchus":1,"event":"response","request":"{id}","now_us":9,"prompt":{prompt},"output":50,"cause":"{cause}"}}"#
        )
    }

    #[test]
    fn a_log_becomes_a_trace_and_a_scenario_that_the_simulator_reads() {
        let text = [
            START.to_owned(),
            line("a", 5, 4, false),
            line("b", 9, -2, true),
            line("c", 20, 7, false),
            line("d", 30, -2, true),
            line("e", 40, 4, false),
            ended("c", 0, ""),
            ended("a", 31, "natural"),
            ended("b", 30, "natural"),
            ended("e", 30, "client-disconnect"),
        ]
        .join("\n");
        let found = imported(&[Log::read(&text)], "mine").expect("requests");
        assert_eq!(
            found.trace.lines().skip(1).collect::<Vec<_>>(),
            ["0,critical,31,50,7,0,12.5", "4,sheddable,30,50,7,0,12.5", "15,priority_7,30,50,7,0,12.5"]
        );
        assert_eq!(found.requests, 3);
        assert!(found.notes[0].starts_with("1 requests were refused"), "{:?}", found.notes);
        assert!(found.notes[1].starts_with("1 requests have no complete response"), "{:?}", found.notes);
        let scenario = Scenario::parse(&found.scenario, Path::new("scenario.toml")).expect("a scenario");
        assert_eq!(scenario.cluster.priorities.of(&simulator::slo::Class::new("priority_7")), 7);
        let traffic = scenario.traffic(1, |_| Ok(found.trace.clone())).expect("a trace");
        assert_eq!(traffic.arrivals.len(), 3);
        assert_eq!(imported(&[Log::read(START)], "mine"), None);
        for name in ["a\"b\\c", "it's", "\u{301}", "\u{7f}", "tab\there"] {
            let found = imported(&[Log::read(&text)], name).expect("requests");
            let scenario = Scenario::parse(&found.scenario, Path::new("scenario.toml"));
            assert_eq!(scenario.expect(name).name, name);
        }
    }
}
