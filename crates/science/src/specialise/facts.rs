//! What is known of a whole source: which names and fields always have the same value, and who reads and writes what.

use super::constant::Constant;
use crate::source::step;
use proc_macro2::TokenTree;
use std::collections::{BTreeMap, BTreeSet};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// What is known of a whole source.
#[derive(Default)]
pub(super) struct Facts {
    /// The enums that it declares.
    pub(super) enums: BTreeSet<String>,
    /// Fields of the policy that have the value that `new` gives them for ever.
    pub(super) constants: BTreeMap<String, Constant>,
    /// What happens to each field of the policy.
    pub(super) fields: BTreeMap<String, Use>,
    /// How often a name is bound in a function, by the place where the function begins.
    pub(super) functions: BTreeMap<usize, Names>,
    /// The name of the policy's type.
    pub(super) policy: Option<String>,
    /// How often a word stands anywhere.
    pub(super) words: BTreeMap<String, usize>,
}

/// What happens to a field of the policy.
#[derive(Clone, Copy, Default)]
pub(super) struct Use {
    pub(super) read: usize,
    /// Statements that only write it.
    pub(super) written: usize,
    /// Whether it may change in another way.
    pub(super) lent: bool,
}

/// The names of a function.
#[derive(Default)]
pub(super) struct Names {
    pub(super) bound: BTreeMap<String, usize>,
    pub(super) used: BTreeMap<String, usize>,
    /// What a name stands for where it is bound once and to a known value.
    pub(super) constants: BTreeMap<String, Constant>,
    /// Arguments that are lent to be changed.
    pub(super) lent: BTreeSet<String>,
}

impl Facts {
    pub(super) fn of(text: &str, file: &syn::File) -> Facts {
        let mut facts = Facts::default();
        for item in &file.items {
            if let syn::Item::Enum(item) = item {
                facts.enums.insert(item.ident.to_string());
            }
        }
        let mut reader = Reader { text, facts, function: 0, made: Vec::new(), is_new: false, bare_self: false };
        reader.visit_file(file);
        let Reader { mut facts, made, bare_self, .. } = reader;
        for (field, value) in made {
            let used = facts.fields.entry(field.clone()).or_default();
            used.lent |= bare_self;
            if let Some(value) = value.filter(|_| used.written == 0 && !used.lent) {
                facts.constants.insert(field, value);
            }
        }
        facts
    }
}

/// The field of the policy that an expression is, if it is one.
pub(super) fn own_field(expression: &syn::Expr) -> Option<String> {
    let syn::Expr::Field(field) = expression else { return None };
    match (&*field.base, &field.member) {
        (syn::Expr::Path(base), syn::Member::Named(name)) if base.path.is_ident("self") => Some(name.to_string()),
        _ => None,
    }
}

/// Methods that leave what they are called on as it is, whoever declares them.
pub(super) const HARMLESS: [&str; 26] = [
    "abs",
    "as_ref",
    "ceil",
    "clamp",
    "clone",
    "contains",
    "copied",
    "exp",
    "first",
    "floor",
    "get",
    "is_empty",
    "is_none",
    "is_some",
    "iter",
    "last",
    "len",
    "ln",
    "max",
    "min",
    "powf",
    "powi",
    "saturating_sub",
    "sqrt",
    "tanh",
    "unwrap_or",
];

struct Reader<'t> {
    text: &'t str,
    facts: Facts,
    /// Where the function begins that is being read.
    function: usize,
    /// The fields that `new` makes the policy of.
    made: Vec<(String, Option<Constant>)>,
    is_new: bool,
    /// Whether the policy is handed on as a whole.
    bare_self: bool,
}

impl Reader<'_> {
    fn names(&mut self) -> &mut Names {
        self.facts.functions.entry(self.function).or_default()
    }

    fn field(&mut self, name: String) -> &mut Use {
        self.facts.fields.entry(name).or_default()
    }

    fn within(&mut self, signature: &syn::Signature, read: impl FnOnce(&mut Self)) {
        let outer = (self.function, self.is_new);
        (self.function, self.is_new) = (signature.ident.span().byte_range().start, signature.ident == "new");
        for argument in &signature.inputs {
            if let syn::FnArg::Typed(argument) = argument
                && let (syn::Pat::Ident(name), syn::Type::Reference(lent)) = (&*argument.pat, &*argument.ty)
                && lent.mutability.is_some()
            {
                self.names().lent.insert(name.ident.to_string());
            }
        }
        read(self);
        (self.function, self.is_new) = outer;
    }

    /// Whatever of the policy is written to or lent within an expression.
    fn lend(&mut self, expression: &syn::Expr) {
        match expression {
            syn::Expr::Field(field) => match own_field(expression) {
                Some(name) => self.field(name).lent = true,
                None => self.lend(&field.base),
            },
            syn::Expr::Index(index) => self.lend(&index.expr),
            syn::Expr::Paren(inner) => self.lend(&inner.expr),
            syn::Expr::MethodCall(call) => self.lend(&call.receiver),
            _ => {}
        }
    }

    /// What is known before anything else: the enums.
    fn enums(&self) -> Facts {
        Facts { enums: self.facts.enums.clone(), ..Facts::default() }
    }

    /// The words that a macro is given.
    fn words(&mut self, tokens: proc_macro2::TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.words(group.stream()),
                TokenTree::Ident(word) => {
                    *self.names().used.entry(word.to_string()).or_default() += 1;
                    self.visit_ident(&word);
                }
                _ => {}
            }
        }
    }
}

