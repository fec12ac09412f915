//! An admission policy as production code: what stands around the translated code, and the decisions that prove it.
//!
//! [`package`] writes the files for a [`Target`]: the llm-d router ([`router`]) or BLIS ([`blis`]). Each target is a folder: its templates, the
//! re-declaration of the API that a package is tested with, and [`signals`], the table that says where it has each field of the
//! contract. [`vectors`] asks the compiled candidate itself, in its jail, what it decides; [`log`] reads what a plugin wrote down.
//! The translator knows none of this (`crates/translate`), and whether Go agrees is for the gates of the command to find out.

pub mod blis;
mod learned;
pub mod log;
pub mod mutation;
pub mod package;
pub mod patch;
pub mod router;
pub mod signals;
pub mod vectors;

pub use package::{Package, Request, package};
pub use vectors::{Vectors, vectors};

/// What a candidate is translated into. Paths are those of the target's tree.
#[derive(Debug)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// Where a package lies in its tree.
    pub place: &'static str,
    /// Its API as far as a package uses it, for the gate that needs no checkout: path and text.
    pub api: &'static [(&'static str, &'static str)],
    /// The files of a package: path, in which `NAME` is the type, and template.
    pub templates: &'static [(&'static str, &'static str)],
    /// The file that asks the policy.
    pub scaffold: &'static str,
    /// Names that the scaffold declares.
    pub reserved: &'static str,
    /// Parameters of the scaffold: field, name, default in Go. Those that come with predictions stand at the end.
    pub parameters: &'static [(&'static str, &'static str, &'static str)],
    /// The table of its signals.
    pub table: &'static str,
    /// The patch that registers a package, in its folder.
    pub patch_file: &'static str,
    /// The files that a package of a name, with its type, is registered in, and how.
    pub registered: fn(&str, &str) -> Vec<patch::Edit>,
    /// What to build besides the package, below the tree.
    pub builds: &'static [&'static str],
    /// What it is all built into.
    pub command: &'static str,
    /// A program that lets a package decide in front of mock servers, if there is one; `PLACE` is where the package lies.
    pub live: Option<&'static str>,
}

/// All of them; the first is the default.
pub const TARGETS: [&Target; 2] = [&router::ROUTER, &blis::BLIS];

impl Target {
    /// The one of a name.
    pub fn find(name: &str) -> Option<&'static Target> {
        TARGETS.into_iter().find(|target| target.name == name)
    }

    /// What registers a package in our re-declaration, and in a checkout whose lines are the same there.
    pub fn patch(&self, package: &str, name: &str) -> Result<String, String> {
        let mut diff = String::new();
        for patch::Edit { file, insertions } in (self.registered)(package, name) {
            let own = self.api.iter().find(|(path, _)| *path == file).map(|(_, text)| *text);
            diff.push_str(&patch::diff(&file, own, &insertions)?);
        }
        Ok(diff)
    }
}
