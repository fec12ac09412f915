//! Who may win, who wins, and who is worth keeping beside the winner.

use crate::descriptor::Descriptor;
use crate::experiment::Experiment;
use crate::id::CandidateId;
use crate::objective::{MAY_LOSE, PanelScore, Score};
use crate::spec::{Aim, Spec};

/// A scored candidate, in the order in which candidates were scored.
#[derive(Clone, Debug)]
pub struct Contender<'a> {
    /// The candidate.
    pub id: &'a CandidateId,
    /// Its score.
    pub score: &'a Score,
    /// Its description length, tokens.
    pub description_length: u32,
    /// Whether there is no objection to it.
    pub admissible: bool,
}

/// The winner, and whether it matches the reference's improvement.
#[derive(Clone, Debug, PartialEq)]
pub struct Champion {
    /// The candidate.
    pub id: CandidateId,
    /// False if no admissible candidate reaches the reference's improvement: then this is the one that is worth most.
    pub matches_reference: bool,
}

/// Every reason why a score is not admissible; none means that it is.
pub fn objections(
    score: &Score,
    description_length: u32,
    descriptor: Option<&Descriptor>,
    (experiment, spec): (&Experiment, &Spec),
) -> Vec<String> {
    let mut objections = Vec::new();
    if descriptor.is_some_and(|descriptor| descriptor.order_matters) {
        objections.push(spec.depends());
    }
    if score.violations > 0 {
        objections.push(spec.violated(score.violations));
    }
    for guard in &experiment.objective.constraints {
        // What the problem does not have was refused when the experiment was read.
        let Some(bounded) = spec.bounded(&guard.metric) else { continue };
        let (value, name) = (bounded.value(score, description_length), bounded.words(spec));
        if let Some(bound) = guard.at_most.filter(|bound| value > *bound) {
            let place =
                if bounded == Bounded::Regret { format!(" in {}", score.regret_scenario) } else { String::new() };
            objections.push(format!("{name} {value:.3} is above {bound}{place}"));
        }
        objections.extend(lost(experiment.drawn_bound(guard), score));
        if let Some(bound) = guard.at_least.filter(|bound| value < *bound) {
            objections.push(format!("{name} {value:.3} is below {bound}"));
        }
    }
    objections
}

fn lost(bound: Option<f64>, score: &Score) -> Option<String> {
    let (bound, drawn) = (bound?, &score.panels.as_ref()?.drawn);
    let (losing, all) = (drawn.losing(bound), drawn.regrets.len());
    let too_many = losing as f64 > MAY_LOSE * all as f64;
    too_many.then(|| format!("{losing} of {all} drawn workloads lose more than {bound} points (at most 10 % may)"))
}

/// Something that an experiment may bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounded<'a> {
    /// The most that a scenario loses against the reference, points.
    Regret,
    /// The most that a scenario loses against the baseline, points.
    Loss,
    /// What the study's mean gain lies below the reference's, points.
    Shortfall,
    /// What nine in ten of the drawn workloads lose at most against the reference, points.
    DrawnRegret,
    /// What the drawn workloads' mean gain lies beyond the reference's, points. Costs compare at equal gain only, and the study
    /// may be at the reference's while the drawn workloads are far from it.
    DrawnGain,
    /// Description length, tokens.
    DescriptionLength,
    /// Improvement, a fraction.
    Improvement,
    /// Cost, a fraction.
    Cost,
    /// Cost on the study over the reference's.
    CostRatio,
    /// A figure of the problem's.
    Figure(&'a str),
}

