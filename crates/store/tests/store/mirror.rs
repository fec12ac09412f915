//! The git mirror.

use git2::Repository;
use science::id::CandidateId;
use std::path::Path;
use std::sync::Barrier;
use store::mirror::{Commit, Mirror, Said, Turn};
use store::{CampaignId, StoreError};

fn id(text: &str) -> CandidateId {
    CandidateId::from(text.to_owned())
}

fn campaign() -> CampaignId {
    CampaignId::from("0123456789abcdef".to_owned())
}

fn said(message: &str, second: i64) -> Said {
    Said {
        message: message.into(),
        author: "a <model>".into(),
        role: "executor",
        at_ms: 1_795_355_220_000 + second * 1000,
    }
}

fn commit(candidate: &str, parents: &[&str], second: i64) -> Commit {
    Commit {
        campaign: campaign(),
        candidate: id(candidate),
        parents: parents.iter().map(|parent| id(parent)).collect(),
        source: format!("pub struct Policy; // {candidate}\n"),
        said: said(&format!("{candidate}: less is more"), second),
    }
}

fn turn(number: usize, candidates: &[&str], champion: Option<&str>) -> Turn {
    let candidates = candidates.iter().map(|candidate| id(candidate)).collect();
    let said = said(&format!("Iteration {number}"), 10 * number as i64);
    Turn { campaign: campaign(), number, candidates, champion: champion.map(id), said }
}

/// Two iterations: `a` and what departs from it, then one that found nothing.
fn tell(mirror: &Mirror) {
    family().iter().for_each(|commit| mirror.record(commit).unwrap());
    mirror.close(&turn(1, &["d"], Some("b"))).unwrap();
    mirror.close(&turn(2, &[], Some("b"))).unwrap();
}

fn family() -> [Commit; 4] {
    [commit("a", &[], 3), commit("b", &["a"], 7), commit("c", &["a"], 9), commit("d", &["b", "c"], 12)]
}

/// Every reference with what it points at.
fn references(path: &Path) -> Vec<(String, String)> {
    let repository = Repository::open_bare(path).unwrap();
    let references = repository.references().unwrap().map(|reference| {
        let reference = reference.unwrap();
        (reference.name().unwrap().to_owned(), reference.target().unwrap().to_string())
    });
    let mut references: Vec<_> = references.collect();
    references.sort();
    references
}

#[test]
fn commits_have_their_candidates_parents_and_sources_and_say_who_and_when() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("candidates.git");
    tell(&Mirror::open(&path).unwrap());
    let repository = Repository::open_bare(&path).unwrap();
    let find = |name: &str| repository.find_reference(name).unwrap().peel_to_commit().unwrap();
    let candidate = |name: &str| find(&format!("refs/candidates/0123456789abcdef/{name}"));
    for commit in &family() {
        let found = candidate(commit.candidate.as_str());
        let parents: Vec<_> = commit.parents.iter().map(|parent| candidate(parent.as_str()).id()).collect();
        assert_eq!(found.parent_ids().collect::<Vec<_>>(), parents);
        assert_eq!(found.message().unwrap(), commit.said.message);
        assert_eq!(found.time().seconds() * 1000, commit.said.at_ms);
        let author = found.author();
        assert_eq!((author.name().unwrap(), author.email().unwrap()), ("a model", "executor@localhost"));
        let tree = found.tree().unwrap();
        let blob = repository.find_blob(tree.get_name("candidate.rs").unwrap().id()).unwrap();
        assert_eq!((tree.len(), blob.content()), (1, commit.source.as_bytes()));
    }
}

