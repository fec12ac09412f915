//! What could be left out of a candidate's source: every operand of its arithmetic, every constant, every digit.
//!
//! Read off the syntax alone, so it works on whatever a model wrote. Most of what is proposed is worse, and some does not
//! compile: measuring says which.

use crate::short::rounded;
use crate::source::free_parameters;
use proc_macro2::{TokenStream, TokenTree};
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// The most changes of each sort: a last operand or a whole weighting goes, a first operand goes, a constant is 1 or 0, a
/// constant is shorter.
const MOST: [usize; SORTS] = [6, 4, 8, 6];
const SORTS: usize = 4;
/// Significant digits that a constant is shortened to.
const DIGITS: [usize; 2] = [1, 2];
/// The longest text that is quoted in words, in characters.
const QUOTED: usize = 40;

/// One place of a source, and what could stand there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    place: Range<usize>,
    text: String,
    /// What is changed, in words.
    pub words: String,
}

/// What could be simpler in a source, the most promising first: whole terms before constants, constants before digits, and
/// no more than two dozen in all. Empty where it is not Rust.
pub fn changes(source: &str) -> Vec<Change> {
    let Some(file) = parsed(source) else { return Vec::new() };
    let mut finder = Finder { source, found: Default::default() };
    finder.visit_file(&file);
    finder.found.into_iter().zip(MOST).flat_map(|(found, most)| found.into_iter().take(most)).collect()
}

/// The source with some of its changes made, and without what nothing uses any longer; none if two of them touch the same
/// place, or if it would not be Rust.
pub fn changed(source: &str, changes: &[Change]) -> Option<String> {
    let mut changes: Vec<&Change> = changes.iter().collect();
    // From the end: what comes before an edit stays where it is.
    changes.sort_by_key(|change| std::cmp::Reverse(change.place.start));
    if changes.windows(2).any(|pair| pair[1].place.end > pair[0].place.start) {
        return None;
    }
    let mut text = source.to_owned();
    for change in changes {
        text.replace_range(change.place.clone(), &change.text);
    }
    while let Some(unused) = unused(&text) {
        text.replace_range(unused, "");
    }
    free_parameters(&text).map(|_| text)
}

/// The syntax of a source whose places are counted as its own bytes are; none with a byte order mark, which the parser does
/// not count.
fn parsed(source: &str) -> Option<syn::File> {
    syn::parse_file(source).ok().filter(|_| !source.starts_with('\u{feff}'))
}

struct Finder<'s> {
    source: &'s str,
    found: [Vec<Change>; SORTS],
}

impl Finder<'_> {
    fn quoted(&self, place: Range<usize>) -> String {
        let text = self.source.get(place).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        match text.char_indices().nth(QUOTED) {
            Some((end, _)) => format!("`{}...`", &text[..end]),
            None => format!("`{text}`"),
        }
    }

    fn drop(&mut self, sort: usize, place: Range<usize>) {
        let words = format!("without {} in line {}", self.quoted(place.clone()), self.line(place.start));
        self.found[sort].push(Change { place, text: String::new(), words });
    }

    /// The line of a place, from 1; the blanks before a word are not of its line's.
    fn line(&self, at: usize) -> usize {
        let (before, after) = self.source.split_at(at);
        let blank = &after[..after.len() - after.trim_start().len()];
        before.matches('\n').count() + blank.matches('\n').count() + 1
    }

    /// A literal that counts as a free parameter.
    fn constant(&mut self, literal: &syn::Lit, value: f64, written: impl Fn(f64) -> String) {
        let place = literal.span().byte_range();
        let own = self.source.get(place.clone()).unwrap_or_default();
        let before = self.source.get(..place.start).unwrap_or_default();
        // A comment right before a constant says its name.
        let name = before.trim_end_matches('-').trim_end().strip_suffix("*/").and_then(|text| text.rsplit_once("/*"));
        let named = match name {
            Some((_, name)) => format!("{} is ", name.trim()),
            None => String::new(),
        };
        let line = self.line(place.start);
        let change = |value: f64| {
            let text = written(value);
            let words = format!("{named}`{text}` for `{own}` in line {line}");
            Change { place: place.clone(), text, words }
        };
        let short = DIGITS.map(|digits| rounded(value, digits));
        let shorter =
            short.into_iter().filter(|short| *short != value && *short != 1.0).map(change).collect::<Vec<_>>();
        self.found[2].extend([1.0, 0.0].map(change));
        self.found[3].extend(shorter);
    }
}

