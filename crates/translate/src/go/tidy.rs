//! What Go wants of a function besides: no name that nobody reads, no `else` after a `return`, and each product rounded before it is
//! added to anything.

use super::{Expr, Loop, Stmt, ends};
use crate::types::{Inference, Int, Ty};
use std::collections::BTreeSet;

/// The body of a function in its final form.
pub(crate) fn tidy(body: &mut Vec<Stmt>, types: &Inference) {
    settle(body, types);
    flatten(body);
    drop_unread(body);
    let adding = adding(body);
    round(body, &adding);
}

/// Gives every type its final form.
fn settle(body: &mut [Stmt], types: &Inference) {
    for stmt in body {
        match stmt {
            Stmt::Declare(_, ty, _) | Stmt::Loop(_, Loop::Count { ty, .. }, _) => *ty = types.settled(ty),
            _ => {}
        }
        let (exprs, bodies) = stmt.parts_mut();
        exprs.into_iter().for_each(|expr| settle_expr(expr, types));
        bodies.into_iter().for_each(|body| settle(body, types));
    }
}

pub(crate) fn settle_expr(expr: &mut Expr, types: &Inference) {
    match expr {
        Expr::Convert(ty, _) | Expr::Binary(_, _, _, ty) | Expr::Composite(ty, _) => *ty = types.settled(ty),
        Expr::Func(parameters, result, body) => {
            parameters.iter_mut().for_each(|(_, ty)| *ty = types.settled(ty));
            *result = types.settled(result);
            tidy(body, types);
        }
        _ => {}
    }
    expr.children_mut(&mut |child| settle_expr(child, types));
}

/// Takes what follows on a branch that ends out of its `else`, where the block ends with it.
fn flatten(body: &mut Vec<Stmt>) {
    for stmt in body.iter_mut() {
        let (_, bodies) = stmt.parts_mut();
        bodies.into_iter().for_each(flatten);
    }
    while let Some(Stmt::If(_, then, other)) = body.last_mut()
        && ends(then)
        && !other.is_empty()
    {
        let rest = std::mem::take(other);
        body.extend(rest);
    }
    // What stands behind a statement that ends is never reached.
    if let Some(at) = body.iter().position(Stmt::ends) {
        body.truncate(at + 1);
    }
}

/// Drops variables that nobody reads; what they were made of stays if it may do something.
fn drop_unread(body: &mut Vec<Stmt>) {
    let mut at = body.len();
    while at > 0 {
        at -= 1;
        let (before, after) = body.split_at_mut(at + 1);
        let stmt = &mut before[at];
        if let Stmt::Loop(_, Loop::Range(key, value, _), inner) = stmt {
            for name in [key, value] {
                if name.as_ref().is_some_and(|name| !is_read(inner, name)) {
                    *name = None;
                }
            }
        }
        let (_, bodies) = stmt.parts_mut();
        bodies.into_iter().for_each(drop_unread);
        let Stmt::Declare(name, _, value) = stmt else { continue };
        if is_read(after, name) {
            continue;
        }
        if is_written(after, name) {
            let ignored = Stmt::Assign(Expr::name("_"), "=", Expr::name(name.clone()));
            body.insert(at + 1, ignored);
            continue;
        }
        match value.take() {
            Some(value) if does_something(&value) => *stmt = Stmt::Assign(Expr::name("_"), "=", value),
            _ => {
                body.remove(at);
            }
        }
    }
    body.retain(|stmt| {
        !matches!(stmt, Stmt::If(condition, then, other)
        if then.is_empty() && other.is_empty() && !does_something(condition))
    });
}

fn does_something(expr: &Expr) -> bool {
    let mut does = matches!(expr, Expr::Call(..) | Expr::Index(..) | Expr::Slice(..) | Expr::Unary("*", _));
    expr.children(&mut |child| does |= does_something(child));
    does
}

/// Whether a name is read: to give it a value is no reading.
pub(crate) fn is_read(body: &[Stmt], name: &str) -> bool {
    let mut read = false;
    each(body, &mut |expr, written| read |= !written && names(expr, name));
    read
}

fn is_written(body: &[Stmt], name: &str) -> bool {
    let mut was = false;
    each(body, &mut |expr, written| was |= written && names(expr, name));
    was
}

/// Whether an expression is made with a name.
pub(crate) fn names(expr: &Expr, name: &str) -> bool {
    let mut found = match expr {
        Expr::Name(own) => own == name,
        Expr::Func(_, _, body) => is_read(body, name) || is_written(body, name),
        _ => false,
    };
    expr.children(&mut |child| found |= names(child, name));
    found
}

