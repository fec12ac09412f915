//! Statements: what is declared, assigned, chosen and repeated.

use super::{Body, Dest, Local, Lowered, Val};
use crate::Refusal;
use crate::go::{Expr, Loop, Stmt, ends};
use crate::items::plain;
use crate::names::comment;
use crate::types::{Int, Ty};
use syn::spanned::Spanned;

impl<'a> Body<'a> {
    /// A block whose value goes there.
    pub(super) fn block_into(&mut self, block: &'a syn::Block, dest: &Dest) -> Lowered<()> {
        self.scopes.push(Default::default());
        let mut done = Ok(());
        let count = block.stmts.len();
        for (at, stmt) in block.stmts.iter().enumerate() {
            self.comments(stmt);
            done = match stmt {
                syn::Stmt::Expr(expr, None) if at + 1 == count => self.into(expr, dest),
                syn::Stmt::Expr(expr, _) => self.into(expr, &Dest::Discard),
                syn::Stmt::Local(local) => self.declare(local),
                syn::Stmt::Macro(call) => self.macro_call(&call.mac),
                syn::Stmt::Item(item) => {
                    Err(Refusal::at(item, "an item inside a function; put it beside the functions"))
                }
            };
            if done.is_err() {
                break;
            }
        }
        self.scopes.pop();
        done
    }

    /// The comment lines above a statement.
    fn comments(&mut self, stmt: &syn::Stmt) {
        let first = stmt.span().start().line;
        let above = (1..first).rev().map_while(|line| {
            let text = self.lines.get(line - 1)?.trim();
            text.strip_prefix("//").filter(|rest| !rest.starts_with(['/', '!']))
        });
        let mut above: Vec<String> = above.map(comment).collect();
        above.reverse();
        above.into_iter().filter(|line| !line.is_empty()).for_each(|line| self.emit(Stmt::Comment(line)));
    }

