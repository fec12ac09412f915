//! One step: what is known takes the place of what stands for it, from the inside out.

use super::Edit;
use super::constant::{Constant, Match, combined, matched};
use super::facts::{Facts, Names, matches};
use crate::source::{step, with_line};
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// What may be put in its place in one step.
pub(super) fn edits(text: &str, file: &syn::File, facts: &Facts) -> Vec<Edit> {
    let mut folder = Folder { text, facts, names: None, place: Place::default(), edits: Vec::new() };
    folder.visit_file(file);
    folder.edits
}

/// What stands around an expression.
#[derive(Clone, Copy, Default)]
struct Place {
    /// A method is called on it: a number must say its type.
    alone: bool,
    /// It is part of arithmetic, or a method is called on it.
    operand: bool,
}

/// The branch that is taken.
struct Taken<'a> {
    /// Names that its pattern binds, with their text.
    names: Vec<(String, String)>,
    /// None where there is no such branch.
    branch: Option<Branch<'a>>,
}

enum Branch<'a> {
    Block(&'a syn::Block),
    Expression(&'a syn::Expr),
}

struct Folder<'t> {
    text: &'t str,
    facts: &'t Facts,
    /// Of the function that is being read.
    names: Option<&'t Names>,
    place: Place,
    edits: Vec<Edit>,
}

