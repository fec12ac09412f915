//! The check that whatever a population allows can be drawn and served. The file may come from a stranger.

use super::drawn::{DIMENSIONS, Dimension, Drawn, Unit};
use super::{Kind, Population};
use crate::drawing::{Checked, Luck, PastRange, Window, choices, middle, plain, range, within};
use files::FileError;

/// Requests of the greatest length that must fit into an instance's KV cache at a time: with fewer, it would not batch.
const FIT: u64 = 2;

impl Population {
    /// What is wrong with the numbers, as (key, problem).
    pub(super) fn check(&self) -> Checked {
        range("seconds", self.seconds, 1.0, 3600.0)?;
        range("requests", self.requests.map(|count| count as f64), 50.0, Population::MOST_REQUESTS as f64)?;
        choices("kind", self.kind.len())?;
        self.kind.iter().enumerate().try_for_each(|(n, kind)| kind.check(&format!("kind.{n}")))?;
        range("spread", self.spread, 1.0, 20.0)?;
        range("sigma", self.sigma, 0.0, 2.0)?;
        for longest in self.longest {
            within("longest", f64::from(longest), 16.0, 32_768.0)?;
        }
        choices("bands", self.bands.len())?;
        each("bands", &self.bands, 2.0, 4.0)?;
        range("critical_share", self.critical_share, 0.01, 0.99)?;
        range("load", self.load, 0.05, 3.0)?;
        within("critical_load", self.critical_load, 0.05, 1.0)?;
        range("staleness_ms", self.staleness_ms, 0.0, 1000.0)?;
        within("fresh_share", self.fresh_share, 0.0, 1.0)?;
        choices("request_ttl_s", self.request_ttl_s.len())?;
        each("request_ttl_s", &self.request_ttl_s, 0.0, 3600.0)?;
        range("after", self.after, 0.0, 20.0)?;
        self.past.as_ref().map_or(Ok(()), PastRange::check)?;
        Window::check(self.requests, self.past.as_ref(), self.after)?;
        choices("arrivals", self.arrivals.len())?;
        self.arrivals.iter().enumerate().try_for_each(|(n, arrivals)| arrivals.check(&format!("arrivals.{n}")))?;
        self.check_machines()?;
        self.check_clusters()
    }

    /// What clusters are made of: numbers, and names that may stand in a text.
    fn check_machines(&self) -> Checked {
        choices("instances", self.instances.len())?;
        choices("models", self.models.len())?;
        self.models.iter().enumerate().try_for_each(|(n, name)| plain(&format!("models.{n}"), name))?;
        self.cluster.check()?;
        if !self.routings.is_empty() {
            choices("routings", self.routings.len())?;
        }
        self.routings.iter().enumerate().try_for_each(|(n, name)| plain(&format!("routings.{n}"), name))
    }

    /// Every choice of a list, at the ends of the ranges, must make a sound scenario whose requests can be served.
    fn check_clusters(&self) -> Checked {
        let longest = u64::from(self.longest[0]) + u64::from(self.longest[1]);
        let kinds = self.kind.iter().flat_map(|kind| [kind.max_num_seqs.len(), kind.kv_blocks.len()]);
        let lists =
            [self.instances.len(), self.models.len(), self.arrivals.len(), self.routings.len(), self.bands.len()];
        let most = kinds.chain(lists).max().unwrap_or(1).max(1);
        for (kind, n) in (0..self.kind.len()).flat_map(|kind| (0..most).map(move |n| (kind, n))) {
            let place = Place { kind, n };
            let drawn = self.corner(&place);
            let cluster = drawn.read().map_err(|error| self.ours(error, &place))?.cluster;
            let room = u64::from(cluster.kv_blocks) * u64::from(cluster.block_size);
            if longest > u64::from(cluster.max_model_len) || FIT * longest > room {
                let problem = format!(
                    "requests of up to {longest} tokens (the longest that are drawn) must be served {FIT} at a time; {} takes at most {} tokens each, and {room} together",
                    drawn.machines.model, cluster.max_model_len
                );
                return Err((format!("kind.{kind}"), problem));
            }
            if drawn.capacity(&cluster, usize::MAX).rate <= 0.0 {
                return Err((format!("kind.{kind}"), "the cluster gets no request of the greatest length done".into()));
            }
        }
        Ok(())
    }

