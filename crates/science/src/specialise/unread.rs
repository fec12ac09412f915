//! What nobody reads: names, fields with all that only writes them, functions, variants, empty branches.

use super::Edit;
use super::facts::{Facts, HARMLESS, Names, only_writes};
use crate::source::{step, with_line};
use std::collections::BTreeMap;
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// What goes in one step.
pub(super) fn edits(text: &str, file: &syn::File, facts: &Facts) -> Vec<Edit> {
    let mut finder = Finder { text, facts, names: None, inherent: false, edits: Vec::new(), fields: BTreeMap::new() };
    for (field, used) in &facts.fields {
        if used.read == 0 && !used.lent {
            finder.fields.insert(field.clone(), Some(Vec::new()));
        }
    }
    finder.visit_file(file);
    finder.edits.extend(finder.fields.into_values().flatten().flatten());
    finder.edits
}

struct Finder<'t> {
    text: &'t str,
    facts: &'t Facts,
    names: Option<&'t Names>,
    /// Whether the functions being read are nobody's but the policy's.
    inherent: bool,
    edits: Vec<Edit>,
    /// For each field that nobody reads all that goes with it; none where a part of that cannot go.
    fields: BTreeMap<String, Option<Vec<Edit>>>,
}

impl Finder<'_> {
    fn stands_once(&self, name: &syn::Ident) -> bool {
        self.facts.words.get(&name.to_string()) == Some(&1)
    }

    fn unused(&self, name: &syn::Ident) -> bool {
        let name = name.to_string();
        !name.starts_with('_')
            && self.names.is_some_and(|names| {
                !names.used.contains_key(&name) && names.bound.get(&name).is_none_or(|times| *times == 1)
            })
    }

    fn drop_line(&mut self, place: Range<usize>) {
        self.edits.push((with_line(self.text, &place), String::new()));
    }

    /// A part of a list with its comma, and with its lines where it has them to itself.
    fn of_list(&self, place: Range<usize>) -> Edit {
        let (before, after) = (&self.text[..place.start], &self.text[place.end..]);
        let comma = after.trim_start().starts_with(',');
        let end = place.end + if comma { after.find(',').map_or(0, |at| at + 1) } else { 0 };
        let own_line = before.trim_end_matches(' ').ends_with('\n') && self.text[end..].starts_with('\n');
        match (own_line, comma) {
            (true, _) => (with_line(self.text, &(place.start..end)), String::new()),
            (false, true) => (place.start..end + usize::from(self.text[end..].starts_with(' ')), String::new()),
            (false, false) => (before.trim_end().trim_end_matches(',').len()..end, String::new()),
        }
    }

    fn function(&mut self, signature: &syn::Signature) {
        self.names = self.facts.functions.get(&signature.ident.span().byte_range().start);
        for argument in &signature.inputs {
            if let syn::FnArg::Typed(argument) = argument
                && let syn::Pat::Ident(name) = &*argument.pat
                && self.unused(&name.ident)
            {
                let at = name.ident.span().byte_range().start;
                self.edits.push((at..at, "_".into()));
            }
        }
    }

    fn is_pure(&self, expression: &syn::Expr) -> bool {
        let mut purity = Purity { names: self.names, pure: true };
        purity.visit_expr(expression);
        purity.pure
    }
}

