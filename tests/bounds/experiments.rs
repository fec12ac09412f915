//! Experiments whose numbers multiply, and texts that are too large: refused when they are read, before anything is made.

use crate::design_space::sandbox;
use crate::environment::{Environment, fixture_path};
use engine::LoadedExperiment;
use engine::panel::{Draws, Panel};
use engine::policy::Policy;
use engine::science::nonce::Nonce;
use engine::science::trial::Trial;
use problems::admission::{KIT, Metric};

fn tiny() -> Environment {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    environment
}

fn change(environment: &Environment, file: &str, from: &str, to: &str) {
    let text = environment.read(file);
    assert!(text.contains(from), "{file} has no `{from}`");
    environment.write(file, &text.replacen(from, to, 1));
}

/// The experiment with this many copies of its calm scenario, which has this many instances and requests, on 100 seeds.
fn many(scenarios: usize, instances: usize, requests: usize) -> Environment {
    let environment = tiny();
    let calm = environment.read("tiny/scenarios/calm.toml");
    let calm = calm.replace("instances = 2", &format!("instances = {instances}"));
    let calm = calm.replace("requests = 180", &format!("requests = {requests}"));
    for n in 0..scenarios {
        environment.write(&format!("tiny/s/{n}.toml"), &calm.replace("\"calm\"", &format!("\"n{n}\"")));
    }
    let names: Vec<String> = (0..scenarios).map(|n| format!("\"s/{n}.toml\"")).collect();
    change(&environment, "tiny/campaign.toml", "seeds = 3", "seeds = 100");
    let old = "[\"scenarios/calm.toml\", \"scenarios/busy.toml\"]";
    change(&environment, "tiny/campaign.toml", old, &format!("[{}]", names.join(", ")));
    environment
}

#[test]
fn a_panel_that_does_not_fit_into_memory_is_refused_with_the_memory_before_it_is_made() {
    let environment = tiny();
    change(&environment, "tiny/scenarios/calm.toml", "requests = 180", "requests = 10000000");
    for command in [&["run", "tiny"][..], &["evaluate", "tiny/space.rs", "--experiment", "tiny"]] {
        let message = environment.fails(2, command);
        assert!(message.contains("tiny/scenarios/calm.toml:15: workload.requests: "), "{message}");
        assert!(message.contains("200000000 questions") && message.contains("12.8 GB"), "{message}");
    }
    let environment = many(20, 2, 10_000);
    let message = environment.fails(2, &["run", "tiny"]);
    assert!(message.contains("tiny/campaign.toml:3: seeds: ") && message.contains("GB"), "{message}");
    let environment = many(900, 1, 2);
    change(&environment, "tiny/campaign.toml", "seeds = 100", "seeds = 3");
    assert!(
        LoadedExperiment::read(&environment.path("tiny"), &problems::all()).is_ok(),
        "18,000 runs are not too many"
    );
    let environment = many(1001, 1, 2);
    assert!(environment.fails(2, &["run", "tiny"]).contains("tiny/campaign.toml:6: scenarios: 1001 scenarios"));
}

#[test]
fn seeds_of_the_command_line_are_bounded_as_the_experiments_are() {
    let environment = tiny();
    change(&environment, "tiny/scenarios/calm.toml", "requests = 180", "requests = 400000");
    environment.ok(&["new", "mine.rs"]);
    let message = environment.fails(2, &["evaluate", "mine.rs", "--experiment", "tiny", "--seeds", "100"]);
    assert!(message.contains("calm") && message.contains("GB of memory"), "{message}");
}

#[test]
fn a_long_trace_is_counted_before_it_is_run_on_many_seeds() {
    let environment = tiny();
    let calm = environment.read("tiny/scenarios/calm.toml");
    let cluster = calm.split("[workload]").next().expect("a cluster");
    environment.write("tiny/scenarios/calm.toml", &format!("{cluster}[workload]\ntrace = \"long.csv\"\n"));
    let rows = "0,critical,1,1\n".repeat(900_000);
    environment.write("tiny/scenarios/long.csv", &format!("arrival_us,slo_class,input_tokens,output_tokens\n{rows}"));
    let message = environment.fails(2, &["run", "tiny"]);
    assert!(message.contains("calm.toml:14: workload.trace: ") && message.contains("GB of memory"), "{message}");
}

