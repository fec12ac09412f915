//! Cost against gain: candidates, the reference at its scales, what bounds the gain.

use crate::document::{Block, Fold, Of, Table, column};
use crate::facts::Facts;
use crate::picture;
use crate::standing::Standing;
use crate::words::{count, percent, percent_or_dash, percent_within, points, spaced};
use crate::yardsticks::Yardstick;
use science::objective::Score;

/// What it is called: where nothing is paid there is no cost.
pub(super) fn title(facts: &Facts<'_>) -> &'static str {
    if facts.terms().cost().is_some() { "Cost against gain" } else { "The front" }
}

/// The front, and the yardsticks that it is held against.
pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let picture = picture::front::picture(facts).map(Block::Picture);
    let fold = |summary: &str, blocks| Block::Fold(Fold { place: None, summary: summary.into(), blocks });
    let front = front(facts).map(|blocks| fold("The Pareto front", blocks));
    let yardsticks = yardsticks(facts).map(|blocks| fold("The yardsticks: baseline, reference, bounds", blocks));
    picture.into_iter().chain(front).chain(yardsticks).collect()
}

/// The Pareto front over gain, cost where there is one, and description length.
fn front(facts: &Facts<'_>) -> Option<Vec<Block>> {
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
    let (production, opt_in): (Vec<_>, Vec<_>) =
        facts.front.iter().partition(|standing| facts.opt_in(standing.id).is_empty());
    if terms.0.opt_in.is_empty() {
        return Some(vec![rows(production, facts), Block::Text(note.into())]);
    }
    let named = terms.0.opt_in.iter().map(|name| spaced(name)).collect::<Vec<_>>().join(", ");
    let titled = |title: &str, front: Vec<&Standing<'_>>| match front.as_slice() {
        [] => vec![Block::Heading(title.into()), Block::Text("None.".into())],
        _ => vec![Block::Heading(title.into()), rows(front, facts)],
    };
    let mut blocks = titled("With production's inputs", production);
    blocks.extend(titled(&format!("With inputs that production does not pass today ({named})"), opt_in));
    blocks.push(Block::Text(note.into()));
    Some(blocks)
}

/// Some of the front as a table.
fn rows(front: Vec<&Standing<'_>>, facts: &Facts<'_>) -> Block {
    let terms = facts.terms();
    let (gain, cost) = (terms.gain(), terms.cost());
    let mut columns = vec![
        column("<candidate", |s: &&Standing<'_>| s.id.short().to_owned()),
        column(format!(">{gain}"), |s: &&Standing<'_>| percent_within(s.score.improvement, s.score.improvement_ci)),
    ];
    let paid = |s: &&Standing<'_>| percent_within(s.score.cost, s.score.cost_ci);
    columns.extend(cost.map(|cost| column(format!(">{cost}"), paid)));
    columns.push(column(">description length", |s: &&Standing<'_>| {
        s.description_length.map_or_else(|| "-".into(), |n| n.to_string())
    }));
    columns.push(column(format!(">{}", terms.worth()), move |s: &&Standing<'_>| terms.worth_on(s.score)));
    columns.push(column("<admissible", |s: &&Standing<'_>| {
        if facts.record.state.objections(s.id).is_empty() { "yes".into() } else { "no".into() }
    }));
    Block::Table(Table::of(front, columns))
}

/// What every candidate is held against.
fn yardsticks(facts: &Facts<'_>) -> Option<Vec<Block>> {
    let (yardsticks, terms) = (facts.yardsticks.as_ref()?, facts.terms());
    let mut columns = vec![
        column("<yardstick", |row: &&Yardstick| row.name.clone()),
        column("<policy", |row: &&Yardstick| row.policy.clone()),
        scored(terms.gain(), percent(0.0), |score| percent_within(score.improvement, score.improvement_ci)),
    ];
    if yardsticks.attainable.is_some() {
        columns.push(column(">of attainable", |row: &&Yardstick| percent_or_dash(row.share_of_attainable)));
    }
    columns
        .extend(terms.cost().map(|name| scored(name, percent(0.0), |score| percent_within(score.cost, score.cost_ci))));
    columns.extend(terms.0.by_scenario().map(|figure| {
        scored(spaced(&figure.name), "-".into(), move |score| terms.figure_of(figure, score.figure(&figure.name)))
    }));
    columns.push(scored(terms.worth(), "-".into(), move |score| terms.worth_of(score.worth, None)));
    columns.push(scored("regret, points".into(), "-".into(), |score| points(score.regret)));
    let bounds = yardsticks.extremes.iter().map(|extreme| Block::Text(extreme.sentence(terms).into()));
    let overloaded = beyond_help(facts, &yardsticks.overloaded).map(|text| Block::Text(text.into()));
    let table = Block::Table(Table::of(&yardsticks.rows, columns));
    Some([table].into_iter().chain(off(facts)).chain(bounds).chain(overloaded).collect())
}

/// Why the reference saves something against itself; none where nothing is saved.
fn off(facts: &Facts<'_>) -> Option<Block> {
    facts.terms().cost()?;
    let worth = facts.terms().worth();
    Some(Block::Text(
        format!(
            "The reference's own {worth} is not quite 0: like every candidate it is held against the line through its scales, and no \
             line goes through every point. By so much a {worth} on this panel is off; under the seal it is measured again and counted."
        )
        .into(),
    ))
}

/// A column of scores, in which the baseline has none.
fn scored<'a>(title: String, baseline: String, say: impl Fn(&Score) -> String + 'a) -> Of<'a, &'a Yardstick> {
    column(format!(">{title}"), move |row: &&Yardstick| row.score.as_ref().map_or_else(|| baseline.clone(), &say))
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
