//! What the items of a file are.

use super::{Const, Enum, Field, Function, Item, Items, Part, Reading, Receiver, Struct, docs, plain};
use crate::Refusal;
use crate::names::{Taken, camel};
use crate::types::Ty;

impl<'a> Items<'a> {
    /// Takes in the items of a text.
    pub(crate) fn read(
        &mut self,
        file: &'a syn::File,
        part: Part,
        reading: &Reading<'_>,
        taken: &mut Taken,
    ) -> Result<(), Refusal> {
        for item in &file.items {
            self.declare_type(item, part, reading, taken)?;
        }
        if part == Part::Candidate {
            self.name_constants(file, reading, taken);
        }
        for item in &file.items {
            match item {
                syn::Item::Struct(item) => match (self.fields(item), part) {
                    // What a contract has besides is not for policies to look at.
                    (Err(_), Part::Contract) => self.forget(&item.ident.to_string()),
                    (done, _) => done?,
                },
                syn::Item::Const(item) => {
                    let place = (&item.ident, &*item.ty, &*item.expr);
                    self.constant(place, &item.attrs, None, part, (reading, taken))?;
                }
                syn::Item::Fn(item) if part == Part::Candidate => {
                    self.function(&item.sig, Some(&item.block), &item.attrs, None, part, (reading, taken))?;
                }
                syn::Item::Impl(item) => self.implementation(item, part, reading, taken)?,
                _ if part == Part::Contract => {}
                syn::Item::Use(_) | syn::Item::Enum(_) | syn::Item::Fn(_) => {}
                syn::Item::Type(item) => return Err(Refusal::at(item, "a type alias; write the type itself")),
                other => {
                    return Err(Refusal::at(
                        other,
                        "an item that has no counterpart; use structs, enums without data, constants, functions and `impl` blocks",
                    ));
                }
            }
        }
        Ok(())
    }

    pub(super) fn declare_type(
        &mut self,
        item: &syn::Item,
        part: Part,
        reading: &Reading<'_>,
        taken: &mut Taken,
    ) -> Result<(), Refusal> {
        let wanted = |name: &str| {
            part == Part::Candidate
                || matches!(item_visibility(item), Some(syn::Visibility::Public(_))) && !name.is_empty()
        };
        match item {
            syn::Item::Struct(item) if wanted(&item.ident.to_string()) => {
                let name = item.ident.to_string();
                if reading.opaque.contains(&name) {
                    self.opaque.insert(name);
                    return Ok(());
                }
                if !item.generics.params.iter().all(|parameter| matches!(parameter, syn::GenericParam::Lifetime(_))) {
                    return Err(Refusal::at(
                        &item.generics,
                        "a type with parameters; write it for the types that it is used with",
                    ));
                }
                self.name_type(&item.ident, taken)?;
                let has_default = derives(&item.attrs, "Default");
                self.structs.insert(name.clone(), Struct { docs: docs(&item.attrs), fields: vec![], has_default });
                self.order.push((part, Item::Struct(name)));
            }
            syn::Item::Enum(item) if wanted(&item.ident.to_string()) => {
                let name = item.ident.to_string();
                self.name_type(&item.ident, taken)?;
                let mut variants = Vec::new();
                for variant in &item.variants {
                    if !variant.fields.is_empty() || variant.discriminant.is_some() {
                        return Err(Refusal::at(
                            variant,
                            "a variant with data or a number; keep the data in fields of a struct",
                        ));
                    }
                    let own = variant.ident.to_string();
                    let go = taken.take(&format!("{}{own}", camel(&name, false)), "Value");
                    variants.push((own, go, docs(&variant.attrs)));
                }
                self.enums.insert(name.clone(), Enum { docs: docs(&item.attrs), variants });
                self.order.push((part, Item::Enum(name)));
            }
            _ => {}
        }
        Ok(())
    }

