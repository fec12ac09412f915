//! The check that whatever a population allows can be drawn and served. The file may come from a stranger.

use super::Population;
use super::clients::Clients;
use super::drawn::Drawn;
use super::luck::{DIMENSIONS, Dimension, Unit};
use crate::drawing::{Checked, Luck, PastRange, Window, choices, middle, plain, range, within};
use files::FileError;

/// Requests of the greatest length that must fit into an instance's KV cache at a time: with fewer, it would not batch.
const FIT: u64 = 4;

impl Population {
    /// What is wrong with the numbers, as (key, problem).
    pub(super) fn check(&self) -> Checked {
        within("seconds", self.seconds, 1.0, 3600.0)?;
        if let Some(longest) = self.seconds_to {
            within("seconds_to", longest, self.seconds, 3600.0)?;
        }
        range("requests", self.requests.map(|count| count as f64), 50.0, Population::MOST_REQUESTS as f64)?;
        range("critical_share", self.critical_share, 0.01, 0.99)?;
        range("load", self.load, 0.05, 3.0)?;
        within("critical_load", self.critical_load, 0.05, 1.0)?;
        range("prompt_tokens", self.prompt_tokens.map(f64::from), 8.0, 32_768.0)?;
        range("output_tokens", self.output_tokens.map(f64::from), 8.0, 8_192.0)?;
        range("after", self.after, 0.0, 20.0)?;
        range("epoch_s", self.epoch_s, 0.0, 1e9)?;
        self.clients.as_ref().map_or(Ok(()), Clients::check)?;
        self.past.as_ref().map_or(Ok(()), PastRange::check)?;
        Window::check(self.requests, self.past.as_ref(), self.after)?;
        choices("arrivals", self.arrivals.len())?;
        for (n, arrivals) in self.arrivals.iter().enumerate() {
            arrivals.check(&format!("arrivals.{n}"))?;
            let least = self.load[0] * self.critical_share[1] * arrivals.peak();
            // Of several clients the tiers ask different things: then the load gives way.
            if self.clients.is_none() && least > self.critical_load {
                let problem = format!("the critical part is at least {least:.3} where their share is highest");
                return Err(("critical_load".into(), problem));
            }
        }
        self.check_machines()?;
        self.check_clusters()
    }

    /// What clusters are made of: numbers, and names that may stand in a text.
    fn check_machines(&self) -> Checked {
        choices("instances", self.instances.len())?;
        choices("models", self.models.len())?;
        if !self.tensor_parallel.is_empty() && self.tensor_parallel.len() != self.models.len() {
            let problem = format!("must have a number for each of the {} models", self.models.len());
            return Err(("tensor_parallel".into(), problem));
        }
        choices("max_num_seqs", self.max_num_seqs.len())?;
        for (n, seqs) in self.max_num_seqs.iter().enumerate() {
            within(&format!("max_num_seqs.{n}"), f64::from(*seqs), 4.0, 1024.0)?;
        }
        if !self.routings.is_empty() {
            choices("routings", self.routings.len())?;
        }
        self.cluster.check()?;
        let routings = self.routings.iter().enumerate().map(|(n, name)| (format!("routings.{n}"), name));
        for (key, name) in routings.chain([("cluster.routing".into(), &self.cluster.routing)]) {
            plain(&key, name)?;
            if name == "weighted" {
                return Err((key, "weighted routing needs scorers, for which there is no key here".into()));
            }
        }
        self.models.iter().enumerate().try_for_each(|(n, name)| plain(&format!("models.{n}"), name))
    }

    /// The longest prompt and output that may be drawn, together.
    fn longest(&self) -> u64 {
        let [prompt, output] = match &self.clients {
            Some(clients) => clients.longest,
            None => [2 * self.prompt_tokens[1], 2 * self.output_tokens[1]],
        };
        u64::from(prompt) + u64::from(output)
    }

    /// Every choice of a list, at the ends of the ranges, must make a sound scenario whose requests can be served.
    fn check_clusters(&self) -> Checked {
        let longest = self.longest();
        let lists = [
            self.instances.len(),
            self.models.len(),
            self.arrivals.len(),
            self.max_num_seqs.len(),
            self.routings.len().max(1),
        ];
        for n in 0..lists.into_iter().max().unwrap_or(0) {
            let choices = lists.map(|len| n.min(len - 1));
            let drawn = self.corner(choices);
            let cluster = drawn.read().map_err(|error| self.ours(error, choices))?.cluster;
            let room = u64::from(cluster.kv_blocks) * u64::from(cluster.block_size);
            let model = format!("models.{}", choices[1]);
            if longest > u64::from(cluster.max_model_len) || FIT * longest > room {
                let problem = format!(
                    "requests of up to {longest} tokens (the longest that are drawn) must be served {FIT} at a time; {} takes at most {} tokens each, and {room} together",
                    drawn.machines.model, cluster.max_model_len
                );
                return Err((model, problem));
            }
            if drawn.capacity(&cluster, |_| true).rate <= 0.0 {
                return Err((model, "the cluster gets no request of the greatest length done".into()));
            }
        }
        Ok(())
    }

    /// The workload of the longest requests and the lightest load, of these choices; its rate is any.
    fn corner(&self, [instances, model, arrivals, seqs, routing]: [usize; 5]) -> Drawn<'_> {
        let mut at = [0.0; DIMENSIONS.len()];
        for longest in [Dimension::CriticalShare, Dimension::Prompt, Dimension::Output] {
            at[longest as usize] = 1.0;
        }
        at[Dimension::Arrivals as usize] = middle(arrivals, self.arrivals.len());
        let machines = self.chosen(
            self.instances[instances],
            model,
            self.max_num_seqs[seqs],
            middle(routing, self.routings.len()),
        );
        self.on(machines, "drawn", &Unit { at, luck: Luck::new(0, 0) })
    }

    /// The key of the population for a key of a scenario drawn from it.
    fn ours(&self, error: FileError, [instances, model, arrivals, seqs, routing]: [usize; 5]) -> (String, String) {
        let key = error.key.unwrap_or_default();
        let ours = match key.as_str() {
            "cluster.instances" => format!("instances.{instances}"),
            "cluster.max_num_seqs" => format!("max_num_seqs.{seqs}"),
            "cluster.routing" if !self.routings.is_empty() => format!("routings.{routing}"),
            "cluster.tensor_parallel" if !self.tensor_parallel.is_empty() => format!("tensor_parallel.{model}"),
            key if key.starts_with("cluster.model") => format!("models.{model}"),
            key if key.starts_with("cluster") => key.to_owned(),
            key => match key.split_once(".arrival.") {
                Some((_, part)) => format!("arrivals.{arrivals}.process.{part}"),
                None => format!("arrivals.{arrivals}"),
            },
        };
        (ours, error.problem)
    }
}
