//! Iterators: each becomes the loop that it is.

use super::call::Target;
use super::option::Opt;
use super::pattern::Subject;
use super::statement::pointer;
use super::{Body, Dest, Lowered, Val};
use crate::Refusal;
use crate::go::{Expr, Loop, Stmt};
use crate::types::{Int, Ty};
use syn::spanned::Spanned;

/// An iterator on its way.
#[derive(Clone)]
pub(super) struct Chain<'a> {
    source: Source,
    steps: Vec<Step<'a>>,
}

#[derive(Clone, Debug)]
enum Source {
    /// The elements of an array or slice; mutable ones by their address.
    Elements {
        of: Val,
        mutably: bool,
        backwards: bool,
    },
    Numbers {
        from: Val,
        to: Option<Val>,
        closed: bool,
        backwards: bool,
        step: Option<Val>,
    },
    /// Elements of two at the same position.
    Pairs {
        one: Val,
        other: Val,
        mutably: [bool; 2],
    },
}

#[derive(Clone)]
enum Step<'a> {
    Map(&'a syn::Expr),
    Filter(&'a syn::Expr),
    FilterMap(&'a syn::Expr),
    TakeWhile(&'a syn::Expr),
    Enumerate,
    /// Lets so many pass, or holds so many back.
    Take(Val),
    Skip(Val),
}

const USIZE: Ty = Ty::Int(Int::Usize);

impl<'a> Chain<'a> {
    fn of(source: Source) -> Chain<'a> {
        Chain { source, steps: vec![] }
    }

    fn then(mut self, step: Step<'a>) -> Target<'a> {
        self.steps.push(step);
        Target::Chain(self)
    }
}

impl<'a> Body<'a> {
    /// What an array or slice can do.
    pub(super) fn slice_method(
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
            ("first", []) => {
                let present = Expr::compare(">", Expr::call("len", vec![on.expr.clone()]), Expr::Int("0".into()));
                let inner =
                    Val::of(Expr::Index(Box::new(on.expr.clone()), Box::new(Expr::Int("0".into()))), *element, &[&on]);
                Ok(Target::Option(Opt { present, inner, place: None }))
            }
            ("last", []) => {
                let count = Expr::call("len", vec![on.expr.clone()]);
                let present = Expr::compare(">", count.clone(), Expr::Int("0".into()));
                let at = Expr::binary("-", count, Expr::Int("1".into()), Ty::Bool);
                let inner = Val::of(Expr::Index(Box::new(on.expr.clone()), Box::new(at)), *element, &[&on]);
                Ok(Target::Option(Opt { present, inner, place: None }))
            }
            ("get", [at]) if !matches!(at, syn::Expr::Range(_)) => {
                let mut values = self.ordered_after(vec![on], &[(*at, Some(USIZE))])?;
                let (Some(at), Some(on)) = (values.pop(), values.pop()) else {
                    return Err(Refusal::at(call, "an index"));
                };
                self.types.same(&at.ty, &USIZE);
                let length = Expr::Convert(USIZE, Box::new(Expr::call("len", vec![on.expr.clone()])));
                let present = Expr::compare("<", at.expr.clone(), length);
                let inner =
                    Val::of(Expr::Index(Box::new(on.expr.clone()), Box::new(at.expr.clone())), *element, &[&on, &at]);
                Ok(Target::Option(Opt { present, inner, place: None }))
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

    pub(super) fn range_chain(&mut self, range: &'a syn::ExprRange) -> Lowered<Chain<'a>> {
        let Some(start) = &range.start else { return Err(Refusal::at(range, "a range without a beginning")) };
        let mut exprs: Vec<(&'a syn::Expr, Option<Ty>)> = vec![(start, None)];
        exprs.extend(range.end.iter().map(|end| (&**end, None)));
        let mut values = self.ordered(&exprs)?.into_iter();
        let Some(from) = values.next() else { return Err(Refusal::at(range, "a range")) };
        let from = self.plain(from);
        let to = values.next().map(|to| self.plain(to));
        if let Some(to) = &to {
            self.types.same(&from.ty, &to.ty);
        }
        let closed = matches!(range.limits, syn::RangeLimits::Closed(_));
        Ok(Chain::of(Source::Numbers { from, to, closed, backwards: false, step: None }))
    }

    /// What an iterator can do.
    pub(super) fn chain_method(
        &mut self,
        chain: Chain<'a>,
        call: &'a syn::ExprMethodCall,
        want: Option<&Ty>,
    ) -> Lowered<Target<'a>> {
        let name = call.method.to_string();
        let arguments: Vec<&'a syn::Expr> = call.args.iter().collect();
        match (name.as_str(), arguments.as_slice()) {
            ("map", [with]) => Ok(chain.then(Step::Map(with))),
            ("filter", [with]) => Ok(chain.then(Step::Filter(with))),
            ("filter_map", [with]) => Ok(chain.then(Step::FilterMap(with))),
            ("take_while", [with]) => Ok(chain.then(Step::TakeWhile(with))),
            ("enumerate", []) => Ok(chain.then(Step::Enumerate)),
            ("iter" | "into_iter" | "by_ref" | "copied" | "cloned" | "fuse", []) => Ok(Target::Chain(chain)),
            ("take" | "skip", [count]) => {
                let hint = self.hint.take();
                let count = self.value(count, Some(&USIZE))?;
                self.hint = hint;
                self.types.same(&count.ty, &USIZE);
                Ok(chain.then(if name == "take" { Step::Take(count) } else { Step::Skip(count) }))
            }
            ("rev", []) if chain.steps.is_empty() => {
                let mut chain = chain;
                match &mut chain.source {
                    Source::Elements { backwards, .. } | Source::Numbers { backwards, step: None, .. } => {
                        *backwards = !*backwards
                    }
                    _ => return Err(Refusal::at(&call.method, "this iterator backwards; write a loop")),
                }
                Ok(Target::Chain(chain))
            }
            ("step_by", [by]) => match chain {
                Chain { source: Source::Numbers { from, to, closed, backwards: false, step: None }, steps }
                    if steps.is_empty() =>
                {
                    let by = self.value(by, Some(&USIZE))?;
                    Ok(Target::Chain(Chain::of(Source::Numbers { from, to, closed, backwards: false, step: Some(by) })))
                }
                _ => Err(Refusal::at(&call.method, "steps of what is no range; write a loop")),
            },
            ("zip", [with]) => self.zipped(chain, with, call),
            ("contains", [what]) => self.in_range(&chain, what, call),
            ("len", []) => match chain {
                Chain { source: Source::Elements { of, .. }, steps } if steps.is_empty() => {
                    let length = Expr::Convert(USIZE, Box::new(Expr::call("len", vec![of.expr.clone()])));
                    Ok(Target::Value(Val::of(length, USIZE, &[&of])))
                }
                _ => Err(Refusal::at(&call.method, "the length of this iterator; use `count`")),
            },
            _ => self.collected(chain, call, want),
        }
    }

    fn zipped(&mut self, chain: Chain<'a>, with: &'a syn::Expr, call: &syn::ExprMethodCall) -> Lowered<Target<'a>> {
        let hint = self.hint.take();
        let other = match self.target(with)? {
            Target::Chain(other) => other,
            Target::Value(val) => {
                let mutably = matches!(self.types.known(&val.ty), Ty::Ref(_, true));
                let of = self.plain(val);
                Chain::of(Source::Elements { of, mutably, backwards: false })
            }
            Target::Option(_) => return Err(Refusal::at(with, "an Option as an iterator")),
        };
        self.hint = hint;
        match (chain, other) {
            (
                Chain { source: Source::Elements { of: one, mutably: first, backwards: false }, steps },
                Chain { source: Source::Elements { of: other, mutably: second, backwards: false }, steps: none },
            ) if steps.is_empty() && none.is_empty() && matches!(other.ty, Ty::Array(..) | Ty::Slice(_)) => {
                Ok(Target::Chain(Chain::of(Source::Pairs { one, other, mutably: [first, second] })))
            }
            _ => Err(Refusal::at(
                &call.method,
                "two iterators side by side that are more than elements; write a loop over positions",
            )),
        }
    }

    fn in_range(&mut self, chain: &Chain<'a>, what: &'a syn::Expr, call: &syn::ExprMethodCall) -> Lowered<Target<'a>> {
        let Source::Numbers { from, to, closed, .. } = &chain.source else {
            return Err(Refusal::at(&call.method, "whether an iterator has a value; use `any`"));
        };
        let val = self.value(what, Some(&from.ty))?;
        let val = self.plain(val);
        self.types.same(&val.ty, &from.ty);
        let val = if val.expr.is_place() { val } else { self.kept(val, "value") };
        let mut holds = Expr::compare(">=", val.expr.clone(), from.expr.clone());
        if let Some(to) = to {
            holds = holds.and(Expr::compare(if *closed { "<=" } else { "<" }, val.expr.clone(), to.expr.clone()));
        }
        Ok(Target::Value(Val::of(holds, Ty::Bool, &[&val])))
    }

    /// The end of a chain: one value of all.
    fn collected(&mut self, chain: Chain<'a>, call: &'a syn::ExprMethodCall, want: Option<&Ty>) -> Lowered<Target<'a>> {
        let name = call.method.to_string();
        let arguments: Vec<&'a syn::Expr> = call.args.iter().collect();
        let value = |val: Val| Ok(Target::Value(val));
        match (name.as_str(), arguments.as_slice()) {
            ("sum" | "product", []) => {
                let of = self.turbofish(call)?.or_else(|| want.map(|ty| self.types.known(ty)));
                let ty = match of {
                    Some(Ty::Ref(of, _)) => *of,
                    Some(ty @ (Ty::Float | Ty::Int(_) | Ty::Var(_))) => ty,
                    _ => self.types.fresh(false),
                };
                value(self.summed(chain, &name, ty)?)
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
                let result = self.kept(Val::new(Expr::name((!any).to_string()), Ty::Bool), &name);
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
            ("min" | "max", []) => self.extreme(chain, call, None, &name),
            ("min_by_key" | "max_by_key", [key]) => self.extreme(chain, call, Some((key, None)), &name[..3]),
            ("min_by" | "max_by", [order]) => {
                let (key, function) = ordering(order)?;
                self.extreme(chain, call, Some((key, Some(function))), &name[..3])
            }
            ("find" | "position" | "last" | "next", rest) => self.found(chain, call, &name, rest.first().copied()),
            _ => Err(Refusal::at(&call.method, format!("`{name}` of an iterator has no counterpart; write a loop"))),
        }
    }

    fn summed(&mut self, chain: Chain<'a>, name: &str, ty: Ty) -> Lowered<Val> {
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

    /// The least or the greatest, of values or of what they are ordered by.
    fn extreme(
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
    fn found(
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

    fn turbofish(&self, call: &syn::ExprMethodCall) -> Lowered<Option<Ty>> {
        let Some(turbofish) = &call.turbofish else { return Ok(None) };
        match turbofish.args.first() {
            Some(syn::GenericArgument::Type(ty)) => Ok(Some(self.items.ty(ty, self.owner.as_deref())?)),
            _ => Ok(None),
        }
    }

    /// `for pattern in iterator`.
    pub(super) fn for_loop(&mut self, repeated: &'a syn::ExprForLoop, label: Option<String>) -> Lowered<()> {
        self.hint = None;
        let chain = match self.target(&repeated.expr)? {
            Target::Chain(chain) => chain,
            Target::Value(val) => {
                let mutably = matches!(self.types.known(&val.ty), Ty::Ref(_, true));
                let of = self.plain(val);
                if !matches!(of.ty, Ty::Array(..) | Ty::Slice(_)) {
                    return Err(Refusal::at(&repeated.expr, "a loop over what is no array, slice or range"));
                }
                Chain::of(Source::Elements { of, mutably, backwards: false })
            }
            Target::Option(_) => return Err(Refusal::at(&repeated.expr, "a loop over an Option; use `if let`")),
        };
        self.run(chain, pattern_name(&repeated.pat), label, &mut |body, item| {
            let (condition, bound) = body.pattern(&repeated.pat, item)?;
            if condition != Expr::name("true") {
                return Err(Refusal::at(&repeated.pat, "a pattern that may not match"));
            }
            bound.into_iter().for_each(|(name, local)| body.bind(&name, local));
            body.block_into(&repeated.body, &Dest::Discard)
        })
    }

    /// Writes the loop: `each` writes what happens to an item.
    fn run(
        &mut self,
        chain: Chain<'a>,
        name: Option<String>,
        label: Option<String>,
        each: &mut dyn FnMut(&mut Self, Subject) -> Lowered<()>,
    ) -> Lowered<()> {
        self.hint = None;
        let Chain { source, mut steps } = chain;
        let source = self.shortened(source, &mut steps);
        let numbered =
            matches!((&source, steps.first()), (Source::Elements { backwards: false, .. }, Some(Step::Enumerate)));
        if numbered {
            steps.remove(0);
        }
        // Counters stand before the loop.
        let mut counters = Vec::new();
        for step in &steps {
            counters.push(match step {
                Step::Enumerate => Some(self.kept(Val::new(Expr::Int("0".into()), USIZE), "index")),
                Step::Take(count) | Step::Skip(count) => Some(self.kept(Val { ty: USIZE, ..count.clone() }, "left")),
                _ => None,
            });
        }
        let wanted = name.or_else(|| steps.iter().find_map(step_name)).unwrap_or_else(|| "item".to_owned());
        let (body, over) = self.nested(|body| {
            let (over, item) = if numbered { body.numbered(&source) } else { body.iterated(&source, &wanted)? };
            body.stepped(&steps, &counters, item, each)?;
            Ok(over)
        })?;
        self.emit(Stmt::Loop(label, over, body));
        Ok(())
    }

    /// The first or last so many elements of a slice are a slice.
    fn shortened(&mut self, source: Source, steps: &mut Vec<Step<'a>>) -> Source {
        let Source::Elements { mut of, mutably: false, backwards: false } = source else { return source };
        while let Some(Step::Take(count) | Step::Skip(count)) = steps.first() {
            let length = Expr::Convert(USIZE, Box::new(Expr::call("len", vec![of.expr.clone()])));
            let count = Expr::call("min", vec![count.expr.clone(), length]);
            let (Ty::Array(element, _) | Ty::Slice(element)) = of.ty.clone() else { break };
            let (from, to) = match steps.remove(0) {
                Step::Take(_) => (None, Some(Box::new(count))),
                _ => (Some(Box::new(count)), None),
            };
            let slice = Val {
                expr: Expr::Slice(Box::new(of.expr), from, to),
                ty: Ty::Slice(element),
                reads: of.reads,
                calls: of.calls,
            };
            // A second one needs the length of the first.
            of = if matches!(steps.first(), Some(Step::Take(_) | Step::Skip(_))) {
                self.kept(slice, "part")
            } else {
                slice
            };
        }
        Source::Elements { of, mutably: false, backwards: false }
    }

    /// An item that is read more than once.
    fn named_once(&mut self, val: Val) -> Val {
        if super::call::is_place_like(&val.expr) || val.expr.is_literal() { val } else { self.kept(val, "value") }
    }

    /// The head of a loop over a source, and what an item is in it.
    fn iterated(&mut self, source: &Source, wanted: &str) -> Lowered<(Loop, Subject)> {
        let element_of = |of: &Val| match &of.ty {
            Ty::Array(element, _) | Ty::Slice(element) => (**element).clone(),
            _ => Ty::UNIT,
        };
        let at = |of: &Val, index: Expr, mutably: bool| {
            let place = Expr::Index(Box::new(of.expr.clone()), Box::new(index));
            let (expr, ty) =
                if mutably { (place.address(), element_of(of).borrowed(true)) } else { (place, element_of(of)) };
            Subject::One(Val { expr, ty, reads: of.reads.clone(), calls: vec![] }, None)
        };
        match source {
            Source::Elements { of, mutably: false, backwards: false } => {
                let name = self.fresh(wanted);
                let item = Val {
                    expr: Expr::name(name.clone()),
                    ty: element_of(of),
                    reads: vec![vec![name.clone()]],
                    calls: vec![],
                };
                self.bind(&format!(" {name}"), Local::fixed(&item));
                Ok((Loop::Range(None, Some(name), of.expr.clone()), Subject::One(item, None)))
            }
            Source::Elements { of, mutably, backwards } => {
                let name = self.fresh("i");
                if *mutably {
                    self.changed.extend(of.reads.clone());
                }
                let last = Expr::binary("-", Expr::call("len", vec![of.expr.clone()]), Expr::Int("1".into()), Ty::Bool);
                let index = match backwards {
                    true => Expr::binary("-", last, Expr::name(name.clone()), Ty::Bool),
                    false => Expr::name(name.clone()),
                };
                Ok((Loop::Range(Some(name), None, of.expr.clone()), at(of, index, *mutably)))
            }
            Source::Pairs { one, other, mutably } => {
                let name = self.fresh("i");
                for (of, mutably) in [one, other].into_iter().zip(mutably) {
                    if *mutably {
                        self.changed.extend(of.reads.clone());
                    }
                }
                let lengths = [one, other].map(|of| Expr::call("len", vec![of.expr.clone()]));
                let parts = vec![
                    at(one, Expr::name(name.clone()), mutably[0]),
                    at(other, Expr::name(name.clone()), mutably[1]),
                ];
                Ok((Loop::Range(Some(name), None, Expr::call("min", lengths.to_vec())), Subject::Many(parts)))
            }
            Source::Numbers { from, to, closed, backwards, step } => {
                self.counted((from, to.as_ref()), (*closed, *backwards), step.as_ref(), wanted)
            }
        }
    }

    /// Elements with their positions.
    fn numbered(&mut self, source: &Source) -> (Loop, Subject) {
        let Source::Elements { of, mutably, .. } = source else { return (Loop::Forever, Subject::Many(vec![])) };
        let name = self.fresh("i");
        let index = Val { expr: Expr::name(name.clone()), ty: USIZE, reads: vec![vec![name.clone()]], calls: vec![] };
        self.bind(&format!(" {name}"), Local::fixed(&index));
        let element = match &of.ty {
            Ty::Array(element, _) | Ty::Slice(element) => (**element).clone(),
            _ => Ty::UNIT,
        };
        let place = Expr::Index(Box::new(of.expr.clone()), Box::new(index.expr.clone()));
        let (expr, ty) = if *mutably { (place.address(), element.borrowed(true)) } else { (place, element) };
        if *mutably {
            self.changed.extend(of.reads.clone());
        }
        let length = Expr::Convert(USIZE, Box::new(Expr::call("len", vec![of.expr.clone()])));
        let over =
            Loop::Count { name, from: Expr::Int("0".into()), until: ("<", length), step: "++".into(), ty: USIZE };
        let item = Val { expr, ty, reads: of.reads.clone(), calls: vec![] };
        (over, Subject::Many(vec![Subject::One(index, None), Subject::One(item, None)]))
    }

    fn counted(
        &mut self,
        (from, to): (&Val, Option<&Val>),
        (closed, backwards): (bool, bool),
        step: Option<&Val>,
        wanted: &str,
    ) -> Lowered<(Loop, Subject)> {
        let name = self.fresh(wanted);
        let ty = from.ty.clone();
        let op = if closed { "<=" } else { "<" };
        let Some(to) = to else {
            return Err(self.refusal("a range without an end; use `loop`"));
        };
        let item = |expr: Expr| {
            Subject::One(Val { expr, ty: ty.clone(), reads: vec![vec![name.clone()]], calls: vec![] }, None)
        };
        if step.is_some_and(|step| !step.expr.is_literal()) {
            return Err(self.refusal("a step that is no number; use `while`"));
        }
        let by = match step.map(|step| &step.expr) {
            Some(Expr::Int(text)) if text != "1" => format!(" += {text}"),
            _ => "++".to_owned(),
        };
        let over = Loop::Count {
            name: name.clone(),
            from: from.expr.clone(),
            until: (op, to.expr.clone()),
            step: by,
            ty: ty.clone(),
        };
        self.bind(
            &format!(" {name}"),
            Local::fixed(&Val {
                expr: Expr::name(name.clone()),
                ty: ty.clone(),
                reads: vec![vec![name.clone()]],
                calls: vec![],
            }),
        );
        if !backwards {
            return Ok((over, item(Expr::name(name.clone()))));
        }
        // The same numbers, from the other end.
        let mut mirrored = Expr::binary("-", to.expr.clone(), Expr::name(name.clone()), ty.clone());
        if !closed {
            mirrored = Expr::binary("-", mirrored, Expr::Int("1".into()), ty.clone());
        }
        if crate::go::print::is_untyped(&from.expr) && !super::value::is_zero(&from.expr) || !from.expr.is_literal() {
            mirrored = Expr::binary("+", mirrored, from.expr.clone(), ty.clone());
        }
        Ok((over, item(mirrored)))
    }

    /// What happens to an item on its way.
    fn stepped(
        &mut self,
        steps: &[Step<'a>],
        counters: &[Option<Val>],
        item: Subject,
        each: &mut dyn FnMut(&mut Self, Subject) -> Lowered<()>,
    ) -> Lowered<()> {
        let (Some((step, rest)), Some((counter, counters))) = (steps.split_first(), counters.split_first()) else {
            return each(self, item);
        };
        match step {
            Step::Map(with) => {
                let val = self.inline(with, vec![item])?;
                self.stepped(rest, counters, Subject::One(val, None), each)
            }
            Step::Filter(test) => {
                let Subject::One(val, _) = item else {
                    return Err(Refusal::at(*test, "a filter of tuples; write a loop"));
                };
                let val = self.named_once(val);
                let holds = self.inline(test, vec![Subject::One(val.clone(), None)])?;
                let (then, ()) = self.nested(|body| body.stepped(rest, counters, Subject::One(val, None), each))?;
                self.emit(Stmt::If(holds.expr, then, vec![]));
                Ok(())
            }
            Step::FilterMap(with) => {
                let val = self.inline(with, vec![item])?;
                let (present, inner) = self.opened(val, with.span())?;
                let (then, ()) = self.nested(|body| body.stepped(rest, counters, Subject::One(inner, None), each))?;
                self.emit(Stmt::If(present, then, vec![]));
                Ok(())
            }
            Step::TakeWhile(test) => {
                let Subject::One(val, _) = item else {
                    return Err(Refusal::at(*test, "a filter of tuples; write a loop"));
                };
                let val = self.named_once(val);
                let holds = self.inline(test, vec![Subject::One(val.clone(), None)])?;
                self.emit(Stmt::If(holds.expr.not(), vec![Stmt::Break(None)], vec![]));
                self.stepped(rest, counters, Subject::One(val, None), each)
            }
            Step::Enumerate => {
                let Some(counter) = counter else { return each(self, item) };
                // Counted after the item is used; nothing on the way goes on early but what does not count either.
                let index = Subject::One(counter.clone(), None);
                let place = counter.expr.clone();
                let now = self.kept(Val { expr: place.clone(), ..counter.clone() }, "at");
                let _ = index;
                self.emit(Stmt::Assign(place, "+=", Expr::Int("1".into())));
                let pair = Subject::Many(vec![Subject::One(now, None), item]);
                self.stepped(rest, counters, pair, each)
            }
            Step::Take(_) => {
                let Some(left) = counter else { return each(self, item) };
                let none = Expr::compare("==", left.expr.clone(), Expr::Int("0".into()));
                self.emit(Stmt::If(none, vec![Stmt::Break(None)], vec![]));
                self.emit(Stmt::Assign(left.expr.clone(), "-=", Expr::Int("1".into())));
                self.stepped(rest, counters, item, each)
            }
            Step::Skip(_) => {
                let Some(left) = counter else { return each(self, item) };
                let some = Expr::compare(">", left.expr.clone(), Expr::Int("0".into()));
                let hold = vec![Stmt::Assign(left.expr.clone(), "-=", Expr::Int("1".into())), Stmt::Continue(None)];
                self.emit(Stmt::If(some, hold, vec![]));
                self.stepped(rest, counters, item, each)
            }
        }
    }
}

impl super::Local {
    /// A variable that nobody changes.
    fn fixed(val: &Val) -> super::Local {
        super::Local {
            expr: val.expr.clone(),
            ty: val.ty.clone(),
            path: val.reads.first().cloned().unwrap_or_default(),
            mutable: false,
            inside: None,
        }
    }
}

use super::Local;

impl Chain<'_> {
    /// Whether there is an item in any case: what the contract hands over is never empty.
    fn never_empty(&self) -> bool {
        matches!(&self.source, Source::Elements { .. })
            && self.steps.iter().all(|step| matches!(step, Step::Map(_) | Step::Enumerate))
    }
}

/// Whether it is never -0, as its form says: what a sum of such begins with does not show.
fn is_not_negative(items: &crate::items::Items<'_>, expr: &Expr) -> bool {
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
fn is_positive(items: &crate::items::Items<'_>, expr: &Expr) -> bool {
    match expr {
        Expr::Convert(Ty::Float, of) => matches!(&**of, Expr::Field(_, name) if items.is_input(name)),
        Expr::Binary("+", left, right, _) => is_positive(items, left) && is_positive(items, right),
        other => !matches!(other, Expr::Call(..)) && is_not_negative(items, other),
    }
}

fn sliced(of: &Val) -> Expr {
    match &of.ty {
        Ty::Array(..) => Expr::Slice(Box::new(of.expr.clone()), None, None),
        _ => of.expr.clone(),
    }
}

fn step_name(step: &Step<'_>) -> Option<String> {
    match step {
        Step::Map(with) | Step::Filter(with) | Step::FilterMap(with) | Step::TakeWhile(with) => first_name(with),
        _ => None,
    }
}

/// What a closure calls its first parameter.
fn first_name(closure: &syn::Expr) -> Option<String> {
    match closure {
        syn::Expr::Closure(closure) => closure.inputs.first().and_then(pattern_name),
        _ => None,
    }
}

fn second_name(closure: &syn::Expr) -> Option<String> {
    match closure {
        syn::Expr::Closure(closure) => closure.inputs.get(1).and_then(pattern_name),
        _ => None,
    }
}

fn pattern_name(pat: &syn::Pat) -> Option<String> {
    match pat {
        syn::Pat::Ident(ident) => Some(crate::items::plain(&ident.ident, false)),
        syn::Pat::Reference(of) => pattern_name(&of.pat),
        syn::Pat::Type(of) => pattern_name(&of.pat),
        syn::Pat::Tuple(of) => of.elems.last().and_then(pattern_name),
        _ => None,
    }
}

/// Of `|a, b| key(a).total_cmp(&key(b))`, which function it is; the closure itself then yields the key of its first parameter.
fn ordering(closure: &syn::Expr) -> Lowered<(&syn::Expr, &'static str)> {
    if let syn::Expr::Closure(of) = closure
        && let syn::Expr::MethodCall(call) = &*of.body
        && call.method == "total_cmp"
    {
        return Ok((closure, "total_cmp"));
    }
    Err(Refusal::at(closure, "an order that is not `|a, b| a.total_cmp(b)`"))
}

/// Of an order both parameters are the value.
fn pair(val: &Val, function: Option<&str>) -> Vec<Subject> {
    (0..=usize::from(function.is_some())).map(|_| Subject::One(val.clone(), None)).collect()
}

fn ordering_receiver(call: &syn::ExprMethodCall) -> &syn::Expr {
    &call.receiver
}
