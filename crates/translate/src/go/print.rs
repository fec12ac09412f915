//! Go as text, as `gofmt` would leave it.

use super::layout::{Layout, bracketed};
use super::{Expr, Loop, Stmt};
use crate::types::{Int, Ty};
use std::fmt::Write;

/// What types are called.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// Whether `usize` can be Go's `int`: nothing in the candidate would tell them apart.
    pub(crate) plain_lengths: bool,
    /// How the parameters of the plugin are called.
    pub(crate) parameters: String,
}

impl Names {
    /// A type as Go.
    pub(crate) fn ty(&self, ty: &Ty) -> String {
        match ty {
            Ty::Float => "float64".to_owned(),
            Ty::Int(Int::Usize) if self.plain_lengths => "int".to_owned(),
            Ty::Int(int) => int.go().to_owned(),
            Ty::Bool => "bool".to_owned(),
            Ty::Named(name) => name.clone(),
            Ty::Option(of) if of.has_nil() => self.ty(of),
            Ty::Option(of) => format!("*{}", self.ty(of)),
            Ty::Array(of, length) => format!("[{}]{}", self.expr(length), self.ty(of)),
            Ty::Slice(of) => format!("[]{}", self.ty(of)),
            Ty::Ref(of, true) if !matches!(**of, Ty::Slice(_)) => format!("*{}", self.ty(of)),
            Ty::Ref(of, _) => self.ty(of),
            Ty::Tuple(of) if of.is_empty() => String::new(),
            Ty::Tuple(of) => format!("({})", of.iter().map(|ty| self.ty(ty)).collect::<Vec<_>>().join(", ")),
            Ty::Func(of, result) => {
                let of = of.iter().map(|ty| self.ty(ty)).collect::<Vec<_>>().join(", ");
                format!("func({of}) {}", self.ty(result))
            }
            Ty::Parameters => self.parameters.clone(),
            // A type that nothing depends on.
            Ty::Var(_) => "struct{}".to_owned(),
        }
    }

    /// An expression as Go.
    pub(crate) fn expr(&self, expr: &Expr) -> String {
        self.indented(expr, 0)
    }

    fn indented(&self, expr: &Expr, indent: usize) -> String {
        Layout { names: self, indent }.expr(&bracketed(&self.lengths(expr)))
    }

    /// `len` is an `int` already, where lengths are.
    fn lengths(&self, expr: &Expr) -> Expr {
        let mut expr = expr.clone();
        expr.children_mut(&mut |child| *child = self.lengths(child));
        match expr {
            Expr::Convert(Ty::Int(Int::Usize), of) if self.plain_lengths && is_length(&of) => *of,
            other => other,
        }
    }

    /// A function literal.
    pub(super) fn func(&self, parameters: &[(String, Ty)], result: &Ty, body: &[Stmt], indent: usize) -> String {
        let mut text = format!("func({})", self.parameters(parameters));
        if *result != Ty::UNIT {
            let _ = write!(text, " {}", self.ty(result));
        }
        text.push_str(" {\n");
        self.body(body, indent + 1, &mut text);
        text + &"\t".repeat(indent) + "}"
    }

