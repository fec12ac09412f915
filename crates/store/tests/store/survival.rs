//! A step is there as a whole or not at all, however its process or its task ends.

use crate::made_up::{append, commit, fold, inputs, play, started};
use science::event::Event;
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::task::Poll;
use store::{CampaignId, Loaded, Store, StoreError, lock};

/// Set for the process that is to be killed: the directory in which it works.
const VICTIM: &str = "ELENCHUS_TEST_VICTIM";

/// Gives up a future after it was polled in vain `polls` times.
async fn give_up<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

#[tokio::test]
async fn a_step_that_is_given_up_is_there_as_a_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    let store = Store::open(&path).await.unwrap();
    let pool = crate::lineage::raw(&path).await;
    let calibrated = play(&started(1)).remove(0);
    for polls in 0..60 {
        let id = store.create(&started(1), dir.path(), &inputs()).await.unwrap();
        let Loaded { mut state, head, .. } = store.load(&id).await.unwrap();
        state.apply(&calibrated.event).unwrap();
        let done = give_up(polls, commit(&store, &head, &state, &calibrated)).await;
        let events = store.events(&id).await.unwrap().len();
        let trials = sqlx::query_scalar("SELECT count(*) FROM measured WHERE campaign = ?").bind(id.as_str());
        let trials: i64 = trials.fetch_one(&pool).await.unwrap();
        assert!([(1, 0), (2, 84)].contains(&(events, trials)), "{polls} polls: {events} events, {trials} trials");
        assert!(done.is_none() || events == 2);
        if events == 1 {
            append(&store, &id, &calibrated).await.unwrap();
        }
    }
}

fn victims_lock() -> CampaignId {
    CampaignId::from("victim".to_owned())
}

/// Appends campaign after campaign and says each step that is committed, until it is killed.
#[tokio::test]
#[expect(clippy::print_stdout, reason = "its parent reads what it says")]
async fn victim() {
    let Some(directory) = std::env::var_os(VICTIM) else { return };
    let _held = lock(Path::new(&directory), &victims_lock()).unwrap();
    let store = Store::open(&Path::new(&directory).join("lineage.db")).await.unwrap();
    for seed in 0.. {
        let opened = started(seed);
        let id = store.create(&opened, Path::new(&directory), &inputs()).await.unwrap();
        for (seq, step) in (1_u64..).zip(&play(&opened)) {
            append(&store, &id, step).await.unwrap();
            println!("committed {id} {seq}");
        }
    }
}

#[tokio::test]
async fn a_killed_process_loses_no_committed_step_and_its_lock_is_free() {
    for lines in [1, 7, 40, 90] {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "survival::victim", "--nocapture"])
            .env(VICTIM, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        // The runner puts the name of the test before the first line. Its pipe stays open, or it would die of that.
        let mut output = output.filter_map(|line| Some(line.split_once("committed ")?.1.to_owned()));
        let said: Vec<String> = output.by_ref().take(lines).collect();
        let held = lock(dir.path(), &victims_lock()).unwrap_err();
        assert!(matches!(held, StoreError::Locked { pid: Some(pid), .. } if pid == child.id()), "{held}");
        child.kill().unwrap(); // SIGKILL
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        lock(dir.path(), &victims_lock()).unwrap();
        assert_eq!(said.len(), lines);

        let (last, seq) = said.last().unwrap().split_once(' ').unwrap();
        let store = Store::open_existing(&dir.path().join("lineage.db")).await.unwrap();
        assert_eq!(crate::lineage::wrong(&store).await, Vec::<String>::new());
        let id = store.find(Some(last)).await.unwrap();
        let events = store.events(&id).await.unwrap();
        assert!(events.len() as u64 > seq.parse().unwrap(), "{} events, {seq} committed", events.len());
        let Event::Started(opened) = &events[0].event else { panic!("{:?}", events[0]) };
        let expected = fold(opened, &play(opened)[..events.len() - 1]);
        assert_eq!(format!("{:?}", store.load(&id).await.unwrap().state), format!("{expected:?}"));
    }
}
