//! Patterns: when a value matches, and what it then binds.

use super::{Body, Dest, Local, Lowered, Val};
use crate::Refusal;
use crate::go::{Expr, Stmt};
use crate::items::plain;
use crate::types::Ty;
use proc_macro2::Span;

type Matched = (Expr, Vec<(String, Local)>);

/// A value that is matched, and the place of an Option that it may be changed through.
#[expect(clippy::large_enum_variant, reason = "nearly all are one")]
pub(super) enum Subject {
    One(Val, Option<Expr>),
    /// Of a tuple.
    Many(Vec<Subject>),
}

impl<'a> Body<'a> {
    /// What is matched: it must stay what it is while its arms run.
    pub(super) fn subject(&mut self, expr: &'a syn::Expr, want: Option<&Ty>) -> Lowered<Subject> {
        match expr {
            syn::Expr::Paren(inner) => return self.subject(&inner.expr, want),
            syn::Expr::Tuple(tuple) if !tuple.elems.is_empty() => {
                self.hint = None;
                let parts: Vec<_> = tuple.elems.iter().map(|part| (part, None)).collect();
                let values = self.ordered(&parts)?;
                return Ok(Subject::Many(values.into_iter().map(|val| Subject::One(self.steady(val), None)).collect()));
            }
            // Options that are changed through the pattern.
            syn::Expr::Reference(reference) if reference.mutability.is_some() => {
                let val = self.value(&reference.expr, want)?;
                let val = self.plain(val);
                if matches!(val.ty, Ty::Option(_)) && val.expr.is_place() {
                    let place = val.expr.clone();
                    return Ok(Subject::One(val, Some(place)));
                }
                return Ok(Subject::One(self.steady(val), None));
            }
            syn::Expr::MethodCall(call) if call.method == "as_mut" => {
                let val = self.value(&call.receiver, want)?;
                let val = self.plain(val);
                let place = val.expr.clone();
                return Ok(Subject::One(val, Some(place)));
            }
            _ => {}
        }
        let hint = self.hint.clone();
        let val = self.value(expr, want)?;
        let val = self.plain(val);
        self.hint = hint;
        let steady = self.steady(val);
        self.hint = None;
        Ok(Subject::One(steady, None))
    }

    /// The value in a variable, unless nothing can change it.
    fn steady(&mut self, val: Val) -> Val {
        let simple = match &val.expr {
            Expr::Name(_) => true,
            Expr::Field(of, _) => matches!(**of, Expr::Name(_) | Expr::Field(..)),
            other => other.is_literal(),
        };
        if simple && self.is_stable(&val) || val.expr.is_literal() { val } else { self.kept(val, "value") }
    }

    /// The condition under which a pattern matches, and what it binds.
    pub(super) fn pattern(&mut self, pat: &'a syn::Pat, subject: Subject) -> Lowered<Matched> {
        let always = Expr::name("true");
        let (val, place) = match (pat, subject) {
            (syn::Pat::Paren(inner), subject) => return self.pattern(&inner.pat, subject),
            (syn::Pat::Tuple(tuple), Subject::Many(parts)) if tuple.elems.len() == parts.len() => {
                let (mut all, mut bound) = (always, vec![]);
                for (pat, part) in tuple.elems.iter().zip(parts) {
                    let (condition, names) = self.pattern(pat, part)?;
                    all = all.and(condition);
                    bound.extend(names);
                }
                return Ok((all, bound));
            }
            (syn::Pat::Wild(_) | syn::Pat::Rest(_), _) => return Ok((always, vec![])),
            (pat, Subject::Many(_)) => return Err(Refusal::at(pat, "a pattern that takes a tuple as a whole")),
            (_, Subject::One(val, place)) => (self.plain(val), place),
        };
        match pat {
            syn::Pat::Reference(inner) => self.pattern(&inner.pat, Subject::One(val, place)),
            syn::Pat::Ident(ident) if ident.ident == "None" => Ok((self.opened(val, span(pat))?.0.not(), vec![])),
            syn::Pat::Ident(ident) if self.items.consts.contains_key(&ident.ident.to_string()) => {
                let constant = &self.items.consts[&ident.ident.to_string()];
                Ok((Expr::compare("==", val.expr, Expr::name(constant.go.clone())), vec![]))
            }
            syn::Pat::Ident(ident) => self.named(ident, val, place),
            syn::Pat::TupleStruct(of) if of.path.segments.last().is_some_and(|last| last.ident == "Some") => {
                let (present, inner) = self.opened(val, span(pat))?;
                let Some(inner_pat) = of.elems.first() else { return Err(Refusal::at(pat, "a pattern")) };
                let (condition, bound) = self.pattern(inner_pat, Subject::One(inner, place))?;
                Ok((present.and(condition), bound))
            }
            syn::Pat::Path(path) => {
                let name = self.full_name(&path.path);
                if name == "None" {
                    return Ok((self.opened(val, span(pat))?.0.not(), vec![]));
                }
                let found = name.rsplit_once("::").and_then(|(ty, variant)| {
                    let variants = &self.items.enums.get(ty)?.variants;
                    variants.iter().find(|(rust, ..)| rust == variant).map(|(_, go, _)| go.clone())
                });
                let found = found.or_else(|| self.items.consts.get(&name).map(|constant| constant.go.clone()));
                let Some(go) = found else { return Err(Refusal::at(pat, format!("`{name}` has no counterpart"))) };
                Ok((Expr::compare("==", val.expr, Expr::name(go)), vec![]))
            }
            syn::Pat::Lit(literal) => {
                let value = self.literal(&literal.lit, Some(&val.ty))?;
                self.types.same(&val.ty, &value.ty);
                Ok((equal(val.expr, value.expr), vec![]))
            }
            syn::Pat::Range(range) => self.range(range, &val),
            syn::Pat::Or(or) => {
                let mut any: Option<Expr> = None;
                for case in &or.cases {
                    let (condition, bound) = self.pattern(case, Subject::One(val.clone(), None))?;
                    if !bound.is_empty() {
                        return Err(Refusal::at(case, "alternatives that bind names; write an arm for each"));
                    }
                    any = Some(match any {
                        Some(any) => Expr::compare("||", any, condition),
                        None => condition,
                    });
                }
                Ok((any.unwrap_or(always), vec![]))
            }
            syn::Pat::Struct(of) => self.fields_of(of, &val),
            syn::Pat::Slice(of) => self.elements_of(of, &val),
            other => Err(Refusal::at(other, "a pattern that has no counterpart")),
        }
    }

