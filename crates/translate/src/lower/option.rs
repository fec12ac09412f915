//! Options. In Go a pointer, nil for none; in between a condition and what is there if it holds.

use super::call::Target;
use super::pattern::Subject;
use super::statement::pointer;
use super::{Body, Lowered, Path, Val};
use crate::Refusal;
use crate::go::{Expr, Stmt};
use crate::types::Ty;
use proc_macro2::Span;

/// An Option on its way.
#[derive(Clone, Debug)]
pub(super) struct Opt {
    /// Whether something is there.
    pub(super) present: Expr,
    /// What, if so.
    pub(super) inner: Val,
    /// The variable or field that it is, if it is one, and its place.
    pub(super) place: Option<(Expr, Vec<Path>)>,
}

impl From<Val> for Opt {
    fn from(val: Val) -> Opt {
        let of = match val.ty.clone() {
            Ty::Option(of) => *of,
            other => other,
        };
        let present = Expr::compare("!=", val.expr.clone(), Expr::name("nil"));
        let expr = if of.has_nil() { val.expr } else { val.expr.target() };
        Opt { present, inner: Val { expr, ty: of, ..val }, place: None }
    }
}

impl<'a> Body<'a> {
    /// A pointer as an Option.
    pub(super) fn open(&mut self, val: Val, place: Option<(Expr, Vec<Path>)>) -> Opt {
        let simple = val.expr.is_place();
        let val = if simple { val } else { self.kept(val, "value") };
        Opt { place, ..Opt::from(val) }
    }

    /// Whether something is there, and what.
    pub(super) fn opened(&mut self, val: Val, span: Span) -> Lowered<(Expr, Val)> {
        let mut val = self.plain(val);
        if let Ty::Var(_) = val.ty {
            let of = self.types.fresh(false);
            self.types.same(&val.ty, &of.clone().option());
            val.ty = of.option();
        }
        if !matches!(val.ty, Ty::Option(_)) {
            return Err(Refusal {
                line: span.start().line,
                column: span.start().column + 1,
                reason: "an Option where the type is another".to_owned(),
            });
        }
        let opt = self.open(val, None);
        Ok((opt.present, opt.inner))
    }

    /// An Option as a pointer.
    pub(super) fn as_pointer(&mut self, opt: Opt) -> Val {
        let ty = self.types.known(&opt.inner.ty);
        if let Expr::Unary("*", of) = &opt.inner.expr
            && opt.present == Expr::compare("!=", (**of).clone(), Expr::name("nil"))
        {
            return Val { expr: (**of).clone(), ty: ty.option(), ..opt.inner };
        }
        if opt.present == Expr::name("true") {
            return Val {
                expr: pointer(&ty, opt.inner.expr),
                ty: ty.option(),
                reads: opt.inner.reads,
                calls: opt.inner.calls,
            };
        }
        let room = self.room(&ty.clone().option(), "value");
        let set = Stmt::Assign(room.expr.clone(), "=", pointer(&ty, opt.inner.expr));
        self.emit(Stmt::If(opt.present, vec![set], vec![]));
        room
    }

    /// An expression that is an Option.
    fn option(&mut self, expr: &'a syn::Expr) -> Lowered<Opt> {
        match self.target(expr)? {
            Target::Option(opt) => Ok(opt),
            Target::Value(val) => {
                let val = self.plain(val);
                Ok(self.open(val, None))
            }
            Target::Chain(_) => Err(Refusal::at(expr, "an iterator where an Option is wanted")),
        }
    }

