//! What flow control measures, and what counts there.

use science::spec::{Aggregate, Aim, Described, Direction, Figure, Plain, Series, Spec, Unit};

/// What one trial yields, in the order of its values. *Critical* are the requests of the highest priority that arrives, *lower* all
/// others. Requests are those of the measured window, unless it says so; times begin when a request arrives at the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// `ttft_p50_us`
    TtftP50,
    /// `ttft_p95_us`
    TtftP95,
    /// `ttft_p99_us`
    TtftP99,
    /// `e2e_mean_us`
    E2eMean,
    /// `lower_ttft_p90_us`
    LowerTtftP90,
    /// `output_tokens`
    Tokens,
    /// `requests`
    Requests,
    /// `critical_requests`
    CriticalRequests,
    /// `unserved_requests`
    Unserved,
    /// `left_requests`
    Left,
}

/// What workloads are told apart by, in the order of `FlowCase::features`.
const FEATURES: [(&str, Unit, &str); 9] = [
    ("kv_capacity", Unit::Tokens, "tokens that the KV cache of an instance holds"),
    ("batch_limit", Unit::Count, "requests that an instance may run at once"),
    ("age", Unit::Millis, "how old a reading becomes"),
    ("bands", Unit::Count, "priorities that arrive"),
    ("critical_share", Unit::Fraction, "share of the requests that is critical"),
    ("rate", Unit::Plain, "requests per second and instance"),
    ("prompt", Unit::Tokens, "mean length of prompts"),
    ("output", Unit::Tokens, "mean length of outputs"),
    ("past", Unit::Plain, "1 where something arrives before the measured window, else 0"),
];

impl Metric {
    /// How many there are.
    pub const COUNT: usize = METRICS.len();
}

const METRICS: [(&str, Unit, &str); 10] = [
    ("ttft_p50_us", Unit::Micros, "median TTFT of the critical requests"),
    ("ttft_p95_us", Unit::Micros, "95th percentile of the critical requests' TTFT"),
    ("ttft_p99_us", Unit::Micros, "99th percentile of the critical requests' TTFT; reported, never judged"),
    ("e2e_mean_us", Unit::Micros, "mean E2E latency of the critical requests"),
    (
        "lower_ttft_p90_us",
        Unit::Micros,
        "90th percentile of the TTFT of each lower band, geometric mean over these bands",
    ),
    ("output_tokens", Unit::Tokens, "output tokens that the cluster generated inside the window, for whomever"),
    ("requests", Unit::Count, "requests that arrived"),
    ("critical_requests", Unit::Count, "those of them that are critical"),
    (
        "unserved_requests",
        Unit::Count,
        "requests that got no complete response, as they waited too long or found the queue full",
    ),
    ("left_requests", Unit::Count, "requests of the whole run that were left waiting in the end; must be zero"),
];

/// The series, in the order in which [`super::pair`] yields them.
const SERIES: [(&str, Unit, Direction, bool, &str); 6] = [
    ("ttft_p50", Unit::Log, Direction::More, true, "gain in the median TTFT of critical requests"),
    ("ttft_p95", Unit::Log, Direction::More, true, "gain in the 95th percentile of critical requests' TTFT"),
    ("e2e_mean", Unit::Log, Direction::More, true, "gain in the mean E2E latency of critical requests"),
    (
        "lower_ttft_p90",
        Unit::Log,
        Direction::More,
        true,
        "gain in the 90th percentile of the TTFT of lower bands; below zero where they wait longer",
    ),
    ("tokens", Unit::Fraction, Direction::More, true, "output tokens generated inside the window over the baseline's"),
    (
        "extra_unserved",
        Unit::Fraction,
        Direction::Less,
        true,
        "requests without a complete response beyond the baseline's, as a share of all",
    ),
];

const INPUTS: [(&str, &str); 5] = [
    ("priorities", "how far below zero the priorities of lower bands are"),
    ("age", "the age of the reading, where it is told"),
    ("waiting", "the requests that wait in each band, where they are told"),
    ("in_flight", "the requests on the instances, where they are told"),
    ("unseen", "dispatches that the reading cannot show, where they are told"),
];

/// Those that llm-d's router does not pass to such a policy.
const OPT_IN: [&str; 4] = ["age", "waiting", "in_flight", "unseen"];

/// What flow control measures, and what counts there.
pub(super) fn spec() -> Spec {
    let named = |name: &str, unit, meaning: &str| Described { name: name.into(), unit, meaning: meaning.into() };
    let figure = |name: &str, of: Aggregate, by_scenario| Figure { name: name.into(), of, by_scenario };
    let plain = |what: &str, metric: &str, of: Option<&str>, rest| Plain {
        what: what.into(),
        metric: metric.into(),
        of: of.map(Into::into),
        rest,
    };
    Spec {
        problem: super::NAME.into(),
        metrics: METRICS.map(|(name, unit, meaning)| named(name, unit, meaning)).into(),
        prices: vec![],
        series: SERIES
            .map(|(name, unit, better, claims, meaning)| Series {
                name: name.into(),
                unit,
                better,
                claims,
                meaning: meaning.into(),
            })
            .into(),
        figures: vec![
            figure("lower_ttft_p90", Aggregate::Mean("lower_ttft_p90".into()), true),
            figure("tokens", Aggregate::Mean("tokens".into()), true),
            figure("tokens_lost", Aggregate::Lost("tokens".into()), false),
            figure("extra_unserved", Aggregate::Mean("extra_unserved".into()), true),
        ],
        plainly: vec![
            plain("critical TTFT median", "ttft_p50_us", None, false),
            plain("critical TTFT p95", "ttft_p95_us", None, false),
            plain("critical TTFT p99", "ttft_p99_us", None, false),
            plain("lower bands' TTFT p90", "lower_ttft_p90_us", None, false),
            plain("requests served", "unserved_requests", Some("requests"), true),
        ],
        groups: vec![],
        hindsight: None,
        features: FEATURES.map(|(name, unit, meaning)| named(name, unit, meaning)).into(),
        aim: Aim::Gain {
            gain: named(
                "improvement",
                Unit::Log,
                "mean over three critical latencies (TTFT median and p95, E2E mean) of minus ln(candidate / baseline)",
            ),
            worth: named(
                "extra_improvement",
                Unit::Log,
                "the mean of minus ln(candidate / baseline) over three critical latencies, beyond the reference's",
            ),
        },
        inputs: INPUTS.map(|(name, meaning)| named(name, Unit::Plain, meaning)).into(),
        violation: ["left".into(), "requests waiting".into()],
        opt_in: OPT_IN.map(Into::into).into(),
        invariance: None,
        extremes: vec![],
    }
}
