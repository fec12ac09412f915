//! What numbers can do.

use super::call::Target;
use super::option::Opt;
use super::{Body, Lowered, Val};
use crate::Refusal;
use crate::go::Expr;
use crate::types::{Int, Ty};
use syn::spanned::Spanned;

impl<'a> Body<'a> {
    pub(super) fn float_method(&mut self, on: Val, call: &'a syn::ExprMethodCall) -> Lowered<Val> {
        let hint = self.hint.take();
        let exponent = if call.method == "powi" { Ty::Int(Int::I32) } else { Ty::Float };
        let arguments: Vec<_> = call.args.iter().map(|expr| (expr, Some(exponent.clone()))).collect();
        let values = self.ordered_after(vec![on], &arguments)?;
        let values: Vec<Val> = values.into_iter().map(|val| self.plain(val)).collect();
        self.hint = hint;
        self.float_operation(&call.method.to_string(), &values, &call.method)
    }

    /// A method of `f64`, or a function of that name.
    pub(super) fn float_operation(&mut self, name: &str, values: &[Val], place: &impl Spanned) -> Lowered<Val> {
        let exprs: Vec<Expr> = values.iter().map(|val| val.expr.clone()).collect();
        let all: Vec<&Val> = values.iter().collect();
        let is = |function: &str, ty: Ty| Ok(Val::of(Expr::call(function, exprs.clone()), ty, &all));
        match (name, exprs.as_slice()) {
            ("abs", [_]) => is("math.Abs", Ty::Float),
            ("sqrt", [_]) => is("math.Sqrt", Ty::Float),
            ("floor", [_]) => is("math.Floor", Ty::Float),
            ("ceil", [_]) => is("math.Ceil", Ty::Float),
            ("exp", [_]) => is("exp", Ty::Float),
            ("ln", [_]) => is("log", Ty::Float),
            ("tanh", [_]) => is("tanh", Ty::Float),
            ("powf", [_, _]) => is("pow", Ty::Float),
            ("powi", [_, _]) => {
                self.types.same(&values[1].ty, &Ty::Int(Int::I32));
                is("powi", Ty::Float)
            }
            ("copysign", [_, _]) => is("math.Copysign", Ty::Float),
            ("is_nan", [_]) => is("math.IsNaN", Ty::Bool),
            ("is_sign_negative", [_]) => is("math.Signbit", Ty::Bool),
            ("is_infinite", [x]) => {
                Ok(Val::of(Expr::call("math.IsInf", vec![x.clone(), Expr::Int("0".into())]), Ty::Bool, &all))
            }
            ("is_finite", [x]) => {
                // The difference of two of them is NaN, as of NaN itself.
                let zero = Expr::binary("-", x.clone(), x.clone(), Ty::Float);
                Ok(Val::of(Expr::compare("==", zero, Expr::Float("0.0".into())), Ty::Bool, &all))
            }
            ("is_sign_positive", [x]) => Ok(Val::of(Expr::call("math.Signbit", vec![x.clone()]).not(), Ty::Bool, &all)),
            ("signum", [_]) => is("signum", Ty::Float),
            ("recip", [x]) => {
                Ok(Val::of(Expr::binary("/", Expr::Float("1.0".into()), x.clone(), Ty::Float), Ty::Float, &all))
            }
            ("max" | "min", [one, other]) => {
                // Where neither can be NaN, Go's own mean the same.
                let function = match (name, is_number(one) && is_number(other)) {
                    ("max", false) => "fmax",
                    ("min", false) => "fmin",
                    (name, _) => name,
                };
                if exprs.iter().all(Expr::is_literal) {
                    return Err(Refusal::at(place, "the larger of two numbers that are written down; write that one"));
                }
                Ok(Val::of(Expr::call(function, exprs.clone()), Ty::Float, &all))
            }
            ("clamp", [_, _, _]) => is("clamp", Ty::Float),
            ("mul_add", _) => Err(Refusal::at(place, "a fused operation; write a product and a sum")),
            ("clone" | "to_owned", [x]) => Ok(Val::of(x.clone(), Ty::Float, &all)),
            ("total_cmp" | "partial_cmp", _) => {
                Err(Refusal::at(place, "an order as a value; compare by `<`, or use `min_by` or `max_by`"))
            }
            _ => Err(Refusal::at(place, format!("`{name}` of a float has no counterpart"))),
        }
    }

