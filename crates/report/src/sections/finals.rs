//! The finals: who ran for champion, and why the winner won.

use crate::document::{Block, Of, Table, column};
use crate::facts::Facts;
use crate::words::{fixed, percent, signed};
use science::objective::Score;
use science::state::Final;

/// The finalists on seeds and workloads that nobody was chosen by; none unless finals were held.
pub(super) fn blocks(facts: &Facts<'_>) -> Option<Vec<Block>> {
    let finals = facts.record.state.finals.as_ref()?;
    let terms = facts.terms();
    let (worth, cost, bound) = (terms.worth(), terms.cost(), facts.started.experiment.objective.at_most("regret"));
    let pays = cost.as_ref().map_or_else(String::new, |cost| format!("its {cost} over the reference's, "));
    let loses =
        bound.map_or_else(String::new, |bound| format!("the drawn workloads that lose more than {bound} points and "));
    let note = format!(
        "Each finalist on seeds and drawn workloads of their own: {pays}its {} beyond the \
         reference's and the most that a scenario loses (points), then {loses}its {worth} on drawn workloads; last the lower end \
         of it there (one-sided, 95 %), and what a lack of room to the guards takes off it. {} whoever's is highest is champion.",
        terms.gain(),
        match finals.finalists.iter().any(|finalist| finalist.admissible) {
            true => "Of those that keep every constraint there,",
            false => "None keeps every constraint there, so of all",
        }
    );
    let mut columns = vec![column("<finalist", |finalist: &&Final| finalist.candidate.short().to_owned())];
    columns.extend(cost.map(|cost| scored(format!(">{cost} x reference"), |score| Some(fixed(score.cost_ratio?, 3)))));
    columns.push(scored(">points".into(), |score| Some(signed(0.0 - score.shortfall, 2))));
    columns.push(scored(">loses at most".into(), |score| Some(fixed(score.regret, 1))));
    columns.push(scored("<where".into(), |score| Some(score.regret_scenario.clone())));
    columns.extend(bound.map(|bound| scored(">drawn: losing".into(), move |score| losing(score, bound))));
    columns.push(scored(format!(">drawn: {worth}"), move |score| {
        Some(terms.worth_of(score.panels.as_ref()?.drawn.worth, None))
    }));
    columns.push(column(">at least", move |finalist: &&Final| match finalist.low {
        Some(low) => terms.worth_of(low, None),
        None => finalist.outcome.as_str().to_owned(),
    }));
    columns.push(column(">less", move |finalist: &&Final| terms.worth_of(finalist.penalty, None)));
    let champion = facts.champion().map(|champion| champion.id);
    columns.push(column("<", move |finalist: &&Final| {
        if champion == Some(&finalist.candidate) { "champion" } else { "" }.into()
    }));
    let mut blocks = vec![Block::Text(note.into()), Block::Table(Table::of(&finals.finalists, columns))];
    blocks.extend(shrinkage(facts, &finals.finalists).map(|text| Block::Text(text.into())));
    Some(blocks)
}

/// What the finalists are worth where the search chose by it and where nobody was chosen: two panels, each with its own luck.
fn shrinkage(facts: &Facts<'_>, finalists: &[Final]) -> Option<String> {
    let drawn = |score: &Score| score.panels.as_ref()?.drawn.worth;
    let pair = |finalist: &Final| {
        let searched = facts.record.state.candidates.get(&finalist.candidate)?.score.as_ref()?;
        Some((drawn(searched)?, drawn(finalist.score.as_ref()?)?))
    };
    let pairs: Vec<(f64, f64)> = finalists.iter().filter_map(pair).collect();
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / pairs.len() as f64;
    let terms = facts.terms();
    (!pairs.is_empty()).then(|| {
        format!(
            "In the mean of the finalists, {} on drawn workloads was {} where the search chose by it, and is {} here.",
            terms.worth(),
            terms.worth_of(mean(|pair| pair.0), None),
            terms.worth_of(mean(|pair| pair.1), None)
        )
    })
}

/// A column of scores, with a dash where there is none.
fn scored<'a>(title: String, say: impl Fn(&Score) -> Option<String> + 'a) -> Of<'a, &'a Final> {
    column(title, move |finalist: &&Final| finalist.score.as_ref().and_then(&say).unwrap_or_else(|| "-".into()))
}

/// The share of the drawn workloads that lose more than this.
fn losing(score: &Score, bound: f64) -> Option<String> {
    let drawn = &score.panels.as_ref()?.drawn;
    Some(percent(drawn.losing(bound) as f64 / drawn.regrets.len().max(1) as f64))
}
