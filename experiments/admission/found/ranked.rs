//! Refuses the share that pressure and rush of critical requests ask for, the most harmful of the recent requests first.
use admitter::prelude::*;

/// Exponent of the curve.
const POWER: i32 = 10;
/// Queue threshold of the router's saturation.
const QUEUE: f64 = 5.0;
/// Cache threshold of the router's saturation.
const CACHE: f64 = 0.8;
/// Time constant of the means, in microseconds.
const MEMORY: f64 = 5e6;
/// Keeps a division or a logarithm away from zero.
const TINY: f64 = 1e-12;
/// Slowest rate at which what is usual of requests follows.
const SLOW: f64 = 0.005;
/// Weight of the prompt over the usual one.
const LENGTH: f64 = 2.0;
/// Weight of the predicted output over the usual one.
const HINT: f64 = 1.0;
/// Weight of the limit of output over the usual one.
const LIMIT: f64 = 1.0;
/// Time constant of the rate of critical arrivals, in microseconds.
const FADE: f64 = 2e6;
/// Time constant of its mean, in microseconds.
const SPAN: f64 = 3e7;
/// Keeps the ratio of rates away from zero.
const LITTLE: f64 = 0.1;
/// Exponent of the rate over its mean.
const SHARE: f64 = 0.2;
/// How many droppable requests are ranked.
const RECENT: usize = 256;
/// The part of a request's own value that lies above it.
const HALF: f64 = 0.5;

/// What is remembered of the run.
pub struct Policy {
    scale: f64,
    last: Option<u64>,
    calls: f64,
    level: f64,
    usual: f64,
    seen: f64,
    length: f64,
    told: f64,
    hint: f64,
    limited: f64,
    limit: f64,
    critical: f64,
    normal: f64,
    scores: [f64; RECENT],
    filled: usize,
    next: usize,
}

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "scale", default: 0.3, low: 0.003, high: 30.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { scale: parameters[0], last: None, calls: 0.0, level: 0.0, usual: 0.0, seen: 0.0, length: 0.0, told: 0.0, hint: 0.0, limited: 0.0, limit: 0.0, critical: 0.0, normal: 0.0, scores: [0.0; RECENT], filled: 0, next: 0 }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {
        let passed = match self.last {
            None => 0.0,
            Some(last) => request.now_us.saturating_sub(last) as f64,
        };
        self.last = Some(request.now_us);
        self.calls += 1.0;
        let rate = (1.0 / self.calls).max(1.0 - (-passed / MEMORY).exp());
        let now = cluster.saturation(QUEUE, CACHE);
        let mut flying = 0.0;
        for instance in cluster.instances {
            flying += f64::from(instance.in_flight);
        }
        self.level += (now - self.level) * rate;
        self.usual += (flying - self.usual) * rate;
        self.critical *= (-passed / FADE).exp();
        self.normal += (self.critical - self.normal) * (1.0 / self.calls).max(1.0 - (-passed / SPAN).exp());
        if request.priority >= 0 {
            self.critical += 1.0;
        }
        if request.priority >= 0 {
            return Decision::Admit;
        }
        let length = f64::from(request.prompt_tokens).ln();
        self.seen += 1.0;
        self.length += (length - self.length) * (1.0 / self.seen).max(SLOW);
        let mut weight = LENGTH * (length - self.length);
        if let Some(predicted) = request.predicted_output_tokens {
            let predicted = predicted.ln();
            self.told += 1.0;
            self.hint += (predicted - self.hint) * (1.0 / self.told).max(SLOW);
            weight += HINT * (predicted - self.hint);
        }
        if let Some(limit) = request.max_output_tokens {
            let limit = f64::from(limit.max(1)).ln();
            self.limited += 1.0;
            self.limit += (limit - self.limit) * (1.0 / self.limited).max(SLOW);
            weight += LIMIT * (limit - self.limit);
        }
        let rush = ((self.critical + LITTLE) / (self.normal + LITTLE)).powf(SHARE);
        let score = weight - draw.uniform().max(TINY).ln();
        let mut above = HALF;
        for other in self.scores.iter().take(self.filled) {
            if *other > score {
                above += 1.0;
            }
        }
        let all = 1.0 + self.filled as f64;
        self.filled = (self.filled + 1).min(RECENT);
        if let Some(place) = self.scores.get_mut(self.next) {
            *place = score;
        }
        self.next = (self.next + 1) % RECENT;
        let pressure = (now * self.level * flying / self.usual.max(1.0)).sqrt() * rush / self.scale;
        Decision::reject_if(above / all < pressure.powi(POWER))
    }
}
