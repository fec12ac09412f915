//! A source at one place of its tunables: the values stand where they are read, and what they decide is decided.
//!
//! Partial evaluation of the text, step by step: a value takes the place of its name, arithmetic and comparisons of numbers
//! become their result, `if`, `match` and `matches!` on what is known become the branch that is taken, and what nobody reads
//! any more goes. No algebra: what is computed at run time is computed in the same order, so the decisions are the same to
//! the bit. What is not understood stays as it stands; whether two sources do decide alike is for their trials to say.
//!
//! The syntax is walked by recursion, as in [`crate::simplify`]: texts must have passed the screen, and the thread needs a
//! stack for the depth that it allows.

mod constant;
mod facts;
mod fold;
mod unread;

use crate::retune::{SCALE, plain_defaults};
use crate::source::{edited, with_line};
use facts::Facts;
use std::ops::Range;
use syn::spanned::Spanned;

/// Steps at most. Each takes all places that do not touch each other, so it is about how deep things are nested.
const STEPS: usize = 100;

/// Text that takes the place of what stands there.
type Edit = (Range<usize>, String);

/// The source with these values, in the order of its tunables, as its own: it declares none but its scale. Says what it cannot
/// read.
pub fn specialised(source: &str, values: &[f64]) -> Result<String, String> {
    let mut text = begun(source, values)?;
    for _ in 0..STEPS {
        let file = parsed(&text)?;
        let facts = Facts::of(&text, &file);
        let mut edits = fold::edits(&text, &file, &facts);
        if edits.is_empty() {
            edits = unread::edits(&text, &file, &facts);
        }
        if edits.is_empty() {
            // Where the list of tunables stood.
            return Ok(text.replacen("{\n\n    fn", "{\n    fn", 1));
        }
        text = edited(&text, apart(edits)).ok_or("two steps touch the same place")?;
    }
    Ok(text)
}

/// The source without its list of tunables, and with their values bound to the names that `new` gives them. A scale stays what it
/// is: somebody else sets it.
fn begun(source: &str, values: &[f64]) -> Result<String, String> {
    let file = parsed(source)?;
    for item in &file.items {
        let syn::Item::Impl(item) = item else { continue };
        let list = item.items.iter().find_map(|item| match item {
            syn::ImplItem::Const(list) if list.ident == "TUNABLES" => Some(list),
            _ => None,
        });
        let new = item.items.iter().find_map(|item| match item {
            syn::ImplItem::Fn(new) if new.sig.ident == "new" => Some(new),
            _ => None,
        });
        let (Some(list), Some(new)) = (list, new) else { continue };
        let (place, parameters, names) =
            taken_apart(new).ok_or("its `new` does not begin with `let [NAME, ...] = *parameters`")?;
        if names.len() != values.len() {
            return Err(format!("its `new` takes {} values, and there are {}", names.len(), values.len()));
        }
        let (scale, list) = (scale(source, &list.expr), list.span().byte_range());
        let at = scale.as_ref().map(|(at, _)| *at);
        let fixed = names.iter().zip(values).enumerate().filter(|(position, _)| Some(*position) != at);
        let mut bound: Vec<String> = fixed.map(|(_, (name, value))| format!("let {name} = {value:?};")).collect();
        let mut edits = Vec::new();
        match scale {
            Some((at, entry)) => {
                let name = names.get(at).ok_or("its `new` takes fewer values than it lists tunables")?;
                bound.insert(0, format!("let {name} = {parameters}[0];"));
                edits.push((list, format!("const TUNABLES: &'static [Tunable] = &[{entry}];")));
            }
            None => edits.push((with_line(source, &list), String::new())),
        }
        edits.push((place, bound.join("\n        ")));
        // What the file says of itself is about all points.
        edits.extend(file.attrs.iter().filter(|said| said.path().is_ident("doc")).map(|said| {
            let place = said.span().byte_range();
            (with_line(source, &place), String::new())
        }));
        return edited(source, edits).ok_or_else(|| "its `new` is odd".into());
    }
    Err("it has no list of tunables beside its `new`".into())
}

/// The position of the scale in a list of tunables, and how it is declared there.
fn scale(source: &str, list: &syn::Expr) -> Option<(usize, String)> {
    let syn::Expr::Reference(list) = list else { return None };
    let syn::Expr::Array(list) = &*list.expr else { return None };
    let entries = list.elems.iter().map(|entry| source.get(entry.span().byte_range()).unwrap_or_default().to_owned());
    let is_scale = |entry: &String| plain_defaults(entry).is_some_and(|own| own.iter().any(|(name, _)| name == SCALE));
    entries.enumerate().find(|(_, entry)| is_scale(entry))
}

/// Where the parameters of `new` are taken apart, what they are called together, and the names that they are given.
fn taken_apart(new: &syn::ImplItemFn) -> Option<(Range<usize>, String, Vec<String>)> {
    let Some(syn::FnArg::Typed(parameter)) = new.sig.inputs.first() else { return None };
    let syn::Pat::Ident(parameters) = &*parameter.pat else { return None };
    new.block.stmts.iter().find_map(|statement| {
        let syn::Stmt::Local(local) = statement else { return None };
        let (syn::Pat::Slice(names), syn::Expr::Unary(given)) = (&local.pat, &*local.init.as_ref()?.expr) else {
            return None;
        };
        let of_parameters = matches!(&*given.expr, syn::Expr::Path(path) if path.path.is_ident(&parameters.ident));
        let name = |pattern: &syn::Pat| match pattern {
            syn::Pat::Ident(name) => Some(name.ident.to_string()),
            _ => None,
        };
        let names = names.elems.iter().map(name).collect::<Option<Vec<_>>>()?;
        of_parameters.then(|| (local.span().byte_range(), parameters.ident.to_string(), names))
    })
}

fn parsed(source: &str) -> Result<syn::File, String> {
    let marked = source.starts_with('\u{feff}');
    syn::parse_file(source).ok().filter(|_| !marked).ok_or_else(|| "it is not Rust".to_owned())
}

/// Edits that do not touch each other, the outer ones first; the others wait for the next step.
fn apart(mut edits: Vec<Edit>) -> Vec<Edit> {
    edits.sort_by_key(|(place, _)| (place.start, std::cmp::Reverse(place.end)));
    let mut end = 0;
    edits.retain(|(place, _)| {
        let free = place.start >= end;
        end = end.max(place.end);
        free
    });
    edits
}

#[cfg(test)]
mod tests;
