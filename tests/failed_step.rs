//! A step that cannot be recorded: the state is never ahead of the record, and the campaign goes on from there.

use crate::environment::{Environment, rustc};
use crate::record::{DATABASE, change};
use engine::agents::llm::Templates;
use engine::campaign::Opening;
use engine::sandbox::Walls;
use engine::science::event::{EndReason, Event};
use engine::science::nonce::Nonce;
use engine::{Agents, Campaign, EngineError, LoadedExperiment, Places, Progress, Source, Stop, Team};
use std::sync::Arc;
use store::{Extra, Loaded, Store, StoreError};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

/// The tiny experiment, one iteration, opened in this process.
async fn opened(environment: &Environment) -> Campaign {
    let places = Places {
        state: environment.path(".elenchus"),
        cache: crate::environment::shared_cache(),
        runner: env!("CARGO_BIN_EXE_elenchus").into(),
        rustc: rustc().into(),
        walls: Walls::Required,
        problems: problems::all(),
    };
    let mut loaded = LoadedExperiment::read(&environment.path("tiny"), &problems::all()).unwrap();
    loaded.experiment.iterations = 1;
    let agents = Agents { team: Team::builtin(), source: Source::Record, templates: Arc::new(Templates::shipped()) };
    let opening = Opening { loaded, nonce: Nonce::of(7), given: true, agents, cassette: None, version: "0".into() };
    let store = Arc::new(Store::open(&environment.path(DATABASE)).await.unwrap());
    Campaign::open(store, &places, opening).await.unwrap()
}

#[test]
fn a_step_that_cannot_be_written_is_taken_again_and_the_campaign_ends_as_an_undisturbed_one() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let runtime = runtime();
    let mut campaign = runtime.block_on(opened(&environment));
    let full = "CREATE TRIGGER full BEFORE INSERT ON candidates BEGIN SELECT RAISE(ABORT, 'nothing fits'); END";
    change(&environment.path(DATABASE), full);
    let mut last = None;
    let mut watch = |progress: Progress<'_>| {
        if let Progress::Recorded(_, event) = progress {
            last = Some(event.kind());
        }
    };
    let error = runtime.block_on(campaign.run(&Stop::default(), &mut watch)).unwrap_err();
    assert!(error.to_string().contains("nothing fits"), "{error}");
    assert_eq!(last, Some("candidate-written"));
    assert!(campaign.state.order.is_empty(), "it is not on record");
    assert!(
        campaign.state.yardsticks.is_some() && campaign.state.iterations.len() == 1,
        "what was recorded before stays"
    );

    change(&environment.path(DATABASE), "DROP TRIGGER full");
    assert!(runtime.block_on(campaign.run(&Stop::default(), &mut |_| ())).unwrap());
    let undisturbed = Environment::new();
    undisturbed.copy("experiments/tiny");
    undisturbed.ok(&["run", "tiny", "--iterations", "1", "--nonce", &Nonce::of(7).to_string()]);
    let shown = undisturbed.json(&["show", "--format", "json"]);
    assert_eq!(shown["digest"], campaign.digest().as_str());
}

#[test]
fn where_another_process_has_gone_on_the_state_is_that_of_the_record() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let runtime = runtime();
    let mut campaign = runtime.block_on(opened(&environment));
    let head = runtime.block_on(async {
        let elsewhere = Store::open(&environment.path(DATABASE)).await.unwrap();
        let Loaded { mut state, head, .. } = elsewhere.load(&campaign.id).await.unwrap();
        let (ended, mut staged) = (Event::Ended { reason: EndReason::Completed }, head.stage());
        state.apply(&ended).unwrap();
        staged.push(&ended, &state, Extra::default()).unwrap();
        elsewhere.commit(staged).await.unwrap()
    });

    let error = runtime.block_on(campaign.run(&Stop::default(), &mut |_| ())).unwrap_err();
    assert!(matches!(error, EngineError::Store(StoreError::Conflict { seq: 1, next: 2, .. })), "{error}");
    assert!(campaign.state.yardsticks.is_none(), "what was measured is not on record");
    assert_eq!((campaign.digest(), campaign.state.ended.clone()), (head.digest(), Some(EndReason::Completed)));
    assert!(runtime.block_on(campaign.run(&Stop::default(), &mut |_| ())).unwrap(), "it has ended, by the record");
}
