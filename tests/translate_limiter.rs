//! `elenchus translate` of a limiter: a UsageLimitPolicy of the router, which sets the ceilings that its candidate sets.

use crate::environment::{Environment, root, shared_cache};
use crate::translate::{go, translate, with_go};
use problems::TARGETS;
use problems::shipping::Target;
use std::process::Command;

/// Where a candidate in the style of a model lies.
fn modelled(name: &str) -> String {
    root().join("tests/fixtures/candidates/modelled-limiters").join(format!("{name}.rs")).display().to_string()
}

/// The target of limiters.
fn target() -> &'static Target {
    TARGETS.into_iter().find(|target| target.of.problem == "flow-control").expect("a target")
}

#[test]
fn a_limiter_becomes_a_package_whose_gates_pass_beside_a_checkout_too() {
    let Some(go) = go() else { return };
    let mut environment = Environment::new();
    with_go(&mut environment, &go);
    // It has tunables, keeps what each band is owed, and raises to powers.
    let said = translate(&environment, &modelled("duty"), "open-shares", "out");
    assert!(said.contains("passed         mutants"), "{said}");
    let provenance = environment.read("out/provenance.json");
    assert!(provenance.contains("\"problem\": \"flow-control\""), "{provenance}");
    // A checkout, as far as the package needs one.
    for (path, text) in target().api {
        environment.write(&format!("router/{path}"), text);
    }
    environment.write("router/cmd/epp/main.go", "package main\n\nfunc main() {}\n");
    let check = ["translate", "--check", "out", "--effort", "1", "--live", "--seconds", "1", "--router-path", "router"];
    let said = environment.ok(&check);
    for gate in ["files", "original", "offline", "race", "mutants", "live", "drift", "checkout"] {
        assert!(said.contains(&format!("passed         {gate}")), "{said}");
    }
    assert!(said.contains("0 read otherwise there") && said.contains("exit 0: 8 passed"), "{said}");
    // The interface as it was once: ceilings were returned.
    let (path, text) =
        target().api.iter().find(|(path, _)| path.ends_with("flowcontrol/plugins.go")).expect("the interface");
    let once = text.replace("priorities []int, ceilings []float64)", "priorities []int) (ceilings []float64)");
    assert_ne!(once, *text);
    environment.write(&format!("router/{path}"), &once);
    let outcome = environment.run(&["translate", "--check", "out", "--effort", "1", "--router-path", "router"]);
    assert_eq!(outcome.code, 1, "{}", outcome.stdout);
    assert!(outcome.stdout.contains("1 read otherwise there"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("FAILED         checkout"), "{}", outcome.stdout);
}

/// Owes each band a turn, and has room for as many bands as the contract promises. Its curve is a choice.
const NARROW: &str = "use limiter::prelude::*;

const BANDS: usize = 8;

pub struct Policy {
    curve: f64,
    owed: [f64; BANDS],
}

impl Limiter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: \"curve\", default: 0.0, low: 0.0, high: 2.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { curve: parameters[0], owed: [0.0; BANDS] }
    }

    fn limit(&mut self, reading: &Reading, _priorities: &[i32], ceilings: &mut [f64]) {
        let share = if self.curve == 1.0 { 0.75 - reading.saturation } else { 0.5 - reading.saturation };
        let mut above = 1.0;
        for (band, ceiling) in ceilings.iter_mut().enumerate().skip(1) {
            self.owed[band] += share.max(0.0);
            if self.owed[band] < 1.0 || above == 0.0 {
                *ceiling = 0.0;
            } else {
                self.owed[band] -= 1.0;
            }
            above = *ceiling;
        }
    }
}
";

