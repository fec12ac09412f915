//! A contract and a candidate, as the files of a Go package.

mod declaration;
mod tunables;

use crate::go::print::Names;
use crate::go::{Expr, helpers};
use crate::items::{Item, Items, Part, Reading};
use crate::lower::{Body, Context, Written};
use crate::names::Taken;
use crate::types::Ty;
use crate::{Refusal, maths};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use syn::visit::Visit;
use tunables::tunables;

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