impl<'a> Visit<'a> for Finder<'_> {
    fn visit_item(&mut self, item: &'a syn::Item) {
        let name = match item {
            syn::Item::Fn(item) => Some(&item.sig.ident),
            syn::Item::Const(item) => Some(&item.ident),
            syn::Item::Enum(item) => Some(&item.ident),
            syn::Item::Struct(item) => Some(&item.ident),
            _ => None,
        };
        match name.filter(|name| self.stands_once(name)) {
            Some(_) => self.drop_line(item.span().byte_range()),
            None => visit::visit_item(self, item),
        }
    }

    fn visit_item_impl(&mut self, item: &'a syn::ItemImpl) {
        self.inherent = item.trait_.is_none();
        visit::visit_item_impl(self, item);
        self.inherent = false;
    }

    fn visit_item_enum(&mut self, item: &'a syn::ItemEnum) {
        let unread: Vec<&syn::Variant> = item.variants.iter().filter(|v| self.stands_once(&v.ident)).collect();
        if unread.len() < item.variants.len() {
            let edits: Vec<Edit> = unread.iter().map(|variant| self.of_list(variant.span().byte_range())).collect();
            self.edits.extend(edits);
        }
    }

    fn visit_item_struct(&mut self, item: &'a syn::ItemStruct) {
        let syn::Fields::Named(fields) = &item.fields else { return };
        if self.facts.policy.as_ref().is_none_or(|policy| item.ident != policy) {
            return;
        }
        if fields.named.is_empty() {
            let end = fields.span().byte_range().end;
            self.edits.push((item.ident.span().byte_range().end..end, ";".into()));
        }
        for field in &fields.named {
            let edit = self.of_list(field.span().byte_range());
            let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
            if let Some(Some(edits)) = self.fields.get_mut(&name) {
                edits.push(edit);
            }
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'a syn::ImplItemFn) {
        if self.inherent && self.stands_once(&function.sig.ident) {
            return self.drop_line(function.span().byte_range());
        }
        self.function(&function.sig);
        self.visit_block(&function.block);
    }

    fn visit_item_fn(&mut self, function: &'a syn::ItemFn) {
        self.function(&function.sig);
        self.visit_block(&function.block);
    }

    fn visit_stmt(&mut self, statement: &'a syn::Stmt) {
        if let Some((field, value)) = only_writes(statement)
            && self.fields.contains_key(&field)
        {
            let edit = (with_line(self.text, &statement.span().byte_range()), String::new());
            let pure = self.is_pure(value);
            let all = self.fields.get_mut(&field).expect("it is there");
            *all = all.take().filter(|_| pure).map(|edits| edits.into_iter().chain([edit]).collect());
            return;
        }
        match statement {
            syn::Stmt::Local(local) => {
                if let (syn::Pat::Ident(name), Some(init)) = (&local.pat, &local.init)
                    && self.unused(&name.ident)
                    && init.diverge.is_none()
                    && self.is_pure(&init.expr)
                {
                    return self.drop_line(statement.span().byte_range());
                }
            }
            syn::Stmt::Expr(syn::Expr::If(chain), _)
                if chain.then_branch.stmts.is_empty() && chain.else_branch.is_none() && self.is_pure(&chain.cond) =>
            {
                return self.drop_line(statement.span().byte_range());
            }
            _ => {}
        }
        visit::visit_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a syn::Expr) {
        step();
        visit::visit_expr(self, expression);
    }

    fn visit_expr_struct(&mut self, whole: &'a syn::ExprStruct) {
        let is_policy = whole
            .path
            .get_ident()
            .is_some_and(|name| name == "Self" || self.facts.policy.as_ref().is_some_and(|policy| name == policy));
        if !is_policy {
            return visit::visit_expr_struct(self, whole);
        }
        if whole.fields.is_empty() && whole.rest.is_none() {
            let (name, all) = (whole.path.span().byte_range(), whole.span().byte_range());
            self.edits.push((name.end..all.end, String::new()));
        }
        for field in &whole.fields {
            let syn::Member::Named(name) = &field.member else { continue };
            let name = name.to_string();
            if self.fields.contains_key(&name) {
                let (edit, pure) = (self.of_list(field.span().byte_range()), self.is_pure(&field.expr));
                let all = self.fields.get_mut(&name).expect("it is there");
                *all = all.take().filter(|_| pure).map(|edits| edits.into_iter().chain([edit]).collect());
            }
        }
    }

    fn visit_expr_if(&mut self, chain: &'a syn::ExprIf) {
        if let Some((_, otherwise)) = &chain.else_branch
            && matches!(&**otherwise, syn::Expr::Block(block) if block.block.stmts.is_empty())
        {
            let end = otherwise.span().byte_range().end;
            self.edits.push((chain.then_branch.span().byte_range().end..end, String::new()));
        }
        visit::visit_expr_if(self, chain);
    }
}

/// Whether an expression only says something, so that nothing is lost with it.
struct Purity<'n> {
    names: Option<&'n Names>,
    pure: bool,
}

impl<'a> Visit<'a> for Purity<'_> {
    fn visit_expr(&mut self, expression: &'a syn::Expr) {
        step();
        let root = |mut receiver: &syn::Expr| loop {
            receiver = match receiver {
                syn::Expr::Field(field) => &field.base,
                syn::Expr::Index(index) => &index.expr,
                syn::Expr::Paren(inner) => &inner.expr,
                syn::Expr::MethodCall(call) => &call.receiver,
                syn::Expr::Path(path) => return path.path.get_ident().map(ToString::to_string),
                _ => return None,
            };
        };
        self.pure &= match expression {
            syn::Expr::Macro(_) | syn::Expr::Assign(_) | syn::Expr::Return(_) | syn::Expr::Break(_) => false,
            syn::Expr::Continue(_) | syn::Expr::Try(_) | syn::Expr::Unsafe(_) => false,
            syn::Expr::Reference(lent) => lent.mutability.is_none(),
            // What may change itself, or whoever is lent to be changed.
            syn::Expr::MethodCall(call) => {
                let harmless = HARMLESS.contains(&call.method.to_string().as_str());
                harmless || root(&call.receiver).is_none_or(|name| name != "self")
            }
            syn::Expr::Path(path) => !path
                .path
                .get_ident()
                .is_some_and(|name| self.names.is_some_and(|names| names.lent.contains(&name.to_string()))),
            _ => true,
        };
        visit::visit_expr(self, expression);
    }
}
