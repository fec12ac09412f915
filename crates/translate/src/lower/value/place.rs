//! What is read from a place: variables, fields, elements, references.

use super::super::{Body, Lowered, Val};
use crate::Refusal;
use crate::go::Expr;
use crate::types::{Int, Ty};

impl<'a> Body<'a> {
    pub(super) fn path(&mut self, path: &'a syn::ExprPath, want: Option<&Ty>) -> Lowered<Val> {
        if let Some(ident) = path.path.get_ident()
            && let Some(local) = self.lookup(&ident.to_string())
        {
            return Ok(Val {
                expr: local.expr.clone(),
                ty: local.ty.clone(),
                reads: vec![local.path.clone()],
                calls: vec![],
            });
        }
        let name = self.full_name(&path.path);
        if name == "None" {
            let of = self.types.fresh(false);
            let ty = want.cloned().unwrap_or_else(|| of.option());
            return Ok(Val::new(Expr::name("nil"), ty));
        }
        if let Some(constant) = self.items.consts.get(&name) {
            return Ok(Val::new(Expr::name(constant.go.clone()), constant.ty.clone()));
        }
        if let Some((ty, variant)) = name.rsplit_once("::")
            && let Some(own) = self.items.enums.get(ty)
            && let Some((_, go, _)) = own.variants.iter().find(|(rust, ..)| rust == variant)
        {
            return Ok(Val::new(Expr::name(go.clone()), Ty::Named(ty.to_owned())));
        }
        if self.items.structs.get(&name).is_some_and(|own| own.fields.is_empty()) {
            return Ok(Val::new(Expr::Composite(Ty::Named(name.clone()), vec![]), Ty::Named(name)));
        }
        if let Some(number) = known_number(&name) {
            return Ok(number);
        }
        Err(Refusal::at(path, format!("`{name}` has no counterpart")))
    }

    /// A path in the words of [`crate::items::Items`]: `Self` and modules are resolved.
    pub(in crate::lower) fn full_name(&self, path: &syn::Path) -> String {
        let mut segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if segments[0] == "Self"
            && let Some(owner) = &self.owner
        {
            segments[0].clone_from(owner);
        }
        while segments.len() > 1
            && matches!(segments[0].as_str(), "core" | "self" | "crate" | "primitive" | "option" | "Option")
        {
            segments.remove(0);
        }
        segments.join("::")
    }

    pub(super) fn field(&mut self, field: &'a syn::ExprField) -> Lowered<Val> {
        let base = self.value(&field.base, None)?;
        let mut ty = self.types.known(&base.ty);
        while let Ty::Ref(of, _) = ty {
            ty = *of;
        }
        let name = match &field.member {
            syn::Member::Named(ident) => ident.to_string(),
            syn::Member::Unnamed(index) => index.index.to_string(),
        };
        let Ty::Named(owner) = &ty else {
            return Err(Refusal::at(
                &field.base,
                "a field of a value whose type is not clear here; write the type down",
            ));
        };
        let found = self.items.structs.get(owner).and_then(|own| own.fields.iter().find(|field| field.name == name));
        let Some(found) = found else {
            return Err(Refusal::at(&field.member, format!("`{owner}` has no field `{name}`")));
        };
        self.note(&format!("{owner}.{name}"));
        let reads = base.reads.iter().map(|path| path.iter().cloned().chain([name.clone()]).collect()).collect();
        let of = match base.expr {
            Expr::Unary("*" | "&", of) => *of,
            other => other,
        };
        Ok(Val { expr: of.field(found.go.clone()), ty: found.ty.clone(), reads, calls: base.calls })
    }

    pub(super) fn index(&mut self, index: &'a syn::ExprIndex) -> Lowered<Val> {
        if let Some(parameter) = self.parameter_at(&index.expr, &index.index)? {
            return Ok(parameter);
        }
        if let syn::Expr::Range(range) = &*index.index {
            return self.slice(&index.expr, range);
        }
        let usize_ty = Ty::Int(Int::Usize);
        let values = self.ordered(&[(&index.expr, None), (&index.index, Some(usize_ty.clone()))])?;
        let [of, at] = <[Val; 2]>::try_from(values).map_err(|_| Refusal::at(index, "an index"))?;
        self.types.same(&at.ty, &usize_ty);
        let (of, at) = (self.plain(of), self.plain(at));
        let (Ty::Array(element, _) | Ty::Slice(element)) = of.ty.clone() else {
            return Err(Refusal::at(&index.expr, "an element of what is no array or slice"));
        };
        let expr = Expr::Index(Box::new(of.expr.clone()), Box::new(at.expr.clone()));
        Ok(Val::of(expr, *element, &[&of, &at]))
    }

