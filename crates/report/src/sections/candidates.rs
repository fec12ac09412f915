//! Yardsticks, the champion by scenario, the lineage tree, the front, the champion's source.

use super::Detail;
use crate::curves;
use crate::document::{Block, Line, Of, Section, Table, Tone, column, item};
use crate::facts::Facts;
use crate::lineage::Node;
use crate::panels;
use crate::standing::Standing;
use crate::terms::Terms;
use crate::words::{count, percent, percent_or_dash, percent_within, points, spaced};
use crate::yardsticks::Yardstick;
use science::objective::{ScenarioScore, Score};
use science::spec::Spec;

/// What every candidate is held against.
pub(super) fn yardsticks(facts: &Facts<'_>, detail: Detail) -> Option<Section> {
    let (yardsticks, terms) = (facts.yardsticks.as_ref()?, facts.terms());
    let mut columns = vec![column("<yardstick", |row: &&Yardstick| row.name.clone())];
    if detail == Detail::Complete {
        columns.push(column("<policy", |row: &&Yardstick| row.policy.clone()));
    }
    columns.push(scored(terms.gain(), percent(0.0), |score| percent_within(score.improvement, score.improvement_ci)));
    if yardsticks.attainable.is_some() {
        columns.push(column(">of attainable", |row: &&Yardstick| percent_or_dash(row.share_of_attainable)));
    }
    let cost = |score: &Score| percent_within(score.cost, score.cost_ci);
    columns.extend(terms.cost().map(|name| scored(name, percent(0.0), cost)));
    columns.extend(terms.0.by_scenario().map(|figure| {
        scored(spaced(&figure.name), "-".into(), move |score| terms.figure_of(figure, score.figure(&figure.name)))
    }));
    columns.push(scored(terms.worth(), "-".into(), move |score| terms.worth_of(score.worth, None)));
    columns.push(scored("regret".into(), "-".into(), |score| points(score.regret)));
    let mut blocks = vec![Block::Table(Table::of(&yardsticks.rows, columns)), Block::Text(held_against(facts).into())];
    blocks.extend(beyond_help(facts, &yardsticks.overloaded).map(|text| Block::Text(text.into())));
    Some(Section { title: "Yardsticks", blocks })
}

/// A column of scores, in which the baseline has none.
fn scored<'a>(title: String, baseline: String, say: impl Fn(&Score) -> String + 'a) -> Of<'a, &'a Yardstick> {
    column(format!(">{title}"), move |row: &&Yardstick| row.score.as_ref().map_or_else(|| baseline.clone(), &say))
}

/// What the differences are to.
fn held_against(facts: &Facts<'_>) -> String {
    let experiment = &facts.started.experiment;
    format!(
        "Baseline: {}; reference: {}. Differences are to the baseline, whose own are zero by definition; regret is in points.",
        experiment.baseline, experiment.reference
    )
}

/// Which scenarios no policy can help in; none where the problem has no bound for that.
fn beyond_help(facts: &Facts<'_>, overloaded: &[String]) -> Option<String> {
    let mut extremes = facts.started.spec.extremes.iter();
    let (name, (metric, bound)) = extremes.find_map(|extreme| Some((&extreme.name, extreme.beyond_help.as_ref()?)))?;
    let help = format!("{} above {bound} even under {}", spaced(metric), spaced(name));
    Some(match overloaded {
        [] => format!("No scenario is beyond help ({help})."),
        names => format!("Overloaded, beyond help ({help}): {}.", names.join(", ")),
    })
}

