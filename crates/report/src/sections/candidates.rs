//! Yardsticks, the champion by scenario, the lineage tree, the front, the champion's source.

use super::Detail;
use crate::curves;
use crate::document::{Block, Line, Section, Table, Tone, item};
use crate::facts::Facts;
use crate::lineage::Node;
use crate::panels;
use crate::standing::Standing;
use crate::words::{count, percent, percent_or_dash, percent_within, points};
use crate::yardsticks::Yardstick;
use science::allocation::Allocation;
use science::objective::Score;

/// What every candidate is held against.
pub(super) fn yardsticks(facts: &Facts<'_>, detail: Detail) -> Option<Section> {
    let yardsticks = facts.yardsticks.as_ref()?;
    let mut table = Table::new(&[
        "<yardstick",
        "<policy",
        ">improvement",
        ">of attainable",
        ">extra shed work",
        ">extra shed rate",
        ">net saving",
        ">regret",
    ]);
    table.rows = yardsticks.rows.iter().map(yardstick).collect();
    if detail == Detail::Compact {
        table.columns.remove(1);
        table.rows.iter_mut().for_each(|row| drop(row.remove(1)));
    }
    let overloaded = match yardsticks.overloaded.as_slice() {
        [] => "No scenario stays unstable when everything droppable is refused.".to_owned(),
        names => format!("Overloaded (unstable even when everything droppable is refused): {}.", names.join(", ")),
    };
    let experiment = &facts.started.experiment;
    let note = format!(
        "Baseline: {}; reference: {}. Differences are to the baseline, whose own are zero by definition; regret is in points. Exchange rate of the reference's \
         own scale: one point of improvement for {} of cost.",
        experiment.baseline,
        experiment.reference,
        percent(yardsticks.lambda * 0.01)
    );
    let blocks = vec![Block::Table(table), Block::Text(note.into()), Block::Text(overloaded.into())];
    Some(Section { title: "Yardsticks", blocks })
}

fn yardstick(row: &Yardstick) -> Vec<String> {
    let share = row.share_of_attainable.map_or_else(|| "-".into(), percent);
    let mut cells = vec![row.name.clone(), row.policy.clone()];
    cells.extend(match &row.score {
        None => [percent(0.0), share, percent(0.0), percent(0.0), "-".into(), "-".into()],
        Some(score) => [
            percent_within(score.improvement, score.improvement_ci),
            share,
            percent_within(score.extra_shed_work, score.extra_shed_work_ci),
            percent(score.extra_shed_rate),
            percent_or_dash(score.net_saving, None),
            points(score.regret),
        ],
    });
    cells
}

/// The champion, scenario by scenario.
pub(super) fn scenarios(facts: &Facts<'_>, champion: Standing<'_>) -> Option<Section> {
    let reference = &facts.yardsticks.as_ref()?.reference;
    let title = "The champion by scenario";
    let note = "Points are against the reference; below zero the champion gives up what the reference gains.";
    let mut blocks = vec![Block::Table(scenario_table(Some(champion.score), reference)), Block::Text(note.into())];
    blocks.extend(panels::table(champion.score, facts.started.experiment.claimed_regret()).map(Block::Table));
    blocks.extend(facts.allocation().map(|split| Block::Text(allocated(&split).into())));
    Some(Section { title, blocks })
}

/// Where the saving comes from, in one sentence.
fn allocated(split: &Allocation) -> String {
    format!(
        "Of the net saving of {}, {} is left within single workloads at equal improvement; the rest, {}, is allocation between \
         workloads (measured on {} of {}).",
        percent(split.net_saving),
        percent(split.within),
        percent(split.between),
        split.measured,
        split.workloads
    )
}

