//! Who did what in a campaign of language models, and what it took.

use crate::campaign::{
    FIRST, bundle, calibrated, evaluated, events, fold, measurement, opening, pair, record, written,
};
use crate::unwrapped;
use report::{Losses, Record, json, markdown, terminal};
use science::bundle::Side;
use science::event::{Candidate, Event};
use science::id::CandidateId;
use science::state::State;
use science::work::{Role, Tokens, Work};
use serde_json::json;

fn work(role: Role, by: &str, calls: u32, usd: Option<f64>) -> Vec<Work> {
    let tokens = Tokens { prompt: 14_500, cached: 10_000, completion: 2_000, reasoning: 500 };
    vec![Work { role, by: by.into(), calls, uncounted: 0, tokens, usd }]
}

/// The main arm's candidate does not run and is mended, the other arm's is not; then the planner fails.
fn campaign(usd: Option<f64>) -> State {
    let mut opened = opening();
    opened.agents = "planner=a executor=b extractor=builtin".into();
    opened.repairs = 2;
    opened.experiment.budget.usd = Some(5.0);
    opened.experiment.budget.calls = Some(40);
    let by = |event: Event, role, name: &str| match event {
        Event::BundleRegistered { bundle, .. } => {
            Event::BundleRegistered { bundle, asked: vec![], work: work(role, name, 2, usd) }
        }
        Event::CandidateWritten { arm, candidate, .. } => {
            Event::CandidateWritten { arm, candidate, work: work(role, name, 1, Some(0.25)) }
        }
        other => other,
    };
    let mends = |event: Event| match event {
        Event::CandidateWritten { arm, candidate, work } => {
            let repairs = Some(CandidateId::from(FIRST.to_owned()));
            Event::CandidateWritten { arm, candidate: Candidate { repairs, ..candidate }, work }
        }
        other => other,
    };
    fold(&[
        Event::Started(Box::new(opened)),
        calibrated(),
        by(pair("?"), Role::Plan, "a"),
        by(written("main", FIRST, None), Role::Implement, "b"),
        evaluated(FIRST, None),
        by(mends(written("main", "bbbb2222bbbb2222", None)), Role::Repair, "b"),
        evaluated("bbbb2222bbbb2222", Some(measurement(0.251, 0.36))),
        by(written("ablation-mix", "cccc3333cccc3333", None), Role::Implement, "b"),
        evaluated("cccc3333cccc3333", None),
        Event::RepairFailed { arm: "ablation-mix".into(), reason: "no code".into(), work: vec![] },
        Event::PrinciplesRevised {
            changes: vec![],
            failure: Some("three times no JSON".into()),
            notes: Some("Long queues lie.".into()),
            work: vec![],
        },
        bundle(
            "Again?",
            Side::Reference,
            vec![crate::campaign::arm("main", science::bundle::ArmKind::Main, Side::Reference, 0.5)],
        ),
    ])
}

#[test]
fn spend_is_summed_by_role_and_model() {
    let state = campaign(Some(0.5));
    let spend = &json::status(&record(&state))["spend"];
    assert_eq!(spend["calls"], 5);
    assert_eq!(spend["usd"], 1.25);
    assert_eq!(spend["budget"], json!({"usd": 5.0, "tokens": null, "calls": 40}));
    assert_eq!(spend["tokens"]["total"], 4 * 16_500);
    let by: Vec<_> =
        spend["by"].as_array().unwrap().iter().map(|row| (row["role"].clone(), row["by"].clone())).collect();
    assert_eq!(by, [(json!("plan"), json!("a")), (json!("implement"), json!("b")), (json!("repair"), json!("b"))]);
    let status = unwrapped(&terminal::status(&record(&state)));
    let expected =
        "Spent: 5 of 40 calls, 66,000 tokens (58,000 prompt, of them 40,000 cached; 8,000 written), 1.25 of 5.00 USD.";
    assert!(status.contains(expected), "{status}");
}

#[test]
fn an_unknown_price_is_named_and_never_zero() {
    let state = campaign(None);
    let status = json::status(&record(&state));
    assert_eq!(status["spend"]["usd"], json!(null));
    assert_eq!(status["spend"]["unpriced"], json!(["a"]));
    let text = unwrapped(&terminal::status(&record(&state)));
    assert!(text.contains("USD unknown: no price for a"), "{text}");
    assert!(
        markdown::report(&record(&state), None)
            .text
            .contains("| plan | a | 2 | 14,500 | 10,000 | 2,000 | 500 | unknown |")
    );
}