    /// The workload of the longest requests and the lightest load, of these choices; its rate is any.
    fn corner(&self, place: &Place) -> Drawn<'_> {
        let mut at = [0.0; DIMENSIONS.len()];
        for longest in [Dimension::CriticalShare, Dimension::Prompt, Dimension::Growth] {
            at[longest as usize] = 1.0;
        }
        let kind = &self.kind[place.kind];
        at[Dimension::Kind as usize] = middle(place.kind, self.kind.len());
        for (dimension, count) in [
            (Dimension::Instances, self.instances.len()),
            (Dimension::Model, self.models.len()),
            (Dimension::Arrivals, self.arrivals.len()),
            (Dimension::Routing, self.routings.len()),
            (Dimension::Bands, self.bands.len()),
            (Dimension::MaxNumSeqs, kind.max_num_seqs.len()),
            (Dimension::KvBlocks, kind.kv_blocks.len()),
        ] {
            at[dimension as usize] = middle(place.of(count), count);
        }
        self.anytime("drawn", &Unit { at, luck: Luck::new(0, 0) })
    }

    /// The key of the population for a key of a scenario drawn from it.
    fn ours(&self, error: FileError, place: &Place) -> (String, String) {
        let key = error.key.unwrap_or_default();
        let Place { kind, .. } = place;
        let own = &self.kind[*kind];
        let ours = match key.as_str() {
            "cluster.instances" => format!("instances.{}", place.of(self.instances.len())),
            "cluster.max_num_seqs" => format!("kind.{kind}.max_num_seqs.{}", place.of(own.max_num_seqs.len())),
            "cluster.kv_blocks" => format!("kind.{kind}.kv_blocks.{}", place.of(own.kv_blocks.len())),
            "cluster.routing" if !self.routings.is_empty() => format!("routings.{}", place.of(self.routings.len())),
            key if key.starts_with("cluster.model") => format!("models.{}", place.of(self.models.len())),
            key if key.starts_with("cluster") || key.starts_with("flow_control") => key.to_owned(),
            key => match key.split_once(".arrival.") {
                Some((_, part)) => format!("arrivals.{}.process.{part}", place.of(self.arrivals.len())),
                None => format!("kind.{kind}"),
            },
        };
        (ours, error.problem)
    }
}

/// Which kind is tried, and which choice of each list: the last one of shorter ones.
struct Place {
    kind: usize,
    n: usize,
}

impl Place {
    fn of(&self, count: usize) -> usize {
        self.n.min(count.saturating_sub(1))
    }
}

impl Kind {
    fn check(&self, key: &str) -> Checked {
        range(&format!("{key}.prompt_tokens"), self.prompt_tokens.map(f64::from), 8.0, 32_768.0)?;
        range(&format!("{key}.growth"), self.growth, 0.01, 100.0)?;
        choices(&format!("{key}.max_num_seqs"), self.max_num_seqs.len())?;
        each(&format!("{key}.max_num_seqs"), &self.max_num_seqs, 4.0, 1024.0)?;
        if self.kv_blocks.is_empty() {
            return Ok(());
        }
        choices(&format!("{key}.kv_blocks"), self.kv_blocks.len())?;
        each(&format!("{key}.kv_blocks"), &self.kv_blocks, 100.0, f64::from(1 << 24))
    }
}

/// Each number of a list lies between these.
fn each<T: Copy + Into<f64>>(key: &str, values: &[T], low: f64, high: f64) -> Checked {
    values.iter().enumerate().try_for_each(|(n, value)| within(&format!("{key}.{n}"), (*value).into(), low, high))
}
