//! The built-in admission policies.

use admitter::{Admitter, Cluster, Decision, Draw, Maths, Request, Tunable};

/// Lets everything in.
#[derive(Clone, Debug)]
pub struct AlwaysAdmit;

impl Admitter for AlwaysAdmit {
    fn new(_: &[f64]) -> Self {
        AlwaysAdmit
    }

    fn admit(&mut self, _: &Request, _: &Cluster, _: &mut Draw) -> Decision {
        Decision::Admit
    }
}

/// Refuses every droppable request: no policy can protect the others more.
#[derive(Clone, Debug)]
pub struct RefuseDroppable;

impl Admitter for RefuseDroppable {
    fn new(_: &[f64]) -> Self {
        RefuseDroppable
    }

    fn admit(&mut self, request: &Request, _: &Cluster, _: &mut Draw) -> Decision {
        Decision::reject_if(request.priority < 0)
    }
}

const QUEUE: Tunable = Tunable { name: "queue", default: 5.0, low: 1.0, high: 64.0 };
const KV: Tunable = Tunable { name: "kv", default: 0.8, low: 0.1, high: 1.0 };

/// The gate of the llm-d router before the quintic: refuses droppable requests while the cluster is saturated.
#[derive(Clone, Debug)]
pub struct GaieLegacy {
    queue: f64,
    kv: f64,
}

impl Admitter for GaieLegacy {
    const TUNABLES: &'static [Tunable] = &[QUEUE, KV];

    fn new(parameters: &[f64]) -> Self {
        GaieLegacy { queue: parameters[0], kv: parameters[1] }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, _: &mut Draw) -> Decision {
        if request.priority >= 0 {
            return Decision::Admit;
        }
        Decision::reject_if(cluster.saturation(self.queue, self.kv) >= 1.0)
    }
}

/// Refuses all below a priority while any instance has more than `threshold` requests to carry.
#[derive(Clone, Debug)]
pub struct TierShed {
    threshold: f64,
    min_priority: f64,
}

impl Admitter for TierShed {
    const TUNABLES: &'static [Tunable] = &[
        Tunable { name: "threshold", default: 0.0, low: 0.0, high: 1024.0 },
        Tunable { name: "min_priority", default: 3.0, low: -100.0, high: 100.0 },
    ];

    fn new(parameters: &[f64]) -> Self {
        TierShed { threshold: parameters[0], min_priority: parameters[1] }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, _: &mut Draw) -> Decision {
        // Requests in queue and batch count twice, as they do in BLIS.
        let load = |instance: &admitter::Instance| {
            u64::from(instance.waiting) + u64::from(instance.running) + u64::from(instance.in_flight)
        };
        let load = cluster.instances.iter().map(load).max().unwrap_or(0) as f64;
        Decision::reject_if(load > self.threshold && f64::from(request.priority) < self.min_priority)
    }
}

/// Lets in as many prompt tokens per second as flow into a bucket, whatever their class.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    capacity: f64,
    rate: f64,
    level: f64,
    last_us: u64,
}

impl Admitter for TokenBucket {
    const TUNABLES: &'static [Tunable] = &[
        Tunable { name: "capacity", default: 10_000.0, low: 0.0, high: 1e9 },
        Tunable { name: "rate", default: 1_000.0, low: 0.0, high: 1e9 },
    ];

    fn new(parameters: &[f64]) -> Self {
        TokenBucket { capacity: parameters[0], rate: parameters[1], level: parameters[0], last_us: 0 }
    }

    fn admit(&mut self, request: &Request, _: &Cluster, _: &mut Draw) -> Decision {
        if request.now_us > self.last_us {
            let elapsed_us = (request.now_us - self.last_us) as f64;
            self.level = self.capacity.min(self.level + elapsed_us * self.rate / 1e6);
            self.last_us = request.now_us;
        }
        let cost = f64::from(request.prompt_tokens);
        if self.level < cost {
            return Decision::Reject;
        }
        self.level -= cost;
        Decision::Admit
    }
}