    /// Constants may be used above where they stand.
    pub(super) fn name_constants(&mut self, file: &syn::File, reading: &Reading<'_>, taken: &mut Taken) {
        let mut name = |rust: String, ident: &syn::Ident| {
            self.const_names.insert(rust, free(&plain(ident, false), "Const", reading, taken));
        };
        for item in &file.items {
            match item {
                syn::Item::Const(item) => name(item.ident.to_string(), &item.ident),
                syn::Item::Impl(item) if item.trait_.is_none() => {
                    let syn::Type::Path(ty) = &*item.self_ty else { continue };
                    let Some(owner) = ty.path.segments.last() else { continue };
                    for inner in &item.items {
                        if let syn::ImplItem::Const(inner) = inner {
                            name(format!("{}::{}", owner.ident, inner.ident), &inner.ident);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Types keep their names.
    pub(super) fn name_type(&self, ident: &syn::Ident, taken: &mut Taken) -> Result<(), Refusal> {
        let name = ident.to_string();
        if !name.is_ascii() || taken.has(&name) {
            return Err(Refusal::at(ident, format!("`{name}` is taken in the package; give the type another name")));
        }
        taken.take(&name, "");
        Ok(())
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.structs.remove(name);
        self.order.retain(|(_, item)| !matches!(item, Item::Struct(own) if own == name));
    }

    pub(super) fn fields(&mut self, item: &syn::ItemStruct) -> Result<(), Refusal> {
        let name = item.ident.to_string();
        if !self.structs.contains_key(&name) {
            return Ok(());
        }
        let mut fields: Vec<Field> = Vec::new();
        for (at, field) in item.fields.iter().enumerate() {
            let own = field.ident.as_ref().map_or(at.to_string(), syn::Ident::to_string);
            let go = field.ident.as_ref().map_or(format!("value{at}"), |ident| plain(ident, false));
            if field.ident.as_ref().is_some_and(|ident| !is_ascii(ident)) || fields.iter().any(|field| field.go == go) {
                return Err(Refusal::at(field, "a field whose name has no counterpart of its own"));
            }
            let ty = self.ty(&field.ty, Some(&name))?;
            let docs = docs(&field.attrs);
            fields.push(Field { name: own, go: field_name(&go), ty, docs });
        }
        if let Some(own) = self.structs.get_mut(&name) {
            own.fields = fields;
        }
        Ok(())
    }

    pub(super) fn constant(
        &mut self,
        (ident, ty, value): (&'a syn::Ident, &syn::Type, &'a syn::Expr),
        attrs: &[syn::Attribute],
        owner: Option<&str>,
        part: Part,
        (reading, taken): (&Reading<'_>, &mut Taken),
    ) -> Result<(), Refusal> {
        let Ok(ty) = self.ty(ty, owner) else {
            if part == Part::Contract {
                return Ok(());
            }
            return Err(self.ty(ty, owner).err().unwrap_or_else(|| Refusal::at(ident, "its type")));
        };
        if part == Part::Contract {
            return Ok(());
        }
        let name = owner.map_or(ident.to_string(), |owner| format!("{owner}::{ident}"));
        let go =
            self.const_names.get(&name).cloned().unwrap_or_else(|| free(&plain(ident, false), "Const", reading, taken));
        let owner = owner.map(str::to_owned);
        self.consts.insert(name.clone(), Const { docs: docs(attrs), go, ty, value, owner });
        self.order.push((part, Item::Const(name)));
        Ok(())
    }

    pub(super) fn implementation(
        &mut self,
        item: &'a syn::ItemImpl,
        part: Part,
        reading: &Reading<'_>,
        taken: &mut Taken,
    ) -> Result<(), Refusal> {
        let syn::Type::Path(ty) = &*item.self_ty else { return Ok(()) };
        let owner = ty.path.segments.last().map_or(String::new(), |last| last.ident.to_string());
        let known =
            self.structs.contains_key(&owner) || self.enums.contains_key(&owner) || self.opaque.contains(&owner);
        let of_trait = item.trait_.as_ref().and_then(|implemented| implemented.0.segments.last());
        let is_own = of_trait.is_none_or(|of| of.ident == reading.interface);
        if part == Part::Contract && (!known || of_trait.is_some()) {
            return Ok(());
        }
        if !known || !is_own {
            return Err(Refusal::at(
                item,
                "an implementation of another trait; write plain functions or methods instead",
            ));
        }
        for inner in &item.items {
            match inner {
                syn::ImplItem::Fn(function) => {
                    let body = (!self.opaque.contains(&owner)).then_some(&function.block);
                    let head = (&function.sig, body, &function.attrs[..]);
                    let done = self.function(head.0, head.1, head.2, Some(&owner), part, (reading, taken));
                    if part == Part::Candidate {
                        done?;
                    }
                }
                // What a trait declares is read apart.
                syn::ImplItem::Const(_) if of_trait.is_some() => {}
                syn::ImplItem::Const(constant) => {
                    let place = (&constant.ident, &constant.ty, &constant.expr);
                    self.constant(place, &constant.attrs, Some(&owner), part, (reading, taken))?;
                }
                other => return Err(Refusal::at(other, "an item of an `impl` block that has no counterpart")),
            }
        }
        Ok(())
    }

    pub(super) fn function(
        &mut self,
        sig: &'a syn::Signature,
        body: Option<&'a syn::Block>,
        attrs: &[syn::Attribute],
        owner: Option<&str>,
        part: Part,
        (reading, taken): (&Reading<'_>, &mut Taken),
    ) -> Result<(), Refusal> {
        if sig.generics.params.iter().any(|parameter| !matches!(parameter, syn::GenericParam::Lifetime(_))) {
            return Err(Refusal::at(
                &sig.generics,
                "a function with type parameters; write it for the types that it is used with",
            ));
        }
        let (mut receiver, mut parameters) = (None, Vec::new());
        for input in &sig.inputs {
            match input {
                syn::FnArg::Receiver(own) => {
                    receiver = Some(match &own.kind {
                        syn::ReceiverKind::Reference(_, _, Some(_)) => Receiver::Mutable,
                        syn::ReceiverKind::Reference(..) => Receiver::Shared,
                        syn::ReceiverKind::Value => Receiver::Value,
                        _ => {
                            return Err(Refusal::at(
                                own,
                                "a receiver with a type; write `self`, `&self` or `&mut self`",
                            ));
                        }
                    });
                }
                syn::FnArg::Typed(typed) => parameters.push((&*typed.pat, self.ty(&typed.ty, owner)?)),
            }
        }
        let result = match &sig.output {
            syn::ReturnType::Default => Ty::UNIT,
            syn::ReturnType::Type(_, ty) => self.ty(ty, owner)?,
        };
        let name = owner.map_or(sig.ident.to_string(), |owner| format!("{owner}::{}", sig.ident));
        let plain = plain(&sig.ident, false);
        let go = match (owner, receiver) {
            // A method: its name must only not be a field's.
            (Some(owner), Some(_)) => {
                let fields = self.structs.get(owner).map_or(&[][..], |own| &own.fields);
                let method = if fields.iter().any(|field| field.go == plain) { format!("{plain}Of") } else { plain };
                field_name(&method)
            }
            (Some(owner), None) if matches!(plain.as_str(), "new" | "default" | "from") || taken.has(&plain) => {
                taken.take(&format!("{plain}{owner}"), "Of")
            }
            _ => free(&plain, "Of", reading, taken),
        };
        if !is_ascii(&sig.ident) {
            return Err(Refusal::at(&sig.ident, "a name that is not ASCII"));
        }
        let owner = owner.map(str::to_owned);
        let function = Function { docs: docs(attrs), go, owner, receiver, parameters, result, body };
        self.functions.insert(name.clone(), function);
        self.order.push((part, Item::Function(name)));
        Ok(())
    }
}

/// A name that neither the package nor a variable has.
pub(super) fn free(name: &str, suffix: &str, reading: &Reading<'_>, taken: &mut Taken) -> String {
    let own = if reading.locals.contains(name) { format!("{name}{suffix}") } else { name.to_owned() };
    taken.take(&own, suffix)
}

pub(super) fn item_visibility(item: &syn::Item) -> Option<&syn::Visibility> {
    match item {
        syn::Item::Struct(item) => Some(&item.vis),
        syn::Item::Enum(item) => Some(&item.vis),
        _ => None,
    }
}

pub(super) fn is_ascii(ident: &syn::Ident) -> bool {
    ident.to_string().is_ascii()
}

/// A field or method may have any name but a keyword.
pub(super) fn field_name(name: &str) -> String {
    if is_keyword(name) { format!("{name}Value") } else { name.to_owned() }
}

/// Whether a word is a keyword of Go, which names nothing.
pub fn is_keyword(name: &str) -> bool {
    const KEYWORDS: &[&str] = &[
        "break",
        "case",
        "chan",
        "const",
        "continue",
        "default",
        "defer",
        "else",
        "fallthrough",
        "for",
        "func",
        "go",
        "goto",
        "if",
        "import",
        "interface",
        "map",
        "package",
        "range",
        "return",
        "select",
        "struct",
        "switch",
        "type",
        "var",
    ];
    KEYWORDS.contains(&name)
}

pub(super) fn derives(attrs: &[syn::Attribute], wanted: &str) -> bool {
    attrs.iter().any(|attr| {
        let mut found = false;
        if attr.path().is_ident("derive") {
            let _ = attr.parse_nested_meta(|meta| {
                found |= meta.path.is_ident(wanted);
                Ok(())
            });
        }
        found
    })
}
