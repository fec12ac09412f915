//! The event log: what goes in comes out, and nothing else goes in.

use crate::lineage::{raw, tamper, wrong};
use crate::made_up::{self, Played, append, commit, fold, inputs, play, put, record, started};
use science::event::{EndReason, Event};
use science::id::Hash;
use std::collections::BTreeSet;
use std::path::Path;
use store::{Extra, Loaded, Observation, Store, StoreError};

#[tokio::test]
async fn every_kind_of_event_reads_back_as_it_was_appended() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("lineage.db")).await.unwrap();
    let (id, played) = record(&store, 1, dir.path()).await;
    let stored: Vec<Event> = store.events(&id).await.unwrap().into_iter().map(|stored| stored.event).collect();
    assert_eq!(stored[0], Event::Started(Box::new(started(1))));
    assert_eq!(stored[1..], played.iter().map(|step| step.event.clone()).collect::<Vec<_>>());
    let kinds: BTreeSet<&str> = stored.iter().map(Event::kind).collect();
    assert_eq!(kinds.len(), 17, "the made-up campaign lacks a kind: {kinds:?}");
}

#[tokio::test]
async fn the_folded_state_equals_the_applied_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    let store = Store::open(&path).await.unwrap();
    let (id, played) = record(&store, 1, dir.path()).await;
    store.close().await;
    let loaded = Store::open_existing(&path).await.unwrap().load(&id).await.unwrap();
    assert_eq!(format!("{:?}", loaded.state), format!("{:?}", fold(&started(1), &played)));
    assert_eq!(loaded.state.ended, Some(EndReason::Completed));
    assert_eq!(loaded.head.next_seq(), played.len() as u64 + 1);
}

#[tokio::test]
async fn a_step_can_be_appended_by_a_store_that_has_just_been_opened() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    let id = Store::open(&path).await.unwrap().create(&started(1), dir.path(), &inputs()).await.unwrap();
    for step in &play(&started(1)) {
        let store = Store::open(&path).await.unwrap();
        let digest = append(&store, &id, step).await.unwrap();
        assert_eq!(store.load(&id).await.unwrap().head.digest(), digest);
    }
}

#[tokio::test]
async fn the_digest_depends_on_what_happened_and_not_on_id_directory_time_or_message() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("lineage.db")).await.unwrap();
    let (first, _) = record(&store, 1, Path::new("/here")).await;
    let (other_seed, _) = record(&store, 2, Path::new("/here")).await;
    let again = store.create(&started(1), Path::new("/there"), &inputs()).await.unwrap();
    for step in play(&started(1)) {
        let worded = Played { message: step.message.as_ref().map(|_| "other words".into()), ..step };
        append(&store, &again, &worded).await.unwrap();
    }
    let digest = async |id| store.load(id).await.unwrap().head.digest();
    assert_ne!(first, again);
    assert_eq!(digest(&first).await, digest(&again).await);
    assert_ne!(digest(&first).await, digest(&other_seed).await);
}

#[tokio::test]
async fn a_step_that_another_process_took_is_a_conflict_and_the_campaign_goes_on_from_what_is_on_record() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    let (mine, theirs) = (Store::open(&path).await.unwrap(), Store::open(&path).await.unwrap());
    let id = mine.create(&started(1), dir.path(), &inputs()).await.unwrap();
    let played = play(&started(1));
    let Loaded { mut state, head, .. } = mine.load(&id).await.unwrap();
    state.apply(&played[0].event).unwrap();
    for step in &played[..2] {
        append(&theirs, &id, step).await.unwrap();
    }
    let error = commit(&mine, &head, &state, &played[0]).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { seq: 1, next: 3, .. }), "{error}");
    assert_eq!(wrong(&mine).await, Vec::<String>::new());
    for step in &played[2..] {
        append(&mine, &id, step).await.unwrap();
    }
    let loaded = theirs.load(&id).await.unwrap();
    assert_eq!(format!("{:?}", loaded.state), format!("{:?}", fold(&started(1), &played)));
}