    /// The parameters of a function; a run of one type names it once.
    pub(crate) fn parameters(&self, parameters: &[(String, Ty)]) -> String {
        let types: Vec<String> = parameters.iter().map(|(_, ty)| self.ty(ty)).collect();
        let mut text = String::new();
        for (at, (name, _)) in parameters.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            let _ = match types.get(at + 1) == Some(&types[at]) {
                true => write!(text, "{comma}{name}"),
                false => write!(text, "{comma}{name} {}", types[at]),
            };
        }
        text
    }

    /// Statements, each on a line of its own.
    pub(crate) fn body(&self, body: &[Stmt], indent: usize, text: &mut String) {
        for stmt in body {
            self.stmt(stmt, indent, text);
        }
    }

    fn stmt(&self, stmt: &Stmt, indent: usize, text: &mut String) {
        let tabs = "\t".repeat(indent);
        let expr = |expr: &Expr| self.indented(expr, indent);
        let label = |label: &Option<String>| label.as_ref().map_or(String::new(), |label| format!(" {label}"));
        let _ = match stmt {
            Stmt::Comment(comment) => writeln!(text, "{tabs}// {comment}"),
            Stmt::Declare(name, ty, None) => writeln!(text, "{tabs}var {name} {}", self.ty(ty)),
            Stmt::Declare(name, ty, Some(value)) => writeln!(text, "{tabs}{}", self.declare(name, ty, value, indent)),
            Stmt::Assign(place, "+=" | "-=", Expr::Int(one)) if one == "1" => {
                let step = if matches!(stmt, Stmt::Assign(_, "+=", _)) { "++" } else { "--" };
                writeln!(text, "{tabs}{}{step}", expr(place))
            }
            Stmt::Assign(place, op, value) => writeln!(text, "{tabs}{} {op} {}", expr(place), expr(value)),
            Stmt::Expr(value) => writeln!(text, "{tabs}{}", expr(value)),
            Stmt::Return(None) => writeln!(text, "{tabs}return"),
            Stmt::Return(Some(value)) => writeln!(text, "{tabs}return {}", expr(value)),
            Stmt::Break(to) => writeln!(text, "{tabs}break{}", label(to)),
            Stmt::Continue(to) => writeln!(text, "{tabs}continue{}", label(to)),
            Stmt::If(condition, then, other) => return self.choice((condition, then, other), indent, text),
            Stmt::Loop(label, over, body) => {
                if let Some(label) = label {
                    let _ = writeln!(text, "{}{label}:", "\t".repeat(indent - 1));
                }
                let _ = writeln!(text, "{tabs}for {}{{", self.over(over, indent));
                self.body(body, indent + 1, text);
                writeln!(text, "{tabs}}}")
            }
            Stmt::Block(body) => {
                let _ = writeln!(text, "{tabs}{{");
                self.body(body, indent + 1, text);
                writeln!(text, "{tabs}}}")
            }
        };
    }

    fn declare(&self, name: &str, ty: &Ty, value: &Expr, indent: usize) -> String {
        let text = self.indented(value, indent);
        let zero = matches!(value, Expr::Int(zero) if zero == "0") || *value == Expr::name("nil");
        match ty {
            Ty::Int(Int::Usize) if self.plain_lengths => format!("{name} := {text}"),
            Ty::Int(_) | Ty::Option(_) if zero => format!("var {name} {}", self.ty(ty)),
            Ty::Int(_) if is_untyped(value) => format!("{name} := {}({text})", self.ty(ty)),
            _ => format!("{name} := {text}"),
        }
    }

    fn over(&self, over: &Loop, indent: usize) -> String {
        let expr = |expr: &Expr| self.indented(expr, indent);
        match over {
            Loop::Forever => String::new(),
            Loop::While(condition) => format!("{} ", expr(condition)),
            Loop::Range(None, None, over) => format!("range {} ", expr(over)),
            Loop::Range(Some(key), None, over) => format!("{key} := range {} ", expr(over)),
            Loop::Range(key, Some(value), over) => {
                format!("{}, {value} := range {} ", key.as_deref().unwrap_or("_"), expr(over))
            }
            Loop::Count { name, from, until: (op, to), step, ty } => {
                let plain = matches!(ty, Ty::Int(Int::Usize)) && self.plain_lengths;
                let from = match plain || !is_untyped(from) {
                    true => expr(from),
                    false => format!("{}({})", self.ty(ty), expr(from)),
                };
                let bound = Expr::compare(op, Expr::name(name), to.clone());
                format!("{name} := {from}; {}; {name}{step} ", expr(&bound))
            }
        }
    }

    fn choice(&self, (condition, then, other): (&Expr, &[Stmt], &[Stmt]), indent: usize, text: &mut String) {
        let tabs = "\t".repeat(indent);
        let _ = writeln!(text, "{tabs}if {} {{", self.indented(condition, indent));
        self.body(then, indent + 1, text);
        match other {
            [] => {
                let _ = writeln!(text, "{tabs}}}");
            }
            [Stmt::If(condition, then, other)] => {
                let mut rest = String::new();
                self.choice((condition, then, other), indent, &mut rest);
                let _ = write!(text, "{tabs}}} else {}", rest.trim_start_matches('\t'));
            }
            _ => {
                let _ = writeln!(text, "{tabs}}} else {{");
                self.body(other, indent + 1, text);
                let _ = writeln!(text, "{tabs}}}");
            }
        }
    }
}

/// A number without a type of its own.
pub(crate) fn is_untyped(expr: &Expr) -> bool {
    match expr {
        Expr::Int(_) | Expr::Float(_) => true,
        Expr::Unary("-", of) | Expr::Paren(of) => is_untyped(of),
        Expr::Binary(_, left, right, _) => is_untyped(left) && is_untyped(right),
        Expr::Call(function, arguments) => {
            matches!(&**function, Expr::Name(name) if name == "min" || name == "max")
                && arguments.iter().all(is_untyped)
        }
        _ => false,
    }
}

fn is_length(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(function, _) if **function == Expr::name("len"))
}
