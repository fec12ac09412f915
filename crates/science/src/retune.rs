//! The constants that a candidate's source declares as tunable, and the source with other values for them.

use std::collections::BTreeMap;
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// How many tunable constants a source declares in so many words; none where it is not Rust.
pub fn declared(source: &str) -> Option<u32> {
    Some(defaults(source)?.len() as u32)
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
    // From the end: what comes before an edit stays where it is.
    edits.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
    let mut retuned = source.to_owned();
    for (place, text) in edits {
        retuned.replace_range(place, &text);
    }
    Ok(retuned)
}

/// The source with its tunable constants as ordinary ones, which can be changed or go like any other: it declares none, and
/// gives itself their defaults, each under its name. None unless it lists them where `new` is.
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
        let mut edits = [
            (list.span().byte_range(), String::new()),
            (begin..begin, format!("\n        let {}: &[f64] = {given};", name.ident)),
        ];
        edits.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
        let mut inlined = source.to_owned();
        for (place, text) in edits {
            inlined.replace_range(place, &text);
        }
        return Some(inlined);
    }
    None
}

/// The defaults in a list of tunable constants, each as written, after its name.
fn values(source: &str, list: &syn::Expr) -> Option<Vec<String>> {
    let syn::Expr::Reference(list) = list else { return None };
    let syn::Expr::Array(list) = &*list.expr else { return None };
    let value = |element: &syn::Expr| {
        let mut finder = Finder::default();
        finder.visit_expr(element);
        let (name, places) = finder.0.into_iter().next().filter(|(_, places)| places.len() == 1)?;
        Some(format!("/* {} */ {}", name.replace("*/", ""), source.get(places[0].clone())?))
    };
    list.elems.iter().map(value).collect()
}

/// For each name of a tunable where its default stands, in bytes.
fn defaults(source: &str) -> Option<BTreeMap<String, Vec<Range<usize>>>> {
    let mut finder = Finder::default();
    finder.visit_file(&syn::parse_file(source).ok()?);
    // A byte order mark is no part of what the parser counts.
    let offset = if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let shifted = |place: Range<usize>| place.start + offset..place.end + offset;
    Some(finder.0.into_iter().map(|(name, places)| (name, places.into_iter().map(shifted).collect())).collect())
}

#[derive(Default)]
struct Finder(BTreeMap<String, Vec<Range<usize>>>);

impl<'a> Visit<'a> for Finder {
    fn visit_expr_struct(&mut self, value: &'a syn::ExprStruct) {
        visit::visit_expr_struct(self, value);
        if value.path.segments.last().is_none_or(|segment| segment.ident != "Tunable") {
            return;
        }
        let (mut name, mut default) = (None, None);
        for field in &value.fields {
            let syn::Member::Named(member) = &field.member else { continue };
            match (member.to_string().as_str(), &field.expr) {
                ("name", syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. })) => name = Some(text.value()),
                ("default", expression) => default = Some(expression.span().byte_range()),
                _ => {}
            }
        }
        if let (Some(name), Some(default)) = (name, default) {
            self.0.entry(name).or_default().push(default);
        }
    }
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
        assert_eq!(crate::source::free_parameters(&inlined), crate::source::free_parameters(source));
        assert_eq!(super::inlined("impl Admitter for Policy { fn new(p: &[f64]) -> Self { Policy } }"), None);
        assert_eq!(super::inlined(SOURCE), None, "one of its constants stands elsewhere");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        assert!(retuned(SOURCE, &[("half", 0.3)]).unwrap_err().contains("`half`"));
        assert!(retuned(&SOURCE.repeat(2), &[("mix", 0.3)]).unwrap_err().contains("more than once"));
        assert!(retuned(SOURCE, &[("mix", f64::NAN)]).is_err());
        assert_eq!(declared("no Rust"), None);
    }
}
