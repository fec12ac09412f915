//! The user's own configuration: where language models are served, what they cost, what they are told.
//!
//! Endpoints, names of key variables and prices come from here, the environment and the command line, never from an
//! experiment, which may come from a stranger.

mod address;
mod endpoints;

pub(crate) use endpoints::{DEFAULT_ENDPOINT, Found};

use crate::failure::Failure;
use engine::agents::llm::{OutputField, Price, Settings, Templates};
use files::{FileError, MAX_TEXT_BYTES, line_of, parse_toml, read_text};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `config.toml`, whose field documentation is the reference of the format.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Configuration {
    /// A folder with templates that replace the shipped ones by file name; relative to this file.
    prompts: Option<PathBuf>,
    /// Where models are served, by a name of your choice. `default` is for all models that name no endpoint.
    endpoints: BTreeMap<String, EndpointEntry>,
    /// What is particular about a model, by the name that its endpoint knows.
    models: BTreeMap<String, ModelEntry>,
    /// What a model costs, US dollars per million tokens.
    prices: BTreeMap<String, Price>,
    /// The file; none if there is none.
    #[serde(skip)]
    pub(crate) file: Option<PathBuf>,
}

/// One `[endpoints.NAME]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct EndpointEntry {
    /// For example `http://localhost:11434/v1`. Of the endpoint `default`, OPENAI_BASE_URL comes before it.
    base_url: Option<String>,
    /// The environment variable that holds the key; empty for none. Left out, the default endpoint has OPENAI_API_KEY and
    /// any other has none.
    key_variable: Option<String>,
    /// The header that carries the key, for example `api-key`; `Authorization: Bearer` if left out.
    key_header: Option<String>,
    /// How the bound on a reply's length is called: `max_completion_tokens` if left out, `max_tokens` for older servers.
    output_field: Option<OutputField>,
    /// Whether the endpoint enforces a JSON schema; if left out, only OpenAI's and Azure's are taken to.
    structured: Option<bool>,
    /// Time for one attempt, s.
    attempt_seconds: Option<f64>,
    /// Time for a request with all its attempts, s.
    total_seconds: Option<f64>,
    /// Attempts for one request.
    attempts: Option<u32>,
    /// Requests at a time.
    concurrent: Option<u32>,
    /// Attempts that are begun in a minute.
    requests_per_minute: Option<u32>,
}

/// One `[models."NAME"]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ModelEntry {
    /// The endpoint that serves it, `default` if left out.
    endpoint: Option<String>,
    /// Sampling temperature; left to the endpoint if left out.
    temperature: Option<f32>,
    /// The most tokens of one reply, reasoning included: what a budget reserves for it.
    max_completion_tokens: Option<u32>,
    /// As for the endpoint, and instead of what is said there.
    structured: Option<bool>,
}

