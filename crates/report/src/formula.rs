//! What a policy does, as formulas: its source read by rules, without what only a compiler needs.
//!
//! Nothing is worked out: each line stands for the statement that it was read from. What has no form of its own stands as it is written.
//! The syntax is walked by recursion: sources on record have passed the screen, which bounds how deep they are nested.

mod expression;

use expression::{Expressions, changes};
use std::collections::{BTreeMap, BTreeSet};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Expr, Fields, File, ImplItem, ImplItemFn, Item, ItemImpl, Member, Pat, Stmt};

/// Lines, at most: more are no formula.
const LINES: usize = 60;

/// The rule by which the policy in this source answers; none where it is none, or too long.
pub(crate) fn formula(source: &str) -> Option<String> {
    let file = syn::parse_file(source).ok()?;
    let (policy, rule) = file.items.iter().find_map(answering)?;
    let constants = constants(source, policy, &file);
    let taken = bound(rule);
    let mut writer = Writer { words: Expressions { source, constants: &constants, taken: &taken }, lines: Vec::new() };
    writer.block(&rule.block, 0, "→ ");
    for (name, helper) in helpers(&file) {
        let calls = format!("{name}(");
        if writer.lines.iter().any(|line| line.contains(&calls)) {
            let inputs: Vec<String> = helper.sig.inputs.iter().filter_map(|input| writer.words.input(input)).collect();
            writer.say(0, &format!("{name}({}):", inputs.join(", ")));
            writer.block(&helper.block, 1, "→ ");
        }
    }
    let named: Vec<String> = named(&file, &writer);
    let all: Vec<String> = named.into_iter().chain(writer.lines).collect();
    (!all.is_empty() && all.len() <= LINES).then(|| all.join("\n"))
}

/// Characters of a rule in one line, at most.
const LINE: usize = 200;

/// The last thing that the policy in this source answers, with what it consists of, in one line; none where that is no line.
pub(crate) fn gist(source: &str) -> Option<String> {
    let text = formula(source)?;
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with(' ')).collect();
    let answer = lines.iter().rev().find_map(|line| line.strip_prefix("→ "))?;
    let words: BTreeSet<&str> = answer.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let is_part = |line: &&&str| line.split_once(" = ").is_some_and(|(name, _)| words.contains(name));
    let parts: Vec<&str> = lines.iter().filter(is_part).copied().collect();
    let said = if parts.is_empty() { answer.to_owned() } else { format!("{answer}, where {}", parts.join(", ")) };
    (said.chars().count() <= LINE).then_some(said)
}

/// A policy with the function by which it answers: the last that is not its beginning.
fn answering(item: &Item) -> Option<(&ItemImpl, &ImplItemFn)> {
    let Item::Impl(policy) = item else { return None };
    policy.trait_.as_ref()?;
    let mut functions = policy.items.iter().filter_map(function);
    Some((policy, functions.rfind(|function| function.sig.ident != "new")?))
}

fn function(item: &ImplItem) -> Option<&ImplItemFn> {
    match item {
        ImplItem::Fn(function) => Some(function),
        _ => None,
    }
}

/// Names that a function gives to its arguments and to what it works out.
fn bound(function: &ImplItemFn) -> BTreeSet<String> {
    struct Bound(BTreeSet<String>);
    impl<'a> Visit<'a> for Bound {
        fn visit_pat_ident(&mut self, pattern: &'a syn::PatIdent) {
            self.0.insert(pattern.ident.to_string());
        }
    }
    let mut bound = Bound(BTreeSet::new());
    bound.visit_impl_item_fn(function);
    bound.0
}

/// Functions beside the policy's own, by name.
fn helpers(file: &File) -> Vec<(String, &ImplItemFn)> {
    let own = file.items.iter().filter_map(|item| match item {
        Item::Impl(item) if item.trait_.is_none() => Some(&item.items),
        _ => None,
    });
    own.flatten().filter_map(function).map(|function| (function.sig.ident.to_string(), function)).collect()
}

/// Constants of the file that the lines name.
fn named(file: &File, writer: &Writer<'_>) -> Vec<String> {
    let said = |item: &Item| match item {
        Item::Const(constant) => {
            let name = constant.ident.to_string();
            let is_word =
                |line: &String| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name);
            writer.lines.iter().any(is_word).then(|| format!("{name} = {}", writer.words.say(&constant.expr)))
        }
        _ => None,
    };
    file.items.iter().filter_map(said).collect()
}

