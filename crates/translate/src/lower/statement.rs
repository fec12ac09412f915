//! Statements: what is declared, assigned, chosen and repeated.

mod assign;
mod condition;
mod declare;

use super::{Body, Dest, Lowered, Val};
use crate::Refusal;
use crate::go::{Expr, Loop, Stmt};
use crate::items::plain;
use crate::names::comment;
use crate::types::{Int, Ty};
use assign::compound;
use condition::conjuncts;
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
                let val = self.before_index(place, val);
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

    /// Lowers in this block, and hands back what was written instead.
    pub(super) fn aside<T>(&mut self, write: impl FnOnce(&mut Self) -> Lowered<T>) -> Lowered<(Vec<Stmt>, T)> {
        let before = self.written();
        let value = write(self)?;
        let stmts = self.blocks.last_mut().map_or(vec![], |(block, _)| block.split_off(before));
        Ok((stmts, value))
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

    pub(super) fn is_float(&self, ty: &Ty) -> bool {
        self.types.known(ty) == Ty::Float
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
        value if ty.has_nil() => value,
        Expr::Unary("*", of) => *of,
        // A number alone would be taken for another type.
        value if crate::go::print::is_untyped(&value) => {
            Expr::call("ptr", vec![Expr::Convert(ty.clone(), Box::new(value))])
        }
        value => Expr::call("ptr", vec![value]),
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
