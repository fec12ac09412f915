//! The body of a function, from Rust's syntax to Go's.
//!
//! Rust evaluates from left to right and lets any expression hold statements; Go has neither. So an expression becomes a Go
//! expression and, before it, the statements that it needs ([`Body::value`]); and what was read before something that changes it is
//! kept in a variable ([`Body::ordered`]).

mod call;
mod chain;
mod number;
mod option;
mod pattern;
mod statement;
mod value;

use crate::Refusal;
use crate::go::{Expr, Stmt};
use crate::items::{Items, Receiver};
use crate::names::{Taken, first_free};
use crate::types::{Inference, Ty};
use std::collections::{BTreeMap, BTreeSet};

type Lowered<T> = Result<T, Refusal>;

/// A place in memory: a variable, and fields below it.
type Path = Vec<String>;

/// A value: how Go computes it, and what has to be known of that.
#[derive(Clone, Debug)]
struct Val {
    expr: Expr,
    ty: Ty,
    /// The places that it reads.
    reads: Vec<Path>,
    /// The places that calls in it change.
    calls: Vec<Path>,
}

/// A name that is visible.
#[derive(Clone, Debug)]
struct Local {
    expr: Expr,
    ty: Ty,
    path: Path,
    mutable: bool,
    /// The Option that it lies in: to change it is to make a new one.
    inside: Option<Expr>,
}

/// Where a value goes.
#[derive(Clone, Debug)]
enum Dest {
    Return,
    Assign(Expr, &'static str, Ty),
    Discard,
}

/// A function being lowered.
pub(crate) struct Body<'a> {
    items: &'a Items<'a>,
    taken: &'a Taken,
    /// The lines of the source, for comments.
    lines: &'a [&'a str],
    /// The type of `Self`.
    owner: Option<String>,
    /// How the tunables are called in Go, in their order.
    tunables: &'a [String],
    types: Inference,
    result: Ty,
    scopes: Vec<BTreeMap<String, Local>>,
    /// Blocks being written, and the names that each of them declares.
    blocks: Vec<(Vec<Stmt>, BTreeSet<String>)>,
    /// Places that were changed so far.
    changed: Vec<Path>,
    /// Labels of the loops around, and whether a `continue` would go to the right one.
    loops: Vec<Option<String>>,
    /// In a closure that stands for its body: a `return` would leave the function.
    inlined: usize,
    /// What the next variable is best called.
    hint: Option<String>,
    /// Whether positions need all 64 bits.
    exact_lengths: bool,
    depth: usize,
    /// Where the innermost expression begins.
    here: (usize, usize),
    /// The functions that are called and the fields that are read: `Type::name` and `Type.field`.
    noted: BTreeSet<String>,
}

/// A function as Go.
pub(crate) struct Written {
    pub(crate) receiver: Option<(String, Ty)>,
    pub(crate) parameters: Vec<(String, Ty)>,
    pub(crate) body: Vec<Stmt>,
    pub(crate) plain_lengths: bool,
    /// The functions that it calls and the fields that it reads: `Type::name` and `Type.field`.
    pub(crate) noted: BTreeSet<String>,
}

/// What is the same for all functions of a file.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) items: &'a Items<'a>,
    pub(crate) taken: &'a Taken,
    pub(crate) lines: &'a [&'a str],
    pub(crate) tunables: &'a [String],
}

/// How deep expressions may be nested.
const DEPTH: usize = 200;

impl<'a> Body<'a> {
    pub(crate) fn new(context: Context<'a>, owner: Option<&str>) -> Self {
        Body {
            items: context.items,
            taken: context.taken,
            lines: context.lines,
            owner: owner.map(str::to_owned),
            tunables: context.tunables,
            types: Inference::default(),
            result: Ty::UNIT,
            scopes: vec![BTreeMap::new()],
            blocks: vec![(Vec::new(), BTreeSet::new())],
            changed: Vec::new(),
            loops: Vec::new(),
            inlined: 0,
            hint: None,
            exact_lengths: false,
            depth: 0,
            here: (1, 1),
            noted: BTreeSet::new(),
        }
    }

