//! What `elenchus simulate` says of the gateway's queue.

use super::summary::{cells, grouped, lines, table};
use serde_json::{Map, Value, json};
use simulator::flow::{BandSummary, by_band, shed_by_class};
use simulator::{Run, Scenario, Traffic};
use std::collections::BTreeMap;

/// How the requests of a run went through the queue.
pub(super) struct Queue {
    bands: Vec<BandSummary>,
    shed_by_class: BTreeMap<String, u64>,
}

impl Queue {
    /// None of a run without a queue.
    pub(super) fn new(scenario: &Scenario, traffic: &Traffic, run: &Run) -> Option<Self> {
        run.passages.as_ref()?;
        Some(Queue { bands: by_band(&scenario.cluster, traffic, run), shed_by_class: shed_by_class(traffic, run) })
    }

    /// Requests of all bands that ended in one of the ways that only a queue has.
    pub(super) fn ended(&self) -> u64 {
        self.sum(|band| band.shed + band.expired + band.evicted)
    }

    /// Adds what the help of the command documents to the JSON of a run.
    pub(super) fn json(&self, limiter: &str, run: &mut Value) {
        run["admitter"] = Value::Null;
        run["limiter"] = limiter.into();
        run["bands"] = json!(self.bands);
        run["shed_by_class"] = json!(self.shed_by_class);
        let totals = [
            ("shed", self.sum(|band| band.shed)),
            ("expired", self.sum(|band| band.expired)),
            ("evicted", self.sum(|band| band.evicted)),
            ("waiting_at_gateway", self.sum(|band| band.left)),
        ];
        let totals: Map<String, Value> = totals.map(|(key, sum)| (key.to_owned(), sum.into())).into_iter().collect();
        if let Some(known) = run["totals"].as_object_mut() {
            known.extend(totals);
        }
    }

    /// A table of the bands, and one of how long those dispatched had waited.
    pub(super) fn text(&self) -> String {
        let mut counts =
            table(&["queue", "queued", "dispatched", "refused", "displaced", "expired", "evicted", "left", "most"]);
        let mut waits = table(&["waited, ms", "mean", "p50", "p90", "p99"]);
        for band in &self.bands {
            let name = format!("band {}", band.priority);
            let numbers = [
                band.queued,
                band.dispatched,
                band.rejected,
                band.shed,
                band.expired,
                band.evicted,
                band.left,
                band.peak_waiting,
            ];
            counts.add_row([name.clone()].into_iter().chain(numbers.map(grouped)));
            waits.add_row([name].into_iter().chain(cells(band.wait_ms)));
        }
        format!("{}\n\n{}\n\n", lines(&counts), lines(&waits))
    }

    fn sum(&self, of: impl Fn(&BandSummary) -> u64) -> u64 {
        self.bands.iter().map(of).sum()
    }
}
