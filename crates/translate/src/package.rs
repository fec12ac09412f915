//! A contract and a candidate, as the files of a Go package.

use crate::Refusal;
use crate::go::print::Names;
use crate::go::{Expr, helpers};
use crate::items::{Item, Items, Part, Reading};
use crate::lower::{Body, Context, Written};
use crate::maths;
use crate::names::{Taken, camel};
use crate::types::Ty;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use syn::visit::Visit;

/// What a candidate is translated against, and into.
#[derive(Clone, Debug)]
pub struct Target<'a> {
    /// The text of the contract.
    pub contract: &'a str,
    /// The trait of the contract that a candidate implements.
    pub interface: &'a str,
    /// The type that a candidate implements it for.
    pub state: &'a str,
    /// The function of the trait that makes one, from the values of the tunables.
    pub start: &'a str,
    /// The constant of the trait that declares the tunables: an array of structs with `name`, `default`, `low` and `high`.
    pub tunables: &'a str,
    /// Types of the contract that the scaffold defines.
    pub opaque: &'a [String],
    /// Names at the top of the package that the scaffold has.
    pub reserved: &'a [String],
    /// How the scaffold calls the struct of the parameters.
    pub parameters: &'a str,
    /// The package's name.
    pub package: &'a str,
    /// What every file begins with: comment lines.
    pub header: &'a str,
}

/// A candidate in Go.
#[derive(Clone, Debug)]
pub struct Translation {
    /// Names and texts of files.
    pub files: Vec<(String, String)>,
    /// What may be set.
    pub tunables: Vec<Tunable>,
    /// The fields of the contract that decide, as `Type.field`.
    pub reads: BTreeSet<String>,
    /// The functions of opaque types that are called, as `Type::name`.
    pub calls: BTreeSet<String>,
}

/// A tunable of the candidate: a parameter of the plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct Tunable {
    /// Its name.
    pub name: String,
    /// Its field in Go.
    pub field: String,
    /// The author's value.
    pub default: f64,
    /// The smallest that makes sense.
    pub low: f64,
    /// The largest.
    pub high: f64,
}

/// Translates a candidate.
pub fn translate(source: &str, target: &Target<'_>) -> Result<Translation, Refusal> {
    let parse = |text: &str| {
        syn::parse_file(text).map_err(|error| {
            let start = error.span().start();
            Refusal { line: start.line, column: start.column + 1, reason: error.to_string() }
        })
    };
    let (contract, file) = (parse(target.contract)?, parse(source)?);
    let mut taken = Taken::new(target.reserved);
    let reading = Reading { interface: target.interface, opaque: target.opaque, locals: locals(&file) };
    let mut items = Items::default();
    items.read(&contract, Part::Contract, &reading, &mut taken)?;
    items.read(&file, Part::Candidate, &reading, &mut taken)?;
    let tunables = tunables(&file, target, &items)?;
    let fields: Vec<String> = tunables.iter().map(|tunable| tunable.field.clone()).collect();
    let start = format!("{}::{}", target.state, target.start);
    match items.functions.get_mut(&start).map(|function| function.parameters.as_mut_slice()) {
        Some([(_, ty)]) => *ty = Ty::Parameters,
        _ => {
            return Err(Refusal {
                line: 1,
                column: 1,
                reason: format!("no `impl {} for {}` with `{}`", target.interface, target.state, target.start),
            });
        }
    }
    let lines: [Vec<&str>; 2] = [target.contract.lines().collect(), source.lines().collect()];
    let writer = Writer { items: &items, taken: &taken, tunables: &fields, lines: &lines, target };
    writer.write(&file, tunables)
}

struct Writer<'a> {
    items: &'a Items<'a>,
    taken: &'a Taken,
    tunables: &'a [String],
    lines: &'a [Vec<&'a str>; 2],
    target: &'a Target<'a>,
}

/// All functions, and what they need.
struct Functions {
    written: BTreeMap<String, Written>,
    constants: BTreeMap<String, Expr>,
    /// Whether `usize` can be `int`.
    plain_lengths: bool,
    /// Of the functions that can be reached: fields that are read, functions of opaque types that are called.
    reached: BTreeSet<String>,
}

