//! The loop that a chain is: its source, and what happens to an item on its way.

use super::super::call::Target;
use super::super::pattern::Subject;
use super::super::{Body, Dest, Lowered, Val};
use super::{Chain, Source, Step, USIZE, first_name, pattern_name};
use crate::Refusal;
use crate::go::{Expr, Stmt};
use crate::types::Ty;
use syn::spanned::Spanned;

impl<'a> Body<'a> {
    /// `for pattern in iterator`.
    pub(in crate::lower) fn for_loop(&mut self, repeated: &'a syn::ExprForLoop, label: Option<String>) -> Lowered<()> {
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
    pub(super) fn run(
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
        let mut from = Expr::Int("0".into());
        if numbered {
            steps.remove(0);
            // Those that are skipped are not gone through.
            if let Some(Step::Skip(count)) = steps.first() {
                from = count.expr.clone();
                steps.remove(0);
            }
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
            let (over, item) = if numbered { body.numbered(&source, from) } else { body.iterated(&source, &wanted)? };
            body.stepped(&steps, &counters, item, each)?;
            Ok(over)
        })?;
        self.emit(Stmt::Loop(label, over, body));
        Ok(())
    }

    /// The first or last so many elements of a slice are a slice.
    pub(super) fn shortened(&mut self, source: Source, steps: &mut Vec<Step<'a>>) -> Source {
        let Source::Elements { mut of, mutably, backwards: false } = source else { return source };
        let all = of.reads.clone();
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
            // A second one needs the length of the first, and elements that are changed a name for where they are.
            of = if mutably || matches!(steps.first(), Some(Step::Take(_) | Step::Skip(_))) {
                Val { reads: all.clone(), ..self.kept(slice, "part") }
            } else {
                slice
            };
        }
        Source::Elements { of, mutably, backwards: false }
    }

    /// An item that is read more than once.
    pub(super) fn named_once(&mut self, val: Val) -> Val {
        if super::super::call::is_place_like(&val.expr) || val.expr.is_literal() {
            val
        } else {
            self.kept(val, "value")
        }
    }

    /// What happens to an item on its way.
    pub(super) fn stepped(
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

pub(super) fn step_name(step: &Step<'_>) -> Option<String> {
    match step {
        Step::Map(with) | Step::Filter(with) | Step::FilterMap(with) | Step::TakeWhile(with) => first_name(with),
        _ => None,
    }
}
