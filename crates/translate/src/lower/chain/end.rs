//! The end of a chain: one value of all.

use super::super::call::Target;
use super::super::pattern::Subject;
use super::super::{Body, Dest, Lowered, Val};
use super::choice::ordering;
use super::{Chain, Source, Step, USIZE, first_name, pattern_name};
use crate::Refusal;
use crate::go::{Expr, Stmt};
use crate::types::Ty;

impl<'a> Body<'a> {
    /// The end of a chain: one value of all.
    pub(super) fn collected(
        &mut self,
        chain: Chain<'a>,
        call: &'a syn::ExprMethodCall,
        (name, arguments): (&str, &[&'a syn::Expr]),
        want: Option<&Ty>,
    ) -> Lowered<Target<'a>> {
        let value = |val: Val| Ok(Target::Value(val));
        match (name, arguments) {
            ("sum" | "product", []) => {
                let of = self.turbofish(call)?.or_else(|| want.map(|ty| self.types.known(ty)));
                let ty = match of {
                    Some(Ty::Ref(of, _)) => *of,
                    Some(ty @ (Ty::Float | Ty::Int(_) | Ty::Var(_))) => ty,
                    _ => self.types.fresh(false),
                };
                value(self.summed(chain, name, ty)?)
            }
            ("count", []) => {
                let count = self.kept(Val::new(Expr::Int("0".into()), USIZE), "count");
                let place = count.expr.clone();
                self.run(chain, None, None, &mut |body, _| {
                    body.emit(Stmt::Assign(place.clone(), "+=", Expr::Int("1".into())));
                    Ok(())
                })?;
                value(count)
            }
            ("fold", [initial, with]) => {
                let hint = self.hint.take();
                let initial = self.value(initial, want)?;
                let initial = self.plain(initial);
                self.hint = hint;
                let sum = self.kept(initial, "folded");
                self.run(chain, second_name(with), None, &mut |body, item| {
                    let next = body.inline(with, vec![Subject::One(sum.clone(), None), item])?;
                    let next = body.coerced(next, &sum.ty);
                    body.finish(next, &Dest::Assign(sum.expr.clone(), "=", sum.ty.clone()));
                    Ok(())
                })?;
                value(sum)
            }
            ("all" | "any", [test]) => {
                let any = name == "any";
                let result = self.kept(Val::new(Expr::name((!any).to_string()), Ty::Bool), name);
                self.run(chain, first_name(test), None, &mut |body, item| {
                    let holds = body.inline(test, vec![item])?;
                    let condition = if any { holds.expr } else { holds.expr.not() };
                    let set = Stmt::Assign(result.expr.clone(), "=", Expr::name(any.to_string()));
                    body.emit(Stmt::If(condition, vec![set, Stmt::Break(None)], vec![]));
                    Ok(())
                })?;
                value(result)
            }
            ("for_each", [with]) => {
                self.run(chain, first_name(with), None, &mut |body, item| {
                    let val = body.inlined(with, vec![item], |body, expr| {
                        body.into(expr, &Dest::Discard)?;
                        Ok(Val::new(Expr::name("nil"), Ty::UNIT))
                    })?;
                    let _ = val;
                    Ok(())
                })?;
                value(Val::new(Expr::name("struct{}{}"), Ty::UNIT))
            }
            ("min" | "max", []) => self.extreme(chain, call, None, name),
            ("min_by_key" | "max_by_key", [key]) => self.extreme(chain, call, Some((key, None)), &name[..3]),
            ("min_by" | "max_by", [order]) => {
                let (key, function) = ordering(order)?;
                self.extreme(chain, call, Some((key, Some(function))), &name[..3])
            }
            ("find" | "position" | "last" | "next", rest) => self.found(chain, call, name, rest.first().copied()),
            _ => Err(Refusal::at(&call.method, format!("`{name}` of an iterator has no counterpart; write a loop"))),
        }
    }

    pub(super) fn summed(&mut self, chain: Chain<'a>, name: &str, ty: Ty) -> Lowered<Val> {
        let hint = self.hint.take();
        let wanted = hint.unwrap_or_else(|| if name == "sum" { "sum" } else { "product" }.to_owned());
        let (op, place) = if name == "sum" { ("+=", self.written()) } else { ("*=", self.written()) };
        let sum = self.fresh(&wanted);
        self.emit(Stmt::Declare(sum.clone(), ty.clone(), None));
        let (mut never_negative, sum_val) = (chain.never_empty(), Expr::name(sum.clone()));
        let items = self.items;
        self.run(chain, None, None, &mut |body, item| {
            let Subject::One(val, _) = item else { return Err(body.refusal("a sum of tuples")) };
            let val = body.plain(val);
            body.types.same(&ty, &val.ty);
            never_negative &= is_not_negative(items, &val.expr);
            let product = op == "*=" && body.types.known(&ty) == Ty::Float;
            body.emit(match product {
                true => Stmt::Assign(sum_val.clone(), "=", Expr::binary("*", sum_val.clone(), val.expr, Ty::Float)),
                false => Stmt::Assign(sum_val.clone(), op, val.expr),
            });
            Ok(())
        })?;
        let ty = self.types.known(&ty);
        let begin = match (&ty, op) {
            (Ty::Float, "+=") if never_negative => Expr::Float("0.0".into()),
            // So begins a sum of floats in Rust.
            (Ty::Float, "+=") => Expr::name("negZero"),
            (Ty::Float, _) => Expr::Float("1.0".into()),
            (_, "+=") => Expr::Int("0".into()),
            _ => Expr::Int("1".into()),
        };
        if let Some((block, _)) = self.blocks.last_mut() {
            block[place] = Stmt::Declare(sum.clone(), ty.clone(), Some(begin));
        }
        Ok(Val { expr: Expr::name(sum.clone()), ty, reads: vec![vec![sum]], calls: vec![] })
    }

    pub(super) fn turbofish(&self, call: &syn::ExprMethodCall) -> Lowered<Option<Ty>> {
        let Some(turbofish) = &call.turbofish else { return Ok(None) };
        match turbofish.args.first() {
            Some(syn::GenericArgument::Type(ty)) => Ok(Some(self.items.ty(ty, self.owner.as_deref())?)),
            _ => Ok(None),
        }
    }
}

impl Chain<'_> {
    /// Whether there is an item in any case: what the contract hands over is never empty.
    pub(super) fn never_empty(&self) -> bool {
        matches!(&self.source, Source::Elements { .. })
            && self.steps.iter().all(|step| matches!(step, Step::Map(_) | Step::Enumerate))
    }
}

