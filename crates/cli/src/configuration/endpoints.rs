//! Endpoints as the configuration and the environment name them together.

use super::address::{host, is_openai, proxy};
use super::{Configuration, EndpointEntry};
use crate::failure::Failure;
use engine::agents::llm::{Endpoint, Limits};
use std::time::Duration;

/// The endpoint of all models that name no other.
pub(crate) const DEFAULT_ENDPOINT: &str = "default";

/// Where the default endpoint is unless somebody says otherwise.
const OPENAI: &str = "https://api.openai.com/v1";

const BASE_URL_VARIABLE: &str = "OPENAI_BASE_URL";
const KEY_VARIABLE: &str = "OPENAI_API_KEY";

/// An endpoint as it was found; whether it can be used is another question.
pub(crate) struct Found {
    /// Its name in the configuration.
    pub(crate) name: String,
    /// Its base URL.
    pub(crate) base_url: String,
    /// Who says so.
    pub(crate) said_by: SaidBy,
    /// The variable that its key comes from; none if it wants none.
    pub(crate) key_variable: Option<String>,
    /// Whether the variable has a value.
    pub(crate) has_key: bool,
    /// Whether it cannot do without a key.
    needs_key: bool,
    /// Whether it enforces JSON schemas.
    pub(crate) structured: bool,
}

/// Who says where an endpoint lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SaidBy {
    /// The environment, against the configuration.
    EnvironmentFirst,
    /// The environment alone.
    Environment,
    /// The configuration.
    Configuration,
    /// Nobody.
    Default,
}

impl std::fmt::Display for SaidBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            SaidBy::EnvironmentFirst => "OPENAI_BASE_URL, which comes before the configuration",
            SaidBy::Environment => "OPENAI_BASE_URL",
            SaidBy::Configuration => "the configuration",
            SaidBy::Default => "the default",
        })
    }
}

impl Found {
    /// Its host, which is all of its URL that is shown: paths and queries have been known to hold keys.
    pub(crate) fn host(&self) -> String {
        host(&self.base_url)
    }
}

impl Configuration {
    /// The endpoint with this name.
    pub(crate) fn found(&self, name: &str) -> Found {
        let nothing = EndpointEntry::default();
        let entry = self.endpoints.get(name).unwrap_or(&nothing);
        let environment = variable(BASE_URL_VARIABLE).filter(|_| name == DEFAULT_ENDPOINT);
        let (base_url, said_by) = match (environment, &entry.base_url) {
            (Some(url), Some(_)) => (url, SaidBy::EnvironmentFirst),
            (Some(url), None) => (url, SaidBy::Environment),
            (None, Some(url)) => (url.clone(), SaidBy::Configuration),
            (None, None) => (OPENAI.to_owned(), SaidBy::Default),
        };
        let key_variable = match entry.key_variable.as_deref() {
            Some("") => None,
            Some(name) => Some(name.to_owned()),
            // OpenAI's key is for nobody else, unless the user says so.
            None => Some(KEY_VARIABLE.to_owned()).filter(|_| name == DEFAULT_ENDPOINT),
        };
        Found {
            has_key: key_variable.as_deref().and_then(variable).is_some(),
            needs_key: key_variable.is_some() && (entry.key_variable.is_some() || is_openai(&base_url)),
            structured: entry.structured.unwrap_or_else(|| is_openai(&base_url)),
            name: name.to_owned(),
            key_variable,
            base_url,
            said_by,
        }
    }

    /// Every endpoint: the default one, and those of the configuration.
    pub(crate) fn all_found(&self) -> Vec<Found> {
        let others = self.endpoints.keys().filter(|name| *name != DEFAULT_ENDPOINT);
        std::iter::once(DEFAULT_ENDPOINT).chain(others.map(String::as_str)).map(|name| self.found(name)).collect()
    }

    /// Every variable that may hold a key: no command inherits them.
    pub(crate) fn key_variables(&self) -> Vec<String> {
        let named = self.endpoints.values().filter_map(|entry| entry.key_variable.clone());
        named.filter(|name| !name.is_empty()).chain([KEY_VARIABLE.to_owned()]).collect()
    }

    /// The endpoint of a model, with its key.
    pub(crate) fn endpoint(&self, model: &str) -> Result<Endpoint, Failure> {
        let found = self.found(self.endpoint_name(model));
        let key = found.key_variable.as_deref().and_then(variable);
        if key.is_none() && found.needs_key {
            return Err(Failure::usage(found.without_key()));
        }
        let entry = self.endpoints.get(&found.name);
        let plain = Endpoint::new(found.base_url.clone(), key.map(Into::into));
        Ok(Endpoint {
            key_variable: found.key_variable.clone().unwrap_or_else(|| KEY_VARIABLE.into()),
            key_header: entry.and_then(|entry| entry.key_header.clone()),
            proxy: proxy(&found.base_url, variable),
            output_field: entry.and_then(|entry| entry.output_field).unwrap_or_default(),
            limits: entry.map_or_else(Limits::default, EndpointEntry::limits),
            ..plain
        })
    }
}

impl Found {
    fn without_key(&self) -> String {
        let variable = self.key_variable.as_deref().unwrap_or(KEY_VARIABLE);
        match (self.name.as_str(), self.said_by) {
            (DEFAULT_ENDPOINT, SaidBy::Default) => {
                format!("no key: set {variable}, or {BASE_URL_VARIABLE} for a local server that needs none")
            }
            _ => format!("no key: set {variable}, which the endpoint `{}` ({}) wants", self.name, self.host()),
        }
    }
}

impl EndpointEntry {
    fn limits(&self) -> Limits {
        let plain = Limits::default();
        let time = |seconds: Option<f64>, otherwise| seconds.map_or(otherwise, Duration::from_secs_f64);
        Limits {
            attempt: time(self.attempt_seconds, plain.attempt),
            total: time(self.total_seconds, plain.total),
            attempts: self.attempts.unwrap_or(plain.attempts),
            concurrent: self.concurrent.unwrap_or(plain.concurrent),
            per_minute: self.requests_per_minute.or(plain.per_minute),
            ..plain
        }
    }
}

/// A variable of the environment that says something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
