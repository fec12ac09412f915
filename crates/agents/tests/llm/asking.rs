//! What a planner may ask before it claims.

use crate::campaign::{self, Script};
use crate::proposals::{arm, reply};
use agents::llm::{ModelError, Planner};
use agents::{Brief, Library, Looking, Planner as _, Turnout};
use science::asked::Replaced;
use science::bundle::Side;
use science::id::{CandidateId, Hash};
use science::outcome::Outcome;
use science::seal::Line;
use serde_json::json;

#[derive(Debug)]
struct Shelf;

impl Library for Shelf {
    fn source(&self, id: &CandidateId) -> Option<String> {
        Some(format!("// source of {id}"))
    }

    fn hindsight(&self, input: &str) -> Vec<Turnout> {
        let told = if input == "prompt" { 100 } else { 0 };
        (0..told).map(|at| Turnout { signal: f64::from(at), cost: f64::from(at) / 50.0 }).collect()
    }

    fn timeline<'a>(&'a self, policy: &'a Side, workload: &'a str) -> Looking<'a, Vec<Line>> {
        let points: Vec<[f64; 2]> = (0..40).map(|at| [f64::from(at), 2.0]).collect();
        let lines = vec![Line::new(format!("{policy:?} in {workload}"), "time, s", &points)];
        Box::pin(std::future::ready(Ok(Ok(lines))))
    }

    fn replaced<'a>(&'a self, of: &'a CandidateId, find: &'a str, replace: &'a str) -> Looking<'a, Replaced> {
        let replaced = Replaced {
            of: of.clone(),
            find: find.into(),
            replace: replace.into(),
            made: CandidateId::of("made"),
            outcome: Outcome::Scored,
            worth: Some(0.04),
            effect: Some([-0.02, 0.005]),
            objections: vec!["regret (points) 6.000 is above 5".into()],
            beyond: Some(0.001),
            trials: Hash::of(b""),
        };
        Box::pin(std::future::ready(Ok(if find == "here" {
            Ok(replaced)
        } else {
            Err("it stands there 0 times".into())
        })))
    }
}

