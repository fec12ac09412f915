//! What would take a claim back.

use crate::facts::Facts;
use crate::terms::Terms;
use crate::words::{count, line, shell};
use science::comparison::Comparison;
use science::seal::{Itself, Look};

/// One sentence each; the most pressing first.
pub(super) fn doubts(facts: &Facts<'_>) -> Vec<String> {
    let id = shell(&line(&facts.record.id.chars().take(8).collect::<String>()));
    let elenchus = facts.elenchus();
    let Some(champion) = facts.champion() else { return Vec::new() };
    let terms = facts.terms();
    let mut doubts = Vec::new();
    match facts.record.looks.first() {
        None => {
            doubts.push(format!("Everything: no look under the seal was taken (`{elenchus} verify {id}` takes one)."))
        }
        Some(look) => {
            doubts.push(again(look, facts.record.looks, terms, &format!("{elenchus} verify {id}")));
        }
    }
    if facts.record.looks.first().is_some_and(|look| !look.holds()) {
        return doubts;
    }
    doubts.push(match facts.record.comparison {
        Some(found) => compared(found, terms),
        None => format!("A search without agents that finds as much in as many evaluations: not tried yet (`{elenchus} compare {id}`)."),
    });
    match champion.score.worth_ci {
        Some([_, high]) if high < 0.0 => doubts.push("On the search panel all of the interval lies below zero.".into()),
        Some([low, _]) if low <= 0.0 => doubts.push("On the search panel the interval holds zero.".into()),
        _ => {}
    }
    doubts.push(format!(
        "Your own traffic, if it is worth nothing there: put it into scenarios (`{elenchus} new`) and evaluate it."
    ));
    doubts
}

/// What another look would have to show.
fn again(look: &Look, looks: &[Look], terms: Terms<'_>, verify: &str) -> String {
    let off = look.itself.as_ref().map(|itself| if look.drawn > 0 { &itself.drawn } else { &itself.study });
    let off = off.filter(|saved| !saved.is_empty()).map_or_else(String::new, |saved| {
        format!(", where the yardstick itself is off by up to {}", terms.worth_of(Itself::floor(saved), None))
    });
    let low = look
        .worth
        .interval
        .map_or_else(String::new, |[low, _]| format!("; this one's interval begins at {}", terms.worth_of(low, None)));
    let kept = looks.iter().filter(|look| look.holds()).count();
    if !looks.first().is_some_and(Look::holds) {
        return format!(
            "Nothing about this champion: the first look counts. Further ones (`{verify} --again`) say how near it came: {} taken, {kept} kept \
             every requirement. Another campaign may find another champion.",
            count(looks.len(), "look")
        );
    }
    format!(
        "A further look (`{verify} --again`) after which all together no longer lie above zero{low}{off}. {} taken, {kept} kept every requirement.",
        count(looks.len(), "look")
    )
}

/// Whether searches of as many evaluations find as much.
fn compared(found: &Comparison, terms: Terms<'_>) -> String {
    let own = found.found.sealed.unwrap_or_default();
    let as_good =
        found.searches.iter().filter(|search| search.found.sealed.is_some_and(|sealed| sealed >= own)).count();
    let best = found.searches.iter().filter_map(|search| search.found.sealed).reduce(f64::max);
    format!(
        "Of {} without agents and with as many evaluations, {as_good} found as much under the seal; the best found {}.",
        searches(found.searches.len()),
        terms.worth_of(best, None)
    )
}

fn searches(n: usize) -> String {
    if n == 1 { "one search".into() } else { format!("{n} searches") }
}
