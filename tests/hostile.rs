//! Every program of `fixtures/candidates/hostile`, with the contract, the jail and the panel that campaigns use.
//!
//! The first line of each says what is to become of it, and why:
//! `// OUTCOME [or OUTCOME]..., unscreened OUTCOME [or OUTCOME]..., works outside: what it tries`. Where a program that the
//! screen refuses has an `unscreened` part, it is also put to the walls behind the screen. Where it `works outside`, it
//! rejects a request if what it tries succeeds: compiled by the same compiler into a program of its own it does so, and in
//! the jail it never does. `{PLANTED}` stands for the path of a file that anybody may read.
//!
//! A test binary of its own, for it counts the processes and descriptors of the whole process.

#[expect(dead_code, reason = "most of it is for tests of the command")]
mod environment;

use engine::panel::{Draws, Panel};
use engine::policy::Policy;
use engine::sandbox::{Limits, Options, Sandbox, Screened, Walls};
use engine::science::nonce::Nonce;
use engine::science::trial::Trial;
use engine::{Evaluator, LoadedExperiment};
use environment::{fixture_path, rustc};
use problems::admission::{KIT, Metric};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A program of the corpus.
struct Hostile {
    name: String,
    source: String,
    /// What may become of it.
    expected: Vec<String>,
    /// What may become of it behind the screen; empty if that is not asked.
    unscreened: Vec<String>,
    works_outside: bool,
}

impl Hostile {
    fn new(name: &str, source: String) -> Self {
        let line = source.lines().find_map(|line| line.strip_prefix("// ")).expect("a first line");
        let (head, _) = line.split_once(": ").unwrap_or_else(|| panic!("{name}: {line}"));
        let mut hostile = Hostile {
            name: name.into(),
            expected: Vec::new(),
            unscreened: Vec::new(),
            works_outside: false,
            source: source.clone(),
        };
        let outcomes = |list: &str| list.split(" or ").map(str::to_owned).collect();
        for part in head.split(", ") {
            match part.split_once(' ') {
                Some(("unscreened", list)) => hostile.unscreened = outcomes(list),
                Some(("works", "outside")) => hostile.works_outside = true,
                _ => hostile.expected = outcomes(part),
            }
        }
        hostile
    }
}

/// The corpus in order of names, and what is too large for a file.
fn corpus(planted: &Path) -> Vec<Hostile> {
    let planted = planted.to_str().expect("a printable path");
    let mut all: Vec<Hostile> = std::fs::read_dir(fixture_path("candidates/hostile"))
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let source = std::fs::read_to_string(&path).expect("a source");
            let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
            Hostile::new(name, source.replace("{PLANTED}", planted))
        })
        .collect();
    // Written for one processor.
    all.retain(|hostile| hostile.name != "assembly" || cfg!(target_arch = "x86_64"));
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let nested = |depth| format!("const N: u8 = {}1{};\n", "(".repeat(depth), ")".repeat(depth));
    for (name, head, text) in [
        (
            "10 MB of source",
            "refused, unscreened scored or timeout or out-of-memory",
            format!("{GOOD}{}", "const _: u8 = 1;\n".repeat(600_000)),
        ),
        (
            "10⁵ nested parentheses",
            "refused, unscreened does-not-compile or crashed",
            format!("{GOOD}{}", nested(100_000)),
        ),
    ] {
        all.push(Hostile::new(name, format!("// {head}: {name}\n{text}")));
    }
    all
}

/// A policy that is not hostile: what follows a hostile one must fare as if that had not been.
const GOOD: &str = "use admitter::prelude::*;\npub struct Policy;\nimpl Admitter for Policy {\nfn new(_: &[f64]) -> Self { Policy }\n\
    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {\n\
    Decision::reject_if(request.priority < 0 && draw.uniform() < cluster.saturation(5.0, 0.8).powi(3))\n}\n}\n";

