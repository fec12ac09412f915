//! The files of a package.

use super::signals::{Availability, Signal, Signals};
use super::{Around, Target, router};
use handlebars::Handlebars;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use translate::{Refusal, Translation, comment, go_name};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// What it is translated into.
    pub target: &'static Target,
    /// The candidate's source.
    pub source: &'a str,
    /// The type of the plugin or policy, in kebab case.
    pub name: &'a str,
    /// Who holds the copyright.
    pub holder: &'a str,
    /// Values of tunables that take the place of the author's.
    pub set: &'a [(String, f64)],
    /// What is known of where it comes from; becomes `provenance.json`.
    pub provenance: Value,
    /// What its campaign found, for the README: `verdict`, `figures`, `costs`, `warnings`, `curve` as a report has them; null of a file.
    pub found: Value,
}

/// Files by path, below the directory that is asked for.
#[derive(Clone, Debug)]
pub struct Package {
    /// Paths and texts.
    pub files: Vec<(String, String)>,
    /// The package's name in Go.
    pub go: String,
    /// What was translated.
    pub translation: Translation,
    /// The fields that it looks at and is never told there, with the reason.
    pub untold: BTreeMap<String, String>,
}

/// Why there is no package.
#[derive(Debug, thiserror::Error)]
pub enum Unpackaged {
    /// The name is no kebab-case name.
    #[error(
        "`{0}` is no name for a plugin; write lower-case words with `-` between them, as in `length-aware`, that are no word of Go"
    )]
    Name(String),
    /// The target has one of that name.
    #[error("`{0}` is a plugin that {1} has already; choose another name")]
    Taken(String, &'static str),
    /// The source lies outside of the subset.
    #[error("{0}")]
    Refused(Refusal),
    /// It looks at something that the target does not have.
    #[error("{place}: `{field}` has no source in {target}: {why}; write the policy without it")]
    Absent {
        /// Line and column at which it is named first, from 1.
        place: String,
        /// The field, as `Type.field`.
        field: String,
        /// The target.
        target: &'static str,
        /// What there is instead.
        why: String,
    },
    /// A value is set of what is no tunable, or lies outside its range.
    #[error("{0}")]
    Set(String),
    /// A bug of ours.
    #[error("{0}")]
    Bug(String),
}

/// The candidate in Go.
fn translated(source: &str, package: &str, header: &str, target: &Target) -> Result<Translation, Refusal> {
    let reserved = target.reserved();
    let opaque: Vec<String> = target.of.opaque.iter().map(|name| (*name).to_owned()).collect();
    let target = translate::Target {
        contract: target.of.contract(),
        interface: target.of.interface,
        state: "Policy",
        start: "new",
        tunables: "TUNABLES",
        opaque: &opaque,
        reserved: &reserved,
        parameters: "Parameters",
        package,
        header,
    };
    sandbox::on_deep_stack(|| translate::translate(source, &target))
}

/// Words that are no package beside others: to Go they mean something else, or the code around has them.
const NO_PACKAGES: [&str; 12] = [
    "main",
    "init",
    "internal",
    "vendor",
    "testdata",
    "string",
    "len",
    "int",
    "max",
    "min",
    "utilization",
    "fwkplugin",
];

