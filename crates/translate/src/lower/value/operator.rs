//! Operators.

use super::super::{Body, Lowered, Val};
use crate::Refusal;
use crate::go::{Expr, Stmt};
use crate::types::{Int, Ty};

impl<'a> Body<'a> {
    pub(super) fn unary(&mut self, unary: &'a syn::ExprUnary, want: Option<&Ty>) -> Lowered<Val> {
        let val = match unary.op {
            syn::UnOp::Deref(_) => {
                let val = self.value(&unary.expr, None)?;
                return Ok(self.plain(val));
            }
            _ => self.value(&unary.expr, want)?,
        };
        let val = self.plain(val);
        let ty = val.ty.clone();
        let expr = match (&unary.op, &val.expr) {
            (syn::UnOp::Neg(_), Expr::Float(text)) if text.parse::<f64>() == Ok(0.0) => Expr::name("negZero"),
            (syn::UnOp::Neg(_), Expr::Float(text)) => Expr::Float(negated(text)),
            (syn::UnOp::Neg(_), Expr::Int(text)) => Expr::Int(negated(text)),
            (syn::UnOp::Neg(_), _) => Expr::Unary("-", Box::new(val.expr.clone())),
            (syn::UnOp::Not(_), _) if ty == Ty::Bool => val.expr.clone().not(),
            (syn::UnOp::Not(_), _) => {
                self.exact_lengths |= ty == Ty::Int(Int::Usize);
                Expr::Unary("^", Box::new(val.expr.clone()))
            }
            _ => return Err(Refusal::at(unary, "an operator that has no counterpart")),
        };
        Ok(Val::of(expr, ty, &[&val]))
    }

    pub(super) fn binary(&mut self, binary: &'a syn::ExprBinary, want: Option<&Ty>) -> Lowered<Val> {
        use syn::BinOp;
        let op = match binary.op {
            BinOp::Add(_) => "+",
            BinOp::Sub(_) => "-",
            BinOp::Mul(_) => "*",
            BinOp::Div(_) => "/",
            BinOp::Rem(_) => "%",
            BinOp::BitXor(_) => "^",
            BinOp::BitAnd(_) => "&",
            BinOp::BitOr(_) => "|",
            BinOp::Shl(_) => "<<",
            BinOp::Shr(_) => ">>",
            BinOp::Eq(_) => "==",
            BinOp::Lt(_) => "<",
            BinOp::Le(_) => "<=",
            BinOp::Ne(_) => "!=",
            BinOp::Ge(_) => ">=",
            BinOp::Gt(_) => ">",
            BinOp::And(_) => return self.short("&&", binary),
            BinOp::Or(_) => return self.short("||", binary),
            _ => return Err(Refusal::at(binary, "an assignment as a value")),
        };
        let compares = matches!(op, "==" | "<" | "<=" | "!=" | ">=" | ">");
        if compares && let Some(val) = self.compared_options(op, binary)? {
            return Ok(val);
        }
        let want = want.filter(|_| !compares).cloned();
        let right = (!matches!(op, "<<" | ">>")).then(|| want.clone()).flatten();
        let values = self.ordered(&[(&binary.left, want), (&binary.right, right)])?;
        let [left, right] = <[Val; 2]>::try_from(values).map_err(|_| Refusal::at(binary, "an operation"))?;
        let (left, right) = (self.plain(left), self.plain(right));
        self.operation(op, left, right, binary)
    }

