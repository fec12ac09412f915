//! Several comparisons in one table: the unit of replication is the campaign.

use super::{Comparison, Found, Method, Search};
use crate::stats::{self, t_interval};
use serde::Serialize;

/// The probability that an interval misses.
const ALPHA: f64 = 0.05;
/// Evaluations at which curves are read, beside all.
const MARKS: [u32; 5] = [10, 20, 40, 80, 160];

/// What campaigns and searches of as many evaluations found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// How many campaigns.
    pub campaigns: usize,
    /// The fewest and the most evaluations of a campaign.
    pub evaluations: [usize; 2],
    /// Evaluations after which curves are read: those that every campaign had. All of them come last, without a number.
    pub marks: Vec<u32>,
    /// The campaigns first, then the methods.
    pub lines: Vec<Line>,
}

/// What campaigns, or the searches of a method, found. Who found nothing keeps the reference, which counts as 0.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The method; none of the campaigns.
    pub method: Option<Method>,
    /// What was found is worth on search panels.
    pub search: Mean,
    /// The same under the seal.
    pub sealed: Mean,
    /// What the campaign's find is worth more under the seal than this method's, campaign by campaign; none of the campaigns.
    pub ahead: Option<Mean>,
    /// How many searches.
    pub searches: usize,
    /// How many of them found nothing.
    pub nothing: usize,
    /// How many finds beat the reference by every test of the seal.
    pub beat: usize,
    /// The median of what the best so far is worth on the search panel, at each mark and at the end.
    pub curve: Vec<f64>,
}

/// A mean over campaigns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// Its 95 % interval, by Student's t over the means of campaigns; none of fewer than three.
    pub interval: Option<[f64; 2]>,
}

impl Summary {
    /// The table of these comparisons.
    ///
    /// # Panics
    /// Of none.
    pub fn of(comparisons: &[Comparison]) -> Self {
        let evaluations = || comparisons.iter().map(|comparison| comparison.spent.total());
        let (fewest, most) = (evaluations().min().expect("a comparison"), evaluations().max().expect("a comparison"));
        let marks: Vec<u32> = MARKS.into_iter().filter(|mark| (*mark as usize) < fewest).collect();
        let own: Vec<Vec<&Found>> = comparisons.iter().map(|comparison| vec![&comparison.found]).collect();
        let line = |method| Line::of(Some(method), &searched(comparisons, method), (&own, &marks));
        let methods = Method::ALL.into_iter().map(line);
        let lines = std::iter::once(Line::of(None, &own, (&own, &marks))).chain(methods).collect();
        Summary { campaigns: comparisons.len(), evaluations: [fewest, most], marks, lines }
    }
}

/// What the searches of a method found, campaign by campaign.
fn searched(comparisons: &[Comparison], method: Method) -> Vec<Vec<&Found>> {
    let by = |search: &&Search| search.method == method;
    comparisons.iter().map(|own| own.searches.iter().filter(by).map(|search| &search.found).collect()).collect()
}

impl Line {
    fn of(method: Option<Method>, found: &[Vec<&Found>], (own, marks): (&[Vec<&Found>], &[u32])) -> Self {
        let by_campaign = |found: &[Vec<&Found>], worth: fn(&Found) -> Option<f64>| -> Vec<f64> {
            let mean = |found: &Vec<&Found>| {
                stats::mean(&found.iter().map(|found| worth(found).unwrap_or(0.0)).collect::<Vec<_>>())
            };
            found.iter().map(mean).collect()
        };
        let sealed = by_campaign(found, |found| found.sealed);
        let ahead: Vec<f64> =
            by_campaign(own, |found| found.sealed).iter().zip(&sealed).map(|(own, other)| own - other).collect();
        let all: Vec<&Found> = found.iter().flatten().copied().collect();
        let count = |is: fn(&Found) -> bool| all.iter().filter(|found| is(found)).count();
        let after = |mark: u32| median(all.iter().map(|found| found.after(mark)).collect());
        Line {
            method,
            search: Mean::of(&by_campaign(found, |found| found.search)),
            ahead: method.map(|_| Mean::of(&ahead)),
            sealed: Mean::of(&sealed),
            searches: all.len(),
            nothing: count(|found| found.search.is_none()),
            beat: count(|found| found.beats),
            curve: marks.iter().copied().chain([u32::MAX]).map(after).collect(),
        }
    }
}