impl<'t> Folder<'t> {
    fn slice(&self, place: Range<usize>) -> &'t str {
        self.text.get(place).unwrap_or_default()
    }

    fn push(&mut self, place: Range<usize>, text: String) {
        if self.slice(place.clone()) != text {
            self.edits.push((place, text));
        }
    }

    /// What an expression is known to be, names of this function included.
    fn value(&self, expression: &syn::Expr) -> Option<Constant> {
        if let syn::Expr::Path(path) = expression
            && let (Some(name), Some(names)) = (path.path.get_ident(), self.names)
        {
            let name = name.to_string();
            let once = names.bound.get(&name) == Some(&1);
            if let Some(value) = names.constants.get(&name).filter(|_| once) {
                return Some(value.clone());
            }
        }
        Constant::of(expression, self.text, self.facts)
    }

    fn visit_as(&mut self, place: Place, expression: &syn::Expr) {
        let outer = std::mem::replace(&mut self.place, place);
        self.visit_expr(expression);
        self.place = outer;
    }

    /// Reads the parts of an expression, each in its place.
    fn visit_parts(&mut self, expression: &syn::Expr) {
        let own = std::mem::take(&mut self.place);
        let operand = Place { alone: false, operand: true };
        match expression {
            syn::Expr::MethodCall(call) => {
                self.visit_as(Place { alone: true, operand: true }, &call.receiver);
                call.args.iter().for_each(|argument| self.visit_expr(argument));
            }
            syn::Expr::Paren(inner) => self.visit_as(Place { operand: false, ..own }, &inner.expr),
            syn::Expr::Unary(unary) => self.visit_as(Place { operand: true, ..own }, &unary.expr),
            syn::Expr::Binary(binary) => {
                // One number that says its type is enough for both.
                let known = self.value(&binary.left).is_some() && self.value(&binary.right).is_some();
                self.visit_as(Place { alone: own.alone && known, operand: true }, &binary.left);
                self.visit_as(operand, &binary.right);
            }
            syn::Expr::Cast(cast) => self.visit_as(operand, &cast.expr),
            syn::Expr::Field(field) => self.visit_as(operand, &field.base),
            syn::Expr::Macro(call) => {
                if let Some((scrutinee, _)) = matches(&call.mac) {
                    self.visit_expr(&scrutinee);
                }
            }
            syn::Expr::If(chain) => self.visit_chain(chain),
            _ => visit::visit_expr(self, expression),
        }
        self.place = own;
    }

    /// An `if` with what follows it: after `else` stands another one, or a block.
    fn visit_chain(&mut self, chain: &syn::ExprIf) {
        self.visit_expr(&chain.cond);
        self.visit_block(&chain.then_branch);
        let Some((_, otherwise)) = &chain.else_branch else { return };
        let syn::Expr::If(next) = &**otherwise else {
            return visit::visit_expr(self, otherwise);
        };
        let before = self.edits.len();
        self.visit_chain(next);
        if self.edits.len() > before {
            return;
        }
        let Some(taken) = self.taken(otherwise).filter(|taken| taken.names.is_empty()) else { return };
        let (from, to) = (otherwise.span().byte_range(), chain.then_branch.span().byte_range());
        match taken.branch {
            None => self.push(to.end..from.end, String::new()),
            Some(Branch::Block(block)) => self.push(from, self.slice(block.span().byte_range()).to_owned()),
            Some(Branch::Expression(other)) => self.push(from, self.slice(other.span().byte_range()).to_owned()),
        }
    }

    /// Which branch of an `if` or `match` is taken; none if that is not known.
    fn taken<'a>(&self, expression: &'a syn::Expr) -> Option<Taken<'a>> {
        match expression {
            syn::Expr::If(chain) => {
                let (holds, names) = match &*chain.cond {
                    syn::Expr::Let(condition) => match matched(&condition.pat, &self.value(&condition.expr)?)? {
                        Match::Yes(names) => (true, names),
                        Match::No => (false, Vec::new()),
                    },
                    condition => (self.value(condition)? == Constant::Bool(true), Vec::new()),
                };
                let otherwise = || match &**chain.else_branch.as_ref().map(|(_, otherwise)| otherwise)? {
                    syn::Expr::Block(block) => Some(Branch::Block(&block.block)),
                    other => Some(Branch::Expression(other)),
                };
                let branch = if holds { Some(Branch::Block(&chain.then_branch)) } else { otherwise() };
                Some(Taken { names, branch })
            }
            syn::Expr::Match(choice) => {
                let value = self.value(&choice.expr)?;
                for arm in &choice.arms {
                    if let Match::Yes(names) = matched(&arm.pat, &value)? {
                        let branch = match &*arm.body {
                            syn::Expr::Block(block) if block.label.is_none() => Branch::Block(&block.block),
                            body => Branch::Expression(body),
                        };
                        return Some(Taken { names, branch: Some(branch) });
                    }
                }
                None
            }
            syn::Expr::Block(block) if block.label.is_none() && block.attrs.is_empty() => {
                Some(Taken { names: Vec::new(), branch: Some(Branch::Block(&block.block)) })
            }
            _ => None,
        }
    }

    /// What may stand for an expression whose parts are as simple as they get.
    fn folded(&self, expression: &syn::Expr, place: Place) -> Option<String> {
        let whole = |expression: &syn::Expr| self.slice(expression.span().byte_range()).to_owned();
        match expression {
            syn::Expr::Path(_) | syn::Expr::Field(_) => self.value(expression)?.text(place.alone),
            syn::Expr::Paren(inner) => match (&*inner.expr, self.value(&inner.expr)) {
                (_, Some(value)) => value.text(place.alone),
                (
                    syn::Expr::Path(_)
                    | syn::Expr::Field(_)
                    | syn::Expr::Call(_)
                    | syn::Expr::MethodCall(_)
                    | syn::Expr::Paren(_),
                    None,
                ) => Some(whole(&inner.expr)),
                _ if !place.operand => Some(whole(&inner.expr)),
                _ => None,
            },
            syn::Expr::Unary(unary) => match (unary.op, &*unary.expr, self.value(&unary.expr)?) {
                (syn::UnOp::Not(_), _, Constant::Bool(value)) => Some((!value).to_string()),
                (syn::UnOp::Neg(_), syn::Expr::Lit(_), _) => None,
                (syn::UnOp::Neg(_), _, Constant::Float(value)) => Constant::Float(-value).text(place.alone),
                _ => None,
            },
            syn::Expr::Binary(binary) => match (self.value(&binary.left), self.value(&binary.right)) {
                (Some(left), Some(right)) if let Some(value) = combined(&left, &binary.op, &right) => {
                    value.text(place.alone)
                }
                (left, right) => match (&binary.op, left, right) {
                    (syn::BinOp::And(_), Some(Constant::Bool(true)), _) => Some(whole(&binary.right)),
                    (syn::BinOp::Or(_), Some(Constant::Bool(false)), _) => Some(whole(&binary.right)),
                    (syn::BinOp::And(_), Some(Constant::Bool(false)), _) => Some("false".into()),
                    (syn::BinOp::Or(_), Some(Constant::Bool(true)), _) => Some("true".into()),
                    (syn::BinOp::And(_), _, Some(Constant::Bool(true))) => Some(whole(&binary.left)),
                    (syn::BinOp::Or(_), _, Some(Constant::Bool(false))) => Some(whole(&binary.left)),
                    _ => None,
                },
            },
            syn::Expr::Cast(cast) => match (self.value(&cast.expr)?, self.slice(cast.ty.span().byte_range())) {
                (Constant::Float(value), kind @ ("u8" | "u16" | "u32" | "u64" | "usize")) if value >= 0.0 => {
                    Some(format!("{}_{kind}", value as u64))
                }
                (Constant::Integer(value), "f64") => Constant::Float(value as f64).text(place.alone),
                _ => None,
            },
            syn::Expr::Macro(call) => {
                let (scrutinee, pattern) = matches(&call.mac)?;
                Some(matches!(matched(&pattern, &self.value(&scrutinee)?)?, Match::Yes(_)).to_string())
            }
            syn::Expr::If(_) | syn::Expr::Match(_) | syn::Expr::Block(_) => {
                self.in_place(&self.taken(expression)?, expression, place)
            }
            _ => None,
        }
    }

    /// A branch where an expression is wanted.
    fn in_place(&self, taken: &Taken<'_>, instead: &syn::Expr, place: Place) -> Option<String> {
        let column = indent(self.text, instead.span().byte_range().start);
        let only = match taken.branch.as_ref()? {
            Branch::Expression(expression) => Some(*expression),
            Branch::Block(block) => match block.stmts.as_slice() {
                [syn::Stmt::Expr(expression, None)] => Some(expression),
                _ => None,
            },
        };
        if let (Some(only), true) = (only, taken.names.is_empty()) {
            let start = only.span().byte_range();
            let text = moved(self.slice(start.clone()), indent(self.text, start.start), column);
            let simple = matches!(only, syn::Expr::Path(_) | syn::Expr::Field(_) | syn::Expr::Call(_))
                || matches!(only, syn::Expr::MethodCall(_) | syn::Expr::Lit(_) | syn::Expr::Paren(_));
            return Some(if place.operand && !simple { format!("({text})") } else { text });
        }
        if let syn::Expr::Block(_) = instead {
            return None;
        }
        let inner = self.statements(taken, column + 4)?;
        let (deep, shallow) = (" ".repeat(column + 4), " ".repeat(column));
        Some(format!("{{\n{deep}{inner}\n{shallow}}}"))
    }

    /// What a branch does, as statements.
    fn statements(&self, taken: &Taken<'_>, to: usize) -> Option<String> {
        let body = match taken.branch.as_ref()? {
            Branch::Expression(expression) => {
                let place = expression.span().byte_range();
                moved(self.slice(place.clone()), indent(self.text, place.start), to)
            }
            Branch::Block(block) => {
                let (open, close) =
                    (block.brace_token.span.open().byte_range(), block.brace_token.span.close().byte_range());
                let inner = self.slice(open.end..close.start);
                let start = open.end + inner.len() - inner.trim_start().len();
                moved(inner.trim(), indent(self.text, start), to)
            }
        };
        let bound = taken.names.iter().map(|(name, text)| format!("let {name} = {text};\n{}", " ".repeat(to)));
        Some(bound.collect::<String>() + &body)
    }

    /// A statement that is an `if`, a `match` or a block of which one branch is taken.
    fn statement(&self, statement: &syn::Stmt, is_last: bool) -> Option<Edit> {
        let syn::Stmt::Expr(expression, semicolon) = statement else { return None };
        let (taken, place) = (self.taken(expression)?, statement.span().byte_range());
        let column = indent(self.text, place.start);
        let statements: &[syn::Stmt] = match &taken.branch {
            Some(Branch::Block(block)) => &block.stmts,
            Some(Branch::Expression(_)) => &[],
            None => return Some((with_line(self.text, &place), String::new())),
        };
        // Names of the branch would be seen after it.
        let once = |name: &String| self.names.is_some_and(|names| names.bound.get(name) == Some(&1));
        let local = |statement: &syn::Stmt| match statement {
            syn::Stmt::Local(local) => match &local.pat {
                syn::Pat::Ident(name) => once(&name.ident.to_string()),
                _ => false,
            },
            syn::Stmt::Item(_) => false,
            _ => true,
        };
        let stay_apart = statements.iter().all(local) && taken.names.iter().all(|(name, _)| once(name));
        if !is_last && !stay_apart {
            return None;
        }
        let mut text = self.statements(&taken, column)?;
        if text.is_empty() {
            return Some((with_line(self.text, &place), text));
        }
        let has_value = match &taken.branch {
            Some(Branch::Block(_)) => matches!(statements.last(), Some(syn::Stmt::Expr(_, None))),
            _ => true,
        };
        if has_value && (semicolon.is_some() || !is_last) && !text.ends_with('}') {
            text.push(';');
        }
        Some((place, text))
    }
}