fn evaluator(cache: &Path) -> Evaluator {
    let loaded = LoadedExperiment::read(&fixture_path("experiments/tiny"), &problems::all()).expect("the experiment");
    let limits = Limits { run_cpu: Duration::from_secs(1), compile_cpu: Duration::from_secs(3), ..Limits::default() };
    let sandbox = Sandbox::new(Options {
        cache: cache.into(),
        runner: env!("CARGO_BIN_EXE_elenchus").into(),
        rustc: rustc().into(),
        kit: KIT,
        limits: Limits { compile_memory_bytes: 1 << 30, ..limits },
        walls: Walls::Required,
    });
    Evaluator { sandbox: sandbox.expect("a sandbox"), panel: Panel::search(&loaded, Nonce::of(1), 1).expect("a panel") }
}

/// What became of a candidate, and how many requests it refused.
type Fate = (String, u64);

fn screened(evaluator: &Evaluator, source: &str) -> Fate {
    let evaluation = {
        let against = engine::scale::Against::nothing(&evaluator.panel);
        evaluator.evaluate(&engine::Prepared::new(source, &KIT), &against, None).expect("no error of ours")
    };
    let refused = evaluation.trials.iter().map(refused).sum();
    assert!(evaluation.message.len() < 40_000 && !evaluation.message.contains('\u{1b}'), "{}", evaluation.message);
    (evaluation.outcome.as_str().to_owned(), refused)
}

fn unscreened(evaluator: &Evaluator, source: &str) -> Fate {
    let Evaluator { sandbox, panel } = evaluator;
    let compiled = sandbox.compile(&Screened::unchecked(source)).expect("no error of ours");
    let ran = match compiled {
        Err(outcome) => Err(outcome),
        Ok(artifact) => {
            let policy = Policy::Candidate { artifact, parameters: Vec::new() };
            panel.trials(&policy, Draws::Shared, sandbox).expect("no error of ours")
        }
    };
    match ran {
        Err(outcome) => (outcome.name().to_owned(), 0),
        Ok(runs) => {
            let refused = runs.results.iter().map(refused).sum();
            ("scored".to_owned(), refused)
        }
    }
}

/// Requests that were refused in a trial.
fn refused(trial: &Trial) -> u64 {
    [Metric::RefusedRequests, Metric::ProtectedRejections]
        .map(|metric| trial.values[metric as usize] as u64)
        .iter()
        .sum()
}

#[test]
fn every_hostile_program_ends_as_its_first_line_says_and_leaves_nothing_behind() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let directory = tempfile::tempdir().expect("a directory");
    let (cache, planted) = (directory.path().join("cache"), directory.path().join("planted.rs"));
    std::fs::write(&planted, PLANTED).expect("a file");
    let corpus = corpus(&planted);
    assert!(corpus.len() > 60, "{}", corpus.len());
    let evaluator = evaluator(&cache);
    let good = screened(&evaluator, GOOD);
    assert!(good.0 == "scored" && good.1 > 0, "the control: {good:?}");
    let before = Leftovers::of(directory.path());
    let mut wrong = String::new();
    for hostile in &corpus {
        let Hostile { name, source, expected, unscreened: behind, works_outside } = hostile;
        let mut check = |what: &str, fate: Fate, expected: &[String]| {
            let found = *works_outside && fate.1 > 0;
            if !expected.contains(&fate.0) || found {
                let _ = writeln!(wrong, "{name}, {what}: {fate:?} where {expected:?} is due");
            }
        };
        check("screened", screened(&evaluator, source), expected);
        if !behind.is_empty() {
            check("unscreened", unscreened(&evaluator, source), behind);
        }
        let after = Leftovers::of(directory.path());
        if after != before {
            let _ = writeln!(wrong, "{name} leaves something behind: {before:?} became {after:?}");
        }
    }
    assert_eq!(wrong, "");
    assert_eq!(screened(&evaluator, GOOD), good, "the next one fares as before");
}

/// What a candidate might leave: children of this process, its descriptors, directories of unfinished builds, strange files.
#[derive(Debug, PartialEq)]
struct Leftovers {
    children: BTreeSet<String>,
    descriptors: usize,
    files: BTreeSet<String>,
}