    fn named(&mut self, ident: &'a syn::PatIdent, val: Val, place: Option<Expr>) -> Lowered<Matched> {
        if let Some((_, sub)) = &ident.subpat {
            let (condition, mut bound) = self.pattern(sub, Subject::One(val.clone(), None))?;
            bound.push((ident.ident.to_string(), alias(val, None)));
            return Ok((condition, bound));
        }
        let local = if ident.mutability.is_some() {
            let name = self.fresh(&plain(&ident.ident, false));
            self.emit(Stmt::Declare(name.clone(), val.ty.clone(), Some(val.expr)));
            Local { expr: Expr::name(name.clone()), ty: val.ty, path: vec![name], mutable: true, inside: None }
        } else {
            alias(val, place)
        };
        Ok((Expr::name("true"), vec![(ident.ident.to_string(), local)]))
    }

    fn range(&mut self, range: &'a syn::PatRange, val: &Val) -> Lowered<Matched> {
        let mut all = Expr::name("true");
        if let Some(start) = &range.start {
            let start = self.value(start, Some(&val.ty))?;
            self.types.same(&val.ty, &start.ty);
            all = all.and(Expr::compare(">=", val.expr.clone(), start.expr));
        }
        if let Some(end) = &range.end {
            let end = self.value(end, Some(&val.ty))?;
            self.types.same(&val.ty, &end.ty);
            let op = if matches!(range.limits, syn::RangeLimits::Closed(_)) { "<=" } else { "<" };
            all = all.and(Expr::compare(op, val.expr.clone(), end.expr));
        }
        Ok((all, vec![]))
    }

    fn fields_of(&mut self, of: &'a syn::PatStruct, val: &Val) -> Lowered<Matched> {
        let Ty::Named(owner) = &val.ty else {
            return Err(Refusal::at(of, "fields of a value whose type is not clear here"));
        };
        let Some(own) = self.items.structs.get(owner) else {
            return Err(Refusal::at(of, "fields of what is no struct"));
        };
        let (mut all, mut bound) = (Expr::name("true"), vec![]);
        for field in &of.fields {
            let syn::Member::Named(name) = &field.member else {
                return Err(Refusal::at(field, "a field without a name"));
            };
            let Some(found) = own.fields.iter().find(|own| *name == own.name) else {
                return Err(Refusal::at(field, format!("`{owner}` has no field `{name}`")));
            };
            self.note(&format!("{owner}.{name}"));
            let reads =
                val.reads.iter().map(|path| path.iter().cloned().chain([found.name.clone()]).collect()).collect();
            let part =
                Val { expr: val.expr.clone().field(found.go.clone()), ty: found.ty.clone(), reads, calls: vec![] };
            let (condition, names) = self.pattern(&field.pat, Subject::One(part, None))?;
            all = all.and(condition);
            bound.extend(names);
        }
        Ok((all, bound))
    }