    /// A whole function.
    pub(crate) fn function(mut self, function: &crate::items::Function<'a>, block: &'a syn::Block) -> Lowered<Written> {
        let mut receiver = None;
        if let (Some(kind), Some(owner)) = (function.receiver, &function.owner) {
            receiver = Some(self.receiver(kind, owner));
        }
        let mut parameters = Vec::new();
        for (pat, ty) in &function.parameters {
            parameters.push((self.parameter(pat, ty)?, ty.clone()));
        }
        self.result = function.result.clone();
        let dest = if function.result == Ty::UNIT { Dest::Discard } else { Dest::Return };
        self.block_into(block, &dest)?;
        let (mut body, _) = self.blocks.pop().unwrap_or_default();
        crate::go::tidy::tidy(&mut body, &self.types);
        for (name, _) in parameters.iter_mut().chain(&mut receiver) {
            if !crate::go::tidy::is_read(&body, name) && !is_assigned(&body, name) {
                *name = "_".to_owned();
            }
        }
        let plain_lengths = !self.exact_lengths && crate::go::tidy::plain_lengths(&body);
        Ok(Written { receiver, parameters, body, plain_lengths, noted: self.noted })
    }

    /// A constant's value.
    pub(crate) fn constant(mut self, value: &'a syn::Expr, ty: &Ty) -> Lowered<(Expr, bool)> {
        let val = self.value(value, Some(ty))?;
        let mut expr = self.coerced(val, ty).expr;
        match self.blocks.pop() {
            Some((stmts, _)) if stmts.is_empty() => {}
            _ => return Err(Refusal::at(value, "a constant that takes statements to compute; write its value")),
        }
        crate::go::tidy::settle_expr(&mut expr, &self.types);
        Ok((expr, !self.exact_lengths))
    }

    fn receiver(&mut self, kind: Receiver, owner: &str) -> (String, Ty) {
        let is_value = kind == Receiver::Value || self.items.enums.contains_key(owner);
        let first = owner.chars().next().unwrap_or('p').to_ascii_lowercase().to_string();
        let name = self.fresh(&first);
        let named = Ty::Named(owner.to_owned());
        let ty = if is_value { named } else { named.borrowed(true) };
        let local = Local {
            expr: Expr::name(name.clone()),
            ty: ty.clone(),
            path: vec![name.clone()],
            mutable: kind != Receiver::Shared,
            inside: None,
        };
        self.bind("self", local);
        (name, ty)
    }

    fn parameter(&mut self, pat: &'a syn::Pat, ty: &Ty) -> Lowered<String> {
        match pat {
            syn::Pat::Ident(pat) if pat.subpat.is_none() => {
                let name = self.fresh(&crate::items::plain(&pat.ident, false));
                let mutable = pat.mutability.is_some() || matches!(ty, Ty::Ref(_, true));
                self.local(&pat.ident.to_string(), &name, ty.clone(), mutable);
                Ok(name)
            }
            syn::Pat::Wild(_) => Ok("_".to_owned()),
            other => Err(Refusal::at(other, "a parameter that is taken apart; give it a name")),
        }
    }

    /// A name for Go that nothing visible has.
    fn fresh(&mut self, wanted: &str) -> String {
        let wanted = if wanted.is_empty() || wanted == "_" { "value" } else { wanted };
        let is_taken = |name: &str| {
            name.is_empty()
                || self.taken.has_for_variable(name)
                || self.blocks.iter().any(|(_, names)| names.contains(name))
        };
        let suffix = if self.taken.has_for_variable(wanted) { "Value" } else { "2" };
        let name = first_free(wanted.trim_start_matches('_'), suffix, is_taken);
        if let Some((_, names)) = self.blocks.last_mut() {
            names.insert(name.clone());
        }
        name
    }

    /// A variable of Go as a name of Rust.
    fn local(&mut self, rust: &str, go: &str, ty: Ty, mutable: bool) {
        let local = Local { expr: Expr::name(go), ty, path: vec![go.to_owned()], mutable, inside: None };
        self.bind(rust, local);
    }

