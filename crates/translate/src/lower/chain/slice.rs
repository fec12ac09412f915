//! Arrays and slices: what they can do.

use super::super::call::Target;
use super::super::option::Opt;
use super::super::{Body, Lowered, Val};
use super::{Chain, Source, USIZE};
use crate::Refusal;
use crate::go::{Expr, Loop, Stmt};
use crate::types::Ty;

impl<'a> Body<'a> {
    /// What an array or slice can do.
    pub(in crate::lower) fn slice_method(
        &mut self,
        on: Val,
        call: &'a syn::ExprMethodCall,
        want: Option<&Ty>,
    ) -> Lowered<Target<'a>> {
        let name = call.method.to_string();
        let (Ty::Array(element, _) | Ty::Slice(element)) = on.ty.clone() else {
            return Err(Refusal::at(call, "a method of what is no array"));
        };
        let on = if on.expr.is_place() || matches!(on.expr, Expr::Slice(..)) { on } else { self.kept(on, "values") };
        let length = Expr::Convert(USIZE, Box::new(Expr::call("len", vec![on.expr.clone()])));
        let value = |expr: Expr, ty: Ty, from: &[&Val]| Ok(Target::Value(Val::of(expr, ty, from)));
        let arguments: Vec<&'a syn::Expr> = call.args.iter().collect();
        match (name.as_str(), arguments.as_slice()) {
            ("len", []) => value(length, USIZE, &[&on]),
            ("is_empty", []) => value(
                Expr::compare("==", Expr::call("len", vec![on.expr.clone()]), Expr::Int("0".into())),
                Ty::Bool,
                &[&on],
            ),
            ("iter" | "into_iter", []) => {
                Ok(Target::Chain(Chain::of(Source::Elements { of: on, mutably: false, backwards: false })))
            }
            ("iter_mut", []) => {
                Ok(Target::Chain(Chain::of(Source::Elements { of: on, mutably: true, backwards: false })))
            }
            ("as_slice" | "as_ref" | "clone" | "to_owned", []) => Ok(Target::Value(on)),
            ("first" | "first_mut", []) => {
                let present = Expr::compare(">", Expr::call("len", vec![on.expr.clone()]), Expr::Int("0".into()));
                let inner =
                    Val::of(Expr::Index(Box::new(on.expr.clone()), Box::new(Expr::Int("0".into()))), *element, &[&on]);
                Ok(Target::Option(Opt { present, inner: self.element(inner, &name), place: None }))
            }
            ("last" | "last_mut", []) => {
                let count = Expr::call("len", vec![on.expr.clone()]);
                let present = Expr::compare(">", count.clone(), Expr::Int("0".into()));
                let at = Expr::binary("-", count, Expr::Int("1".into()), Ty::Bool);
                let inner = Val::of(Expr::Index(Box::new(on.expr.clone()), Box::new(at)), *element, &[&on]);
                Ok(Target::Option(Opt { present, inner: self.element(inner, &name), place: None }))
            }
            ("get" | "get_mut", [at]) if !matches!(at, syn::Expr::Range(_)) => {
                let mut values = self.ordered_after(vec![on], &[(*at, Some(USIZE))])?;
                let (Some(at), Some(on)) = (values.pop(), values.pop()) else {
                    return Err(Refusal::at(call, "an index"));
                };
                self.types.same(&at.ty, &USIZE);
                let length = Expr::Convert(USIZE, Box::new(Expr::call("len", vec![on.expr.clone()])));
                let present = Expr::compare("<", at.expr.clone(), length);
                let inner =
                    Val::of(Expr::Index(Box::new(on.expr.clone()), Box::new(at.expr.clone())), *element, &[&on, &at]);
                Ok(Target::Option(Opt { present, inner: self.element(inner, &name), place: None }))
            }
            ("fill", [with]) => {
                let val = self.value(with, Some(&element))?;
                let val = self.plain(val);
                let at = self.fresh("i");
                let place = Expr::Index(Box::new(on.expr.clone()), Box::new(Expr::name(at.clone())));
                self.emit(Stmt::Loop(
                    None,
                    Loop::Range(Some(at), None, on.expr.clone()),
                    vec![Stmt::Assign(place, "=", val.expr)],
                ));
                self.changed.extend(on.reads);
                value(Expr::name("struct{}{}"), Ty::UNIT, &[])
            }
            ("swap", [one, other]) => {
                let mut values = self.ordered_after(vec![on], &[(*one, Some(USIZE)), (*other, Some(USIZE))])?;
                let (Some(other), Some(one), Some(on)) = (values.pop(), values.pop(), values.pop()) else {
                    return Err(Refusal::at(call, "a swap"));
                };
                let at = |index: &Val| Expr::Index(Box::new(on.expr.clone()), Box::new(index.expr.clone()));
                let first = self.kept(Val::of(at(&one), *element, &[]), "first");
                self.emit(Stmt::Assign(at(&one), "=", at(&other)));
                self.emit(Stmt::Assign(at(&other), "=", first.expr));
                self.changed.extend(on.reads);
                value(Expr::name("struct{}{}"), Ty::UNIT, &[])
            }
            ("contains", [what]) => {
                let what = self.value(what, Some(&element))?;
                let what = self.plain(what);
                self.types.same(&what.ty, &element);
                value(Expr::call("slices.Contains", vec![sliced(&on), what.expr.clone()]), Ty::Bool, &[&on, &what])
            }
            ("sort" | "sort_unstable", []) if self.types.is_integer(&element) => {
                self.emit(Stmt::Expr(Expr::call("slices.Sort", vec![sliced(&on)])));
                self.changed.extend(on.reads);
                value(Expr::name("struct{}{}"), Ty::UNIT, &[])
            }
            _ => {
                let _ = want;
                Err(Refusal::at(&call.method, format!("`{name}` of an array has no counterpart; write a loop")))
            }
        }
    }
}

impl Body<'_> {
    /// An element that a method of this name finds: where it may be changed, its address.
    fn element(&mut self, found: Val, method: &str) -> Val {
        if !method.ends_with("_mut") {
            return found;
        }
        self.changed.extend(found.reads.clone());
        Val { expr: found.expr.address(), ty: found.ty.borrowed(true), ..found }
    }
}

pub(super) fn sliced(of: &Val) -> Expr {
    match &of.ty {
        Ty::Array(..) => Expr::Slice(Box::new(of.expr.clone()), None, None),
        _ => of.expr.clone(),
    }
}
