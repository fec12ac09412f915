//! A score on the study and on drawn workloads, side by side.

use crate::document::Table;
use crate::terms::Terms;
use crate::words::{percent_or_dash, points};
use science::objective::{PanelScore, Score};
use science::spec::{Figure, Spec};

/// A column for each part of the panel; none where the panel is the study alone. `bound` is the regret guard, points.
pub(crate) fn table(score: &Score, bound: Option<f64>, spec: &Spec) -> Option<Table> {
    let (panels, terms) = (score.panels.as_ref()?, Terms(spec));
    let parts = [("study", &panels.study), ("drawn", &panels.drawn)];
    let [study, drawn] = parts.map(|(name, part)| format!(">{name} ({})", part.regrets.len()));
    let mut table = Table::new(&["<workloads".to_owned(), study, drawn]);
    let mut row = |name: String, of: &dyn Fn(&PanelScore) -> String| {
        let [study, drawn] = parts.map(|(_, part)| of(part));
        table.rows.push(vec![name, study, drawn]);
    };
    let change = |ratio: Option<f64>| percent_or_dash(ratio.map(|ratio| ratio - 1.0));
    let known = |part: &PanelScore, figure: &Figure| part.figures.get(&figure.name).copied().flatten();
    row(format!("{} against the reference's, points", terms.gain()), &|part| points(part.against_reference));
    if let Some(cost) = terms.cost() {
        row(format!("{cost} against the reference's"), &|part| change(part.cost_ratio));
    }
    for (figure, series) in terms.over_reference() {
        row(format!("{series} against the reference's"), &|part| change(known(part, figure)));
    }
    row(terms.worth(), &|part| terms.worth_of(part.worth, part.worth_ci));
    for (figure, name) in terms.held_against() {
        row(name, &|part| terms.figure_of(figure, known(part, figure)));
    }
    row("largest regret, points".into(), &|part| points(part.regret()));
    if let Some(bound) = bound {
        row(format!("losing more than {bound} points"), &|part| part.losing(bound).to_string());
    }
    Some(table)
}
