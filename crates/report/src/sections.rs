//! The lineage report, section by section: facts become texts, tables and lists, laid out by a renderer.

mod agents;
mod campaign;
mod candidates;
mod comparison;
mod controls;
mod finals;
mod iterations;
mod lessons;
mod sealed;
mod simplification;

pub(crate) use campaign::{headline, standing_lines};
pub(crate) use candidates::scenario_table;
pub(crate) use comparison::comparison;
pub(crate) use controls::blocks as controls;
pub(crate) use sealed::{blocks as sealed_look, first_words};

use crate::document::Section;
use crate::facts::Facts;
use crate::standing::Standing;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// What fits a terminal.
    Compact,
    /// Everything.
    Complete,
}

/// The whole report, the most important first.
pub(crate) fn report(facts: &Facts<'_>, detail: Detail) -> Vec<Section> {
    let mut sections = vec![campaign::overview(facts)];
    sections.extend(sealed::sealed(facts.record.looks, facts.record.taken, &facts.started.spec));
    sections.extend(
        facts.record.comparison.map(|found| comparison::comparison(std::slice::from_ref(found), facts.terms())),
    );
    sections.extend(finals::finals(facts));
    sections.extend(candidates::yardsticks(facts, detail));
    sections.extend(facts.champion().and_then(|champion: Standing<'_>| candidates::scenarios(facts, champion)));
    sections.extend(simplification::simplification(facts));
    sections.extend(iterations::path(facts, detail));
    sections.extend(candidates::lineage(facts, detail));
    sections.extend(candidates::front(facts));
    sections.push(lessons::principles(facts, detail));
    sections.push(lessons::calibration(facts));
    sections.extend(candidates::behaviour(facts));
    sections.extend(candidates::source(facts));
    sections.extend(agents::agents(facts, detail));
    sections.push(campaign::reproduce(facts, detail));
    sections
}

/// Lineage, findings and principles only.
pub(crate) fn show(facts: &Facts<'_>) -> Vec<Section> {
    let mut sections = Vec::new();
    sections.extend(candidates::lineage(facts, Detail::Compact));
    sections.extend(iterations::path(facts, Detail::Compact));
    sections.push(lessons::principles(facts, Detail::Compact));
    sections
}
