//! Two campaigns beside each other: what was asked, what was answered, and what each took for it.

use super::{Differing, short, side_by_side};
use crate::document::{Block, Section};
use crate::effort::effort;
use crate::facts::Facts;
use crate::page;
use crate::record::Record;
use crate::words::{count, fixed, grouped, left, moment, percent};
use science::seal::{self, Estimate, Look};
use std::time::Duration;

/// What is said of each of two campaigns, a row each; of one that was never opened, nothing.
pub fn campaigns(first: &Record<'_>, second: &Record<'_>) -> Vec<Differing> {
    let [first, second] = [first, second].map(|record| Facts::of(record).map_or_else(Vec::new, |facts| said(&facts)));
    let of = |said: &[(String, String)], what: &String| {
        said.iter().find(|(name, _)| name == what).map(|(_, said)| said.clone())
    };
    let alone = second.iter().filter(|(what, _)| of(&first, what).is_none());
    let names: Vec<String> = first.iter().chain(alone).map(|(what, _)| what.clone()).collect();
    let row = |what: String| {
        let [left, right] = [&first, &second].map(|said| of(said, &what).unwrap_or_else(|| "-".into()));
        Differing { what, left, right }
    };
    names.into_iter().map(row).collect()
}

fn said(facts: &Facts<'_>) -> Vec<(String, String)> {
    let (record, started) = (&facts.record, facts.started);
    let rows = [
        ("campaign", short(record.id)),
        ("experiment", started.name.clone()),
        ("agents", started.agents.clone()),
        ("nonce", started.nonce.to_string()),
        ("answer", page::answer(facts).words().to_lowercase()),
    ];
    let rows = rows.map(|(what, said)| (what.to_owned(), said)).into_iter();
    rows.chain(sealed(facts)).chain(search(facts)).chain(spent(facts)).collect()
}

/// What the seal says.
fn sealed(facts: &Facts<'_>) -> Vec<(String, String)> {
    let (looks, terms) = (facts.record.looks, facts.terms());
    let Some(look) = looks.first() else { return vec![("under the seal".into(), "not looked at".into())] };
    let of = |estimate: &Estimate| terms.worth_of(estimate.value, estimate.interval);
    let worth = terms.worth();
    let mut rows = vec![(format!("sealed {worth}, study"), of(&look.study))];
    if look.drawn > 0 {
        rows.insert(0, (format!("sealed {worth}, {} drawn workloads", look.drawn), of(&look.worth)));
    }
    rows.extend(seal::pooled(looks).map(|all| (format!("sealed {worth}, all looks"), of(&all))));
    rows.push((
        "looks, of which keep all".into(),
        format!("{}, {}", looks.len(), looks.iter().filter(|l| l.holds()).count()),
    ));
    rows.extend(
        terms.cost().map(|cost| {
            (cost, format!("{} (the reference {})", percent(look.score.cost), percent(look.reference.cost)))
        }),
    );
    rows.extend(terms.held_against().map(|(figure, name)| (name, terms.figure_of(figure, look.figure(&figure.name)))));
    if let (Some(drawn), Some(bound)) = (look.drawn_part(), facts.started.experiment.objective.at_most("regret")) {
        let losing = format!("{} of {}", drawn.losing(bound), drawn.regrets.len());
        rows.push((
            format!("lose more than {bound} points"),
            format!("{losing}, the worst {}", fixed(drawn.regret(), 1)),
        ));
    }
    rows.push(("requirements".into(), requirements(look, facts)));
    rows
}

fn requirements(look: &Look, facts: &Facts<'_>) -> String {
    let (missed, all) = (page::missed(look, facts), look.tests.len());
    match missed.as_slice() {
        [] => format!("all {all} kept"),
        missed => format!("{} of {all} NOT kept: {}", missed.len(), missed.join("; ")),
    }
}

/// What the search found, and what became of its claims.
fn search(facts: &Facts<'_>) -> Vec<(String, String)> {
    let terms = facts.terms();
    let verdicts = &facts.calibration.verdicts;
    let champion = facts.champion();
    let principles = &facts.principles;
    let claims = format!(
        "{} confirmed, {} in part, {} refuted, {} open, {} invalid",
        verdicts.confirmed, verdicts.partially_confirmed, verdicts.refuted, verdicts.inconclusive, verdicts.invalid
    );
    vec![
        ("champion".into(), champion.map_or_else(|| "none".into(), |own| page::who(facts, &own))),
        (
            format!("{}, search panel", terms.worth()),
            champion.map_or_else(|| "-".into(), |own| terms.worth_on(own.score)),
        ),
        ("claims".into(), claims),
        ("principles in force, retired".into(), format!("{}, {}", principles.active.len(), principles.retired.len())),
        ("space left".into(), left(principles.volume, principles.false_exclusion, Some(principles.audited_points))),
    ]
}

/// What it took.
fn spent(facts: &Facts<'_>) -> Vec<(String, String)> {
    let (record, effort) = (&facts.record, effort(facts.record.state));
    let took = u64::try_from(record.times.last_ms - record.times.created_ms).unwrap_or_default();
    let end = match &record.state.ended {
        Some(reason) => reason.to_string(),
        None => page::open(facts),
    };
    let trials = [effort.search, effort.audit, effort.finals, effort.verdict].iter().sum::<usize>();
    let mut rows = vec![
        ("state".into(), end),
        ("effort".into(), page::effort(facts)),
        ("trials".into(), grouped(trials as u64)),
        ("budget of evaluations".into(), budget(facts)),
        ("opened".into(), moment(record.times.created_ms)),
        ("from first to last event".into(), crate::live::clock(Duration::from_millis(took))),
    ];
    rows.extend(facts.spend.as_ref().map(|spend| ("model calls".into(), count(spend.calls as usize, "call"))));
    rows
}

fn budget(facts: &Facts<'_>) -> String {
    facts.started.experiment.budget.evaluations.map_or_else(|| "none".into(), |most| grouped(u64::from(most)))
}

/// The same as a section.
pub(crate) fn section(rows: &[Differing]) -> Section {
    let note = "Behind it their champions are held beside each other.";
    Section {
        place: "campaigns",
        title: "Campaigns",
        blocks: vec![Block::Table(side_by_side(rows)), Block::Text(note.into())],
    }
}
