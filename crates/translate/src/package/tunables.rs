//! What a candidate lets others set.

use super::{Target, Tunable};
use crate::Refusal;
use crate::items::Items;
use crate::names::camel;

/// The implementation of the trait says which function begins, and the constant which tunables there are.
pub(super) fn tunables(file: &syn::File, target: &Target<'_>, items: &Items<'_>) -> Result<Vec<Tunable>, Refusal> {
    let mut list = None;
    for item in &file.items {
        let syn::Item::Impl(item) = item else { continue };
        for inner in &item.items {
            if let syn::ImplItem::Const(constant) = inner
                && item.trait_.is_some()
                && constant.ident == target.tunables
            {
                list = Some(&constant.expr);
            }
        }
    }
    let Some(mut list) = list else { return Ok(vec![]) };
    while let syn::Expr::Reference(syn::ExprReference { expr, .. }) = list {
        list = expr;
    }
    let syn::Expr::Array(array) = list else {
        return Err(Refusal::at(list, "tunables that are not written as a list"));
    };
    let mut tunables: Vec<Tunable> = Vec::new();
    for element in &array.elems {
        let syn::Expr::Struct(literal) = element else {
            return Err(Refusal::at(element, "a tunable that is not written as a struct"));
        };
        let mut tunable = Tunable { name: String::new(), field: String::new(), default: 0.0, low: 0.0, high: 0.0 };
        for field in &literal.fields {
            let syn::Member::Named(name) = &field.member else { continue };
            match (name.to_string().as_str(), &field.expr) {
                ("name", syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. })) => tunable.name = text.value(),
                ("default", value) => tunable.default = number(value, items)?,
                ("low", value) => tunable.low = number(value, items)?,
                ("high", value) => tunable.high = number(value, items)?,
                _ => return Err(Refusal::at(field, "a part of a tunable that is not written down")),
            }
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !tunable.name.starts_with(|c: char| c.is_ascii_alphabetic()) || !tunable.name.chars().all(is_name) {
            return Err(Refusal::at(element, "a tunable whose name is no identifier"));
        }
        if !(tunable.low <= tunable.default && tunable.default <= tunable.high) {
            return Err(Refusal::at(element, "a tunable whose default is not between low and high"));
        }
        tunable.field = camel(&tunable.name, true);
        if tunables.iter().any(|other| other.field == tunable.field) {
            return Err(Refusal::at(element, "a tunable with the name of another one"));
        }
        tunables.push(tunable);
    }
    Ok(tunables)
}

/// A number as it is written, or a constant that is one. A constant of constants is none: it may be one of itself.
pub(super) fn number(value: &syn::Expr, items: &Items<'_>) -> Result<f64, Refusal> {
    let refuse = || Refusal::at(value, "a number of a tunable that is not written down");
    match value {
        syn::Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), expr, .. }) => Ok(-number(expr, items)?),
        syn::Expr::Path(path) => {
            let name = path.path.segments.last().map_or(String::new(), |last| last.ident.to_string());
            items.consts.get(&name).and_then(|constant| written(constant.value)).ok_or_else(refuse)
        }
        value => written(value).ok_or_else(refuse),
    }
}

fn written(value: &syn::Expr) -> Option<f64> {
    match value {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Float(number), .. }) => number.base10_parse().ok(),
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. }) => number.base10_parse().ok(),
        syn::Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), expr, .. }) => written(expr).map(|own| -own),
        _ => None,
    }
}
