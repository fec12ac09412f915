//! Who may win, who wins, and who is worth keeping beside the winner.

use crate::descriptor::Descriptor;
use crate::experiment::{Experiment, Guard, GuardMetric};
use crate::id::CandidateId;
use crate::objective::{MAY_LOSE, Score};

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
    /// False if no admissible candidate reaches the reference's improvement: then this is the one that saves most.
    pub matches_reference: bool,
}

/// Every reason why a score is not admissible; none means that it is.
pub fn objections(
    score: &Score,
    description_length: u32,
    descriptor: Option<&Descriptor>,
    experiment: &Experiment,
) -> Vec<String> {
    let mut objections = Vec::new();
    if descriptor.is_some_and(|descriptor| descriptor.order_matters) {
        objections.push("its decisions depend on the order of the instances".to_owned());
    }
    if score.protected_rejections > 0 {
        objections.push(format!("refused {} protected requests", score.protected_rejections));
    }
    for guard in &experiment.objective.constraints {
        let (value, name) = guarded(guard.metric, score, description_length);
        if let Some(bound) = guard.at_most.filter(|bound| value > *bound) {
            objections.push(format!("{name} {value:.3} is above {bound}{}", place(guard, score)));
        }
        objections.extend(lost(guard, score));
        if let Some(bound) = guard.at_least.filter(|bound| value < *bound) {
            objections.push(format!("{name} {value:.3} is below {bound}"));
        }
    }
    objections
}

fn lost(guard: &Guard, score: &Score) -> Option<String> {
    let bound = guard.drawn()?;
    let drawn = &score.panels.as_ref()?.drawn;
    let (losing, all) = (drawn.losing(bound), drawn.regrets.len());
    let too_many = losing as f64 > MAY_LOSE * all as f64;
    too_many.then(|| format!("{losing} of {all} drawn workloads lose more than {bound} points (at most 10 % may)"))
}

pub(crate) fn guarded(metric: GuardMetric, score: &Score, description_length: u32) -> (f64, &'static str) {
    match metric {
        GuardMetric::Regret => (score.regret, "regret (points)"),
        GuardMetric::Loss => (score.loss, "loss against the baseline (points)"),
        GuardMetric::Improvement => (score.improvement, "improvement"),
        GuardMetric::ExtraShedWork => (score.extra_shed_work, "extra shed work"),
        GuardMetric::ExtraShedRate => (score.extra_shed_rate, "extra shed rate"),
        GuardMetric::ThroughputLoss => (score.throughput_loss, "throughput loss"),
        GuardMetric::Shortfall => (score.shortfall, "improvement short of the reference's (points)"),
        GuardMetric::DrawnRegret => {
            let drawn = score.panels.as_ref().map_or(0.0, |panels| panels.drawn.regret_of_most());
            (drawn, "regret of nine in ten drawn workloads (points)")
        }
        GuardMetric::DrawnGain => {
            let drawn = score.panels.as_ref().map_or(0.0, |panels| panels.drawn.against_reference);
            (drawn, "improvement of drawn workloads beyond the reference's (points)")
        }
        GuardMetric::WorkRatio => (score.work_ratio.unwrap_or(f64::INFINITY), "shed work over the reference's"),
        GuardMetric::RateRatio => (score.rate_ratio.unwrap_or(f64::INFINITY), "shed rate over the reference's"),
        GuardMetric::DescriptionLength => (f64::from(description_length), "description length (tokens)"),
    }
}

fn place(guard: &Guard, score: &Score) -> String {
    match guard.metric {
        GuardMetric::Regret => format!(" in {}", score.regret_scenario),
        _ => String::new(),
    }
}

/// The champion among `contenders`: of the admissible ones whose improvement reaches the reference's, the one with the
/// smallest extra shed work; within 1 % of that, the shorter description, then the earlier. If none reaches it, the
/// admissible one with the largest net saving.
pub fn champion(contenders: &[Contender<'_>], reference_improvement: f64) -> Option<Champion> {
    let admissible: Vec<&Contender<'_>> = contenders.iter().filter(|c| c.admissible).collect();
    let matching = || admissible.iter().filter(|c| c.score.improvement >= reference_improvement);
    if let Some(least) = matching().map(|c| c.score.extra_shed_work).min_by(f64::total_cmp) {
        let within = level_with(least);
        let best = matching().filter(|c| c.score.extra_shed_work <= within).min_by_key(|c| c.description_length)?;
        return Some(Champion { id: best.id.clone(), matches_reference: true });
    }
    let saving = |c: &&&Contender<'_>| c.score.net_saving;
    let best = admissible.iter().filter(|c| saving(c).is_some()).max_by(|a, b| {
        // `max_by` keeps the last of equals; the earlier candidate should win.
        a.score
            .net_saving
            .partial_cmp(&b.score.net_saving)
            .unwrap_or(std::cmp::Ordering::Equal)
            .then(std::cmp::Ordering::Greater)
    })?;
    Some(Champion { id: best.id.clone(), matches_reference: false })
}

/// The most extra shed work that counts as level with the `least` of all.
pub(crate) fn level_with(least: f64) -> f64 {
    least + 0.01 * least.abs()
}

/// Where a candidate stands on the axes of the Pareto front: on each, less is better.
pub fn axes(contender: &Contender<'_>) -> [f64; 3] {
    [-contender.score.improvement, contender.score.extra_shed_work, f64::from(contender.description_length)]
}

/// Whether one place is nowhere worse than another, and somewhere better.
pub(crate) fn dominates(a: [f64; 3], b: [f64; 3]) -> bool {
    (0..3).all(|i| a[i] <= b[i]) && (0..3).any(|i| a[i] < b[i])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn score(improvement: f64, work: f64, regret: f64) -> Score {
        Score {
            improvement,
            improvement_ci: None,
            extra_shed_work: work,
            extra_shed_work_ci: None,
            extra_shed_rate: work,
            extra_sheds: 1,
            throughput_loss: 0.0,
            ms_saved_per_shed: None,
            net_saving: Some(0.4 - work),
            net_saving_ci: None,
            regret,
            regret_scenario: "chatbot_near".into(),
            loss: 0.0,
            shortfall: 0.0,
            work_ratio: None,
            rate_ratio: None,
            protected_rejections: 0,
            scenarios: vec![],
            panels: None,
        }
    }

    fn experiment() -> Experiment {
        fixture::experiment(vec![Guard { metric: GuardMetric::Regret, at_most: Some(5.0), at_least: None }])
    }

    fn win(scores: &[(Score, u32)]) -> Option<(usize, bool)> {
        let ids: Vec<CandidateId> = (0..scores.len()).map(|i| CandidateId::from(i.to_string())).collect();
        let contenders: Vec<Contender<'_>> = scores
            .iter()
            .zip(&ids)
            .map(|((score, free), id)| {
                let admissible = objections(score, *free, None, &experiment()).is_empty();
                Contender { id, score, description_length: *free, admissible }
            })
            .collect();
        champion(&contenders, 0.25).map(|c| (c.id.as_str().parse().unwrap(), c.matches_reference))
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
        assert!(objections(&score(0.3, 0.1, 5.1), 3, None, &experiment())[0].contains("chatbot_near"));
    }

    #[test]
    fn without_a_match_the_largest_saving_wins_and_says_so() {
        assert_eq!(win(&[(score(0.24, 0.3, 0.0), 3), (score(0.249, 0.25, 0.0), 3)]), Some((1, false)));
    }
}