impl Configuration {
    /// Reads the file that is named, or the user's own, which need not exist.
    pub(crate) fn read(named: Option<&Path>) -> Result<Self, Failure> {
        let (file, must_exist) = match named {
            Some(file) => (file.to_owned(), true),
            None => match user_file() {
                Some(file) => (file, false),
                None => return Ok(Configuration::default()),
            },
        };
        let text = match read_text(&file, MAX_TEXT_BYTES) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => {
                return Ok(Configuration::default());
            }
            Err(error) => {
                return Err(Failure::usage(format!("cannot read the configuration {}: {error}", file.display())));
            }
        };
        let mut configuration: Configuration = parse_toml(&text, &file)?;
        configuration.check().map_err(|(key, problem)| FileError {
            line: line_of(&text, &key),
            key: Some(key),
            problem,
            file: file.clone(),
        })?;
        configuration.file = Some(file);
        Ok(configuration)
    }

    /// The key with a problem, and the problem.
    fn check(&self) -> Result<(), (String, String)> {
        for (name, entry) in &self.endpoints {
            entry.check(name).map_err(|(key, problem)| (format!("endpoints.{name}.{key}"), problem))?;
        }
        for (name, entry) in &self.models {
            let fail = |key: &str, problem: String| Err((format!("models.{name}.{key}"), problem));
            match &entry.endpoint {
                Some(endpoint) if endpoint != DEFAULT_ENDPOINT && !self.endpoints.contains_key(endpoint) => {
                    return fail("endpoint", format!("there is no [endpoints.{endpoint}]"));
                }
                _ => {}
            }
            if entry.temperature.is_some_and(|t| !(0.0..=2.0).contains(&t)) {
                return fail("temperature", "a temperature lies in 0 to 2".into());
            }
            if entry.max_completion_tokens == Some(0) {
                return fail("max_completion_tokens", "a reply needs at least one token".into());
            }
        }
        Ok(())
    }

    /// How a model is asked. Says nothing about whether its endpoint can be used.
    pub(crate) fn settings(&self, model: &str) -> Settings {
        let entry = self.models.get(model);
        let endpoint = self.found(self.endpoint_name(model));
        let plain = Settings::new(model);
        Settings {
            temperature: entry.and_then(|entry| entry.temperature),
            max_completion_tokens: entry
                .and_then(|entry| entry.max_completion_tokens)
                .unwrap_or(plain.max_completion_tokens),
            structured: entry.and_then(|entry| entry.structured).unwrap_or(endpoint.structured),
            ..plain
        }
    }

    /// The name of the endpoint that serves a model.
    pub(crate) fn endpoint_name(&self, model: &str) -> &str {
        self.models.get(model).and_then(|entry| entry.endpoint.as_deref()).unwrap_or(DEFAULT_ENDPOINT)
    }

    /// What models cost, as far as it is said.
    pub(crate) fn prices(&self) -> &BTreeMap<String, Price> {
        &self.prices
    }

    /// Models that the configuration says anything about.
    pub(crate) fn models(&self) -> impl Iterator<Item = &str> {
        self.models.keys().map(String::as_str)
    }

    /// The folder of the user's own templates.
    pub(crate) fn prompts(&self) -> Option<PathBuf> {
        let folder = self.prompts.as_ref()?;
        let beside = self.file.as_deref().and_then(Path::parent);
        Some(beside.map_or_else(|| folder.clone(), |beside| beside.join(folder)))
    }

    /// The user's own templates, by name.
    pub(crate) fn overrides(&self) -> Result<BTreeMap<String, String>, Failure> {
        let Some(folder) = self.prompts() else { return Ok(BTreeMap::new()) };
        let unreadable = |what: &Path, error: std::io::Error| {
            Failure::usage(format!("cannot read the prompts in {}: {error}", what.display()))
        };
        let mut overrides = BTreeMap::new();
        for entry in std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, error))? {
            let path = entry.map_err(|error| unreadable(&folder, error))?.path();
            if path.extension().is_some_and(|extension| extension == "hbs") {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                overrides.insert(name, read_text(&path, MAX_TEXT_BYTES).map_err(|error| unreadable(&path, error))?);
            }
        }
        Ok(overrides)
    }

    /// The templates: the shipped ones, some of them replaced.
    pub(crate) fn templates(&self) -> Result<Templates, Failure> {
        let overrides = self.overrides()?;
        Templates::with(&overrides).map_err(|problem| {
            let folder = self.prompts().unwrap_or_default();
            Failure::usage(format!("the prompts in {} cannot be used: {problem}", folder.display()))
        })
    }
}

impl EndpointEntry {
    fn check(&self, name: &str) -> Result<(), (&'static str, String)> {
        if self.base_url.is_none() && name != DEFAULT_ENDPOINT {
            return Err((
                "base_url",
                "an endpoint needs its `base_url`, for example \"http://localhost:8000/v1\"".into(),
            ));
        }
        if self.key_variable.as_ref().is_some_and(|name| !name.is_empty() && !is_variable(name)) {
            // Never shown: it may be the key itself.
            let problem = "must be the name of an environment variable, in capitals, such as OPENAI_API_KEY; \
                           a key itself does not belong into a file";
            return Err(("key_variable", problem.into()));
        }
        for (key, seconds) in [("attempt_seconds", self.attempt_seconds), ("total_seconds", self.total_seconds)] {
            if seconds.is_some_and(|seconds| !(0.001..=86_400.0).contains(&seconds)) {
                return Err((key, "a time lies above 0 and below a day".into()));
            }
        }
        let counts = [
            ("attempts", self.attempts),
            ("concurrent", self.concurrent),
            ("requests_per_minute", self.requests_per_minute),
        ];
        match counts.into_iter().find(|(_, count)| *count == Some(0)) {
            Some((key, _)) => Err((key, "must be at least 1".into())),
            None => Ok(()),
        }
    }
}

/// Keys mix cases or hold other characters; names of variables that hold them hardly ever do.
fn is_variable(name: &str) -> bool {
    let word = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    word && name.len() <= 64
        && name.contains(|c: char| c.is_ascii_uppercase())
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

fn user_file() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))?;
    Some(folder.join("elenchus/config.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_key_is_no_name_of_a_variable() {
        for name in ["OPENAI_API_KEY", "MY_KEY_2", "_KEY"] {
            assert!(is_variable(name), "{name}");
        }
        for key in ["sk-proj-abc", "gsk_a1B2c3D4", "9F86D081884C7D65", "0123456789", "AB CD", ""] {
            assert!(!is_variable(key), "{key}");
        }
        assert!(!is_variable(&"A1".repeat(40)));
    }
}