#[test]
fn attempts_that_were_lost_are_told_apart_from_what_was_used() {
    let state = campaign(Some(0.5));
    let losses = Losses { attempts: 2, tokens: 70_000, usd: Some(0.02) };
    let record = Record { losses, ..record(&state) };
    let text = unwrapped(&markdown::report(&record, None).text);
    assert!(
        text.contains(
            "2 attempts failed and may have been billed, on top of the above: at most 70,000 tokens, 0.02 USD"
        )
    );
    assert_eq!(json::status(&record)["spend"]["lost"]["attempts"], 2);
    assert_eq!(json::status(&record)["spend"]["usd"], 1.25);
}

#[test]
fn repairs_are_counted_apart_from_hypotheses_and_shown_where_they_happened() {
    let state = campaign(Some(0.5));
    let status = json::status(&record(&state));
    assert_eq!((&status["hypotheses"], &status["repairs"]), (&json!(3), &json!(2)));
    let text = unwrapped(&markdown::report(&record(&state), None).text);
    assert!(text.contains("3 hypotheses, 2 repairs"), "{text}");
    assert!(text.contains("by b, mends aaaa1111"), "{text}");
    assert!(text.contains("sent back to its author 1 time; the last time in vain: no code"), "{text}");
    let arms = &json::show(&record(&state))["iterations"][0]["arms"];
    assert_eq!((&arms[0]["repairs"], &arms[1]["unmended"]), (&json!(1), &json!("no code")));
    assert_eq!(arms[0]["author"], "b");
}

#[test]
fn a_failed_extraction_and_the_planner_are_named() {
    let state = campaign(Some(0.5));
    let text = unwrapped(&markdown::report(&record(&state), None).text);
    assert!(text.contains("Planned by a."), "{text}");
    assert!(text.contains("**The extractor failed:** three times no JSON"), "{text}");
    assert!(text.contains("Long queues lie."), "{text}");
    assert_eq!(json::show(&record(&state))["iterations"][0]["extraction_failure"], "three times no JSON");
}

#[test]
fn the_command_that_runs_it_again_names_the_same_agents() {
    let again = |agents: &str| {
        let mut opened = opening();
        opened.agents = agents.into();
        let state = fold(&[Event::Started(Box::new(opened))]);
        let text = markdown::report(&record(&state), None).text;
        let line = text.lines().find(|line| line.starts_with("elenchus run")).unwrap().to_owned();
        let line = line.split_once("--nonce 00000000000000000000000000000007 ").unwrap().1.to_owned();
        // As many iterations as it had, whatever its file says.
        line.strip_suffix(" --iterations 3").expect("the iterations").to_owned()
    };
    assert_eq!(again("builtin"), "--agents builtin");
    assert_eq!(again("openai:gpt-5"), "--agents openai --model gpt-5");
    assert_eq!(again("planner=builtin executor=b extractor=a"), "--executor b --extractor a");
    assert_eq!(
        again("planner=a executor=executor-command extractor=builtin"),
        "--planner a --executor-command COMMAND"
    );
    assert_eq!(again("planner=a;rm executor=builtin extractor=builtin"), "--planner 'a;rm'");
}

#[test]
fn a_campaign_of_models_says_how_to_replay_it() {
    let text = markdown::report(&record(&campaign(None)), None).text;
    assert!(text.contains("elenchus run experiments/admission --replay tape.jsonl\n"), "{text}");
    assert!(!markdown::report(&record(&fold(&events())), None).text.contains("--replay"));
}

#[test]
fn of_the_built_in_agents_nothing_is_counted() {
    let state = fold(&events());
    assert_eq!(json::status(&record(&state))["spend"], json!(null));
    let text = terminal::status(&record(&state));
    assert!(!text.contains("Spent") && !text.contains("repairs"), "{text}");
    let written: Vec<_> = state.candidates.values().map(|known| known.author.clone()).collect();
    assert!(written.iter().all(Option::is_none));
}
