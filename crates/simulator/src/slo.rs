//! Service classes: their names, priorities and latency targets.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of a request's service class, as in `critical`; empty where a trace leaves it out.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(Arc<str>);

impl Class {
    /// The class with this name.
    pub fn new(name: &str) -> Self {
        Class(name.into())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The priority of a request whose class is empty or has none.
pub const DEFAULT_PRIORITY: i32 = 3;

const BUILT_IN: [(&str, i32); 5] =
    [("critical", 4), ("standard", DEFAULT_PRIORITY), ("batch", -1), ("sheddable", -2), ("background", -3)];

/// The priority of each class: higher is more important, below zero may be shed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priorities(BTreeMap<String, i32>);

impl Priorities {
    /// The built-in priorities with these changes and additions.
    pub fn with(changes: &BTreeMap<String, i32>) -> Self {
        let mut priorities = Priorities::default();
        priorities.0.extend(changes.iter().map(|(class, &priority)| (class.clone(), priority)));
        priorities
    }

    /// The priority of a class.
    pub fn of(&self, class: &Class) -> i32 {
        self.0.get(class.name()).copied().unwrap_or(DEFAULT_PRIORITY)
    }

    /// Whether the class is empty or has a priority of its own. Any other name is probably a slip of the pen.
    pub fn knows(&self, class: &Class) -> bool {
        class.name().is_empty() || self.0.contains_key(class.name())
    }

    /// The known class names in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The highest priority there is.
    pub fn highest(&self) -> i32 {
        self.0.values().copied().max().unwrap_or(DEFAULT_PRIORITY).max(DEFAULT_PRIORITY)
    }
}

impl Default for Priorities {
    fn default() -> Self {
        Priorities(BUILT_IN.iter().map(|&(class, priority)| (class.to_owned(), priority)).collect())
    }
}

/// The latency targets of a class, in ms. A completed request is *good* if it meets every target that is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slo {
    /// Time to first token, at most; ms, above 0.
    pub ttft_ms: Option<f64>,
    /// Mean time between tokens, at most; ms, above 0.
    pub itl_ms: Option<f64>,
    /// Time from arrival to the last token, at most; ms, above 0.
    pub e2e_ms: Option<f64>,
}
