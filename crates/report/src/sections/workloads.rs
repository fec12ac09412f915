//! Workload by workload: where the champion gains, where it loses, whom it serves.

use super::served;
use crate::document::{Block, Fold, Table, column};
use crate::facts::Facts;
use crate::panels;
use crate::picture;
use crate::terms::Terms;
use crate::words::{percent, percent_or_dash, points, spaced};
use science::objective::{ScenarioScore, Score};
use science::spec::Spec;

/// None without a champion.
pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let (Some(champion), Some(yardsticks)) = (facts.champion(), &facts.yardsticks) else { return Vec::new() };
    let spec = &facts.started.spec;
    let look = facts.record.looks.first();
    let pictures =
        [picture::workloads::study(facts, champion), look.and_then(|look| picture::workloads::drawn(facts, look))];
    let mut blocks: Vec<Block> = pictures.into_iter().flatten().map(Block::Picture).collect();
    blocks.extend(look.into_iter().flat_map(|look| served::blocks(look, facts.terms())));
    let note =
        "Points are against the reference; below zero the champion gives up what the reference gains. Search seeds.";
    let mut inside =
        vec![Block::Table(scenario_table(Some(champion.score), &yardsticks.reference, spec)), Block::Text(note.into())];
    inside.extend(
        panels::table(champion.score, facts.started.experiment.objective.at_most("regret"), spec).map(Block::Table),
    );
    blocks.push(Block::Fold(Fold { place: None, summary: "Scenario by scenario, in numbers".into(), blocks: inside }));
    blocks
}

/// A candidate beside the reference in every scenario; without one, the reference alone.
pub(crate) fn scenario_table(candidate: Option<&Score>, reference: &Score, spec: &Spec) -> Table {
    type Row<'a> = (Option<&'a ScenarioScore>, &'a ScenarioScore);
    let terms = Terms(spec);
    let gain = terms.gain();
    let mut columns = vec![
        column("<scenario", |(_, reference): &Row<'_>| reference.name.clone()),
        column(format!(">{gain}"), |(own, _): &Row<'_>| percent_or_dash(own.map(|own| own.improvement))),
        column(format!(">ref. {gain}"), |(_, reference): &Row<'_>| percent(reference.improvement)),
    ];
    if let Some(cost) = terms.cost() {
        columns.push(column(format!(">{cost}"), |(own, _): &Row<'_>| percent_or_dash(own.map(|own| own.cost))));
        columns.push(column(format!(">ref. {cost}"), |(_, reference): &Row<'_>| percent(reference.cost)));
    }
    columns.extend(terms.0.by_scenario().map(|figure| {
        column(format!(">{}", spaced(&figure.name)), move |(own, _): &Row<'_>| {
            terms.figure_of(figure, own.and_then(|own| own.figures.get(&figure.name).copied().flatten()))
        })
    }));
    columns.push(column(">points", |(own, _): &Row<'_>| {
        own.map_or_else(|| "-".into(), |own| points(own.against_reference))
    }));
    columns.push(column(
        "<",
        |(_, reference): &Row<'_>| if reference.overloaded { "overloaded".into() } else { String::new() },
    ));
    let own = |at| candidate.and_then(|score: &Score| score.scenarios.get(at));
    Table::of(reference.scenarios.iter().enumerate().map(|(at, reference)| (own(at), reference)), columns)
}