/// All files of the package but the vectors.
pub fn package(request: &Request<'_>) -> Result<Package, Unpackaged> {
    let (name, target) = (request.name, request.target);
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if name.len() > 60 || !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.split('-').all(is_word) {
        return Err(Unpackaged::Name(name.to_owned()));
    }
    let go: String = name.split('-').collect();
    if translate::is_keyword(&go) || NO_PACKAGES.contains(&go.as_str()) {
        return Err(Unpackaged::Name(name.to_owned()));
    }
    // A plugin of its tree, or one that our configuration names besides.
    let lies_there = |path: &str| path.starts_with(&format!("{}/{go}/", target.place));
    let is_named = |text: &str| text.lines().any(|line| line.strip_prefix("- type: ") == Some(name));
    if target.api.iter().any(|(path, _)| lies_there(path)) || target.templates.iter().any(|own| is_named(own.text)) {
        return Err(Unpackaged::Taken(name.to_owned(), target.name));
    }
    let header = licence(request.holder);
    let mut translation = translated(request.source, &go, &header, target).map_err(Unpackaged::Refused)?;
    set(&mut translation, request)?;
    let signals = Signals::of(target);
    let untold = told(request, &translation, &signals)?;
    let Around { context: own, files: mut more } = (target.around)(&translation, &signals);
    let mut context = context(request, &translation, (&go, &header), &signals);
    let said: Vec<String> = untold.iter().map(|(field, why)| format!("`{field}`: {why}.")).collect();
    context.insert("untold".to_owned(), said.into());
    context.extend(own);
    let mut files = Vec::new();
    for template in target.templates.iter().filter(|own| is_there(own.only, &translation)) {
        files.push((template.path.replace("NAME", name), render(template.text, &context)));
    }
    files.append(&mut more);
    files.push((target.patch_file.to_owned(), target.patch(&go, name).map_err(Unpackaged::Bug)?));
    files.extend(translation.files.clone());
    files.push(("testdata/policy.rs".to_owned(), request.source.to_owned()));
    let mut provenance = request.provenance.clone();
    provenance["problem"] = target.of.problem.into();
    provenance["target"] = target.name.into();
    provenance["signals"] = signals.version.into();
    provenance["reads"] = json!(translation.reads);
    provenance["parameters"] = translation.tunables.iter().map(|own| (own.name.clone(), json!(own.default))).collect();
    files.push(("provenance.json".to_owned(), format!("{provenance:#}\n")));
    Ok(Package { files, go, translation, untold })
}

/// Whether something is there: always, or for a field that the candidate looks at.
fn is_there(only: Option<&str>, translation: &Translation) -> bool {
    only.is_none_or(|field| translation.reads.contains(field))
}

/// Puts in the values that are set, and looks after names.
fn set(translation: &mut Translation, request: &Request<'_>) -> Result<(), Unpackaged> {
    for (set, value) in request.set {
        let tunable = translation.tunables.iter_mut().find(|tunable| tunable.name == *set);
        let tunable =
            tunable.ok_or_else(|| Unpackaged::Set(format!("the policy has no tunable `{}`", comment(set))))?;
        if !(tunable.low <= *value && *value <= tunable.high) {
            return Err(Unpackaged::Set(format!(
                "`{set}` runs from {} to {}, not to {value}",
                tunable.low, tunable.high
            )));
        }
        tunable.default = *value;
    }
    let own = |name: &str| request.target.parameters.iter().any(|own| own.name.eq_ignore_ascii_case(name));
    match translation.tunables.iter().find(|tunable| own(&go_name(&tunable.name, false))) {
        Some(tunable) => Err(Unpackaged::Set(format!(
            "the tunable `{}` is called like a parameter that every plugin has; rename it",
            tunable.name
        ))),
        None => Ok(()),
    }
}

/// What is never told though the candidate asks for it, if it can do without.
fn told(
    request: &Request<'_>,
    translation: &Translation,
    signals: &Signals,
) -> Result<BTreeMap<String, String>, Unpackaged> {
    let mut untold = BTreeMap::new();
    for field in &translation.reads {
        let absent = |why: &str| Unpackaged::Absent {
            place: first(request.source, field),
            field: field.clone(),
            target: request.target.name,
            why: why.to_owned(),
        };
        // What a candidate reads and the table does not know cannot be filled.
        let signal = signals.of_field(field).ok_or_else(|| absent("nobody knows of it"))?;
        match signal.availability {
            Availability::Absent => return Err(absent(&signal.source)),
            Availability::Untold => {
                untold.insert(field.clone(), signal.source.clone());
            }
            Availability::Default | Availability::OptIn => {}
        }
    }
    Ok(untold)
}

/// Where a source names a field first: line and column, from 1.
fn first(source: &str, field: &str) -> String {
    let name = field.rsplit('.').next().unwrap_or(field);
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let at = |line: &str| {
        let mut all = line.match_indices(name).map(|(at, _)| at);
        all.find(|at| !line[..*at].ends_with(word) && !line[at + name.len()..].starts_with(word))
    };
    let lines = source.lines().zip(1..).filter(|(line, _)| !line.trim_start().starts_with("//"));
    let found = lines.filter_map(|(line, number)| Some((number, line[..at(line)?].chars().count() + 1))).next();
    let (line, column) = found.unwrap_or((1, 1));
    format!("{line}:{column}")
}