    /// A value of the parameters, by its name.
    pub(in crate::lower) fn parameter_at(&mut self, of: &'a syn::Expr, at: &'a syn::Expr) -> Lowered<Option<Val>> {
        let mut inner = of;
        while let syn::Expr::Unary(syn::ExprUnary { expr, .. }) | syn::Expr::Paren(syn::ExprParen { expr, .. }) = inner
        {
            inner = expr;
        }
        let syn::Expr::Path(path) = inner else { return Ok(None) };
        let Some(local) = path.path.get_ident().and_then(|ident| self.lookup(&ident.to_string())) else {
            return Ok(None);
        };
        if !matches!(&local.ty, Ty::Parameters) {
            return Ok(None);
        }
        let (expr, path) = (local.expr.clone(), local.path.clone());
        let position = match at {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. }) => number.base10_parse::<usize>().ok(),
            _ => None,
        };
        let Some(position) = position else {
            return Err(Refusal::at(at, "a parameter whose position is no number; name each one"));
        };
        let Some(name) = self.tunables.get(position) else {
            return Err(Refusal::at(at, format!("there are {} tunables", self.tunables.len())));
        };
        Ok(Some(Val { expr: expr.field(name.clone()), ty: Ty::Float, reads: vec![path], calls: vec![] }))
    }

    pub(super) fn slice(&mut self, of: &'a syn::Expr, range: &'a syn::ExprRange) -> Lowered<Val> {
        let usize_ty = Ty::Int(Int::Usize);
        let ends = [&range.start, &range.end].map(|end| end.as_deref());
        let mut exprs = vec![(of, None)];
        exprs.extend(ends.iter().flatten().map(|end| (*end, Some(usize_ty.clone()))));
        let mut values = self.ordered(&exprs)?.into_iter();
        let Some(of) = values.next() else { return Err(Refusal::at(range, "a range")) };
        let of = self.plain(of);
        let (Ty::Array(element, _) | Ty::Slice(element)) = of.ty.clone() else {
            return Err(Refusal::at(range, "a part of what is no array or slice"));
        };
        if matches!(of.ty, Ty::Array(..)) && !of.expr.is_place() {
            return Err(Refusal::at(range, "a part of an array that has no name; give it one"));
        }
        let mut all = vec![of.clone()];
        let mut end = |given: bool, body: &mut Self| {
            let val = given.then(|| values.next()).flatten()?;
            body.types.same(&val.ty, &usize_ty);
            all.push(val.clone());
            Some(Box::new(val.expr))
        };
        let from = end(ends[0].is_some(), self);
        let mut to = end(ends[1].is_some(), self);
        if matches!(range.limits, syn::RangeLimits::Closed(_)) {
            to = to.map(|to| Box::new(Expr::binary("+", *to, Expr::Int("1".into()), usize_ty.clone())));
        }
        let expr = Expr::Slice(Box::new(of.expr), from, to);
        Ok(Val::of(expr, Ty::Slice(element).borrowed(false), &all.iter().collect::<Vec<_>>()))
    }

    pub(super) fn reference(&mut self, reference: &'a syn::ExprReference, want: Option<&Ty>) -> Lowered<Val> {
        let mutably = reference.mutability.is_some();
        let want = want.and_then(|ty| match self.types.known(ty) {
            Ty::Ref(of, _) => Some(*of),
            _ => None,
        });
        let val = self.value(&reference.expr, want.as_ref())?;
        let ty = self.types.known(&val.ty);
        if !mutably {
            let val = self.plain(val);
            return Ok(Val { ty: val.ty.clone().borrowed(false), ..val });
        }
        if matches!(&ty, Ty::Ref(_, true)) || matches!(&ty, Ty::Ref(of, _) if matches!(**of, Ty::Slice(_))) {
            return Ok(Val {
                ty: match ty {
                    Ty::Ref(of, _) => of.borrowed(true),
                    other => other,
                },
                ..val
            });
        }
        if self.inside_option(&reference.expr) {
            return Err(Refusal::at(reference, "a reference into an Option; assign `Some(..)` anew instead"));
        }
        if !val.expr.is_place() {
            return Err(Refusal::at(reference, "a reference to a value without a place; give it a name first"));
        }
        if matches!(ty, Ty::Slice(_)) {
            return Ok(Val { ty: ty.borrowed(true), ..val });
        }
        self.changed.extend(val.reads.clone());
        Ok(Val { expr: val.expr.address(), ty: ty.borrowed(true), ..val })
    }

    pub(super) fn inside_option(&self, expr: &syn::Expr) -> bool {
        matches!(expr, syn::Expr::Path(path) if path.path.get_ident().and_then(|ident| self.lookup(&ident.to_string())).is_some_and(|local| local.inside.is_some()))
    }
}

/// Numbers that have a name.
pub(super) fn known_number(name: &str) -> Option<Val> {
    let (ty, constant) = name.rsplit_once("::")?;
    if let Some(int) = Int::of(ty) {
        let signed = int.is_signed();
        let expr = match (constant, int.bits(), signed) {
            ("MAX", 64, false) => Expr::name("math.MaxUint64"),
            ("MAX", bits, true) => Expr::name(format!("math.MaxInt{bits}")),
            ("MAX", bits, false) => Expr::name(format!("math.MaxUint{bits}")),
            ("MIN", bits, true) => Expr::name(format!("math.MinInt{bits}")),
            ("MIN", _, false) => Expr::Int("0".to_owned()),
            ("BITS", bits, _) => return Some(Val::new(Expr::Int(bits.to_string()), Ty::Int(Int::U32))),
            _ => return None,
        };
        return Some(Val::new(expr, Ty::Int(int)));
    }
    let float = |value: f64| Expr::Float(format!("{value:?}"));
    let expr = match (ty, constant) {
        ("f64", "MAX") => Expr::name("math.MaxFloat64"),
        ("f64", "MIN") => Expr::Unary("-", Box::new(Expr::name("math.MaxFloat64"))),
        ("f64", "INFINITY") => Expr::name("infinity"),
        ("f64", "NEG_INFINITY") => Expr::Unary("-", Box::new(Expr::name("infinity"))),
        ("f64", "NAN") => Expr::name("notANumber"),
        ("f64", "EPSILON") => float(f64::EPSILON),
        ("f64", "MIN_POSITIVE") => float(f64::MIN_POSITIVE),
        ("f64::consts", "PI") => float(std::f64::consts::PI),
        ("f64::consts", "E") => float(std::f64::consts::E),
        ("f64::consts", "LN_2") => float(std::f64::consts::LN_2),
        ("f64::consts", "LN_10") => float(std::f64::consts::LN_10),
        ("f64::consts", "SQRT_2") => float(std::f64::consts::SQRT_2),
        _ => return None,
    };
    Some(Val::new(expr, Ty::Float))
}
