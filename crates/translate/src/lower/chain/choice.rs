//! One of the values of a chain: the least, the greatest, the first.

use super::super::call::Target;
use super::super::option::Opt;
use super::super::pattern::Subject;
use super::super::statement::pointer;
use super::super::{Body, Lowered, Val};
use super::{Chain, USIZE, first_name};
use crate::Refusal;
use crate::go::{Expr, Stmt};
use crate::types::{Int, Ty};

impl<'a> Body<'a> {
    /// The least or the greatest, of values or of what they are ordered by.
    pub(super) fn extreme(
        &mut self,
        chain: Chain<'a>,
        call: &'a syn::ExprMethodCall,
        key: Option<(&'a syn::Expr, Option<&'static str>)>,
        which: &str,
    ) -> Lowered<Target<'a>> {
        let hint = self.hint.take();
        let place = self.written();
        let best = self.fresh(&hint.unwrap_or_else(|| if which == "min" { "least" } else { "greatest" }.to_owned()));
        self.emit(Stmt::Declare(best.clone(), Ty::UNIT, None));
        let best_key = key.is_some().then(|| self.fresh("bestKey"));
        if let Some(key) = &best_key {
            self.emit(Stmt::Declare(key.clone(), Ty::UNIT, None));
        }
        let (mut item_ty, mut key_ty) = (Ty::UNIT, Ty::UNIT);
        let function = key.and_then(|(_, function)| function);
        let ordered_by = key.map(|(key, _)| key);
        self.run(chain, ordered_by.and_then(first_name), None, &mut |body, item| {
            let Subject::One(val, _) = item else {
                return Err(Refusal::at(&call.method, "the extreme of tuples; write a loop"));
            };
            let val = body.plain(val);
            let own = match ordered_by {
                Some(by) => {
                    let own = body.inlined(by, pair(&val, function), |body, expr| {
                        let expr = match expr {
                            syn::Expr::MethodCall(call) if function.is_some() => ordering_receiver(call),
                            other => other,
                        };
                        body.value(expr, None)
                    })?;
                    let own = body.plain(own);
                    match function {
                        Some("total_cmp") => {
                            Val::of(Expr::call("totalOrder", vec![own.expr.clone()]), Ty::Int(Int::I64), &[&own])
                        }
                        _ => own,
                    }
                }
                None => val.clone(),
            };
            if ordered_by.is_none() && !body.types.is_integer(&own.ty) {
                return Err(Refusal::at(
                    &call.method,
                    "the extreme of values that are no integers; use `fold`, `min_by` or `max_by`",
                ));
            }
            (item_ty, key_ty) = (body.types.known(&val.ty), body.types.known(&own.ty));
            let own = if own.expr.is_place() { own } else { body.kept(own, "key") };
            let best_place = match &best_key {
                Some(key) => Expr::name(key.clone()),
                None => Expr::name(best.clone()).target(),
            };
            // Of equal ones Rust takes the first least and the last greatest.
            let op = if which == "min" { "<" } else { ">=" };
            let empty = Expr::compare("==", Expr::name(best.clone()), Expr::name("nil"));
            let better = Expr::compare("||", empty, Expr::compare(op, own.expr.clone(), best_place.clone()));
            let kept = Expr::call("ptr", vec![val.expr.clone()]);
            let mut set = vec![Stmt::Assign(Expr::name(best.clone()), "=", kept)];
            if best_key.is_some() {
                set.push(Stmt::Assign(best_place, "=", own.expr));
            }
            body.emit(Stmt::If(better, set, vec![]));
            Ok(())
        })?;
        if let Some((block, _)) = self.blocks.last_mut() {
            block[place] = Stmt::Declare(best.clone(), item_ty.clone().option(), None);
            if let Some(key) = &best_key {
                block[place + 1] = Stmt::Declare(key.clone(), key_ty, None);
            }
        }
        let val = Val { expr: Expr::name(best.clone()), ty: item_ty.option(), reads: vec![vec![best]], calls: vec![] };
        Ok(Target::Option(Opt::from(val)))
    }

    /// One of the values, or where it stands.
    pub(super) fn found(
        &mut self,
        chain: Chain<'a>,
        call: &'a syn::ExprMethodCall,
        name: &str,
        test: Option<&'a syn::Expr>,
    ) -> Lowered<Target<'a>> {
        let hint = self.hint.take();
        let place = self.written();
        let found = self.fresh(&hint.unwrap_or_else(|| "found".to_owned()));
        self.emit(Stmt::Declare(found.clone(), Ty::UNIT, None));
        let position = (name == "position").then(|| self.kept(Val::new(Expr::Int("0".into()), USIZE), "at"));
        let mut ty = USIZE;
        self.run(chain, test.and_then(first_name), None, &mut |body, item| {
            let Subject::One(val, _) = item else {
                return Err(Refusal::at(&call.method, "a search among tuples; write a loop"));
            };
            let val = body.plain(val);
            let val = body.named_once(val);
            let condition = match test {
                Some(test) => body.inline(test, vec![Subject::One(val.clone(), None)])?.expr,
                None => Expr::name("true"),
            };
            let kept = match &position {
                Some(at) => pointer(&USIZE, at.expr.clone()),
                None => {
                    ty = body.types.known(&val.ty);
                    Expr::call("ptr", vec![val.expr])
                }
            };
            let mut set = vec![Stmt::Assign(Expr::name(found.clone()), "=", kept)];
            if name != "last" {
                set.push(Stmt::Break(None));
            }
            match condition == Expr::name("true") {
                true => set.into_iter().for_each(|stmt| body.emit(stmt)),
                false => body.emit(Stmt::If(condition, set, vec![])),
            }
            if let Some(at) = &position {
                body.emit(Stmt::Assign(at.expr.clone(), "+=", Expr::Int("1".into())));
            }
            Ok(())
        })?;
        if let Some((block, _)) = self.blocks.last_mut() {
            block[place] = Stmt::Declare(found.clone(), ty.clone().option(), None);
        }
        let val = Val { expr: Expr::name(found.clone()), ty: ty.option(), reads: vec![vec![found]], calls: vec![] };
        Ok(Target::Option(Opt::from(val)))
    }
}

/// Of `|a, b| key(a).total_cmp(&key(b))`, which function it is; the closure itself then yields the key of its first parameter.
pub(super) fn ordering(closure: &syn::Expr) -> Lowered<(&syn::Expr, &'static str)> {
    if let syn::Expr::Closure(of) = closure
        && let syn::Expr::MethodCall(call) = &*of.body
        && call.method == "total_cmp"
    {
        return Ok((closure, "total_cmp"));
    }
    Err(Refusal::at(closure, "an order that is not `|a, b| a.total_cmp(b)`"))
}

/// Of an order both parameters are the value.
pub(super) fn pair(val: &Val, function: Option<&str>) -> Vec<Subject> {
    (0..=usize::from(function.is_some())).map(|_| Subject::One(val.clone(), None)).collect()
}

pub(super) fn ordering_receiver(call: &syn::ExprMethodCall) -> &syn::Expr {
    &call.receiver
}