/// The published quintic: refuses a droppable request with probability `min(saturation^power · k, 1)`.
#[derive(Clone, Debug)]
pub struct Probabilistic {
    power: f64,
    k: f64,
    queue: f64,
    kv: f64,
}

impl Admitter for Probabilistic {
    const TUNABLES: &'static [Tunable] = &[
        Tunable { name: "power", default: 5.0, low: 0.0, high: 16.0 },
        Tunable { name: "k", default: 300.0, low: 0.0, high: 1e6 },
        QUEUE,
        KV,
    ];

    fn new(parameters: &[f64]) -> Self {
        Probabilistic { power: parameters[0], k: parameters[1], queue: parameters[2], kv: parameters[3] }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {
        if request.priority >= 0 {
            return Decision::Admit;
        }
        let saturation = cluster.saturation(self.queue, self.kv);
        // By path: the standard library's own `powf` would hide it and has other bits.
        let probability = (Maths::powf(saturation, self.power) * self.k).min(1.0);
        Decision::reject_if(draw.uniform() < probability)
    }
}

/// A built-in policy, by name. One value serves one run; clone it, unused, for more.
#[derive(Clone, Debug)]
pub enum Builtin {
    /// `always-admit`
    AlwaysAdmit(AlwaysAdmit),
    /// `refuse-droppable`
    RefuseDroppable(RefuseDroppable),
    /// `gaie-legacy(queue=5,kv=0.8)`
    GaieLegacy(GaieLegacy),
    /// `tier-shed(threshold=0,min_priority=3)`
    TierShed(TierShed),
    /// `token-bucket(capacity=10000,rate=1000)`
    TokenBucket(TokenBucket),
    /// `probabilistic(power=5,k=300,queue=5,kv=0.8)`
    Probabilistic(Probabilistic),
}

/// The names of all built-in policies with their parameters.
pub const BUILT_IN: [(&str, &[Tunable]); 6] = [
    ("always-admit", AlwaysAdmit::TUNABLES),
    ("gaie-legacy", GaieLegacy::TUNABLES),
    ("tier-shed", TierShed::TUNABLES),
    ("token-bucket", TokenBucket::TUNABLES),
    ("probabilistic", Probabilistic::TUNABLES),
    ("refuse-droppable", RefuseDroppable::TUNABLES),
];

impl Builtin {
    /// Reads a name with parameters, as in `probabilistic(power=5,k=200)`; those left out have their defaults.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, _, parameters) = read(text)?;
        Ok(Self::with_parameters(name, &parameters).expect("the name is one of the table's"))
    }

    /// The same with the parameter `key` multiplied by `factor`.
    pub fn scaled(text: &str, key: &str, factor: f64) -> Result<Self, String> {
        let (name, tunables, mut parameters) = read(text)?;
        let index = tunables.iter().position(|tunable| tunable.name == key);
        let index =
            index.ok_or_else(|| format!("{name} has no parameter `{key}`; there is {}", signature(name, tunables)))?;
        parameters[index] *= factor;
        Ok(Self::with_parameters(name, &parameters).expect("the name is one of the table's"))
    }

    /// The policy with this name and one value for each of its tunables (see [`BUILT_IN`]); `None` if there is no such
    /// policy, or the number of values is another.
    pub fn with_parameters(name: &str, parameters: &[f64]) -> Option<Self> {
        crate::maths::install();
        let (_, tunables) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        if parameters.len() != tunables.len() {
            return None;
        }
        Some(match name {
            "always-admit" => Builtin::AlwaysAdmit(AlwaysAdmit::new(parameters)),
            "gaie-legacy" => Builtin::GaieLegacy(GaieLegacy::new(parameters)),
            "tier-shed" => Builtin::TierShed(TierShed::new(parameters)),
            "token-bucket" => Builtin::TokenBucket(TokenBucket::new(parameters)),
            "probabilistic" => Builtin::Probabilistic(Probabilistic::new(parameters)),
            "refuse-droppable" => Builtin::RefuseDroppable(RefuseDroppable::new(parameters)),
            _ => return None,
        })
    }
}