#[tokio::test]
async fn events_that_are_staged_together_are_all_on_record_or_none_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("lineage.db")).await.unwrap();
    let id = store.create(&started(1), dir.path(), &inputs()).await.unwrap();
    let played = play(&started(1));
    let before = store.load(&id).await.unwrap();
    let staged = |source: Option<&str>| {
        let (mut staged, mut state) = (before.head.stage(), before.state.clone());
        for step in &played[..3] {
            state.apply(&step.event).unwrap();
            let source = step.source.as_ref().and(source);
            staged.push(&step.event, &state, Extra { source, ..Extra::default() }).unwrap();
        }
        staged
    };
    // The third one brings a candidate, whose source is not there.
    let error = store.commit(staged(None)).await.unwrap_err();
    assert!(matches!(error, StoreError::Dangling { .. }), "{error}");
    assert_eq!(store.load(&id).await.unwrap().head.digest(), before.head.digest());
    let head = store.commit(staged(played[2].source.as_deref())).await.unwrap();
    let after = store.load(&id).await.unwrap().head;
    assert_eq!((after.digest(), after.next_seq()), (head.digest(), 4));
}

#[tokio::test]
async fn an_event_that_would_read_back_differently_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("lineage.db")).await.unwrap();
    let id = store.create(&started(1), dir.path(), &inputs()).await.unwrap();
    let Event::Calibrated { mut yardsticks, trials } = play(&started(1))[0].event.clone() else { unreachable!() };
    yardsticks.reference.cells[0][0].gain = f64::INFINITY;
    let Loaded { state, head, .. } = store.load(&id).await.unwrap();
    let event = Event::Calibrated { yardsticks, trials };
    let error = put(&store, &head, &state, &event, Extra::default()).await.unwrap_err();
    assert!(matches!(error, StoreError::Unstorable { .. }), "{error}");
}

#[tokio::test]
async fn what_an_event_does_not_speak_of_is_refused_and_not_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("lineage.db")).await.unwrap();
    let id = store.create(&started(1), dir.path(), &inputs()).await.unwrap();
    let played = play(&started(1));
    let made = made_up::trials("baseline");
    let rows = made_up::rows(&made);
    append(&store, &id, &played[0]).await.unwrap();
    let Loaded { mut state, head, .. } = store.load(&id).await.unwrap();
    state.apply(&played[1].event).unwrap();
    for extra in [
        Extra { source: Some("fn main() {}"), ..Extra::default() },
        Extra { message: Some("hm"), ..Extra::default() },
        Extra { trials: &rows, ..Extra::default() },
    ] {
        let error = put(&store, &head, &state, &played[1].event, extra).await.unwrap_err();
        assert!(matches!(error, StoreError::Unstorable { .. }), "{error}");
    }
    let head = commit(&store, &head, &state, &played[1]).await.unwrap();
    state.apply(&played[2].event).unwrap();
    let other = Extra { source: Some("fn main() {}"), ..Extra::default() };
    let error = put(&store, &head, &state, &played[2].event, other).await.unwrap_err();
    assert!(matches!(error, StoreError::Unstorable { .. }), "{error}");
}

#[tokio::test]
async fn a_candidate_without_its_source_and_a_trial_of_an_unknown_scenario_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("lineage.db")).await.unwrap();
    let id = store.create(&started(1), dir.path(), &inputs()).await.unwrap();
    let played = play(&started(1));
    let made = made_up::trials("baseline");
    let mut rows = made_up::rows(&made);
    rows[0].scenario = "elsewhere";
    let extra = Extra { trials: &rows, ..Extra::default() };
    let Loaded { mut state, head, .. } = store.load(&id).await.unwrap();
    state.apply(&played[0].event).unwrap();
    let error = put(&store, &head, &state, &played[0].event, extra).await.unwrap_err();
    assert!(matches!(error, StoreError::Dangling { .. }), "{error}");
    let mut head = commit(&store, &head, &state, &played[0]).await.unwrap();
    state.apply(&played[1].event).unwrap();
    head = commit(&store, &head, &state, &played[1]).await.unwrap();
    state.apply(&played[2].event).unwrap();
    let error = put(&store, &head, &state, &played[2].event, Extra::default()).await.unwrap_err();
    assert!(matches!(error, StoreError::Dangling { .. }), "{error}");
    commit(&store, &head, &state, &played[2]).await.unwrap();
}

#[tokio::test]
async fn a_campaign_with_other_files_than_it_names_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("lineage.db")).await.unwrap();
    let mut files = inputs();
    files.insert("campaign.toml".into(), "question = \"another\"".into());
    let error = store.create(&started(1), dir.path(), &files).await.unwrap_err();
    assert!(matches!(error, StoreError::Unstorable { .. }), "{error}");
    assert_eq!(store.campaigns().await.unwrap(), vec![]);
}