/// The champion, scenario by scenario.
pub(super) fn scenarios(facts: &Facts<'_>, champion: Standing<'_>) -> Option<Section> {
    let (reference, spec) = (&facts.yardsticks.as_ref()?.reference, &facts.started.spec);
    let title = "The champion by scenario";
    let note = "Points are against the reference; below zero the champion gives up what the reference gains.";
    let mut blocks =
        vec![Block::Table(scenario_table(Some(champion.score), reference, spec)), Block::Text(note.into())];
    blocks.extend(
        panels::table(champion.score, facts.started.experiment.objective.at_most("regret"), spec).map(Block::Table),
    );
    Some(Section { title, blocks })
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

/// Every candidate under the one that it departs from.
pub(super) fn lineage(facts: &Facts<'_>, detail: Detail) -> Option<Section> {
    let nodes = &facts.lineage.nodes;
    if nodes.is_empty() {
        return None;
    }
    let mut items = vec![item(0, "reference")];
    items.extend(nodes.iter().map(|node| item(node.depth + 1, describe(node, detail, facts.terms()))));
    Some(Section { title: "Lineage", blocks: vec![Block::List(items)] })
}

fn describe(node: &Node, detail: Detail, terms: Terms<'_>) -> Line {
    let short: String = node.candidate.chars().take(8).collect();
    let mut line = Line::default().tone(if node.champion { Tone::Strong } else { Tone::Plain }, short);
    let outcome = node.outcome.unwrap_or("not evaluated");
    line = line.say(match (node.outcome, node.worth) {
        (Some("scored"), Some(worth)) => format!("  {} {}", terms.worth(), terms.worth_of(worth, None)),
        (Some("scored"), None) => "  scored, costs not comparable".into(),
        _ => format!("  {outcome}"),
    });
    if let Some(n) = node.description_length {
        line = line.say(format!(", description length {n}"));
    }
    if let Some(author) = &node.author {
        line = line.say(format!(", by {author}"));
    }
    if let Some(broken) = &node.repairs {
        line = line.say(format!(", mends {}", broken.chars().take(8).collect::<String>()));
    }
    if let Some(other) = &node.acts_like {
        line = line.say(format!(", acts exactly like {} in every trial", other.chars().take(8).collect::<String>()));
    }
    for finding in &node.findings {
        line = line.say(format!(", {} {}", finding.finding, finding.verdict.unwrap_or("not judged")));
    }
    if node.champion {
        line = line.tone(Tone::Good, "  CHAMPION");
    }
    if node.front {
        line = line.say("  on the front");
    }
    if let (false, Some(parent)) = (node.resolved, &node.parent) {
        line = line.tone(Tone::Bad, format!("  departs from {parent}, which this record does not hold"));
    }
    if let (Detail::Complete, Some(behaviour)) = (detail, &node.behaviour) {
        line = line.say(format!("; in its trials it {}", behaviour.trim_end_matches('.')));
    }
    if !node.objections.is_empty() {
        line = line.tone(Tone::Bad, "  not admissible");
        if detail == Detail::Complete {
            line = line.say(format!(": {}", terms.spoken(&node.objections.join("; "))));
        }
    }
    line
}

/// The Pareto front over gain, cost where there is one, and description length.
pub(super) fn front(facts: &Facts<'_>) -> Option<Section> {
    if facts.front.is_empty() {
        return None;
    }
    let terms = facts.terms();
    let (gain, cost) = (terms.gain(), terms.cost());
    let axes = [Some(gain.as_str()), cost.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let note = format!(
        "{} of {}: no other is at least as good in {axes} and description length, and better in one.",
        facts.front.len(),
        count(facts.scored(), "scored candidate")
    );
    let mut columns = vec![
        column("<candidate", |s: &&Standing<'_>| s.id.short().to_owned()),
        column(format!(">{gain}"), |s: &&Standing<'_>| percent_within(s.score.improvement, s.score.improvement_ci)),
    ];
    let paid = |s: &&Standing<'_>| percent_within(s.score.cost, s.score.cost_ci);
    columns.extend(cost.map(|cost| column(format!(">{cost}"), paid)));
    columns.push(column(">description length", |s: &&Standing<'_>| {
        s.description_length.map_or_else(|| "-".into(), |n| n.to_string())
    }));
    columns.push(column(format!(">{}", terms.worth()), move |s: &&Standing<'_>| {
        terms.worth_of(s.score.worth, s.score.worth_ci)
    }));
    columns.push(column("<admissible", |s: &&Standing<'_>| {
        if facts.record.state.objections(s.id).is_empty() { "yes".into() } else { "no".into() }
    }));
    let blocks = vec![Block::Table(Table::of(&facts.front, columns)), Block::Text(note.into())];
    Some(Section { title: "Pareto front", blocks })
}

/// What the champion does.
pub(super) fn behaviour(facts: &Facts<'_>) -> Option<Section> {
    let champion = facts.champion()?;
    let descriptor = facts.record.state.candidates.get(champion.id)?.descriptor.as_ref()?;
    let text = curves::text(&descriptor.curve).trim_start().to_owned();
    let sentence =
        Block::Text(format!("In its trials, it {}", curves::sentence(descriptor, &facts.started.spec)).into());
    Some(Section { title: "What the champion does", blocks: vec![sentence, Block::Code { language: "text", text }] })
}

/// The champion's source.
pub(super) fn source(facts: &Facts<'_>) -> Option<Section> {
    facts.champion()?;
    let text = facts.record.source?.to_owned();
    Some(Section { title: "The champion's source", blocks: vec![Block::Code { language: "rust", text }] })
}
