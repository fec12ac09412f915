//! Expressions as `gofmt` writes them: which operators stand between blanks follows from how deep they lie.
//!
//! The rules are those of `go/printer` (`binaryExpr`, `cutoff`, `walkBinary`, `diffPrec`).

use super::Expr;
use super::print::Names;

/// Of Go's operators; what is no operator binds closest.
const UNARY: u8 = 6;
const HIGHEST: u8 = 7;

fn precedence(op: &str) -> u8 {
    match op {
        "||" => 1,
        "&&" => 2,
        "==" | "!=" | "<" | "<=" | ">" | ">=" => 3,
        "+" | "-" | "|" | "^" => 4,
        _ => 5,
    }
}

/// The expression with brackets where Go needs them.
pub(super) fn bracketed(expr: &Expr) -> Expr {
    let mut expr = expr.clone();
    expr.children_mut(&mut |child| *child = bracketed(child));
    let wrap = |child: &mut Box<Expr>| {
        let inner = std::mem::replace(&mut **child, Expr::name(""));
        **child = Expr::Paren(Box::new(inner));
    };
    match &mut expr {
        Expr::Binary(op, left, right, _) => {
            let own = precedence(op);
            if matches!(&**left, Expr::Binary(inner, ..) if precedence(inner) < own) {
                wrap(left);
            }
            let negative = |right: &Expr| matches!(right, Expr::Int(text) | Expr::Float(text) if text.starts_with('-'));
            if matches!(&**right, Expr::Binary(inner, ..) if precedence(inner) <= own) || negative(right) {
                wrap(right);
            }
        }
        Expr::Unary(op, inner) => {
            let doubled = |inner: &Expr| match inner {
                Expr::Int(text) | Expr::Float(text) => text.starts_with('-'),
                Expr::Unary(below, _) => below == op,
                _ => false,
            };
            if matches!(**inner, Expr::Binary(..)) || doubled(inner) {
                wrap(inner);
            }
        }
        Expr::Field(of, _) | Expr::Index(of, _) | Expr::Slice(of, ..) | Expr::Call(of, _) => {
            // Go follows pointers to fields by itself, and to elements of arrays.
            if let (Expr::Unary("*", inner), false) = (&**of, matches!(expr_kind(of), Kind::Called)) {
                **of = (**inner).clone();
            }
            if matches!(**of, Expr::Binary(..) | Expr::Unary(..) | Expr::Func(..)) {
                wrap(of);
            }
        }
        _ => {}
    }
    expr
}

enum Kind {
    Called,
    Other,
}

fn expr_kind(expr: &Expr) -> Kind {
    match expr {
        Expr::Unary("*", inner) if matches!(**inner, Expr::Index(..)) => Kind::Called,
        _ => Kind::Other,
    }
}

/// Writes expressions.
pub(super) struct Layout<'a> {
    pub(super) names: &'a Names,
    /// How deep the line is indented.
    pub(super) indent: usize,
}

