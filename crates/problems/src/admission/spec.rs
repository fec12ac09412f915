//! What admission measures, and what counts there.

use super::groups;
use science::spec::{Aggregate, Aim, Described, Direction, Extreme, Figure, Plain, Price, Series, Spec, Unit};

/// What one trial yields, in the order of its values. *Critical* means priority at or above zero, *droppable* below; *work* is
/// prompt plus output tokens. Requests are those of the measured window. Runs drain: every request that was let in has finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// `ttft_mean_us`
    TtftMean,
    /// `ttft_p90_us`
    TtftP90,
    /// `ttft_p99_us`
    TtftP99,
    /// `e2e_mean_us`
    E2eMean,
    /// `e2e_p90_us`
    E2eP90,
    /// `drift`
    Drift,
    /// `critical_requests`
    CriticalRequests,
    /// `protected_rejections`
    ProtectedRejections,
    /// `droppable_requests`
    DroppableRequests,
    /// `droppable_work`
    DroppableWork,
    /// `droppable_prompt_tokens`
    DroppablePromptTokens,
    /// `droppable_output_tokens`
    DroppableOutputTokens,
    /// `droppable_gpu_us`
    DroppableGpu,
    /// `refused_requests`
    RefusedRequests,
    /// `refused_work`
    RefusedWork,
    /// `refused_prompt_tokens`
    RefusedPromptTokens,
    /// `refused_output_tokens`
    RefusedOutputTokens,
    /// `refused_gpu_us`
    RefusedGpu,
    /// `output_tokens`
    OutputTokens,
}

impl Metric {
    /// How many there are.
    pub const COUNT: usize = METRICS.len();

    /// What the droppable requests ask for: requests, work, its two parts, GPU time.
    pub(super) const DROPPABLE: [Metric; 5] = [
        Metric::DroppableRequests,
        Metric::DroppableWork,
        Metric::DroppablePromptTokens,
        Metric::DroppableOutputTokens,
        Metric::DroppableGpu,
    ];
    /// What those of them ask for that were refused, in the same order.
    pub(super) const REFUSED: [Metric; 5] = [
        Metric::RefusedRequests,
        Metric::RefusedWork,
        Metric::RefusedPromptTokens,
        Metric::RefusedOutputTokens,
        Metric::RefusedGpu,
    ];
}

/// What a prompt token and an output token are worth to whoever asked for them, where an experiment does not say.
const PRICES: [(&str, f64, &str); 2] =
    [("prompt", 1.0, "a token of a prompt"), ("output", 4.0, "a token of an output")];

const METRICS: [(&str, Unit, &str); 19] = [
    ("ttft_mean_us", Unit::Micros, "mean TTFT of the critical tier"),
    ("ttft_p90_us", Unit::Micros, "90th percentile of the critical tier's TTFT"),
    ("ttft_p99_us", Unit::Micros, "99th percentile of the critical tier's TTFT; reported, never judged"),
    ("e2e_mean_us", Unit::Micros, "mean E2E latency of the critical tier"),
    ("e2e_p90_us", Unit::Micros, "90th percentile of the critical tier's E2E latency"),
    (
        "drift",
        Unit::Plain,
        "mean TTFT of the critical requests among the last third of arrivals over that of the first",
    ),
    ("critical_requests", Unit::Count, "critical requests that finished"),
    ("protected_rejections", Unit::Count, "critical requests that were refused; must be zero"),
    ("droppable_requests", Unit::Count, "droppable requests that arrived"),
    ("droppable_work", Unit::Tokens, "their work"),
    ("droppable_prompt_tokens", Unit::Tokens, "the part of their work that is prompt"),
    ("droppable_output_tokens", Unit::Tokens, "the part of their work that is output"),
    ("droppable_gpu_us", Unit::Micros, "the GPU time that they would take, each by itself"),
    ("refused_requests", Unit::Count, "droppable requests that were refused"),
    ("refused_work", Unit::Tokens, "their work"),
    ("refused_prompt_tokens", Unit::Tokens, "the part of their work that is prompt"),
    ("refused_output_tokens", Unit::Tokens, "the part of their work that is output"),
    ("refused_gpu_us", Unit::Micros, "the GPU time that they would have taken, each by itself"),
    ("output_tokens", Unit::Tokens, "output tokens of all finished requests"),
];

/// What workloads are told apart by, in the order of `AdmissionCase::features`.
const FEATURES: [(&str, Unit, &str); 9] = [
    ("kv_capacity", Unit::Tokens, "tokens that the KV cache of an instance holds"),
    ("batch_limit", Unit::Count, "requests that an instance may run at once"),
    ("critical_share", Unit::Fraction, "share of the requests that is critical"),
    ("rate", Unit::Plain, "requests per second and instance"),
    ("prompt", Unit::Tokens, "mean length of prompts"),
    ("output", Unit::Tokens, "mean length of outputs"),
    ("limits", Unit::Fraction, "share of the requests that come with a limit of the output"),
    (
        "predictions",
        Unit::Fraction,
        "share that comes with a prediction of the output; learned ones come later and do not count",
    ),
    ("past", Unit::Plain, "1 where something arrives before the measured window, else 0"),
];

/// A scenario is overloaded if, with every droppable request refused, the critical mean TTFT of the last third of arrivals still
/// exceeds this many times that of the first third.
const DRIFT: f64 = 2.0;

