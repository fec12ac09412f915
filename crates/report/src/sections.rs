//! The lineage report behind its first page: facts become texts, tables, pictures and lists, laid out by a renderer.

mod agents;
mod candidates;
mod champion;
mod comparison;
mod controls;
mod finals;
mod front;
mod lineage;
mod method;
mod path;
mod predictions;
mod principles;
mod progress;
mod sealed;
mod served;
mod simplification;
mod standing;
mod words;
mod workloads;

pub(crate) use comparison::comparison;
pub(crate) use controls::blocks as controls;
pub(crate) use method::options;
pub(crate) use sealed::{blocks as sealed_look, plainly, verdict};
pub(crate) use standing::{headline, lines as standing_lines};
pub(crate) use workloads::scenario_table;

use crate::document::{Block, Section};
use crate::facts::Facts;

/// Where a report is read, which says how much of it there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Medium {
    /// A terminal: no pictures, nothing folded.
    Terminal,
    /// Markdown: pictures, and all behind the first page folded.
    Markdown,
    /// A page with links: every candidate too.
    Page,
}

/// Everything behind the first page, in the order of the questions that a reader has.
pub(crate) fn report(facts: &Facts<'_>, medium: Medium) -> Vec<Section> {
    let section = |place, title, blocks: Vec<Block>| (!blocks.is_empty()).then_some(Section { place, title, blocks });
    let all = [
        section("champion", "The champion", champion::blocks(facts, medium)),
        section("front", front::title(facts), front::blocks(facts)),
        section("workloads", "Workload by workload", workloads::blocks(facts, medium)),
        section("sealed", "Under the seal", sealed::all(facts)),
        section("lineage", "Lineage", lineage::blocks(facts, medium)),
        section("predictions", "Predictions", predictions::blocks(facts)),
        section("principles", "Principles", principles::blocks(facts)),
        section("progress", "Progress", progress::blocks(facts)),
        section("effort", "Where the effort went", agents::blocks(facts)),
        section("candidates", "Candidates", candidates::blocks(facts, medium)),
        section("words", "Words", words::blocks(facts)),
        section("method", "Method", method::blocks(facts)),
    ];
    let pictured = |mut section: Section| {
        if medium == Medium::Terminal {
            section.blocks.retain(|block| !matches!(block, Block::Picture(_)));
        }
        section
    };
    all.into_iter().flatten().map(pictured).collect()
}

/// Lineage, findings and principles only.
pub(crate) fn show(facts: &Facts<'_>) -> Vec<Section> {
    let wanted = ["lineage", "principles"];
    report(facts, Medium::Terminal).into_iter().filter(|section| wanted.contains(&section.place)).collect()
}
