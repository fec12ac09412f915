//! A score on the study and on drawn workloads, side by side.

use crate::document::{Table, column};
use crate::terms::Terms;
use crate::words::{percent_or_dash, points};
use science::objective::{PanelScore, Score};
use science::spec::Spec;

/// A row for each part of the panel; none where the panel is the study alone. `bound` is the regret guard, points.
pub(crate) fn table(score: &Score, bound: Option<f64>, spec: &Spec) -> Option<Table> {
    type Row<'a> = (&'a str, &'a PanelScore);
    let (panels, terms) = (score.panels.as_ref()?, Terms(spec));
    let change = |ratio: Option<f64>| percent_or_dash(ratio.map(|ratio| ratio - 1.0));
    let mut columns = vec![
        column("<workloads", |(name, part): &Row<'_>| format!("{name} ({})", part.regrets.len())),
        column(format!(">{} against the reference's, points", terms.gain()), |(_, part): &Row<'_>| {
            points(part.against_reference)
        }),
    ];
    columns.extend(terms.cost().map(|cost| {
        column(format!(">{cost} against the reference's"), move |(_, part): &Row<'_>| change(part.cost_ratio))
    }));
    columns.extend(terms.over_reference().map(|(figure, series)| {
        column(format!(">{series} against the reference's"), move |(_, part): &Row<'_>| {
            change(part.figures.get(&figure.name).copied().flatten())
        })
    }));
    columns.extend(terms.held_against().map(|(figure, name)| {
        column(format!(">{name}"), move |(_, part): &Row<'_>| {
            terms.figure_of(figure, part.figures.get(&figure.name).copied().flatten())
        })
    }));
    columns.extend([
        column(format!(">{}", terms.worth()), move |(_, part): &Row<'_>| terms.worth_of(part.worth, part.worth_ci)),
        column(">largest regret, points", |(_, part): &Row<'_>| points(part.regret())),
        column(">losing", move |(_, part): &Row<'_>| {
            bound.map_or_else(|| "-".into(), |bound| format!("{} > {bound}", part.losing(bound)))
        }),
    ]);
    Some(Table::of([("study", &panels.study), ("drawn", &panels.drawn)], columns))
}
