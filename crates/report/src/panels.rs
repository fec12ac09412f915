//! A score on the study and on drawn workloads, side by side.

use crate::document::Table;
use crate::words::{percent_or_dash, points};
use science::objective::{PanelScore, Score};

/// A row for each part of the panel; none where the panel is the study alone. `bound` is the regret guard, points.
pub(crate) fn table(score: &Score, bound: Option<f64>) -> Option<Table> {
    let panels = score.panels.as_ref()?;
    let mut table = Table::new(&[
        "<workloads",
        ">improvement against the reference's, points",
        ">shed work against the reference's",
        ">shed rate",
        ">net saving",
        ">largest regret, points",
        ">losing",
    ]);
    let row = |name: String, part: &PanelScore| {
        let change = |ratio: Option<f64>| percent_or_dash(ratio.map(|ratio| ratio - 1.0), None);
        let losing = bound.map_or_else(|| "-".into(), |bound| format!("{} > {bound}", part.losing(bound)));
        vec![
            name,
            points(part.against_reference),
            change(part.work_ratio),
            change(part.rate_ratio),
            percent_or_dash(part.net_saving, None),
            points(part.regret()),
            losing,
        ]
    };
    table.rows = vec![
        row(format!("study ({})", panels.study.regrets.len()), &panels.study),
        row(format!("drawn ({})", panels.drawn.regrets.len()), &panels.drawn),
    ];
    Some(table)
}
