//! Workload by workload: where the champion gains, where it loses, whom it serves.

use super::{Medium, served};
use crate::document::{Block, Fold, Table, column};
use crate::facts::Facts;
use crate::features;
use crate::panels;
use crate::picture;
use crate::terms::Terms;
use crate::words::{percent, percent_or_dash, points, spaced};
use science::objective::{ScenarioScore, Score};
use science::seal::Look;
use science::spec::Spec;

/// Workloads that are named, at most.
const NAMED: usize = 5;

/// None without a champion.
pub(super) fn blocks(facts: &Facts<'_>, medium: Medium) -> Vec<Block> {
    let (Some(champion), Some(yardsticks)) = (facts.champion(), &facts.yardsticks) else { return Vec::new() };
    let spec = &facts.started.spec;
    let look = facts.record.looks.first();
    let pictures =
        [picture::workloads::study(facts, champion), look.and_then(|look| picture::workloads::drawn(facts, look))];
    let mut blocks: Vec<Block> = pictures.into_iter().flatten().map(Block::Picture).collect();
    if let Some(look) = look {
        blocks.extend(losers(look, spec).map(Block::Table));
        if medium != Medium::Terminal {
            blocks.extend(worst(look));
        }
        blocks.extend(served::blocks(look, facts.terms()));
    }
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

/// The drawn workloads in which the champion loses the most, and what they are like; none where it loses in none.
fn losers(look: &Look, spec: &Spec) -> Option<Table> {
    let drawn = look.score.panels.as_ref().map(|panels| &panels.drawn)?;
    let features = look.illustration.as_ref().map(|shown| shown.features.as_slice()).unwrap_or_default();
    let mut lost: Vec<(usize, f64)> =
        drawn.regrets.iter().copied().enumerate().filter(|(_, regret)| *regret > 0.0).collect();
    lost.sort_by(|a, b| b.1.total_cmp(&a.1));
    lost.truncate(NAMED);
    type Row = (usize, f64);
    let mut columns = vec![
        column("<loses the most in", |(at, _): &Row| format!("workload {}", at + 1)),
        column(">points", |(_, regret): &Row| points(0.0 - regret)),
    ];
    columns.extend(spec.features.iter().enumerate().map(|(which, feature)| {
        column(format!(">{}", spaced(&feature.name)), move |(at, _): &Row| {
            let value = features.get(*at).and_then(|own| own.get(which));
            value.map_or_else(|| "-".into(), |value| features::of(feature, *value))
        })
    }));
    (!lost.is_empty()).then(|| Table::of(lost, columns))
}

/// How the worst of them went; none where that was not recorded.
fn worst(look: &Look) -> Vec<Block> {
    let Some(worst) = look.illustration.as_ref().and_then(|shown| shown.worst.as_ref()) else { return Vec::new() };
    let name = worst.drawn.map_or_else(|| worst.workload.clone(), |at| format!("workload {}", at + 1));
    let heading = Block::Heading(format!("How {name} went, the one in which it does worst").into());
    [heading].into_iter().chain(picture::course::pictures(worst).into_iter().map(Block::Picture)).collect()
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
        "<note",
        |(_, reference): &Row<'_>| if reference.overloaded { "overloaded".into() } else { String::new() },
    ));
    let own = |at| candidate.and_then(|score: &Score| score.scenarios.get(at));
    Table::of(reference.scenarios.iter().enumerate().map(|(at, reference)| (own(at), reference)), columns)
}
