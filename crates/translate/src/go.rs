//! Go as a typed tree: what a candidate becomes before it is text.

pub(crate) mod helpers;
mod layout;
pub(crate) mod print;
pub(crate) mod tidy;

use crate::types::Ty;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    /// A name, or one with its package as in `math.MaxUint32`.
    Name(String),
    /// An integer, sign included.
    Int(String),
    /// A float, always with a point or an exponent.
    Float(String),
    Field(Box<Expr>, String),
    Index(Box<Expr>, Box<Expr>),
    Slice(Box<Expr>, Option<Box<Expr>>, Option<Box<Expr>>),
    Call(Box<Expr>, Vec<Expr>),
    /// A value as another type, or a float as rounded: `float64(x)`.
    Convert(Ty, Box<Expr>),
    Unary(&'static str, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>, Ty),
    /// `T{a, b}` or `T{a: 1, b: 2}`.
    Composite(Ty, Vec<(Option<String>, Expr)>),
    /// `func(parameters) result { body }`.
    Func(Vec<(String, Ty)>, Ty, Vec<Stmt>),
    Paren(Box<Expr>),
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stmt {
    Comment(String),
    /// `name := value`, or `var name T`.
    Declare(String, Ty, Option<Expr>),
    /// `place = value`, or `place op= value`.
    Assign(Expr, &'static str, Expr),
    Expr(Expr),
    /// Condition, then, else.
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    /// A loop with a label, if anything needs one.
    Loop(Option<String>, Loop, Vec<Stmt>),
    Return(Option<Expr>),
    Break(Option<String>),
    Continue(Option<String>),
    Block(Vec<Stmt>),
}

/// What a loop goes over.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Loop {
    Forever,
    While(Expr),
    /// `for key, value := range over`; a name that is not read is dropped.
    Range(Option<String>, Option<String>, Expr),
    /// `for name := from; name op to; name step`.
    Count {
        name: String,
        from: Expr,
        until: (&'static str, Expr),
        step: String,
        ty: Ty,
    },
}

impl Expr {
    pub(crate) fn name(name: impl Into<String>) -> Expr {
        Expr::Name(name.into())
    }

    pub(crate) fn call(function: &str, arguments: Vec<Expr>) -> Expr {
        Expr::Call(Box::new(Expr::name(function)), arguments)
    }

    pub(crate) fn field(self, name: impl Into<String>) -> Expr {
        Expr::Field(Box::new(self), name.into())
    }

    pub(crate) fn binary(op: &'static str, left: Expr, right: Expr, ty: Ty) -> Expr {
        Expr::Binary(op, Box::new(left), Box::new(right), ty)
    }

    pub(crate) fn compare(op: &'static str, left: Expr, right: Expr) -> Expr {
        Expr::binary(op, left, right, Ty::Bool)
    }

    pub(crate) fn not(self) -> Expr {
        match self {
            Expr::Unary("!", inner) => *inner,
            Expr::Binary("==", a, b, ty) => Expr::Binary("!=", a, b, ty),
            Expr::Binary("!=", a, b, ty) => Expr::Binary("==", a, b, ty),
            other => Expr::Unary("!", Box::new(other)),
        }
    }

    pub(crate) fn and(self, other: Expr) -> Expr {
        match (self, other) {
            (left, right) if left == Expr::name("true") => right,
            (left, right) if right == Expr::name("true") => left,
            (left, right) => Expr::compare("&&", left, right),
        }
    }

    /// What a pointer points to.
    pub(crate) fn target(self) -> Expr {
        match self {
            Expr::Unary("&", inner) => *inner,
            other => Expr::Unary("*", Box::new(other)),
        }
    }

    pub(crate) fn address(self) -> Expr {
        match self {
            Expr::Unary("*", inner) => *inner,
            other => Expr::Unary("&", Box::new(other)),
        }
    }

    pub(crate) fn is_literal(&self) -> bool {
        matches!(self, Expr::Int(_) | Expr::Float(_))
    }

    /// Whether it has an address.
    pub(crate) fn is_place(&self) -> bool {
        match self {
            Expr::Name(_) | Expr::Index(..) => true,
            Expr::Field(of, _) => of.is_place(),
            Expr::Unary(op, _) => *op == "*",
            _ => false,
        }
    }

    /// Calls `see` on each expression right below.
    pub(crate) fn children(&self, see: &mut dyn FnMut(&Expr)) {
        match self {
            Expr::Name(_) | Expr::Int(_) | Expr::Float(_) | Expr::Func(..) => {}
            Expr::Field(of, _) | Expr::Convert(_, of) | Expr::Unary(_, of) | Expr::Paren(of) => see(of),
            Expr::Index(of, at) => {
                see(of);
                see(at);
            }
            Expr::Slice(of, from, to) => {
                see(of);
                from.iter().chain(to).for_each(|end| see(end));
            }
            Expr::Call(function, arguments) => {
                see(function);
                arguments.iter().for_each(see);
            }
            Expr::Binary(_, left, right, _) => {
                see(left);
                see(right);
            }
            Expr::Composite(_, values) => values.iter().for_each(|(_, value)| see(value)),
        }
    }

    /// Calls `change` on each expression right below.
    pub(crate) fn children_mut(&mut self, change: &mut dyn FnMut(&mut Expr)) {
        match self {
            Expr::Name(_) | Expr::Int(_) | Expr::Float(_) | Expr::Func(..) => {}
            Expr::Field(of, _) | Expr::Convert(_, of) | Expr::Unary(_, of) | Expr::Paren(of) => change(of),
            Expr::Index(of, at) => {
                change(of);
                change(at);
            }
            Expr::Slice(of, from, to) => {
                change(of);
                from.iter_mut().chain(to).for_each(|end| change(end));
            }
            Expr::Call(function, arguments) => {
                change(function);
                arguments.iter_mut().for_each(change);
            }
            Expr::Binary(_, left, right, _) => {
                change(left);
                change(right);
            }
            Expr::Composite(_, values) => values.iter_mut().for_each(|(_, value)| change(value)),
        }
    }
}

impl Stmt {
    /// Whether nothing after it is reached.
    pub(crate) fn ends(&self) -> bool {
        match self {
            Stmt::Return(_) | Stmt::Break(_) | Stmt::Continue(_) => true,
            Stmt::Expr(Expr::Call(function, _)) => **function == Expr::name("panic"),
            Stmt::If(_, then, other) => ends(then) && ends(other),
            Stmt::Block(body) => ends(body),
            Stmt::Loop(_, Loop::Forever, body) => !leaves(body),
            _ => false,
        }
    }

    /// The expressions right in it, and the bodies.
    pub(crate) fn parts_mut(&mut self) -> (Vec<&mut Expr>, Vec<&mut Vec<Stmt>>) {
        match self {
            Stmt::Comment(_) | Stmt::Break(_) | Stmt::Continue(_) => (vec![], vec![]),
            Stmt::Declare(_, _, value) | Stmt::Return(value) => (value.iter_mut().collect(), vec![]),
            Stmt::Assign(place, _, value) => (vec![place, value], vec![]),
            Stmt::Expr(value) => (vec![value], vec![]),
            Stmt::If(condition, then, other) => (vec![condition], vec![then, other]),
            Stmt::Loop(_, over, body) => (
                match over {
                    Loop::Forever => vec![],
                    Loop::While(value) | Loop::Range(_, _, value) => vec![value],
                    Loop::Count { from, until, .. } => vec![from, &mut until.1],
                },
                vec![body],
            ),
            Stmt::Block(body) => (vec![], vec![body]),
        }
    }
}

/// Whether a block never runs off its end.
pub(crate) fn ends(body: &[Stmt]) -> bool {
    body.last().is_some_and(Stmt::ends)
}

/// Whether a `break` without a label, or with one, leaves the loop that has this body.
fn leaves(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match stmt {
        Stmt::Break(_) => true,
        Stmt::If(_, then, other) => leaves(then) || leaves(other),
        Stmt::Block(body) | Stmt::Loop(_, _, body) => leaves(body),
        _ => false,
    })
}