impl<'a> Visit<'a> for Folder<'_> {
    fn visit_expr(&mut self, expression: &'a syn::Expr) {
        step();
        let before = self.edits.len();
        self.visit_parts(expression);
        if self.edits.len() == before
            && let Some(text) = self.folded(expression, self.place)
        {
            self.push(expression.span().byte_range(), text);
        }
    }

    fn visit_block(&mut self, block: &'a syn::Block) {
        let outer = std::mem::take(&mut self.place);
        for (at, statement) in block.stmts.iter().enumerate() {
            let syn::Stmt::Expr(expression @ (syn::Expr::If(_) | syn::Expr::Match(_) | syn::Expr::Block(_)), _) =
                statement
            else {
                self.visit_stmt(statement);
                continue;
            };
            let before = self.edits.len();
            self.visit_parts(expression);
            if self.edits.len() == before {
                self.edits.extend(self.statement(statement, at + 1 == block.stmts.len()));
            }
        }
        self.place = outer;
    }

    fn visit_field_value(&mut self, field: &'a syn::FieldValue) {
        if field.colon_token.is_some() {
            return self.visit_expr(&field.expr);
        }
        if let (syn::Member::Named(name), Some(text)) = (&field.member, self.folded(&field.expr, Place::default())) {
            self.push(field.span().byte_range(), format!("{name}: {text}"));
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'a syn::ImplItemFn) {
        self.names = self.facts.functions.get(&function.sig.ident.span().byte_range().start);
        self.visit_block(&function.block);
    }

    fn visit_item_fn(&mut self, function: &'a syn::ItemFn) {
        self.names = self.facts.functions.get(&function.sig.ident.span().byte_range().start);
        self.visit_block(&function.block);
    }

    fn visit_type(&mut self, _: &'a syn::Type) {}

    fn visit_attribute(&mut self, _: &'a syn::Attribute) {}

    fn visit_pat(&mut self, _: &'a syn::Pat) {}
}

/// The indentation of the line in which something stands, in characters.
fn indent(text: &str, at: usize) -> usize {
    let line = &text[text[..at].rfind('\n').map_or(0, |end| end + 1)..];
    line.len() - line.trim_start_matches(' ').len()
}

/// A text of several lines, moved from one indentation to another; its first line stands where it is put.
fn moved(text: &str, from: usize, to: usize) -> String {
    let line = |(at, line): (usize, &str)| {
        let own = line.len() - line.trim_start_matches(' ').len();
        match (at, line.trim().is_empty()) {
            (0, _) => line.to_owned(),
            (_, true) => String::new(),
            _ => " ".repeat((own + to).saturating_sub(from)) + &line[own..],
        }
    };
    text.split('\n').enumerate().map(line).collect::<Vec<_>>().join("\n")
}
