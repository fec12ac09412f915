//! The files of a package.

use super::signals::{Availability, Signal, signals};
use super::{PLACE, ROUTER};
use handlebars::Handlebars;
use serde_json::{Value, json};
use translate::{Refusal, Target, Translation, comment, go_name};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The candidate's source.
    pub source: &'a str,
    /// The plugin's type, in kebab case.
    pub name: &'a str,
    /// Who holds the copyright.
    pub holder: &'a str,
    /// Values of tunables that take the place of the author's.
    pub set: &'a [(String, f64)],
    /// What is known of where it comes from; becomes `provenance.json`.
    pub provenance: Value,
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
}

/// Why there is no package.
#[derive(Debug, thiserror::Error)]
pub enum Unpackaged {
    /// The name is no kebab-case name.
    #[error("`{0}` is no name for a plugin; write lower-case words with `-` between them, as in `length-aware`")]
    Name(String),
    /// The source lies outside of the subset.
    #[error("{0}")]
    Refused(Refusal),
    /// It looks at something that production does not have.
    #[error("`{0}` has no source in production; write the policy without it")]
    Absent(String),
    /// A value is set of what is no tunable, or lies outside its range.
    #[error("{0}")]
    Set(String),
}

/// Names that the scaffold declares.
const RESERVED: &str = "Type ModeShadow ModeEnforce Parameters DefaultParameters Plugin Factory New Draw count clientNumber promptTokens \
    outputLimit predictedTokens inFlight context json fmt fnv rand strconv sync time errors os testing errcommon fwkdl fwkplugin fwkrc \
    fwkrh fwksched attrconcurrency tokenproducer vectors step draws tokens";

/// The candidate in Go.
pub fn translated(source: &str, package: &str, header: &str) -> Result<Translation, Refusal> {
    let reserved: Vec<String> = RESERVED.split_whitespace().map(str::to_owned).collect();
    let target = Target {
        contract: admitter::SOURCE,
        interface: "Admitter",
        state: "Policy",
        start: "new",
        tunables: "TUNABLES",
        opaque: &["Draw".to_owned()],
        reserved: &reserved,
        parameters: "Parameters",
        package,
        header,
    };
    sandbox::on_deep_stack(|| translate::translate(source, &target))
}

