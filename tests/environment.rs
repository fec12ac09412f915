//! A directory of its own, no environment, and the command.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

/// Where a test lives.
pub(crate) struct Environment {
    directory: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// What a command did.
#[must_use = "look at the code or the output"]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Environment {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut environment = Environment { directory, variables: Vec::new() };
        environment.set("RUSTC", rustc().to_str().expect("a printable path"));
        // Compiled contracts are shared between tests: they are keyed by their content.
        environment.set("XDG_CACHE_HOME", shared_cache().to_str().expect("a printable path"));
        environment
    }

    /// `tiny` with a campaign of so many iterations that has ended: it runs once for all tests.
    pub(crate) fn ended(iterations: u32) -> Self {
        type Recorded = Mutex<BTreeMap<u32, Arc<OnceLock<Environment>>>>;
        static RECORDED: Recorded = Mutex::new(BTreeMap::new());
        let own = Arc::clone(RECORDED.lock().expect("no test panics here").entry(iterations).or_default());
        let recorded = own.get_or_init(|| {
            let mut environment = Environment::new();
            // What is static is not removed at the end.
            environment.directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
            environment.copy("experiments/tiny");
            environment.ok(&["run", "tiny", "--iterations", &iterations.to_string()]);
            environment
        });
        let environment = Environment::new();
        copy(recorded.directory.path(), environment.directory.path());
        environment
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.into(), value.into()));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }

    /// Writes a program that /bin/sh runs.
    pub(crate) fn script(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        self.write(name, &format!("#!/bin/sh\n{text}"));
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(0o755)).expect("its rights");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect(name)
    }

    /// Asserts that no file here holds this text.
    pub(crate) fn holds_nowhere(&self, secret: &str) {
        let mut folders = vec![self.path("")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a directory") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = std::fs::read(&path).expect("a file");
                    assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "{}", path.display());
                }
            }
        }
    }

    /// Copies a directory of `tests/fixtures` here, under its own name.
    pub(crate) fn copy(&self, fixture: &str) {
        let name = Path::new(fixture).file_name().expect("a name");
        copy(&fixture_path(fixture), &self.directory.path().join(name));
    }

    /// A command; one that would draw a nonce is given 1, so that a test does the same each time.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_elenchus"));
        let draws = matches!(arguments.first(), Some(&("run" | "evaluate" | "controls")));
        let named = arguments.iter().any(|argument| matches!(*argument, "--nonce" | "--replay" | "--help"));
        command.args(arguments).args(if draws && !named { &["--nonce", "1"][..] } else { &[] });
        command.current_dir(self.directory.path()).env_clear().stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        self.command(arguments).output().expect("the command starts").into()
    }

    /// Runs a command that must succeed, and returns what it printed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let outcome = self.run(arguments);
        assert_eq!(outcome.code, 0, "{arguments:?}: {}", outcome.stderr);
        outcome.stdout
    }

    /// Runs a command that must succeed and print JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.ok(arguments)).expect("JSON")
    }

    /// Begins a command and kills it once the campaign stands where its status says so. Returns whether it stood there still
    /// when it died.
    pub(crate) fn kill_while(&self, arguments: &[&str], phase: &str) -> bool {
        let mut child = self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        let reached = || {
            let status = self.run(&["status", "--format", "json"]);
            // Before there is a campaign there is no status.
            let status: Option<serde_json::Value> = serde_json::from_str(&status.stdout).ok();
            status.is_some_and(|status| status["phase"].as_str().is_some_and(|now| now.starts_with(phase)))
        };
        while !reached() {
            assert!(child.try_wait().expect("a child").is_none(), "{arguments:?} ended without {phase}");
        }
        child.kill().expect("a signal");
        child.wait().expect("its end");
        reached()
    }

    /// Runs a command that must fail with this code, and returns what it said.
    pub(crate) fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let outcome = self.run(arguments);
        assert_eq!(outcome.code, code, "{arguments:?}: {}{}", outcome.stdout, outcome.stderr);
        outcome.stderr
    }
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Outcome { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

pub(crate) fn fixture_path(name: &str) -> PathBuf {
    root().join("tests/fixtures").join(name)
}

pub(crate) fn shared_cache() -> PathBuf {
    root().join("target/test-cache")
}

/// The compiler itself: a rustup proxy would need the environment that the tests take away.
pub(crate) fn rustc() -> &'static Path {
    static RUSTC: OnceLock<PathBuf> = OnceLock::new();
    RUSTC.get_or_init(|| {
        let name = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(name).args(["--print", "sysroot"]).output().expect("rustc runs");
        let sysroot = String::from_utf8(output.stdout).expect("UTF-8");
        Path::new(sysroot.trim()).join("bin/rustc")
    })
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
