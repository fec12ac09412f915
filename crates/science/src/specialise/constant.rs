//! What is known of an expression by its text alone, and what a pattern says of it.

use super::facts::{Facts, own_field};
use crate::stats::rounded;
use syn::spanned::Spanned;

/// Digits of a result that may stand for its arithmetic: with more of them it would be longer, and say less.
const DIGITS: usize = 4;

/// A known value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Constant {
    Float(f64),
    Integer(i128),
    Bool(bool),
    /// A variant of an enum by its name, with what it holds: the field's name or position, and its text.
    Variant(String, Vec<(String, String)>),
}

impl Constant {
    /// What an expression is known to be.
    pub(super) fn of(expression: &syn::Expr, text: &str, facts: &Facts) -> Option<Constant> {
        let of = |expression| Constant::of(expression, text, facts);
        match expression {
            syn::Expr::Paren(inner) => of(&inner.expr),
            syn::Expr::Lit(literal) => match &literal.lit {
                // Arithmetic of f32 gives other digits, and its results would have another type.
                syn::Lit::Float(number) if number.suffix() != "f32" => number.base10_parse().ok().map(Constant::Float),
                syn::Lit::Int(number) if number.suffix() == "f64" => number.base10_parse().ok().map(Constant::Float),
                syn::Lit::Int(number) if number.suffix() == "f32" => None,
                syn::Lit::Int(number) => number.base10_parse().ok().map(Constant::Integer),
                syn::Lit::Bool(value) => Some(Constant::Bool(value.value)),
                _ => None,
            },
            syn::Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), expr, .. }) => match of(expr)? {
                Constant::Float(value) => Some(Constant::Float(-value)),
                Constant::Integer(value) => Some(Constant::Integer(-value)),
                Constant::Bool(_) | Constant::Variant(..) => None,
            },
            syn::Expr::Field(_) => facts.constants.get(&own_field(expression)?).cloned(),
            _ => variant(expression, text, facts),
        }
    }

    /// Its text where it is a number or a truth value; `alone` where nothing around it says its type.
    pub(super) fn text(&self, alone: bool) -> Option<String> {
        match (self, alone) {
            (Constant::Float(value), false) => Some(format!("{value:?}")),
            (Constant::Float(value), true) if *value < 0.0 => Some(format!("({value:?}_f64)")),
            (Constant::Float(value), true) => Some(format!("{value:?}_f64")),
            (Constant::Bool(value), _) => Some(value.to_string()),
            (Constant::Integer(_) | Constant::Variant(..), _) => None,
        }
    }
}

/// A variant of one of the source's enums whose fields are known.
fn variant(expression: &syn::Expr, text: &str, facts: &Facts) -> Option<Constant> {
    let name = |path: &syn::Path| {
        let words: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        match words.as_slice() {
            [one] if one == "None" || one == "Some" => Some(one.clone()),
            [of, one] if facts.enums.contains(of) => Some(one.clone()),
            _ => None,
        }
    };
    let field = |(name, value): (String, &syn::Expr)| {
        matches!(Constant::of(value, text, facts)?, Constant::Float(_) | Constant::Integer(_) | Constant::Bool(_))
            .then(|| Some((name, text.get(value.span().byte_range())?.to_owned())))?
    };
    let (name, fields): (String, Vec<(String, &syn::Expr)>) = match expression {
        syn::Expr::Path(path) => (name(&path.path)?, Vec::new()),
        syn::Expr::Call(call) => {
            let syn::Expr::Path(path) = &*call.func else { return None };
            (name(&path.path)?, call.args.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect())
        }
        syn::Expr::Struct(whole) => {
            let named = |field: &syn::FieldValue| match &field.member {
                syn::Member::Named(name) => name.to_string(),
                syn::Member::Unnamed(at) => at.index.to_string(),
            };
            (name(&whole.path)?, whole.fields.iter().map(|field| (named(field), &field.expr)).collect::<Vec<_>>())
        }
        _ => return None,
    };
    Some(Constant::Variant(name, fields.into_iter().map(field).collect::<Option<_>>()?))
}

