//! What is in the digest of a campaign, and what is in the chain beside it.

use crate::made_up::{append, inputs, play, started};
use proptest::prelude::*;
use science::event::Event;
use science::id::Hash;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use store::Store;

fn events() -> Vec<Event> {
    let opened = started(1);
    let first = Event::Started(Box::new(opened.clone()));
    std::iter::once(first).chain(play(&opened).into_iter().map(|step| step.event)).collect()
}

fn workloads() -> Vec<String> {
    started(1).workload_names()
}

/// Where two values differ, as paths without positions.
fn differing(path: &str, one: &Value, other: &Value, found: &mut BTreeSet<String>) {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                let (a, b) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
                differing(&format!("{path}.{key}"), a, b, found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).for_each(|(a, b)| differing(path, a, b, found));
        }
        (a, b) if a != b => drop(found.insert(path.to_owned())),
        _ => {}
    }
}

#[test]
fn these_fields_are_words_and_no_others() {
    let mut words = BTreeSet::new();
    for event in events() {
        let (meaning, _) = event.split(&workloads());
        let json = |event: &Event| serde_json::to_value(event).unwrap();
        differing(event.kind(), &json(&event), &json(&meaning), &mut words);
    }
    // Of the fields that the made-up campaign fills. `overloaded` and `scope` name workloads, which stand there as positions.
    let expected = [
        "arm-judged.finding.reason",
        "arm-skipped.reason",
        "bundle-registered.asked.find",
        "bundle-registered.asked.replace",
        "bundle-registered.bundle.arms.design.intent",
        "bundle-registered.bundle.arms.diagnostic",
        "bundle-registered.bundle.arms.hypothesis",
        "bundle-registered.bundle.arms.mechanism",
        "bundle-registered.bundle.arms.prediction.scope",
        "bundle-registered.bundle.question",
        "calibrated.yardsticks.overloaded",
        "candidate-written.candidate.source",
        "executor-failed.reason",
        "plan-failed.asked.find",
        "plan-failed.asked.replace",
        "plan-failed.reason",
        "principles-revised.changes.insert.mechanism",
        "principles-revised.changes.insert.regime",
        "principles-revised.changes.insert.statement",
        "principles-revised.changes.refine.mechanism",
        "principles-revised.changes.refine.regime",
        "principles-revised.changes.refine.statement",
        "principles-revised.changes.retire.reason",
        "repair-failed.reason",
        "simplified.candidate.source",
        "simplified.tried.change",
        "started.experiment.baseline",
        "started.experiment.question",
        "started.experiment.reference",
        "started.experiment.scenarios",
        "started.experiment.space",
        "started.inputs.campaign.toml",
        "started.inputs.scenarios/near.toml",
        "started.name",
        "started.scenarios",
        "started.spec.aim.cost.meaning",
        "started.spec.aim.gain.meaning",
        "started.spec.aim.worth.meaning",
        "started.spec.features.meaning",
        "started.spec.inputs.meaning",
        "started.spec.metrics.meaning",
        "started.spec.series.meaning",
        "started.toolchain",
        "started.version",
        "tuned.retuned.source",
    ];
    assert_eq!(words.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

proptest! {
    #[test]
    fn what_is_taken_apart_is_put_together_and_other_words_mean_the_same(word in "\\PC*", at in any::<prop::sample::Index>()) {
        for event in events() {
            let (meaning, words) = event.split(&workloads());
            prop_assert_eq!(&Event::join(meaning.clone(), words.clone(), &workloads()).unwrap(), &event);
            // Its JSON too, which is what is stored.
            let stored: Event = serde_json::from_str(&serde_json::to_string(&meaning).unwrap()).unwrap();
            prop_assert_eq!(&stored, &meaning);

            let texts: Vec<usize> = (0..words.len()).filter(|at| words[*at].is_string()).collect();
            if texts.is_empty() {
                continue;
            }
            let mut others = words.clone();
            others[texts[at.index(texts.len())]] = Value::String(word.clone());
            let other = Event::join(meaning.clone(), others.clone(), &workloads()).unwrap();
            prop_assert_eq!(other.split(&workloads()), (meaning.clone(), others));

            // One word too few or too many is no event.
            prop_assert!(Event::join(meaning.clone(), words[1..].to_vec(), &workloads()).is_err());
            let more = [words.as_slice(), &[Value::Null]].concat();
            prop_assert!(Event::join(meaning, more, &workloads()).is_err());
        }
    }
}

#[test]
fn a_workload_is_meant_by_its_position_and_not_by_its_name() {
    let calibrated = events().remove(1);
    let names = |names: [&str; 2]| names.map(String::from).to_vec();
    let (meaning, words) = calibrated.split(&names(["near", "far"]));
    let Event::Calibrated { yardsticks, .. } = &meaning else { panic!("{meaning:?}") };
    assert_eq!((yardsticks.overloaded.as_slice(), words.len()), (["#1".to_owned()].as_slice(), 0));
    let renamed = Event::join(meaning.clone(), vec![], &names(["calm", "rush"])).unwrap();
    let Event::Calibrated { yardsticks, .. } = &renamed else { panic!("{renamed:?}") };
    assert_eq!(yardsticks.overloaded, ["rush"]);
    assert_eq!(renamed.split(&names(["calm", "rush"])), (meaning, vec![]));
    // Another position is another meaning.
    assert_ne!(calibrated.split(&names(["far", "near"])).0, calibrated.split(&names(["near", "far"])).0);
}

/// The digests of the made-up campaign with this opening: of what it means, and of its words.
async fn digests(change: impl Fn(&mut science::event::Started), files: BTreeMap<String, String>) -> (Hash, Hash) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    let store = Store::open(&path).await.unwrap();
    let mut opened = started(1);
    opened.inputs = files.iter().map(|(path, text)| (path.clone(), Hash::of(text.as_bytes()))).collect();
    change(&mut opened);
    let id = store.create(&opened, Path::new("/"), &files).await.unwrap();
    let mut digest = store.load(&id).await.unwrap().head.digest();
    for step in play(&opened) {
        digest = append(&store, &id, &step).await.unwrap();
    }
    let pool = crate::lineage::raw(&path).await;
    let words: Vec<String> =
        sqlx::query_scalar("SELECT words FROM events ORDER BY seq").fetch_all(&pool).await.unwrap();
    (digest, Hash::of(words.concat().as_bytes()))
}

#[tokio::test]
async fn a_renamed_copy_with_a_comment_has_the_same_digest_and_other_words() {
    let (digest, words) = digests(|_| {}, inputs()).await;
    let mut commented = inputs();
    commented.entry("campaign.toml".into()).and_modify(|text| text.push_str("\n# a comment"));
    let renamed = |opened: &mut science::event::Started| {
        opened.name = "copy".into();
        opened.version = "0.9".into();
        opened.experiment.question = "What now?".into();
        opened.experiment.scenarios = vec!["a.toml".into(), "b.toml".into()];
    };
    let (same, others) = digests(renamed, commented).await;
    assert_eq!(same, digest);
    assert_ne!(others, words);
    // The control: what has an effect is in the digest.
    assert_ne!(digests(|opened| opened.experiment.seeds += 1, inputs()).await.0, digest);
    assert_ne!(digests(|opened| opened.repairs += 1, inputs()).await.0, digest);
}
