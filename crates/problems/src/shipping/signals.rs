//! Where a target has what the contract shows: one table each, `signals.toml`, whose units are types.

use super::Target;
use serde::Deserialize;

/// The table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signals {
    /// Changes with every entry.
    pub version: u32,
    /// One for each field of the contract.
    pub signal: Vec<Signal>,
}

/// A field of the contract and its source in production.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    /// The field, as `Type.field`.
    pub field: String,
    /// Its unit.
    pub unit: Unit,
    /// What it is in production.
    pub source: String,
    /// The unit of that.
    pub source_unit: Unit,
    /// The expression in Go, in the source's unit.
    pub go: String,
    /// Whether it is there.
    pub availability: Availability,
    /// What has to be set up for it, where that is not so by default.
    #[serde(default)]
    pub dependency: Option<String>,
    /// How old it is.
    pub staleness: String,
    /// What it reads before the first scrape, or where nobody tells.
    pub unscraped: String,
}

/// A unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// A class of requests; below 0 droppable.
    Priority,
    /// Tokens.
    Tokens,
    /// Requests.
    Requests,
    /// Instances.
    Instances,
    /// Who it is.
    Identity,
    /// 0 to 1.
    Fraction,
    /// 1 is full, and it may be more.
    Ratio,
    /// 0 to 100.
    Percent,
    /// Microseconds, a number.
    Microseconds,
    /// Go's `time.Duration`.
    Duration,
}

/// Whether production has a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Availability {
    /// With the default configuration.
    Default,
    /// If something is set up, which the package declares or its README asks for.
    OptIn,
    /// Never, but a policy must do without it: it is shown none. `source` says why.
    Untold,
    /// Nowhere. `source` says why.
    Absent,
}

impl Unit {
    /// An expression of this unit as one of another; none if they do not measure the same.
    pub fn converted(self, expression: &str, to: Unit) -> Option<String> {
        match (self, to) {
            (Unit::Percent, Unit::Fraction) => Some(format!("{expression} / 100")),
            (Unit::Fraction, Unit::Percent) => Some(format!("{expression} * 100")),
            (Unit::Duration, Unit::Microseconds) => Some(format!("uint64({expression}.Microseconds())")),
            (from, to) if from == to => Some(expression.to_owned()),
            _ => None,
        }
    }
}

impl Signal {
    /// The expression in Go, in the contract's unit.
    pub fn expression(&self) -> Option<String> {
        self.source_unit.converted(&self.go, self.unit)
    }
}

impl Signals {
    /// The table of a target.
    pub fn of(target: &Target) -> Signals {
        files::parse_toml(target.table, std::path::Path::new("signals.toml")).expect("a built-in table")
    }

    /// What is known of a field.
    pub fn of_field(&self, field: &str) -> Option<&Signal> {
        self.signal.iter().find(|signal| signal.field == field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TARGETS;

    /// The fields of the types that are shown, in the order of the contract's text.
    fn fields(target: &Target) -> Vec<String> {
        let (mut owner, mut fields) = ("", Vec::new());
        for line in target.of.contract().lines() {
            if let Some(rest) = line.strip_prefix("pub struct ") {
                owner = rest.split(['<', ' ']).next().unwrap_or_default();
            }
            if let Some((name, _)) = line.strip_prefix("    pub ").and_then(|rest| rest.split_once(':'))
                && target.of.shown.contains(&owner)
                && !name.starts_with("fn ")
            {
                fields.push(format!("{owner}.{name}"));
            }
        }
        fields
    }

    #[test]
    fn every_field_of_a_contract_has_one_source_in_a_unit_that_converts() {
        for target in TARGETS {
            let (fields, table) = (fields(target), Signals::of(target));
            assert!(fields.len() > 4, "{fields:?}");
            for field in &fields {
                assert_eq!(table.signal.iter().filter(|own| own.field == *field).count(), 1, "{field}");
            }
            let is_field = |own: &&Signal| own.field.contains('.');
            assert_eq!(table.signal.iter().filter(is_field).count(), fields.len(), "{}", target.name);
            for signal in &table.signal {
                assert!(signal.expression().is_some(), "{} does not convert", signal.field);
                assert_eq!(signal.dependency.is_some(), signal.availability == Availability::OptIn, "{}", signal.field);
            }
        }
    }

    #[test]
    fn a_fraction_stays_one_whatever_its_source_is_called_and_a_percentage_is_divided() {
        let table = Signals::of(TARGETS[0]);
        let kv = table.of_field("Instance.kv_utilization").expect("a signal");
        assert_eq!((kv.unit, kv.source_unit), (Unit::Fraction, Unit::Fraction));
        assert_eq!(kv.expression().as_deref(), Some("metrics.KVCacheUsagePercent"));
        assert_eq!(Unit::Percent.converted("x", Unit::Fraction).as_deref(), Some("x / 100"));
        assert_eq!(Unit::Tokens.converted("x", Unit::Fraction), None);
        assert_eq!(Unit::Ratio.converted("x", Unit::Fraction), None);
        assert_eq!(Unit::Duration.converted("x", Unit::Microseconds).as_deref(), Some("uint64(x.Microseconds())"));
    }
}
