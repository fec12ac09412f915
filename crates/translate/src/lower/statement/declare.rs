//! What a `let` declares.

use super::super::{Body, Dest, Local, Lowered, Val};
use super::{binding_name, has_let, is_choice};
use crate::Refusal;
use crate::go::{Expr, Stmt, ends};
use crate::items::plain;
use crate::types::Ty;

impl<'a> Body<'a> {
    pub(super) fn declare(&mut self, local: &'a syn::Local) -> Lowered<()> {
        let (pat, want) = match &local.pat {
            syn::Pat::Type(typed) => (&*typed.pat, Some(self.items.ty(&typed.ty, self.owner.as_deref())?)),
            pat => (pat, None),
        };
        let Some(init) = &local.init else {
            let syn::Pat::Ident(ident) = pat else { return Err(Refusal::at(pat, "no value to take apart")) };
            let ty = want.unwrap_or_else(|| self.types.fresh(false));
            let name = self.fresh(&plain(&ident.ident, false));
            self.emit(Stmt::Declare(name.clone(), ty.clone(), None));
            self.local(&ident.ident.to_string(), &name, ty, true);
            return Ok(());
        };
        if let Some((_, otherwise)) = &init.diverge {
            return self.declare_or(pat, &init.expr, otherwise, want);
        }
        match pat {
            syn::Pat::Ident(ident) if ident.subpat.is_none() && ident.by_ref.is_none() => {
                self.declare_name(ident, &init.expr, want)
            }
            syn::Pat::Wild(_) => self.into(&init.expr, &Dest::Discard),
            _ => {
                let subject = self.subject(&init.expr, want.as_ref())?;
                let (_, bound) = self.pattern(pat, subject)?;
                bound.into_iter().for_each(|(name, local)| self.bind(&name, local));
                Ok(())
            }
        }
    }

    pub(super) fn declare_name(
        &mut self,
        pat: &'a syn::PatIdent,
        init: &'a syn::Expr,
        want: Option<Ty>,
    ) -> Lowered<()> {
        let (rust, mutable) = (pat.ident.to_string(), pat.mutability.is_some());
        let wanted = plain(&pat.ident, false);
        if is_choice(init) {
            if let Some((name, ty)) = self.choice_of_two(init, &wanted, want.as_ref())? {
                self.local(&rust, &name, ty, mutable);
                return Ok(());
            }
            let ty = want.unwrap_or_else(|| self.types.fresh(false));
            // The name is visible after its value only.
            let name = self.fresh(&wanted);
            self.emit(Stmt::Declare(name.clone(), ty.clone(), None));
            self.into(init, &Dest::Assign(Expr::name(name.clone()), "=", ty.clone()))?;
            self.local(&rust, &name, ty, mutable);
            return Ok(());
        }
        self.hint = Some(wanted.clone());
        let before = self.written();
        let val = self.value(init, want.as_ref())?;
        let unused = self.hint.take().is_some();
        let mut val = match &want {
            Some(ty) => self.coerced(val, ty),
            None => val,
        };
        if let Some(want) = want {
            self.types.same(&val.ty, &want);
            val.ty = want;
        }
        // A variable that was made on the way, for this, is it already.
        if let (false, Expr::Name(name), true) = (unused, &val.expr, self.written() > before)
            && val.reads.len() == 1
            && val.reads[0] == [name.clone()]
            && self.blocks.last().is_some_and(|(block, _)| {
                block[before..].iter().any(|stmt| matches!(stmt, Stmt::Declare(own, ..) if own == name))
            })
        {
            let name = name.clone();
            self.local(&rust, &name, val.ty, mutable);
            return Ok(());
        }
        let path = val.reads.first().filter(|_| matches!(self.types.known(&val.ty), Ty::Ref(..))).cloned();
        let name = self.fresh(&wanted);
        self.emit(Stmt::Declare(name.clone(), val.ty.clone(), Some(val.expr)));
        let borrowed = matches!(self.types.known(&val.ty), Ty::Ref(_, true));
        let own = vec![name.clone()];
        let local = Local {
            expr: Expr::name(name),
            ty: val.ty,
            path: if borrowed { path.unwrap_or(own) } else { own },
            mutable: mutable || borrowed,
            inside: None,
        };
        self.bind(&rust, local);
        Ok(())
    }

    /// `x := b`, then `if c { x = a }`, where the other branch is plain.
    pub(super) fn choice_of_two(
        &mut self,
        init: &'a syn::Expr,
        wanted: &str,
        want: Option<&Ty>,
    ) -> Lowered<Option<(String, Ty)>> {
        let syn::Expr::If(choice) = init else { return Ok(None) };
        let Some((_, otherwise)) = &choice.else_branch else { return Ok(None) };
        let (syn::Expr::Block(otherwise), None) = (&**otherwise, has_let(&choice.cond).then_some(())) else {
            return Ok(None);
        };
        let [syn::Stmt::Expr(value, None)] = otherwise.block.stmts.as_slice() else { return Ok(None) };
        if !is_atom(value) {
            return Ok(None);
        }
        let mark = self.written();
        let condition = self.value(&choice.cond, Some(&Ty::Bool))?;
        if self.written() > mark || !condition.calls.is_empty() {
            // What the condition needs has to stand before the variable.
            let condition = self.kept(condition, "chosen");
            return self.choose(condition, value, choice, wanted, want).map(Some);
        }
        self.choose(condition, value, choice, wanted, want).map(Some)
    }

    pub(super) fn choose(
        &mut self,
        condition: Val,
        otherwise: &'a syn::Expr,
        choice: &'a syn::ExprIf,
        wanted: &str,
        want: Option<&Ty>,
    ) -> Lowered<(String, Ty)> {
        let val = self.value(otherwise, want)?;
        let val = match want {
            Some(ty) => Val { ty: ty.clone(), ..self.coerced(val, ty) },
            None => self.plain(val),
        };
        let name = self.fresh(wanted);
        self.emit(Stmt::Declare(name.clone(), val.ty.clone(), Some(val.expr)));
        let dest = Dest::Assign(Expr::name(name.clone()), "=", val.ty.clone());
        let (then, ()) = self.nested(|body| body.block_into(&choice.then_branch, &dest))?;
        self.emit(Stmt::If(condition.expr, then, vec![]));
        Ok((name, val.ty))
    }

    pub(super) fn declare_or(
        &mut self,
        pat: &'a syn::Pat,
        init: &'a syn::Expr,
        otherwise: &'a syn::Expr,
        want: Option<Ty>,
    ) -> Lowered<()> {
        self.hint = binding_name(pat);
        let subject = self.subject(init, want.as_ref())?;
        let (condition, bound) = self.pattern(pat, subject)?;
        if condition != Expr::name("true") {
            let (then, ()) = self.nested(|body| body.into(otherwise, &Dest::Discard))?;
            if !ends(&then) {
                return Err(Refusal::at(otherwise, "an `else` that goes on"));
            }
            self.emit(Stmt::If(condition.not(), then, vec![]));
        }
        bound.into_iter().for_each(|(name, local)| self.bind(&name, local));
        Ok(())
    }
}

/// A number, a name, or a field of one.
pub(super) fn is_atom(expr: &syn::Expr) -> bool {
    match expr {
        syn::Expr::Lit(_) => true,
        syn::Expr::Path(path) => !path.path.is_ident("None"),
        syn::Expr::Field(field) => is_atom(&field.base),
        syn::Expr::Unary(unary) => matches!(unary.op, syn::UnOp::Neg(_)) && is_atom(&unary.expr),
        _ => false,
    }
}