impl<'a> Visit<'a> for Finder<'_> {
    fn visit_expr_binary(&mut self, binary: &'a syn::ExprBinary) {
        if matches!(binary.op, syn::BinOp::Add(_) | syn::BinOp::Sub(_) | syn::BinOp::Mul(_) | syn::BinOp::Div(_)) {
            let [left, right] = [&binary.left, &binary.right].map(|operand| operand.span().byte_range());
            self.drop(0, left.end..right.end);
            self.drop(1, left.start..right.start);
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_stmt(&mut self, statement: &'a syn::Stmt) {
        if let syn::Stmt::Expr(syn::Expr::Binary(binary), Some(_)) = statement
            && matches!(binary.op, syn::BinOp::MulAssign(_) | syn::BinOp::DivAssign(_))
        {
            self.drop(0, statement.span().byte_range());
        }
        visit::visit_stmt(self, statement);
    }

    fn visit_expr_lit(&mut self, expression: &'a syn::ExprLit) {
        let literal = &expression.lit;
        match literal {
            syn::Lit::Int(n) => {
                if let Some(value) = n.base10_parse::<u32>().ok().filter(|value| *value > 1) {
                    self.constant(literal, f64::from(value), |value| format!("{value}{}", n.suffix()));
                }
            }
            syn::Lit::Float(x) => {
                if let Some(value) = x.base10_parse::<f64>().ok().filter(|value| *value != 0.0 && *value != 1.0) {
                    self.constant(literal, value, |value| format!("{value:?}{}", x.suffix()));
                }
            }
            _ => {}
        }
    }

    /// Another place of a list is no simpler than this one.
    fn visit_expr_index(&mut self, index: &'a syn::ExprIndex) {
        self.visit_expr(&index.expr);
    }

    fn visit_expr_struct(&mut self, value: &'a syn::ExprStruct) {
        // What is declared as tunable has its values from the tuner, and bounds that belong to them.
        if value.path.segments.last().is_none_or(|segment| segment.ident != "Tunable") {
            visit::visit_expr_struct(self, value);
        }
    }

    fn visit_type(&mut self, _: &'a syn::Type) {}

    fn visit_attribute(&mut self, _: &'a syn::Attribute) {}
}

/// The place of a value that is bound to a name and never used, with its line.
fn unused(source: &str) -> Option<Range<usize>> {
    let mut names = Names::default();
    names.visit_file(&parsed(source)?);
    let tokens: TokenStream = source.parse().ok()?;
    let place = names.0.into_iter().find(|(name, _)| !name.starts_with('_') && times(&tokens, name) == 1)?.1;
    let rest = &source[place.end..];
    let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let end = place.end + blank + usize::from(rest[blank..].starts_with('\n'));
    let mut start =
        place.start - (source[..place.start].len() - source[..place.start].trim_end_matches([' ', '\t']).len());
    // What was said of it goes with it.
    while let Some(above) = source[..start].strip_suffix('\n') {
        let line = above.rfind('\n').map_or(0, |at| at + 1);
        if !above[line..].trim_start().starts_with("// ") {
            break;
        }
        start = line;
    }
    Some(start..end)
}

/// Values bound to a name, with the places of the statements or items that bind them.
#[derive(Default)]
struct Names(Vec<(String, Range<usize>)>);

impl<'a> Visit<'a> for Names {
    fn visit_local(&mut self, local: &'a syn::Local) {
        if let syn::Pat::Ident(name) = &local.pat {
            self.0.push((name.ident.to_string(), local.span().byte_range()));
        }
        visit::visit_local(self, local);
    }

    fn visit_item_const(&mut self, item: &'a syn::ItemConst) {
        self.0.push((item.ident.to_string(), item.span().byte_range()));
    }
}

/// How often a name stands in a source, the arguments of macros included.
fn times(tokens: &TokenStream, name: &str) -> usize {
    let count = |token: TokenTree| match token {
        TokenTree::Ident(ident) => usize::from(ident == name),
        TokenTree::Group(group) => times(&group.stream(), name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => 0,
    };
    tokens.clone().into_iter().map(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
const SCALE: f64 = 312.5;

fn pressure(x: f64, prompt: f64) -> f64 {
    // Longer prompts weigh more.
    let weight = (prompt / 2048.0).powf(0.3);
    let mut pressure = x * weight * SCALE;
    pressure *= 1.0 - prompt;
    pressure.powi(5)
}
";

    /// The source after the change that is described so.
    fn after(words: &str) -> String {
        let all = changes(SOURCE);
        let Some(change) = all.iter().find(|change| change.words == words) else {
            panic!("{words}: {:?}", all.iter().map(|change| &change.words).collect::<Vec<_>>())
        };
        changed(SOURCE, std::slice::from_ref(change)).expect("it is Rust")
    }

    #[test]
    fn every_change_leaves_rust_with_no_more_free_parameters() {
        let (all, own) = (changes(SOURCE), free_parameters(SOURCE).unwrap());
        assert!((10..=24).contains(&all.len()), "{}", all.len());
        for change in all {
            let text = changed(SOURCE, std::slice::from_ref(&change)).expect(&change.words);
            assert_ne!(text, SOURCE);
            assert!(free_parameters(&text).unwrap() <= own, "{}", change.words);
        }
    }

    #[test]
    fn a_weighting_goes_with_all_that_only_it_used() {
        let text = after("without `* weight` in line 6");
        assert!(text.contains("let mut pressure = x * SCALE;") && !text.contains("prompts"), "{text}");
        assert_eq!((free_parameters(SOURCE), free_parameters(&text)), (Some(4), Some(2)));
        let text = after("without `* SCALE` in line 6");
        assert!(text.contains("x * weight;") && !text.contains("312.5"), "{text}");
        assert!(!after("without `pressure *= 1.0 - prompt;` in line 7").contains("*="));
    }

    #[test]
    fn either_operand_can_go_and_the_other_stays() {
        assert!(after("without `prompt /` in line 5").contains("(2048.0).powf(0.3)"));
        assert!(after("without `/ 2048.0` in line 5").contains("(prompt).powf(0.3)"));
        assert!(after("without `1.0 -` in line 7").contains("pressure *= prompt;"));
    }

    #[test]
    fn a_constant_becomes_one_nothing_or_shorter_in_its_own_kind() {
        assert!(after("`1` for `5` in line 8").contains("powi(1)"));
        assert!(after("`0.0` for `0.3` in line 5").contains("powf(0.0)"));
        assert!(after("`300.0` for `312.5` in line 1").contains("SCALE: f64 = 300.0"));
        assert!(after("`310.0` for `312.5` in line 1").contains("SCALE: f64 = 310.0"));
    }

    #[test]
    fn changes_of_different_places_go_together_and_of_the_same_place_never() {
        let of = |words: &str| changes(SOURCE).into_iter().find(|change| change.words == words).unwrap();
        let [weight, scale] = ["without `* weight` in line 6", "without `* SCALE` in line 6"].map(of);
        let both = changed(SOURCE, &[weight, scale.clone()]).unwrap();
        assert!(both.contains("let mut pressure = x;"), "{both}");
        let [one, none] = ["`1` for `5` in line 8", "`0` for `5` in line 8"].map(of);
        assert_eq!(changed(SOURCE, &[one, none]), None);
    }

    #[test]
    fn places_of_lists_tunable_values_and_types_stay() {
        let source = "const T: &[Tunable] = &[Tunable { name: \"k\", default: 3.5, low: 2.0, high: 9.0 }];
fn f(p: &[f64], q: [f64; 4]) -> f64 { p[3].max(q[2]).max(T[0].default) }";
        assert_eq!(changes(source), []);
        assert_eq!(changes("no Rust"), []);
    }
}
