//! Every point of this experiment's design space in one policy: the dimensions of campaign.toml are its tunables, a
//! choice is the position of its value. The scale, which the product sets, is the pressure at which one droppable request in two is
//! refused.
use admitter::prelude::*;

pub struct Policy {
    curve: f64,
    join: f64,
    queue: f64,
    in_flight: f64,
    prompt: f64,
    limit: f64,
    prediction: f64,
    onset: f64,
    exponent: f64,
    scale: f64,
    usual_in_flight: Usual,
    usual_prompt: Usual,
    usual_limit: Usual,
    usual_prediction: Usual,
}

/// The forgetting geometric mean of a signal.
struct Usual {
    mean: f64,
    seen: f64,
}

/// Requests that a mean remembers.
const MEMORY: f64 = 200.0;

impl Usual {
    const fn new() -> Self {
        Usual { mean: 0.0, seen: 0.0 }
    }

    /// Takes a value in, and gives the logarithm of it over what is usual.
    fn beyond(&mut self, value: f64) -> f64 {
        let logarithm = value.ln();
        self.seen = (self.seen + 1.0).min(MEMORY);
        self.mean += (logarithm - self.mean) / self.seen;
        logarithm - self.mean
    }
}

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[
        Tunable { name: "curve", default: 2.0, low: 0.0, high: 2.0 },
        Tunable { name: "join", default: 0.0, low: 0.0, high: 1.0 },
        Tunable { name: "queue", default: 1.0, low: 0.0, high: 2.0 },
        Tunable { name: "in_flight", default: 0.0, low: 0.0, high: 2.0 },
        Tunable { name: "prompt", default: 0.0, low: -1.0, high: 1.5 },
        Tunable { name: "limit", default: 0.0, low: -0.5, high: 1.5 },
        Tunable { name: "prediction", default: 0.0, low: -0.5, high: 1.5 },
        Tunable { name: "onset", default: 0.0, low: 0.0, high: 0.95 },
        Tunable { name: "exponent", default: 5.0, low: 0.5, high: 16.0 },
        Tunable { name: "scale", default: 0.28, low: 1e-3, high: 100.0 },
    ];

    fn new(parameters: &[f64]) -> Self {
        let [curve, join, queue, in_flight, prompt, limit, prediction, onset, exponent, scale] = *parameters else {
            panic!("one value for each tunable");
        };
        Policy {
            curve,
            join,
            queue,
            in_flight,
            prompt,
            limit,
            prediction,
            onset,
            exponent,
            scale,
            usual_in_flight: Usual::new(),
            usual_prompt: Usual::new(),
            usual_limit: Usual::new(),
            usual_prediction: Usual::new(),
        }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {
        // What is usual is so of all requests, critical ones included.
        let mut weight = 0.0;
        if self.prompt != 0.0 {
            weight += self.prompt * self.usual_prompt.beyond(f64::from(request.prompt_tokens));
        }
        if self.limit != 0.0
            && let Some(limit) = request.max_output_tokens
        {
            weight += self.limit * self.usual_limit.beyond(f64::from(limit).max(1.0));
        }
        if self.prediction != 0.0
            && let Some(prediction) = request.predicted_output_tokens
        {
            weight += self.prediction * self.usual_prediction.beyond(prediction);
        }
        let instances = cluster.instances.len() as f64;
        if self.in_flight != 0.0 {
            let in_flight = cluster.instances.iter().map(|instance| f64::from(instance.in_flight)).sum::<f64>();
            weight += self.in_flight * self.usual_in_flight.beyond((in_flight / instances).max(0.1));
        }
        if request.priority >= 0 {
            return Decision::Admit;
        }
        let mut pressure = 0.0;
        for instance in cluster.instances {
            let queue = self.queue * f64::from(instance.waiting) / 5.0;
            let kv = instance.kv_utilization / 0.8;
            pressure += if self.join == 0.0 { queue.max(kv) } else { queue + kv };
        }
        // Over the pressure at which one droppable request in two is refused.
        let over = pressure / instances * weight.exp() / self.scale;
        Decision::reject_if(if self.curve == 0.0 {
            over >= 1.0
        } else if self.curve == 1.0 {
            draw.uniform() < (over - self.onset) / (2.0 * (1.0 - self.onset))
        } else {
            draw.uniform() < 0.5 * over.powf(self.exponent)
        })
    }
}
