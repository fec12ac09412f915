//! Whether two simulators rank admission policies alike: `saving` of a family of curves on the study's scenarios.

use admitter::{Admitter, Cluster, Decision, Draw, Maths, Request};

use crate::cluster::{POLICIES, Setting};
use engine::cores::each;
use engine::problem::Problem;
use problems::admission::{Admission, trial};
use science::keyed;
use science::measurement::{Measurement, Paired};
use science::trial::Trial;
use science::yardsticks::{SCALES, STEP, Yardsticks};
use simulator::admitters::Builtin;
use simulator::{ClusterConfig, Scenario, Traffic, simulate};
use std::collections::BTreeMap;

/// Seeds of each scenario.
const SEEDS: u64 = 2;
/// The scale of a curve is good enough when its improvement lies this near to the reference's (log units).
const TUNED: f64 = 0.005;

/// A policy: the probability of refusal as a function of pressure = saturation · (prompt tokens / 2048)^prompt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Curve {
    form: Form,
    prompt: f64,
    /// Pressure at which half of the droppable requests is refused: its scale.
    half: f64,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Step,
    /// Linear, from `onset · half` to `(2 − onset) · half`.
    Ramp(f64),
    /// A power, up to 1.
    Power(f64),
}

/// All curves, without their scale.
pub(crate) fn family() -> Vec<Curve> {
    let ramps = [0.25, 0.5, 0.75, 0.9].map(Form::Ramp);
    let powers = [0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 11.0, 16.0].map(Form::Power);
    let forms: Vec<Form> = [Form::Step].into_iter().chain(ramps).chain(powers).collect();
    let prompts = [-0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0];
    forms.iter().flat_map(|&form| prompts.map(|prompt| Curve { form, prompt, half: 0.3 })).collect()
}

impl Admitter for Curve {
    /// The published quintic, for the trait's sake.
    fn new(_: &[f64]) -> Self {
        Curve { form: Form::Power(5.0), prompt: 0.0, half: 0.278 }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {
        if request.priority >= 0 {
            return Decision::Admit;
        }
        let length = Maths::powf(f64::from(request.prompt_tokens) / 2048.0, self.prompt);
        let pressure = cluster.saturation(5.0, 0.8) * length / self.half;
        let probability = match self.form {
            Form::Step => f64::from(u8::from(pressure >= 1.0)),
            Form::Ramp(onset) => (pressure - onset) / (2.0 * (1.0 - onset)),
            Form::Power(exponent) => 0.5 * Maths::powf(pressure, exponent),
        };
        Decision::reject_if(draw.uniform() < probability)
    }
}

/// One simulator with fixed seeds, and what policies are held against in it.
struct Judge {
    cells: Vec<(ClusterConfig, Traffic, u64)>,
    rows: Vec<usize>,
    baseline: Vec<Trial>,
    yardsticks: Yardsticks,
}

impl Judge {
    /// Different `role`s have different seeds.
    fn new(study: &[Scenario], hardware: &ClusterConfig, setting: Setting, role: &str) -> Self {
        let mut cells = Vec::new();
        for scenario in study {
            // The study's own cluster is that of BLIS; the calibrated one has the KV cache of the hardware, too.
            let (block_size, kv_blocks) = match setting {
                Setting::BlisLike => (scenario.cluster.block_size, scenario.cluster.kv_blocks),
                Setting::Calibrated => (hardware.block_size, hardware.kv_blocks),
            };
            for seed in 0..SEEDS {
                let key = |purpose: &str| keyed::seed(&["curves", role, purpose, &scenario.name], seed);
                let cluster = setting.cluster(&scenario.cluster, key("routing"));
                let cluster = ClusterConfig { block_size, kv_blocks, ..cluster };
                cells.push((cluster, scenario.generated(key("arrivals")), key("draws")));
            }
        }
        let rows = vec![SEEDS as usize; study.len()];
        let builtin = |text: &str, factor: f64| Builtin::scaled(text, "k", factor).expect("has a scale");
        let baseline = trials(&cells, &Builtin::parse(POLICIES[0]).expect("is built in"));
        let against = |policy: &Builtin| paired(&trials(&cells, policy), &baseline, &rows);
        let reference = against(&builtin(POLICIES[1], 1.0));
        let bounds =
            Admission.spec().extremes.iter().map(|extreme| Builtin::parse(&extreme.policy).expect("is built in"));
        let extremes = bounds.map(|policy| against(&policy)).collect();
        let scales = SCALES.map(|power| against(&builtin(POLICIES[1], STEP.powi(power))));
        let yardsticks = Yardsticks::new(reference.clone(), vec![reference], extremes, scales.into());
        Judge { cells, rows, baseline, yardsticks }
    }

