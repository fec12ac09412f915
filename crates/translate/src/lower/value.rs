//! Expressions that have a value.

mod made;
mod operator;
mod place;

use super::statement::is_choice;
use super::{Body, Dest, Lowered, Val};
use crate::Refusal;
use crate::go::{Expr, Stmt};
use crate::types::{Int, Ty};
use syn::spanned::Spanned;

impl<'a> Body<'a> {
    /// The value of an expression; `want` is its type where that is known.
    pub(super) fn value(&mut self, expr: &'a syn::Expr, want: Option<&Ty>) -> Lowered<Val> {
        self.deeper(expr, |body| body.value_at(expr, want))
    }

    fn value_at(&mut self, expr: &'a syn::Expr, want: Option<&Ty>) -> Lowered<Val> {
        match expr {
            syn::Expr::Paren(inner) => return self.value(&inner.expr, want),
            syn::Expr::Group(inner) => return self.value(&inner.expr, want),
            syn::Expr::MethodCall(call) => return self.method(call, want),
            syn::Expr::Call(call) => return self.call(call, want),
            _ if is_choice(expr) => return self.chosen(expr, want),
            _ => self.hint = None,
        }
        match expr {
            syn::Expr::Lit(literal) => self.literal(&literal.lit, want),
            syn::Expr::Path(path) => self.path(path, want),
            syn::Expr::Field(field) => self.field(field),
            syn::Expr::Index(index) => self.index(index),
            syn::Expr::Unary(unary) => self.unary(unary, want),
            syn::Expr::Binary(binary) => self.binary(binary, want),
            syn::Expr::Reference(reference) => self.reference(reference, want),
            syn::Expr::Cast(cast) => self.cast(cast),
            syn::Expr::Struct(literal) => self.literal_struct(literal),
            syn::Expr::Array(array) => self.array(array, want),
            syn::Expr::Repeat(repeat) => self.repeat(repeat, want),
            syn::Expr::Tuple(tuple) if tuple.elems.is_empty() => Ok(Val::new(Expr::name("struct{}{}"), Ty::UNIT)),
            syn::Expr::Closure(closure) => self.closure(closure, want),
            syn::Expr::Macro(call) => self.matches_macro(&call.mac, expr),
            syn::Expr::Try(tried) => self.tried(tried),
            syn::Expr::Tuple(_) => Err(Refusal::at(expr, "a tuple as a value; use a struct")),
            syn::Expr::Range(_) => {
                Err(Refusal::at(expr, "a range as a value; write the loop or the slice where it is used"))
            }
            other => Err(Refusal::at(other, "an expression that has no counterpart")),
        }
    }

    /// The value of an `if`, a `match` or a block, by way of a variable.
    fn chosen(&mut self, expr: &'a syn::Expr, want: Option<&Ty>) -> Lowered<Val> {
        if let syn::Expr::Block(block) = expr
            && let [syn::Stmt::Expr(only, None)] = block.block.stmts.as_slice()
        {
            return self.value(only, want);
        }
        let ty = want.cloned().unwrap_or_else(|| self.types.fresh(false));
        let ty = match self.types.known(&ty) {
            Ty::Ref(of, false) => *of,
            other => other,
        };
        let room = self.room(&ty, "value");
        self.into(expr, &Dest::Assign(room.expr.clone(), "=", ty))?;
        Ok(room)
    }

    pub(super) fn literal(&mut self, literal: &syn::Lit, want: Option<&Ty>) -> Lowered<Val> {
        match literal {
            syn::Lit::Float(number) => {
                if number.suffix() == "f32" {
                    return Err(Refusal::at(literal, "f32 rounds otherwise; use f64"));
                }
                Ok(Val::new(float(number.base10_digits()), Ty::Float))
            }
            syn::Lit::Int(number) if number.suffix() == "f64" => Ok(Val::new(float(number.base10_digits()), Ty::Float)),
            syn::Lit::Int(number) => {
                let wanted = want.map(|ty| match self.types.known(ty) {
                    Ty::Ref(of, _) => *of,
                    other => other,
                });
                let ty = match (Int::of(number.suffix()), wanted) {
                    (Some(int), _) => Ty::Int(int),
                    (None, Some(ty)) if self.types.is_integer(&ty) => ty,
                    (None, _) => self.types.fresh(true),
                };
                Ok(Val::new(Expr::Int(number.base10_digits().to_owned()), ty))
            }
            syn::Lit::Bool(value) => Ok(Val::new(Expr::name(value.value.to_string()), Ty::Bool)),
            other => Err(Refusal::at(other, "a text as a value")),
        }
    }

    fn matches_macro(&mut self, call: &'a syn::Macro, whole: &syn::Expr) -> Lowered<Val> {
        let _ = call;
        Err(Refusal::at(whole, "a macro as a value; write `match` or a comparison"))
    }

    /// `x?`: none ends the function.
    fn tried(&mut self, tried: &'a syn::ExprTry) -> Lowered<Val> {
        if self.inlined > 0 || !matches!(self.types.known(&self.result), Ty::Option(_)) {
            return Err(Refusal::at(&tried.question_token, "`?` where the function returns no Option"));
        }
        let super::pattern::Subject::One(subject, _) = self.subject(&tried.expr, None)? else {
            return Err(Refusal::at(tried, "`?` of a tuple"));
        };
        let (present, inner) = self.opened(subject, tried.expr.span())?;
        self.emit(Stmt::If(present.not(), vec![Stmt::Return(Some(Expr::name("nil")))], vec![]));
        Ok(inner)
    }
}

/// A float literal as Go writes it.
fn float(digits: &str) -> Expr {
    let has_point = digits.contains(['.', 'e', 'E']);
    let text = if has_point { digits.to_owned() } else { format!("{digits}.0") };
    Expr::Float(if text.ends_with('.') { format!("{text}0") } else { text })
}

pub(super) fn is_zero(expr: &Expr) -> bool {
    match expr {
        Expr::Int(text) | Expr::Float(text) => !text.starts_with('-') && text.parse::<f64>() == Ok(0.0),
        Expr::Name(name) => name == "nil" || name == "false",
        Expr::Composite(Ty::Array(..) | Ty::Named(_), values) => values.is_empty(),
        _ => false,
    }
}
