//! One process for one campaign.

use store::{CampaignId, StoreError, lock};

#[test]
fn a_held_lock_says_who_holds_it_and_another_campaign_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let id = |text: &str| CampaignId::from(text.to_owned());
    let held = lock(dir.path(), &id("one")).unwrap();
    let error = lock(dir.path(), &id("one")).unwrap_err();
    assert!(matches!(error, StoreError::Locked { pid: Some(pid), .. } if pid == std::process::id()), "{error}");
    assert!(dir.path().join("locks/one.lock").exists());
    lock(dir.path(), &id("two")).unwrap();
    drop(held);
    lock(dir.path(), &id("one")).unwrap();
}

#[test]
fn what_a_dead_process_left_in_the_file_locks_nobody_out() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("locks")).unwrap();
    std::fs::write(dir.path().join("locks/one.lock"), "4194304 and more\n").unwrap();
    let held = lock(dir.path(), &CampaignId::from("one".to_owned())).unwrap();
    let text = std::fs::read_to_string(dir.path().join("locks/one.lock")).unwrap();
    assert_eq!(text, format!("{}\n", std::process::id()));
    drop(held);
}
