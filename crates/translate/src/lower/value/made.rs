//! What is put together: structs, arrays, closures.

use super::super::{Body, Dest, Lowered, Val};
use super::is_zero;
use crate::Refusal;
use crate::go::{Expr, Stmt};
use crate::types::{Int, Ty};

impl<'a> Body<'a> {
    pub(super) fn literal_struct(&mut self, literal: &'a syn::ExprStruct) -> Lowered<Val> {
        let name = self.full_name(&literal.path);
        if literal.rest.is_some() {
            return Err(Refusal::at(literal, "fields that are taken from another value; name each one"));
        }
        let Some(own) = self.items.structs.get(&name) else {
            return Err(Refusal::at(&literal.path, format!("`{name}` is no struct of the file")));
        };
        let mut exprs = Vec::new();
        let mut names = Vec::new();
        for field in &literal.fields {
            let member = match &field.member {
                syn::Member::Named(ident) => ident.to_string(),
                syn::Member::Unnamed(index) => index.index.to_string(),
            };
            let Some(found) = own.fields.iter().find(|field| field.name == member) else {
                return Err(Refusal::at(field, format!("`{name}` has no field `{member}`")));
            };
            names.push((found.go.clone(), found.ty.clone()));
            exprs.push((&field.expr, Some(found.ty.clone())));
        }
        let values = self.ordered(&exprs)?;
        let mut fields = Vec::new();
        let mut all = Vec::new();
        for (val, (go, ty)) in values.into_iter().zip(names) {
            let val = self.coerced(val, &ty);
            all.push(val.clone());
            // What is zero there is zero without being named.
            if !is_zero(&val.expr) {
                fields.push((Some(go), val.expr));
            }
        }
        let ty = Ty::Named(name);
        Ok(Val::of(Expr::Composite(ty.clone(), fields), ty, &all.iter().collect::<Vec<_>>()))
    }

    pub(super) fn array(&mut self, array: &'a syn::ExprArray, want: Option<&Ty>) -> Lowered<Val> {
        let element = match want.map(|ty| self.types.known(ty)) {
            Some(Ty::Array(of, _) | Ty::Slice(of)) => *of,
            Some(Ty::Ref(of, _)) => match *of {
                Ty::Array(of, _) | Ty::Slice(of) => *of,
                _ => self.types.fresh(false),
            },
            _ => self.types.fresh(false),
        };
        let exprs: Vec<_> = array.elems.iter().map(|expr| (expr, Some(element.clone()))).collect();
        let values = self.ordered(&exprs)?;
        let mut elements = Vec::new();
        for val in &values {
            let val = self.coerced(val.clone(), &element);
            elements.push((None, val.expr));
        }
        let length = Expr::Int(values.len().to_string());
        let ty = Ty::Array(Box::new(element), Box::new(length));
        Ok(Val::of(Expr::Composite(ty.clone(), elements), ty, &values.iter().collect::<Vec<_>>()))
    }

    pub(super) fn repeat(&mut self, repeat: &'a syn::ExprRepeat, want: Option<&Ty>) -> Lowered<Val> {
        let (element, length) = match want.map(|ty| self.types.known(ty)) {
            Some(Ty::Array(of, length)) => (*of, Some(*length)),
            _ => (self.types.fresh(false), None),
        };
        let val = self.value(&repeat.expr, Some(&element))?;
        let val = self.coerced(val, &element);
        let length = match length {
            Some(length) => length,
            None => self.value(&repeat.len, Some(&Ty::Int(Int::Usize)))?.expr,
        };
        let ty = Ty::Array(Box::new(element), Box::new(length));
        if is_zero(&val.expr) {
            return Ok(Val::new(Expr::Composite(ty.clone(), vec![]), ty));
        }
        let hint = self.hint.take();
        let filled = self.room(&ty, hint.as_deref().unwrap_or("values"));
        let at = self.fresh("i");
        let element = Expr::Index(Box::new(filled.expr.clone()), Box::new(Expr::name(at.clone())));
        let over = crate::go::Loop::Range(Some(at), None, filled.expr.clone());
        self.emit(Stmt::Loop(None, over, vec![Stmt::Assign(element, "=", val.expr)]));
        Ok(filled)
    }

    /// A closure that has a name.
    pub(super) fn closure(&mut self, closure: &'a syn::ExprClosure, want: Option<&Ty>) -> Lowered<Val> {
        if closure.capture.is_some() {
            return Err(Refusal::at(closure, "a closure that takes what it uses along; drop `move`"));
        }
        let wanted = match want.map(|ty| self.types.known(ty)) {
            Some(Ty::Func(of, result)) => Some((of, *result)),
            _ => None,
        };
        let mut result = wanted.as_ref().map_or_else(|| self.types.fresh(false), |(_, result)| result.clone());
        if let syn::ReturnType::Type(_, ty) = &closure.output {
            result = self.items.ty(ty, self.owner.as_deref())?;
        }
        let outer =
            (std::mem::replace(&mut self.result, result.clone()), std::mem::take(&mut self.loops), self.inlined);
        self.inlined = 0;
        let changed = self.changed.len();
        let lowered = self.nested(|body| {
            let mut parameters = Vec::new();
            for (at, input) in closure.inputs.iter().enumerate() {
                let known = wanted.as_ref().and_then(|(of, _)| of.get(at).cloned());
                let (pat, ty) = match input {
                    syn::Pat::Type(typed) => (&*typed.pat, body.items.ty(&typed.ty, body.owner.as_deref())?),
                    pat => (pat, known.unwrap_or_else(|| body.types.fresh(false))),
                };
                parameters.push((body.parameter(pat, &ty)?, ty));
            }
            body.into(&closure.body, &Dest::Return)?;
            Ok(parameters)
        });
        (self.result, self.loops, self.inlined) = outer;
        let (stmts, parameters) = lowered?;
        if self.changed.len() > changed {
            return Err(Refusal::at(closure, "a closure that changes what lies outside; write a function or a loop"));
        }
        let ty = Ty::Func(parameters.iter().map(|(_, ty)| ty.clone()).collect(), Box::new(result.clone()));
        Ok(Val::new(Expr::Func(parameters, result, stmts), ty))
    }
}
