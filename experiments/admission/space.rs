//! Every point of this experiment's design space in one policy: the dimensions of campaign.toml are its tunables, a
//! choice is the position of its value. At each point it decides as the source that the built-in researcher writes there,
//! rounded constants included.
use admitter::prelude::*;

/// Prompt length at which the weighting is neutral, tokens.
const NEUTRAL_PROMPT: f64 = 2048.0;
/// KV capacity of an instance at which the weighting is neutral, tokens.
const NEUTRAL_CAPACITY: f64 = 300_000.0;
/// Mean time between arrivals at an instance at which the weighting is neutral, µs.
const NEUTRAL_GAP: f64 = 200_000.0;
/// Threshold of the KV cache in the saturation, fraction 0..1.
const KV_THRESHOLD: f64 = 0.8;

/// When a pressure leads to refusal.
enum Curve {
    /// From this pressure on.
    Step(f64),
    /// With a probability that rises in proportion over a stretch of pressure.
    Ramp { from: f64, over: f64 },
    /// With a probability that is a power of the pressure, 1 at `full`.
    Power { full: f64, exponent: f64 },
}

pub struct Policy {
    curve: Curve,
    prompt: f64,
    mix: f64,
    capacity: f64,
    /// Whether the pressure begins with the KV cache alone.
    kv: bool,
    /// Where the rate is weighed: mean time between arrivals at an instance, µs, and the exponent.
    rate: Option<(f64, f64)>,
    /// When the first request arrived, µs.
    began: Option<u64>,
    /// Requests seen so far.
    arrived: f64,
    droppable: f64,
}

const fn tunable(name: &'static str, default: f64, low: f64, high: f64) -> Tunable {
    Tunable { name, default, low, high }
}

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[
        tunable("family", 2.0, 0.0, 2.0),
        tunable("half", 0.28, 0.05, 2.0),
        tunable("prompt", 0.0, -0.5, 1.0),
        tunable("mix", 0.0, 0.0, 3.0),
        tunable("capacity", 0.0, -0.5, 1.5),
        tunable("signal", 0.0, 0.0, 1.0),
        tunable("rate", 0.0, 0.0, 0.4),
        tunable("onset", 0.0, 0.0, 0.95),
        tunable("exponent", 5.0, 0.5, 16.0),
    ];

    fn new(parameters: &[f64]) -> Self {
        let [family, half, prompt, mix, capacity, signal, rate, onset, exponent] = *parameters else {
            panic!("one value for each dimension");
        };
        // In the unit of the pressure, which is not divided by the threshold of the KV cache, the neutral prompt or capacity, and
        // where it weighs the rate it weighs the mix by the same power.
        let kv = signal >= 0.5;
        let by_mix = if rate == 0.0 { 1.0 } else { (-mix).exp() };
        let unit = if kv { KV_THRESHOLD } else { 1.0 } * NEUTRAL_PROMPT.powf(prompt) * NEUTRAL_CAPACITY.powf(capacity) * by_mix;
        let half = if unit == 1.0 { half } else { rounded(half * unit, 100.0) };
        let rate = if rate == 0.0 { None } else { Some((rounded(NEUTRAL_GAP * (-mix / rate).exp(), 100.0), rate)) };
        let curve = if family < 0.5 {
            Curve::Step(half)
        } else if family < 1.5 {
            let (from, to) = (rounded(onset * half, 100.0), rounded((2.0 - onset) * half, 100.0));
            Curve::Ramp { from, over: rounded(to - from, 100.0) }
        } else {
            Curve::Power { full: rounded(half * 2.0.powf(1.0 / exponent), 1000.0), exponent }
        };
        Policy { curve, prompt, mix, capacity, kv, rate, began: None, arrived: 0.0, droppable: 0.0 }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {
        let began = *self.began.get_or_insert(request.now_us);
        self.arrived += 1.0;
        if request.priority >= 0 {
            return Decision::Admit;
        }
        self.droppable += 1.0;
        let instances = cluster.instances.len() as f64;
        let mut pressure = if self.kv {
            cluster.instances.iter().map(|instance| instance.kv_utilization).sum::<f64>() / instances
        } else {
            cluster.saturation(5.0, KV_THRESHOLD)
        };
        if self.prompt != 0.0 {
            pressure *= f64::from(request.prompt_tokens).powf(self.prompt);
        }
        let share = self.droppable / self.arrived;
        if let Some((least, rate)) = self.rate {
            let gap = (request.now_us - began) as f64 * instances / self.arrived;
            pressure *= (least / gap).powf(rate * (1.0 - share));
        } else if self.mix != 0.0 {
            pressure *= (self.mix * share).exp();
        }
        if self.capacity != 0.0 {
            let tokens = cluster.instances.iter().map(|instance| instance.kv_capacity_tokens).sum::<u64>();
            pressure *= (tokens as f64 / instances).powf(self.capacity);
        }
        Decision::reject_if(match self.curve {
            Curve::Step(at) => pressure >= at,
            Curve::Ramp { from, over } => draw.uniform() < (pressure - from) / over,
            Curve::Power { full, exponent } => draw.uniform() < (pressure / full).powf(exponent),
        })
    }
}

/// The nearest short decimal: one digit more than `least`, a power of ten, has zeros.
fn rounded(value: f64, least: f64) -> f64 {
    if value <= 0.0 {
        return 0.0;
    }
    let (mut scale, mut unit) = (1.0, 1.0);
    while value * scale < least {
        scale *= 10.0;
    }
    while value >= 10.0 * least * unit {
        unit *= 10.0;
    }
    (value * scale / unit + 0.5).floor() / scale * unit
}