    fn measure(&self, curve: &Curve) -> Measurement {
        paired(&trials(&self.cells, curve), &self.baseline, &self.rows)
    }

    /// The curve at the scale that gives the reference's improvement, by bisection, and its measurement.
    fn tuned(&self, curve: &Curve) -> (Curve, Measurement) {
        let goal = self.yardsticks.reference.gain();
        let (mut low, mut high) = (0.01f64.ln(), 4f64.ln());
        loop {
            let middle = f64::midpoint(low, high);
            let curve = Curve { half: middle.exp(), ..*curve };
            let measured = self.measure(&curve);
            let excess = measured.gain() - goal;
            if excess.abs() <= TUNED || high - low < 0.01 {
                return (curve, measured);
            }
            // Whoever sheds later improves less.
            if excess > 0.0 { low = middle } else { high = middle }
        }
    }

    fn saving(&self, measured: &Measurement) -> Option<f64> {
        self.yardsticks.worth(measured, &Admission.spec().aim)
    }
}

fn trials<A: Admitter + Clone>(cells: &[(ClusterConfig, Traffic, u64)], policy: &A) -> Vec<Trial> {
    let run = |(cluster, traffic, draws): &(ClusterConfig, Traffic, u64)| {
        let run = simulate(cluster, traffic.clone(), &mut policy.clone(), *draws);
        trial(cluster, traffic, &run)
    };
    cells.iter().map(run).collect()
}

fn paired(trials: &[Trial], baseline: &[Trial], rows: &[usize]) -> Measurement {
    let prices = Admission.spec().prices(&BTreeMap::new());
    let paired: Vec<Paired> =
        trials.iter().zip(baseline).map(|(own, base)| Admission.pair(own, base, &prices)).collect();
    Measurement::of(&paired, rows, Admission.spec())
}

/// Pairs of `saving`, one for each curve for which both exist.
pub(crate) struct Agreement {
    pub(crate) curves: usize,
    /// λ and the reference's improvement (log units), BLIS-like and calibrated.
    pub(crate) yardsticks: [(f64, f64); 2],
    /// Each tuned to the reference's improvement in each simulator.
    pub(crate) tuned: Vec<(f64, f64)>,
    /// As tuned in the BLIS-like simulator, and so taken over to the calibrated one, where this leaves its improvement
    /// within 3 points of the reference's.
    pub(crate) taken_over: Vec<(f64, f64)>,
    /// How far the improvement of those taken over lies from the reference's, in points, of all curves.
    pub(crate) off_by_points: Vec<f64>,
    /// The same simulator on other seeds, BLIS-like and calibrated: as near as any two could agree.
    pub(crate) again: [Vec<(f64, f64)>; 2],
}

struct Judged {
    savings: [Option<f64>; 2],
    taken_over: Option<f64>,
    off_by: f64,
    again: [Option<f64>; 2],
}

/// Measures all curves in both simulators.
pub(crate) fn agreement(study: &[Scenario], hardware: &ClusterConfig) -> Agreement {
    let family = family();
    let settings = [Setting::BlisLike, Setting::Calibrated];
    let judge = |role: &'static str| settings.map(|setting| Judge::new(study, hardware, setting, role));
    let (judges, others) = (judge("search"), judge("verdict"));
    let judged = each(family.len(), |at| {
        let tuned = [0, 1].map(|simulator: usize| judges[simulator].tuned(&family[at]));
        let moved = judges[1].measure(&tuned[0].0);
        Judged {
            savings: [0, 1].map(|s: usize| judges[s].saving(&tuned[s].1)),
            taken_over: judges[1].saving(&moved),
            off_by: 100.0 * (moved.gain() - judges[1].yardsticks.reference.gain()),
            again: [0, 1].map(|s: usize| others[s].saving(&others[s].measure(&tuned[s].0))),
        }
    })
    .expect("no thread panics");
    let pairs = |pair: fn(&Judged) -> (Option<f64>, Option<f64>)| {
        judged.iter().map(pair).filter_map(|(a, b)| Some((a?, b?))).collect::<Vec<_>>()
    };
    Agreement {
        curves: family.len(),
        yardsticks: [0, 1]
            .map(|s: usize| (judges[s].yardsticks.rate(&(0..study.len())), judges[s].yardsticks.reference.gain())),
        tuned: pairs(|j| (j.savings[0], j.savings[1])),
        taken_over: pairs(|j| (j.savings[0], j.taken_over)),
        off_by_points: judged.iter().map(|j| j.off_by).collect(),
        again: [pairs(|j| (j.savings[0], j.again[0])), pairs(|j| (j.savings[1], j.again[1]))],
    }
}