    fn declare(&mut self, local: &'a syn::Local) -> Lowered<()> {
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

    fn declare_name(&mut self, pat: &'a syn::PatIdent, init: &'a syn::Expr, want: Option<Ty>) -> Lowered<()> {
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
    fn choice_of_two(&mut self, init: &'a syn::Expr, wanted: &str, want: Option<&Ty>) -> Lowered<Option<(String, Ty)>> {
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

    fn choose(
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

    fn declare_or(
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

    /// An expression whose value goes there.
    pub(super) fn into(&mut self, expr: &'a syn::Expr, dest: &Dest) -> Lowered<()> {
        self.deeper(expr, |body| body.put(expr, dest))
    }

    fn put(&mut self, expr: &'a syn::Expr, dest: &Dest) -> Lowered<()> {
        match expr {
            syn::Expr::Paren(inner) => self.into(&inner.expr, dest),
            syn::Expr::Block(inner) if inner.label.is_none() => {
                if matches!(dest, Dest::Discard) && !inner.block.stmts.is_empty() {
                    let (body, ()) = self.nested(|body| body.block_into(&inner.block, dest))?;
                    self.emit(Stmt::Block(body));
                    return Ok(());
                }
                self.block_into(&inner.block, dest)
            }
            syn::Expr::If(choice) => self.choice(choice, dest),
            syn::Expr::Match(choice) => self.matched(choice, dest),
            syn::Expr::Return(returned) => {
                if self.inlined > 0 {
                    return Err(Refusal::at(expr, "a `return` in a closure; write a loop"));
                }
                match &returned.expr {
                    Some(value) => self.into(value, &Dest::Return),
                    None => {
                        self.emit(Stmt::Return(None));
                        Ok(())
                    }
                }
            }
            syn::Expr::Break(to) if to.expr.is_none() => {
                let label = self.jump(to.label.as_ref());
                self.emit(Stmt::Break(label));
                Ok(())
            }
            syn::Expr::Continue(to) => {
                let label = self.jump(to.label.as_ref());
                self.emit(Stmt::Continue(label));
                Ok(())
            }
            syn::Expr::While(repeated) => self.while_loop(repeated),
            syn::Expr::Loop(repeated) => {
                let label = self.enter(repeated.label.as_ref());
                let done = self.nested(|body| body.block_into(&repeated.body, &Dest::Discard));
                self.loops.pop();
                self.emit(Stmt::Loop(label, Loop::Forever, done?.0));
                Ok(())
            }
            syn::Expr::ForLoop(repeated) => {
                let label = self.enter(repeated.label.as_ref());
                let done = self.for_loop(repeated, label);
                self.loops.pop();
                done
            }
            syn::Expr::Assign(assigned) => self.assign(assigned),
            syn::Expr::Binary(binary) if compound(&binary.op).is_some() => self.compound(binary),
            syn::Expr::Macro(call) => self.macro_call(&call.mac),
            _ => {
                let want = match dest {
                    Dest::Return => Some(self.result.clone()),
                    Dest::Assign(_, _, ty) => Some(ty.clone()),
                    Dest::Discard => None,
                };
                let val = self.value(expr, want.as_ref())?;
                self.finish(val, dest);
                Ok(())
            }
        }
    }

    /// Puts a value where it goes.
    pub(super) fn finish(&mut self, val: Val, dest: &Dest) {
        match dest {
            Dest::Return => {
                let ty = self.result.clone();
                let val = self.coerced(val, &ty);
                self.emit(Stmt::Return(Some(val.expr)));
            }
            Dest::Assign(place, op, ty) => {
                let val = self.coerced(val, ty);
                self.types.same(&val.ty, ty);
                if val.expr != *place || *op != "=" {
                    self.emit(Stmt::Assign(place.clone(), op, val.expr));
                }
            }
            Dest::Discard => match val.expr {
                call @ Expr::Call(..) => self.emit(Stmt::Expr(call)),
                Expr::Name(_) | Expr::Int(_) | Expr::Float(_) | Expr::Composite(..) => {}
                other => self.emit(Stmt::Assign(Expr::name("_"), "=", other)),
            },
        }
    }

    fn choice(&mut self, choice: &'a syn::ExprIf, dest: &Dest) -> Lowered<()> {
        let conditions = conjuncts(&choice.cond);
        let otherwise = choice.else_branch.as_ref().map(|(_, expr)| &**expr);
        self.scopes.push(Default::default());
        let done = self.guarded(&conditions, &|body| body.block_into(&choice.then_branch, dest), otherwise, dest);
        self.scopes.pop();
        done
    }

    /// `if` these hold, one after the other, then, else.
    fn guarded(
        &mut self,
        conditions: &[&'a syn::Expr],
        then: &dyn Fn(&mut Self) -> Lowered<()>,
        otherwise: Option<&'a syn::Expr>,
        dest: &Dest,
    ) -> Lowered<()> {
        let mut all = Expr::name("true");
        let mut rest: &[&'a syn::Expr] = &[];
        for (at, condition) in conditions.iter().enumerate() {
            let (stmts, (own, bound)) = self.aside(|body| body.condition(condition))?;
            let conditional =
                stmts.iter().any(|stmt| !matches!(stmt, Stmt::Declare(_, _, Some(value)) if is_path(value)));
            if at > 0 && conditional {
                // What this one needs may only be computed where those before it hold.
                rest = &conditions[at..];
                break;
            }
            stmts.into_iter().for_each(|stmt| self.emit(stmt));
            bound.into_iter().for_each(|(name, local)| self.bind(&name, local));
            all = all.and(own);
        }
        let (then_body, ()) = self.nested(|body| match rest {
            [] => then(body),
            rest => body.guarded(rest, then, otherwise, dest),
        })?;
        let (other_body, ()) = self.nested(|body| match otherwise {
            Some(otherwise) => body.into(otherwise, dest),
            None => Ok(()),
        })?;
        // Of a block that is an `else` only its statements are wanted.
        let other_body = match other_body.as_slice() {
            [Stmt::Block(inner)] => inner.clone(),
            _ => other_body,
        };
        if all == Expr::name("true") {
            then_body.into_iter().for_each(|stmt| self.emit(stmt));
        } else {
            self.emit(Stmt::If(all, then_body, other_body));
        }
        Ok(())
    }

    /// Lowers in this block, and hands back what was written instead.
    pub(super) fn aside<T>(&mut self, write: impl FnOnce(&mut Self) -> Lowered<T>) -> Lowered<(Vec<Stmt>, T)> {
        let before = self.written();
        let value = write(self)?;
        let stmts = self.blocks.last_mut().map_or(vec![], |(block, _)| block.split_off(before));
        Ok((stmts, value))
    }

    /// One condition, and the names that it binds.
    fn condition(&mut self, condition: &'a syn::Expr) -> Lowered<(Expr, Vec<(String, Local)>)> {
        match condition {
            syn::Expr::Let(tested) => {
                self.hint = binding_name(&tested.pat);
                let subject = self.subject(&tested.expr, None)?;
                self.pattern(&tested.pat, subject)
            }
            other => Ok((self.value(other, Some(&Ty::Bool))?.expr, vec![])),
        }
    }

    fn while_loop(&mut self, repeated: &'a syn::ExprWhile) -> Lowered<()> {
        let label = self.enter(repeated.label.as_ref());
        let conditions = conjuncts(&repeated.cond);
        let done = self.nested(|body| {
            let (mut all, mut bound) = (Expr::name("true"), vec![]);
            let (stmts, ()) = body.aside(|body| {
                for condition in &conditions {
                    let (own, names) = body.condition(condition)?;
                    all = std::mem::replace(&mut all, Expr::name("true")).and(own);
                    bound.extend(names);
                }
                Ok(())
            })?;
            if conditions.len() > 1 && !stmts.is_empty() {
                return Err(Refusal::at(
                    &repeated.cond,
                    "a condition of several parts that needs statements; use `loop` and `break`",
                ));
            }
            let plain = stmts.is_empty();
            stmts.into_iter().for_each(|stmt| body.emit(stmt));
            if !plain {
                body.emit(Stmt::If(all.clone().not(), vec![Stmt::Break(None)], vec![]));
            }
            bound.into_iter().for_each(|(name, local)| body.bind(&name, local));
            body.block_into(&repeated.body, &Dest::Discard)?;
            Ok(plain.then_some(all))
        });
        self.loops.pop();
        let (body, condition) = done?;
        let over = condition.map_or(Loop::Forever, Loop::While);
        self.emit(Stmt::Loop(label, over, body));
        Ok(())
    }

    fn enter(&mut self, label: Option<&syn::Label>) -> Option<String> {
        let label = label.map(|label| crate::names::camel(&label.name.ident.to_string(), false));
        self.loops.push(label.clone());
        label
    }

    fn jump(&self, label: Option<&syn::Lifetime>) -> Option<String> {
        label.map(|label| crate::names::camel(&label.ident.to_string(), false))
    }

    fn assign(&mut self, assigned: &'a syn::ExprAssign) -> Lowered<()> {
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
            None => self.emit(Stmt::Assign(expr, "=", val.expr)),
        }
        self.changed.extend(path);
        Ok(())
    }

    fn compound(&mut self, binary: &'a syn::ExprBinary) -> Lowered<()> {
        let Some((op, alone)) = compound(&binary.op) else { return Err(Refusal::at(binary, "an operator")) };
        let (place, inside) = self.place(&binary.left)?;
        self.compound_at(op, alone, place, inside, &binary.right, binary)
    }

    fn compound_at(
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

    pub(super) fn is_float(&self, ty: &Ty) -> bool {
        self.types.known(ty) == Ty::Float
    }

    /// A place that is written to; where it lies in an Option, that one.
    fn place(&mut self, expr: &'a syn::Expr) -> Lowered<(Val, Option<Expr>)> {
        if let Some(local) = self.inside_of(expr) {
            let val = Val { expr: local.expr, ty: local.ty, reads: vec![local.path], calls: vec![] };
            return Ok((self.plain(val), local.inside));
        }
        let val = self.value(expr, None)?;
        let val = self.plain(val);
        if !val.expr.is_place() {
            return Err(Refusal::at(
                expr,
                "a place that has no counterpart; assign to a variable, a field or an element",
            ));
        }
        Ok((val, None))
    }

    fn inside_of(&self, expr: &syn::Expr) -> Option<Local> {
        match expr {
            syn::Expr::Unary(syn::ExprUnary { op: syn::UnOp::Deref(_), expr, .. }) => self.inside_of(expr),
            syn::Expr::Paren(inner) => self.inside_of(&inner.expr),
            syn::Expr::Path(path) => {
                self.lookup(&path.path.get_ident()?.to_string()).filter(|local| local.inside.is_some()).cloned()
            }
            _ => None,
        }
    }

    fn macro_call(&mut self, call: &'a syn::Macro) -> Lowered<()> {
        let name = call.path.segments.last().map_or(String::new(), |last| last.ident.to_string());
        let text = match name.as_str() {
            "panic" | "unreachable" => name,
            "debug_assert" | "debug_assert_eq" | "debug_assert_ne" => return Ok(()),
            _ => return Err(Refusal::at(&call.path, "a macro that has no counterpart")),
        };
        self.emit(Stmt::Expr(Expr::call("panic", vec![Expr::name(format!("\"the policy: {text}\""))])));
        Ok(())
    }

    pub(super) fn lengths_as(&mut self, from: &Ty) {
        let from = self.types.known(from);
        self.exact_lengths |= match from {
            Ty::Int(int) => int.is_signed() || int == Int::U64,
            Ty::Float => true,
            _ => false,
        };
    }
}

/// `Some` of a value, as a pointer.
pub(super) fn pointer(ty: &Ty, value: Expr) -> Expr {
    match value {
        Expr::Unary("*", of) => *of,
        // A number alone would be taken for another type.
        value if crate::go::print::is_untyped(&value) => {
            Expr::call("ptr", vec![Expr::Convert(ty.clone(), Box::new(value))])
        }
        value => Expr::call("ptr", vec![value]),
    }
}

/// The operator of a compound assignment, and the one alone.
fn compound(op: &syn::BinOp) -> Option<(&'static str, &'static str)> {
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

fn overlap_paths(these: &[super::Path], those: &[super::Path]) -> bool {
    super::overlap(these, those)
}

/// The parts of `a && b && c`.
fn conjuncts(condition: &syn::Expr) -> Vec<&syn::Expr> {
    match condition {
        syn::Expr::Binary(binary) if matches!(binary.op, syn::BinOp::And(_)) && has_let(condition) => {
            [conjuncts(&binary.left), conjuncts(&binary.right)].concat()
        }
        other => vec![other],
    }
}

fn has_let(condition: &syn::Expr) -> bool {
    match condition {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

/// Whether it is written as statements.
pub(super) fn is_choice(expr: &syn::Expr) -> bool {
    match expr {
        syn::Expr::If(_) | syn::Expr::Match(_) | syn::Expr::Block(_) => true,
        syn::Expr::Paren(inner) => is_choice(&inner.expr),
        _ => false,
    }
}

/// A number, a name, or a field of one.
fn is_atom(expr: &syn::Expr) -> bool {
    match expr {
        syn::Expr::Lit(_) => true,
        syn::Expr::Path(path) => !path.path.is_ident("None"),
        syn::Expr::Field(field) => is_atom(&field.base),
        syn::Expr::Unary(unary) => matches!(unary.op, syn::UnOp::Neg(_)) && is_atom(&unary.expr),
        _ => false,
    }
}

/// What reading costs nothing and cannot fail.
fn is_path(expr: &Expr) -> bool {
    match expr {
        Expr::Name(_) => true,
        Expr::Field(of, _) => is_path(of),
        Expr::Unary("&", of) => is_path(of),
        _ => false,
    }
}

/// The first name that a pattern binds.
pub(super) fn binding_name(pat: &syn::Pat) -> Option<String> {
    match pat {
        syn::Pat::Guard(guarded) => binding_name(&guarded.pat),
        syn::Pat::Ident(ident) if ident.ident != "None" => Some(plain(&ident.ident, false)),
        syn::Pat::TupleStruct(of) => of.elems.first().and_then(binding_name),
        syn::Pat::Reference(of) => binding_name(&of.pat),
        syn::Pat::Paren(of) => binding_name(&of.pat),
        _ => None,
    }
}
