//! A policy's trials as the database keeps them.

use super::Panel;
use science::trial::Trial;
use store::TrialRow;

impl Panel {
    /// Trials on this panel, each with what it is a trial of.
    pub(crate) fn label<'a>(&'a self, policy: &'a str, trials: &'a [Trial]) -> Vec<TrialRow<'a>> {
        let cells = self.names.iter().zip(&self.rows);
        let cells = cells.flat_map(|(scenario, seeds)| (0..*seeds as u32).map(move |seed| (scenario, seed)));
        let row =
            |((scenario, seed), trial): ((&'a String, u32), &'a Trial)| TrialRow { policy, scenario, seed, trial };
        cells.zip(trials).map(row).collect()
    }
}