impl<'a> Writer<'a> {
    fn write(&self, file: &syn::File, tunables: Vec<Tunable>) -> Result<Translation, Refusal> {
        let functions = self.functions()?;
        let names = Names { plain_lengths: functions.plain_lengths, parameters: self.target.parameters.to_owned() };
        let intro = crate::items::docs(&file.attrs);
        let contract = self.part(Part::Contract, &functions, &names);
        let policy = self.part(Part::Candidate, &functions, &names);
        let words: BTreeSet<String> = words(&contract).chain(words(&policy)).collect();
        let numeric = helpers::texts(&words);
        let maths = maths::texts(&words);
        let mut files = vec![
            ("contract.go".to_owned(), self.file(&[], &contract)),
            ("policy.go".to_owned(), self.file(&intro, &policy)),
        ];
        let joined =
            |texts: &[&str]| texts.iter().filter(|text| !text.is_empty()).copied().collect::<Vec<_>>().join("\n");
        if !joined(&numeric).is_empty() {
            files.push(("numeric.go".to_owned(), self.file(&[], &joined(&numeric))));
        }
        if !maths.is_empty() {
            files.push(("maths.go".to_owned(), self.file(&[], &joined(&maths))));
        }
        let of_contract = |what: &&String| what.split_once('.').is_some_and(|(ty, _)| self.is_contract(ty));
        let of_opaque = |what: &&String| what.split_once("::").is_some_and(|(ty, _)| self.items.opaque.contains(ty));
        Ok(Translation {
            files,
            tunables,
            reads: functions.reached.iter().filter(of_contract).cloned().collect(),
            calls: functions.reached.iter().filter(of_opaque).cloned().collect(),
        })
    }

    fn is_contract(&self, ty: &str) -> bool {
        self.items
            .order
            .iter()
            .any(|(part, item)| *part == Part::Contract && matches!(item, Item::Struct(name) if name == ty))
    }

    fn functions(&self) -> Result<Functions, Refusal> {
        let (mut written, mut constants, mut plain_lengths) = (BTreeMap::new(), BTreeMap::new(), true);
        for (part, item) in &self.items.order {
            let lines = &self.lines[*part as usize];
            let context = Context { items: self.items, taken: self.taken, lines, tunables: self.tunables };
            match item {
                Item::Function(name) => {
                    let function = &self.items.functions[name];
                    let Some(block) = function.body else { continue };
                    let lowered = Body::new(context, function.owner.as_deref()).function(function, block);
                    let lowered = match lowered {
                        Ok(lowered) => lowered,
                        // What a candidate does not use of its contract need not be in the subset.
                        Err(_) if *part == Part::Contract => continue,
                        Err(refusal) => return Err(refusal),
                    };
                    written.insert(name.clone(), lowered);
                }
                Item::Const(name) => {
                    let constant = &self.items.consts[name];
                    let (value, plain) =
                        Body::new(context, constant.owner.as_deref()).constant(constant.value, &constant.ty)?;
                    plain_lengths &= plain;
                    constants.insert(name.clone(), value);
                }
                Item::Struct(_) | Item::Enum(_) => {}
            }
        }
        let mut reached = BTreeSet::new();
        let mut open: Vec<String> = written.keys().filter(|name| self.is_entry(name)).cloned().collect();
        while let Some(name) = open.pop() {
            if reached.insert(name.clone())
                && let Some(function) = written.get(&name)
            {
                open.extend(function.noted.iter().cloned());
            }
        }
        plain_lengths &= written.iter().filter(|(name, _)| reached.contains(*name)).all(|(_, own)| own.plain_lengths);
        Ok(Functions { written, constants, plain_lengths, reached })
    }

    /// Whether the scaffold calls it: what the trait declares.
    fn is_entry(&self, name: &str) -> bool {
        let of_state = |(part, item): &(Part, Item)| {
            *part == Part::Candidate && matches!(item, Item::Function(own) if own == name)
        };
        self.items.order.iter().any(of_state) && name.split_once("::").is_some_and(|(ty, _)| ty == self.target.state)
    }

    /// The declarations of one of the two texts.
    fn part(&self, wanted: Part, functions: &Functions, names: &Names) -> String {
        let mut text = String::new();
        for (part, item) in &self.items.order {
            if *part != wanted {
                continue;
            }
            let declared = match item {
                Item::Struct(name) => self.structure(name, wanted, functions, names),
                Item::Enum(name) => self.enumeration(name),
                Item::Const(name) => self.constant(name, functions, names),
                Item::Function(name) if functions.reached.contains(name) => self.function(name, functions, names),
                Item::Function(_) => String::new(),
            };
            if !declared.is_empty() {
                let blank = if text.is_empty() { "" } else { "\n" };
                let _ = write!(text, "{blank}{declared}");
            }
        }
        text
    }