/// All files of the package but the vectors.
pub fn package(request: &Request<'_>) -> Result<Package, Unpackaged> {
    let name = request.name;
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if name.len() > 60 || !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.split('-').all(is_word) {
        return Err(Unpackaged::Name(name.to_owned()));
    }
    let go: String = name.split('-').collect();
    let header = licence(request.holder);
    let mut translation = translated(request.source, &go, &header).map_err(Unpackaged::Refused)?;
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
    let context = context(request, &translation, (&go, &header))?;
    let rendered = |template: &str| render(template, &context);
    let mut files = vec![
        ("plugin.go".to_owned(), rendered(include_str!("plugin.go.hbs"))),
        ("plugin_test.go".to_owned(), rendered(include_str!("plugin_test.go.hbs"))),
        ("README.md".to_owned(), rendered(include_str!("README.md.hbs"))),
        (format!("deploy/{name}-epp-config.yaml"), rendered(include_str!("config.yaml.hbs"))),
        ("deploy/inference-objectives.yaml".to_owned(), include_str!("objectives.yaml").to_owned()),
        ("deploy/runner.patch".to_owned(), rendered(include_str!("runner.patch.hbs"))),
    ];
    files.extend(translation.files.clone());
    let mut provenance = request.provenance.clone();
    provenance["signals"] = signals().version.into();
    provenance["reads"] = json!(translation.reads);
    provenance["parameters"] = translation.tunables.iter().map(|own| (own.name.clone(), json!(own.default))).collect();
    files.push(("provenance.json".to_owned(), format!("{provenance:#}\n")));
    Ok(Package { files, go, translation })
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

fn context(request: &Request<'_>, translation: &Translation, (go, header): (&str, &str)) -> Result<Value, Unpackaged> {
    let used: Vec<&Signal> =
        signals().signal.iter().filter(|signal| translation.reads.contains(&signal.field)).collect();
    if let Some(absent) = used.iter().find(|signal| signal.availability == Availability::Absent) {
        return Err(Unpackaged::Absent(absent.field.clone()));
    }
    // What a candidate reads and the table does not know cannot be filled.
    if let Some(field) = translation.reads.iter().find(|field| !used.iter().any(|signal| signal.field == **field)) {
        return Err(Unpackaged::Absent(field.clone()));
    }
    let reads = |field: &str| translation.reads.contains(field);
    let fields = |owner: &str| -> Vec<Value> {
        let own: Vec<(String, String)> = used
            .iter()
            .filter_map(|signal| {
                let name = signal.field.strip_prefix(owner)?.strip_prefix('.')?;
                Some((go_name(name, false), signal.expression()?))
            })
            .collect();
        let width = own.iter().map(|(name, _)| name.len()).max().unwrap_or(0) + 1;
        own.iter().map(|(name, go)| json!({ "padded": format!("{:<width$}", format!("{name}:")), "go": go })).collect()
    };
    let number = |value: f64| format!("{value:?}");
    let width = translation.tunables.iter().map(|own| own.field.len()).chain([4]).max().unwrap_or(0) + 1;
    let tunables: Vec<Value> = translation
        .tunables
        .iter()
        .map(|own| {
            json!({
                "name": own.name, "field": own.field, "json": go_name(&own.name, false), "default": number(own.default),
                "low": number(own.low), "high": number(own.high), "padded": format!("{:<width$}", format!("{}:", own.field)),
                "beyond": number(if own.high < 1e300 { own.high + own.high.abs() + 1.0 } else { own.low - own.low.abs() - 1.0 }),
            })
        })
        .collect();
    let instance: Vec<Value> = fields("Instance");
    let request_fields = fields("Request");
    let (prompt, limit) = (reads("Request.prompt_tokens"), reads("Request.max_output_tokens"));
    let metrics = ["waiting", "running", "kv_utilization", "metrics_age_us", "kv_capacity_tokens"];
    let metrics = metrics.iter().any(|field| reads(&format!("Instance.{field}")));
    let counts = prompt
        || ["waiting", "running", "in_flight", "kv_capacity_tokens"]
            .iter()
            .any(|field| reads(&format!("Instance.{field}")));
    let rows: Vec<Value> = used
        .iter()
        .map(|signal| {
            let needs = signal.dependency.as_deref().unwrap_or("-");
            json!({ "field": signal.field, "source": signal.source, "staleness": signal.staleness, "unscraped": signal.unscraped, "needs": needs })
        })
        .collect();
    Ok(json!({
        "header": header, "package": go, "name": request.name, "place": PLACE,
        "tunables": tunables, "request": request_fields, "instance": instance,
        "mode": format!("{:<width$}", "Mode:"),
        "instances": reads("Cluster.instances"), "endpoint_fields": !instance.is_empty(), "metrics": metrics,
        "uniform": translation.calls.contains("Draw::uniform"),
        "clock": reads("Request.now_us") || reads("Instance.metrics_age_us"),
        "age": reads("Instance.metrics_age_us"), "client": reads("Request.client"),
        "prompt": prompt, "limit": limit, "body": prompt || limit, "prediction": reads("Request.predicted_output_tokens"),
        "in_flight": reads("Instance.in_flight"), "counts": counts || limit, "count": counts, "consumes": prompt || reads("Instance.in_flight"),
        "signals": rows, "provenance": request.provenance,
    }))
}

fn render(template: &str, context: &Value) -> String {
    let mut handlebars = Handlebars::new();
    handlebars.set_strict_mode(true);
    // All that is put in is made of names, numbers and cleaned text.
    handlebars.register_escape_fn(handlebars::no_escape);
    handlebars.render_template(template, context).expect("a built-in template")
}

/// A module in which the package stands beside our re-declaration of the router's API, with the import paths of the router.
pub fn module(package: &Package) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> =
        ROUTER.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    files.extend(package.files.iter().map(|(path, text)| (format!("{PLACE}/{}/{path}", package.go), text.clone())));
    files
}
