//! The types that items name.

use super::Items;
use crate::Refusal;
use crate::go::Expr;
use crate::types::{Int, Ty};

impl<'a> Items<'a> {
    /// A type as it is written.
    pub(crate) fn ty(&self, ty: &syn::Type, owner: Option<&str>) -> Result<Ty, Refusal> {
        match ty {
            syn::Type::Path(path) if path.qself.is_none() => self.named(path, owner),
            syn::Type::Reference(reference) => {
                Ok(self.ty(&reference.elem, owner)?.borrowed(reference.mutability.is_some()))
            }
            syn::Type::Array(array) => {
                let length = self.length(&array.len, owner)?;
                Ok(Ty::Array(Box::new(self.ty(&array.elem, owner)?), Box::new(length)))
            }
            syn::Type::Slice(slice) => Ok(Ty::Slice(Box::new(self.ty(&slice.elem, owner)?))),
            syn::Type::Tuple(tuple) => {
                Ok(Ty::Tuple(tuple.elems.iter().map(|ty| self.ty(ty, owner)).collect::<Result<_, _>>()?))
            }
            syn::Type::Paren(inner) => self.ty(&inner.elem, owner),
            syn::Type::Group(inner) => self.ty(&inner.elem, owner),
            other => Err(Refusal::at(
                other,
                "a type that has no counterpart; use f64, integers, bool, Option, arrays and structs",
            )),
        }
    }

    pub(super) fn named(&self, path: &syn::TypePath, owner: Option<&str>) -> Result<Ty, Refusal> {
        let Some(last) = path.path.segments.last() else { return Err(Refusal::at(path, "a type without a name")) };
        let name = last.ident.to_string();
        if name == "Option"
            && let syn::PathArguments::AngleBracketed(arguments) = &last.arguments
            && let Some(syn::GenericArgument::Type(of)) = arguments.args.first()
        {
            let of = self.ty(of, owner)?;
            if matches!(of, Ty::Option(_) | Ty::Ref(_, true)) {
                return Err(Refusal::at(path, "an Option of an Option or of `&mut`; tell the cases apart by an enum"));
            }
            return Ok(of.option());
        }
        let own = if name == "Self" { owner.unwrap_or_default() } else { &name };
        match name.as_str() {
            "f64" => Ok(Ty::Float),
            "bool" => Ok(Ty::Bool),
            "f32" => Err(Refusal::at(path, "f32 rounds otherwise; use f64")),
            "i128" | "u128" => Err(Refusal::at(path, "Go has no integers of 128 bits; use 64")),
            _ => match Int::of(&name) {
                Some(int) => Ok(Ty::Int(int)),
                None if self.structs.contains_key(own) || self.enums.contains_key(own) || self.opaque.contains(own) => {
                    Ok(Ty::Named(own.to_owned()))
                }
                None => Err(Refusal::at(
                    path,
                    format!(
                        "the type `{name}` has no counterpart; use f64, integers, bool, Option, arrays and structs of your own"
                    ),
                )),
            },
        }
    }

    /// The length of an array: a number or a constant.
    pub(super) fn length(&self, length: &syn::Expr, owner: Option<&str>) -> Result<Expr, Refusal> {
        match length {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. }) => {
                Ok(Expr::Int(number.base10_digits().to_owned()))
            }
            syn::Expr::Path(path) => {
                let segments: Vec<String> =
                    path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
                let name = match segments.as_slice() {
                    [own, name] if own == "Self" => format!("{}::{name}", owner.unwrap_or_default()),
                    _ => segments.join("::"),
                };
                let known = self.const_names.get(&name).map(Expr::name);
                known.ok_or_else(|| Refusal::at(length, "a length that is no constant of the file"))
            }
            syn::Expr::Binary(binary) => {
                let op = match binary.op {
                    syn::BinOp::Add(_) => "+",
                    syn::BinOp::Sub(_) => "-",
                    syn::BinOp::Mul(_) => "*",
                    _ => return Err(Refusal::at(length, "a length that is no number, constant, sum or product")),
                };
                let (left, right) = (self.length(&binary.left, owner)?, self.length(&binary.right, owner)?);
                Ok(Expr::binary(op, left, right, Ty::Bool))
            }
            other => Err(Refusal::at(other, "a length that is no number, constant, sum or product")),
        }
    }
}
