//! The page.

use crate::claims::{Claim, Policy};
use crate::runs::{Runs, Setting};
use crate::verdict::{SHARED, Sample, Verdict};
use problems::flow_control::Metric;
use science::stats::mean;
use simulator::metrics::percentile;

type Error = Box<dyn std::error::Error>;

const SCENARIOS: [&str; 12] = [
    "codegen_under",
    "codegen_near",
    "codegen_over",
    "codegen_over_fresh",
    "reasoning_under",
    "reasoning_near",
    "reasoning_over",
    "reasoning_over_fresh",
    "chat_under",
    "chat_near",
    "chat_over",
    "chat_over_fresh",
];

const PLAIN: Setting = Setting { credit: false, router: false };
const CREDIT: Setting = Setting { credit: true, router: false };
const ROUTER: Setting = Setting { credit: false, router: true };
/// Where the authors' hardware saturated in code generation, requests per second of a GPU.
const MEASURED_PER_GPU: f64 = 8.0;

/// What was claimed, what came out, and whether it holds after Holm's correction.
pub(crate) fn write(rows: &[(&Claim, Sample, bool)], runs: &mut Runs) -> Result<String, Error> {
    Ok([introduction(runs.seeds), claims(rows), figures(runs)?, limits(runs)?].join("\n"))
}

fn introduction(seeds: u64) -> String {
    format!(
        "# The published rule on trial

Written by `cargo run --release -p problems --example published > experiments/flow-control/PUBLISHED.md`; no figure is typed by
hand. The rule is *soft-reflective ceilings* as merged into llm-d's router: the fuller the instances look, the rarer the calls
at which lower bands are open. What is claimed of it, and how it is decided, was registered in `claims.toml` before these seeds
were run; first measurements elsewhere (p99) were known for fresh readings and for chat.

Each claim is about a number for each of {seeds} seeds, on arrivals that no campaign has. A *gain* is ln(constant / policy) of the
critical TTFT's 95th percentile on the same arrivals; 0.01 is one point. All claims share {share:.0} % (Holm); intervals are at
{level:.0} % each.
",
        share = 100.0 * SHARED,
        level = 100.0 * (1.0 - SHARED / 5.0),
    )
}

fn claims(rows: &[(&Claim, Sample, bool)]) -> String {
    let mut page =
        "## The claims\n\n| claim | published | measured, points | p | verdict |\n|---|---|---|---|---|\n".to_owned();
    for (claim, sample, holds) in rows {
        let points = |value: f64| format!("{:+.1}", 100.0 * value);
        let interval =
            sample.interval.map_or_else(String::new, |[low, high]| format!(" [{}, {}]", points(low), points(high)));
        let verdict = match sample.verdict(*holds) {
            Verdict::Holds => "**holds**",
            Verdict::Refuted => "**refuted**",
            Verdict::Open => "**open**",
        };
        let p = if sample.p < 1e-4 { "< 0.0001".to_owned() } else { format!("{:.4}", sample.p) };
        page += &format!(
            "| *{}*: {} | {} | {}{interval} | {p} | {verdict} |\n",
            claim.name,
            claim.says,
            claim.published,
            points(sample.mean)
        );
    }
    page + "\nThe number of the first and the fourth claim is a gain; that of the others is what is left of the gain less the share of it \
            that may be left: below 0, the claim holds. *Holds*: one-sided, by Holm, 5 % for all five. *Refuted*: the interval lies wholly on the \
            other side (2.5 % more for all five); a p near 1 is no evidence by itself. *Open* is what these seeds do not decide.\n"
}

fn figures(runs: &mut Runs) -> Result<String, Error> {
    let mut page = "## What lies behind them

Critical TTFT p99 pooled over seeds, ms, which is printed and not judged; gains in p95 against the constant ceiling in the same
setting, points; and the tokens generated inside the window over the constant ceiling's.

| scenario | constant | soft-reflective | credit | gain | gain beside credit | gain of *together* | gain in router ticks | tokens |
|---|---|---|---|---|---|---|---|---|
"
    .to_owned();
    for scenario in SCENARIOS {
        let mut p99 = |policy, setting| -> Result<String, Error> {
            let mut all: Vec<f64> =
                runs.ran(scenario, policy, setting)?.iter().flat_map(|ran| ran.critical_us.iter().copied()).collect();
            all.sort_by(f64::total_cmp);
            Ok(format!("{:.0}", percentile(&all, 99.0) / 1000.0))
        };
        let waits =
            [p99(Policy::Constant, PLAIN)?, p99(Policy::SoftReflective, PLAIN)?, p99(Policy::Constant, CREDIT)?];
        let mut gain = |policy, setting| -> Result<String, Error> {
            Ok(format!("{:+.1}", 100.0 * mean(&runs.gains(scenario, policy, setting, Metric::TtftP95)?)))
        };
        let gains = [
            gain(Policy::SoftReflective, PLAIN)?,
            gain(Policy::SoftReflective, CREDIT)?,
            gain(Policy::Together, PLAIN)?,
            gain(Policy::SoftReflective, ROUTER)?,
        ];
        let tokens = (-mean(&runs.gains(scenario, Policy::SoftReflective, PLAIN, Metric::Tokens)?)).exp();
        let [waits, gains] = [waits.join(" | "), gains.join(" | ")];
        page += &format!("| {scenario} | {waits} | {gains} | {:.1} % |\n", 100.0 * tokens);
    }
    Ok(page
        + "\n*Credit* is the constant ceiling where dispatches that no reading shows yet count as waiting. *Together* lets through nominally the published \
           share of calls, some fifty in a reading, all at its beginning; dispatches were not counted, and no plain rate was tried. In *router ticks* calls go on while nothing waits, as in llm-d's router.\n")
}

fn limits(runs: &mut Runs) -> Result<String, Error> {
    let served: Vec<f64> =
        runs.ran("codegen_over", Policy::Constant, PLAIN)?.iter().map(|ran| ran.served_per_s).collect();
    let per_gpu = mean(&served) / 4.0;
    Ok(format!(
        "## What this cannot say

- **Milliseconds.** This simulator reproduces BLIS to the microsecond, and BLIS is no GPU: code generation is served at {per_gpu:.1}
  requests/s per H100 here, where the authors' hardware saturated near {MEASURED_PER_GPU:.0}. A run here fills caches at other rates and recovers
  sooner; signs and orders carry over better than sizes.
- **How stale readings are.** Here all instances are read at once every 50 ms. In production each is scraped on its own clock, and
  with jitter.
- **The router's loop.** The rule's answers were compared with the merged code; the dispatch loop around it is written after its source and
  was not run. Which of a tick and an arrival comes first at the same time is chance there and fixed here.
- **Reasoning** runs at an eighth of its lengths and of the KV cache, so that a run takes seconds: caches fill and drain eight
  times as fast beside the same 50 ms.
- **The cluster.** Four H100 and scorers weighted 2/2/1 here; two and 3/2/2 there.
- **Windows** have 14 to 40 s and begin with an empty cluster. The published runs are longer, and each was made once.
"
    ))
}