    fn structure(&self, name: &str, part: Part, functions: &Functions, names: &Names) -> String {
        let own = &self.items.structs[name];
        // Of what the contract shows, only what is looked at is there.
        let shown = |field: &&crate::items::Field| {
            part == Part::Candidate || functions.reached.contains(&format!("{name}.{}", field.name))
        };
        let fields: Vec<_> = own.fields.iter().filter(shown).collect();
        let mut text = match own.docs.is_empty() && name == self.target.state {
            true => format!("// {name} is what is kept from one decision to the next.\n"),
            false => documented(&own.docs, ""),
        };
        if fields.is_empty() {
            let _ = writeln!(text, "type {name} struct{{}}");
            return text;
        }
        let _ = writeln!(text, "type {name} struct {{");
        // Names that stand right below each other have their types in one column.
        for run in fields.chunk_by(|_, next| next.docs.is_empty()) {
            let width = run.iter().map(|field| field.go.len()).max().unwrap_or(0);
            for field in run {
                let _ = write!(text, "{}", documented(&field.docs, "\t"));
                let _ = writeln!(text, "\t{:<width$} {}", field.go, names.ty(&field.ty));
            }
        }
        text + "}\n"
    }

    fn enumeration(&self, name: &str) -> String {
        let own = &self.items.enums[name];
        let mut text = documented(&own.docs, "");
        let _ = write!(text, "type {name} int32\n\n// The values of {name}.\nconst (\n");
        for (at, (_, go, docs)) in own.variants.iter().enumerate() {
            let iota = if at == 0 { format!(" {name} = iota") } else { String::new() };
            let _ = writeln!(text, "{}\t{go}{iota}", documented(docs, "\t"));
        }
        text + ")\n"
    }

    fn constant(&self, name: &str, functions: &Functions, names: &Names) -> String {
        let constant = &self.items.consts[name];
        let value = &functions.constants[name];
        let text = names.expr(value);
        let fixed = is_constant(value, self.items) && matches!(constant.ty, Ty::Float | Ty::Int(_) | Ty::Bool);
        let (keyword, ty) = match (fixed, &constant.ty) {
            (true, ty) => ("const", format!(" {}", names.ty(ty))),
            (false, _) => ("var", String::new()),
        };
        format!("{}{keyword} {}{ty} = {text}\n", documented(&constant.docs, ""), constant.go)
    }

    fn function(&self, name: &str, functions: &Functions, names: &Names) -> String {
        let (function, Some(written)) = (&self.items.functions[name], functions.written.get(name)) else {
            return String::new();
        };
        let mut text = documented(&function.docs, "");
        text.push_str("func ");
        if let Some((receiver, ty)) = &written.receiver {
            let receiver = if receiver == "_" { String::new() } else { format!("{receiver} ") };
            let _ = write!(text, "({receiver}{}) ", names.ty(ty));
        }
        let _ = write!(text, "{}({})", function.go, names.parameters(&written.parameters));
        if function.result != Ty::UNIT {
            let _ = write!(text, " {}", names.ty(&function.result));
        }
        text.push_str(" {\n");
        names.body(&written.body, 1, &mut text);
        // Go wants to see that a function returns.
        if function.result != Ty::UNIT && !crate::go::ends(&written.body) {
            text.push_str("\tpanic(\"unreachable\")\n");
        }
        text + "}\n"
    }

    fn file(&self, intro: &[String], body: &str) -> String {
        let mut text = format!("{}\n", self.target.header.trim_end());
        let _ = write!(text, "\npackage {}\n", self.target.package);
        let imports: Vec<&str> = ["math", "slices"]
            .into_iter()
            .filter(|package| {
                body.lines()
                    .filter(|line| !line.trim_start().starts_with("//"))
                    .any(|line| line.contains(&format!("{package}.")))
            })
            .collect();
        match imports.as_slice() {
            [] => {}
            [one] => {
                let _ = write!(text, "\nimport \"{one}\"\n");
            }
            several => {
                let lines: String = several.iter().map(|package| format!("\t\"{package}\"\n")).collect();
                let _ = write!(text, "\nimport (\n{lines})\n");
            }
        }
        if !intro.is_empty() {
            let _ = write!(text, "\n{}", documented(intro, ""));
        }
        let _ = write!(text, "\n{body}");
        text
    }
}