    pub(super) fn int_method(
        &mut self,
        on: Val,
        call: &'a syn::ExprMethodCall,
        want: Option<&Ty>,
    ) -> Lowered<Target<'a>> {
        let (name, hint) = (call.method.to_string(), self.hint.take());
        if name == "into"
            && let Some(want) = want
        {
            return Ok(Target::Value(self.converted(on, &want.clone(), call)?));
        }
        let same = !matches!(name.as_str(), "pow" | "rotate_left" | "rotate_right" | "wrapping_shl" | "wrapping_shr");
        let argument = if same { on.ty.clone() } else { Ty::Int(Int::U32) };
        let arguments: Vec<_> = call.args.iter().map(|expr| (expr, Some(argument.clone()))).collect();
        let values = self.ordered_after(vec![on], &arguments)?;
        let values: Vec<Val> = values.into_iter().map(|val| self.plain(val)).collect();
        values[1..].iter().for_each(|val| self.types.same(&val.ty, &argument));
        self.hint = hint;
        let ty = self.types.known(&values[0].ty);
        let exprs: Vec<Expr> = values.iter().map(|val| val.expr.clone()).collect();
        let all: Vec<&Val> = values.iter().collect();
        let unclear =
            || Refusal::at(&call.receiver, "a method of an integer whose type is not clear here; write the type down");
        let known = |ty: &Ty| match ty {
            Ty::Int(int) => Ok(*int),
            _ => Err(unclear()),
        };
        let value = |expr: Expr, ty: Ty| Ok(Target::Value(Val::of(expr, ty, &all)));
        match (name.as_str(), exprs.as_slice()) {
            ("max" | "min", [_, _]) => value(Expr::call(&name, exprs.clone()), ty),
            ("clamp", [_, _, _]) => value(Expr::call("clampInt", exprs.clone()), ty),
            ("clone" | "to_owned", [x]) => value(x.clone(), ty),
            ("abs" | "unsigned_abs", [x]) => {
                let int = known(&ty)?;
                let positive = Expr::call("max", vec![x.clone(), Expr::Unary("-", Box::new(x.clone()))]);
                let unsigned = Int::ALL[Int::ALL.iter().position(|(own, _)| *own == int).unwrap_or(0) % 5 + 5].0;
                if name == "abs" {
                    value(positive, ty)
                } else {
                    value(Expr::Convert(Ty::Int(unsigned), Box::new(positive)), Ty::Int(unsigned))
                }
            }
            ("saturating_sub", [_, _]) => match known(&ty)?.is_signed() {
                true => Err(Refusal::at(
                    &call.method,
                    "a saturating operation on signed integers; use `clamp` on wider ones",
                )),
                false => value(Expr::call("satSub", exprs.clone()), ty),
            },
            ("saturating_add" | "saturating_mul", [one, other]) => {
                let int = known(&ty)?;
                if int.is_signed() {
                    return Err(Refusal::at(
                        &call.method,
                        "a saturating operation on signed integers; use `clamp` on wider ones",
                    ));
                }
                self.exact_lengths |= int == Int::Usize;
                let function = if name == "saturating_add" { "satAdd" } else { "satMul" };
                let highest = Expr::name(format!("math.MaxUint{}", int.bits()));
                value(Expr::call(function, vec![one.clone(), other.clone(), highest]), ty)
            }
            ("wrapping_add" | "wrapping_sub" | "wrapping_mul", [one, other]) => {
                known(&ty)?;
                self.exact_lengths |= ty == Ty::Int(Int::Usize);
                let op = match name.as_str() {
                    "wrapping_add" => "+",
                    "wrapping_sub" => "-",
                    _ => "*",
                };
                value(Expr::binary(op, one.clone(), other.clone(), ty.clone()), ty)
            }
            ("abs_diff", [_, _]) if !known(&ty)?.is_signed() => value(Expr::call("absDiff", exprs.clone()), ty),
            ("rem_euclid", [_, _]) => {
                known(&ty)?;
                value(Expr::call("euclidRem", exprs.clone()), ty)
            }
            ("div_ceil", [_, _]) if !known(&ty)?.is_signed() => value(Expr::call("divCeil", exprs.clone()), ty),
            ("pow", [_, _]) => {
                known(&ty)?;
                self.exact_lengths |= ty == Ty::Int(Int::Usize);
                value(Expr::call("ipow", exprs.clone()), ty)
            }
            ("is_multiple_of", [one, other]) => {
                let rest = Expr::binary("%", one.clone(), other.clone(), ty);
                value(Expr::compare("==", rest, Expr::Int("0".into())), Ty::Bool)
            }
            ("checked_sub", [one, other]) if !known(&ty)?.is_signed() => Ok(Target::Option(Opt {
                present: Expr::compare(">=", one.clone(), other.clone()),
                inner: Val::of(Expr::binary("-", one.clone(), other.clone(), ty.clone()), ty, &all),
                place: None,
            })),
            ("checked_div", [one, other]) if !known(&ty)?.is_signed() => Ok(Target::Option(Opt {
                present: Expr::compare("!=", other.clone(), Expr::Int("0".into())),
                inner: Val::of(Expr::binary("/", one.clone(), other.clone(), ty.clone()), ty, &all),
                place: None,
            })),
            _ => Err(Refusal::at(&call.method, format!("`{name}` of an integer has no counterpart"))),
        }
    }

    pub(super) fn bool_method(&mut self, on: Val, call: &'a syn::ExprMethodCall) -> Lowered<Target<'a>> {
        match (call.method.to_string().as_str(), call.args.first()) {
            ("then_some", Some(value)) => {
                let val = self.value(value, None)?;
                let inner = self.plain(val);
                Ok(Target::Option(Opt { present: on.expr, inner, place: None }))
            }
            ("then", Some(function)) => {
                let (stmts, val) = self.aside(|body| body.inline(function, vec![]))?;
                if !stmts.is_empty() {
                    return Err(Refusal::at(function, "a closure that needs statements; use `if`"));
                }
                let inner = self.plain(val);
                Ok(Target::Option(Opt { present: on.expr, inner, place: None }))
            }
            _ => Err(Refusal::at(&call.method, "this method of a truth value has no counterpart")),
        }
    }

    pub(super) fn cast(&mut self, cast: &'a syn::ExprCast) -> Lowered<Val> {
        let to = self.items.ty(&cast.ty, self.owner.as_deref())?;
        let val = self.value(&cast.expr, None)?;
        self.converted(val, &to, cast)
    }

    /// A number as another type, as `as` does it.
    pub(super) fn converted(&mut self, val: Val, to: &Ty, place: &impl Spanned) -> Lowered<Val> {
        let val = self.plain(val);
        let from = val.ty.clone();
        let expr = val.expr.clone();
        if from == *to {
            return Ok(val);
        }
        let converted = match (&from, to) {
            (_, Ty::Float) if self.types.is_integer(&from) => match &expr {
                Expr::Int(text) => Expr::Float(format!("{:?}", text.parse::<f64>().unwrap_or(0.0))),
                _ => Expr::Convert(Ty::Float, Box::new(expr)),
            },
            (Ty::Float, Ty::Int(int)) => {
                self.exact_lengths |= *int == Int::Usize;
                let (low, high) = match (int.is_signed(), int.bits()) {
                    (true, bits) => {
                        (Expr::name(format!("math.MinInt{bits}")), Expr::name(format!("math.MaxInt{bits}")))
                    }
                    (false, bits) => (Expr::Int("0".into()), Expr::name(format!("math.MaxUint{bits}"))),
                };
                Expr::call(&format!("toInt[{}]", int.go()), vec![expr, low, high])
            }
            (Ty::Bool, Ty::Int(int)) => Expr::call(&format!("truth[{}]", self.name_of(*int)), vec![expr]),
            (Ty::Named(_), Ty::Int(_)) => Expr::Convert(to.clone(), Box::new(expr)),
            (_, Ty::Int(int)) if self.types.is_integer(&from) => {
                if *int == Int::Usize {
                    self.lengths_as(&from);
                }
                match &expr {
                    // Rust reads `-1 as u32` as an i32 first.
                    Expr::Int(text) if !text.starts_with('-') => return Ok(Val { ty: to.clone(), ..val }),
                    Expr::Int(_) => {
                        return Err(Refusal::at(place, "a negative number as another type; write what it becomes"));
                    }
                    _ => Expr::Convert(to.clone(), Box::new(expr)),
                }
            }
            _ => {
                return Err(Refusal::at(
                    place,
                    "a conversion of a value whose type is not clear here; write the type down",
                ));
            }
        };
        Ok(Val { expr: converted, ty: to.clone(), ..val })
    }

    fn name_of(&mut self, int: Int) -> &'static str {
        self.exact_lengths |= int == Int::Usize;
        int.go()
    }
}

/// Whether it is never NaN, as its form says.
pub(super) fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Float(_) => true,
        // Of an integer; a float is converted to round it only when the tree is done.
        Expr::Convert(Ty::Float, _) => true,
        Expr::Call(function, arguments) => {
            matches!(&**function, Expr::Name(name) if name == "max" || name == "min") && arguments.iter().all(is_number)
        }
        Expr::Paren(of) => is_number(of),
        _ => false,
    }
}
