//! Two candidates beside each other.

use crate::campaign::{FIRST, events, fold, opening, record};
use report::contrast::{Side, campaigns, compared};
use report::{json, terminal};
use science::event::Event;
use science::id::CandidateId;
use science::nonce::Nonce;
use science::state::State;

fn side<'a>(campaign: &'a str, state: &'a State, candidate: &'a CandidateId, source: &'a str) -> Side<'a> {
    Side { campaign, state, candidate, source }
}

#[test]
fn candidates_of_one_campaign_are_paired_and_those_of_campaigns_with_other_seeds_are_not() {
    let (state, first) = (fold(&events()), CandidateId::from(FIRST.to_owned()));
    let scored = state.order.iter().rfind(|id| state.candidates[*id].measurement.is_some()).expect("a score");
    assert_ne!(*scored, first);
    let left = side("c0ffee00", &state, &first, "a\nb\n");
    let paired = compared(left, side("c0ffee00", &state, scored, "a\nc\n"));
    let shown = json::contrast(&paired);
    assert!(shown["unpaired"].is_null() && shown["over"] == "3 seeds", "{shown:#}");
    assert_eq!(shown["workloads"].as_array().map(Vec::len), Some(2));
    assert_eq!(shown["source"], "  a\n- b\n+ c\n");
    let text = terminal::contrast(&paired, state.spec(), 100, false);
    assert!(
        text.contains("the second gains more in") && text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );

    let mut events = events();
    events[0] = Event::Started(Box::new(science::event::Started { nonce: Nonce::of(99), ..opening() }));
    let other = fold(&events);
    let apart = compared(left, side("deadbeef", &other, &first, "a\nb\n"));
    let shown = json::contrast(&apart);
    assert_eq!(shown["unpaired"], "their campaigns have other seeds and workloads");
    assert!(shown["effects"] == serde_json::json!([]) && shown["source"] == "", "{shown:#}");
    let differs =
        |what: &str| shown["specification"].as_array().is_some_and(|all| all.iter().any(|one| one["what"] == what));
    assert!(differs("campaign: nonce") && !differs("campaign: problem"), "{shown:#}");
    let text = terminal::contrast(&apart, state.spec(), 100, false);
    assert!(text.contains("They share no panel") && text.contains("They are written alike."), "{text}");
}

#[test]
fn two_campaigns_are_held_beside_each_other_by_what_was_answered_and_what_it_took() {
    let (state, nothing) = (fold(&events()), State::default());
    let rows = campaigns(&record(&state), &record(&nothing));
    let shown = json::campaigns(&rows);
    let row = |what: &str| shown.as_array().and_then(|rows| rows.iter().find(|row| row["what"] == what)).cloned();
    let claims = row("claims").expect("a row");
    assert!(
        claims["left"].as_str().is_some_and(|said| said.contains("confirmed")) && claims["right"] == "-",
        "{shown:#}"
    );
    assert_eq!(row("answer").map(|row| row["left"].clone()), Some("not sealed".into()), "{shown:#}");
    let text = terminal::campaigns(&rows, 80, false);
    assert!(text.starts_with("Campaigns\n") && text.lines().all(|line| line.chars().count() <= 80), "{text}");
}
