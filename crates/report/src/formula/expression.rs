//! Expressions as they are written in formulas.

use proc_macro2::Span;
use std::collections::{BTreeMap, BTreeSet};
use syn::spanned::Spanned;
use syn::{BinOp, Expr, ExprMethodCall, Lit, Member, UnOp};

/// How tightly signs bind.
const OR: u8 = 1;
const AND: u8 = 2;
const COMPARE: u8 = 3;
const SUM: u8 = 4;
const PRODUCT: u8 = 5;
const SIGN: u8 = 6;
const POWER: u8 = 7;
const WHOLE: u8 = 8;

/// Functions that a number has by the name of mathematics.
const FUNCTIONS: [&str; 14] =
    ["exp", "ln", "tanh", "floor", "ceil", "round", "abs", "max", "min", "clamp", "sqrt", "log10", "log2", "trunc"];
/// What changes the type and not the value.
const NOTHING: [&str; 8] = ["into", "clone", "copied", "cloned", "iter", "to_owned", "as_ref", "into_iter"];

/// Writes expressions.
pub(super) struct Expressions<'a> {
    pub(super) source: &'a str,
    /// Fields of the policy that are numbers.
    pub(super) constants: &'a BTreeMap<String, String>,
    /// Names that stand for something else than a field of the policy.
    pub(super) taken: &'a BTreeSet<String>,
}

