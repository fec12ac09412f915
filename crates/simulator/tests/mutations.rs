//! Whatever a file says, it is read or refused with a message: no panic, no endless loop, no gigabytes. The mutations are
//! a pure function of their number, so that a failure can be repeated.

mod common;

use std::path::Path;

use admitter::Draw;
use simulator::admitters::Builtin;
use simulator::{Scenario, Traffic, Workload, simulate, timeline, trace};

/// What a mutation may put anywhere.
const SNIPPETS: [&str; 40] = [
    "0",
    "-1",
    "1",
    "1e9",
    "1000000000",
    "1e308",
    "-1e308",
    "1e-308",
    "nan",
    "-inf",
    "inf",
    "9223372036854775807",
    "99999999999999999999",
    "0.5",
    "true",
    "\"\"",
    "\"x\"",
    "[]",
    "[[",
    "]]",
    "{}",
    "{ a = {",
    "=",
    "\n",
    "#",
    "\"",
    "'''",
    "\\u0000",
    "\u{0}",
    "é\u{202e}",
    "[workload]",
    "[[workload.clients]]",
    "cv = 0",
    "process = \"weibull\"",
    "distribution = \"pareto-log-normal\"",
    "min = 9",
    "a.b.c.d = 1",
    "1979-05-27",
    "_",
    ",",
];

/// A number below `limit`.
fn below(draw: &mut Draw, limit: usize) -> usize {
    (draw.uniform() * limit as f64) as usize
}

/// Replaces, removes, doubles or swaps words or lines, 1 to 3 times.
fn mutated(text: &str, n: u64) -> String {
    let mut draw = simulator::Draws::new(2024).of(n);
    let mut text = text.to_owned();
    for _ in 0..=below(&mut draw, 3) {
        let separator = if draw.uniform() < 0.3 { '\n' } else { ' ' };
        let mut parts: Vec<&str> = text.split(separator).collect();
        let (at, other) = (below(&mut draw, parts.len()), below(&mut draw, parts.len()));
        let snippet = SNIPPETS[below(&mut draw, SNIPPETS.len())];
        match below(&mut draw, 5) {
            0 => drop(parts.remove(at)),
            1 => parts.insert(at, parts[other]),
            2 => parts.swap(at, other),
            3 => parts.insert(at, snippet),
            _ => parts[at] = snippet,
        }
        text = parts.join(&separator.to_string());
    }
    text
}

#[test]
fn a_mutated_scenario_is_refused_with_a_message_or_runs() {
    let original = common::read_text(&common::reference().join("../scenarios/burst.toml"));
    let clients =
        &original[original.find("[[workload.clients]]").unwrap()..original.find("[[workload.rate_steps]]").unwrap()];
    let past = clients.replace("workload.clients", "past.clients");
    let hints = "[hints]\npredictor = { source = 'model', rho = 0.7, drift = 2 }\n[past]\nseconds = 60\nrate = 2\n";
    let wide = original.replace("requests = 5400", "requests = 5400\nafter_s = 30\nepoch_us = 77") + hints + &past;
    assert!(Scenario::parse(&wide, Path::new("s.toml")).is_ok());
    let (mut refused, mut ran) = (0, 0);
    for n in 0..6_000 {
        let text = mutated(if n < 4_000 { &original } else { &wide }, n);
        match Scenario::parse(&text, Path::new("s.toml")) {
            Err(error) => {
                refused += 1;
                let message = error.to_string();
                assert!(message.starts_with("s.toml:") && message.len() < 4000, "{n}: {message}");
            }
            Ok(mut scenario) => {
                ran += 1;
                let Workload::Generated(generated) = &mut scenario.workload else { continue };
                generated.requests = generated.requests.min(40);
                if let Some(past) = &mut scenario.past {
                    past.workload.requests = past.workload.requests.min(20);
                }
                scenario.after_s = scenario.after_s.min(40.0 / generated.rate);
                let traffic = scenario.generated(n);
                // A step takes 1 µs or more.
                scenario.cluster.horizon_us = traffic.arrivals.first().map(|first| first.arrival_us + 100_000);
                run(&scenario, &traffic);
            }
        }
    }
    assert!(refused > 1_000 && ran > 400, "{refused} refused, {ran} ran");
}

fn run(scenario: &Scenario, traffic: &Traffic) {
    let mut policy = Builtin::parse("probabilistic").unwrap();
    let run = simulate(&scenario.cluster, traffic.clone(), &mut policy, 1);
    let mut last_us = 0;
    let Ok(()) = timeline::replay(&scenario.cluster, &traffic.arrivals, &run, |sample| {
        last_us = sample.time_us;
        Ok::<(), std::convert::Infallible>(())
    });
    assert!(last_us <= run.totals.duration_us + timeline::interval_us(&run, scenario.cluster.instances));
}

#[test]
fn a_mutated_trace_is_read_or_refused_with_a_message() {
    let row = |n: u64| format!("{},critical,{},{},,g{},16\n", n * 1000, 100 + n, 10, n % 2);
    let original = "arrival_us,slo_class,input_tokens,output_tokens,deadline_us,prefix_group,prefix_length\n"
        .to_owned()
        + &(0..20).map(row).collect::<String>();
    let original = original.replace(',', " , ");
    for n in 0..4_000 {
        let text = mutated(&original, n);
        if let Err(error) = trace::read(&text, Path::new("t.csv")) {
            let message = error.to_string();
            assert!(message.starts_with("t.csv:") && message.len() < 4000, "{n}: {message}");
        }
    }
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let depth = 200_000;
    for text in [
        format!("name = {}", "[".repeat(depth)),
        format!("name = {}{}", "[".repeat(depth), "]".repeat(depth)),
        format!("name = {}", "{ a = ".repeat(depth)),
        format!("{}a = 1", "a.".repeat(depth)),
        format!("[{}a]\nb = 1", "a.".repeat(depth)),
        format!("[[{}a]]\nb = 1", "a.".repeat(depth)),
        "[[a]]\n".repeat(depth),
    ] {
        let error = Scenario::parse(&text, Path::new("s.toml")).unwrap_err();
        assert!(error.to_string().len() < 4000, "{error}");
    }
}
