//! What `elenchus simulate` prints: one summary for each class and one for all, for a person or for other tools.

use super::queue::Queue;
use crate::failure::Failure;
use comfy_table::{CellAlignment, Table};
use engine::science::text;
use serde_json::{Value, json};
use simulator::metrics::{self, ClassSummary, Spread};
use simulator::{Run, Scenario, Traffic, run::Totals};

/// How a run went.
pub(super) struct Summary<'a> {
    scenario: &'a str,
    classes: Vec<ClassSummary>,
    overall: ClassSummary,
    totals: &'a Totals,
    /// Requests and how many of them were let in, those that are not measured included.
    all: u64,
    admitted: u64,
    queue: Option<Queue>,
}

impl<'a> Summary<'a> {
    pub(super) fn new(scenario: &'a Scenario, traffic: &Traffic, run: &'a Run) -> Self {
        let classes = metrics::by_class(traffic, run, &scenario.slo);
        let overall = metrics::overall(traffic, run, &classes);
        let all = run.requests.len() as u64;
        let admitted = run.requests.iter().filter(|record| record.admitted == Some(true)).count() as u64;
        let queue = Queue::new(scenario, traffic, run);
        Summary { scenario: &scenario.name, classes, overall, totals: &run.totals, all, admitted, queue }
    }

    /// The keys are documented in the help of the command.
    pub(super) fn json(&self, policy: &str, seed: u64) -> Result<Value, Failure> {
        let bug = |error: serde_json::Error| Failure::bug(error.to_string());
        let mut totals = serde_json::to_value(self.totals).map_err(bug)?;
        totals["requests"] = self.all.into();
        totals["admitted"] = self.admitted.into();
        let classes = serde_json::to_value(&self.classes).map_err(bug)?;
        let overall = serde_json::to_value(&self.overall).map_err(bug)?;
        let mut run = json!({
            "scenario": self.scenario, "admitter": policy, "seed": seed,
            "classes": classes, "overall": overall, "totals": totals,
        });
        if let Some(queue) = &self.queue {
            queue.json(policy, &mut run);
        }
        Ok(run)
    }

    /// At most 100 columns wide, as long as the name of a class is not very long.
    pub(super) fn text(&self, policy: &str, seed: u64) -> String {
        let totals = self.totals;
        let (scenario, policy) = (shown(self.scenario, 40), shown(policy, 40));
        let seconds = totals.duration_us as f64 / 1e6;
        let measured = match self.all == self.overall.requests {
            true => String::new(),
            false => format!(", {} of them measured", grouped(self.overall.requests)),
        };
        format!(
            "{scenario} under {policy}, seed {seed}: {} requests{measured} in {seconds:.1} s\n\n{}\n\n{}\n\n{}{}\n{}\n",
            grouped(self.all),
            lines(&self.counts()),
            lines(&self.latencies()),
            self.queue.as_ref().map_or_else(String::new, Queue::text),
            self.ends(),
            self.peaks(),
        )
    }

    /// The classes, and all together where that says more.
    fn rows(&self) -> impl Iterator<Item = &ClassSummary> {
        self.classes.iter().chain((self.classes.len() > 1).then_some(&self.overall))
    }

    fn counts(&self) -> Table {
        let has_targets = self.overall.good.is_some();
        let mut header = vec!["", "requests", "admitted", "shed", "completed", "tokens/s"];
        if has_targets {
            header.extend(["good", "goodput/s", "SLO met"]);
        }
        let mut table = table(&header);
        for class in self.rows() {
            let mut row = vec![shown(&class.class, 20)];
            row.extend([class.requests, class.admitted, class.rejected, class.completed].map(grouped));
            row.push(format!("{:.1}", class.output_tokens_per_s));
            if has_targets {
                row.push(class.good.map_or_else(nothing, grouped));
                row.push(class.goodput_per_s.map_or_else(nothing, |rate| format!("{rate:.2}")));
                row.push(class.slo_attainment.map_or_else(nothing, percent));
            }
            table.add_row(row);
        }
        table
    }

    fn latencies(&self) -> Table {
        let mut table = table(&["", "ms", "mean", "p50", "p90", "p99"]);
        for class in self.rows() {
            let spreads = [("TTFT", class.ttft_ms), ("ITL", class.mean_itl_ms), ("E2E", class.e2e_ms)];
            for (n, (name, spread)) in spreads.into_iter().enumerate() {
                let first = if n == 0 { shown(&class.class, 20) } else { String::new() };
                table.add_row([first, name.to_owned()].into_iter().chain(cells(spread)));
            }
        }
        if let Some(column) = table.column_mut(1) {
            column.set_cell_alignment(CellAlignment::Left);
        }
        table
    }

    fn ends(&self) -> String {
        let totals = self.totals;
        let in_queue = self.queue.as_ref().map_or(0, Queue::ended);
        let ended = totals.completed + totals.rejected + totals.dropped + totals.timed_out + in_queue;
        let unfinished = self.all.saturating_sub(ended);
        format!(
            "{} completed, {} shed, {} dropped, {} timed out, {} unfinished, {} preemptions",
            grouped(totals.completed),
            grouped(totals.rejected + in_queue),
            grouped(totals.dropped),
            grouped(totals.timed_out),
            grouped(unfinished),
            grouped(totals.preemptions),
        )
    }

    fn peaks(&self) -> String {
        let totals = self.totals;
        format!(
            "peaks of an instance: KV {}, queue {}, batch {}; prefix cache hits {}; {} steps",
            percent(totals.peak_kv_utilization),
            grouped(totals.peak_waiting),
            grouped(totals.peak_running),
            percent(totals.cache_hit_rate),
            grouped(totals.steps),
        )
    }
}

/// A name of the scenario's in a table.
fn shown(name: &str, length: usize) -> String {
    text::clip(&text::line(name), length)
}

/// Names to the left, numbers to the right.
pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(header);
    for (n, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if n == 0 { 0 } else { 2 }, 0));
        if n > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// A table without the blanks at the ends of its lines.
pub(super) fn lines(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

pub(super) fn cells(spread: Spread) -> [String; 4] {
    let is_empty = spread == Spread::default();
    [spread.mean, spread.p50, spread.p90, spread.p99].map(|ms| if is_empty { nothing() } else { format!("{ms:.1}") })
}

fn nothing() -> String {
    "–".to_owned()
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A number with a comma between the thousands.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_kept_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
