//! What a problem calls things, in the words of a report.

use crate::words::{size, size_within, spaced};
use science::objective::Score;
use science::spec::{Aggregate, Figure, Spec, Unit};

/// The names and units of a problem.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms<'a>(pub(crate) &'a Spec);

impl<'a> Terms<'a> {
    /// What gain is called.
    pub(crate) fn gain(self) -> String {
        spaced(&self.0.aim.gain_name().name)
    }

    /// What cost is called; none where nothing is paid.
    pub(crate) fn cost(self) -> Option<String> {
        self.0.aim.cost_names().map(|(cost, _)| spaced(&cost.name))
    }

    /// What a policy's worth is called.
    pub(crate) fn worth(self) -> String {
        spaced(&self.0.aim.worth_name().name)
    }

    /// So much worth, with its interval if there is one; a dash where it is not defined.
    pub(crate) fn worth_of(self, worth: impl Into<Option<f64>>, interval: Option<[f64; 2]>) -> String {
        let unit = self.0.aim.worth_name().unit;
        worth.into().map_or_else(|| "-".into(), |worth| size_within(unit, worth, interval))
    }

    /// What a policy is worth on the search panel; where workloads were drawn, what the interval is of as well: these alone.
    pub(crate) fn worth_on(self, score: &Score) -> String {
        let drawn = score.panels.as_ref().and_then(|panels| panels.drawn.worth);
        match (score.worth, drawn) {
            (Some(worth), Some(drawn)) => {
                format!("{} (drawn {})", self.worth_of(worth, None), self.worth_of(drawn, score.worth_ci))
            }
            _ => self.worth_of(score.worth, score.worth_ci),
        }
    }

    /// So much cost.
    pub(crate) fn cost_of(self, cost: f64) -> String {
        size(self.0.aim.cost_names().map_or(Unit::Fraction, |(cost, _)| cost.unit), cost)
    }

    /// Whether less of what a claim is about is better.
    pub(crate) fn less_is_better(self, metric: &str) -> bool {
        self.0.metric(metric).is_some_and(|metric| metric.less_is_better())
    }

    /// The unit of what a claim is about.
    pub(crate) fn unit_of(self, metric: &str) -> Unit {
        self.0.metric(metric).map(|metric| metric.unit()).unwrap_or_default()
    }

    /// The figures that are over the reference's, each with what its series is called.
    pub(crate) fn over_reference(self) -> impl Iterator<Item = (&'a Figure, String)> {
        self.0.figures.iter().filter_map(|figure| match &figure.of {
            Aggregate::OverReference(series) => Some((figure, spaced(series))),
            _ => None,
        })
    }

    /// The figures by which a policy is held against the reference where something else counts, each with what it is called.
    pub(crate) fn held_against(self) -> impl Iterator<Item = (&'a Figure, String)> {
        self.0.figures.iter().filter_map(|figure| match &figure.of {
            Aggregate::Saving(_) | Aggregate::NetSaving | Aggregate::Allocation => Some((figure, spaced(&figure.name))),
            _ => None,
        })
    }

    /// So much of a figure; a dash where it is not defined.
    pub(crate) fn figure_of(self, figure: &Figure, value: Option<f64>) -> String {
        value.map_or_else(|| "-".into(), |value| size(self.0.unit(figure), value))
    }

    /// A text of the science's in which names stand as they are written, with each of the problem's as it is spoken.
    pub(crate) fn spoken(self, text: &str) -> String {
        let Spec { aim, series, figures, .. } = self.0;
        let of_the_aim = [&aim.gain_name().name, &aim.worth_name().name].map(String::as_str);
        let costs = aim.cost_names().into_iter().flat_map(|(cost, ratio)| [cost.name.as_str(), ratio]);
        let own =
            series.iter().map(|series| series.name.as_str()).chain(figures.iter().map(|figure| figure.name.as_str()));
        let names: Vec<&str> = of_the_aim.into_iter().chain(costs).chain(own).collect();
        let word = |word: &str| if names.contains(&word) { spaced(word) } else { word.to_owned() };
        text.split(' ').map(word).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn only_whole_names_of_the_problem_are_spoken_with_spaces() {
        let spec = fixture::saving();
        let text = "net_thrift at least 0.1 in net_thrift_town; way_back at most the reference's";
        assert_eq!(
            Terms(&spec).spoken(text),
            "net thrift at least 0.1 in net_thrift_town; way back at most the reference's"
        );
    }

    #[test]
    fn worth_is_shown_in_its_own_unit() {
        let (saving, gain) = (fixture::saving(), fixture::gain());
        assert_eq!(Terms(&saving).worth_of(0.05, Some([0.01, 0.09])), "5.0 % [1.0, 9.0]");
        assert_eq!(Terms(&gain).worth_of(0.05, None), "5.00 points");
        assert_eq!((Terms(&gain).worth_of(None, None), Terms(&gain).cost()), ("-".into(), None));
    }

    #[test]
    fn a_figure_has_the_unit_of_its_series_unless_it_is_over_the_references() {
        let spec = fixture::saving();
        let said = |at: usize| Terms(&spec).figure_of(&spec.figures[at], Some(2.0));
        assert_eq!([0, 1, 2].map(said), ["2", "2", "2.000"]);
        assert_eq!(Terms(&spec).figure_of(&spec.figures[0], None), "-");
    }
}
