//! What a principle forbids is looked into before it is forbidden.

use crate::environment::Environment;
use serde_json::Value;
use std::collections::BTreeMap;

fn report(environment: &Environment) -> Value {
    environment.json(&["report", "--format", "json"])
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).expect("a list")
}

#[test]
fn the_space_narrows_only_where_an_audit_found_nothing_better_and_says_how_sure_that_is() {
    let environment = Environment::new();
    environment.copy_with_a_dozen_seeds();
    environment.ok(&["run", "tiny", "--iterations", "12", "--nonce", "11"]);
    let report = report(&environment);
    let (mut volume, mut backing, mut runs) = (1.0, BTreeMap::new(), 0);
    for iteration in list(&report["iterations"]) {
        let audits = list(&iteration["audits"]);
        for audit in audits {
            let (name, found) = (audit["principle"].as_str().expect("a name"), list(&audit["points"]));
            runs += found.iter().map(|point| point["runs"].as_u64().expect("a count")).sum::<u64>();
            match (audit["refused"].is_null(), audit["again"] == true) {
                // What a wider constraint rests on includes what the narrower one did.
                (true, _) => *backing.entry(name.to_owned()).or_insert(0) += found.len(),
                (false, true) => drop(backing.remove(name)),
                (false, false) => {}
            }
        }
        let left = iteration["volume"].as_f64().expect("a volume");
        let forbidden = audits.iter().any(|audit| audit["refused"].is_null() && audit["again"] == false);
        assert!(left >= volume || forbidden, "it narrowed from {volume} to {left} without an audit: {iteration:#}");
        volume = left;
    }
    assert!(volume < 1.0, "nothing was learned");
    // What was forbidden by a principle that was retired since is no longer excluded.
    let active = |name: &String| list(&report["principles"]["active"]).iter().any(|p| p["id"] == name.as_str());
    let behind: usize = backing.iter().filter(|(name, _)| active(name)).map(|(_, points)| points).sum();
    let bound = 1.0 - 0.05f64.powf(1.0 / behind as f64);
    assert!((report["principles"]["false_exclusion"].as_f64().expect("a bound") - bound).abs() < 1e-12, "{behind}");
    assert_eq!(report["principles"]["audited_points"], behind);
    assert!(behind >= 29, "{behind} points are too few for a bound of a tenth");
    assert_eq!(report["trials"]["audit"], runs * 12 * 2, "a dozen seeds of two scenarios");
    let text = environment.ok(&["report"]);
    assert!(text.contains("of what is excluded at most"), "{text}");
}

#[test]
fn a_campaign_that_is_killed_in_an_audit_ends_with_the_digest_of_an_undisturbed_one() {
    let (killed, whole) = (Environment::new(), Environment::new());
    killed.copy_with_a_dozen_seeds();
    whole.copy_with_a_dozen_seeds();
    // As many as it takes to learn what may be forbidden; in the last one there is much to audit.
    let run = ["run", "tiny", "--iterations", "12", "--nonce", "11"];
    let landed = [&run[..], &["resume"], &["resume"]].map(|run| killed.kill_while(run, "auditing what"));
    assert!(landed.contains(&true), "it was always done before it was killed");
    killed.ok(&["resume"]);
    whole.ok(&run);
    let (killed, whole) = (report(&killed), report(&whole));
    assert!(whole["trials"]["audit"].as_u64().is_some_and(|trials| trials > 0), "{whole:#}");
    for part in ["digest", "trials", "principles", "sealed"] {
        assert_eq!(killed[part], whole[part], "{part}");
    }
}