#[test]
fn a_limiter_is_compared_where_there_are_more_bands_than_it_has_room_for_and_at_each_choice() {
    let Some(go) = go() else { return };
    let mut environment = Environment::new();
    with_go(&mut environment, &go);
    environment.write("narrow.rs", NARROW);
    let said = environment.ok(&["translate", "narrow.rs", "--name", "narrow", "-o", "out", "--effort", "4"]);
    assert!(said.contains("passed         mutants"), "{said}");
    // Neither room for a ninth band, nor what the choice decides, nor the helper of a maximum.
    for alike in ["`8` -> `9`", "`0.75`", "`fmax`"] {
        assert!(!said.contains(alike), "{alike}: {said}");
    }
    let golden: serde_json::Value =
        serde_json::from_str(&environment.read("out/testdata/decisions.json")).expect("JSON");
    let steps = golden["sequences"].as_array().expect("sequences").iter();
    let steps: Vec<_> = steps.flat_map(|own| own["steps"].as_array().expect("steps")).collect();
    let bands = |step: &serde_json::Value| step["priorities"].as_array().map_or(0, Vec::len);
    for count in 9..=16 {
        assert!(steps.iter().any(|step| bands(step) == count), "{count} bands");
    }
    // It panics there, as its translation does.
    assert!(steps.iter().all(|step| step["ceilings"].is_null() == (bands(step) > 8)));
}

/// The formula that was merged upstream, once more: how many bands are open, at each call of a new policy.
struct Published {
    tick: u64,
}

impl Published {
    fn open(&mut self, saturation: f64, bands: usize) -> Vec<bool> {
        let alternates = bands > 1 && (0.5..1.0).contains(&saturation);
        let period = (saturation / (1.0 - saturation + 1e-9)).round().max(1.0) as u64;
        self.tick += u64::from(alternates);
        let is_turn = alternates && self.tick.is_multiple_of(period);
        let lower =
            (1..bands).map(|band| saturation < 1.0 - (band as f64 * saturation) / (bands - 1) as f64 || is_turn);
        std::iter::once(true).chain(lower).map(|open| open && saturation < 1.0).collect()
    }
}

#[test]
fn the_ceilings_that_were_merged_upstream_open_the_bands_that_their_translation_opens() {
    let environment = Environment::new();
    translate(&environment, &modelled("soft_reflective"), "soft-reflective", "out");
    let golden: serde_json::Value =
        serde_json::from_str(&environment.read("out/testdata/decisions.json")).expect("JSON");
    let (mut calls, mut closed, mut nearest) = (0, 0, f64::INFINITY);
    for sequence in golden["sequences"].as_array().expect("sequences") {
        let mut published = Published { tick: 0 };
        for step in sequence["steps"].as_array().expect("steps") {
            let saturation = step["saturation"].as_f64().expect("a saturation");
            let ceilings: Vec<f64> = serde_json::from_value(step["ceilings"].clone()).expect("ceilings");
            let open: Vec<bool> = ceilings.iter().map(|ceiling| saturation < *ceiling).collect();
            assert_eq!(open, published.open(saturation, ceilings.len()), "{step}");
            calls += 1;
            closed += usize::from(open.contains(&false));
            // Where every other call begins to be closed.
            nearest = nearest.min((saturation / (1.0 - saturation + 1e-9) - 1.5).abs());
        }
    }
    assert!(calls > 3000 && closed > 500, "{calls} calls, {closed} with a band closed");
    assert!(nearest < 1e-14, "the nearest miss to where it begins to close is {nearest}");
}

