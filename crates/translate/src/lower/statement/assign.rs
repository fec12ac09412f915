//! What is assigned, and where to.

use super::super::{Body, Dest, Local, Lowered, Val};
use super::{is_choice, pointer};
use crate::Refusal;
use crate::go::{Expr, Stmt};
use crate::types::Ty;

impl<'a> Body<'a> {
    pub(super) fn assign(&mut self, assigned: &'a syn::ExprAssign) -> Lowered<()> {
        if let syn::Expr::Infer(_) = &*assigned.left {
            return self.into(&assigned.right, &Dest::Discard);
        }
        if let syn::Expr::Tuple(_) = &*assigned.left {
            return Err(Refusal::at(&assigned.left, "several places at once; assign one after the other"));
        }
        let place = self.place(&assigned.left)?;
        let (expr, inside) = (place.0.expr.clone(), place.1);
        let path = place.0.reads.clone();
        if is_choice(&assigned.right) && inside.is_none() {
            self.into(&assigned.right, &Dest::Assign(expr, "=", place.0.ty))?;
            self.changed.extend(path);
            return Ok(());
        }
        let val = self.value(&assigned.right, Some(&place.0.ty))?;
        let val = self.coerced(val, &place.0.ty);
        self.types.same(&val.ty, &place.0.ty);
        match inside {
            Some(option) => {
                let new = pointer(&self.types.known(&place.0.ty), val.expr);
                self.emit(Stmt::Assign(option, "=", new));
            }
            None => {
                let val = self.before_index(&expr, val);
                self.emit(Stmt::Assign(expr, "=", val.expr));
            }
        }
        self.changed.extend(path);
        Ok(())
    }

    /// Rust computes the right side before the index that it is put at; of a call there and what it changes Go says no order.
    pub(super) fn before_index(&mut self, place: &Expr, val: Val) -> Val {
        if !val.calls.is_empty() && has_index(place) { self.kept(val, "value") } else { val }
    }

    pub(super) fn compound(&mut self, binary: &'a syn::ExprBinary) -> Lowered<()> {
        let Some((op, alone)) = compound(&binary.op) else { return Err(Refusal::at(binary, "an operator")) };
        let (place, inside) = self.place(&binary.left)?;
        self.compound_at(op, alone, place, inside, &binary.right, binary)
    }

    pub(super) fn compound_at(
        &mut self,
        op: &'static str,
        alone: &'static str,
        place: Val,
        inside: Option<Expr>,
        right: &'a syn::Expr,
        whole: &'a syn::ExprBinary,
    ) -> Lowered<()> {
        let ty = self.types.known(&place.ty);
        let path = place.reads.clone();
        let simple =
            inside.is_none() && matches!(alone, "+" | "-") || matches!(ty, Ty::Int(_)) && !matches!(alone, "<<" | ">>");
        if is_choice(right) && simple && inside.is_none() {
            self.into(right, &Dest::Assign(place.expr, op, ty))?;
            self.changed.extend(path);
            return Ok(());
        }
        let mark = self.changed.len();
        let shift = matches!(alone, "<<" | ">>");
        let mut val = self.value(right, (!shift).then_some(&ty))?;
        val = self.plain(val);
        if !shift {
            self.types.same(&val.ty, &ty);
        }
        // Rust computes the right side first.
        if overlap_paths(&path, &self.changed[mark..]) && !val.calls.is_empty() {
            val = self.kept(val, "change");
        }
        let plain_op =
            inside.is_none() && !shift && (alone == "+" || alone == "-" || alone == "/" || !self.is_float(&ty));
        if plain_op && ty != Ty::Bool {
            self.emit(Stmt::Assign(place.expr, op, val.expr));
        } else {
            let new = self.operation(alone, place.clone(), val, whole)?.expr;
            match inside {
                Some(option) => self.emit(Stmt::Assign(option, "=", pointer(&ty, new))),
                None => self.emit(Stmt::Assign(place.expr, "=", new)),
            }
        }
        self.changed.extend(path);
        Ok(())
    }

    /// A place that is written to; where it lies in an Option, that one.
    pub(super) fn place(&mut self, expr: &'a syn::Expr) -> Lowered<(Val, Option<Expr>)> {
        if let Some(local) = self.inside_of(expr) {
            let val = Val { expr: local.expr, ty: local.ty, reads: vec![local.path], calls: vec![] };
            return Ok((self.plain(val), local.inside));
        }
        let mark = self.changed.len();
        let val = self.value(expr, None)?;
        // What changes while a place is looked for would have to be kept, and then a copy is written to.
        if let (Some(index), true) = (index_of(expr), self.changed.len() > mark) {
            return Err(Refusal::at(index, "an index that changes something; give it a name in a line of its own"));
        }
        let val = self.plain(val);
        if !val.expr.is_place() {
            return Err(Refusal::at(
                expr,
                "a place that has no counterpart; assign to a variable, a field or an element",
            ));
        }
        Ok((val, None))
    }

    pub(super) fn inside_of(&self, expr: &syn::Expr) -> Option<Local> {
        match expr {
            syn::Expr::Unary(syn::ExprUnary { op: syn::UnOp::Deref(_), expr, .. }) => self.inside_of(expr),
            syn::Expr::Paren(inner) => self.inside_of(&inner.expr),
            syn::Expr::Path(path) => {
                self.lookup(&path.path.get_ident()?.to_string()).filter(|local| local.inside.is_some()).cloned()
            }
            _ => None,
        }
    }
}

/// The index of a place, if it has one.
fn index_of(place: &syn::Expr) -> Option<&syn::Expr> {
    match place {
        syn::Expr::Index(own) => Some(&own.index),
        syn::Expr::Field(own) => index_of(&own.base),
        syn::Expr::Paren(own) => index_of(&own.expr),
        syn::Expr::Unary(own) => index_of(&own.expr),
        _ => None,
    }
}

fn has_index(place: &Expr) -> bool {
    match place {
        Expr::Index(..) => true,
        Expr::Field(of, _) | Expr::Unary(_, of) | Expr::Paren(of) => has_index(of),
        _ => false,
    }
}

/// The operator of a compound assignment, and the one alone.
pub(super) fn compound(op: &syn::BinOp) -> Option<(&'static str, &'static str)> {
    use syn::BinOp;
    Some(match op {
        BinOp::AddAssign(_) => ("+=", "+"),
        BinOp::SubAssign(_) => ("-=", "-"),
        BinOp::MulAssign(_) => ("*=", "*"),
        BinOp::DivAssign(_) => ("/=", "/"),
        BinOp::RemAssign(_) => ("%=", "%"),
        BinOp::BitAndAssign(_) => ("&=", "&"),
        BinOp::BitOrAssign(_) => ("|=", "|"),
        BinOp::BitXorAssign(_) => ("^=", "^"),
        BinOp::ShlAssign(_) => ("<<=", "<<"),
        BinOp::ShrAssign(_) => (">>=", ">>"),
        _ => return None,
    })
}

pub(super) fn overlap_paths(these: &[super::super::Path], those: &[super::super::Path]) -> bool {
    super::super::overlap(these, those)
}