#[test]
fn the_branch_of_a_campaign_is_its_iterations_and_reaches_every_candidate() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("candidates.git");
    tell(&Mirror::open(&path).unwrap());
    let repository = Repository::open_bare(&path).unwrap();
    let head = repository.head().unwrap();
    assert_eq!(head.name().unwrap(), "refs/heads/01234567");
    let last = head.peel_to_commit().unwrap();
    let first = last.parent(0).unwrap();
    assert_eq!((last.summary().unwrap(), first.summary().unwrap()), (Some("Iteration 2"), Some("Iteration 1")));
    let champion = repository.find_reference("refs/tags/champion-01234567").unwrap().peel_to_commit().unwrap();
    assert_eq!(champion.summary().unwrap(), Some("b: less is more"));
    assert_eq!(last.tree_id(), champion.tree_id(), "the best so far is what is checked out");
    let mut walk = repository.revwalk().unwrap();
    walk.push_head().unwrap();
    assert_eq!(walk.count(), family().len() + 2);
}

#[test]
fn recording_again_changes_nothing_and_goes_on_where_it_was_killed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("candidates.git");
    tell(&Mirror::open(&path).unwrap());
    let before = references(&path);
    for commit in &family() {
        Mirror::open(&path).unwrap().record(commit).unwrap();
        assert_eq!(references(&path), before);
    }
    Mirror::open(&path).unwrap().close(&turn(1, &["d"], Some("b"))).unwrap();
    assert_eq!(references(&path), before, "an earlier iteration does not take the branch back");
    // Killed between the references of an iteration, and before those of a candidate.
    let repository = Repository::open_bare(&path).unwrap();
    let set_back = repository.refname_to_id("refs/candidates/0123456789abcdef/c").unwrap();
    repository.reference("refs/heads/01234567", set_back, true, "").unwrap();
    repository.find_reference("refs/candidates/0123456789abcdef/d").unwrap().delete().unwrap();
    tell(&Mirror::open(&path).unwrap());
    assert_eq!(references(&path), before);
}

#[test]
fn a_lock_that_a_killed_process_left_behind_holds_nobody_up() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("candidates.git");
    let mirror = Mirror::open(&path).unwrap();
    let locks = [
        "refs/heads/01234567.lock",
        "refs/candidates/0123456789abcdef/a.lock",
        "refs/iterations/0123456789abcdef/1.lock",
        "refs/tags/champion-01234567.lock",
        "HEAD.lock",
    ];
    for lock in locks.map(|lock| path.join(lock)) {
        std::fs::create_dir_all(lock.parent().unwrap()).unwrap();
        std::fs::write(lock, "").unwrap();
    }
    tell(&mirror);
    assert!(references(&path).iter().any(|(name, _)| name == "refs/heads/01234567"));
}

#[test]
fn a_mirror_that_several_make_at_once_is_one_and_whole() {
    for _ in 0..20 {
        let dir = tempfile::tempdir().unwrap();
        let (path, start) = (dir.path().join("candidates.git"), Barrier::new(8));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    Mirror::open(&path).unwrap();
                });
            }
        });
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

#[test]
fn the_same_candidates_give_the_same_commits_everywhere() {
    let dir = tempfile::tempdir().unwrap();
    let ids = ["one", "two"].map(|name| {
        let path = dir.path().join(name);
        tell(&Mirror::open(&path).unwrap());
        references(&path)
    });
    assert_eq!(ids[0], ids[1]);
    // A changed id here means that every mirror that people have would be written anew.
    assert_eq!(ids[0].last().unwrap().1, "8213c77c361be5fcdec6e2680dfdd635bfbaa48f");
}

#[test]
fn a_parent_that_was_not_recorded_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(&dir.path().join("candidates.git")).unwrap();
    let error = mirror.record(&commit("b", &["a"], 7)).unwrap_err();
    assert!(matches!(&error, StoreError::MissingParent { parent, .. } if *parent == id("a")), "{error}");
}

#[test]
fn a_mirror_that_cannot_be_used_says_that_it_may_be_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("candidates.git");
    std::fs::write(&path, "not a repository").unwrap();
    let Err(error) = Mirror::open(&path) else { panic!("a file was opened as a repository") };
    assert!(error.to_string().contains("delete it"), "{error}");
}