impl<'a> Visit<'a> for Reader<'_> {
    fn visit_ident(&mut self, word: &'a proc_macro2::Ident) {
        *self.facts.words.entry(word.to_string()).or_default() += 1;
    }

    fn visit_impl_item_fn(&mut self, function: &'a syn::ImplItemFn) {
        self.within(&function.sig, |reader| visit::visit_impl_item_fn(reader, function));
    }

    fn visit_item_fn(&mut self, function: &'a syn::ItemFn) {
        self.within(&function.sig, |reader| visit::visit_item_fn(reader, function));
    }

    fn visit_pat_ident(&mut self, name: &'a syn::PatIdent) {
        *self.names().bound.entry(name.ident.to_string()).or_default() += 1;
        visit::visit_pat_ident(self, name);
    }

    fn visit_local(&mut self, local: &'a syn::Local) {
        let pattern = match &local.pat {
            syn::Pat::Type(typed) => &*typed.pat,
            pattern => pattern,
        };
        if let (syn::Pat::Ident(name), Some(init)) = (pattern, &local.init)
            && name.mutability.is_none()
            && name.by_ref.is_none()
            && let Some(value) = Constant::of(&init.expr, self.text, &self.enums())
        {
            self.names().constants.insert(name.ident.to_string(), value);
        }
        visit::visit_local(self, local);
    }

    fn visit_expr(&mut self, expression: &'a syn::Expr) {
        step();
        if let Some(name) = own_field(expression) {
            self.field(name).read += 1;
            return;
        }
        match expression {
            syn::Expr::Path(path) if path.path.is_ident("self") => self.bare_self = true,
            syn::Expr::Path(path) => {
                if let Some(name) = path.path.get_ident() {
                    *self.names().used.entry(name.to_string()).or_default() += 1;
                }
            }
            syn::Expr::Assign(assign) => self.lend(&assign.left),
            syn::Expr::Reference(lent) if lent.mutability.is_some() => self.lend(&lent.expr),
            syn::Expr::MethodCall(call) => {
                if !HARMLESS.contains(&call.method.to_string().as_str()) {
                    self.lend(&call.receiver);
                }
                if matches!(&*call.receiver, syn::Expr::Path(path) if path.path.is_ident("self")) {
                    call.args.iter().for_each(|argument| self.visit_expr(argument));
                    self.visit_ident(&call.method);
                    return;
                }
            }
            syn::Expr::Binary(binary) if is_assignment(&binary.op) => self.lend(&binary.left),
            syn::Expr::Struct(whole) if self.is_new => {
                let (enums, text) = (self.enums(), self.text);
                let names = self.names().constants.clone();
                let value = |given: &syn::Expr| match given {
                    syn::Expr::Path(path) => names.get(&path.path.get_ident()?.to_string()).cloned(),
                    _ => Constant::of(given, text, &enums),
                };
                let made = |field: &syn::FieldValue| match &field.member {
                    syn::Member::Named(name) => Some((name.to_string(), value(&field.expr))),
                    syn::Member::Unnamed(_) => None,
                };
                let is_policy = whole.path.segments.len() == 1;
                self.made.extend(whole.fields.iter().filter_map(made).filter(|_| is_policy));
            }
            _ => {}
        }
        visit::visit_expr(self, expression);
    }

    /// A statement that only writes a field does not read it.
    fn visit_stmt(&mut self, statement: &'a syn::Stmt) {
        if let Some((name, value)) = only_writes(statement) {
            self.field(name).written += 1;
            self.visit_expr(value);
            return;
        }
        visit::visit_stmt(self, statement);
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        if let Some((scrutinee, pattern)) = matches(call) {
            self.visit_expr(&scrutinee);
            self.visit_pat(&pattern);
            return;
        }
        // What a macro does with the policy, nobody can say.
        self.bare_self |= self.text.get(call.span().byte_range()).is_none_or(|text| text.contains("self"));
        self.words(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_item_impl(&mut self, item: &'a syn::ItemImpl) {
        let makes = item.items.iter().any(|item| matches!(item, syn::ImplItem::Fn(new) if new.sig.ident == "new"));
        if let (true, Some(_), syn::Type::Path(path)) = (makes, &item.trait_, &*item.self_ty) {
            self.facts.policy = path.path.get_ident().map(ToString::to_string);
        }
        visit::visit_item_impl(self, item);
    }
}

/// What `matches!` looks at, and the pattern that it looks for.
pub(super) fn matches(call: &syn::Macro) -> Option<(syn::Expr, syn::Pat)> {
    let parse = |input: syn::parse::ParseStream<'_>| {
        let scrutinee = input.parse()?;
        input.parse::<syn::Token![,]>()?;
        Ok((scrutinee, syn::Pat::parse_multi_with_leading_vert(input)?))
    };
    let matches = call.path.is_ident("matches");
    matches.then(|| syn::parse::Parser::parse2(parse, call.tokens.clone()).ok())?
}

/// The field of the policy that a statement writes, and what it writes there or adds to it.
pub(super) fn only_writes(statement: &syn::Stmt) -> Option<(String, &syn::Expr)> {
    match statement {
        syn::Stmt::Expr(syn::Expr::Assign(assign), _) => Some((own_field(&assign.left)?, &assign.right)),
        syn::Stmt::Expr(syn::Expr::Binary(binary), _) if is_assignment(&binary.op) => {
            Some((own_field(&binary.left)?, &binary.right))
        }
        _ => None,
    }
}

fn is_assignment(operator: &syn::BinOp) -> bool {
    use syn::BinOp;
    matches!(
        operator,
        BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_)
    )
}
