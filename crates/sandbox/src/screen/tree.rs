//! The visit of the syntax tree, which knows what the tokens mean.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::Refusal;
use super::names::{self, plain};
use crate::kit::Kit;

/// Refuses what no candidate needs, the first offence in the order of the text's structure.
pub(super) fn check(file: &syn::File, kit: &Kit) -> Result<(), Refusal> {
    let mut names = Names::default();
    names.visit_file(file);
    let mut tree = Tree { kit, names: names.0, modules: 0, refusal: None };
    tree.visit_file(file);
    tree.refusal.map_or(Ok(()), Err)
}

/// The names that the text itself gives to items and imports.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Visit<'_> for Names {
    fn visit_item(&mut self, item: &syn::Item) {
        let name = match item {
            syn::Item::Enum(item) => &item.ident,
            syn::Item::Mod(item) => &item.ident,
            syn::Item::Struct(item) => &item.ident,
            syn::Item::Trait(item) => &item.ident,
            syn::Item::Type(item) => &item.ident,
            _ => return visit::visit_item(self, item),
        };
        self.0.insert(plain(name));
        visit::visit_item(self, item);
    }

    fn visit_use_name(&mut self, name: &syn::UseName) {
        self.0.insert(plain(&name.ident));
    }

    fn visit_use_rename(&mut self, name: &syn::UseRename) {
        self.0.insert(plain(&name.rename));
    }
}

struct Tree<'a> {
    kit: &'a Kit,
    names: BTreeSet<String>,
    /// The number of modules around the current place.
    modules: usize,
    /// The first offence.
    refusal: Option<Refusal>,
}

impl Tree<'_> {
    fn refuse(&mut self, span: Span, reason: impl Into<String>) {
        self.refusal.get_or_insert_with(|| Refusal::at(span, reason));
    }

    /// A path: the leading words decide where it leads.
    fn check_path(&mut self, path: &syn::Path) {
        let words: Vec<&Ident> =
            path.segments.iter().map(|segment| &segment.ident).inspect(|_| super::step()).collect();
        self.check_words(&words, path.leading_colon.is_some());
    }

    fn check_words(&mut self, words: &[&Ident], from_crates: bool) {
        let Some(&root) = words.first() else { return };
        super::step();
        let name = plain(root);
        let is_path = words.len() > 1;
        if root == "crate" && is_path {
            return self.refuse(root.span(), "`crate` leads out of the candidate; use `self` or `super`");
        }
        let beyond_self = words.iter().skip(usize::from(root == "self"));
        let words_up = beyond_self.take(self.modules + 1).take_while(|&&word| word == "super").count();
        if words_up > self.modules {
            return self.refuse(root.span(), "`super` leads out of the candidate");
        }
        if from_crates && name != "core" && name != self.kit.name {
            return self.refuse(root.span(), format!("the crate `{name}` is out of reach"));
        }
        if is_path && let Some(reason) = names::refused_crate(&name) {
            return self.refuse(root.span(), reason);
        }
        if let Some(&item) = words.get(1)
            && let Some(reason) = names::refused_item(self.kit, &name, &plain(item))
        {
            self.refuse(item.span(), reason);
        }
    }

    /// The leaves of a `use`, each with the words that lead to it.
    fn check_use<'t>(&mut self, tree: &'t syn::UseTree, words: &mut Vec<&'t Ident>, from_crates: bool) {
        match tree {
            syn::UseTree::Path(path) => {
                words.push(&path.ident);
                self.check_use(&path.tree, words, from_crates);
                words.pop();
            }
            syn::UseTree::Name(name) => self.check_leaf(&name.ident, words, from_crates),
            syn::UseTree::Rename(name) => self.check_leaf(&name.ident, words, from_crates),
            syn::UseTree::Glob(glob) => self.check_glob(glob.span(), words, from_crates),
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.check_use(tree, words, from_crates));
            }
        }
    }

    fn check_leaf<'t>(&mut self, leaf: &'t Ident, words: &mut Vec<&'t Ident>, from_crates: bool) {
        // `self` at the end stands for what leads to it.
        let own_name = leaf != "self" || words.is_empty();
        self.check_import(leaf.span(), words, from_crates);
        if own_name {
            words.push(leaf);
            self.check_words(words, from_crates);
            words.pop();
        } else if words.len() == 1 {
            self.refuse(leaf.span(), WHOLE);
        }
    }

    fn check_glob(&mut self, span: Span, words: &[&Ident], from_crates: bool) {
        self.check_import(span, words, from_crates);
        if let [root] = words
            && (plain(root) == "core" || plain(root) == self.kit.name)
        {
            self.refuse(span, WHOLE);
        }
    }

    /// `words` lead to what is imported, without its own name.
    fn check_import(&mut self, span: Span, words: &[&Ident], from_crates: bool) {
        let Some(&root) = words.first() else { return self.refuse(span, WHOLE) };
        let name = plain(root);
        let own = root == "self" || root == "super" || self.names.contains(&name);
        if name != "core" && name != self.kit.name && !own {
            let reason = format!("`{name}` is out of reach: candidates have `core` and `{}` only", self.kit.name);
            return self.refuse(root.span(), reason);
        }
        self.check_words(words, from_crates);
    }
}

const WHOLE: &str = "a whole crate cannot be imported; name what you need of it";

impl Visit<'_> for Tree<'_> {
    fn visit_item_mod(&mut self, module: &syn::ItemMod) {
        if module.content.is_none() {
            self.refuse(module.span(), "a candidate is a single file");
        }
        self.modules += 1;
        visit::visit_item_mod(self, module);
        self.modules -= 1;
    }

    fn visit_item_use(&mut self, item: &syn::ItemUse) {
        self.check_use(&item.tree, &mut Vec::new(), item.leading_colon.is_some());
    }

    fn visit_path(&mut self, path: &syn::Path) {
        self.check_path(path);
        visit::visit_path(self, path);
    }

    fn visit_item_static(&mut self, item: &syn::ItemStatic) {
        self.refuse(item.span(), "a `static` would carry state from one run to another; keep it in the policy");
    }

    fn visit_item_extern_crate(&mut self, item: &syn::ItemExternCrate) {
        self.refuse(item.span(), "foreign crates are out of reach");
    }

    fn visit_item_foreign_mod(&mut self, item: &syn::ItemForeignMod) {
        self.refuse(item.span(), "foreign functions are out of reach");
    }

    fn visit_item_macro(&mut self, item: &syn::ItemMacro) {
        self.refuse(item.span(), "macros have no place among items");
    }

    fn visit_abi(&mut self, abi: &syn::Abi) {
        self.refuse(abi.span(), "foreign interfaces are out of reach");
    }

    fn visit_expr_unsafe(&mut self, block: &syn::ExprUnsafe) {
        self.refuse(block.span(), "`unsafe` is not for candidates");
    }

    fn visit_macro(&mut self, invocation: &syn::Macro) {
        self.check_path(&invocation.path);
        let name = invocation.path.segments.last().map(|segment| plain(&segment.ident)).unwrap_or_default();
        if !names::MACROS.contains(&name.as_str()) {
            self.refuse(invocation.span(), format!("the macro `{name}!` is not for candidates"));
        }
    }

    fn visit_attribute(&mut self, attribute: &syn::Attribute) {
        let name = attribute.path().get_ident().map(plain).unwrap_or_default();
        let inner = matches!(attribute.style, syn::AttrStyle::Inner(_)) && name != "doc";
        if inner || !names::ATTRIBUTES.contains(&name.as_str()) {
            self.refuse(attribute.span(), format!("the attribute `{name}` is not for candidates here"));
        }
    }
}