/// So that a driver can take any of them. `new` is only there for the trait: it lets everything in.
impl Admitter for Builtin {
    fn new(_: &[f64]) -> Self {
        Builtin::AlwaysAdmit(AlwaysAdmit)
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {
        match self {
            Builtin::AlwaysAdmit(policy) => policy.admit(request, cluster, draw),
            Builtin::RefuseDroppable(policy) => policy.admit(request, cluster, draw),
            Builtin::GaieLegacy(policy) => policy.admit(request, cluster, draw),
            Builtin::TierShed(policy) => policy.admit(request, cluster, draw),
            Builtin::TokenBucket(policy) => policy.admit(request, cluster, draw),
            Builtin::Probabilistic(policy) => policy.admit(request, cluster, draw),
        }
    }
}

/// `name(a=1)` as the name, its tunables, and a value for each of them.
fn read(text: &str) -> Result<(&'static str, &'static [Tunable], Vec<f64>), String> {
    let (name, tunables, given) = split(text)?;
    let mut parameters: Vec<f64> = tunables.iter().map(|tunable| tunable.default).collect();
    let mut seen = vec![false; tunables.len()];
    for assignment in given {
        let (index, value) = assign(name, tunables, assignment)?;
        if std::mem::replace(&mut seen[index], true) {
            return Err(format!("{name}: `{}` is given twice", tunables[index].name));
        }
        parameters[index] = value;
    }
    Ok((name, tunables, parameters))
}

type Parts<'a> = (&'static str, &'static [Tunable], Vec<&'a str>);

/// `name(a=1,b=2)` as the name, its tunables and the assignments.
fn split(text: &str) -> Result<Parts<'_>, String> {
    let text = text.trim();
    let (name, inside) = match text.split_once('(') {
        None => (text, ""),
        Some((name, rest)) => {
            let inside = rest.strip_suffix(')').ok_or_else(|| format!("`{text}` lacks its closing parenthesis"))?;
            (name.trim_end(), inside.trim())
        }
    };
    let Some(&(name, tunables)) = BUILT_IN.iter().find(|(known, _)| *known == name) else {
        let names: Vec<String> = BUILT_IN.iter().map(|(name, tunables)| signature(name, tunables)).collect();
        return Err(format!("no built-in admitter is called `{name}`; there are {}", names.join(", ")));
    };
    let assignments = if inside.is_empty() { Vec::new() } else { inside.split(',').collect() };
    Ok((name, tunables, assignments))
}

/// `k=200` as the index of the tunable and the value.
fn assign(name: &str, tunables: &[Tunable], assignment: &str) -> Result<(usize, f64), String> {
    let usage = || signature(name, tunables);
    let Some((key, value)) = assignment.split_once('=') else {
        return Err(format!("`{}` is not of the form key=value; there is {}", assignment.trim(), usage()));
    };
    let (key, value) = (key.trim(), value.trim());
    let Some(index) = tunables.iter().position(|tunable| tunable.name == key) else {
        return Err(format!("{name} has no parameter `{key}`; there is {}", usage()));
    };
    let low = tunables[index].low;
    match value.parse::<f64>() {
        Ok(number) if !number.is_finite() => Err(format!("{name}: `{key}` must be a finite number, not {value}")),
        // The bounds of a tunable say what makes sense; what breaks the formula is refused.
        Ok(number) if low > 0.0 && number <= 0.0 => Err(format!("{name}: `{key}` must be above 0, not {value}")),
        Ok(number) if low >= 0.0 && number < 0.0 => Err(format!("{name}: `{key}` must not be below 0, not {value}")),
        Ok(number) => Ok((index, number)),
        Err(_) => Err(format!("{name}: `{key}` must be a number, not `{value}`")),
    }
}