/// Fields that begin as a number and stay what they are.
fn constants(source: &str, policy: &ItemImpl, file: &File) -> BTreeMap<String, String> {
    struct Changed(BTreeSet<String>);
    impl<'a> Visit<'a> for Changed {
        fn visit_expr_assign(&mut self, assign: &'a syn::ExprAssign) {
            self.0.extend(field(&assign.left));
            visit::visit_expr_assign(self, assign);
        }

        fn visit_expr_binary(&mut self, binary: &'a syn::ExprBinary) {
            self.0.extend(changes(&binary.op).and_then(|_| field(&binary.left)));
            visit::visit_expr_binary(self, binary);
        }

        fn visit_expr_reference(&mut self, reference: &'a syn::ExprReference) {
            self.0.extend(reference.mutability.is_some().then(|| field(&reference.expr)).flatten());
            visit::visit_expr_reference(self, reference);
        }
    }
    struct Begun(Vec<(String, Expr)>);
    impl<'a> Visit<'a> for Begun {
        fn visit_field_value(&mut self, value: &'a syn::FieldValue) {
            if let Member::Named(name) = &value.member {
                self.0.push((name.to_string(), value.expr.clone()));
            }
        }
    }
    let (mut changed, mut begun) = (Changed(BTreeSet::new()), Begun(Vec::new()));
    changed.visit_file(file);
    let new = policy.items.iter().filter_map(function).find(|function| function.sig.ident == "new");
    new.into_iter().for_each(|new| begun.visit_impl_item_fn(new));
    let nothing = BTreeMap::new();
    let words = Expressions { source, constants: &nothing, taken: &BTreeSet::new() };
    let fields: BTreeSet<String> = file.items.iter().flat_map(own_fields).collect();
    begun
        .0
        .into_iter()
        .filter(|(name, value)| fields.contains(name) && !changed.0.contains(name) && words.is_number(value))
        .map(|(name, value)| (name, words.say(&value)))
        .collect()
}

