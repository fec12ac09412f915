//! The check that whatever a population allows can be drawn and served. The file may come from a stranger.

use super::{Arrivals, Population, Surge};
use files::FileError;

/// The most choices of a list.
const CHOICES: usize = 16;
/// The shortest surge, as a share of the time.
const SHORTEST: f64 = 0.001;
/// Requests of the greatest length that must fit into an instance's KV cache at a time: with fewer, it would not batch.
const FIT: u64 = 4;

impl Population {
    /// What is wrong with the numbers, as (key, problem).
    pub(super) fn check(&self) -> Result<(), (String, String)> {
        within("seconds", self.seconds, 1.0, 3600.0)?;
        range("requests", self.requests.map(|count| count as f64), 50.0, Population::MOST_REQUESTS as f64)?;
        range("critical_share", self.critical_share, 0.01, 0.99)?;
        range("load", self.load, 0.05, 3.0)?;
        within("critical_load", self.critical_load, 0.05, 1.0)?;
        range("prompt_tokens", self.prompt_tokens.map(f64::from), 8.0, 32_768.0)?;
        range("output_tokens", self.output_tokens.map(f64::from), 8.0, 8_192.0)?;
        choices("instances", self.instances.len())?;
        choices("models", self.models.len())?;
        choices("arrivals", self.arrivals.len())?;
        for (n, arrivals) in self.arrivals.iter().enumerate() {
            arrivals.check(&format!("arrivals.{n}"))?;
            let least = self.load[0] * self.critical_share[1] * arrivals.peak();
            if least > self.critical_load {
                let problem = format!("the critical part is at least {least:.3} where their share is highest");
                return Err(("critical_load".into(), problem));
            }
        }
        let names = [
            ("hardware", &self.cluster.hardware),
            ("latency", &self.cluster.latency),
            ("routing", &self.cluster.routing),
            ("scheduler", &self.cluster.scheduler),
            ("preemption", &self.cluster.preemption),
        ];
        names.into_iter().try_for_each(|(key, name)| plain(&format!("cluster.{key}"), name))?;
        if self.cluster.routing == "weighted" {
            return Err((
                "cluster.routing".into(),
                "weighted routing needs scorers, for which there is no key here".into(),
            ));
        }
        self.models.iter().enumerate().try_for_each(|(n, name)| plain(&format!("models.{n}"), name))?;
        self.check_clusters()
    }

    /// Every choice of a list, at the ends of the ranges, must make a sound scenario whose requests can be served.
    fn check_clusters(&self) -> Result<(), (String, String)> {
        let longest = 2 * u64::from(self.prompt_tokens[1]) + 2 * u64::from(self.output_tokens[1]);
        let all = [self.instances.len(), self.models.len(), self.arrivals.len()];
        for n in 0..all.into_iter().max().unwrap_or(0) {
            let [instances, model, arrivals] = all.map(|len| n.min(len - 1));
            let drawn = self.longest(instances, model, arrivals);
            let cluster = drawn.read().map_err(|error| ours(error, instances, model, arrivals))?.cluster;
            let room = u64::from(cluster.kv_blocks) * u64::from(cluster.block_size);
            if longest > u64::from(cluster.max_model_len) || FIT * longest > room {
                let problem = format!(
                    "requests of up to {longest} tokens (twice the longest means) must be served {FIT} at a time; {} takes at most {} tokens each, and {room} together",
                    drawn.model, cluster.max_model_len
                );
                return Err((format!("models.{model}"), problem));
            }
            if drawn.capacity(&cluster) <= 0.0 {
                return Err((
                    format!("models.{model}"),
                    "the cluster gets no request of the greatest length done".into(),
                ));
            }
        }
        Ok(())
    }
}

/// The key of the population for a key of a scenario drawn from it.
fn ours(error: FileError, instances: usize, model: usize, arrivals: usize) -> (String, String) {
    let key = error.key.unwrap_or_default();
    let ours = match key.as_str() {
        "cluster.instances" => format!("instances.{instances}"),
        key if key.starts_with("cluster.model") => format!("models.{model}"),
        key if key.starts_with("cluster") => key.to_owned(),
        key => match key.split_once(".arrival.") {
            Some((_, part)) => format!("arrivals.{arrivals}.process.{part}"),
            None => format!("arrivals.{arrivals}"),
        },
    };
    (ours, error.problem)
}

impl Arrivals {
    fn check(&self, key: &str) -> Result<(), (String, String)> {
        let Some(Surge { from, to, factor }) = self.surge else { return Ok(()) };
        within(&format!("{key}.surge.from"), from, 0.0, 1.0)?;
        within(&format!("{key}.surge.to"), to, 0.0, 1.0)?;
        within(&format!("{key}.surge.factor"), factor, 0.1, 10.0)?;
        // Less would round to no time at all.
        match to - from >= SHORTEST {
            true => Ok(()),
            false => {
                Err((format!("{key}.surge.to"), format!("must lie after {from} by {SHORTEST} at least, not at {to}")))
            }
        }
    }
}

fn within(key: &str, value: f64, low: f64, high: f64) -> Result<(), (String, String)> {
    match (low..=high).contains(&value) {
        true => Ok(()),
        false => Err((key.into(), format!("must lie between {low} and {high}, not {value}"))),
    }
}

fn range(key: &str, [from, to]: [f64; 2], low: f64, high: f64) -> Result<(), (String, String)> {
    within(key, from, low, high)?;
    within(key, to, low, high)?;
    match from <= to {
        true => Ok(()),
        false => Err((key.into(), format!("must not end at {to}, below its start {from}"))),
    }
}

fn choices(key: &str, count: usize) -> Result<(), (String, String)> {
    match (1..=CHOICES).contains(&count) {
        true => Ok(()),
        false => Err((key.into(), format!("must name 1 to {CHOICES} choices, not {count}"))),
    }
}

/// Names go into a text: one that could end its own quotes could say anything there.
fn plain(key: &str, name: &str) -> Result<(), (String, String)> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    match !name.is_empty() && name.len() <= 60 && name.chars().all(plain) {
        true => Ok(()),
        false => Err((key.into(), "must be a name of letters, digits, `-`, `.` and `_`".into())),
    }
}
