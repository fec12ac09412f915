//! The constants that a candidate's source declares as tunable, and the source with other values for them.

use crate::source::{edited, tokens};
use proc_macro2::{Group, TokenTree};
use std::collections::BTreeMap;
use std::ops::Range;
use syn::spanned::Spanned;

/// The name of the tunable that sets how much a policy pays on the whole: it is set to equal gain, and tuned by nobody.
pub const SCALE: &str = "scale";

/// How many tunable constants a source declares in so many words, its scale aside; none where it cannot be split into tokens. Looks at each
/// token a few times, and does not recurse.
pub fn declared(source: &str) -> Option<u32> {
    Some(defaults(source)?.keys().filter(|name| *name != SCALE).count() as u32)
}

/// The tunable constants that a source declares, in order, each with its default; none where it is not Rust, or a default is
/// no plain number.
pub fn plain_defaults(source: &str) -> Option<Vec<(String, f64)>> {
    let number = |text: &str| text.replace('_', "").parse::<f64>().ok();
    tunables(source)?.into_iter().map(|(name, place)| Some((name, number(source.get(place)?)?))).collect()
}

/// The source with these values as the defaults of its tunable constants. Nothing else in it changes.
///
/// Says which constant is not written as `Tunable { name: "...", default: ..., ... }`, or is written more than once.
pub fn retuned(source: &str, values: &[(&str, f64)]) -> Result<String, String> {
    let defaults = defaults(source).ok_or("the source is not Rust")?;
    let mut edits = Vec::new();
    for (name, value) in values {
        if !value.is_finite() {
            return Err(format!("`{name}` cannot be {value}"));
        }
        match defaults.get(*name).map(Vec::as_slice) {
            Some([place]) => edits.push((place.clone(), format!("{value:?}"))),
            Some(_) => return Err(format!("the source declares `{name}` more than once")),
            None => return Err(format!("the source does not declare `{name}` where it can be read")),
        }
    }
    edited(source, edits).ok_or_else(|| "one constant is declared within another".to_owned())
}

/// The source with its tunable constants as ordinary ones, which can be changed or go like any other: it declares none, and
/// gives itself their defaults, each under its name. None unless it lists them where `new` is.
///
/// The syntax is walked by recursion, as in [`crate::simplify`].
pub fn inlined(source: &str) -> Option<String> {
    let file = syn::parse_file(source).ok().filter(|_| !source.starts_with('\u{feff}'))?;
    let items =
        file.items.iter().filter_map(|item| if let syn::Item::Impl(item) = item { Some(&item.items) } else { None });
    for items in items {
        let (mut list, mut new) = (None, None);
        for item in items {
            match item {
                syn::ImplItem::Const(item) if item.ident == "TUNABLES" => list = Some(item),
                syn::ImplItem::Fn(item) if item.sig.ident == "new" => new = Some(item),
                _ => {}
            }
        }
        let (Some(list), Some(new)) = (list, new) else { continue };
        let given = format!("&[{}]", values(source, &list.expr)?.join(", "));
        let Some(syn::FnArg::Typed(parameter)) = new.sig.inputs.first() else { return None };
        let syn::Pat::Ident(name) = &*parameter.pat else { return None };
        let begin = new.block.brace_token.span.open().byte_range().end;
        let edits = vec![
            (list.span().byte_range(), String::new()),
            (begin..begin, format!("\n        let {}: &[f64] = {given};", name.ident)),
        ];
        return edited(source, edits);
    }
    None
}

/// The defaults in a list of tunable constants, each as written, after its name.
fn values(source: &str, list: &syn::Expr) -> Option<Vec<String>> {
    let syn::Expr::Reference(list) = list else { return None };
    let syn::Expr::Array(list) = &*list.expr else { return None };
    let all = tunables(source)?;
    let value = |element: &syn::Expr| {
        let own = element.span().byte_range();
        let first = all.partition_point(|(_, default)| default.start < own.start);
        let mut inside = all[first..].iter().take_while(|(_, default)| default.end <= own.end);
        let (Some((name, default)), None) = (inside.next(), inside.next()) else { return None };
        Some(format!("/* {} */ {}", name.replace("*/", ""), source.get(default.clone())?))
    };
    list.elems.iter().map(value).collect()
}

/// For each name of a tunable where its default stands, in bytes.
fn defaults(source: &str) -> Option<BTreeMap<String, Vec<Range<usize>>>> {
    let mut defaults: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (name, default) in tunables(source)? {
        defaults.entry(name).or_default().push(default);
    }
    Some(defaults)
}

