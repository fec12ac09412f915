//! Templates of the user's, several models for a role, and arms that are written side by side.

use crate::campaign::{self, Script};
use agents::Brief;
use agents::llm::{Executor, ModelError, Planner, Role, Settings, Templates};
use science::bundle::{Arm, ArmKind, Metric, Relation};
use science::event::Event;
use science::state::{Action, State};
use science::work::{Tokens, Work};
use std::collections::BTreeMap;
use std::sync::Arc;

fn with(name: &str, text: &str) -> Result<Templates, String> {
    Templates::with(&BTreeMap::from([(name.to_owned(), text.to_owned())]))
}

/// What the planner makes of a template of the user's.
fn filled(text: &str) -> Result<(String, String), ModelError> {
    let (mut desk, _) = campaign::desk(Script::new(&[]));
    desk.templates = Arc::new(with("plan", text).unwrap());
    let request = Planner::new(desk).request(Brief { state: &campaign::after(0), source: None })?;
    Ok((request.system, request.user))
}

#[test]
fn a_template_of_the_users_replaces_the_shipped_one() {
    let (system, user) = filled("Be brief.\n{{!-- user --}}\nIteration {{iteration}}.\n").unwrap();
    assert_eq!((system.as_str(), user.as_str()), ("Be brief.", "Iteration 1."));
    let (system, _) = filled("Be brief.\r\n{{!-- user --}}\r\n").unwrap();
    assert_eq!(system, "Be brief.");
}

#[test]
fn a_template_that_cannot_be_used_says_which_one_and_where() {
    let cases = [
        ("planner", "", "there is no template `planner`; those that can be replaced are plan, implement, repair"),
        ("plan", "no cut", "the template `plan` has no line `{{!-- user --}}`"),
        ("plan", "a\n{{#if b}}\n{{!-- user --}}\n", "the template `plan` cannot be read, line 3 column"),
        ("plan", "a\n{{!-- user --}}\nb\n{{#each}\n", "the template `plan` cannot be read, line 4 column"),
        ("target", "a\n{{/if}}\n", "the template `target` cannot be read, line 2 column"),
    ];
    for (name, text, expected) in cases {
        let error = with(name, text).map(|_| ()).unwrap_err();
        assert!(error.contains(expected), "{error:?} does not say {expected:?}");
    }
}

#[test]
fn a_template_that_names_what_does_not_exist_is_an_error_with_its_line() {
    let cases = [
        ("a\n{{colour}}\n{{!-- user --}}\n", "the template `plan` (line 2) names `colour`, which the prompt of `plan`"),
        ("a\n{{!-- user --}}\nb\n{{digest.luck}}\n", "the template `plan` (line 4) names `digest.luck`"),
        (
            "a\n{{!-- user --}}\n{{> secrets}}\n",
            "the template `plan` (line 3) includes `secrets`, which does not exist",
        ),
    ];
    for (text, expected) in cases {
        let error = filled(text).unwrap_err();
        assert!(matches!(&error, ModelError::Template(problem) if problem.contains(expected)), "{error}");
    }
}

#[test]
fn a_role_without_a_model_is_an_error_that_names_it() {
    let (mut desk, _) = campaign::desk(Script::new(&[]));
    desk.models.clear();
    let error = Planner::new(desk).request(Brief { state: &campaign::after(0), source: None }).unwrap_err();
    assert!(error.to_string().contains("no model is named for the role `plan`"), "{error}");
}

/// A campaign in its third iteration, whose bundle has a main arm that will stand and three others.
fn side_by_side() -> State {
    let mut state = campaign::after(2);
    let mut bundle = campaign::bundle(3);
    bundle.arms[0].prediction.metric = Metric::Improvement;
    bundle.arms[0].prediction.relation = Relation::Within(1.0);
    for name in ["near", "far"] {
        bundle.arms.push(Arm { name: name.into(), kind: ArmKind::Robustness, ..bundle.arms[1].clone() });
    }
    state.apply(&Event::BundleRegistered { bundle: Box::new(bundle), work: vec![] }).unwrap();
    state
}

fn done(role: Role, by: &str, usd: Option<f64>) -> Work {
    Work { role, by: by.into(), calls: 1, uncounted: 0, tokens: Tokens::default(), usd }
}