impl Layout<'_> {
    /// At the outermost depth.
    pub(super) fn expr(&self, expr: &Expr) -> String {
        self.at(expr, 0, 1)
    }

    fn at(&self, expr: &Expr, outer: u8, depth: usize) -> String {
        match expr {
            Expr::Name(name) => name.clone(),
            Expr::Int(text) | Expr::Float(text) => text.clone(),
            Expr::Field(of, name) => format!("{}.{name}", self.at(of, HIGHEST, depth)),
            Expr::Index(of, at) => format!("{}[{}]", self.at(of, HIGHEST, 1), self.at(at, 0, depth + 1)),
            Expr::Slice(of, from, to) => {
                let ends = [from, to].map(|end| end.as_deref());
                let binary = ends.iter().flatten().any(|end| matches!(end, Expr::Binary(..)));
                let blanks = depth <= 1 && binary && ends.iter().flatten().count() > 1;
                let [from, to] = ends.map(|end| end.map_or(String::new(), |end| self.at(end, 0, depth + 1)));
                let colon = if blanks { " : " } else { ":" };
                format!("{}[{from}{colon}{to}]", self.at(of, HIGHEST, 1))
            }
            Expr::Call(function, arguments) => {
                let depth = if arguments.len() > 1 { depth + 1 } else { depth };
                format!("{}({})", self.at(function, HIGHEST, depth), self.list(arguments, depth))
            }
            Expr::Convert(ty, of) => format!("{}({})", self.names.ty(ty), self.at(of, 0, depth)),
            Expr::Unary(op, inner) => format!("{op}{}", self.at(inner, UNARY, depth)),
            Expr::Binary(op, left, right, _) => self.binary((op, left, right), expr, outer, depth),
            Expr::Composite(ty, values) => self.composite(&self.names.ty(ty), values),
            Expr::Func(parameters, result, body) => self.names.func(parameters, result, body, self.indent),
            Expr::Paren(inner) => format!("({})", self.at(inner, 0, depth.saturating_sub(1).max(1))),
        }
    }

    fn list(&self, arguments: &[Expr], depth: usize) -> String {
        arguments.iter().map(|argument| self.at(argument, 0, depth)).collect::<Vec<_>>().join(", ")
    }

    fn binary(&self, (op, left, right): (&str, &Expr, &Expr), expr: &Expr, outer: u8, depth: usize) -> String {
        let own = precedence(op);
        if own < outer {
            // Brackets undo a level of depth.
            return format!("({})", self.at(expr, 0, depth.saturating_sub(1).max(1)));
        }
        let blank = if own < cutoff(expr, depth) { " " } else { "" };
        let deeper = usize::from(!matches!(left, Expr::Binary(inner, ..) if precedence(inner) == own));
        let left = self.at(left, own, depth + deeper);
        format!("{left}{blank}{op}{blank}{}", self.at(right, own + 1, depth + 1))
    }

    fn composite(&self, ty: &str, values: &[(Option<String>, Expr)]) -> String {
        let text = |(key, value): &(Option<String>, Expr)| match key {
            Some(key) => format!("{key}: {}", self.expr(value)),
            None => self.expr(value),
        };
        let line = format!("{ty}{{{}}}", values.iter().map(text).collect::<Vec<_>>().join(", "));
        if line.len() <= 100 || values.iter().any(|(key, _)| key.is_none()) {
            return line;
        }
        // Values that stand below each other begin in one column.
        let width = values.iter().filter_map(|(key, _)| key.as_ref()).map(|key| key.chars().count()).max().unwrap_or(0);
        let tabs = "\t".repeat(self.indent + 1);
        let rows = values.iter().map(|(key, value)| {
            let key = format!("{}:", key.as_deref().unwrap_or_default());
            format!("{tabs}{key:<width$} {},\n", self.expr(value), width = width + 1)
        });
        format!("{ty}{{\n{}{}}}", rows.collect::<String>(), "\t".repeat(self.indent))
    }
}

/// Operators of lower precedence than this stand between blanks.
fn cutoff(expr: &Expr, depth: usize) -> u8 {
    let mut seen = Seen::default();
    walk(expr, &mut seen);
    match (seen.problem, seen.sum && seen.product) {
        (1.., _) => seen.problem + 1,
        (_, true) if depth == 1 => 5,
        (_, false) if depth == 1 => 6,
        _ => 4,
    }
}

#[derive(Default)]
struct Seen {
    sum: bool,
    product: bool,
    problem: u8,
}

fn walk(expr: &Expr, seen: &mut Seen) {
    let Expr::Binary(op, left, right, _) = expr else { return };
    let own = precedence(op);
    seen.sum |= own == 4;
    seen.product |= own == 5;
    if matches!(&**left, Expr::Binary(inner, ..) if precedence(inner) >= own) {
        walk(left, seen);
    }
    match &**right {
        Expr::Binary(inner, ..) if precedence(inner) > own => walk(right, seen),
        Expr::Unary("*", _) if *op == "/" => seen.problem = 5,
        Expr::Unary(inner, _) => match (*op, *inner) {
            ("/", "*") | ("&", "&" | "^") => seen.problem = 5,
            ("+", "+") | ("-", "-") => seen.problem = seen.problem.max(4),
            _ => {}
        },
        _ => {}
    }
}
