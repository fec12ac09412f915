//! Whom the champion serves beside the reference.

use crate::document::{Block, Table, column};
use crate::terms::Terms;
use crate::words::percent;
use science::fairness::Served;
use science::seal::Look;

/// None where the problem tells nobody apart.
pub(super) fn blocks(look: &Look, terms: Terms<'_>) -> Vec<Block> {
    let Some(fairness) = look.fairness.as_ref() else { return Vec::new() };
    let parts = terms.0.groups.iter().zip(&fairness.groups).flat_map(|(group, served)| {
        group.parts.iter().zip(served).map(move |(part, served)| (&group.name, part, *served))
    });
    type Row<'a> = (&'a String, &'a String, Served);
    let seen: Vec<Row<'_>> = parts.filter(|(_, _, served)| served.workloads > 0).collect();
    let columns = vec![
        column("<who is served", |(group, part, _): &Row<'_>| format!("{group}: {part}")),
        column(">by the reference", |(_, _, served): &Row<'_>| percent(served.reference)),
        column(">by the champion", |(_, _, served): &Row<'_>| percent(served.own)),
        column(">workloads", |(_, _, served): &Row<'_>| served.workloads.to_string()),
    ];
    let chance = fairness
        .by_chance
        .map_or_else(String::new, |count| format!("; under the reference with other draws in {count}"));
    let text = format!(
        "Shares of the requests that may be refused, means over workloads in which a part has a twentieth of them; the reference at the scale \
         that gains as much there. In {} of {} workloads a {} is served less than half of that{chance}.",
        fairness.giving_up,
        fairness.workloads,
        terms.0.guarded_in_words(),
    );
    let title = if look.drawn > 0 { "Who is served, over all fresh workloads" } else { "Who is served" };
    vec![Block::Heading(title.into()), Block::Table(Table::of(seen.iter().copied(), columns)), Block::Text(text.into())]
}