fn two() -> Vec<Settings> {
    vec![Settings::new("a"), Settings::new("b")]
}

#[test]
fn what_an_executor_is_asked_for_an_arm_does_not_depend_on_the_other_arms() {
    let (mut desk, _) = campaign::desk(Script::new(&[]));
    desk.models = two();
    let executor = Executor::new(desk);
    let mut state = side_by_side();
    let arms = state.bundle().arms.clone();
    let ask = |state: &State| -> Vec<_> {
        arms[1..].iter().map(|arm| executor.request(Brief { state, source: None }, arm).unwrap()).collect()
    };
    let mut asked = Vec::new();
    while state.next_action() != Action::Extract {
        let mut event = campaign::next(&state);
        if let Event::CandidateWritten { work, .. } = &mut event {
            work.push(done(Role::Implement, "b", Some(0.01)));
        }
        state.apply(&event).unwrap();
        if state.current().arms[0].finding.is_some() {
            asked.push(ask(&state));
        }
    }
    assert_eq!(state.current().arms.iter().filter(|arm| arm.finding.is_some()).count(), 4);
    assert!(asked.len() > 9 && asked.windows(2).all(|pair| pair[0] == pair[1]));
    let main = state.current().arms[0].candidate.clone().unwrap();
    assert!(asked[0].iter().all(|request| request.user.contains(main.short())), "the main arm's result is told");
    assert!(asked[0].iter().all(|request| request.user.contains("Keep every number and every part of the main arm's")));
}

#[test]
fn the_main_arm_is_asked_for_as_if_nothing_of_its_bundle_were_there() {
    let (desk, _) = campaign::desk(Script::new(&[]));
    let executor = Executor::new(desk);
    let mut state = side_by_side();
    let main = state.bundle().arms[0].clone();
    let ask = |state: &State| executor.request(Brief { state, source: None }, &main).unwrap();
    let first = ask(&state);
    while state.next_action() != Action::Extract {
        state.apply(&campaign::next(&state)).unwrap();
        assert_eq!(ask(&state), first);
    }
}

/// A campaign of six iterations planned by `a` and `b` in turn; the front moves in those of `b` alone.
fn history(usd: [Option<f64>; 2]) -> State {
    let mut state = campaign::after(6);
    for (iteration, number) in state.iterations.iter_mut().zip(1..) {
        let at = (number % 2) as usize;
        iteration.planner = Some(["a", "b"][at].into());
        state.work.push((number, done(Role::Plan, ["a", "b"][at], usd[at])));
    }
    for record in state.candidates.values_mut() {
        let score = record.score.as_mut().unwrap();
        let step = f64::from(record.iteration) * 0.1;
        (score.improvement, score.extra_shed_work) =
            if record.iteration % 2 == 1 { (0.3 + step, 0.3 - step) } else { (0.1, 0.9) };
        (score.regret, score.loss) = (0.0, 0.0);
    }
    state
}

fn planner(state: &State) -> String {
    let (mut desk, _) = campaign::desk(Script::new(&[]));
    desk.models = two();
    Planner::new(desk).request(Brief { state, source: None }).unwrap().model
}

#[test]
fn the_model_that_moved_the_front_is_asked_unless_it_is_too_dear() {
    assert_eq!(planner(&campaign::after(0)), "a", "each is tried, in order");
    assert_eq!(planner(&history([None, None])), "b");
    assert_eq!(planner(&history([Some(0.01), Some(0.01)])), "b");
    assert_eq!(planner(&history([Some(0.01), Some(0.05)])), "a");
    assert_eq!(planner(&history([Some(0.01), None])), "b", "an unknown price is not a low one");
}

#[test]
fn arms_that_are_written_side_by_side_try_the_models_in_turn() {
    let (mut desk, _) = campaign::desk(Script::new(&[]));
    desk.models = two();
    let executor = Executor::new(desk);
    let state = side_by_side();
    let models: Vec<String> = state
        .bundle()
        .arms
        .iter()
        .map(|arm| executor.request(Brief { state: &state, source: None }, arm).unwrap().model)
        .collect();
    assert_eq!(models, ["a", "b", "a", "b"]);
}