    pub(super) fn option_method(
        &mut self,
        opt: Opt,
        call: &'a syn::ExprMethodCall,
        want: Option<&Ty>,
    ) -> Lowered<Target<'a>> {
        let arguments: Vec<&'a syn::Expr> = call.args.iter().collect();
        let inner = || Subject::One(opt.inner.clone(), None);
        let value = |val: Val| Ok(Target::Value(val));
        match (call.method.to_string().as_str(), arguments.as_slice()) {
            ("is_some", []) => value(Val::of(opt.present.clone(), Ty::Bool, &[&opt.inner])),
            ("is_none", []) => value(Val::of(opt.present.clone().not(), Ty::Bool, &[&opt.inner])),
            ("copied" | "cloned" | "as_ref" | "as_deref" | "clone", []) => Ok(Target::Option(opt)),
            ("unwrap", []) | ("expect", [_]) => value(opt.inner),
            ("is_some_and", [test]) => {
                let (stmts, holds) = self.aside(|body| body.inline(test, vec![inner()]))?;
                if stmts.is_empty() {
                    return value(Val::of(
                        opt.present.clone().and(holds.expr.clone()),
                        Ty::Bool,
                        &[&opt.inner, &holds],
                    ));
                }
                let room = self.room(&Ty::Bool, "holds");
                self.set_if(opt.present, stmts, &room, holds.expr, vec![]);
                value(room)
            }
            ("is_none_or", [test]) => {
                let (stmts, holds) = self.aside(|body| body.inline(test, vec![inner()]))?;
                if stmts.is_empty() {
                    let absent = opt.present.not();
                    let either = Expr::compare("||", absent, holds.expr.clone());
                    return value(Val::of(either, Ty::Bool, &[&opt.inner, &holds]));
                }
                let room = self.room(&Ty::Bool, "holds");
                let absent = Stmt::Assign(room.expr.clone(), "=", Expr::name("true"));
                self.set_if(opt.present, stmts, &room, holds.expr, vec![absent]);
                value(room)
            }
            ("unwrap_or" | "unwrap_or_default", rest) => {
                let hint = self.hint.take();
                let otherwise = match rest {
                    [otherwise] => self.value(otherwise, Some(&opt.inner.ty.clone()))?,
                    _ => self.default_of(&opt.inner.ty.clone(), call)?,
                };
                self.hint = hint;
                let ty = opt.inner.ty.clone();
                let otherwise = Val { ty: ty.clone(), ..self.coerced(otherwise, &ty) };
                value(self.either(opt.present, opt.inner, otherwise))
            }
            ("unwrap_or_else", [otherwise]) => {
                let room = self.room(&opt.inner.ty.clone(), "value");
                let (mut other, val) = self.aside(|body| body.inline(otherwise, vec![]))?;
                other.push(Stmt::Assign(room.expr.clone(), "=", val.expr));
                self.set_if(opt.present, vec![], &room, opt.inner.expr, other);
                value(room)
            }
            ("map_or", [otherwise, map]) => {
                let hint = self.hint.take();
                let otherwise = self.value(otherwise, want)?;
                let otherwise = self.plain(otherwise);
                let (stmts, mapped) = self.aside(|body| body.inline(map, vec![inner()]))?;
                self.hint = hint;
                self.types.same(&otherwise.ty, &mapped.ty);
                let room = self.kept(otherwise, "value");
                self.set_if(opt.present, stmts, &room, mapped.expr, vec![]);
                value(room)
            }
            ("map_or_else", [otherwise, map]) => {
                let hint = self.hint.take();
                let (stmts, mapped) = self.aside(|body| body.inline(map, vec![inner()]))?;
                let (mut other, val) = self.aside(|body| body.inline(otherwise, vec![]))?;
                self.hint = hint;
                let room = self.room(&mapped.ty, "value");
                other.push(Stmt::Assign(room.expr.clone(), "=", val.expr));
                self.set_if(opt.present, stmts, &room, mapped.expr, other);
                value(room)
            }
            ("map", [map]) => {
                let hint = self.hint.take();
                let (stmts, mapped) = self.aside(|body| body.inline(map, vec![inner()]))?;
                self.hint = hint;
                let mapped = self.plain(mapped);
                if stmts.is_empty() {
                    return Ok(Target::Option(Opt { present: opt.present, inner: mapped, place: None }));
                }
                let ty = self.types.known(&mapped.ty);
                Ok(Target::Option(self.present_if(opt.present, stmts, &ty, pointer(&ty, mapped.expr))))
            }
            ("filter", [test]) => {
                let (stmts, holds) = self.aside(|body| body.inline(test, vec![inner()]))?;
                if stmts.is_empty() {
                    let present = opt.present.and(holds.expr);
                    return Ok(Target::Option(Opt { present, inner: opt.inner, place: None }));
                }
                let ty = self.types.known(&opt.inner.ty);
                let room = self.room(&ty.clone().option(), "value");
                let set = Stmt::Assign(room.expr.clone(), "=", pointer(&ty, opt.inner.expr));
                let mut then = stmts;
                then.push(Stmt::If(holds.expr, vec![set], vec![]));
                self.emit(Stmt::If(opt.present, then, vec![]));
                Ok(Target::Option(self.open(room, None)))
            }
            ("and_then", [next]) => {
                let (stmts, then) =
                    self.aside(|body| body.inlined(next, vec![inner()], |body, expr| body.option(expr)))?;
                if stmts.is_empty() {
                    return Ok(Target::Option(Opt {
                        present: opt.present.and(then.present),
                        inner: then.inner,
                        place: None,
                    }));
                }
                let ty = self.types.known(&then.inner.ty);
                let room = self.room(&ty.clone().option(), "value");
                let mut body = stmts;
                body.push(Stmt::If(
                    then.present,
                    vec![Stmt::Assign(room.expr.clone(), "=", pointer(&ty, then.inner.expr))],
                    vec![],
                ));
                self.emit(Stmt::If(opt.present, body, vec![]));
                Ok(Target::Option(self.open(room, None)))
            }
            ("or", [other]) => {
                let other = self.option(other)?;
                let ty = opt.inner.ty.clone();
                self.types.same(&ty, &other.inner.ty);
                let first = self.as_pointer(opt);
                let second = self.as_pointer(other);
                let room = self.kept(first, "value");
                let missing = Expr::compare("==", room.expr.clone(), Expr::name("nil"));
                self.emit(Stmt::If(missing, vec![Stmt::Assign(room.expr.clone(), "=", second.expr)], vec![]));
                Ok(Target::Option(self.open(room, None)))
            }
            ("or_else", [other]) => {
                let first = self.as_pointer(opt);
                let room = self.kept(first, "value");
                let (mut stmts, second) = self.aside(|body| {
                    let other = body.inlined(other, vec![], |body, expr| body.option(expr))?;
                    Ok(body.as_pointer(other))
                })?;
                stmts.push(Stmt::Assign(room.expr.clone(), "=", second.expr));
                let missing = Expr::compare("==", room.expr.clone(), Expr::name("nil"));
                self.emit(Stmt::If(missing, stmts, vec![]));
                Ok(Target::Option(self.open(room, None)))
            }
            ("take" | "replace", rest) if opt.place.is_some() => {
                let (place, path) = opt.place.clone().unwrap_or((Expr::name("nil"), vec![]));
                let ty = opt.inner.ty.clone();
                let new = match rest {
                    [new] => {
                        let val = self.value(new, Some(&ty))?;
                        pointer(&self.types.known(&ty), val.expr)
                    }
                    _ => Expr::name("nil"),
                };
                let old =
                    self.kept(Val { expr: place.clone(), ty: ty.option(), reads: path.clone(), calls: vec![] }, "old");
                self.emit(Stmt::Assign(place, "=", new));
                self.changed.extend(path);
                Ok(Target::Option(self.open(old, None)))
            }
            ("get_or_insert", [new]) if opt.place.is_some() => {
                let hint = self.hint.take();
                let (place, path) = opt.place.clone().unwrap_or((Expr::name("nil"), vec![]));
                let val = self.value(new, Some(&opt.inner.ty.clone()))?;
                let new = pointer(&self.types.known(&opt.inner.ty), val.expr);
                let missing = Expr::compare("==", place.clone(), Expr::name("nil"));
                self.emit(Stmt::If(missing, vec![Stmt::Assign(place, "=", new)], vec![]));
                self.changed.extend(path);
                self.hint = hint;
                value(opt.inner)
            }
            (other, _) => {
                Err(Refusal::at(&call.method, format!("`{other}` of an Option has no counterpart; use `match`")))
            }
        }
    }

    /// `x := otherwise`, then `if present { x = inner }`.
    fn either(&mut self, present: Expr, inner: Val, otherwise: Val) -> Val {
        if present == Expr::name("true") {
            return inner;
        }
        if present == Expr::name("false") {
            return otherwise;
        }
        let room = self.kept(otherwise, "value");
        self.set_if(present, vec![], &room, inner.expr, vec![]);
        room
    }

    fn set_if(&mut self, present: Expr, stmts: Vec<Stmt>, room: &Val, value: Expr, otherwise: Vec<Stmt>) {
        let mut then = stmts;
        then.push(Stmt::Assign(room.expr.clone(), "=", value));
        self.emit(Stmt::If(present, then, otherwise));
    }

    fn present_if(&mut self, present: Expr, stmts: Vec<Stmt>, ty: &Ty, value: Expr) -> Opt {
        let room = self.room(&ty.clone().option(), "value");
        self.set_if(present, stmts, &room, value, vec![]);
        self.open(room, None)
    }
}