/// A candidate beside the reference in every scenario; without one, the reference alone.
pub(crate) fn scenario_table(candidate: Option<&Score>, reference: &Score) -> Table {
    let mut table = Table::new(&[
        "<scenario",
        ">improvement",
        ">ref. improvement",
        ">extra shed work",
        ">ref. work",
        ">extra shed rate",
        ">points",
        "<",
    ]);
    let row = |(at, yardstick): (usize, &science::objective::ScenarioScore)| {
        let own = candidate.and_then(|score| score.scenarios.get(at));
        let share = |value: Option<f64>| value.map_or_else(|| "-".into(), percent);
        vec![
            yardstick.name.clone(),
            share(own.map(|s| s.improvement)),
            percent(yardstick.improvement),
            share(own.map(|s| s.extra_shed_work)),
            percent(yardstick.extra_shed_work),
            share(own.map(|s| s.extra_shed_rate)),
            own.map_or_else(|| "-".into(), |s| points(s.against_reference)),
            if yardstick.overloaded { "overloaded".into() } else { String::new() },
        ]
    };
    table.rows = reference.scenarios.iter().enumerate().map(row).collect();
    table
}

/// Every candidate under the one that it departs from.
pub(super) fn lineage(facts: &Facts<'_>, detail: Detail) -> Option<Section> {
    let nodes = &facts.lineage.nodes;
    if nodes.is_empty() {
        return None;
    }
    let mut items = vec![item(0, "reference")];
    items.extend(nodes.iter().map(|node| item(node.depth + 1, describe(node, detail))));
    Some(Section { title: "Lineage", blocks: vec![Block::List(items)] })
}

fn describe(node: &Node, detail: Detail) -> Line {
    let short: String = node.candidate.chars().take(8).collect();
    let mut line = Line::default().tone(if node.champion { Tone::Strong } else { Tone::Plain }, short);
    let outcome = node.outcome.unwrap_or("not evaluated");
    line = line.say(match (node.outcome, node.net_saving) {
        (Some("scored"), Some(saving)) => format!("  net saving {}", percent(saving)),
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
            line = line.say(format!(": {}", node.objections.join("; ")));
        }
    }
    line
}

/// The Pareto front over improvement, extra shed work and description length.
pub(super) fn front(facts: &Facts<'_>) -> Option<Section> {
    if facts.front.is_empty() {
        return None;
    }
    let mut table = Table::new(&[
        "<candidate",
        ">improvement",
        ">extra shed work",
        ">description length",
        ">net saving",
        "<admissible",
    ]);
    let row = |s: &Standing<'_>| {
        let admissible = facts.record.state.objections(s.id).is_empty();
        vec![
            s.id.short().to_owned(),
            percent_within(s.score.improvement, s.score.improvement_ci),
            percent_within(s.score.extra_shed_work, s.score.extra_shed_work_ci),
            s.description_length.map_or_else(|| "-".into(), |n| n.to_string()),
            percent_or_dash(s.score.net_saving, s.score.net_saving_ci),
            if admissible { "yes".into() } else { "no".into() },
        ]
    };
    table.rows = facts.front.iter().map(row).collect();
    let note = format!(
        "{} of {}: no other is at least as good in improvement, extra shed work and description length, and better in one.",
        facts.front.len(),
        count(facts.scored(), "scored candidate")
    );
    Some(Section { title: "Pareto front", blocks: vec![Block::Table(table), Block::Text(note.into())] })
}

/// What the champion does.
pub(super) fn behaviour(facts: &Facts<'_>) -> Option<Section> {
    let champion = facts.champion()?;
    let descriptor = facts.record.state.candidates.get(champion.id)?.descriptor.as_ref()?;
    let text = curves::text(&descriptor.curve).trim_start().to_owned();
    let sentence = Block::Text(format!("In its trials, it {}", curves::sentence(descriptor)).into());
    Some(Section { title: "What the champion does", blocks: vec![sentence, Block::Code { language: "text", text }] })
}

/// The champion's source.
pub(super) fn source(facts: &Facts<'_>) -> Option<Section> {
    facts.champion()?;
    let text = facts.record.source?.to_owned();
    Some(Section { title: "The champion's source", blocks: vec![Block::Code { language: "rust", text }] })
}