/// Shows each expression of statements, and whether it is a name that a value is given to.
fn each(body: &[Stmt], see: &mut dyn FnMut(&Expr, bool)) {
    for stmt in body {
        let mut stmt = stmt.clone();
        let written = matches!(&stmt, Stmt::Assign(Expr::Name(_), ..));
        let (exprs, bodies) = stmt.parts_mut();
        exprs.into_iter().enumerate().for_each(|(at, expr)| see(expr, written && at == 0));
        bodies.into_iter().for_each(|body| each(body, see));
    }
}

/// Variables whose value ends up, as it is, in a sum or where nobody knows.
fn adding(body: &[Stmt]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    flows_of(body, &mut found);
    found
}

fn flows_of(body: &[Stmt], found: &mut BTreeSet<String>) {
    for stmt in body {
        match stmt {
            Stmt::Declare(_, _, Some(value)) | Stmt::Return(Some(value)) => flows(value, true, found),
            Stmt::Assign(place, op, value) => {
                flows(value, !matches!(*op, "*=" | "/="), found);
                flows(place, matches!(*op, "+=" | "-="), found);
            }
            _ => {}
        }
        let mut stmt = stmt.clone();
        let other = !matches!(stmt, Stmt::Declare(..) | Stmt::Return(_) | Stmt::Assign(..));
        let (exprs, bodies) = stmt.parts_mut();
        if other {
            exprs.into_iter().for_each(|expr| flows(expr, false, found));
        }
        bodies.into_iter().for_each(|body| flows_of(body, found));
    }
}

fn flows(expr: &Expr, flowing: bool, found: &mut BTreeSet<String>) {
    match expr {
        Expr::Name(name) if flowing => {
            found.insert(name.clone());
        }
        Expr::Func(_, _, body) => flows_of(body, found),
        _ => expr.children(&mut |child| flows(child, passes(expr, flowing), found)),
    }
}

/// Whether what is right below an expression may be added to something as it is.
fn passes(expr: &Expr, flowing: bool) -> bool {
    match expr {
        Expr::Binary("+" | "-", ..) | Expr::Composite(..) => true,
        Expr::Call(function, _) => !matches!(&**function, Expr::Name(name) if is_closed(name)),
        Expr::Unary("-", _) | Expr::Paren(_) => flowing,
        Expr::Unary("&" | "*", _) => true,
        _ => false,
    }
}

/// Functions that do not add to their arguments at once, whatever the compiler inlines.
fn is_closed(name: &str) -> bool {
    name.starts_with("math.") || matches!(name, "exp" | "log" | "pow" | "tanh" | "powi")
}

/// Rounds products before they are added: Go may fuse `x*y + z` into one operation with one rounding, even across
/// statements; an explicit conversion prevents it.
fn round(body: &mut [Stmt], adding: &BTreeSet<String>) {
    for stmt in body {
        match stmt {
            Stmt::Declare(name, Ty::Float, Some(value)) => round_expr(value, adding.contains(name)),
            Stmt::Declare(_, _, Some(value)) | Stmt::Return(Some(value)) => round_expr(value, true),
            Stmt::Assign(place, op, value) => {
                let kept = match place {
                    Expr::Name(name) => adding.contains(name),
                    _ => true,
                };
                round_expr(value, kept && !matches!(*op, "*=" | "/=") || matches!(*op, "+=" | "-="));
                round_expr(place, false);
            }
            _ => {
                let (exprs, _) = stmt.parts_mut();
                exprs.into_iter().for_each(|expr| round_expr(expr, false));
            }
        }
        let (_, bodies) = stmt.parts_mut();
        bodies.into_iter().for_each(|body| round(body, adding));
    }
}

fn round_expr(expr: &mut Expr, flowing: bool) {
    let below = passes(expr, flowing);
    let rounded = matches!(expr, Expr::Convert(Ty::Float, _));
    expr.children_mut(&mut |child| round_expr(child, below && !rounded));
    if flowing
        && matches!(expr, Expr::Binary("*", left, right, Ty::Float) if !(left.is_literal() && right.is_literal()))
    {
        let product = std::mem::replace(expr, Expr::name(""));
        *expr = Expr::Convert(Ty::Float, Box::new(product));
    }
}

/// Whether lengths and positions can be Go's `int`: no step could tell them from 64 bits without a sign.
pub(crate) fn plain_lengths(body: &[Stmt]) -> bool {
    let mut plain = true;
    each(body, &mut |expr, _| plain &= is_plain(expr));
    plain
}

fn is_plain(expr: &Expr) -> bool {
    let mut plain = match expr {
        Expr::Binary("-" | "*" | "<<" | ">>" | "^" | "&^", _, _, ty) => *ty != Ty::Int(Int::Usize),
        Expr::Func(_, _, body) => plain_lengths(body),
        _ => true,
    };
    expr.children(&mut |child| plain &= is_plain(child));
    plain
}