impl Expressions<'_> {
    /// An expression as a formula.
    pub(super) fn say(&self, expr: &Expr) -> String {
        self.at(expr, 0)
    }

    /// The same behind the beginning of a line; a sum after a sign in brackets.
    pub(super) fn tail(&self, expr: &Expr, before: &str) -> String {
        let least = match before.trim_end().chars().last() {
            Some('−') => PRODUCT,
            Some('·' | '/') => SIGN,
            _ => 0,
        };
        format!("{before}{}", self.at(expr, least))
    }

    /// What stands in the source, in one line.
    pub(super) fn raw(&self, span: Span) -> String {
        let text = self.source.get(span.byte_range()).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Whether it is a number as it stands.
    pub(super) fn is_number(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Lit(literal) => matches!(literal.lit, Lit::Float(_) | Lit::Int(_)),
            Expr::Unary(unary) => matches!(unary.op, UnOp::Neg(_)) && self.is_number(&unary.expr),
            _ => false,
        }
    }

    /// The name of a function: of a type's own, in words.
    pub(super) fn called(&self, function: &Expr) -> String {
        match function {
            Expr::Path(path) if path.path.segments.len() > 1 => {
                path.path.segments.last().map(|name| name.ident.to_string().replace('_', " ")).unwrap_or_default()
            }
            other => self.say(other),
        }
    }

    /// An expression within signs that bind at least as tightly as this.
    fn at(&self, expr: &Expr, least: u8) -> String {
        let (text, binds) = self.written(expr);
        if binds < least { format!("({text})") } else { text }
    }

    fn written(&self, expr: &Expr) -> (String, u8) {
        match expr {
            Expr::Lit(literal) => (number(&literal.lit).unwrap_or_else(|| self.raw(expr.span())), WHOLE),
            Expr::Paren(inner) => self.written(&inner.expr),
            Expr::Cast(cast) => self.written(&cast.expr),
            Expr::Reference(reference) => self.written(&reference.expr),
            Expr::Path(path) => {
                let segments: Vec<String> = path.path.segments.iter().map(|name| name.ident.to_string()).collect();
                (segments.last().cloned().unwrap_or_default(), WHOLE)
            }
            Expr::Field(field) => (self.field(field), WHOLE),
            Expr::Index(index) => (format!("{}[{}]", self.at(&index.expr, WHOLE), self.say(&index.index)), WHOLE),
            Expr::Unary(unary) => match unary.op {
                UnOp::Neg(_) => (format!("−{}", self.at(&unary.expr, SIGN)), SIGN),
                UnOp::Not(_) => (format!("not {}", self.at(&unary.expr, SIGN)), SIGN),
                _ => self.written(&unary.expr),
            },
            Expr::Binary(binary) => self.binary(binary),
            Expr::MethodCall(call) => self.method(call),
            Expr::Call(call) => self.call(call),
            Expr::Let(bound) => (format!("{} = {}", self.raw(bound.pat.span()), self.at(&bound.expr, SUM)), COMPARE),
            Expr::Tuple(tuple) => (format!("({})", self.list(&tuple.elems)), WHOLE),
            Expr::If(branch) => {
                let one = |block: &syn::Block| match block.stmts.as_slice() {
                    [syn::Stmt::Expr(value, None)] => Some(self.at(value, COMPARE)),
                    _ => None,
                };
                let otherwise = branch.else_branch.as_ref().map(|(_, otherwise)| match &**otherwise {
                    Expr::Block(block) => one(&block.block),
                    other => Some(self.say(other)),
                });
                match (one(&branch.then_branch), otherwise.flatten()) {
                    (Some(then), Some(otherwise)) => {
                        (format!("{then} if {}, else {otherwise}", self.say(&branch.cond)), 0)
                    }
                    _ => (self.raw(expr.span()), 0),
                }
            }
            other => (self.raw(other.span()), WHOLE),
        }
    }

    fn field(&self, field: &syn::ExprField) -> String {
        let own = matches!(&*field.base, Expr::Path(path) if path.path.is_ident("self"));
        match &field.member {
            Member::Named(name) if own => {
                let name = name.to_string();
                match self.constants.get(&name) {
                    Some(constant) => constant.clone(),
                    None if self.taken.contains(&name) => format!("self.{name}"),
                    None => name,
                }
            }
            Member::Named(name) => format!("{}.{name}", self.at(&field.base, WHOLE)),
            Member::Unnamed(index) => format!("{}.{}", self.at(&field.base, WHOLE), index.index),
        }
    }

    fn binary(&self, binary: &syn::ExprBinary) -> (String, u8) {
        let (sign, binds) = match binary.op {
            BinOp::Add(_) => ("+", SUM),
            BinOp::Sub(_) => ("−", SUM),
            BinOp::Mul(_) => ("·", PRODUCT),
            BinOp::Div(_) => ("/", PRODUCT),
            BinOp::Rem(_) => ("mod", PRODUCT),
            BinOp::And(_) => ("and", AND),
            BinOp::Or(_) => ("or", OR),
            BinOp::Eq(_) => ("=", COMPARE),
            BinOp::Ne(_) => ("≠", COMPARE),
            BinOp::Lt(_) => ("<", COMPARE),
            BinOp::Le(_) => ("≤", COMPARE),
            BinOp::Gt(_) => (">", COMPARE),
            BinOp::Ge(_) => ("≥", COMPARE),
            _ => return (self.raw(binary.span()), 0),
        };
        let right = self.at(&binary.right, binds + 1);
        (format!("{} {sign} {right}", self.at(&binary.left, binds)), binds)
    }

    fn method(&self, call: &ExprMethodCall) -> (String, u8) {
        let name = call.method.to_string();
        match (name.as_str(), call.args.len()) {
            ("powf" | "powi", 1) => {
                let exponent = self.at(&call.args[0], WHOLE);
                (format!("{}^{exponent}", self.at(&call.receiver, WHOLE)), POWER)
            }
            ("len", 0) => (format!("number of {}", self.say(&call.receiver)), 0),
            ("sum", 0) => self.sum(&call.receiver),
            (name, 0) if NOTHING.contains(&name) => self.written(&call.receiver),
            (name, _) if FUNCTIONS.contains(&name) => {
                let all: Vec<String> =
                    [&*call.receiver].into_iter().chain(&call.args).map(|part| self.say(part)).collect();
                (format!("{name}({})", all.join(", ")), WHOLE)
            }
            (name, _) => {
                let own = matches!(&*call.receiver, Expr::Path(path) if path.path.is_ident("self"));
                let of = if own { String::new() } else { format!("{}.", self.at(&call.receiver, WHOLE)) };
                (format!("{of}{name}({})", self.list(&call.args)), WHOLE)
            }
        }
    }

    /// A sum over what is counted out.
    fn sum(&self, all: &Expr) -> (String, u8) {
        let Expr::MethodCall(map) = all else { return (format!("sum of {}", self.at(all, WHOLE)), 0) };
        match (map.method == "map", map.args.first()) {
            (true, Some(Expr::Closure(each))) if each.inputs.len() == 1 => {
                let one = self.raw(each.inputs[0].span());
                let over = self.say(&map.receiver);
                (format!("sum over {} of {over}: {}", one.trim_start_matches('&'), self.say(&each.body)), 0)
            }
            _ => (format!("sum of {}", self.at(all, WHOLE)), 0),
        }
    }

    fn call(&self, call: &syn::ExprCall) -> (String, u8) {
        let Expr::Path(path) = &*call.func else { return (self.raw(call.span()), WHOLE) };
        let name = path.path.segments.last().map(|name| name.ident.to_string()).unwrap_or_default();
        let of_a_type = path.path.segments.len() > 1;
        match (&*name, call.args.len()) {
            ("from", 1) if of_a_type => self.written(&call.args[0]),
            (_, 1) if of_a_type && name.contains('_') => {
                (format!("{} {}", name.replace('_', " "), self.say(&call.args[0])), 0)
            }
            _ => (format!("{name}({})", self.list(&call.args)), WHOLE),
        }
    }

    fn list<P>(&self, all: &syn::punctuated::Punctuated<Expr, P>) -> String {
        all.iter().map(|part| self.say(part)).collect::<Vec<_>>().join(", ")
    }
}

/// A number in its shortest form.
fn number(literal: &Lit) -> Option<String> {
    match literal {
        Lit::Float(float) => float.base10_parse::<f64>().ok().map(|value| value.to_string()),
        Lit::Int(int) => Some(int.base10_digits().to_owned()),
        Lit::Bool(truth) => Some(truth.value.to_string()),
        _ => None,
    }
}

/// The sign of an operation that changes what stands before it.
pub(super) fn changes(op: &BinOp) -> Option<&'static str> {
    Some(match op {
        BinOp::AddAssign(_) => "+",
        BinOp::SubAssign(_) => "−",
        BinOp::MulAssign(_) => "·",
        BinOp::DivAssign(_) => "/",
        _ => return None,
    })
}
