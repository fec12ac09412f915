//! A candidate as production code, and the proof that it decides alike.
//!
//! A *candidate* is a Rust file that implements the one trait of a *contract*, another Rust file. [`translate`] reads both and
//! writes Go that a Go programmer would have written: the candidate's names, comments and tunables, one function for each function.
//! It knows no problem: what the contract's types are is read out of its text, and what stands around the translated code, the
//! *scaffold*, is the caller's.
//!
//! **The subset.** Structs, enums without data, constants, functions, methods; `f64`, integers, `bool`, `Option`, arrays, slices;
//! arithmetic, comparisons, `if`, `match`, loops, closures in iterators and options; the maths of the contract. What lies outside is
//! refused with its place and what to write instead ([`Refusal`]).
//!
//! **To the bit.** What is computed is computed in the same order, with the same roundings:
//! - products are rounded before they are added (`float64(x*y) + z`): Go may fuse the two otherwise;
//! - constant arithmetic is folded here, since Go would do it exactly;
//! - `max` and `min` of floats, casts to integers, shifts and saturating operations keep Rust's meaning (`go/helpers.rs`);
//! - integers wrap, as in candidates, which are compiled without overflow checks;
//! - `exp`, `ln`, `tanh`, `powf` are the algorithms of the crate `libm`, in Go (`maths/`), and `powi` is the contract's own product;
//! - sums run from left to right, and begin with −0 where that can be seen;
//! - what is read before something changes it is kept in a variable, so draws and other calls happen at the same points.
//!
//! Where to start reading: `types.rs`, `lower.rs` (the rules of order), `go/tidy.rs` (the roundings), `package.rs` (the files).
//! [`mutants`] changes Go for the test of tests.

mod go;
mod items;
mod lower;
mod maths;
mod mutant;
mod names;
mod package;
mod types;

pub use items::is_keyword;
pub use maths::MATHS;
pub use mutant::{Mutant, mutants};
pub use names::comment;
pub use package::{Target, Translation, Tunable, translate};

/// Why a candidate cannot be translated: what lies outside of the subset, where, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {reason}")]
pub struct Refusal {
    /// Line in the source, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What it is, and what to write instead.
    pub reason: String,
}

/// A name of a Rust item as a name in Go; with a capital where other packages see it.
pub fn go_name(name: &str, exported: bool) -> String {
    names::camel(name, exported)
}