fn signature(name: &str, tunables: &[Tunable]) -> String {
    if tunables.is_empty() {
        return name.to_owned();
    }
    let parameters: Vec<String> =
        tunables.iter().map(|tunable| format!("{}={}", tunable.name, tunable.default)).collect();
    format!("{name}({})", parameters.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Draws;

    const IDLE: admitter::Instance = admitter::Instance {
        waiting: 0,
        running: 0,
        in_flight: 0,
        kv_utilization: 0.0,
        metrics_age_us: 0,
        kv_capacity_tokens: 254_544,
    };

    /// How many of 1,000 requests are let in by a policy, with this priority, one per ms, in front of this instance.
    fn admitted(policy: &str, priority: i32, instance: admitter::Instance) -> usize {
        let mut policy = Builtin::parse(policy).unwrap();
        let cluster = Cluster { instances: &[instance, instance] };
        let mut admit = |n: &u64| {
            let request = Request {
                priority,
                prompt_tokens: 100,
                client: 0,
                max_output_tokens: None,
                predicted_output_tokens: None,
                now_us: n * 1_000,
            };
            policy.admit(&request, &cluster, &mut Draws::new(5).of(*n)) == Decision::Admit
        };
        (0..1_000u64).filter(|n| admit(n)).count()
    }

    #[test]
    fn the_gate_rejects_at_exactly_its_threshold_and_only_droppable_requests() {
        let below = admitter::Instance { waiting: 4, kv_utilization: 0.79, ..IDLE };
        let at = admitter::Instance { waiting: 5, ..IDLE };
        assert_eq!(admitted("gaie-legacy", -1, below), 1_000);
        assert_eq!(admitted("gaie-legacy", -1, at), 0);
        assert_eq!(admitted("gaie-legacy", 0, at), 1_000);
        assert_eq!(admitted("gaie-legacy(queue=6)", -1, at), 1_000);
    }

    #[test]
    fn tier_shed_admits_at_exactly_its_threshold() {
        let loaded = admitter::Instance { waiting: 1, running: 2, in_flight: 3, ..IDLE };
        assert_eq!(admitted("tier-shed(threshold=6)", 2, loaded), 1_000);
        assert_eq!(admitted("tier-shed(threshold=5)", 2, loaded), 0);
        assert_eq!(admitted("tier-shed(threshold=5)", 3, loaded), 1_000);
        assert_eq!(admitted("tier-shed", -3, IDLE), 1_000);
    }

    #[test]
    fn the_token_bucket_is_blind_to_classes() {
        // 1,000 requests of 100 tokens in 0.999 s: the bucket's content and what flows in meanwhile.
        assert_eq!(admitted("token-bucket", 4, IDLE), 109);
        assert_eq!(admitted("token-bucket(capacity=500, rate=0)", -3, IDLE), 5);
    }

    #[test]
    fn the_quintic_refuses_with_the_published_probability() {
        let at = |waiting| admitter::Instance { waiting, ..IDLE };
        assert_eq!(admitted("probabilistic", -2, at(0)), 1_000);
        assert_eq!(admitted("probabilistic", -2, at(2)), 0);
        assert_eq!(admitted("probabilistic", 3, at(2)), 1_000);
        // 0.2^5 · 300 = 0.096
        assert!((890..920).contains(&admitted("probabilistic", -2, at(1))));
        assert_eq!(admitted("refuse-droppable", -1, IDLE), 0);
        assert_eq!(admitted("refuse-droppable", 0, at(9)), 1_000);
    }

    #[test]
    fn a_wrong_name_parameter_or_number_is_answered_with_what_there_is() {
        for (text, expected) in [
            ("gate", "there are always-admit, gaie-legacy(queue=5,kv=0.8)"),
            ("gaie-legacy(depth=3)", "there is gaie-legacy(queue=5,kv=0.8)"),
            ("gaie-legacy(queue)", "not of the form key=value"),
            ("gaie-legacy(queue=0)", "above 0"),
            ("gaie-legacy(queue=5,queue=6)", "twice"),
            ("gaie-legacy(queue=5", "parenthesis"),
            ("probabilistic(k=NaN)", "finite"),
            ("probabilistic(k=inf)", "finite"),
            ("probabilistic(k=-1)", "below 0"),
            ("probabilistic(k=many)", "must be a number"),
            ("", "no built-in admitter"),
        ] {
            let error = Builtin::parse(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