impl Mean {
    fn of(values: &[f64]) -> Self {
        let interval = t_interval(values, ALPHA, 0.0).map(|interval| [interval.low, interval.high]);
        Mean { mean: stats::mean(values), interval }
    }
}

/// The middle one, or the mean of both middle ones; 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n => (values[(n - 1) / 2] + values[n / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Spent;
    use super::*;

    fn found(worth: f64, sealed: Option<f64>) -> Found {
        // Half of it after 15 evaluations, all of it after 30.
        let worths = (1..=30).map(|n| match n {
            15 => Some(worth / 2.0),
            30 => Some(worth),
            _ => None,
        });
        Found { sealed, beats: sealed.is_some_and(|sealed| sealed > 0.05), ..Found::of(worths) }
    }

    /// A campaign whose champion is worth so much under the seal, beside two searches of each method.
    fn comparison(sealed: f64, [first, second]: [f64; 2]) -> Comparison {
        let searches = Method::ALL.into_iter().flat_map(|method| {
            [(0, found(first, Some(first))), (1, found(second, Some(second).filter(|worth| *worth > 0.0)))]
                .map(|(repeat, found)| Search { method, repeat, found })
        });
        Comparison {
            campaign: "c".into(),
            spent: Spent { evaluations: 30, audited: 4, elsewhere: 9 },
            found: found(0.12, Some(sealed)),
            searches: searches.collect(),
        }
    }

    #[test]
    fn intervals_are_over_campaigns_whose_searches_count_as_their_mean_and_differences_are_paired() {
        let all =
            [(0.10, [0.04, 0.06]), (0.12, [0.05, 0.07]), (0.17, [0.03, 0.0])].map(|(own, of)| comparison(own, of));
        let summary = Summary::of(&all);
        assert_eq!((summary.campaigns, summary.evaluations, summary.lines.len()), (3, [34, 34], 4));
        let [own, random] = [&summary.lines[0], &summary.lines[1]];
        assert_eq!((own.method, own.ahead, own.beat, own.searches), (None, None, 3, 3));
        // Means of campaigns 0.05, 0.06, 0.015: t(0.975, 2) = 4.302653, sd = 0.023629.
        let [low, high] = random.sealed.interval.unwrap();
        assert!((random.sealed.mean - 0.041667).abs() < 1e-6, "{random:?}");
        assert!((high - low - 2.0 * 4.302653 * 0.023629 / 3f64.sqrt()).abs() < 1e-4, "{random:?}");
        // Differences 0.05, 0.06, 0.155.
        assert!((random.ahead.unwrap().mean - 0.088333).abs() < 1e-6, "{random:?}");
        assert_eq!((random.searches, random.nothing, random.beat), (6, 1, 2));
    }

    #[test]
    fn of_one_campaign_or_two_no_interval_is_claimed() {
        for n in [1, 2] {
            let all: Vec<Comparison> = (0..n).map(|_| comparison(0.1, [0.02, 0.04])).collect();
            let lines = Summary::of(&all).lines;
            assert!(lines.iter().all(|line| line.sealed.interval.is_none() && line.search.interval.is_none()));
            assert!((lines[1].ahead.unwrap().mean - 0.07).abs() < 1e-9);
        }
    }

    #[test]
    fn a_curve_is_the_median_of_the_best_so_far_at_marks_that_every_campaign_reached() {
        let summary = Summary::of(&[comparison(0.1, [0.04, 0.08]), comparison(0.1, [0.02, 0.06])]);
        assert_eq!(summary.marks, [10, 20]);
        assert_eq!(summary.lines[0].curve, [0.0, 0.06, 0.12]);
        // Of 0.01, 0.02, 0.03, 0.04 and of twice these.
        let near = |curve: &[f64], wanted: [f64; 3]| curve.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(near(&summary.lines[3].curve, [0.0, 0.025, 0.05]), "{summary:?}");
    }
}
