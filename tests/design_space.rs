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
    let special = [
        ("step", vec![]),
        ("step", vec![("mix", 1.0)]),
        ("step", vec![("in_flight", 1.0), ("prompt", 1.0)]),
        ("ramp", vec![("onset", 0.0)]),
        ("ramp", vec![("onset", 0.5), ("prompt", 0.3)]),
        ("ramp", vec![("onset", 0.5), ("limit", 0.4)]),
        ("power", vec![("exponent", 5.0)]),
        ("power", vec![("exponent", 6.5), ("mix", 1.7)]),
        ("power", vec![("exponent", 2.5), ("prediction", 0.7), ("queue", 2.0)]),
    ];
    let curve = space.dimensions.iter().find(|dimension| dimension.values.iter().any(|value| value == "step"));
    let curve = curve.expect("a dimension of curves").name.as_str();
    for (at, (shape, numbers)) in special.into_iter().enumerate() {
        let mut point: Point = [(curve.to_owned(), Value::Choice(shape.into()))].into();
        for dimension in space.dimensions.iter().filter(|dimension| dimension.name != curve) {
            let own = numbers.iter().find(|(name, _)| *name == dimension.name).map(|(_, value)| *value);
            let value = match dimension.range {
                Some([low, _]) => Value::Number(own.unwrap_or(low.max(0.0))),
                None => Value::Choice(dimension.values[at % dimension.values.len()].clone()),
            };
            if dimension.exists_at(&point) {
                point.insert(dimension.name.clone(), value);
            }
        }
        // A space without such a dimension has no such point.
        if numbers.iter().all(|(name, _)| point.contains_key(*name)) {
            points.push(point);
        }
    }
    let families: BTreeSet<String> = points.iter().map(|point| format!("{:?}", point[curve])).collect();
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
            let expected = hash(&realised.policy(&point, None));
            let text = loaded.space_text().expect("a source");
            for source in [written(&space, text, &point, None), plain(&space, text, &point)] {
                let source = source.expect("a source");
                let own = Prepared::new(source.as_str(), &KIT).policy(None, &sandbox).expect("no error of ours");
                let own = own.unwrap_or_else(|outcome| panic!("{outcome}: {source}"));
                assert_eq!(hash(&own), expected, "{point:?}: {source}");
            }
            seen.insert(expected.as_str().to_owned());
        }
        assert!(seen.len() > 5, "the points differ: {}", seen.len());
    }
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
    let wider = campaign.replace("range = [-0.5, 1.0]", "range = [-0.5, 10.0]");
    fails("a wider dimension", &wider, "its tunable `prompt` runs from -0.5 to 1 only");
    let scale = format!("{campaign}\n[[dimension]]\nname = \"scale\"\nrange = [0.001, 100.0]\n");
    fails("the scale as a dimension", &scale, "`scale` is set to equal gain for each point: it is no dimension");
    let no_source = campaign.replace("space = \"space.rs\"", "space = \"space.toml\"");
    fails("no source", &no_source, "no file of candidate source");
    assert!(environment.ok(&["list"]).contains("elenchus run"), "no campaign was begun");
}
