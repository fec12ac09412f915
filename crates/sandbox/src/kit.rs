//! The contract crate that candidates are compiled against, as text.

/// A contract crate: its text, and how a generated wrapper reaches a candidate through it.
///
/// The crate is `no_std`, has no dependencies, and is compiled with bare `rustc`, edition 2024. It is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kit {
    /// Its crate name, as in `admitter`.
    pub name: &'static str,
    /// Its files, name and text; the first is the crate root.
    pub files: &'static [(&'static str, &'static str)],
    /// The type that answers for a candidate, as in `admitter::wire::Seat<candidate::Policy>`. It has the inherent functions
    /// `start(&[f64]) -> Self`, `answer(&mut self, &[u8]) -> [u8; N]` and `describe(&mut [u8]) -> usize`.
    pub state: &'static str,
    /// Bytes of an answer, 1 to [`MAX_ANSWER_BYTES`](crate::MAX_ANSWER_BYTES): the `N` of `answer`.
    pub answer_bytes: usize,
    /// The function that takes the maths table, as in `admitter::install_maths`. Its one argument is a reference to an array
    /// of [`MathsFn`](crate::jail::MathsFn).
    pub install: &'static str,
    /// Names at the root of the crate that are not for candidates, as in `wire`.
    pub private: &'static [&'static str],
}
