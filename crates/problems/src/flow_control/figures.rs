//! What a run says of the measured window.

use super::case::priorities;
use super::spec::Metric;
use science::trial::Trial;
use simulator::metrics::percentile;
use simulator::run::Record;
use simulator::{Arrival, ClusterConfig, Outcome, Run, Traffic};

/// The figures of a run.
pub fn trial(cluster: &ClusterConfig, traffic: &Traffic, run: &Run) -> Trial {
    let (window, records) = (traffic.window(), &run.requests[traffic.measured.clone()]);
    let bands = priorities(cluster, window);
    let of_band = |band: i32| {
        let own = move |(arrival, _): &(&Arrival, &Record)| cluster.priorities.of(&arrival.class) == band;
        window.iter().zip(records).filter(own).map(|(_, record)| record)
    };
    let first_tokens = |band: i32| sorted(of_band(band).filter_map(|record| record.ttft_us));
    let critical = bands.first().copied().unwrap_or_default();
    let (ttft_us, e2e_us) = (first_tokens(critical), sorted(of_band(critical).filter_map(|record| record.e2e_us)));
    let lower: Vec<f64> = bands.iter().skip(1).map(|band| percentile(&first_tokens(*band), 90.0)).collect();
    let count =
        |records: &[Record], counts: fn(&Record) -> bool| records.iter().filter(|own| counts(own)).count() as f64;
    let mut trial = Trial::of(vec![0.0; Metric::COUNT]);
    let mut set = |metric: Metric, value: f64| trial.values[metric as usize] = value;
    set(Metric::TtftP50, percentile(&ttft_us, 50.0));
    set(Metric::TtftP95, percentile(&ttft_us, 95.0));
    set(Metric::TtftP99, percentile(&ttft_us, 99.0));
    set(Metric::E2eMean, e2e_us.iter().sum::<f64>() / e2e_us.len().max(1) as f64);
    set(Metric::LowerTtftP90, geometric_mean(&lower));
    set(Metric::Tokens, tokens(traffic, run));
    set(Metric::Requests, window.len() as f64);
    set(Metric::CriticalRequests, of_band(critical).count() as f64);
    set(Metric::Unserved, count(records, |record| record.outcome != Outcome::Completed));
    set(Metric::Left, count(&run.requests, |record| record.outcome == Outcome::Waiting));
    trial
}

fn sorted(values: impl Iterator<Item = u64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.map(|us| us as f64).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// That of those above zero: a band in which nobody got a token has none.
fn geometric_mean(values: &[f64]) -> f64 {
    let logarithms: Vec<f64> = values.iter().filter(|value| **value > 0.0).map(|value| value.ln()).collect();
    if logarithms.is_empty() { 0.0 } else { (logarithms.iter().sum::<f64>() / logarithms.len() as f64).exp() }
}

/// Output tokens that the cluster generated between the first and the last arrival of the window, for whomever. The tokens of a
/// request are taken to come evenly between its first and its last one.
fn tokens(traffic: &Traffic, run: &Run) -> f64 {
    let window = traffic.window();
    let at = |arrival: Option<&Arrival>| arrival.map_or(0, |arrival| arrival.arrival_us);
    let (start_us, end_us) = (at(window.first()) as f64, at(window.last()) as f64);
    let of = |(arrival, record): (&Arrival, &Record)| {
        let (Some(ttft_us), Some(e2e_us)) = (record.ttft_us, record.e2e_us) else { return 0.0 };
        let (first, last) = (arrival.arrival_us + ttft_us, arrival.arrival_us + e2e_us);
        let (first, last, count) = (first as f64, last as f64, f64::from(arrival.output_tokens));
        let is_inside = |us: f64| f64::from(u8::from((start_us..=end_us).contains(&us)));
        if last <= first {
            return count * is_inside(last);
        }
        let inside = (last.min(end_us) - first.max(start_us)).max(0.0) / (last - first);
        // The first one starts the span, the others divide it.
        is_inside(first) + (count - 1.0).max(0.0) * inside
    };
    traffic.arrivals.iter().zip(&run.requests).map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use simulator::hints::Hints;
    use simulator::run::Totals;
    use simulator::slo::Class;

    fn request(arrival_us: u64, output_tokens: u32) -> Arrival {
        let (class, hints) = (Class::new("critical"), Hints::default());
        Arrival { arrival_us, class, input_tokens: 1, output_tokens, deadline_us: None, prefix: None, hints }
    }

    #[test]
    fn tokens_count_that_come_between_the_first_and_the_last_arrival_of_the_window_for_whomever() {
        let done = |ttft_us, e2e_us| Record { ttft_us: Some(ttft_us), e2e_us: Some(e2e_us), ..Record::default() };
        // Tokens at 2, 3 … 12 ms, the last two of them too late; one token at 5 ms; one too early; one that never comes.
        let arrivals =
            vec![request(500, 1), request(1_000, 1), request(1_000, 11), request(4_000, 1), request(10_000, 1)];
        let traffic = Traffic { measured: 1..5, ..arrivals.into() };
        let records = vec![done(200, 200), Record::default(), done(1_000, 11_000), done(1_000, 1_000), done(9, 9)];
        let run = Run { requests: records, totals: Totals::default(), passages: None };
        assert!((tokens(&traffic, &run) - 10.0).abs() < 1e-9, "{}", tokens(&traffic, &run));
    }

    #[test]
    fn a_band_without_a_first_token_is_left_out_of_the_mean() {
        assert!((geometric_mean(&[2.0, 0.0, 8.0]) - 4.0).abs() < 1e-12);
        assert_eq!(geometric_mean(&[]), 0.0);
    }
}
