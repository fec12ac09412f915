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
    fn what_cannot_be_read_is_named() {
        assert!(retuned(SOURCE, &[("half", 0.3)]).unwrap_err().contains("`half`"));
        assert!(retuned(&SOURCE.repeat(2), &[("mix", 0.3)]).unwrap_err().contains("more than once"));
        assert!(retuned(SOURCE, &[("mix", f64::NAN)]).is_err());
        assert_eq!(declared("no Rust"), None);
    }
}