/// What every problem has, by name.
const ALWAYS: [(&str, Bounded<'static>); 6] = [
    ("regret", Bounded::Regret),
    ("loss", Bounded::Loss),
    ("shortfall", Bounded::Shortfall),
    ("drawn_regret", Bounded::DrawnRegret),
    ("drawn_gain", Bounded::DrawnGain),
    ("description_length", Bounded::DescriptionLength),
];

impl Spec {
    /// What an experiment bounds by this name.
    pub fn bounded(&self, name: &str) -> Option<Bounded<'_>> {
        if let Some((_, known)) = ALWAYS.iter().find(|(known, _)| *known == name) {
            return Some(*known);
        }
        if name == self.aim.gain_name().name {
            return Some(Bounded::Improvement);
        }
        match self.aim.cost_names() {
            Some((cost, _)) if cost.name == name => return Some(Bounded::Cost),
            Some((_, ratio)) if ratio == name => return Some(Bounded::CostRatio),
            _ => {}
        }
        self.figure(name).map(|figure| Bounded::Figure(&figure.name))
    }

    /// Everything that an experiment may bound, by name.
    pub fn boundable(&self) -> Vec<&str> {
        let mut names: Vec<&str> = ALWAYS.iter().map(|(name, _)| *name).collect();
        names.push(&self.aim.gain_name().name);
        names.extend(self.aim.cost_names().into_iter().flat_map(|(cost, ratio)| [cost.name.as_str(), ratio]));
        names.extend(self.figures.iter().map(|figure| figure.name.as_str()));
        names
    }

    /// That a candidate did so often what it must never do.
    pub fn violated(&self, times: u64) -> String {
        let [did, what] = &self.violation;
        format!("{did} {times} {what}")
    }

    /// That a candidate's answers depend on what they must not depend on.
    pub fn depends(&self) -> String {
        format!("its decisions depend on {}", self.invariance.as_deref().unwrap_or("what has no meaning"))
    }
}

impl Bounded<'_> {
    /// The bounded number.
    pub(crate) fn value(self, score: &Score, description_length: u32) -> f64 {
        let drawn = |value: fn(&PanelScore) -> f64| score.panels.as_ref().map_or(0.0, |panels| value(&panels.drawn));
        match self {
            Bounded::Regret => score.regret,
            Bounded::Loss => score.loss,
            Bounded::Shortfall => score.shortfall,
            Bounded::DrawnRegret => drawn(PanelScore::regret_of_most),
            Bounded::DrawnGain => drawn(|drawn| drawn.against_reference),
            Bounded::DescriptionLength => f64::from(description_length),
            Bounded::Improvement => score.improvement,
            Bounded::Cost => score.cost,
            Bounded::CostRatio => score.cost_ratio.unwrap_or(f64::INFINITY),
            Bounded::Figure(name) => score.figure(name).unwrap_or(f64::INFINITY),
        }
    }

    /// One unit of it as a fraction.
    pub(crate) fn unit(self) -> f64 {
        match self {
            Bounded::Regret | Bounded::Loss | Bounded::Shortfall | Bounded::DrawnRegret | Bounded::DrawnGain => 0.01,
            Bounded::DescriptionLength
            | Bounded::Improvement
            | Bounded::Cost
            | Bounded::CostRatio
            | Bounded::Figure(_) => 1.0,
        }
    }

    fn words(self, spec: &Spec) -> String {
        let gain = &spec.aim.gain_name().name;
        match self {
            Bounded::Regret => "regret (points)".into(),
            Bounded::Loss => "loss against the baseline (points)".into(),
            Bounded::Shortfall => format!("{gain} short of the reference's (points)"),
            Bounded::DrawnRegret => "regret of nine in ten drawn workloads (points)".into(),
            Bounded::DrawnGain => format!("{gain} of drawn workloads beyond the reference's (points)"),
            Bounded::DescriptionLength => "description length (tokens)".into(),
            Bounded::Improvement => gain.clone(),
            Bounded::Cost => spec.aim.cost_names().map_or("cost", |(cost, _)| &cost.name).into(),
            Bounded::CostRatio => spec.aim.cost_names().map_or("cost ratio", |(_, ratio)| ratio).into(),
            Bounded::Figure(name) => name.into(),
        }
    }
}

