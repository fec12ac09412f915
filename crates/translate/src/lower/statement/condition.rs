//! `if`, and what holds in it.

use super::super::{Body, Dest, Local, Lowered};
use super::{binding_name, has_let};
use crate::go::{Expr, Stmt};
use crate::types::Ty;

impl<'a> Body<'a> {
    pub(super) fn choice(&mut self, choice: &'a syn::ExprIf, dest: &Dest) -> Lowered<()> {
        let conditions = conjuncts(&choice.cond);
        let otherwise = choice.else_branch.as_ref().map(|(_, expr)| &**expr);
        self.scopes.push(Default::default());
        let done = self.guarded(&conditions, &|body| body.block_into(&choice.then_branch, dest), otherwise, dest);
        self.scopes.pop();
        done
    }

    /// `if` these hold, one after the other, then, else.
    pub(super) fn guarded(
        &mut self,
        conditions: &[&'a syn::Expr],
        then: &dyn Fn(&mut Self) -> Lowered<()>,
        otherwise: Option<&'a syn::Expr>,
        dest: &Dest,
    ) -> Lowered<()> {
        let mut all = Expr::name("true");
        let mut rest: &[&'a syn::Expr] = &[];
        for (at, condition) in conditions.iter().enumerate() {
            let (stmts, (own, bound)) = self.aside(|body| body.condition(condition))?;
            let conditional =
                stmts.iter().any(|stmt| !matches!(stmt, Stmt::Declare(_, _, Some(value)) if is_path(value)));
            if at > 0 && conditional {
                // What this one needs may only be computed where those before it hold.
                rest = &conditions[at..];
                break;
            }
            stmts.into_iter().for_each(|stmt| self.emit(stmt));
            bound.into_iter().for_each(|(name, local)| self.bind(&name, local));
            all = all.and(own);
        }
        let (then_body, ()) = self.nested(|body| match rest {
            [] => then(body),
            rest => body.guarded(rest, then, otherwise, dest),
        })?;
        let (other_body, ()) = self.nested(|body| match otherwise {
            Some(otherwise) => body.into(otherwise, dest),
            None => Ok(()),
        })?;
        // Of a block that is an `else` only its statements are wanted.
        let other_body = match other_body.as_slice() {
            [Stmt::Block(inner)] => inner.clone(),
            _ => other_body,
        };
        if all == Expr::name("true") {
            then_body.into_iter().for_each(|stmt| self.emit(stmt));
        } else {
            self.emit(Stmt::If(all, then_body, other_body));
        }
        Ok(())
    }

    /// One condition, and the names that it binds.
    pub(super) fn condition(&mut self, condition: &'a syn::Expr) -> Lowered<(Expr, Vec<(String, Local)>)> {
        match condition {
            syn::Expr::Let(tested) => {
                self.hint = binding_name(&tested.pat);
                let subject = self.subject(&tested.expr, None)?;
                self.pattern(&tested.pat, subject)
            }
            other => Ok((self.value(other, Some(&Ty::Bool))?.expr, vec![])),
        }
    }
}

/// The parts of `a && b && c`.
pub(super) fn conjuncts(condition: &syn::Expr) -> Vec<&syn::Expr> {
    match condition {
        syn::Expr::Binary(binary) if matches!(binary.op, syn::BinOp::And(_)) && has_let(condition) => {
            [conjuncts(&binary.left), conjuncts(&binary.right)].concat()
        }
        other => vec![other],
    }
}

/// What reading costs nothing and cannot fail.
pub(super) fn is_path(expr: &Expr) -> bool {
    match expr {
        Expr::Name(_) => true,
        Expr::Field(of, _) => is_path(of),
        Expr::Unary("&", of) => is_path(of),
        _ => false,
    }
}
