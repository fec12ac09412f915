//! What could be left out of a candidate's source: every operand of its arithmetic, every constant, every digit.
//!
//! Read off the syntax alone, so it works on whatever a model wrote. Most of what is proposed is worse, and some does not
//! compile: measuring says which. The syntax is walked by recursion: texts must have passed the screen, which bounds how long
//! and how deep they are, and the thread needs a stack for that depth. Beside that, all work is linear in the text's length.

mod unused;

use crate::source::{edited, step};
use crate::stats::rounded;
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
    let edits = changes.iter().map(|change| (change.place.clone(), change.text.clone())).collect();
    let text = edited(source, edits)?;
    let text = edited(&text, unused::places(&text)?.into_iter().map(|place| (place, String::new())).collect())?;
    parsed(&text).map(|_| text)
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
    /// Whether more changes of a sort are wanted. To say of each what it changes would take the square of a long text.
    fn wants(&self, sort: usize) -> bool {
        self.found[sort].len() < MOST[sort]
    }

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

    /// A literal that is a number of its own.
    fn constant(&mut self, literal: &syn::Lit, value: f64, written: impl Fn(f64) -> String) {
        let simple = [1.0, 0.0].into_iter().filter(|_| self.wants(2));
        let short = DIGITS.map(|digits| rounded(value, digits)).into_iter().filter(|_| self.wants(3));
        let (simple, short): (Vec<f64>, Vec<f64>) =
            (simple.collect(), short.filter(|short| *short != value && *short != 1.0).collect());
        if simple.is_empty() && short.is_empty() {
            return;
        }
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
        let [simple, short] = [simple, short].map(|values| values.into_iter().map(change).collect::<Vec<_>>());
        self.found[2].extend(simple);
        self.found[3].extend(short);
    }
}

impl<'a> Visit<'a> for Finder<'_> {
    fn visit_expr(&mut self, expression: &'a syn::Expr) {
        step();
        visit::visit_expr(self, expression);
    }

    fn visit_expr_binary(&mut self, binary: &'a syn::ExprBinary) {
        if matches!(binary.op, syn::BinOp::Add(_) | syn::BinOp::Sub(_) | syn::BinOp::Mul(_) | syn::BinOp::Div(_))
            && (self.wants(0) || self.wants(1))
        {
            let [left, right] = [&binary.left, &binary.right].map(|operand| operand.span().byte_range());
            self.drop(0, left.end..right.end);
            self.drop(1, left.start..right.start);
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_stmt(&mut self, statement: &'a syn::Stmt) {
        if let syn::Stmt::Expr(syn::Expr::Binary(binary), Some(_)) = statement
            && matches!(binary.op, syn::BinOp::MulAssign(_) | syn::BinOp::DivAssign(_))
            && self.wants(0)
        {
            self.drop(0, statement.span().byte_range());
        }
        visit::visit_stmt(self, statement);
    }

    fn visit_expr_lit(&mut self, expression: &'a syn::ExprLit) {
        if !self.wants(2) && !self.wants(3) {
            return;
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::description_length;

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
    fn every_change_leaves_rust_that_is_no_longer() {
        let (all, own) = (changes(SOURCE), description_length(SOURCE).unwrap());
        assert!((10..=24).contains(&all.len()), "{}", all.len());
        for change in all {
            let text = changed(SOURCE, std::slice::from_ref(&change)).expect(&change.words);
            assert_ne!(text, SOURCE);
            assert!(description_length(&text).unwrap() <= own, "{}", change.words);
        }
    }

    #[test]
    fn a_weighting_goes_with_all_that_only_it_used() {
        let text = after("without `* weight` in line 6");
        assert!(text.contains("let mut pressure = x * SCALE;") && !text.contains("prompts"), "{text}");
        assert!(description_length(&text).unwrap() + 15 < description_length(SOURCE).unwrap(), "{text}");
        let text = after("without `* SCALE` in line 6");
        assert!(text.contains("x * weight;") && !text.contains("312.5"), "{text}");
        assert!(!after("without `pressure *= 1.0 - prompt;` in line 7").contains("*="));
    }

    #[test]
    fn what_only_unused_values_use_goes_with_them_and_what_is_used_stays() {
        let source = "fn f(x: f64) -> f64 {
    let a = 1.0;
    // Of a.
    let b = { let c = a; c * 2.0 };
    let d = 3.0;
    assert!(d > 2.0);
    let _kept = 4.0;
    x
}
";
        let expected = "fn f(x: f64) -> f64 {
    let d = 3.0;
    assert!(d > 2.0);
    let _kept = 4.0;
    x
}
";
        assert_eq!(changed(source, &[]).as_deref(), Some(expected));
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