/// The champion among `contenders`. Where cost is saved: of the admissible ones whose improvement reaches the reference's, the
/// one with the smallest cost; if none reaches it, the admissible one that is worth most. Where nothing is paid: the admissible
/// one that is worth most. Within 1 % of that, the shorter description, then the earlier.
pub fn champion(contenders: &[Contender<'_>], reference_improvement: f64, aim: &Aim) -> Option<Champion> {
    let admissible: Vec<&Contender<'_>> = contenders.iter().filter(|c| c.admissible).collect();
    let matches = |c: &&&Contender<'_>| match aim {
        Aim::Saving { .. } => c.score.improvement >= reference_improvement,
        Aim::Gain { .. } => c.score.worth.is_some_and(|worth| worth >= 0.0),
    };
    let pays = |c: &Contender<'_>| match aim {
        Aim::Saving { .. } => c.score.cost,
        Aim::Gain { .. } => -c.score.worth.unwrap_or(f64::NEG_INFINITY),
    };
    let matching = || admissible.iter().filter(matches);
    if let Some(least) = matching().map(|c| pays(c)).min_by(f64::total_cmp) {
        let within = level_with(least);
        let best = matching().filter(|c| pays(c) <= within).min_by_key(|c| c.description_length)?;
        return Some(Champion { id: best.id.clone(), matches_reference: true });
    }
    let worth = |c: &&&Contender<'_>| c.score.worth;
    let best = admissible.iter().filter(|c| worth(c).is_some()).max_by(|a, b| {
        // `max_by` keeps the last of equals; the earlier candidate should win.
        let order = a.score.worth.partial_cmp(&b.score.worth).unwrap_or(std::cmp::Ordering::Equal);
        order.then(std::cmp::Ordering::Greater)
    })?;
    Some(Champion { id: best.id.clone(), matches_reference: false })
}

/// The most cost that counts as level with the `least` of all.
fn level_with(least: f64) -> f64 {
    least + 0.01 * least.abs()
}

/// Where a candidate stands on the axes of the Pareto front: on each, less is better.
pub fn axes(contender: &Contender<'_>) -> [f64; 3] {
    [-contender.score.improvement, contender.score.cost, f64::from(contender.description_length)]
}

/// Whether one place is nowhere worse than another, and somewhere better.
pub(crate) fn dominates(a: [f64; 3], b: [f64; 3]) -> bool {
    (0..3).all(|i| a[i] <= b[i]) && (0..3).any(|i| a[i] < b[i])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Guard;
    use crate::fixture;
    use crate::objective::Figures;

    fn score(improvement: f64, cost: f64, regret: f64) -> Score {
        Score {
            improvement,
            improvement_ci: None,
            cost,
            cost_ci: None,
            worth: Some(0.4 - cost),
            worth_ci: None,
            regret,
            regret_scenario: "chatbot_near".into(),
            loss: 0.0,
            shortfall: 0.0,
            cost_ratio: None,
            violations: 0,
            figures: Figures::new(),
            scenarios: vec![],
            panels: None,
        }
    }

    fn experiment() -> Experiment {
        fixture::experiment(vec![Guard { metric: "regret".into(), at_most: Some(5.0), at_least: None }])
    }

    fn win(scores: &[(Score, u32)]) -> Option<(usize, bool)> {
        let ids: Vec<CandidateId> = (0..scores.len()).map(|i| CandidateId::from(i.to_string())).collect();
        let contenders: Vec<Contender<'_>> = scores
            .iter()
            .zip(&ids)
            .map(|((score, free), id)| {
                let admissible = objections(score, *free, None, (&experiment(), &fixture::spec())).is_empty();
                Contender { id, score, description_length: *free, admissible }
            })
            .collect();
        champion(&contenders, 0.25, &fixture::spec().aim).map(|c| (c.id.as_str().parse().unwrap(), c.matches_reference))
    }

    #[test]
    fn the_cheapest_admissible_candidate_that_matches_the_reference_wins() {
        let scores = [(score(0.26, 0.40, 1.0), 4), (score(0.25, 0.38, 1.0), 4), (score(0.2, 0.1, 1.0), 1)];
        assert_eq!(win(&scores), Some((1, true)));
    }

    #[test]
    fn within_one_percent_the_simpler_and_then_the_earlier_wins() {
        let scores = [(score(0.26, 0.3800, 1.0), 5), (score(0.26, 0.3820, 1.0), 3), (score(0.26, 0.3821, 1.0), 3)];
        assert_eq!(win(&scores), Some((1, true)));
    }

    #[test]
    fn a_candidate_that_gives_up_a_workload_is_not_admissible() {
        assert_eq!(win(&[(score(0.3, 0.1, 5.1), 3)]), None);
        assert!(
            objections(&score(0.3, 0.1, 5.1), 3, None, (&experiment(), &fixture::spec()))[0].contains("chatbot_near")
        );
    }

    #[test]
    fn without_a_match_the_largest_saving_wins_and_says_so() {
        assert_eq!(win(&[(score(0.24, 0.3, 0.0), 3), (score(0.249, 0.25, 0.0), 3)]), Some((1, false)));
    }
}
