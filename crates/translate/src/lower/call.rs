//! Calls: of functions, of methods, and of closures that stand for their bodies.

use super::chain::Chain;
use super::option::Opt;
use super::pattern::Subject;
use super::statement::pointer;
use super::{Body, Lowered, Val};
use crate::Refusal;
use crate::go::Expr;
use crate::items::Receiver;
use crate::types::{Int, Ty};
use syn::visit::Visit;

/// What a method is called on.
pub(super) enum Target<'a> {
    Value(Val),
    Option(Opt),
    Chain(Chain<'a>),
}

impl<'a> Body<'a> {
    /// The value of a method call.
    pub(super) fn method(&mut self, call: &'a syn::ExprMethodCall, want: Option<&Ty>) -> Lowered<Val> {
        match self.method_target(call, want)? {
            Target::Value(val) => Ok(val),
            Target::Option(opt) => Ok(self.as_pointer(opt)),
            Target::Chain(_) => Err(Refusal::at(call, "an iterator as a value; use what comes out of it at once")),
        }
    }

    /// Whatever an expression is, so that methods may follow.
    pub(super) fn target(&mut self, expr: &'a syn::Expr) -> Lowered<Target<'a>> {
        self.deeper(expr, |body| match expr {
            syn::Expr::Paren(inner) => body.target(&inner.expr),
            syn::Expr::MethodCall(call) => body.method_target(call, None),
            syn::Expr::Range(range) => Ok(Target::Chain(body.range_chain(range)?)),
            other => Ok(Target::Value(body.value(other, None)?)),
        })
    }

    fn method_target(&mut self, call: &'a syn::ExprMethodCall, want: Option<&Ty>) -> Lowered<Target<'a>> {
        let hint = self.hint.take();
        let name = call.method.to_string();
        if let Some(parameter) = self.parameter_method(call)? {
            return Ok(Target::Option(parameter));
        }
        let target = self.target(&call.receiver)?;
        self.hint = hint;
        let val = match target {
            Target::Chain(chain) => return self.chain_method(chain, call, want),
            Target::Option(opt) => return self.option_method(opt, call, want),
            Target::Value(val) => val,
        };
        let plain = self.plain(val.clone());
        match &plain.ty {
            Ty::Option(_) => {
                let place = plain.expr.is_place().then(|| (plain.expr.clone(), plain.reads.clone()));
                let opt = self.open(plain, place);
                self.option_method(opt, call, want)
            }
            Ty::Array(..) | Ty::Slice(_) => self.slice_method(plain, call, want),
            Ty::Float => Ok(Target::Value(self.float_method(plain, call)?)),
            Ty::Bool => self.bool_method(plain, call),
            Ty::Named(owner) if name == "clone" && !self.items.functions.contains_key(&format!("{owner}::clone")) => {
                Ok(Target::Value(plain))
            }
            Ty::Named(owner) => {
                let owner = owner.clone();
                Ok(Target::Value(self.own_method(val, &owner, call)?))
            }
            ty if self.types.is_integer(ty) => self.int_method(plain, call, want),
            // A closure parameter whose type shows only later; most are floats, but a guess would be one.
            _ => Err(Refusal::at(
                &call.receiver,
                "a method of a value whose type is not clear here; write the type down",
            )),
        }
    }

    /// A method of a struct or enum of the file, or of the contract.
    fn own_method(&mut self, on: Val, owner: &str, call: &'a syn::ExprMethodCall) -> Lowered<Val> {
        let name = format!("{owner}::{}", call.method);
        self.note(&name);
        let Some(function) = self.items.functions.get(&name) else {
            return Err(Refusal::at(&call.method, format!("`{owner}` has no method `{}`", call.method)));
        };
        let hint = self.hint.take();
        let types: Vec<Ty> = function.parameters.iter().map(|(_, ty)| ty.clone()).collect();
        let arguments: Vec<_> = call.args.iter().zip(&types).map(|(expr, ty)| (expr, Some(ty.clone()))).collect();
        let mutable = function.receiver == Some(Receiver::Mutable);
        let mut values = self.ordered_after(vec![on], &arguments)?.into_iter();
        let Some(mut on) = values.next() else { return Err(Refusal::at(call, "a call")) };
        let values: Vec<Val> = values.zip(&types).map(|(val, ty)| self.coerced(val, ty)).collect();
        let is_enum = self.items.enums.contains_key(owner);
        let place = match &on.expr {
            Expr::Unary("&" | "*", of) => of.is_place(),
            other => other.is_place(),
        };
        if !place && !is_enum {
            on = self.kept(on, "value");
        }
        let receiver = match on.expr.clone() {
            // Go takes addresses and follows pointers by itself.
            Expr::Unary("&" | "*", of) if !is_enum => *of,
            other => other,
        };
        let mut val = Val::of(
            Expr::Call(
                Box::new(receiver.field(function.go.clone())),
                values.iter().map(|val| val.expr.clone()).collect(),
            ),
            function.result.clone(),
            &values.iter().chain([&on]).collect::<Vec<_>>(),
        );
        if mutable {
            val.calls.extend(on.reads.clone());
            self.changed.extend(on.reads);
        }
        self.changes(&mut val, &types, &values);
        self.hint = hint;
        Ok(val)
    }

    /// Notes what a call changes through its arguments.
    fn changes(&mut self, val: &mut Val, types: &[Ty], values: &[Val]) {
        for (ty, argument) in types.iter().zip(values) {
            if matches!(ty, Ty::Ref(_, true)) {
                val.calls.extend(argument.reads.clone());
                self.changed.extend(argument.reads.clone());
            }
        }
    }

    /// The value of a call.
    pub(super) fn call(&mut self, call: &'a syn::ExprCall, want: Option<&Ty>) -> Lowered<Val> {
        let hint = self.hint.take();
        let syn::Expr::Path(path) = &*call.func else {
            return Err(Refusal::at(&call.func, "a call of what is no name"));
        };
        if let Some(ident) = path.path.get_ident()
            && let Some(local) = self.lookup(&ident.to_string()).cloned()
        {
            return self.call_closure(local.expr, &local.ty, call);
        }
        let name = self.full_name(&path.path);
        let arguments: Vec<&'a syn::Expr> = call.args.iter().collect();
        match (name.as_str(), arguments.as_slice()) {
            ("Some", [of]) => {
                let wanted = match want.map(|ty| self.types.known(ty)) {
                    Some(Ty::Option(of)) => Some(*of),
                    _ => None,
                };
                let val = self.value(of, wanted.as_ref())?;
                let val = match &wanted {
                    Some(ty) => self.coerced(val, ty),
                    None => self.plain(val),
                };
                let ty = wanted.unwrap_or(val.ty.clone());
                let known = self.types.known(&ty);
                return Ok(Val::of(pointer(&known, val.expr.clone()), ty.option(), &[&val]));
            }
            ("f64::from", [of]) => {
                let val = self.value(of, None)?;
                return self.converted(val, &Ty::Float, call);
            }
            ("Default::default", []) if want.is_some() => {
                let ty = want.cloned().unwrap_or(Ty::UNIT);
                return self.zero(&ty, call);
            }
            _ => {}
        }
        if let Some((ty, "from")) = name.rsplit_once("::")
            && let Some(int) = Int::of(ty)
            && let [of] = arguments.as_slice()
        {
            let val = self.value(of, None)?;
            return self.converted(val, &Ty::Int(int), call);
        }
        if let Some((ty, "default")) = name.rsplit_once("::")
            && !self.items.functions.contains_key(&name)
            && self.items.structs.get(ty).is_some_and(|own| own.has_default)
        {
            return Ok(Val::new(Expr::Composite(Ty::Named(ty.to_owned()), vec![]), Ty::Named(ty.to_owned())));
        }
        self.note(&name);
        if let Some(function) = self.items.functions.get(&name) {
            if function.receiver.is_some() {
                return Err(Refusal::at(call, "a method that is called as a function; write `value.method(..)`"));
            }
            let types: Vec<Ty> = function.parameters.iter().map(|(_, ty)| ty.clone()).collect();
            // What is computed for a parameter is best called like it.
            let exprs: Vec<_> = arguments.iter().zip(&types).map(|(expr, ty)| (*expr, Some(ty.clone()))).collect();
            if let [(syn::Pat::Ident(only), _)] = function.parameters.as_slice() {
                self.hint = Some(crate::items::plain(&only.ident, false));
            }
            let values = self.ordered(&exprs)?;
            self.hint = hint;
            let values: Vec<Val> = values.into_iter().zip(&types).map(|(val, ty)| self.coerced(val, ty)).collect();
            let call = Expr::call(&function.go, values.iter().map(|val| val.expr.clone()).collect());
            let mut val = Val::of(call, function.result.clone(), &values.iter().collect::<Vec<_>>());
            self.changes(&mut val, &types, &values);
            return Ok(val);
        }
        // A method that is written as a function, as in `f64::max(a, b)`.
        if name.starts_with("f64::") && !arguments.is_empty() {
            let exprs: Vec<_> = arguments.iter().map(|expr| (*expr, Some(Ty::Float))).collect();
            let values = self.ordered(&exprs)?;
            return self.path_call(&name, values, call);
        }
        Err(Refusal::at(&call.func, format!("`{name}` has no counterpart")))
    }

    fn call_closure(&mut self, function: Expr, ty: &Ty, call: &'a syn::ExprCall) -> Lowered<Val> {
        let Ty::Func(types, result) = self.types.known(ty) else {
            return Err(Refusal::at(call, "a call of what is no function"));
        };
        let exprs: Vec<_> = call.args.iter().zip(&types).map(|(expr, ty)| (expr, Some(ty.clone()))).collect();
        let values = self.ordered(&exprs)?;
        let values: Vec<Val> = values.into_iter().zip(&types).map(|(val, ty)| self.coerced(val, ty)).collect();
        let call = Expr::Call(Box::new(function), values.iter().map(|val| val.expr.clone()).collect());
        Ok(Val::of(call, *result, &values.iter().collect::<Vec<_>>()))
    }

    /// A function that is named where a closure may stand.
    pub(super) fn path_call(
        &mut self,
        name: &str,
        values: Vec<Val>,
        place: &impl syn::spanned::Spanned,
    ) -> Lowered<Val> {
        let values: Vec<Val> = values.into_iter().map(|val| self.plain(val)).collect();
        if let (Some(method), Some(first)) = (name.strip_prefix("f64::"), values.first()) {
            if method == "from" {
                return self.converted(first.clone(), &Ty::Float, place);
            }
            return self.float_operation(method, &values, place);
        }
        if let Some((ty, method)) = name.rsplit_once("::")
            && let Some(int) = Int::of(ty)
        {
            match (method, values.as_slice()) {
                ("from", [of]) => return self.converted(of.clone(), &Ty::Int(int), place),
                ("max" | "min", [one, other]) => {
                    let both = vec![one.expr.clone(), other.expr.clone()];
                    return Ok(Val::of(Expr::call(method, both), Ty::Int(int), &[one, other]));
                }
                _ => {}
            }
        }
        self.note(name);
        if let Some(function) = self.items.functions.get(name).filter(|function| function.receiver.is_none()) {
            let types: Vec<Ty> = function.parameters.iter().map(|(_, ty)| ty.clone()).collect();
            let values: Vec<Val> = values.into_iter().zip(&types).map(|(val, ty)| self.coerced(val, ty)).collect();
            let call = Expr::call(&function.go, values.iter().map(|val| val.expr.clone()).collect());
            return Ok(Val::of(call, function.result.clone(), &values.iter().collect::<Vec<_>>()));
        }
        Err(Refusal::at(place, format!("`{name}` has no counterpart")))
    }

    /// A closure's body with these for its parameters.
    pub(super) fn inline(&mut self, closure: &'a syn::Expr, arguments: Vec<Subject>) -> Lowered<Val> {
        self.inlined(closure, arguments, |body, expr| {
            let val = body.value(expr, None)?;
            Ok(val)
        })
    }

    /// The same where the body is an Option, or anything else that is not taken as a value.
    pub(super) fn inlined<T: From<Val>>(
        &mut self,
        closure: &'a syn::Expr,
        arguments: Vec<Subject>,
        take: impl FnOnce(&mut Self, &'a syn::Expr) -> Lowered<T>,
    ) -> Lowered<T> {
        let hint = self.hint.take();
        match closure {
            syn::Expr::Closure(closure) => {
                if closure.inputs.len() != arguments.len() {
                    return Err(Refusal::at(closure, "a closure with another number of parameters"));
                }
                self.scopes.push(Default::default());
                self.inlined += 1;
                let done = (|| {
                    for (pat, argument) in closure.inputs.iter().zip(arguments) {
                        let pat = match pat {
                            syn::Pat::Type(typed) => &*typed.pat,
                            pat => pat,
                        };
                        let argument = self.argument(pat, argument, &closure.body);
                        let (_, bound) = self.pattern(pat, argument)?;
                        bound.into_iter().for_each(|(name, local)| self.bind(&name, local));
                    }
                    self.hint = hint;
                    take(self, &closure.body)
                })();
                self.inlined -= 1;
                self.scopes.pop();
                done
            }
            syn::Expr::Path(path) => {
                let values: Vec<Val> = arguments
                    .into_iter()
                    .map(|argument| match argument {
                        Subject::One(val, _) => Ok(val),
                        Subject::Many(_) => Err(Refusal::at(path, "a function of a tuple; write a closure")),
                    })
                    .collect::<Lowered<_>>()?;
                if let Some(ident) = path.path.get_ident()
                    && let Some(local) = self.lookup(&ident.to_string()).cloned()
                    && let Ty::Func(_, result) = self.types.known(&local.ty)
                {
                    let call = Expr::Call(Box::new(local.expr), values.iter().map(|val| val.expr.clone()).collect());
                    return Ok(Val::of(call, *result, &values.iter().collect::<Vec<_>>()).into());
                }
                let name = self.full_name(&path.path);
                Ok(self.path_call(&name, values, path)?.into())
            }
            other => Err(Refusal::at(other, "a function that is neither a closure nor a name")),
        }
    }

    /// What a parameter stands for: an expression that is read more than once is kept.
    fn argument(&mut self, pat: &syn::Pat, argument: Subject, body: &syn::Expr) -> Subject {
        let Subject::One(val, inside) = argument else { return argument };
        let mut inner = pat;
        while let syn::Pat::Reference(syn::PatReference { pat, .. }) = inner {
            inner = pat;
        }
        let syn::Pat::Ident(ident) = inner else { return Subject::One(val, inside) };
        let simple =
            matches!(&val.expr, Expr::Name(_)) || val.expr.is_literal() || inside.is_some() || is_place_like(&val.expr);
        if simple || uses(body, &ident.ident) <= 1 && val.calls.is_empty() {
            return Subject::One(val, inside);
        }
        Subject::One(self.kept(val, &crate::items::plain(&ident.ident, false)), inside)
    }

    /// `parameters.get(0)` and `parameters.first()`.
    fn parameter_method(&mut self, call: &'a syn::ExprMethodCall) -> Lowered<Option<Opt>> {
        let syn::Expr::Path(path) = &*call.receiver else { return Ok(None) };
        let Some(local) = path.path.get_ident().and_then(|ident| self.lookup(&ident.to_string())) else {
            return Ok(None);
        };
        if local.ty != Ty::Parameters {
            return Ok(None);
        }
        let (expr, reads) = (local.expr.clone(), vec![local.path.clone()]);
        let position = match (call.method.to_string().as_str(), call.args.first()) {
            ("first", None) => Some(0),
            ("get", Some(syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. }))) => {
                number.base10_parse().ok()
            }
            _ => None,
        };
        let Some(position) = position else {
            return Err(Refusal::at(call, "the parameters as a list; name each one by its position"));
        };
        let Some(name) = self.tunables.get(position) else {
            let nothing = Val::new(Expr::Float("0.0".to_owned()), Ty::Float);
            return Ok(Some(Opt { present: Expr::name("false"), inner: nothing, place: None }));
        };
        let inner = Val { expr: expr.field(name.clone()), ty: Ty::Float, reads, calls: vec![] };
        Ok(Some(Opt { present: Expr::name("true"), inner, place: None }))
    }

    /// The zero of a type, which is what `Default` makes of those of the subset.
    fn zero(&mut self, ty: &Ty, place: &impl syn::spanned::Spanned) -> Lowered<Val> {
        let ty = self.types.known(ty);
        let expr = match &ty {
            Ty::Float => Expr::Float("0.0".to_owned()),
            Ty::Bool => Expr::name("false"),
            Ty::Option(_) => Expr::name("nil"),
            Ty::Array(..) => Expr::Composite(ty.clone(), vec![]),
            Ty::Named(name) if self.items.structs.get(name).is_some_and(|own| own.has_default) => {
                Expr::Composite(ty.clone(), vec![])
            }
            ty if self.types.is_integer(ty) => Expr::Int("0".to_owned()),
            _ => return Err(Refusal::at(place, "a default value of this type; write the value")),
        };
        Ok(Val::new(expr, ty))
    }

    pub(super) fn default_of(&mut self, ty: &Ty, place: &impl syn::spanned::Spanned) -> Lowered<Val> {
        self.zero(ty, place)
    }
}

/// A field, an element or what a pointer points to, by way of names.
pub(super) fn is_place_like(expr: &Expr) -> bool {
    match expr {
        Expr::Name(_) => true,
        Expr::Field(of, _) | Expr::Unary("*" | "&", of) => is_place_like(of),
        Expr::Index(of, at) => is_place_like(of) && (is_place_like(at) || at.is_literal()),
        _ => false,
    }
}

/// How often a body reads a name.
fn uses(body: &syn::Expr, ident: &syn::Ident) -> usize {
    struct Uses<'i>(&'i syn::Ident, usize);
    impl<'ast> Visit<'ast> for Uses<'_> {
        fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
            self.1 += usize::from(path.path.is_ident(self.0));
        }
    }
    let mut uses = Uses(ident, 0);
    uses.visit_expr(body);
    uses.1
}