/// What arithmetic and comparison of two known values give; none where the result has too many digits.
pub(super) fn combined(left: &Constant, operator: &syn::BinOp, right: &Constant) -> Option<Constant> {
    let short = |value: f64| {
        (value.is_finite() && rounded(value, DIGITS).to_bits() == value.to_bits()).then_some(Constant::Float(value))
    };
    let ordering = match (left, right) {
        (Constant::Float(a), Constant::Float(b)) => match operator {
            syn::BinOp::Add(_) => return short(a + b),
            syn::BinOp::Sub(_) => return short(a - b),
            syn::BinOp::Mul(_) => return short(a * b),
            syn::BinOp::Div(_) => return short(a / b),
            _ => a.partial_cmp(b)?,
        },
        (Constant::Integer(a), Constant::Integer(b)) => a.cmp(b),
        (Constant::Bool(a), Constant::Bool(b)) => a.cmp(b),
        _ => return None,
    };
    let holds = match operator {
        syn::BinOp::Eq(_) => ordering.is_eq(),
        syn::BinOp::Ne(_) => ordering.is_ne(),
        syn::BinOp::Lt(_) => ordering.is_lt(),
        syn::BinOp::Le(_) => ordering.is_le(),
        syn::BinOp::Gt(_) => ordering.is_gt(),
        syn::BinOp::Ge(_) => ordering.is_ge(),
        _ => return None,
    };
    Some(Constant::Bool(holds))
}

/// What a pattern makes of a known value.
pub(super) enum Match {
    /// It does not take it.
    No,
    /// It takes it, and gives these names to these texts.
    Yes(Vec<(String, String)>),
}

/// What a pattern makes of a known value; none if that cannot be told.
pub(super) fn matched(pattern: &syn::Pat, value: &Constant) -> Option<Match> {
    let when = |holds: bool| Some(if holds { Match::Yes(Vec::new()) } else { Match::No });
    let known = |literal: &syn::Expr| Constant::of(literal, "", &Facts::default());
    let holds = |operator: syn::BinOp, other: &syn::Expr| {
        combined(value, &operator, &known(other)?).map(|holds| holds == Constant::Bool(true))
    };
    match pattern {
        syn::Pat::Wild(_) => when(true),
        syn::Pat::Paren(inner) => matched(&inner.pat, value),
        syn::Pat::Lit(literal) => when(holds(syn::BinOp::Eq(Default::default()), &syn::Expr::Lit(literal.clone()))?),
        syn::Pat::Range(range) => {
            let last = match range.limits {
                syn::RangeLimits::HalfOpen(_) => syn::BinOp::Lt(Default::default()),
                syn::RangeLimits::Closed(_) => syn::BinOp::Le(Default::default()),
            };
            let above =
                range.start.as_ref().map_or(Some(true), |end| holds(syn::BinOp::Ge(Default::default()), end))?;
            when(above && range.end.as_ref().map_or(Some(true), |end| holds(last, end))?)
        }
        syn::Pat::Or(any) => {
            for case in &any.cases {
                if let taken @ Match::Yes(_) = matched(case, value)? {
                    return Some(taken);
                }
            }
            Some(Match::No)
        }
        syn::Pat::Guard(guarded) => match matched(&guarded.pat, value)? {
            Match::No => Some(Match::No),
            Match::Yes(_) => None,
        },
        _ => of_variant(pattern, value),
    }
}

fn of_variant(pattern: &syn::Pat, value: &Constant) -> Option<Match> {
    let last = |path: &syn::Path| Some(path.segments.last()?.ident.to_string());
    let (variant, fields): (String, Vec<(String, &syn::Pat)>) = match pattern {
        // A small letter begins a new name, a capital one the name of a variant.
        syn::Pat::Ident(name) if name.ident.to_string().starts_with(char::is_lowercase) => {
            let plain = name.by_ref.is_none() && name.subpat.is_none();
            return Some(Match::Yes(vec![(name.ident.to_string(), value.text(false)?)])).filter(|_| plain);
        }
        syn::Pat::Ident(name) => (name.ident.to_string(), Vec::new()),
        syn::Pat::Path(path) => (last(&path.path)?, Vec::new()),
        syn::Pat::TupleStruct(whole) => {
            (last(&whole.path)?, whole.elems.iter().enumerate().map(|(at, part)| (at.to_string(), part)).collect())
        }
        syn::Pat::Struct(whole) => {
            let named = |field: &'_ syn::FieldPat| match &field.member {
                syn::Member::Named(name) => name.to_string(),
                syn::Member::Unnamed(at) => at.index.to_string(),
            };
            (last(&whole.path)?, whole.fields.iter().map(|field| (named(field), &*field.pat)).collect())
        }
        _ => return None,
    };
    let Constant::Variant(own, holds) = value else { return None };
    if *own != variant {
        return Some(Match::No);
    }
    let mut names = Vec::new();
    for (field, part) in fields {
        let text = holds.iter().find(|(name, _)| *name == field).map(|(_, text)| text)?;
        match part {
            syn::Pat::Wild(_) | syn::Pat::Rest(_) => {}
            syn::Pat::Ident(name) if name.subpat.is_none() => names.push((name.ident.to_string(), text.clone())),
            _ => return None,
        }
    }
    Some(Match::Yes(names))
}
