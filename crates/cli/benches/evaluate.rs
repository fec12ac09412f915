//! How long a verdict takes, as a user waits for it: whole processes of `elenchus evaluate` on `experiments/admission`.
//!
//! `cargo bench -p cli` prints the median, the minimum and the maximum of 50 runs each. Candidates differ in a constant,
//! so that none was seen before; the last row evaluates one of them again.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

const RUNS: usize = 50;

fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let evaluate = |name: &str, source: &str| -> (f64, serde_json::Value) {
        let file = directory.path().join(name);
        std::fs::write(&file, source).expect("a file");
        let start = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_elenchus"))
            .args(["evaluate", file.to_str().expect("a path"), "--format", "json", "--experiment"])
            .arg(root.join("experiments/admission"))
            .env("XDG_CACHE_HOME", directory.path().join("cache"))
            .output()
            .expect("the command runs");
        let ms = start.elapsed().as_secs_f64() * 1000.0;
        (ms, serde_json::from_slice(&output.stdout).expect("JSON"))
    };
    let (first, _) = evaluate("first.rs", &candidate(0));
    println!("first of all (contract, yardsticks and caches are made): {first:.0} ms");

    let (mut whole, mut compile, mut simulate, mut decide) = (vec![], vec![], vec![], vec![]);
    for n in 1..=RUNS {
        let (ms, json) = evaluate("new.rs", &candidate(n));
        let part = |name: &str| json["timing_ms"][name].as_f64().expect("a time");
        assert_eq!(json["outcome"], "scored", "{json}");
        whole.push(ms);
        compile.push(part("screen") + part("compile"));
        simulate.push(part("simulate"));
        decide.push(part("decide"));
    }
    row("a new candidate, whole process", &mut whole);
    row("  of it screen and compile", &mut compile);
    row("  of it 40 trials", &mut simulate);
    row("    of these waiting for decisions", &mut decide);
    let mut seen: Vec<f64> = (0..RUNS).map(|_| evaluate("new.rs", &candidate(RUNS)).0).collect();
    row("one already seen, whole process", &mut seen);
}

/// The quintic with another constant.
fn candidate(n: usize) -> String {
    problems::admission::STARTER.replace("300.0", &format!("{:.1}", 250.0 + n as f64))
}

fn row(what: &str, ms: &mut [f64]) {
    ms.sort_by(f64::total_cmp);
    println!("{what:<36} median {:7.1} ms  [{:.1}, {:.1}]", ms[ms.len() / 2], ms[0], ms[ms.len() - 1]);
}
