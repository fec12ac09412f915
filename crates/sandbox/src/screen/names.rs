//! Which names a candidate may use.

/// Modules of `core` that are pure computation on what the tokens say. An allow-list: its root and its prelude also export macros
/// that read the host, and `any` tells how things are named.
pub(super) const CORE: &[&str] = &[
    "array",
    "ascii",
    "bool",
    "borrow",
    "cell",
    "char",
    "clone",
    "cmp",
    "convert",
    "default",
    "f32",
    "f64",
    "fmt",
    "hash",
    "hint",
    "i128",
    "i16",
    "i32",
    "i64",
    "i8",
    "isize",
    "iter",
    "marker",
    "mem",
    "num",
    "ops",
    "option",
    "pin",
    "primitive",
    "range",
    "result",
    "slice",
    "str",
    "time",
    "u128",
    "u16",
    "u32",
    "u64",
    "u8",
    "usize",
];

/// Crates that exist in the toolchain and are not for candidates.
pub(super) const OTHER_CRATES: &[&str] = &["std", "alloc", "proc_macro", "test", "compiler_builtins", "libc"];

/// Macros that neither read the host nor print.
pub(super) const MACROS: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "matches",
    "panic",
    "todo",
    "unimplemented",
    "unreachable",
];

/// Attributes without influence on the outside.
pub(super) const ATTRIBUTES: &[&str] =
    &["allow", "cold", "default", "derive", "doc", "expect", "inline", "must_use", "non_exhaustive"];

/// Traits that `core` can derive.
pub(super) const DERIVES: &[&str] =
    &["Clone", "Copy", "Debug", "Default", "Eq", "Hash", "Ord", "PartialEq", "PartialOrd"];

/// Words that may come before `!` without making it a macro.
pub(super) const KEYWORDS: &[&str] = &[
    "if", "while", "match", "return", "in", "break", "else", "as", "mut", "ref", "move", "let", "const", "loop", "for",
];

/// Why this name may not be the root of a path, if so.
pub(super) fn refused_crate(name: &str) -> Option<String> {
    OTHER_CRATES
        .contains(&name)
        .then(|| format!("the crate `{name}` is out of reach: candidates have `core` and the contract only"))
}

/// Why this name may not follow the name of a crate, if so.
pub(super) fn refused_item(kit: &crate::Kit, crate_name: &str, item: &str) -> Option<String> {
    // `panic` is also a module, whose `Location` tells on which line a candidate stands: layout is not to make a difference.
    let is_macro = MACROS.contains(&item) && item != "panic";
    if crate_name == "core" && !CORE.contains(&item) && !is_macro {
        Some(format!("`core::{item}` is not for candidates"))
    } else if crate_name == kit.name && kit.private.contains(&item) {
        Some(format!("`{crate_name}::{item}` is not for candidates"))
    } else {
        None
    }
}

/// A name without the mark of a raw identifier, which does not change what it refers to.
pub(super) fn plain(ident: &proc_macro2::Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map(str::to_owned).unwrap_or(text)
}