fn own_fields(item: &Item) -> Vec<String> {
    match item {
        Item::Struct(own) => match &own.fields {
            Fields::Named(fields) => {
                fields.named.iter().filter_map(|field| Some(field.ident.as_ref()?.to_string())).collect()
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The field that an expression is, of the policy itself.
fn field(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Field(field) if matches!(&*field.base, Expr::Path(path) if path.path.is_ident("self")) => {
            match &field.member {
                Member::Named(name) => Some(name.to_string()),
                Member::Unnamed(_) => None,
            }
        }
        Expr::Index(index) => self::field(&index.expr),
        _ => None,
    }
}

/// Lines, one for a statement.
struct Writer<'a> {
    words: Expressions<'a>,
    lines: Vec<String>,
}

impl Writer<'_> {
    fn say(&mut self, depth: usize, text: &str) {
        self.lines.push(format!("{}{text}", "  ".repeat(depth)));
    }

    /// The statements of a block; what it yields stands behind `yields`.
    fn block(&mut self, block: &Block, depth: usize, yields: &str) {
        block.stmts.iter().for_each(|statement| self.statement(statement, depth, yields));
    }

    fn statement(&mut self, statement: &Stmt, depth: usize, yields: &str) {
        match statement {
            Stmt::Local(local) => {
                let name = self.words.pattern(&local.pat);
                let Some(init) = &local.init else { return };
                self.value(&init.expr, depth, &format!("{name} = "));
                if let Some((_, otherwise)) = &init.diverge {
                    self.say(depth, "otherwise:");
                    self.value(otherwise, depth + 1, yields);
                }
            }
            Stmt::Expr(expr, None) => self.value(expr, depth, yields),
            Stmt::Expr(expr, Some(_)) => self.value(expr, depth, ""),
            Stmt::Item(_) => {}
            Stmt::Macro(_) => {
                let text = self.words.raw(statement.span());
                self.say(depth, &text);
            }
        }
    }

    /// What an expression does, with what it yields behind `yields`.
    fn value(&mut self, expr: &Expr, depth: usize, yields: &str) {
        match expr {
            Expr::If(branch) => {
                let condition = self.words.say(&branch.cond);
                self.say(depth, &format!("if {condition}:"));
                self.block(&branch.then_branch, depth + 1, yields);
                let Some((_, otherwise)) = &branch.else_branch else { return };
                self.say(depth, "else:");
                self.value(otherwise, depth + 1, yields);
            }
            Expr::Block(block) => self.block(&block.block, depth, yields),
            Expr::ForLoop(each) => {
                let (one, all) = (self.words.pattern(&each.pat), self.words.say(&each.expr));
                self.say(depth, &format!("for each {one} of {all}:"));
                self.block(&each.body, depth + 1, "");
            }
            Expr::While(repeat) => {
                let condition = self.words.say(&repeat.cond);
                self.say(depth, &format!("while {condition}:"));
                self.block(&repeat.body, depth + 1, "");
            }
            Expr::Match(choice) => {
                let on = self.words.say(&choice.expr);
                for arm in &choice.arms {
                    let case = self.words.pattern(&arm.pat);
                    self.say(depth, &format!("if {on} is {case}:"));
                    self.value(&arm.body, depth + 1, yields);
                }
            }
            Expr::Return(back) => match &back.expr {
                Some(value) => self.value(value, depth, "→ "),
                None => self.say(depth, "→"),
            },
            Expr::Assign(assign) => {
                let left = self.words.say(&assign.left);
                self.value(&assign.right, depth, &format!("{left} ← "));
            }
            Expr::Binary(binary) if changes(&binary.op).is_some() => {
                let (left, sign) = (self.words.say(&binary.left), changes(&binary.op).unwrap_or_default());
                self.value(&binary.right, depth, &format!("{left} ← {left} {sign} "));
            }
            // What is decided inside of a call is decided first.
            Expr::Call(call) if call.args.len() == 1 && matches!(call.args[0], Expr::If(_) | Expr::Match(_)) => {
                let name = self.words.called(&call.func);
                self.value(&call.args[0], depth, &format!("{yields}{name} "));
            }
            other => {
                let text = self.words.tail(other, yields);
                self.say(depth, &text);
            }
        }
    }
}

impl Expressions<'_> {
    /// An input of a function but the policy itself.
    fn input(&self, input: &syn::FnArg) -> Option<String> {
        match input {
            syn::FnArg::Typed(typed) => Some(self.pattern(&typed.pat)),
            _ => None,
        }
    }

    fn pattern(&self, pattern: &Pat) -> String {
        match pattern {
            Pat::Ident(name) => name.ident.to_string(),
            Pat::Reference(inner) => self.pattern(&inner.pat),
            Pat::Type(typed) => self.pattern(&typed.pat),
            Pat::Paren(inner) => self.pattern(&inner.pat),
            other => self.raw(other.span()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r"
        use depot::prelude::*;

        pub struct Policy { steep: f64, mean: f64, scale: f64 }

        const MEMORY: f64 = 200.0;

        impl Policy {
            fn beyond(&mut self, value: f64) -> f64 {
                self.mean += (value - self.mean) / MEMORY;
                value.ln() - self.mean
            }
        }

        impl Sorter for Policy {
            fn new(parameters: &[f64]) -> Self {
                Policy { steep: 5.50, mean: 0.0, scale: parameters[0] }
            }

            fn send(&mut self, bag: &Bag, vans: &[Van]) -> Answer {
                // Express bags go at once.
                if bag.rank >= 0 && !bag.is_late() {
                    return Answer::Send;
                }
                let mut load = 0.0;
                for van in vans {
                    load += (f64::from(van.bags) / 5.0).max(van.fuel / 0.8);
                }
                let over = load / vans.len() as f64 * self.beyond(2.0 * (bag.size + 1.0)).exp() / self.scale;
                Answer::hold_if(if over == 0.0 { false } else { bag.draw() < 0.5 * over.powf(self.steep) })
            }
        }";

    #[test]
    fn a_rule_is_read_as_formulas_with_its_constants_in_place() {
        let expected = "\
MEMORY = 200
if bag.rank ≥ 0 and not bag.is_late():
  → Send
load = 0
for each van of vans:
  load ← load + max(van.bags / 5, van.fuel / 0.8)
over = load / (number of vans) · exp(beyond(2 · (bag.size + 1))) / scale
if over = 0:
  → hold if false
else:
  → hold if bag.draw() < 0.5 · over^5.5
beyond(value):
  mean ← mean + (value − mean) / MEMORY
  → ln(value) − mean";
        assert_eq!(formula(SOURCE).unwrap(), expected);
    }

    #[test]
    fn what_is_no_policy_has_no_formula() {
        assert_eq!(formula("pub struct Crane;"), None);
        assert_eq!(formula("not rust"), None);
    }
}
