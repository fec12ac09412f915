//! Campaigns in lists and by prefix; texts by hash.

use crate::made_up::{inputs, record, source, started};
use science::event::Candidate;
use science::id::{CandidateId, Hash};
use std::path::Path;
use store::{CampaignId, Store, StoreError};

#[tokio::test]
async fn campaigns_are_listed_newest_last_and_the_newest_is_the_default() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("lineage.db")).await.unwrap();
    let (first, played) = record(&store, u64::MAX, Path::new("/somewhere")).await;
    let second = store.create(&started(2), dir.path(), &inputs()).await.unwrap();
    let rows = store.campaigns().await.unwrap();
    assert_eq!(rows.iter().map(|row| &row.id).collect::<Vec<_>>(), [&first, &second]);
    assert_eq!((rows[0].nonce.as_str(), rows[0].events), ("0000000000000000ffffffffffffffff", played.len() as u64 + 1));
    assert_eq!((rows[0].name.as_str(), rows[0].agents.as_str()), ("admission", "scripted"));
    assert_eq!(rows[0].directory, Path::new("/somewhere"));
    assert!(rows[0].created_at_ms <= rows[0].last_at_ms);
    assert_eq!(store.find(None).await.unwrap(), second);
}

#[tokio::test]
async fn a_campaign_is_found_by_the_beginning_of_its_id() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("lineage.db")).await.unwrap();
    let mut ids = Vec::new();
    for seed in 0..17 {
        // With 16 digits and 17 campaigns, two begin alike.
        ids.push(store.create(&started(seed), dir.path(), &inputs()).await.unwrap());
    }
    for id in &ids {
        assert_eq!(&store.find(Some(id.as_str())).await.unwrap(), id);
        assert_eq!(&store.find(Some(&id.short().to_uppercase())).await.unwrap(), id);
    }
    let alike = |digit: char| ids.iter().filter(move |id| id.as_str().starts_with(digit));
    let digit = "0123456789abcdef".chars().find(|digit| alike(*digit).count() > 1).unwrap();
    let error = store.find(Some(&digit.to_string())).await.unwrap_err();
    let StoreError::AmbiguousCampaign { matches, .. } = &error else { panic!("{error}") };
    assert_eq!(*matches, alike(digit).map(|id| id.as_str().to_owned()).collect::<Vec<_>>());
    let error = store.find(Some("%")).await.unwrap_err();
    assert!(error.to_string().contains(ids[16].short()), "{error}");
}

#[tokio::test]
async fn an_empty_database_says_how_to_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("lineage.db")).await.unwrap();
    let error = store.find(None).await.unwrap_err();
    assert!(matches!(error, StoreError::NoCampaign { .. }));
    assert!(error.to_string().contains("elenchus run"), "{error}");
}

#[tokio::test]
async fn a_campaign_that_does_not_exist_has_no_events() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("lineage.db")).await.unwrap();
    store.create(&started(1), dir.path(), &inputs()).await.unwrap();
    let error = store.load(&CampaignId::from("xyz".to_owned())).await.unwrap_err();
    assert!(matches!(error, StoreError::UnknownCampaign { .. }), "{error}");
}

#[tokio::test]
async fn texts_are_found_by_what_the_log_names_and_damaged_ones_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    let store = Store::open(&path).await.unwrap();
    let (id, _) = record(&store, 1, dir.path()).await;
    let state = store.load(&id).await.unwrap().state;
    let candidate = |name: &str| &state.candidates[&CandidateId::from(name.to_owned())].candidate;
    let named = &state.opened().inputs;
    assert_eq!(store.inputs(named).await.unwrap(), inputs());
    assert_eq!(store.source(&id, candidate("c2")).await.unwrap(), Some(source("c2")));
    let other = Candidate {
        source: Hash::of(b"never stored"),
        id: CandidateId::from("c9".to_owned()),
        ..candidate("c2").clone()
    };
    assert_eq!(store.source(&id, &other).await.unwrap(), None);
    let said = store.message(&id, &candidate("c2").id).await.unwrap();
    assert_eq!(said.as_deref(), Some("what rustc said of c2"));

    sqlx::query("UPDATE files SET text = text || ' '").execute(&crate::lineage::raw(&path).await).await.unwrap();
    assert!(matches!(store.source(&id, candidate("c2")).await, Err(StoreError::DamagedSource { .. })));
    assert!(matches!(store.inputs(named).await, Err(StoreError::DamagedText { .. })));
}