impl Leftovers {
    fn of(directory: &Path) -> Self {
        let me = std::process::id().to_string();
        let mut children = BTreeSet::new();
        for entry in std::fs::read_dir("/proc").expect("the processes").flatten() {
            let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
            // A zombie counts as well: it was not waited for.
            if fields.split_whitespace().nth(1) == Some(&me) {
                children.insert(stat);
            }
        }
        let descriptors = std::fs::read_dir("/proc/self/fd").expect("the descriptors").count();
        let (mut files, mut folders) = (BTreeSet::new(), vec![directory.to_owned()]);
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()) {
                // Compiled candidates are what a cache is for.
                if path.is_dir() {
                    folders.push(path.clone());
                }
                if path.extension().is_none_or(|extension| extension != "so") {
                    files.insert(path.display().to_string());
                }
            }
        }
        Leftovers { children, descriptors, files }
    }
}

const PLANTED: &str = "pub const SECRET: u8 = 42;\n";

/// One test at a time, for what one leaves behind is counted.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[test]
fn what_is_denied_works_outside_of_the_jail() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let directory = tempfile::tempdir().expect("a directory");
    let planted = directory.path().join("planted.rs");
    std::fs::write(&planted, PLANTED).expect("a file");
    for (name, text) in KIT.files {
        std::fs::write(directory.path().join(name), text).expect("a file");
    }
    let compile = |arguments: &[&str]| {
        let mut rustc = Command::new(rustc());
        rustc.args(["--edition=2024", "-Awarnings"]).args(arguments).current_dir(directory.path());
        let output = rustc.env_clear().env("PATH", "/usr/bin:/bin").output().expect("rustc runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    compile(&["--crate-type=rlib", "--crate-name=admitter", "lib.rs"]);
    let works: Vec<Hostile> = corpus(&planted).into_iter().filter(|hostile| hostile.works_outside).collect();
    let mut program = CONTROL.to_owned();
    let mut choices = String::new();
    for Hostile { name, source, .. } in &works {
        std::fs::write(directory.path().join(format!("{name}.rs")), source).expect("a file");
        let _ = writeln!(program, "mod {name};");
        let _ = writeln!(choices, "Some(\"{name}\") => works::<{name}::Policy>(),");
    }
    let _ = writeln!(
        program,
        "fn chosen() -> bool {{ match std::env::args().nth(1).as_deref() {{\n{choices}_ => false }} }}"
    );
    std::fs::write(directory.path().join("control.rs"), program).expect("a file");
    compile(&["--extern", "admitter=libadmitter.rlib", "control.rs", "-o", "control"]);
    let run = |name: &str| {
        let mut control = Command::new(directory.path().join("control"));
        control
            .arg(name)
            .env("TMPDIR", directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        control.status().expect("the control runs").code()
    };
    assert_eq!(run("nothing"), Some(0));
    let fails: Vec<&str> =
        works.iter().map(|hostile| hostile.name.as_str()).filter(|name| run(name) != Some(7)).collect();
    assert!(fails.is_empty(), "{fails:?}");
    assert!(works.len() > 30, "{}", works.len());
}

/// Asks a policy, outside of any jail, in a process that keeps a secret beside what it shows; ends with 7 if what the policy
/// tries works.
const CONTROL: &str = r#"
use admitter::{Admitter, Cluster, Decision, Instance, Request};

#[repr(align(4096))]
struct World {
    instances: [Instance; 2],
    secret: [u8; 8],
}

fn works<P: Admitter>() -> bool {
    let idle = Instance {
        waiting: 0, running: 0, in_flight: 0, kv_utilization: 0.0, metrics_age_us: 0, kv_capacity_tokens: 1,
    };
    let world = std::hint::black_box(Box::new(World { instances: [idle; 2], secret: *b"SECRETS!" }));
    let (max_output_tokens, predicted_output_tokens) = (None, None);
    let request = Request { priority: -2, prompt_tokens: 9, client: 0, max_output_tokens, predicted_output_tokens, now_us: 0 };
    let cluster = Cluster { instances: &world.instances };
    // Two runs: the second one must know nothing of the first.
    (0..2).any(|_| P::new(&[]).admit(&request, &cluster, &mut admitter::wire::draw(1)) == Decision::Reject)
}

fn main() {
    std::process::exit(if chosen() { 7 } else { 0 })
}
"#;
