//! The events that figures follow from, beside each figure: whoever doubts one can read what it rests on.

use super::named::OTHERS;
use crate::record::Record;
use science::id::CandidateId;
use science::origins::Origins;
use serde_json::{Map, Value, json};

/// The same value in which everything that is about a finding, a candidate or a principle has `events`: the numbers of the events that
/// it follows from.
pub(super) fn cited(mut out: Map<String, Value>, record: &Record<'_>) -> Value {
    let origins = record.origins;
    let champion = record.state.started.as_ref().and_then(|_| record.state.champion());
    let champion = champion.map(|champion| of_candidate(origins, champion.id.as_str())).unwrap_or_default();
    let sealed: Vec<u64> = champion.into_iter().chain(origins.ended.iter().copied()).collect();
    let judged: Vec<u64> = origins.findings.iter().flatten().filter_map(|(_, events)| events.last().copied()).collect();
    let whole = [
        ("page", &sealed),
        ("sealed", &sealed),
        ("yardsticks", &origins.yardsticks),
        ("finals", &origins.finals),
        ("simplification", &origins.simplification),
        ("calibration", &judged),
    ];
    for (key, events) in whole {
        if let Some(Value::Object(fields)) = out.get_mut(key) {
            fields.insert("events".into(), json!(events));
        }
    }
    if let Some(Value::Object(sealed)) = out.get_mut("sealed") {
        // Looks are observations: they lie outside of the digest.
        let looks = (0..record.looks.len()).map(|ordinal| json!({ "kind": "sealed-look", "ordinal": ordinal }));
        sealed.insert("observations".into(), looks.collect());
    }
    walked(Value::Object(out), origins)
}

fn walked(value: Value, origins: &Origins) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(|item| walked(item, origins)).collect()),
        Value::Object(fields) => {
            let events = events(&fields, origins);
            let keep = |key: &String| OTHERS.contains(&key.as_str());
            let walk = |(key, value): (String, Value)| match keep(&key) {
                true => (key, value),
                false => (key, walked(value, origins)),
            };
            let mut out: Map<String, Value> = fields.into_iter().map(walk).collect();
            if let Some(events) = events {
                out.insert("events".into(), json!(events));
            }
            Value::Object(out)
        }
        other => other,
    }
}

/// What an object is about, if it is about one thing: a finding before its candidate.
fn events(fields: &Map<String, Value>, origins: &Origins) -> Option<Vec<u64>> {
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    let principle = text("principle").or_else(|| text("id").filter(|_| fields.contains_key("statement")));
    text("finding")
        .map(|finding| of_finding(origins, finding))
        .or_else(|| text("candidate").map(|candidate| of_candidate(origins, candidate)))
        .or_else(|| principle.map(|principle| origins.principles.get(principle).cloned().unwrap_or_default()))
}

fn of_candidate(origins: &Origins, id: &str) -> Vec<u64> {
    origins.candidates.get(&CandidateId::from(id.to_owned())).cloned().unwrap_or_default()
}

/// Of a finding by its name, `F<iteration>.<arm>`.
fn of_finding(origins: &Origins, name: &str) -> Vec<u64> {
    let parts = name.strip_prefix('F').and_then(|rest| rest.split_once('.'));
    let found = parts
        .and_then(|(iteration, arm)| origins.findings.get(iteration.parse::<usize>().ok()?.checked_sub(1)?)?.get(arm));
    found.cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Held;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_about_a_finding_a_candidate_or_a_principle_says_which_events_it_follows_from() {
        let mut held = Held::default();
        held.origins.findings = vec![BTreeMap::from([("main".to_owned(), vec![2, 5, 9])])];
        held.origins.candidates.insert(CandidateId::from("c1".to_owned()), vec![3, 4]);
        held.origins.principles.insert("P1".into(), vec![10]);
        held.origins.yardsticks = vec![0, 1];
        let value = json!({
            "lineage": [{"candidate": "c1", "findings": [{"finding": "F1.main"}]}, {"candidate": "c2"}],
            "principles": {"active": [{"id": "P1", "statement": "s"}]},
            "iterations": [{"arms": [{"finding": "F1.main", "candidate": "c1", "point": {"candidate": "x"}}]}],
            "yardsticks": {"rows": []},
            "finals": null,
        });
        let Value::Object(fields) = value else { unreachable!("it is an object") };
        let cited = cited(fields, &held.record());
        let at = |pointer: &str| cited.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(at("/lineage/0/events"), json!([3, 4]));
        assert_eq!((at("/lineage/0/findings/0/events"), at("/lineage/1/events")), (json!([2, 5, 9]), json!([])));
        assert_eq!((at("/principles/active/0/events"), at("/yardsticks/events")), (json!([10]), json!([0, 1])));
        assert_eq!(
            (at("/iterations/0/arms/0/events"), at("/iterations/0/arms/0/point/events")),
            (json!([2, 5, 9]), Value::Null)
        );
    }
}