#[tokio::test]
async fn a_planner_may_see_a_run_and_have_a_change_of_a_text_measured() {
    let state = campaign::after(2);
    let id = campaign::candidate(1, 0);
    let asks = json!({"ask": [
        {"what": "timeline", "of": id.short()},
        {"what": "timeline", "of": "reference", "workload": "chatbot_near"},
        {"what": "ablation", "of": id.short(), "find": "here", "replace": null},
        {"what": "ablation", "of": id.short(), "find": "there", "replace": "x"},
    ]});
    let again = json!({"ask": [{"what": "timeline", "of": "reference"}]});
    let claim = reply(&[arm("main", "main")]);
    let (context, model) = campaign::context(Script::new(&[&asks.to_string(), &again.to_string(), &claim]));
    let brief = Brief { state: &state, source: None, space: None, library: Some(&Shelf) };
    Planner::new(context).plan(brief).await.unwrap().content.unwrap();
    let asked = model.asked.lock().unwrap();
    let told = &asked[1].0.user;
    for words in [
        "of the search panel under candidate ",
        "Workload `chatbot_near` of the search panel under the reference, with its first seed; means of up to 20 bins.",
        "| time, s | Reference in chatbot_near |\n|---|---|\n| 0 to 1.95 | 2 |\n",
        "so changed: saving 4.00 %, +0.10 points of gain from the reference; the effect of the change in the workloads that claims are about is -2.00 % ± 0.98 % (95 %); NOT admissible: regret (points) 6.000 is above 5.",
        "It took an evaluation.",
        "No answer: it stands there 0 times.",
        "You have 1 question left",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    // Without a workload, the one where the reference gains least.
    let last = &asked[2].0.user;
    assert!(last.contains("| time, s | Reference in balanced_under |"), "{last}");
    assert!(last.contains("You have no questions left"), "{last}");
}

#[tokio::test]
async fn a_plan_that_the_budget_breaks_off_fails_with_what_its_questions_took() {
    let state = campaign::after(2);
    let id = campaign::candidate(1, 0);
    let asks = json!({"ask": [{"what": "ablation", "of": id.short(), "find": "here", "replace": null}]});
    let brief = Brief { state: &state, source: None, space: None, library: Some(&Shelf) };
    let (context, _) = campaign::context(Script::new(&[&asks.to_string()]).within("calls (1)"));
    let answer = Planner::new(context).plan(brief).await.unwrap();
    let problem = answer.content.unwrap_err();
    assert!(problem.contains("calls (1)"), "{problem}");
    assert_eq!(answer.work.iter().map(|work| work.calls).collect::<Vec<_>>(), [1]);

    let (context, _) = campaign::context(Script::new(&[]).within("calls (0)"));
    let error = Planner::new(context).plan(brief).await.unwrap_err();
    assert!(matches!(error, ModelError::BudgetSpent { .. }), "who asked nothing has failed at nothing: {error}");
}

#[tokio::test]
async fn a_planner_may_look_something_up_before_it_claims_and_no_more_than_so_often() {
    let mut state = campaign::after(2);
    let id = campaign::candidate(1, 0);
    state.candidates.get_mut(&id).unwrap().measurement.as_mut().unwrap().cells[2][0].violations = 3;
    let ask = |what: &str, of: &str| json!({"what": what, "of": of});
    let first =
        json!({"ask": [ask("Source", id.short()), ask("signal", "prompt"), ask("signal", "priority")], "arms": []});
    let three = json!({"ask": [ask("where", id.short()), ask("where", "reference"), ask("behaviour", id.short())]});
    let last = json!({"ask": [ask("where", "ffffffff")]});
    let again = json!({"ask": [ask("where", id.short())]});
    let claim = reply(&[arm("main", "main")]);
    let (context, model) = campaign::context(Script::new(
        &[&first, &three, &last, &again]
            .map(|ask| ask.to_string())
            .iter()
            .map(String::as_str)
            .chain([claim.as_str()])
            .collect::<Vec<_>>(),
    ));
    let brief = Brief { state: &state, source: None, space: None, library: Some(&Shelf) };
    let answer = Planner::new(context).plan(brief).await.unwrap();
    assert_eq!((answer.content.unwrap().arms.len(), answer.work[0].calls), (1, 5));
    let asked = model.asked.lock().unwrap();
    let [(plain, a), (once, b), (corrected, c), (twice, d), (thrice, e)] = asked.as_slice() else {
        panic!("{}", asked.len())
    };
    assert!(a < b && b < c && c < d && d < e, "each round has its ordinal: {a} {b} {c} {d} {e}");
    assert!(once.user.starts_with(&plain.user) && plain.user.contains("# Your task"));
    for words in [
        &format!("// source of {id}"),
        "100 requests of the search workloads",
        "| 0 to 4 | 5 | 0.04 | 0.02 to 0.06 |",
        "No answer: `priority` is no signal of a single request",
        "You have 2 questions left",
    ] {
        assert!(once.user.contains(words), "{words}: {}", once.user);
    }
    assert!(corrected.user.contains("it asks 3 questions, and may ask 2 more"), "{}", corrected.user);
    assert!(twice.user.contains("No answer: no candidate of this campaign has this id"), "{}", twice.user);
    assert!(twice.user.contains("You have 1 question left"), "what has no answer counts once a reply: {}", twice.user);
    let margins = "; margins to the guards: regret +";
    let where_to = "Where it refused protected requests: chatbot_near: 3.";
    assert!(thrice.user.contains(where_to), "{}", thrice.user);
    assert!(thrice.user.contains(margins) && thrice.user.contains("You have no questions left"), "{}", thrice.user);
}
