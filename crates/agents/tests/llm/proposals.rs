//! What the planner and the executor make of a model's words.

use crate::campaign::{self, Script};
use agents::llm::{Executor, ModelError, Planner, Reply, Role};
use agents::{Answer, Brief, Executor as _, Planner as _};
use science::bundle::{ArmKind, Bundle, Relation, Side};
use science::outcome::Outcome;
use science::space::Value as Coordinate;
use serde_json::{Value, json};

pub(crate) fn arm(name: &str, kind: &str) -> Value {
    json!({
        "name": name, "kind": kind, "hypothesis": "h", "mechanism": "m", "diagnostic": "d", "metric": "saving",
        "against": ["reference"], "scope": [], "relation": "at-least", "size": 0.02, "confidence": 0.4, "intent": "i",
    })
}

fn with(mut object: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

pub(crate) fn reply(arms: &[Value]) -> String {
    json!({"question": "q", "parent": "reference", "arms": arms}).to_string()
}

async fn plan(texts: &[&str]) -> Result<Answer<Bundle>, ModelError> {
    let state = campaign::after(2);
    let (context, _) = campaign::context(Script::new(texts));
    Planner::new(context).plan(Brief { state: &state, source: None, space: None, library: None }).await
}

/// The bundle that the planner makes of one reply.
async fn bundle(text: &str) -> Bundle {
    plan(&[text]).await.unwrap().content.unwrap()
}

/// What the planner says about a reply that it cannot use.
async fn problem(text: &str) -> String {
    plan(&[text, text, text]).await.unwrap().content.unwrap_err()
}

#[tokio::test]
async fn a_flat_reply_becomes_a_bundle() {
    let id = campaign::candidate(1, 0);
    let main = with(
        arm("main", "Main"),
        json!({"against": id.short(), "metric": "Saving", "point": {"family": "power", "exponent": 7},
            "uses": "In_Flight", "note": "a field that nobody asked for"}),
    );
    let control = with(
        arm("control-2", "control_negative"),
        json!({"against": ["main"], "relation": "within", "metric": "E2E mean", "scope": "chatbot_near", "point": null}),
    );
    let text = format!("Here you are.\n```json\n{}\n```", reply(&[main, control]));
    let bundle = bundle(&text).await;
    let [main, control] = bundle.arms.as_slice() else { panic!("two arms") };
    assert_eq!(
        (&bundle.parent, main.kind, main.prediction.metric.as_str()),
        (&Side::Reference, ArmKind::Main, "saving")
    );
    assert_eq!(main.prediction.against, [Side::Candidate(id)]);
    assert_eq!(main.design.point.as_ref().unwrap()["exponent"], Coordinate::Number(7.0));
    assert_eq!((&main.design.uses, &control.design.uses), (&["in_flight".to_owned()].into(), &[].into()));
    assert_eq!(control.prediction.against, [Side::Arm("main".into())]);
    assert_eq!((control.prediction.relation, control.prediction.metric.as_str()), (Relation::Within(0.02), "e2e_mean"));
    assert_eq!((control.prediction.scope.as_slice(), &control.design.point), (&["chatbot_near".to_owned()][..], &None));
}

#[tokio::test]
async fn a_design_that_names_a_candidate_takes_it_as_it_stands_and_where_it_lies() {
    let (id, mut state) = (campaign::candidate(1, 0), campaign::after(2));
    let own = Some([("family".to_owned(), Coordinate::Choice("step".into()))].into());
    state.candidates.get_mut(&id).unwrap().candidate.point = own.clone();
    for text in [id.short().to_owned(), format!(" candidate `{id}`")] {
        let named = reply(&[with(arm("main", "main"), json!({"intent": text}))]);
        let planner = Planner::new(campaign::context(Script::new(&[&named])).0);
        let brief = Brief { state: &state, source: None, space: None, library: None };
        let main = planner.plan(brief).await.unwrap().content.unwrap().arms.remove(0);
        assert_eq!((main.design.candidate.as_ref(), &main.design.point), (Some(&id), &own));
        assert_eq!(main.design.intent, format!("candidate {}, as it stands", id.short()));
    }
    let itself = with(arm("main", "main"), json!({"intent": id.as_str(), "against": [id.as_str()]}));
    assert!(problem(&reply(&[itself])).await.contains("compares it with itself"));
    let described = with(arm("main", "main"), json!({"intent": format!("{id}, but steeper")}));
    assert_eq!(bundle(&reply(&[described])).await.arms[0].design.candidate, None);
}

/// A reply as an endpoint writes it that enforces `schema`: every field of every object, null where that is allowed.
fn enforced(schema: &Value) -> Value {
    if let Some(choices) = schema["enum"].as_array() {
        return choices[0].clone();
    }
    let kinds = [&schema["type"]].into_iter().chain(schema["type"].as_array().into_iter().flatten());
    match kinds.last().unwrap().as_str().unwrap() {
        "null" => Value::Null,
        "number" => json!(0.5),
        "string" => json!("reference"),
        "array" => json!([enforced(&schema["items"])]),
        "object" => {
            let fields = schema["properties"].as_object().unwrap();
            assert_eq!(schema["required"].as_array().unwrap().len(), fields.len());
            assert_eq!(schema["additionalProperties"], false);
            fields.iter().map(|(name, field)| (name.clone(), enforced(field))).collect()
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_reply_that_keeps_to_the_strict_schema_can_be_read() {
    let (mut context, _) = campaign::context(Script::new(&[]));
    context.settings.structured = true;
    let state = campaign::after(2);
    let request =
        Planner::new(context).request(Brief { state: &state, source: None, space: None, library: None }).unwrap();
    let mut reply = enforced(&request.schema.unwrap());
    reply["arms"][0]["name"] = json!("main");
    assert_eq!(reply["arms"][0]["point"], Value::Null);
    let main = bundle(&reply.to_string()).await.arms.remove(0);
    assert_eq!((main.kind, main.prediction.against), (ArmKind::Main, vec![Side::Reference]));
}

#[tokio::test]
async fn a_wrong_reply_is_answered_with_the_precise_problem() {
    let main = || arm("main", "main");
    let cases = [
        (
            reply(&[with(main(), json!({"metric": "speed"}))]),
            "`arms[0].metric`: unknown name `speed`, expected one of `saving`, `improvement`, `extra_shed_value`, `ttft_p90`",
        ),
        (reply(&[with(main(), json!({"size": "2 %"}))]), "`arms[0].size`: invalid type: string \"2 %\", expected f64"),
        (reply(&[with(main(), json!({"size": -0.1}))]), "it must be above zero"),
        (reply(&[with(main(), json!({"hypothesis": null}))]), "`arms[0]`: missing field `hypothesis`"),
        (reply(&[with(main(), json!({"mechanism": " "}))]), "`arms[0].mechanism`: is empty"),
        (
            reply(&[with(main(), json!({"intent": "x".repeat(2000)}))]),
            "`arms[0].intent`: has 2000 characters; at most 1500",
        ),
        (reply(&[with(main(), json!({"name": "../etc"}))]), "`arms[0].name` must have 1 to 40 characters of a-z"),
        (
            reply(&[with(main(), json!({"kind": "magic"}))]),
            "`arms[0].kind`: unknown variant `magic`, expected one of `main`, `ablation`",
        ),
        (
            reply(&[with(main(), json!({"against": ["the quintic"]}))]),
            "`arms[0].against`: `the quintic` is neither `baseline` nor `reference`",
        ),
        (reply(&[with(main(), json!({"against": ["deadbeefdeadbeef"]}))]), "nor the id of a candidate"),
        (
            reply(&[with(main(), json!({"against": 3}))]),
            "`arms[0].against`: `3` is wrong; it must be a list of strings",
        ),
        (reply(&[with(main(), json!({"against": []}))]), "compares with nothing"),
        (
            reply(&[with(main(), json!({"scope": ["nowhere"], "metric": "improvement"}))]),
            "`nowhere`, which is no scenario",
        ),
        (reply(&[with(main(), json!({"scope": ["chatbot_near"]}))]), "leave `scope` empty"),
        (
            reply(&[with(main(), json!({"point": {"family": ["x"]}}))]),
            "`arms[0].point`: has `family` = [\"x\"]; a coordinate is a number or a word",
        ),
        (
            reply(&[with(main(), json!({"point": {"family": "power", "exponent": 99.0}}))]),
            "outside of the declared space",
        ),
        (reply(&[with(main(), json!({"point": {"family": "power", "exponent": 2.005}}))]), "principle P1 forbids this"),
        (
            reply(&[with(main(), json!({"uses": ["saturation"]}))]),
            "`arms[0].uses`: unknown name `saturation`, expected one of `prompt`, `priority`",
        ),
        (reply(&[main(), main()]), "its name is used twice"),
        (reply(&[arm("a", "ablation")]), "the first arm must be of kind `main`"),
        (reply(&[]), "`arms` has 0 entries"),
        (json!({"question": "q", "arms": [main()]}).to_string(), "the reply: missing field `parent`"),
        (json!({"parent": "main", "question": "q", "arms": [main()]}).to_string(), "`parent`: `main` is neither"),
        ("```json\n{\"question\": }\n```".into(), "not valid JSON: expected value at line 1 column 14"),
        ("I am sorry, I cannot.".into(), "holds no JSON object"),
    ];
    for (text, expected) in cases {
        let problem = problem(&text).await;
        assert!(problem.contains(expected), "{problem:?} does not say {expected:?}");
    }
}

#[tokio::test]
async fn an_invalid_reply_is_answered_twice_at_most_and_each_round_has_its_ordinal() {
    let state = campaign::after(0);
    let (context, model) = campaign::context(Script::new(&["no", "```\n{}\n```", &reply(&[arm("main", "main")])]));
    let answer =
        Planner::new(context).plan(Brief { state: &state, source: None, space: None, library: None }).await.unwrap();
    assert_eq!(answer.content.unwrap().arms.len(), 1);
    assert_eq!((answer.work.len(), answer.work[0].calls, answer.work[0].role), (1, 3, Role::Plan));
    let asked = model.asked.lock().unwrap();
    let [(first, 64), (second, 65), (third, 66)] = asked.as_slice() else { panic!("{}", asked.len()) };
    assert!(second.user.starts_with(&first.user) && second.system == first.system);
    assert!(second.user.contains("What is wrong with it: the reply holds no JSON object."));
    assert!(third.user.contains("````\n```\n{}\n```\n````") && third.user.contains("missing field `question`"));
    assert!(!third.user.contains("holds no JSON object"), "earlier rounds are left out");
    let keys = [first.key(), second.key(), third.key()];
    assert!(keys[0] != keys[1] && keys[1] != keys[2]);
}

#[tokio::test]
async fn a_bundle_that_contradicts_itself_comes_back_before_anybody_writes() {
    let control = |more: Value| {
        let control =
            json!({"against": ["main"], "intent": "j", "metric": "improvement", "relation": "within", "size": 0.01});
        with(with(arm("control", "control-negative"), control), more)
    };
    let main = || with(arm("main", "main"), json!({"size": 0.05}));
    let cases = [
        (vec![main(), control(json!({"relation": "at-least"}))], "a control must not matter if the mechanism is right"),
        (vec![main(), control(json!({"metric": "saving", "size": 0.06}))], "a control has to be narrower"),
        (vec![main(), control(json!({"intent": "main"}))], "it compares the main design with itself"),
        (
            vec![with(main(), json!({"interval": [0.0, 0.02], "confidence": 0.9}))],
            "its claim fails all over the interval",
        ),
        (vec![with(main(), json!({"interval": [0.0499, 0.0501]}))], "lies too close to the truth to be decided"),
        (vec![with(main(), json!({"at_most": 0.0501}))], "claims between 5.00 % and 5.01 %"),
        (vec![with(main(), json!({"relation": "within", "size": 0.0001}))], "calls 0.01 % no difference"),
        (vec![with(main(), json!({"against": ["reference", "baseline"]}))], "name one side"),
    ];
    for (arms, expected) in cases {
        let consistent = reply(&[main(), control(json!({}))]);
        let state = campaign::after(0);
        let (context, model) = campaign::context(Script::new(&[&reply(&arms), &consistent]));
        let brief = Brief { state: &state, source: None, space: None, library: None };
        let answer = Planner::new(context).plan(brief).await.unwrap();
        assert_eq!(answer.content.map(|bundle| bundle.arms.len()), Ok(2), "{expected}");
        let asked = model.asked.lock().unwrap();
        assert!(asked[1].0.user.contains(expected), "{expected}: {}", asked[1].0.user);
    }
}

#[tokio::test]
async fn nothing_is_claimed_against_what_never_ran_nor_of_a_design_that_is_its_parents() {
    let mut state = campaign::after(2);
    let (ran, never) = (campaign::candidate(1, 0), campaign::candidate(2, 0));
    let record = state.candidates.get_mut(&never).unwrap();
    (record.outcome, record.measurement, record.score) = (Some(Outcome::DoesNotCompile), None, None);
    let point = json!({"family": "power", "exponent": 4.0});
    let declared = serde_json::from_value(point.clone()).unwrap();
    state.candidates.get_mut(&ran).unwrap().candidate.point = Some(declared);
    let of = |more: Value| reply(&[with(arm("main", "main"), more)]);
    let against = of(json!({"against": [never.as_str()]}));
    let same = of(json!({"against": [ran.as_str()], "point": point}));
    let same = same.replace("\"parent\":\"reference\"", &format!("\"parent\":\"{ran}\""));
    assert!(same.contains(&format!("\"parent\":\"{ran}\"")), "{same}");
    let (context, model) = campaign::context(Script::new(&[&against, &same, "no"]));
    let brief = Brief { state: &state, source: None, space: None, library: None };
    Planner::new(context).plan(brief).await.unwrap().content.unwrap_err();
    let asked = model.asked.lock().unwrap();
    for (request, expected) in
        asked[1..].iter().zip(["which was not scored: does-not-compile", "its parent's own point"])
    {
        assert!(request.0.user.contains(expected), "{expected}: {}", request.0.user);
    }
}

#[tokio::test]
async fn after_three_unusable_replies_the_iteration_fails_with_the_last_reason() {
    assert_eq!(
        problem("no").await,
        "none of 3 replies is a usable bundle; of the last: the reply holds no JSON object"
    );
}

#[tokio::test]
async fn a_main_arm_may_explore_variants_of_its_idea_and_then_stands_alone() {
    let main = with(arm("main", "main"), json!({"variants": ["steeper", "by the queue"]}));
    let bundle = bundle(&reply(std::slice::from_ref(&main))).await;
    assert_eq!(bundle.arms[0].design.variants, ["steeper", "by the queue"]);
    let control = with(arm("control", "control-negative"), json!({"against": ["main"]}));
    let problem = problem(&reply(&[main, control])).await;
    assert!(problem.contains("it takes no other arm"), "{problem}");
}

#[tokio::test]
async fn an_independent_draft_has_one_arm() {
    let mut state = campaign::after(2);
    state.started.as_mut().unwrap().experiment.agents.independent = true;
    let two = reply(&[arm("main", "main"), with(arm("again", "robustness"), json!({"against": ["main"]}))]);
    let (context, _) = campaign::context(Script::new(&[&two, &two, &two]));
    let answer =
        Planner::new(context).plan(Brief { state: &state, source: None, space: None, library: None }).await.unwrap();
    assert!(answer.content.unwrap_err().contains("an independent draft: it takes one arm"));
}

#[tokio::test]
async fn a_model_that_cannot_be_reached_is_not_an_unusable_one() {
    assert_eq!(plan(&[]).await, Err(ModelError::Record("the script is over".into())));
}

async fn implement(reply: Reply) -> Result<String, String> {
    let state = campaign::after(1);
    let (context, _) = campaign::context(Script::of(vec![reply.clone(), reply]));
    let arm = &state.iterations[0].bundle.as_ref().unwrap().arms[1];
    Executor::new(context)
        .implement(Brief { state: &state, source: None, space: None, library: None }, arm)
        .await
        .unwrap()
        .content
        .map(|sources| sources.concat())
}

const CODE: &str = "use chooser::prelude::*;\nimpl Chooser for Policy {}\n";

#[tokio::test]
async fn variants_are_written_in_one_answer() {
    let mut state = campaign::after(1);
    let mut arm = state.iterations[0].bundle.as_ref().unwrap().arms[0].clone();
    arm.design.variants = vec!["steeper".into(), "flatter".into()];
    state.iterations[0].bundle.as_mut().unwrap().arms = vec![arm.clone()];
    let edit = "```diff\n<<<<<<< SEARCH\nimpl Chooser\n=======\nimpl Chooser\n>>>>>>> REPLACE\n```";
    let wrong = edit.replace("impl Chooser\n=", "nowhere\n=");
    let (context, script) = campaign::context(Script::new(&[&format!("```rust\n{CODE}```\n{wrong}\n{edit}")]));
    let brief = Brief {
        state: &state,
        source: Some("pub struct Policy;\nimpl Chooser\nfor Policy {}\n"),
        space: None,
        library: None,
    };
    let sources = Executor::new(context).implement(brief, &arm).await.unwrap().content.unwrap();
    let unusable =
        "// What was written for this design cannot be used: an edit looks for `nowhere`, which stands there 0 times\n";
    assert_eq!(sources, [CODE, unusable, "pub struct Policy;\nimpl Chooser\nfor Policy {}\n"], "each keeps its place");
    let user = script.asked.lock().unwrap()[0].0.user.clone();
    assert!(user.contains("Further designs of the same idea") && user.contains("\n- steeper\n"), "{user}");
}

#[tokio::test]
async fn a_single_design_may_be_written_as_edits_of_the_source_to_start_from() {
    let state = campaign::after(1);
    let arm = state.iterations[0].bundle.as_ref().unwrap().arms[0].clone();
    let edit =
        |found: &str| format!("```diff\n<<<<<<< SEARCH\n{found}\n=======\nconst B: f64 = 2.0;\n>>>>>>> REPLACE\n```");
    let (context, script) = campaign::context(Script::new(&[&edit("const A"), &edit("const A: f64 = 1.0;")]));
    let parent = format!("const A: f64 = 1.0;\n{CODE}");
    let brief = Brief { state: &state, source: Some(&parent), space: None, library: None };
    let sources = Executor::new(context).implement(brief, &arm).await.unwrap().content.unwrap();
    assert_eq!(sources, [format!("const B: f64 = 2.0;\n{CODE}")]);
    let corrected = script.asked.lock().unwrap()[1].0.user.clone();
    assert!(corrected.contains("an edit looks for `const A`, which stands there 0 times"), "{corrected}");
}

#[tokio::test]
async fn the_main_design_as_it_is_is_taken_over_without_asking() {
    let state = campaign::after(1);
    let bundle = state.iterations[0].bundle.as_ref().unwrap();
    for (kind, intent) in [(ArmKind::ControlNegative, "Main"), (ArmKind::SuperAdditivity, "as the main arm")] {
        let mut arm = bundle.arms[1].clone();
        (arm.kind, arm.design.intent) = (kind, intent.into());
        let (context, script) = campaign::context(Script::new(&[]));
        let brief = Brief { state: &state, source: Some(CODE), space: None, library: None };
        let answer = Executor::new(context).implement(brief, &arm).await.unwrap();
        assert_eq!((answer.content, answer.work.len()), (Ok(vec![CODE.to_owned()]), 0));
        assert_eq!(script.asked.lock().unwrap().len(), 0);
    }
}

#[tokio::test]
async fn the_executors_reply_is_a_source_or_says_why_it_is_none() {
    let text = |text: &str| Reply { text: text.into(), ..Reply::default() };
    assert_eq!(implement(text(&format!("Sure:\n```rust\n{CODE}```\nEnjoy."))).await.unwrap(), CODE);
    let cases = [
        (text("  "), "the reply is empty (finish reason: none given)"),
        (
            Reply { finish_reason: Some("content_filter".into()), ..text("") },
            "the reply is empty (finish reason: content_filter)",
        ),
        (Reply { refusal: Some("no\nway".into()), ..text(CODE) }, "the model refused: no way"),
        (text("I would do it so and so."), "the reply holds no Rust code"),
    ];
    for (reply, expected) in cases {
        let expected = format!("none of 2 replies is a usable file; of the last: {expected}");
        assert_eq!(implement(reply).await, Err(expected));
    }
}