#[test]
fn a_text_is_refused_by_its_size_before_it_is_read() {
    for file in ["campaign.toml", "scenarios/busy.toml", "space.rs", "population.toml"] {
        let environment = tiny();
        if file == "population.toml" {
            let campaign = environment.read("tiny/campaign.toml");
            environment.write("tiny/campaign.toml", &format!("population = \"population.toml\"\n{campaign}"));
        }
        let path = environment.path(&format!("tiny/{file}"));
        // 60 GB that no disk holds: whoever read them would not be done by now.
        let sparse = std::fs::OpenOptions::new().create(true).append(true).open(path).expect("a file");
        sparse.set_len(60 << 30).expect("a sparse file");
        let message = environment.fails(2, &["run", "tiny"]);
        assert!(message.contains(file) && message.contains("longer than 1048576 bytes"), "{file}: {message}");
    }
}

#[test]
fn words_of_an_experiment_that_every_prompt_would_hold_are_bounded() {
    for (file, from, to, expected) in [
        ("campaign.toml", "Which policy", &"Which ".repeat(1000)[..], "campaign.toml:1: question: "),
        ("campaign.toml", "\"family\"", &format!("\"{}\"", "f".repeat(100)), "campaign.toml:17: dimension: "),
        ("campaign.toml", "\"step\"", "\"st\\u200bep\"", "its value"),
        ("campaign.toml", "\"prompt\"", "\"pro\\u001b[31mpt\"", "can be seen"),
        ("scenarios/busy.toml", "\"busy\"", &format!("\"{}\"", "b".repeat(1000)), "name: must have 1 to 60"),
        ("scenarios/busy.toml", "\"busy\"", "\"bu\\u202esy\"", "name: must have 1 to 60"),
    ] {
        let environment = tiny();
        change(&environment, &format!("tiny/{file}"), from, to);
        let message = environment.fails(2, &["run", "tiny"]);
        assert!(message.contains(expected) && message.len() < 1000, "{to:.20}: {message}");
    }
}

#[test]
fn a_round_that_is_too_large_for_one_session_takes_several() {
    // 2,000 runs that each show 128 instances: 9.3 MB in a round, where 8 MiB fit.
    let environment = many(20, 128, 3);
    let loaded = LoadedExperiment::read(&environment.path("tiny"), &problems::all()).expect("an experiment");
    let panel = Panel::search(&loaded, Nonce::of(1), 100).expect("a panel");
    let sandbox = sandbox(&environment.path("cache"));
    let source = std::fs::read_to_string(fixture_path("candidates/quintic.rs")).expect("a fixture");
    let trials =
        panel.trials_of(&engine::Prepared::new(source, &KIT), None, &sandbox).expect("a sandbox").expect("trials");
    assert_eq!(trials.len(), 2000);
    assert!(trials.iter().all(|trial| requests(trial) == 3.0), "each ran to its end");
}

#[test]
fn runs_in_several_sessions_are_to_the_bit_those_of_one() {
    let environment = tiny();
    let loaded = LoadedExperiment::read(&environment.path("tiny"), &problems::all()).expect("an experiment");
    let panel = Panel::search(&loaded, Nonce::of(1), 3).expect("a panel");
    let sandbox = sandbox(&environment.path("cache"));
    let source = std::fs::read_to_string(environment.path("tiny/space.rs")).expect("a fixture");
    let screened = engine::sandbox::screen(&source, &KIT).expect("a source");
    let artifact = sandbox.compile(&screened).expect("a compiler").expect("it compiles");
    // family, scale, prompt, mix, onset, exponent: 700 points on six cells are 4,200 seats, and 4,096 make a session.
    let points: Vec<Vec<f64>> =
        (0..700).map(|n| vec![f64::from(n % 3), 0.1 + 0.004 * f64::from(n), 0.1, 0.2, 0.1, 5.0]).collect();
    let all = panel.trials_side_by_side(&artifact, &points, &sandbox).expect("a sandbox").expect("trials").results;
    assert_eq!(all.len(), points.len());
    // Around the cut, and at both ends.
    for at in [0, 681, 682, 683, 699] {
        let policy = Policy::Candidate { artifact: artifact.clone(), parameters: points[at].clone() };
        let alone = panel.trials(&policy, Draws::Shared, &sandbox).expect("a sandbox").expect("trials").results;
        assert_eq!(all[at].as_ref(), Some(&alone), "point {at}");
    }
    assert_ne!(all[681], all[682], "the points differ");
}

/// Requests that arrived in a trial, all of which ended.
fn requests(trial: &Trial) -> f64 {
    [Metric::CriticalRequests, Metric::DroppableRequests].map(|metric| trial.values[metric as usize]).iter().sum()
}