/// Every `Tunable { ... }` in the order of the text: its name, and where its default stands.
fn tunables(source: &str) -> Option<Vec<(String, Range<usize>)>> {
    let (mut found, mut named) = (Vec::new(), false);
    for token in tokens(source)? {
        if let (true, TokenTree::Group(fields)) = (named, &token) {
            found.extend(tunable(fields));
        }
        named = matches!(&token, TokenTree::Ident(word) if word == "Tunable");
    }
    Some(found)
}

/// Name and place of the default, where the fields are written so that both can be told.
fn tunable(fields: &Group) -> Option<(String, Range<usize>)> {
    let tokens: Vec<TokenTree> = fields.stream().into_iter().collect();
    let is_mark = |token: &TokenTree, mark| matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark);
    let (mut name, mut default) = (None, None);
    for field in tokens.split(|token| is_mark(token, ',')).filter(|field| !field.is_empty()) {
        // Whatever else stands between two commas is no field: the comma was part of an expression.
        let [TokenTree::Ident(member), colon, value @ ..] = field else { return None };
        let (first, last) = (value.first().filter(|_| is_mark(colon, ':'))?, value.last()?);
        match (member.to_string().as_str(), value) {
            ("name", [TokenTree::Literal(text)]) if text.to_string().starts_with(['"', 'r']) => {
                let syn::Lit::Str(text) = syn::Lit::new(text.clone()) else { return None };
                name = Some(text.value());
            }
            ("default", _) => default = Some(first.span().byte_range().start..last.span().byte_range().end),
            _ => {}
        }
    }
    name.zip(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
// ä: two bytes before all that follows.
const MIX: Tunable = Tunable { name: "mix", default: 1.0 / 3.0, low: 0.0, high: 2.0 };
impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[
        Tunable { default: -0.25, name: "prompt", low: -1.0, high: 1.0 }, // long prompts
        MIX,
    ];
}
"#;

    #[test]
    fn only_the_defaults_change() {
        let expected = SOURCE.replace("1.0 / 3.0", "0.8").replace("default: -0.25", "default: 1e-7");
        assert_eq!(retuned(SOURCE, &[("prompt", 1e-7), ("mix", 0.8)]), Ok(expected));
        assert_eq!(declared(SOURCE), Some(2));
    }

    #[test]
    fn a_negative_value_replaces_the_whole_expression() {
        let source = retuned(SOURCE, &[("mix", -0.5)]).unwrap();
        assert!(source.contains("default: -0.5, low: 0.0"), "{source}");
    }

    #[test]
    fn inlined_constants_are_ordinary_ones_of_the_same_number() {
        let source = "impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: \"half\", default: 0.3, low: 0.1, high: 0.9 }, Tunable { name: \"mix\", default: -0.5, low: -1.0, high: 1.0 }];
    fn new(parameters: &[f64]) -> Self { Policy(parameters[0], parameters[1]) }
}";
        let inlined = inlined(source).unwrap();
        assert!(inlined.contains("let parameters: &[f64] = &[/* half */ 0.3, /* mix */ -0.5];"), "{inlined}");
        assert_eq!(declared(&inlined), Some(0));
        assert!(crate::source::description_length(&inlined) < crate::source::description_length(source));
        assert_eq!(super::inlined("impl Admitter for Policy { fn new(p: &[f64]) -> Self { Policy } }"), None);
        assert_eq!(super::inlined(SOURCE), None, "one of its constants stands elsewhere");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        assert!(retuned(SOURCE, &[("half", 0.3)]).unwrap_err().contains("`half`"));
        assert!(retuned(&SOURCE.repeat(2), &[("mix", 0.3)]).unwrap_err().contains("more than once"));
        assert!(retuned(SOURCE, &[("mix", f64::NAN)]).is_err());
        assert_eq!((declared("no Rust"), declared("fn (")), (Some(0), None));
        let comma = "Tunable { name: \"mix\", default: pick::<0, 1>(), low: 0.0, high: 1.0 }";
        assert!(retuned(comma, &[("mix", 0.3)]).is_err(), "it cannot be told where the default ends");
    }

    #[test]
    fn a_byte_order_mark_moves_nothing() {
        let marked = format!("\u{feff}{SOURCE}");
        assert_eq!(retuned(&marked, &[("mix", 0.8)]), Ok(marked.replace("1.0 / 3.0", "0.8")));
    }
}