impl<'a> Body<'a> {
    /// `x == None` and `x == Some(y)`.
    pub(super) fn compared_options(&mut self, op: &'static str, binary: &'a syn::ExprBinary) -> Lowered<Option<Val>> {
        let (option, other) = match (&*binary.left, &*binary.right) {
            (option, other) if is_option(other) => (option, other),
            (other, option) if is_option(other) => (option, other),
            _ => return Ok(None),
        };
        if !matches!(op, "==" | "!=") {
            return Err(Refusal::at(binary, "an order of options; compare what is in them"));
        }
        let opt = self.option(option)?;
        let same = match other {
            syn::Expr::Call(some) => {
                let Some(value) = some.args.first() else { return Err(Refusal::at(other, "a call")) };
                let value = self.value(value, Some(&opt.inner.ty.clone()))?;
                let value = self.plain(value);
                self.types.same(&value.ty, &opt.inner.ty);
                opt.present.and(Expr::compare("==", opt.inner.expr.clone(), value.expr))
            }
            _ => opt.present.not(),
        };
        let expr = match (op, same) {
            ("==", same) => same,
            (_, same @ Expr::Binary("&&", ..)) => Expr::Unary("!", Box::new(same)),
            (_, same) => same.not(),
        };
        Ok(Some(Val::of(expr, Ty::Bool, &[&opt.inner])))
    }
}

fn is_option(expr: &syn::Expr) -> bool {
    match expr {
        syn::Expr::Path(path) => path.path.is_ident("None"),
        syn::Expr::Call(call) => matches!(&*call.func, syn::Expr::Path(path) if path.path.is_ident("Some")),
        _ => false,
    }
}
