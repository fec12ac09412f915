//! The sealed look: what is claimed of the champion, and nothing stronger.

use crate::document::{Block, Section, Table};
use crate::words::{fixed, percent, percent_within};
use science::seal::{Look, SEEDS, Test, Workloads};

/// What the look at the champion on sealed seeds and workloads showed.
pub(crate) fn sealed(look: &Look) -> Section {
    Section { title: "The sealed look", blocks: blocks(look) }
}

fn blocks(look: &Look) -> Vec<Block> {
    let study = &look.study;
    let mut texts = vec![
        verdict(look).to_owned(),
        format!(
            "On {SEEDS} sealed seeds of each scenario of the study: {} times the reference's extra shed work and {} times its \
             extra shed rate, at {} points of improvement beyond the reference's.",
            fixed(study.work_ratio, 3),
            fixed(study.rate_ratio, 3),
            signed(study.points)
        ),
    ];
    texts.extend(look.workloads.as_ref().map(workloads));
    let mut blocks: Vec<Block> = texts.into_iter().map(|text| Block::Text(text.into())).collect();
    let mut table = Table::new(&["<requirement", ">margin", ">at least", "<"]);
    table.rows = look.tests().map(row).collect();
    blocks.push(Block::Table(table));
    let note = "Seeds and workloads follow from the digest of the record: nobody can have chosen a candidate by them. A margin of the \
                study holds if its lower bound at 5 % is above zero; all must hold together.";
    blocks.push(Block::Text(note.into()));
    blocks
}

/// The claim in one sentence.
pub(crate) fn verdict(look: &Look) -> &'static str {
    match (look.holds(), look.workloads.is_some()) {
        (true, true) => "The champion beats the reference, on the study and on workloads that nobody tuned for.",
        (true, false) => "The champion beats the reference on the study. Of other workloads this says nothing.",
        (false, _) => "The champion does NOT beat the reference: a requirement fails.",
    }
}

fn workloads(look: &Workloads) -> String {
    format!(
        "On {} sealed workloads that nobody tuned for: net saving {} at {} points of improvement; {} of them lose more than {} \
         points, the worst ({}) {}.",
        look.count,
        percent_within(look.net_saving, Some(look.net_saving_ci)),
        signed(look.points),
        percent(look.losing as f64 / look.count.max(1) as f64),
        look.bound,
        look.worst,
        fixed(look.regret, 1)
    )
}

pub(super) fn signed(points: f64) -> String {
    format!("{points:+.2}")
}

fn row(test: &Test) -> Vec<String> {
    let word = if test.holds { "holds" } else { "FAILS" };
    vec![test.requirement.clone(), format!("{:+.4}", test.margin), format!("{:+.4}", test.low), word.into()]
}
