//! Finds the compiler and its linker.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::outcome::SandboxError;

/// A Rust toolchain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toolchain {
    /// The compiler itself, never a proxy of rustup, which would need the user's home directory.
    pub rustc: PathBuf,
    /// The directory with its libraries.
    pub sysroot: PathBuf,
    /// The linker that comes with the compiler, where there is one; else the system's `cc` has to do.
    pub lld: Option<PathBuf>,
    /// What `rustc -vV` says.
    pub version: String,
}

impl Toolchain {
    /// Asks `rustc`, a path or a name to be looked up.
    pub(crate) fn find(rustc: &Path) -> Result<Toolchain, SandboxError> {
        let sysroot = PathBuf::from(ask(rustc, &["--print", "sysroot"])?.trim_end());
        let own = sysroot.join("bin/rustc");
        let rustc = if sysroot.is_absolute() && own.is_file() { own } else { rustc.to_path_buf() };
        let unusable = |reason: &str| SandboxError::NoCompiler { rustc: rustc.clone(), reason: reason.to_owned() };
        let version = ask(&rustc, &["-vV"])?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.ok_or_else(|| unusable("`rustc -vV` names no host"))?;
        let library = sysroot.join("lib/rustlib").join(host);
        if !library.join("lib").is_dir() {
            return Err(unusable("its core library is not installed"));
        }
        let lld = Some(library.join("bin/rust-lld")).filter(|lld| lld.is_file());
        Ok(Toolchain { lld, sysroot, version: version.clone(), rustc })
    }
}

/// The standard output of the compiler. A proxy needs our environment to find out which toolchain is meant; candidates have
/// no part in this.
fn ask(rustc: &Path, arguments: &[&str]) -> Result<String, SandboxError> {
    let unusable = |reason: String| SandboxError::NoCompiler { rustc: rustc.to_path_buf(), reason };
    let output = Command::new(rustc)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| unusable(format!("cannot run it: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(unusable(format!("`rustc {}` ended with {}: {}", arguments.join(" "), output.status, said.trim())));
    }
    String::from_utf8(output.stdout).map_err(|_| unusable("its answer is not text".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_compiler_is_an_error_that_says_what_to_do() {
        let message = Toolchain::find(Path::new("/nowhere/rustc")).unwrap_err().to_string();
        assert!(message.contains("/nowhere/rustc"), "{message}");
        assert!(message.contains("rustup.rs"), "{message}");
    }

    #[test]
    fn a_program_that_is_no_compiler_is_told_apart() {
        let error = Toolchain::find(Path::new("/bin/false")).unwrap_err();
        assert!(matches!(error, SandboxError::NoCompiler { .. }), "{error}");
    }

    #[test]
    fn the_proxy_is_resolved_to_the_compiler_itself() {
        let toolchain = Toolchain::find(Path::new("rustc")).unwrap();
        assert!(toolchain.rustc.starts_with(&toolchain.sysroot));
        assert!(toolchain.version.starts_with("rustc 1."));
    }
}