/// The implementation of the trait says which function begins, and the constant which tunables there are.
fn tunables(file: &syn::File, target: &Target<'_>, items: &Items<'_>) -> Result<Vec<Tunable>, Refusal> {
    let mut list = None;
    for item in &file.items {
        let syn::Item::Impl(item) = item else { continue };
        for inner in &item.items {
            if let syn::ImplItem::Const(constant) = inner
                && item.trait_.is_some()
                && constant.ident == target.tunables
            {
                list = Some(&constant.expr);
            }
        }
    }
    let Some(mut list) = list else { return Ok(vec![]) };
    while let syn::Expr::Reference(syn::ExprReference { expr, .. }) = list {
        list = expr;
    }
    let syn::Expr::Array(array) = list else {
        return Err(Refusal::at(list, "tunables that are not written as a list"));
    };
    let mut tunables: Vec<Tunable> = Vec::new();
    for element in &array.elems {
        let syn::Expr::Struct(literal) = element else {
            return Err(Refusal::at(element, "a tunable that is not written as a struct"));
        };
        let mut tunable = Tunable { name: String::new(), field: String::new(), default: 0.0, low: 0.0, high: 0.0 };
        for field in &literal.fields {
            let syn::Member::Named(name) = &field.member else { continue };
            match (name.to_string().as_str(), &field.expr) {
                ("name", syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. })) => tunable.name = text.value(),
                ("default", value) => tunable.default = number(value, items)?,
                ("low", value) => tunable.low = number(value, items)?,
                ("high", value) => tunable.high = number(value, items)?,
                _ => return Err(Refusal::at(field, "a part of a tunable that is not written down")),
            }
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !tunable.name.starts_with(|c: char| c.is_ascii_alphabetic()) || !tunable.name.chars().all(is_name) {
            return Err(Refusal::at(element, "a tunable whose name is no identifier"));
        }
        if !(tunable.low <= tunable.default && tunable.default <= tunable.high) {
            return Err(Refusal::at(element, "a tunable whose default is not between low and high"));
        }
        tunable.field = camel(&tunable.name, true);
        if tunables.iter().any(|other| other.field == tunable.field) {
            return Err(Refusal::at(element, "a tunable with the name of another one"));
        }
        tunables.push(tunable);
    }
    Ok(tunables)
}

/// A number as it is written, or a constant that is one.
fn number(value: &syn::Expr, items: &Items<'_>) -> Result<f64, Refusal> {
    let refuse = || Refusal::at(value, "a number of a tunable that is not written down");
    match value {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Float(number), .. }) => {
            number.base10_parse().map_err(|_| refuse())
        }
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. }) => number.base10_parse().map_err(|_| refuse()),
        syn::Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), expr, .. }) => Ok(-number(expr, items)?),
        syn::Expr::Path(path) => {
            let name = path.path.segments.last().map_or(String::new(), |last| last.ident.to_string());
            let constant = items.consts.get(&name).ok_or_else(refuse)?;
            // A constant of itself would not have compiled.
            match constant.value {
                syn::Expr::Path(_) => Err(refuse()),
                value => number(value, items),
            }
        }
        _ => Err(refuse()),
    }
}

/// How the candidate's variables are called in Go.
fn locals(file: &syn::File) -> BTreeSet<String> {
    struct Locals(BTreeSet<String>);
    impl<'ast> Visit<'ast> for Locals {
        fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
            self.0.insert(crate::items::plain(&pat.ident, false));
            syn::visit::visit_pat_ident(self, pat);
        }
    }
    let mut locals = Locals(BTreeSet::new());
    locals.visit_file(file);
    locals.0
}

/// Whether Go computes it when it compiles.
fn is_constant(expr: &Expr, items: &Items<'_>) -> bool {
    match expr {
        Expr::Int(_) | Expr::Float(_) => true,
        Expr::Name(name) => {
            let fixed = |constant: &crate::items::Const<'_>| {
                constant.go == *name && matches!(constant.ty, Ty::Float | Ty::Int(_) | Ty::Bool)
            };
            matches!(name.as_str(), "true" | "false") || name.starts_with("math.") || items.consts.values().any(fixed)
        }
        Expr::Binary(_, left, right, _) => is_constant(left, items) && is_constant(right, items),
        Expr::Unary(op, of) => *op != "&" && is_constant(of, items),
        Expr::Paren(of) | Expr::Convert(_, of) => is_constant(of, items),
        _ => false,
    }
}

/// The lines of a comment.
pub(crate) fn documented(docs: &[String], indent: &str) -> String {
    let mut lines: Vec<&str> = docs.iter().map(String::as_str).collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
        .iter()
        .skip_while(|line| line.is_empty())
        .map(|line| format!("{indent}//{}{line}\n", if line.is_empty() { "" } else { " " }))
        .collect()
}

/// The names that a text uses, but for those of fields and of packages.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| {
        let mut words = Vec::new();
        let mut word = String::new();
        let mut after_point = false;
        for c in line.chars().chain([' ']) {
            if c.is_ascii_alphanumeric() || c == '_' {
                word.push(c);
                continue;
            }
            if !word.is_empty() && !after_point {
                words.push(word.clone());
            }
            if !word.is_empty() || c != ' ' {
                after_point = c == '.';
            }
            word.clear();
        }
        words
    })
}
