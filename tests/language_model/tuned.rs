//! Constants that a candidate declares are tuned once its claim stands.

use super::{brain, with_model};
use crate::environment::Environment;
use crate::scripted_server::{Answer, Received, Server};
use serde_json::Value;

/// A curve with a constant that is far too small, and that may be tuned once its scale is set.
const HARSH: &str = "\
```rust
use admitter::prelude::*;

pub struct Policy {
    power: f64,
    scale: f64,
}

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[
        Tunable { name: \"power\", default: 1.5, low: 1.0, high: 9.0 },
        Tunable { name: \"scale\", default: 0.5, low: 1e-4, high: 1e4 },
    ];

    fn new(parameters: &[f64]) -> Self {
        Policy { power: parameters[0], scale: parameters[1] }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {
        if request.priority >= 0 {
            return Decision::Admit;
        }
        Decision::reject_if(draw.uniform() < (cluster.saturation(5.0, 0.8) * self.scale).powf(self.power))
    }
}
```
";

/// A planner whose claim stands, and an executor that leaves something to tune.
fn server() -> Server {
    Server::start(|request: &Received| {
        match brain::part(request.message(0)).starts_with("You write one admission policy") {
            true => Answer::text(HARSH),
            false => brain::answer(request),
        }
    })
}

const RUN: [&str; 8] = ["run", "tiny", "--planner", "m", "--executor", "m", "--iterations", "1"];

fn report(environment: &Environment) -> Value {
    environment.json(&["report", "--format", "json"])
}

#[test]
fn a_tuned_candidate_stands_in_the_lineage_under_the_one_that_it_was_made_of() {
    let server = server();
    let environment = with_model(&server);
    let said = environment.run(&RUN).stderr;
    let report = report(&environment);
    let [author, tuned] = report["lineage"].as_array().map(Vec::as_slice).expect("a lineage") else {
        panic!("{report:#}");
    };
    assert_eq!((&tuned["parent"], &tuned["outcome"]), (&author["candidate"], &Value::from("scored")));
    // Only the digits of two defaults differ.
    let length = |node: &Value| node["description_length"].as_u64().expect("a length");
    assert!(length(tuned).abs_diff(length(author)) <= 4, "{tuned:#}");
    assert_eq!(report["champion"]["candidate"], tuned["candidate"], "{said}{tuned:#}");
    assert_eq!(report["champion"]["matches_reference"], true);
    let source = environment.ok(&["champion"]);
    assert!(source.contains("low: 1.0, high: 9.0") && !source.contains("default: 1.5, low: 1.0"), "{source}");
    let tuning = &report["iterations"][0]["tuning"];
    assert_eq!((&tuning["candidate"], &tuning["retuned"]), (&author["candidate"], &tuned["candidate"]));
    let settled = tuning["constants"][0]["settled"].as_f64().expect("a value");
    assert!(tuning["constants"][0]["own"] == 1.5 && settled != 1.5, "{tuning:#}");
    assert!(source.contains(&format!("default: {settled:?}")), "{source}");
    let text = environment.ok(&["report", "--format", "markdown"]);
    assert!(
        text.split_whitespace().collect::<Vec<_>>().join(" ").contains(&format!("power 1.5 to {settled}")),
        "{text}"
    );
    // Its points are evaluations and trials: fourteen yardsticks, two candidates, on three seeds of two scenarios.
    let evaluations = report["evaluations"].as_u64().expect("a count");
    assert!(evaluations > 20, "{evaluations}");
    let search = report["trials"]["search"].as_u64().expect("a count");
    assert!(
        ((7 + evaluations / 2) * 6..=(14 + evaluations) * 6).contains(&search),
        "points without a scale have no trials: {search}"
    );
}

#[test]
fn a_campaign_that_is_killed_while_it_tunes_ends_with_the_digest_of_an_undisturbed_one() {
    let server = server();
    let (killed, whole) = (with_model(&server), with_model(&server));
    let landed = [&RUN[..], &["resume"], &["resume"]].map(|run| killed.kill_while(run, "tuning the constants"));
    assert!(landed.contains(&true), "it was always done before it was killed");
    killed.ok(&["resume"]);
    whole.ok(&RUN);
    let (killed, whole) = (report(&killed), report(&whole));
    assert_eq!(whole["lineage"].as_array().map(Vec::len), Some(2), "{whole:#}");
    assert_eq!((&killed["digest"], &killed["evaluations"]), (&whole["digest"], &whole["evaluations"]));
}
