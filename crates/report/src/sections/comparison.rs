//! What random search and tuning alone would have found.

use crate::document::{Block, Section, Table};
use crate::terms::Terms;
use crate::words::{grouped, percent};
use science::comparison::{Best, Comparison, Sealed, Spent, Spread};

/// A campaign beside random search and tuning.
pub(crate) fn comparison(comparison: &Comparison, terms: Terms<'_>) -> Section {
    Section { title: "Random search and tuning alone", blocks: blocks(comparison, terms) }
}

fn blocks(comparison: &Comparison, terms: Terms<'_>) -> Vec<Block> {
    let saving = |saving: Option<f64>| terms.worth_of(saving, None);
    let (range, best) = (|spread: &Spread| range(spread, terms), |found: &Best| best(found, terms));
    let only = comparison.tune_only.as_ref().map_or_else(|| "has no place in the space".into(), best);
    let sealed = comparison.sealed.as_ref();
    let mut blocks = vec![Block::Text(spent(comparison).into())];
    let mut table = Table::new(&[&format!("<{} of", terms.worth()), ">on the search panel", ">on sealed workloads"]);
    table.rows = vec![
        row("the champion", saving(comparison.champion), sealed.map(|sealed| saving(sealed.champion))),
        row("random search, median", saving(comparison.random.median), sealed.map(|s| saving(s.random.median))),
        row("random search, 5 % to 95 %", range(&comparison.random), sealed.map(|s| range(&s.random))),
    ];
    table.rows.extend(comparison.tuned.iter().enumerate().map(|(n, found)| {
        let sealed = sealed.map(|sealed| saving(sealed.tuned.get(n).copied().flatten()));
        row(&format!("random search and tuning, key {n}"), best(found), sealed)
    }));
    table.rows.push(row("the reference, tuned", only, sealed.map(|s| saving(s.tune_only))));
    blocks.push(Block::Table(table));
    blocks.push(Block::Text(standing(comparison).into()));
    blocks.extend(sealed.map(|sealed| Block::Text(under_seal(sealed, terms).into())));
    let note = "A dash: nothing admissible was found, or nothing that compares with the reference. No search is bound in how many \
                constants its finds have. In brackets the most that any tuned point is worth whose guards are left out of account.";
    blocks.push(Block::Text(note.into()));
    blocks
}

fn row(name: &str, search: String, sealed: Option<String>) -> Vec<String> {
    vec![name.into(), search, sealed.unwrap_or_else(|| "not drawn".into())]
}

fn spent(comparison: &Comparison) -> String {
    let Comparison { pool, admissible, spent, random, .. } = comparison;
    let Spent { evaluations, audited, finals, verdicts } = spent;
    format!(
        "Each search may spend what the campaign spent: {} runs of one policy on its search panel ({evaluations} of candidates and \
         tuning, {audited} of audits, {verdicts} for the trials of its verdicts, {finals} for those of its finals). Of {} points drawn from the declared space {} are \
         admissible; {} random searches draw from them.",
        grouped(spent.total() as u64),
        grouped(u64::from(*pool)),
        grouped(u64::from(*admissible)),
        grouped(u64::from(random.searches)),
    )
}

/// Where the campaign stands on its own panel.
fn standing(comparison: &Comparison) -> String {
    let Comparison { random, p, .. } = comparison;
    let nothing = match random.nothing {
        0 => "Every random search finds something admissible that compares with the reference.".to_owned(),
        nothing => format!(
            "{} of {} random searches find nothing admissible that compares with the reference.",
            grouped(u64::from(nothing)),
            grouped(u64::from(random.searches))
        ),
    };
    match p {
        Some(p) => format!("{nothing} {} find something at least as good as the champion.", percent(*p)),
        None => nothing,
    }
}

fn under_seal(sealed: &Sealed, terms: Terms<'_>) -> String {
    let Sealed { champion, random, p, beating, .. } = sealed;
    let searches = random.searches;
    let own = match (champion, p) {
        (Some(champion), Some(p)) => {
            let above = random.high.is_none_or(|high| *champion > high);
            let word = if above { "above" } else { "NOT above" };
            format!(
                "Under the seal the champion's {} is {word} the 95 % quantile of random search; {} of its finds are at \
                 least as good there. ",
                terms.worth(),
                percent(*p)
            )
        }
        _ => String::new(),
    };
    format!("{own}The finds of {beating} of {searches} random searches pass every test of the sealed look.")
}

fn range(spread: &Spread, terms: Terms<'_>) -> String {
    match (spread.low, spread.high) {
        (None, None) => "-".into(),
        (low, high) => format!("{} to {}", terms.worth_of(low, None), terms.worth_of(high, None)),
    }
}

fn best(best: &Best, terms: Terms<'_>) -> String {
    format!("{} ({})", terms.worth_of(best.admissible, None), terms.worth_of(best.any, None))
}
