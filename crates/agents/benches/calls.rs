//! What a call of a language model costs in our own code: the prompt rendered, the reply read and checked. The model
//! answers at once. `cargo bench -p agents`; the argument is how many iterations the campaign has behind it. First it prints what a
//! candidate that is measured takes (`calls/economy.rs`).

#[path = "../tests/llm/campaign.rs"]
#[allow(dead_code, reason = "the benchmark needs a part of what tests share")]
mod campaign;
#[path = "calls/economy.rs"]
mod economy;
#[path = "../../../tests/fixtures/verdict_seeds.rs"]
mod verdict_seeds;

use agents::llm::{Executor, Extractor, Planner};
use agents::{Brief, Executor as _, Extractor as _, Planner as _};
use campaign::{Script, after, context};
use divan::{Bencher, black_box};
use science::event::Event;
use science::state::State;
use std::sync::LazyLock;
use tokio::runtime::Runtime;

fn main() {
    economy::print();
    divan::main();
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime of one thread")
});

const BUNDLE: &str = include_str!("../../../tests/fixtures/replies/bundle.txt");
const SOURCE: &str = include_str!("../../../tests/fixtures/candidates/quintic.rs");
const LESSONS: &str = r#"{"changes": []}"#;

/// A planner is asked where an iteration begins, the others where one is under way.
fn under_way(iterations: u32) -> State {
    let mut state = after(iterations);
    let bundle = state.iterations.last().and_then(|iteration| iteration.bundle.clone()).expect("a bundle");
    state
        .apply(&Event::BundleRegistered { bundle: Box::new(bundle), asked: vec![], work: vec![] })
        .expect("planning is next");
    state
}

#[divan::bench(args = [1, 10, 50])]
fn plan(bencher: Bencher<'_, '_>, iterations: u32) {
    let state = after(iterations);
    bencher.with_inputs(|| Planner::new(context(Script::new(&[BUNDLE])).0)).bench_local_refs(|planner| {
        let answer =
            RUNTIME.block_on(planner.plan(Brief { state: &state, source: Some(SOURCE), space: None, library: None }));
        assert!(black_box(answer).expect("the script answers").content.is_ok());
    });
}

#[divan::bench(args = [1, 10, 50])]
fn implement(bencher: Bencher<'_, '_>, iterations: u32) {
    let state = under_way(iterations);
    let reply = format!("```rust\n{SOURCE}```");
    bencher.with_inputs(|| Executor::new(context(Script::new(&[&reply])).0)).bench_local_refs(|executor| {
        let brief = Brief { state: &state, source: Some(SOURCE), space: None, library: None };
        let answer = RUNTIME.block_on(executor.implement(brief, &state.bundle().arms[0]));
        assert!(black_box(answer).expect("the script answers").content.is_ok());
    });
}

/// One call: lessons with notes.
#[divan::bench(args = [1, 10, 50])]
fn extract(bencher: Bencher<'_, '_>, iterations: u32) {
    let state = under_way(iterations);
    bencher.with_inputs(|| Extractor::new(context(Script::new(&[LESSONS])).0)).bench_local_refs(|extractor| {
        let answer =
            RUNTIME.block_on(extractor.extract(Brief { state: &state, source: None, space: None, library: None }));
        assert!(black_box(answer).expect("the script answers").content.is_ok());
    });
}