    fn bind(&mut self, rust: &str, local: Local) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(rust.to_owned(), local);
        }
    }

    fn lookup(&self, rust: &str) -> Option<&Local> {
        self.scopes.iter().rev().find_map(|scope| scope.get(rust))
    }

    fn note(&mut self, what: &str) {
        self.noted.insert(what.to_owned());
    }

    /// What lies outside the subset at the expression being read.
    fn refusal(&self, reason: &str) -> Refusal {
        Refusal { line: self.here.0, column: self.here.1, reason: reason.to_owned() }
    }

    fn emit(&mut self, stmt: Stmt) {
        if let Some((block, _)) = self.blocks.last_mut() {
            block.push(stmt);
        }
    }

    fn written(&self) -> usize {
        self.blocks.last().map_or(0, |(block, _)| block.len())
    }

    /// What `write` emits, as a block of its own.
    fn nested<T>(&mut self, write: impl FnOnce(&mut Self) -> Lowered<T>) -> Lowered<(Vec<Stmt>, T)> {
        self.blocks.push((Vec::new(), BTreeSet::new()));
        self.scopes.push(BTreeMap::new());
        let value = write(self);
        self.scopes.pop();
        let (block, _) = self.blocks.pop().unwrap_or_default();
        Ok((block, value?))
    }

    /// Declares a variable with this value, and returns it.
    fn kept(&mut self, val: Val, wanted: &str) -> Val {
        let hint = self.hint.take();
        let name = self.fresh(&hint.unwrap_or_else(|| wanted.to_owned()));
        self.emit(Stmt::Declare(name.clone(), val.ty.clone(), Some(val.expr)));
        self.made(name, val.ty)
    }

    /// A variable of ours, which nobody changes once it has its value.
    fn made(&mut self, name: String, ty: Ty) -> Val {
        let local = Local {
            expr: Expr::name(name.clone()),
            ty: ty.clone(),
            path: vec![name.clone()],
            mutable: false,
            inside: None,
        };
        self.bind(&format!(" {name}"), local);
        Val { expr: Expr::name(name.clone()), ty, reads: vec![vec![name]], calls: vec![] }
    }

    /// Declares a variable without a value, for one that follows.
    fn room(&mut self, ty: &Ty, wanted: &str) -> Val {
        let hint = self.hint.take();
        let name = self.fresh(&hint.unwrap_or_else(|| wanted.to_owned()));
        self.emit(Stmt::Declare(name.clone(), ty.clone(), None));
        self.made(name, ty.clone())
    }

    /// Values in the order in which Rust computes them: what one reads and a later one changes is kept before that.
    fn ordered(&mut self, exprs: &[(&'a syn::Expr, Option<Ty>)]) -> Lowered<Vec<Val>> {
        self.ordered_after(vec![], exprs)
    }

    /// The same, after values that are there already.
    fn ordered_after(&mut self, first: Vec<Val>, exprs: &[(&'a syn::Expr, Option<Ty>)]) -> Lowered<Vec<Val>> {
        let place = self.written();
        let mut done: Vec<(Val, usize)> = first.into_iter().map(|val| (val, place)).collect();
        for (expr, want) in exprs {
            let (before, changed) = (self.written(), self.changed.len());
            let val = self.value(expr, want.as_ref())?;
            let hoisted = self.written() > before;
            let changes: Vec<Path> = self.changed[changed..].to_vec();
            for at in 0..done.len() {
                let earlier = &done[at].0;
                let stale = overlap(&earlier.reads, &changes);
                let late = !earlier.calls.is_empty() && (hoisted || overlap(&val.reads, &earlier.calls));
                if stale || late {
                    self.keep_at(&mut done, at);
                }
            }
            done.push((val, self.written()));
        }
        Ok(done.into_iter().map(|(val, _)| val).collect())
    }

    /// Keeps one of these values in a variable that is declared where the value was computed.
    fn keep_at(&mut self, done: &mut [(Val, usize)], at: usize) {
        let name = self.fresh("before");
        let (val, place) = &mut done[at];
        let declared = Stmt::Declare(name.clone(), val.ty.clone(), Some(val.expr.clone()));
        *val = Val { expr: Expr::name(name.clone()), ty: val.ty.clone(), reads: vec![vec![name]], calls: vec![] };
        let place = *place;
        if let Some((block, _)) = self.blocks.last_mut() {
            block.insert(place, declared);
        }
        done[at..].iter_mut().for_each(|(_, place)| *place += 1);
    }

    /// The value as it is taken where this type is wanted.
    fn coerced(&mut self, val: Val, want: &Ty) -> Val {
        let (have, wanted) = (self.types.known(&val.ty), self.types.known(want));
        self.types.same(&have, &wanted);
        let slice =
            |ty: &Ty| matches!(ty, Ty::Slice(_)) || matches!(ty, Ty::Ref(of, _) if matches!(**of, Ty::Slice(_)));
        let target = |ty: &Ty| match ty {
            Ty::Ref(of, _) => (**of).clone(),
            other => other.clone(),
        };
        match (&have, &wanted) {
            _ if slice(&wanted) && matches!(target(&have), Ty::Array(..)) => {
                // A list that is written down is a slice at once.
                if let (Expr::Composite(Ty::Array(element, _), values), false) = (&val.expr, is_borrowed(&have))
                    && !values.is_empty()
                {
                    return Val {
                        expr: Expr::Composite(Ty::Slice(element.clone()), values.clone()),
                        ty: wanted,
                        ..val
                    };
                }
                let placed = val.expr.is_place() || is_borrowed(&have);
                let val = if placed { val } else { self.kept(val, "values") };
                let of = match (&have, val.expr) {
                    (Ty::Ref(_, true), Expr::Unary("&", of)) => *of,
                    (_, expr) => expr,
                };
                Val { expr: Expr::Slice(Box::new(of), None, None), ty: wanted, ..val }
            }
            (
                Ty::Ref(of, true),
                Ty::Ref(_, false) | Ty::Float | Ty::Int(_) | Ty::Bool | Ty::Named(_) | Ty::Option(_) | Ty::Array(..),
            ) if !matches!(**of, Ty::Slice(_)) => Val { expr: val.expr.target(), ty: (**of).clone(), ..val },
            _ => val,
        }
    }

    /// The value without references around it.
    fn plain(&mut self, val: Val) -> Val {
        match self.types.known(&val.ty) {
            Ty::Ref(of, true) if !matches!(*of, Ty::Slice(_)) => {
                self.plain(Val { expr: val.expr.target(), ty: *of, ..val })
            }
            Ty::Ref(of, _) => self.plain(Val { ty: *of, ..val }),
            ty => Val { ty, ..val },
        }
    }

    /// Whether nothing can change it between now and later.
    fn is_stable(&self, val: &Val) -> bool {
        let fixed = |path: &Path| {
            let all = self.scopes.iter().flat_map(BTreeMap::values);
            let mut found = all.filter(|local| local.path.first() == path.first()).peekable();
            found.peek().is_some() && found.all(|local| !local.mutable)
        };
        val.calls.is_empty() && val.reads.iter().all(fixed)
    }

    fn deeper<T>(
        &mut self,
        place: &impl syn::spanned::Spanned,
        go: impl FnOnce(&mut Self) -> Lowered<T>,
    ) -> Lowered<T> {
        if self.depth >= DEPTH {
            return Err(Refusal::at(place, "nested too deeply; take parts of it into functions"));
        }
        self.depth += 1;
        let start = place.span().start();
        self.here = (start.line, start.column + 1);
        let done = go(self);
        self.depth -= 1;
        done
    }
}

impl Val {
    fn new(expr: Expr, ty: Ty) -> Val {
        Val { expr, ty, reads: vec![], calls: vec![] }
    }

    /// A value that is made of others.
    fn of(expr: Expr, ty: Ty, from: &[&Val]) -> Val {
        let all = |part: fn(&Val) -> &Vec<Path>| from.iter().flat_map(|val| part(val).clone()).collect();
        Val { expr, ty, reads: all(|val| &val.reads), calls: all(|val| &val.calls) }
    }
}

/// Whether any of these places lies in, or around, one of those.
fn overlap(these: &[Path], those: &[Path]) -> bool {
    these.iter().any(|this| those.iter().any(|that| this.iter().zip(that).all(|(one, other)| one == other)))
}

fn is_assigned(body: &[Stmt], name: &str) -> bool {
    body.iter().any(|stmt| {
        let own = matches!(stmt, Stmt::Assign(Expr::Name(own), ..) if own == name);
        let mut stmt = stmt.clone();
        let (_, bodies) = stmt.parts_mut();
        own || bodies.into_iter().any(|body| is_assigned(body, name))
    })
}

/// Whether it is a pointer in Go.
fn is_borrowed(ty: &Ty) -> bool {
    matches!(ty, Ty::Ref(_, true))
}
