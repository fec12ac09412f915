//! Every point of this experiment's design space in one policy: the dimensions of campaign.toml are its tunables, a
//! choice is the position of its value.
use admitter::prelude::*;

pub struct Policy {
    family: f64,
    scale: f64,
    prompt: f64,
    mix: f64,
    capacity: f64,
    signal: f64,
    rate: f64,
    onset: f64,
    exponent: f64,
    /// When the first request arrived, µs.
    began: u64,
    /// Requests seen so far.
    arrived: f64,
    droppable: f64,
}

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[
        Tunable { name: "family", default: 2.0, low: 0.0, high: 2.0 },
        Tunable { name: "scale", default: 0.28, low: 1e-3, high: 100.0 },
        Tunable { name: "prompt", default: 0.0, low: -0.5, high: 1.0 },
        Tunable { name: "mix", default: 0.0, low: 0.0, high: 3.0 },
        Tunable { name: "capacity", default: 0.0, low: -0.5, high: 1.5 },
        Tunable { name: "signal", default: 0.0, low: 0.0, high: 1.0 },
        Tunable { name: "rate", default: 0.0, low: 0.0, high: 0.4 },
        Tunable { name: "onset", default: 0.0, low: 0.0, high: 0.95 },
        Tunable { name: "exponent", default: 5.0, low: 0.5, high: 16.0 },
    ];

    fn new(parameters: &[f64]) -> Self {
        let [family, scale, prompt, mix, capacity, signal, rate, onset, exponent] = *parameters else {
            panic!("one value for each dimension");
        };
        Policy {
            family,
            scale,
            prompt,
            mix,
            capacity,
            signal,
            rate,
            onset,
            exponent,
            began: 0,
            arrived: 0.0,
            droppable: 0.0,
        }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {
        if self.arrived == 0.0 {
            self.began = request.now_us;
        }
        self.arrived += 1.0;
        if request.priority >= 0 {
            return Decision::Admit;
        }
        self.droppable += 1.0;
        let instances = cluster.instances.len() as f64;
        let mut pressure = if self.signal == 0.0 {
            cluster.saturation(5.0, 0.8)
        } else {
            // The part of the saturation that does not see the wait queues.
            cluster.instances.iter().map(|instance| instance.kv_utilization).sum::<f64>() / instances / 0.8
        };
        if self.prompt != 0.0 {
            pressure *= (f64::from(request.prompt_tokens) / 2048.0).powf(self.prompt);
        }
        let share = self.droppable / self.arrived;
        if self.mix != 0.0 {
            pressure *= (self.mix * share).exp();
        }
        if self.rate != 0.0 {
            // Five arrivals a second at each instance are neutral.
            let gap = (request.now_us - self.began) as f64 * instances / self.arrived;
            pressure *= (200_000.0 / gap).powf(self.rate * (1.0 - share));
        }
        if self.capacity != 0.0 {
            let tokens = cluster.instances.iter().map(|instance| instance.kv_capacity_tokens).sum::<u64>();
            pressure *= (tokens as f64 / instances / 300_000.0).powf(self.capacity);
        }
        // Over the pressure at which one droppable request in two is refused.
        let over = pressure / self.scale;
        Decision::reject_if(if self.family == 0.0 {
            over >= 1.0
        } else if self.family == 1.0 {
            draw.uniform() < (over - self.onset) / (2.0 * (1.0 - self.onset))
        } else {
            draw.uniform() < 0.5 * over.powf(self.exponent)
        })
    }
}
