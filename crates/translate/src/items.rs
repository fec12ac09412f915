//! What a contract and a candidate declare: types, constants, functions.

mod read;
mod types;

pub use read::is_keyword;

use crate::Refusal;
use crate::names::{camel, comment};
use crate::types::{Int, Ty};
use std::collections::{BTreeMap, BTreeSet};
use syn::spanned::Spanned;

/// Everything that is declared, by its name in Rust.
#[derive(Default)]
pub(crate) struct Items<'a> {
    pub(crate) structs: BTreeMap<String, Struct>,
    pub(crate) enums: BTreeMap<String, Enum>,
    /// `NAME`, or `Type::NAME`.
    pub(crate) consts: BTreeMap<String, Const<'a>>,
    /// What constants are called in Go.
    const_names: BTreeMap<String, String>,
    /// `name`, or `Type::name`.
    pub(crate) functions: BTreeMap<String, Function<'a>>,
    /// In the order in which they stand, for each of the two texts.
    pub(crate) order: Vec<(Part, Item)>,
    /// Types that the scaffold defines: what they can do is in `functions`, without a body.
    pub(crate) opaque: BTreeSet<String>,
}

/// Which of the two texts an item stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Contract,
    Candidate,
}

#[derive(Clone, Debug)]
pub(crate) enum Item {
    Struct(String),
    Enum(String),
    Const(String),
    Function(String),
}

#[derive(Debug)]
pub(crate) struct Struct {
    pub(crate) docs: Vec<String>,
    pub(crate) fields: Vec<Field>,
    pub(crate) has_default: bool,
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) go: String,
    pub(crate) ty: Ty,
    pub(crate) docs: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Enum {
    pub(crate) docs: Vec<String>,
    /// Name in Rust, name in Go, documentation.
    pub(crate) variants: Vec<(String, String, Vec<String>)>,
}

pub(crate) struct Const<'a> {
    pub(crate) docs: Vec<String>,
    pub(crate) go: String,
    pub(crate) ty: Ty,
    pub(crate) value: &'a syn::Expr,
    pub(crate) owner: Option<String>,
}

/// A function or method.
pub(crate) struct Function<'a> {
    pub(crate) docs: Vec<String>,
    pub(crate) go: String,
    pub(crate) owner: Option<String>,
    pub(crate) receiver: Option<Receiver>,
    pub(crate) parameters: Vec<(&'a syn::Pat, Ty)>,
    pub(crate) result: Ty,
    /// None where the scaffold has it.
    pub(crate) body: Option<&'a syn::Block>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receiver {
    Value,
    Shared,
    Mutable,
}

/// What the reader needs to know of the contract: how its trait works.
pub(crate) struct Reading<'a> {
    /// The trait that a candidate implements.
    pub(crate) interface: &'a str,
    /// Types of the contract that the scaffold defines.
    pub(crate) opaque: &'a [String],
    /// Names of the candidate's variables, which functions and constants must not take.
    pub(crate) locals: BTreeSet<String>,
}

impl Items<'_> {
    /// Whether a field of this name in Go is something that a candidate is shown, 0 or above, and nothing of its own.
    pub(crate) fn is_input(&self, go: &str) -> bool {
        let parts = self.order.iter().filter_map(|(part, item)| match item {
            Item::Struct(name) => Some((*part, &self.structs[name])),
            _ => None,
        });
        let mut found = false;
        for (part, own) in parts {
            for field in own.fields.iter().filter(|field| field.go == go) {
                let shown = matches!(field.ty, Ty::Float | Ty::Int(Int::U8 | Int::U16 | Int::U32 | Int::U64));
                if part == Part::Candidate || !shown {
                    return false;
                }
                found = true;
            }
        }
        found
    }
}

/// An identifier as Go.
pub(crate) fn plain(ident: &syn::Ident, exported: bool) -> String {
    let name = ident.to_string();
    camel(name.strip_prefix("r#").unwrap_or(&name), exported)
}

/// The lines of a documentation.
pub(crate) fn docs(attrs: &[syn::Attribute]) -> Vec<String> {
    let text = |attr: &syn::Attribute| match &attr.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    };
    attrs.iter().filter_map(text).flat_map(|text| text.lines().map(comment).collect::<Vec<_>>()).collect()
}

impl Refusal {
    /// What lies outside the subset, and where.
    pub(crate) fn at(place: &impl Spanned, reason: impl Into<String>) -> Refusal {
        let start = place.span().start();
        Refusal { line: start.line, column: start.column + 1, reason: reason.into() }
    }
}