    /// `[a, b, c]`: of the parameters of `new`, each by its name.
    fn elements_of(&mut self, of: &'a syn::PatSlice, val: &Val) -> Lowered<Matched> {
        let element = match &val.ty {
            Ty::Parameters => {
                if of.elems.len() != self.tunables.len() {
                    return Err(Refusal::at(of, format!("there are {} tunables", self.tunables.len())));
                }
                None
            }
            Ty::Array(element, _) => Some((**element).clone()),
            _ => return Err(Refusal::at(of, "elements of what is no array")),
        };
        let (mut all, mut bound) = (Expr::name("true"), vec![]);
        for (at, pat) in of.elems.iter().enumerate() {
            let (expr, ty) = match &element {
                None => (val.expr.clone().field(self.tunables[at].clone()), Ty::Float),
                Some(ty) => (Expr::Index(Box::new(val.expr.clone()), Box::new(Expr::Int(at.to_string()))), ty.clone()),
            };
            let part = Val { expr, ty, reads: val.reads.clone(), calls: vec![] };
            let (condition, names) = self.pattern(pat, Subject::One(part, None))?;
            all = all.and(condition);
            bound.extend(names);
        }
        Ok((all, bound))
    }

    /// `match`, as a `switch` or a row of `if`s.
    pub(super) fn matched(&mut self, choice: &'a syn::ExprMatch, dest: &Dest) -> Lowered<()> {
        self.hint = choice.arms.iter().find_map(|arm| super::statement::binding_name(&arm.pat));
        let subject = self.subject(&choice.expr, None)?;
        self.arms(&choice.arms.iter().collect::<Vec<_>>(), &subject, &mut vec![], dest)
    }

    /// The arms, of which those before have not matched under these conditions.
    fn arms(&mut self, arms: &[&'a syn::Arm], subject: &Subject, refuted: &mut Vec<Expr>, dest: &Dest) -> Lowered<()> {
        let Some((arm, rest)) = arms.split_first() else { return Ok(()) };
        self.scopes.push(Default::default());
        let done = self.arm((arm, rest), subject, refuted, dest);
        self.scopes.pop();
        done
    }

    fn arm(
        &mut self,
        (arm, rest): (&'a syn::Arm, &[&'a syn::Arm]),
        subject: &Subject,
        refuted: &mut Vec<Expr>,
        dest: &Dest,
    ) -> Lowered<()> {
        let (pat, guard) = match &arm.pat {
            syn::Pat::Guard(guarded) => (&*guarded.pat, Some(&*guarded.guard)),
            pat => (pat, None),
        };
        let (stmts, (mut condition, bound)) = self.aside(|body| body.pattern(pat, subject.again()))?;
        bound.into_iter().for_each(|(name, local)| self.bind(&name, local));
        if !stmts.is_empty() {
            if guard.is_some() {
                return Err(Refusal::at(&arm.pat, "a guard beside a name that can be changed; copy it in the arm"));
            }
            if rest.is_empty() {
                stmts.into_iter().for_each(|stmt| self.emit(stmt));
                return self.into(&arm.body, dest);
            }
        }
        if refuted.iter().any(|other| other.clone().not() == condition) {
            condition = Expr::name("true");
        }
        if guard.is_none() {
            refuted.push(condition.clone());
        }
        if let Some(guard) = guard {
            let (needed, guard_val) = self.aside(|body| body.value(guard, Some(&Ty::Bool)))?;
            if !needed.is_empty() {
                return Err(Refusal::at(guard, "a guard that needs statements; take it into the arm"));
            }
            condition = condition.and(guard_val.expr);
        } else if rest.is_empty() {
            // Rust has checked that some arm matches.
            condition = Expr::name("true");
        }
        if condition == Expr::name("true") {
            stmts.into_iter().for_each(|stmt| self.emit(stmt));
            return self.into(&arm.body, dest);
        }
        let (then, ()) = self.nested(|body| {
            stmts.into_iter().for_each(|stmt| body.emit(stmt));
            body.into(&arm.body, dest)
        })?;
        let (other, ()) = self.nested(|body| body.arms(rest, subject, refuted, dest))?;
        self.emit(Stmt::If(condition, unwrapped(then), unwrapped(other)));
        Ok(())
    }
}

/// A block that is all of a block is that block.
fn unwrapped(body: Vec<Stmt>) -> Vec<Stmt> {
    match body.as_slice() {
        [Stmt::Block(inner)] => inner.clone(),
        _ => body,
    }
}

impl Subject {
    fn again(&self) -> Subject {
        match self {
            Subject::One(val, place) => Subject::One(val.clone(), place.clone()),
            Subject::Many(parts) => Subject::Many(parts.iter().map(Subject::again).collect()),
        }
    }
}

/// A name that stands for an expression.
fn alias(val: Val, inside: Option<Expr>) -> Local {
    let path = val.reads.first().cloned().unwrap_or_default();
    Local { expr: val.expr, ty: val.ty, path, mutable: inside.is_some(), inside }
}

fn equal(left: Expr, right: Expr) -> Expr {
    if right == Expr::name("true") {
        left
    } else if right == Expr::name("false") {
        left.not()
    } else {
        Expr::compare("==", left, right)
    }
}

fn span(pat: &syn::Pat) -> Span {
    syn::spanned::Spanned::span(pat)
}
