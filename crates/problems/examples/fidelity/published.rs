//! What the authors of the quintic policy published, on real hardware and of their simulations, as far as it is needed here.
//!
//! Their cluster: four H100 SXM, each serving Qwen3-14B in bf16 with vLLM (blocks of 64 tokens, 302,016 tokens of KV cache,
//! at most 2,048 tokens and 256 requests in a batch) behind a router that picks at random. Baseline: the gate that refuses
//! droppable requests at a queue of 5 or a KV cache of 0.8; treatment: the quintic.

/// What a cell of the comparison measures, of the critical requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// 99th percentile of the time to first token, ms.
    TtftP99,
    /// Mean of the end-to-end time, ms.
    E2eMean,
    /// Median of output tokens per second of one request.
    TpsP50,
}

pub(crate) const GROUPS: [Quantity; 3] = [Quantity::TtftP99, Quantity::E2eMean, Quantity::TpsP50];

impl Quantity {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Quantity::TtftP99 => "P99 TTFT, ms",
            Quantity::E2eMean => "mean E2E, ms",
            Quantity::TpsP50 => "P50 tokens/s",
        }
    }

    /// The logarithm of what the treatment gains: positive is better.
    pub(crate) fn gain(self, baseline: f64, treatment: f64) -> f64 {
        match self {
            Quantity::TtftP99 | Quantity::E2eMean => (baseline / treatment).ln(),
            Quantity::TpsP50 => (treatment / baseline).ln(),
        }
    }
}

/// A quantity under both policies.
pub(crate) struct Published {
    pub(crate) workload: &'static str,
    pub(crate) quantity: Quantity,
    /// On hardware, baseline and treatment.
    pub(crate) hardware: [f64; 2],
    /// In the authors' own simulation with BLIS, where they report it.
    pub(crate) blis: Option<[f64; 2]>,
}

const fn cell(workload: &'static str, quantity: Quantity, hardware: [f64; 2], blis: Option<[f64; 2]>) -> Published {
    Published { workload, quantity, hardware, blis }
}

/// Published by the authors: P99 TTFT and tokens per second in the account of the merged plugin (May 2026), E2E in the
/// notes of an earlier run with four classes (April 2026) whose traffic is that of w1 and w2.
#[rustfmt::skip]
pub(crate) const CELLS: [Published; 12] = [
    cell("w1_mid", Quantity::TtftP99, [5_573.0, 5_208.0], Some([119.0, 61.0])),
    cell("w2_mid", Quantity::TtftP99, [6_069.0, 5_271.0], Some([119.0, 61.0])),
    cell("codecompletion_mid", Quantity::TtftP99, [14_422.0, 4_540.0], Some([414.0, 100.0])),
    cell("blindspot_mid", Quantity::TtftP99, [23_204.0, 696.0], Some([213.0, 137.0])),
    cell("w1_under", Quantity::E2eMean, [6_302.0, 5_522.0], Some([4_460.0, 4_399.0])),
    cell("w1_mid", Quantity::E2eMean, [16_154.0, 12_088.0], Some([9_749.0, 5_347.0])),
    cell("w2_under", Quantity::E2eMean, [6_083.0, 5_561.0], Some([4_458.0, 4_379.0])),
    cell("w2_mid", Quantity::E2eMean, [15_404.0, 7_258.0], Some([9_746.0, 5_214.0])),
    cell("w1_mid", Quantity::TpsP50, [16.23, 25.92], None),
    cell("w2_mid", Quantity::TpsP50, [30.35, 40.19], None),
    cell("codecompletion_mid", Quantity::TpsP50, [10.68, 22.81], None),
    cell("codecompletion_under", Quantity::TpsP50, [13.47, 30.64], None),
];

/// Absolute values that a faithful simulator should come near to: mean E2E in ms, baseline (0) or treatment (1).
pub(crate) const ANCHORS: [(&str, usize, f64); 5] = [
    ("w1_under", 0, 6_302.0),
    ("w1_mid", 0, 16_154.0),
    ("w1_mid", 1, 12_088.0),
    ("w2_mid", 0, 15_404.0),
    ("w2_mid", 1, 7_258.0),
];

/// Near enough to an anchor.
pub(crate) const NEAR: f64 = 0.25;

/// Share of the droppable requests that was refused on hardware, in %, baseline and treatment (the latter where it
/// follows from the counts of completed requests, about).
pub(crate) const SHED: [(&str, f64, Option<f64>); 4] = [
    ("w1_under", 100.0 * 47.0 / 3_230.0, None),
    ("w1_mid", 100.0 * 7_347.0 / 8_140.0, Some(97.0)),
    ("w2_under", 100.0 * 53.0 / 4_401.0, None),
    ("w2_mid", 100.0 * 7_135.0 / 11_280.0, Some(82.0)),
];
