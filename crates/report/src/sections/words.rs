//! What the words of a report mean: those of every problem, then those of this one.

use crate::document::{Block, Table};
use crate::facts::Facts;
use crate::words::{capital, count, spaced};
use science::spec::{Aggregate, Described, Metric, Spec};

/// A table of words and meanings.
pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let own = facts.started.spec.claimable().map(|metric| own(&metric));
    let guards = facts.started.experiment.objective.constraints.iter();
    let guards = guards.filter_map(|guard| bounded(&facts.started.spec, &guard.metric));
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (word, meaning) in common(facts).into_iter().chain(own).chain(guards).chain(figures(facts)).chain(inputs(facts))
    {
        // A guard is often something that claims are about, too.
        if rows.iter().all(|row| row[0] != word) {
            rows.push(vec![word, meaning]);
        }
    }
    vec![Block::Table(Table { rows, ..Table::new(&["<word", "<what it means"]) })]
}

fn common(facts: &Facts<'_>) -> Vec<(String, String)> {
    let experiment = &facts.started.experiment;
    let study = count(facts.started.scenarios.len(), "scenario");
    let drawn = facts.started.training.len();
    let said = [
        Some(("baseline", format!("{}: what any policy gains is counted from it, on the same workloads", experiment.baseline))),
        Some(("reference", format!("{}: the policy to beat", experiment.reference))),
        Some(("study", format!("the experiment's own {study}"))),
        (drawn > 0).then(|| ("drawn", "workloads drawn from the experiment's population: nobody picked any".into())),
        (drawn > 0).then(|| ("panel", format!("the study and {drawn} drawn workloads: what candidates are ranked on"))),
        Some((
            "under the seal",
            "on seeds and workloads that follow from a secret nonce and from the champion: none was run before there was one".into(),
        )),
        Some(("point", "0.01 on the natural logarithm of a ratio: about 1 %; forty are a factor of 1.5".into())),
        Some(("regret, loss", "the most points that a workload loses against the reference, against the baseline".into())),
        Some(("admissible", "it keeps every guard and never did what no candidate may do".into())),
        Some(("description length", "tokens of the source, comments aside: what there is to understand".into())),
        Some(("3 [1, 5]", "an estimate with its 95 % interval".into())),
        Some((
            "confirmed, refuted, open",
            "of a claim: its interval lies wholly where the claim put it, wholly elsewhere, or neither on the seeds there were".into(),
        )),
        Some(("guard", "a bound of the objective: whoever breaks it is not admissible, whatever he is worth".into())),
    ];
    said.into_iter().flatten().map(|(word, meaning)| (word.to_owned(), meaning)).collect()
}

/// What is reported beside the worth, and what workloads are told apart by.
fn figures(facts: &Facts<'_>) -> Vec<(String, String)> {
    let (spec, worth) = (&facts.started.spec, facts.terms().worth());
    let meaning = |of: &Aggregate| match of {
        Aggregate::Saving(series) => {
            let counted = spec.series(series).map_or_else(|| spaced(series), |series| series.meaning.clone());
            Some(format!("{} where this counts as the cost: {counted}", capital(&worth)))
        }
        Aggregate::NetSaving => Some(format!("{} by means over workloads at equal mean gain", capital(&worth))),
        Aggregate::Allocation => {
            Some("What of that is gained by moving cost between workloads, not within them".into())
        }
        _ => None,
    };
    let own = spec.figures.iter().filter_map(|figure| Some((spaced(&figure.name), meaning(&figure.of)?)));
    let features = spec.features.iter().map(|feature| (spaced(&feature.name), capital(&feature.meaning)));
    own.chain(features).collect()
}

/// What the champion looks at.
fn inputs(facts: &Facts<'_>) -> Vec<(String, String)> {
    let found = facts.champion().and_then(|own| facts.record.state.candidates.get(own.id)?.descriptor.as_ref());
    let looks_at = |input: &&Described| found.is_some_and(|found| found.inputs.contains(&input.name));
    let inputs = facts.started.spec.inputs.iter().filter(looks_at);
    inputs.map(|input| (spaced(&input.name), capital(&input.meaning))).collect()
}

fn own(metric: &Metric<'_>) -> (String, String) {
    (spaced(metric.name()), capital(metric.meaning()))
}

/// What a guard bounds; none where it is described with what claims are about.
fn bounded(spec: &Spec, metric: &str) -> Option<(String, String)> {
    let meaning = |series: &str| spec.series(series).map(|series| series.meaning.clone());
    let described = |known: &Described| known.meaning.clone();
    let figure = spec.figure(metric).and_then(|figure| match &figure.of {
        Aggregate::Mean(series) => meaning(series).map(|meaning| format!("{meaning}; the mean over workloads")),
        Aggregate::Sum(series) => meaning(series).map(|meaning| format!("{meaning}; all together")),
        Aggregate::OverReference(series) => meaning(series).map(|meaning| format!("{meaning}; over the reference's")),
        _ => None,
    });
    let metric_of = spec.metrics.iter().find(|known| known.name == metric).map(described);
    let meaning = figure.or_else(|| meaning(metric)).or(metric_of)?;
    Some((spaced(metric), capital(&meaning)))
}