    /// Two values and an operator between them.
    pub(in crate::lower) fn operation(
        &mut self,
        op: &'static str,
        left: Val,
        right: Val,
        place: &syn::ExprBinary,
    ) -> Lowered<Val> {
        let (left, right) = (self.plain(left), self.plain(right));
        let from = [&left, &right];
        if matches!(op, "<<" | ">>") {
            return self.shift(op, &left, &right, place);
        }
        self.types.same(&left.ty, &right.ty);
        let ty = self.types.known(&left.ty);
        if matches!(op, "==" | "<" | "<=" | "!=" | ">=" | ">") {
            if matches!(ty, Ty::Option(_) | Ty::Slice(_) | Ty::Func(..)) {
                return Err(Refusal::at(place, "a comparison of options or slices; compare what is in them"));
            }
            return Ok(Val::of(Expr::compare(op, left.expr.clone(), right.expr.clone()), Ty::Bool, &from));
        }
        match &ty {
            Ty::Float => {
                if let (Expr::Float(one), Expr::Float(other)) = (&left.expr, &right.expr)
                    && let Some(folded) = folded(op, one, other)
                {
                    return Ok(Val::new(folded, Ty::Float));
                }
                if op == "%" {
                    let both = vec![left.expr.clone(), right.expr.clone()];
                    return Ok(Val::of(Expr::call("math.Mod", both), Ty::Float, &from));
                }
                Ok(Val::of(Expr::binary(op, left.expr.clone(), right.expr.clone(), ty), Ty::Float, &from))
            }
            Ty::Bool => {
                let op = match op {
                    "&" => "&&",
                    "|" => "||",
                    "^" => "!=",
                    _ => return Err(Refusal::at(place, "arithmetic of truth values")),
                };
                if !right.calls.is_empty() {
                    return Err(Refusal::at(
                        place,
                        "`&` or `|` with a call that changes something; give it a name first",
                    ));
                }
                Ok(Val::of(Expr::compare(op, left.expr.clone(), right.expr.clone()), Ty::Bool, &from))
            }
            _ if self.types.is_integer(&ty) => {
                Ok(Val::of(Expr::binary(op, left.expr.clone(), right.expr.clone(), ty.clone()), ty, &from))
            }
            _ => Err(Refusal::at(place, "arithmetic of values whose type is not clear here; write the type down")),
        }
    }

    /// Rust takes the distance of a shift modulo the width; Go shifts everything out.
    pub(super) fn shift(&mut self, op: &'static str, left: &Val, right: &Val, place: &syn::ExprBinary) -> Lowered<Val> {
        let ty = self.types.known(&left.ty);
        let Ty::Int(int) = ty else {
            return Err(Refusal::at(place, "a shift of an integer whose type is not clear here; write the type down"));
        };
        let bits = int.bits();
        let distance = match &right.expr {
            Expr::Int(text) if text.parse::<u32>().is_ok_and(|distance| distance < bits) => right.expr.clone(),
            other => Expr::binary("&", other.clone(), Expr::Int((bits - 1).to_string()), right.ty.clone()),
        };
        Ok(Val::of(Expr::binary(op, left.expr.clone(), distance, ty.clone()), ty, &[left, right]))
    }

    /// `&&` and `||`: the right side is computed only if it matters.
    pub(super) fn short(&mut self, op: &'static str, binary: &'a syn::ExprBinary) -> Lowered<Val> {
        let left = self.value(&binary.left, Some(&Ty::Bool))?;
        let left = self.plain(left);
        let (stmts, right) = self.aside(|body| {
            let right = body.value(&binary.right, Some(&Ty::Bool))?;
            Ok(body.plain(right))
        })?;
        if stmts.is_empty() {
            return Ok(Val::of(Expr::compare(op, left.expr.clone(), right.expr.clone()), Ty::Bool, &[&left, &right]));
        }
        let result = self.kept(left, "holds");
        let mut body = stmts;
        body.push(Stmt::Assign(result.expr.clone(), "=", right.expr));
        let condition = if op == "&&" { result.expr.clone() } else { result.expr.clone().not() };
        self.emit(Stmt::If(condition, body, vec![]));
        Ok(result)
    }
}

pub(super) fn negated(text: &str) -> String {
    text.strip_prefix('-').map_or_else(|| format!("-{text}"), str::to_owned)
}

/// Two literals as one: Go would compute with both exactly, and round once.
pub(super) fn folded(op: &str, left: &str, right: &str) -> Option<Expr> {
    let (left, right) = (left.parse::<f64>().ok()?, right.parse::<f64>().ok()?);
    let value = match op {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" => left / right,
        _ => return None,
    };
    Some(match value {
        _ if value.is_nan() => Expr::name("notANumber"),
        f64::INFINITY => Expr::name("infinity"),
        f64::NEG_INFINITY => Expr::Unary("-", Box::new(Expr::name("infinity"))),
        _ if value == 0.0 && value.is_sign_negative() => Expr::name("negZero"),
        _ => Expr::Float(format!("{value:?}")),
    })
}