/// Whether it is never -0, as its form says: what a sum of such begins with does not show.
pub(super) fn is_not_negative(items: &crate::items::Items<'_>, expr: &Expr) -> bool {
    match expr {
        Expr::Float(text) => !text.starts_with('-'),
        Expr::Convert(Ty::Float, _) => true,
        Expr::Field(_, name) => items.is_input(name),
        Expr::Binary("+", left, right, _) => is_not_negative(items, left) || is_not_negative(items, right),
        Expr::Binary("*" | "/", left, right, _) => is_positive(items, left) && is_positive(items, right),
        Expr::Call(function, arguments) => match &**function {
            Expr::Name(name) if name == "math.Abs" || name == "exp" => true,
            Expr::Name(name) if matches!(name.as_str(), "max" | "min" | "fmax" | "fmin") => {
                arguments.iter().all(|argument| is_not_negative(items, argument))
            }
            _ => false,
        },
        Expr::Paren(of) => is_not_negative(items, of),
        _ => false,
    }
}

/// Whether it is 0 or above by its form: of integers without a sign, of what is shown.
pub(super) fn is_positive(items: &crate::items::Items<'_>, expr: &Expr) -> bool {
    match expr {
        Expr::Convert(Ty::Float, of) => matches!(&**of, Expr::Field(_, name) if items.is_input(name)),
        Expr::Binary("+", left, right, _) => is_positive(items, left) && is_positive(items, right),
        other => !matches!(other, Expr::Call(..)) && is_not_negative(items, other),
    }
}

pub(super) fn second_name(closure: &syn::Expr) -> Option<String> {
    match closure {
        syn::Expr::Closure(closure) => closure.inputs.get(1).and_then(pattern_name),
        _ => None,
    }
}
