//! Templates of the user's, and arms that are written side by side.

use crate::campaign::{self, Script};
use agents::Brief;
use agents::llm::{Executor, ModelError, Planner, Role, Templates};
use science::bundle::{Arm, ArmKind, Relation};
use science::event::Event;
use science::state::{Action, State};
use science::work::{Tokens, Work};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) fn with(name: &str, text: &str) -> Result<Templates, String> {
    Templates::with(&BTreeMap::from([(name.to_owned(), text.to_owned())]))
}

/// What the planner makes of a template of the user's.
fn filled(text: &str) -> Result<(String, String), ModelError> {
    let (mut context, _) = campaign::context(Script::new(&[]));
    context.templates = Arc::new(with("plan", text).unwrap());
    let request = Planner::new(context).request(Brief {
        state: &campaign::after(0),
        source: None,
        space: None,
        library: None,
    })?;
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
fn a_passage_of_the_problems_is_a_template_and_the_users_own_replaces_it() {
    let ask = |templates: Templates| {
        let (mut context, _) = campaign::context(Script::new(&[]));
        context.templates = Arc::new(templates);
        Planner::new(context)
            .request(Brief { state: &campaign::after(0), source: None, space: None, library: None })
            .unwrap()
            .system
    };
    let shipped = ask(Templates::shipped());
    let passage = "A passage about the system: `probabilistic(power=5,k=300,queue=5,kv=0.8)` beats `gaie-legacy(queue=5,kv=0.8)`.";
    assert!(shipped.contains(&format!("# The system\n\n{passage}\n\n# The contract")), "{shipped}");
    let own = ask(with("system", "Beware of {{setting.baseline}}.\r\n\r\n").unwrap());
    assert!(own.contains("# The system\n\nBeware of gaie-legacy(queue=5,kv=0.8).\n\n# The contract"), "{own}");
    assert!(!own.contains("A passage about the system") && own.contains("A passage about probing"));
}

#[test]
fn a_template_that_cannot_be_used_says_which_one_and_where() {
    let cases = [
        ("planner", "", "there is no template `planner`; those that can be replaced are plan, implement, repair"),
        ("plan", "no cut", "the template `plan` has no line `{{!-- user --}}`"),
        ("plan", "a\n{{#if b}}\n{{!-- user --}}\n", "the template `plan` cannot be read, line 3 column"),
        ("plan", "a\n{{!-- user --}}\nb\n{{#each}\n", "the template `plan` cannot be read, line 4 column"),
        ("target", "a\n{{/if}}\n", "the template `target` cannot be read, line 2 column"),
        ("questions", "- a?\n{{/if}}\n", "the template `questions` cannot be read, line 2 column"),
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

/// A campaign in its third iteration, whose bundle has a main arm that will stand and three others.
fn side_by_side() -> State {
    let mut state = campaign::after(2);
    let mut bundle = campaign::bundle(3);
    bundle.arms[0].prediction.metric = "improvement".into();
    bundle.arms[0].prediction.relation = Relation::Within(1.0);
    for name in ["near", "far"] {
        bundle.arms.push(Arm { name: name.into(), kind: ArmKind::Robustness, ..bundle.arms[1].clone() });
    }
    state.apply(&Event::BundleRegistered { bundle: Box::new(bundle), asked: vec![], work: vec![] }).unwrap();
    state
}

fn done(role: Role, by: &str, usd: Option<f64>) -> Work {
    Work { role, by: by.into(), calls: 1, uncounted: 0, tokens: Tokens::default(), usd }
}

#[test]
fn what_an_executor_is_asked_for_an_arm_does_not_depend_on_the_other_arms() {
    let (context, _) = campaign::context(Script::new(&[]));
    let executor = Executor::new(context);
    let mut state = side_by_side();
    let arms = state.bundle().arms.clone();
    let ask = |state: &State| -> Vec<_> {
        arms[1..]
            .iter()
            .map(|arm| executor.request(Brief { state, source: None, space: None, library: None }, arm).unwrap())
            .collect()
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
    let (context, _) = campaign::context(Script::new(&[]));
    let executor = Executor::new(context);
    let mut state = side_by_side();
    let main = state.bundle().arms[0].clone();
    let ask =
        |state: &State| executor.request(Brief { state, source: None, space: None, library: None }, &main).unwrap();
    let first = ask(&state);
    while state.next_action() != Action::Extract {
        state.apply(&campaign::next(&state)).unwrap();
        assert_eq!(ask(&state), first);
    }
}