/// Reads the recorded calls, puts them to the translated policy as its scaffold does, and prints how many bands it opens.
const REPLAY: &str = r#"package softreflective

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestRecorded(t *testing.T) {
	file, err := os.Open("calls.csv")
	if err != nil {
		t.Fatal(err)
	}
	sequence, calls := "", 0
	var plugin *Plugin
	for lines := bufio.NewScanner(file); lines.Scan(); {
		cells := strings.Split(lines.Text(), ",")
		if cells[0] == "sequence" {
			continue
		}
		if cells[0] != sequence {
			sequence, plugin = cells[0], newPlugin(t, testParameters(ModeEnforce))
		}
		saturation, err := strconv.ParseFloat(cells[3], 64)
		if err != nil {
			t.Fatal(err)
		}
		wanted := strings.Fields(cells[4])
		priorities := make([]int, len(wanted))
		for i := range priorities {
			priorities[i] = -i
		}
		got := limited(plugin, saturation, priorities)
		for i, text := range wanted {
			want, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			if saturation < 1 && got[i] != want || (saturation < got[i]) != (saturation < want) {
				t.Fatalf("%v: %v", cells, got)
			}
		}
		calls++
	}
	if calls != 1640 {
		t.Errorf("%d calls", calls)
	}
}
"#;

#[test]
fn the_calls_that_were_recorded_of_the_merged_plugin_are_answered_alike() {
    let Some(go) = go() else { return };
    let environment = Environment::new();
    translate(&environment, &modelled("soft_reflective"), "soft-reflective", "package");
    for (path, text) in target().api {
        environment.write(&format!("router/{path}"), text);
    }
    let place = format!("router/{}/softreflective", target().place);
    for file in ["plugin.go", "parameters.go", "shadow.go", "record.go", "policy.go", "contract.go", "plugin_test.go"] {
        environment.write(&format!("{place}/{file}"), &environment.read(&format!("package/{file}")));
    }
    for file in ["parameters_test.go", "numeric.go"] {
        let from = environment.path(&format!("package/{file}"));
        if from.exists() {
            environment.write(&format!("{place}/{file}"), &environment.read(&format!("package/{file}")));
        }
    }
    let calls = root().join("tests/fixtures/blis/flow/soft-reflective-calls.csv");
    environment.write(&format!("{place}/calls.csv"), &std::fs::read_to_string(calls).expect("the calls"));
    environment.write(&format!("{place}/recorded_test.go"), REPLAY);
    let mut command = Command::new(go.join("go"));
    command.args(["test", "-count=1", "-run", "TestRecorded", "."]).current_dir(environment.path(&place));
    command.envs([("GOTOOLCHAIN", "local"), ("GOPROXY", "off"), ("GOFLAGS", "-mod=mod"), ("GOWORK", "off")]);
    command.env("GOCACHE", shared_cache().join("elenchus/go"));
    let output = command.output().expect("go runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn what_production_does_not_pass_to_a_limiter_and_where_it_has_no_place_is_refused_with_the_reason() {
    let environment = Environment::new();
    let credit = root().join("experiments/flow-control/controls/credit.rs").display().to_string();
    for (file, field, reason) in [
        (
            modelled("waiting"),
            "Reading.waiting",
            "counts the requests of each band for its gauges, but does not pass them",
        ),
        (modelled("stale"), "Reading.age_us", "but a UsageLimitPolicy is not told"),
        (credit, "Reading.unseen", "nobody counts the dispatches"),
    ] {
        let said = environment.fails(1, &["translate", &file, "--name", "mine", "-o", "out"]);
        assert!(said.contains(&format!("`{field}` has no source in llm-d-router")) && said.contains(reason), "{said}");
    }
    let duty = modelled("duty");
    let said = environment.fails(2, &["translate", &duty, "--target", "blis", "--name", "mine", "-o", "out"]);
    assert!(said.contains("BLIS computes the ceilings of its queue itself"), "{said}");
    let said = environment.fails(2, &["translate", &duty, "--target", "envoy", "--name", "mine", "-o", "out"]);
    assert!(said.contains("no target for policies of flow-control is called `envoy`; there is llm-d-router"), "{said}");
    for name in ["priority-holdback", "random-picker", "utilization-detector"] {
        let said = environment.fails(2, &["translate", &duty, "--name", name, "-o", "out"]);
        assert!(said.contains("a plugin that llm-d-router has already"), "{said}");
    }
    assert!(!environment.path("out").exists());
}