/// The series, in the order in which [`super::pair`] yields them.
const SERIES: [(&str, Unit, Direction, bool, &str); 11] = [
    ("ttft_mean", Unit::Log, Direction::More, false, "gain in mean TTFT of the critical tier"),
    ("ttft_p90", Unit::Log, Direction::More, true, "gain in the 90th percentile of the critical tier's TTFT"),
    ("e2e_mean", Unit::Log, Direction::More, true, "gain in mean E2E latency of the critical tier"),
    ("e2e_p90", Unit::Log, Direction::More, true, "gain in the 90th percentile of the critical tier's E2E latency"),
    (
        "extra_shed_rate",
        Unit::Fraction,
        Direction::Less,
        true,
        "droppable requests refused beyond the baseline's, as a share of all",
    ),
    ("extra_tokens", Unit::Fraction, Direction::Less, false, "the same of their tokens, whatever these are worth"),
    ("extra_gpu", Unit::Fraction, Direction::Less, false, "the same of the GPU time that they take"),
    ("extra_sheds", Unit::Count, Direction::Less, false, "the refused requests beyond the baseline's as a plain count"),
    ("droppable", Unit::Count, Direction::More, false, "droppable requests that arrived"),
    ("saved_ms", Unit::Millis, Direction::More, false, "critical E2E saved, summed over critical requests"),
    ("throughput", Unit::Fraction, Direction::More, false, "output tokens completed over the baseline's"),
];

const INPUTS: [(&str, &str); 13] = [
    ("prompt", "the length of the prompt"),
    ("priority", "how far below zero the priority is"),
    ("client", "whose the request is"),
    ("limit", "the limit of the output that the client set"),
    ("prediction", "the predicted length of the output"),
    ("queue_or_kv", "whether pressure comes from the queue or from the KV cache"),
    ("imbalance", "how unevenly pressure lies on the instances"),
    ("running", "requests in the running batch"),
    ("in_flight", "requests in flight"),
    ("age", "the age of the metrics"),
    ("capacity", "the capacity of the KV cache"),
    ("instances", "the number of instances"),
    ("draw", "chance"),
];

/// Mean improvements further than this from the reference's are not comparable by cost (log units: 3 points).
const COMPARABLE: f64 = 0.03;

/// What admission measures, and what counts there.
pub(super) fn spec() -> Spec {
    let named = |name: &str, unit, meaning: &str| Described { name: name.into(), unit, meaning: meaning.into() };
    let figure = |name: &str, of, by_scenario| Figure { name: name.into(), of, by_scenario };
    let series = |name: &str| name.to_owned();
    Spec {
        problem: super::NAME.into(),
        metrics: METRICS.map(|(name, unit, meaning)| named(name, unit, meaning)).into(),
        prices: PRICES
            .map(|(name, default, meaning)| Price { name: name.into(), default, meaning: meaning.into() })
            .into(),
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
            figure("extra_shed_rate", Aggregate::Mean(series("extra_shed_rate")), true),
            figure("extra_sheds", Aggregate::Sum(series("extra_sheds")), false),
            figure("throughput_loss", Aggregate::Lost(series("throughput")), false),
            figure(
                "ms_saved_per_shed",
                Aggregate::Per {
                    of: series("saved_ms"),
                    per: series("extra_sheds"),
                    above: (0.01, series("droppable")),
                },
                false,
            ),
            figure("rate_ratio", Aggregate::OverReference(series("extra_shed_rate")), false),
            figure("saving_tokens", Aggregate::Saving(series("extra_tokens")), false),
            figure("saving_requests", Aggregate::Saving(series("extra_shed_rate")), false),
            figure("saving_gpu", Aggregate::Saving(series("extra_gpu")), false),
            figure("net_saving", Aggregate::NetSaving, false),
            figure("allocation", Aggregate::Allocation, false),
        ],
        plainly: vec![
            Plain {
                what: "droppable tokens served".into(),
                metric: "refused_work".into(),
                of: Some("droppable_work".into()),
                rest: true,
            },
            Plain { what: "critical TTFT p90".into(), metric: "ttft_p90_us".into(), of: None, rest: false },
            Plain { what: "critical E2E p90".into(), metric: "e2e_p90_us".into(), of: None, rest: false },
        ],
        groups: groups::all(),
        aim: Aim::Saving {
            gain: named(
                "improvement",
                Unit::Log,
                "mean over the four critical latencies (TTFT mean and p90, E2E mean and p90) of minus ln(candidate / baseline)",
            ),
            cost: named(
                "extra_shed_value",
                Unit::Fraction,
                "droppable value refused beyond the baseline's, as a share of all droppable value; a request is worth its prompt tokens and \
                 four times its output tokens, unless the experiment gives other prices",
            ),
            ratio: "value_ratio".into(),
            worth: named(
                "saving",
                Unit::Fraction,
                "share saved of what the reference would refuse for the same improvement, workload by workload",
            ),
            comparable: COMPARABLE,
        },
        features: FEATURES.map(|(name, unit, meaning)| named(name, unit, meaning)).into(),
        hindsight: Some(named("gpu_time", Unit::Micros, "step time that the request took up in all")),
        inputs: INPUTS.map(|(name, meaning)| named(name, Unit::Plain, meaning)).into(),
        violation: ["refused".into(), "protected requests".into()],
        opt_in: vec![],
        invariance: Some("the order of the instances".into()),
        extremes: vec![
            Extreme {
                name: "refuse-everything".into(),
                policy: "refuse-droppable".into(),
                beyond_help: Some(("drift".into(), DRIFT)),
            },
            Extreme { name: "admit-everything".into(), policy: "always-admit".into(), beyond_help: None },
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spec_that_other_crates_test_with_is_this_one() {
        let fixture = include_str!("../../../../tests/fixtures/admission.spec.json");
        assert_eq!(serde_json::from_str::<Spec>(fixture).unwrap(), spec());
    }
}
