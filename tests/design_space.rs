//! An experiment's `space` source acts as every point of its design space.

use crate::environment::{Environment, fixture_path, root, rustc};
use engine::agents::builtin::{plain, written};
use engine::panel::{Draws, Panel};
use engine::policy::Policy;
use engine::sandbox::{Limits, Options, Sandbox, Walls};
use engine::science;
use engine::science::nonce::Nonce;
use engine::science::space::{Point, Value};
use engine::science::trial;
use engine::{LoadedExperiment, Points, Prepared};
use problems::admission::KIT;
use std::collections::BTreeSet;

pub(crate) fn sandbox(cache: &std::path::Path) -> Sandbox {
    let options = Options {
        cache: cache.into(),
        runner: env!("CARGO_BIN_EXE_elenchus").into(),
        rustc: rustc().into(),
        kit: KIT,
        limits: Limits::default(),
        walls: Walls::Required,
    };
    Sandbox::new(options).expect("a sandbox")
}

/// Points of each family: drawn ones, and ones with the constants that sources treat as special.
fn points(loaded: &LoadedExperiment) -> Vec<Point> {
    let space = loaded.experiment.space();
    let mut points: Vec<Point> = (0..3).map(|n| space.draw(7, n)).collect();
    let plain = [("half", 0.2), ("prompt", 0.0), ("mix", 0.0)];
    let special = [
        ("step", vec![]),
        ("step", vec![("mix", 1.0)]),
        ("ramp", vec![("onset", 0.0)]),
        ("ramp", vec![("onset", 0.5), ("prompt", 0.3)]),
        ("power", vec![("exponent", 5.0)]),
        ("power", vec![("exponent", 6.5), ("mix", 1.7)]),
        ("step", vec![("rate", 0.2), ("mix", 0.9), ("capacity", 0.5)]),
        ("ramp", vec![("onset", 0.5), ("rate", 0.1)]),
    ];
    for (family, numbers) in special {
        let numbers = plain.into_iter().chain(numbers).map(|(name, value)| (name.to_owned(), Value::Number(value)));
        let mut point: Point = numbers.collect();
        point.insert("family".into(), Value::Choice(family.into()));
        // A space without such a dimension has no such point.
        if point.keys().all(|name| space.dimension(name).is_some()) {
            points.push(point);
        }
    }
    let families: BTreeSet<String> = points.iter().map(|point| format!("{:?}", point["family"])).collect();
    assert_eq!(families.len(), 3, "each family has a point");
    points
}

#[test]
fn a_point_acts_to_the_bit_as_what_the_built_in_executor_writes_for_it() {
    let cache = tempfile::tempdir().expect("a directory");
    let sandbox = sandbox(cache.path());
    for directory in [root().join("experiments/admission"), fixture_path("experiments/tiny")] {
        let mut loaded = LoadedExperiment::read(&directory, &problems::all()).expect("the experiment");
        // The study's own workloads tell two policies apart; drawn ones would only take longer.
        loaded.population = None;
        let space = loaded.experiment.space();
        let realised = Points::of(&loaded, &sandbox).expect("no error").expect("a space source");
        let panel = Panel::search(&loaded, Nonce::of(1), 1).expect("a panel");
        let hash = |policy: &Policy| {
            let ran = panel.trials(policy, Draws::Shared, &sandbox).expect("no error of ours");
            trial::hash(&ran.expect("it runs").results)
        };
        let mut seen = BTreeSet::new();
        let mut rounded: Vec<Point> = (100..104).map(|n| space.draw(7, n)).collect();
        for value in rounded.iter_mut().flat_map(|point| point.values_mut()) {
            if let Value::Number(number) = value {
                *number = science::stats::rounded(*number, 4);
            }
        }
        for point in points(&loaded).into_iter().chain(rounded) {
            let expected = hash(&realised.policy(&point));
            let text = loaded.space_text().expect("a source");
            for source in [written(&space, text, &point), plain(&space, text, &point)] {
                let source = source.expect("a source");
                let own = Prepared::new(source.as_str(), &KIT).policy(&sandbox).expect("no error of ours");
                let own = own.unwrap_or_else(|outcome| panic!("{outcome}: {source}"));
                assert_eq!(hash(&own), expected, "{point:?}: {source}");
            }
            seen.insert(expected.as_str().to_owned());
        }
        assert!(seen.len() > 5, "the points differ: {}", seen.len());
    }
}

#[test]
fn the_two_admission_experiments_have_one_space_source() {
    // Paths stay inside of an experiment's directory, so there are two files.
    let [one, other] = ["admission", "admission-h100"]
        .map(|name| std::fs::read_to_string(root().join("experiments").join(name).join("space.rs")).expect("a file"));
    assert_eq!(one, other);
}

#[test]
fn a_dimension_without_a_tunable_and_a_tunable_without_a_dimension_are_found_before_a_campaign_begins() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let campaign = environment.read("tiny/campaign.toml");
    let fails = |name: &str, campaign: &str, expected: &str| {
        environment.write("tiny/campaign.toml", campaign);
        let said = environment.fails(2, &["run", "tiny"]);
        assert!(said.contains(expected), "{name}: {said}");
        assert!(said.contains("campaign.toml:"), "{name}: it names the line: {said}");
    };
    let more = format!("{campaign}\n[[dimension]]\nname = \"patience\"\nrange = [0.0, 1.0]\n");
    fails("a further dimension", &more, "the dimension `patience` has no tunable");
    let fewer = campaign.replace("name = \"mix\"", "name = \"mixture\"");
    fails("a renamed dimension", &fewer, "the dimension `mixture` has no tunable");
    let start = campaign.find("[[dimension]]\nname = \"mix\"").expect("the dimension");
    let end = campaign.find("[[dimension]]\nname = \"onset\"").expect("the next");
    let without = format!("{}{}", &campaign[..start], &campaign[end..]);
    fails("a dimension less", &without, "its tunable `mix` is no dimension");
    let wider = campaign.replace("range = [0.02, 3.0]", "range = [0.02, 30.0]");
    fails("a wider dimension", &wider, "its tunable `half` runs from 0.02 to 3 only");
    let no_source = campaign.replace("space = \"space.rs\"", "space = \"space.toml\"");
    fails("no source", &no_source, "no file of candidate source");
    assert!(environment.ok(&["list"]).contains("elenchus run"), "no campaign was begun");
}
