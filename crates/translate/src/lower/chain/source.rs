//! The head of a loop over a source, and what an item is in it.

use super::super::pattern::Subject;
use super::super::{Body, Local, Lowered, Val};
use super::{Source, USIZE};
use crate::go::{Expr, Loop};
use crate::types::Ty;

impl<'a> Body<'a> {
    /// The head of a loop over a source, and what an item is in it.
    pub(super) fn iterated(&mut self, source: &Source, wanted: &str) -> Lowered<(Loop, Subject)> {
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

    /// Elements with their positions, from one on.
    pub(super) fn numbered(&mut self, source: &Source, from: Expr) -> (Loop, Subject) {
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
        let over = Loop::Count { name, from, until: ("<", length), step: "++".into(), ty: USIZE };
        let item = Val { expr, ty, reads: of.reads.clone(), calls: vec![] };
        (over, Subject::Many(vec![Subject::One(index, None), Subject::One(item, None)]))
    }

    pub(super) fn counted(
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
        if crate::go::print::is_untyped(&from.expr) && !super::super::value::is_zero(&from.expr)
            || !from.expr.is_literal()
        {
            mirrored = Expr::binary("+", mirrored, from.expr.clone(), ty.clone());
        }
        Ok((over, item(mirrored)))
    }
}

impl super::super::Local {
    /// A variable that nobody changes.
    pub(super) fn fixed(val: &Val) -> super::super::Local {
        super::super::Local {
            expr: val.expr.clone(),
            ty: val.ty.clone(),
            path: val.reads.first().cloned().unwrap_or_default(),
            mutable: false,
            inside: None,
        }
    }
}