#[tokio::test]
async fn the_database_itself_refuses_to_change_or_delete_an_event() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    let store = Store::open(&path).await.unwrap();
    record(&store, 1, dir.path()).await;
    let pool = crate::lineage::raw(&path).await;
    for statement in ["UPDATE events SET at_ms = 0", "DELETE FROM events WHERE seq = 3"] {
        assert!(sqlx::query(statement).execute(&pool).await.unwrap_err().to_string().contains("events are never"));
    }
}

#[tokio::test]
async fn a_tampered_event_is_found_and_named() {
    /// Stands for the number of the last event.
    const LAST: u64 = u64::MAX;
    for (statement, damaged) in [
        ("UPDATE events SET payload = replace(payload, '0.36', '0.35') WHERE seq = 4", 4),
        ("UPDATE events SET kind = 'ended' WHERE seq = 2", 2),
        ("UPDATE events SET payload = CAST(x'ff' AS TEXT) WHERE seq = 5", 5),
        ("DELETE FROM events WHERE seq = 3", 3),
        ("DELETE FROM events WHERE seq = 0", 0),
        ("DELETE FROM events", 0),
        ("DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)", LAST),
        ("UPDATE events SET words = replace(words, 'what rustc', 'what gcc') WHERE seq = 4", 4),
        ("UPDATE events SET at_ms = at_ms - 1 WHERE seq = 3", 3),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lineage.db");
        let store = Store::open(&path).await.unwrap();
        let (id, played) = record(&store, 1, dir.path()).await;
        let damaged = damaged.min(played.len() as u64);
        tamper(&path, &[statement]).await;
        let error = store.load(&id).await.unwrap_err();
        assert!(matches!(error, StoreError::DamagedLog { seq, .. } if seq == damaged), "{statement}: {error}");
        assert!(wrong(&store).await.contains(&error.to_string()));
        // Nor is anything appended to it by a process that has not seen it whole.
        let other = Store::open(&path).await.unwrap();
        assert!(append(&other, &id, &played[0]).await.is_err());
    }
}

#[tokio::test]
async fn an_event_of_a_kind_that_this_program_does_not_know_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    let store = Store::open(&path).await.unwrap();
    let id = store.create(&started(1), dir.path(), &inputs()).await.unwrap();
    let before = store.load(&id).await.unwrap().head.digest();
    let payload = r#"{"event":"gate-opened"}"#;
    let digest = Hash::of(format!("{before}gate-opened{payload}").as_bytes());
    let words: String =
        sqlx::query_scalar("SELECT words_digest FROM events").fetch_one(&raw(&path).await).await.unwrap();
    let words = Hash::of(format!("{words}0{{}}").as_bytes());
    let event =
        format!("INSERT INTO events VALUES ('{id}', 1, 'gate-opened', '{payload}', '{digest}', 0, '{{}}', '{words}')");
    let end = format!("UPDATE campaigns SET log_length = 2, log_digest = '{digest}', words_digest = '{words}'");
    tamper(&path, &[&event, &end]).await;
    let error = store.load(&id).await.unwrap_err();
    assert!(error.to_string().contains("event 1: this program cannot read it"), "{error}");
}

#[tokio::test]
async fn an_observation_is_recorded_once_and_never_contradicted() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("lineage.db")).await.unwrap();
    let id = store.create(&started(1), dir.path(), &inputs()).await.unwrap();
    let observation = |ordinal, payload: &str| Observation {
        key: Hash::of(b"what was asked"),
        ordinal,
        kind: "reply".into(),
        payload: payload.into(),
    };
    let (first, second) = (observation(0, "yes"), observation(1, "no\0 and more"));
    for observation in [&second, &first, &first] {
        store.observe(&id, observation).await.unwrap();
    }
    let error = store.observe(&id, &observation(0, "no")).await.unwrap_err();
    assert!(matches!(error, StoreError::Contradiction { ordinal: 0, .. }), "{error}");
    assert_eq!(store.observation(&id, &first.key, 0).await.unwrap().as_deref(), Some("yes"));
    assert_eq!(store.observation(&id, &first.key, 2).await.unwrap(), None);
    assert_eq!(store.observations(&id, "outcome").await.unwrap(), vec![]);
    assert_eq!(store.observations(&id, "reply").await.unwrap(), vec![second, first]);
}
