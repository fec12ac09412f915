//! Iterators: each becomes the loop that it is.

mod choice;
mod end;
mod repeat;
mod slice;
mod source;

use super::call::Target;
use super::{Body, Lowered, Val};
use crate::Refusal;
use crate::go::Expr;
use crate::types::{Int, Ty};

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
            (name, arguments) => self.collected(chain, call, (name, arguments), want),
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
}

/// What a closure calls its first parameter.
fn first_name(closure: &syn::Expr) -> Option<String> {
    match closure {
        syn::Expr::Closure(closure) => closure.inputs.first().and_then(pattern_name),
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
