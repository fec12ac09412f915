//! Expressions that have a value.

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

    fn path(&mut self, path: &'a syn::ExprPath, want: Option<&Ty>) -> Lowered<Val> {
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
    pub(super) fn full_name(&self, path: &syn::Path) -> String {
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

    fn field(&mut self, field: &'a syn::ExprField) -> Lowered<Val> {
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

    fn index(&mut self, index: &'a syn::ExprIndex) -> Lowered<Val> {
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
    pub(super) fn parameter_at(&mut self, of: &'a syn::Expr, at: &'a syn::Expr) -> Lowered<Option<Val>> {
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

    fn slice(&mut self, of: &'a syn::Expr, range: &'a syn::ExprRange) -> Lowered<Val> {
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

    fn unary(&mut self, unary: &'a syn::ExprUnary, want: Option<&Ty>) -> Lowered<Val> {
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

    fn binary(&mut self, binary: &'a syn::ExprBinary, want: Option<&Ty>) -> Lowered<Val> {
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
    pub(super) fn operation(
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
    fn shift(&mut self, op: &'static str, left: &Val, right: &Val, place: &syn::ExprBinary) -> Lowered<Val> {
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
    fn short(&mut self, op: &'static str, binary: &'a syn::ExprBinary) -> Lowered<Val> {
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

    fn reference(&mut self, reference: &'a syn::ExprReference, want: Option<&Ty>) -> Lowered<Val> {
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

    fn inside_option(&self, expr: &syn::Expr) -> bool {
        matches!(expr, syn::Expr::Path(path) if path.path.get_ident().and_then(|ident| self.lookup(&ident.to_string())).is_some_and(|local| local.inside.is_some()))
    }

    fn literal_struct(&mut self, literal: &'a syn::ExprStruct) -> Lowered<Val> {
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

    fn array(&mut self, array: &'a syn::ExprArray, want: Option<&Ty>) -> Lowered<Val> {
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

    fn repeat(&mut self, repeat: &'a syn::ExprRepeat, want: Option<&Ty>) -> Lowered<Val> {
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
    fn closure(&mut self, closure: &'a syn::ExprClosure, want: Option<&Ty>) -> Lowered<Val> {
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

fn negated(text: &str) -> String {
    text.strip_prefix('-').map_or_else(|| format!("-{text}"), str::to_owned)
}

/// Two literals as one: Go would compute with both exactly, and round once.
fn folded(op: &str, left: &str, right: &str) -> Option<Expr> {
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

pub(super) fn is_zero(expr: &Expr) -> bool {
    match expr {
        Expr::Int(text) | Expr::Float(text) => !text.starts_with('-') && text.parse::<f64>() == Ok(0.0),
        Expr::Name(name) => name == "nil" || name == "false",
        Expr::Composite(Ty::Array(..) | Ty::Named(_), values) => values.is_empty(),
        _ => false,
    }
}

/// Numbers that have a name.
fn known_number(name: &str) -> Option<Val> {
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