/// The licence's lines.
fn licence(holder: &str) -> String {
    format!(
        "/*\nCopyright 2026 {}\n\nLicensed under the Apache License, Version 2.0 (the \"License\");\nyou may not use this file except in compliance \
         with the License.\nYou may obtain a copy of the License at\n\n    http://www.apache.org/licenses/LICENSE-2.0\n\nUnless required by \
         applicable law or agreed to in writing, software\ndistributed under the License is distributed on an \"AS IS\" BASIS,\nWITHOUT \
         WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.\nSee the License for the specific language governing permissions \
         and\nlimitations under the License.\n*/",
        comment(holder).replace("*/", "* /"),
    )
}

/// What templates are filled with.
fn context(
    request: &Request<'_>,
    translation: &Translation,
    (go, header): (&str, &str),
    signals: &Signals,
) -> Map<String, Value> {
    // What has no point in its name is no field: an argument, which every candidate is given.
    let is_used = |own: &&Signal| translation.reads.contains(&own.field) || !own.field.contains('.');
    let rows: Vec<Value> = signals
        .signal
        .iter()
        .filter(is_used)
        .map(|own| {
            let needs = own.dependency.as_deref().unwrap_or("-");
            json!({ "field": own.field, "source": own.source, "staleness": own.staleness, "unscraped": own.unscraped, "needs": needs })
        })
        .collect();
    let fixed: Vec<_> = request.target.parameters.iter().filter(|own| is_there(own.only, translation)).collect();
    let all: Vec<String> = fixed
        .iter()
        .map(|own| own.field.to_owned())
        .chain(translation.tunables.iter().map(|own| own.field.clone()))
        .collect();
    let mut context = Map::new();
    let mut put = |key: &str, value: Value| context.insert(key.to_owned(), value);
    put("header", header.into());
    put("package", go.into());
    put("name", request.name.into());
    put("place", request.target.place.into());
    put("tunables", tunables(translation, &all).into());
    put("fixed", fixed.iter().map(|own| json!({ "padded": padded(own.field, &all), "default": own.value })).collect());
    put("signals", rows.into());
    put("provenance", request.provenance.clone());
    put("found", request.found.clone());
    context
}

/// The fields of a type that the candidate looks at, as they are filled: name, name in its column, expression.
pub(crate) fn fields(owner: &str, translation: &Translation, signals: &Signals) -> Vec<Value> {
    let prefix = format!("{owner}.");
    let of_owner = |own: &&Signal| own.field.starts_with(&prefix) && translation.reads.contains(&own.field);
    let own: Vec<(String, String)> = signals
        .signal
        .iter()
        .filter(of_owner)
        .filter_map(|own| Some((go_name(own.field.strip_prefix(&prefix)?, false), own.expression()?)))
        .collect();
    let names: Vec<String> = own.iter().map(|(name, _)| name.clone()).collect();
    own.iter().map(|(name, go)| json!({ "name": name, "padded": padded(name, &names), "go": go })).collect()
}

/// What templates say of tunables. The names of all parameters give the columns.
fn tunables(translation: &Translation, all: &[String]) -> Vec<Value> {
    let number = |value: f64| format!("{value:?}");
    let quoted: Vec<String> =
        translation.tunables.iter().map(|own| format!("\"{}\"", go_name(&own.name, false))).collect();
    translation
        .tunables
        .iter()
        .zip(&quoted)
        .map(|(own, name)| {
            let beyond = match own.high < 1e300 {
                true => own.high + own.high.abs() + 1.0,
                false => own.low - own.low.abs() - 1.0,
            };
            json!({
                "name": own.name, "field": own.field, "json": go_name(&own.name, false), "default": number(own.default),
                "low": number(own.low), "high": number(own.high), "padded": padded(&own.field, all),
                "quoted": padded(name, &quoted), "beyond": number(beyond),
            })
        })
        .collect()
}

/// A key of a literal with its colon, so wide that the values stand in one column.
fn padded(name: &str, all: &[String]) -> String {
    let width = all.iter().map(String::len).max().unwrap_or(0) + 1;
    format!("{:<width$}", format!("{name}:"))
}

fn render(template: &str, context: &Map<String, Value>) -> String {
    let mut handlebars = Handlebars::new();
    handlebars.set_strict_mode(true);
    // All that is put in is made of names, numbers and cleaned text.
    handlebars.register_escape_fn(handlebars::no_escape);
    for (name, text) in router::PARTIALS {
        handlebars.register_partial(name, text).expect("a built-in template");
    }
    handlebars.render_template(template, context).expect("a built-in template")
}
