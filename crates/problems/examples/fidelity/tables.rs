//! The tables of the page.

use crate::cluster::{Comparison, SETTINGS, Setting};
use crate::page::Results;
use crate::published::{ANCHORS, CELLS, GROUPS, NEAR, Published, Quantity, SHED};
use crate::single_gpu::Row;
use crate::statistics::{range, skill, spearman, tau_with_interval};

impl Results {
    pub(crate) fn comparison(&self, workload: &str, setting: Setting) -> &Comparison {
        let wanted = |c: &&Comparison| c.workload == workload && c.setting == setting;
        self.comparisons.iter().find(wanted).expect("the experiment has the workload")
    }

    /// The gain of a published cell in a setting, mean over the seeds.
    pub(crate) fn gain(&self, cell: &Published, setting: Setting) -> f64 {
        let gains = self.comparison(cell.workload, setting).gains(cell.quantity);
        gains.iter().sum::<f64>() / gains.len() as f64
    }

    /// Skill of a group of cells in a setting: of the mean gains, and its range over the seeds.
    pub(crate) fn skill(&self, quantity: Quantity, setting: Setting) -> (f64, [f64; 2]) {
        let cells = || CELLS.iter().filter(|cell| cell.quantity == quantity);
        let real: Vec<f64> = cells().map(real_gain).collect();
        let by_cell: Vec<Vec<f64>> =
            cells().map(|cell| self.comparison(cell.workload, setting).gains(quantity)).collect();
        let of_seed = |seed: usize| skill(&real, &by_cell.iter().map(|gains| gains[seed]).collect::<Vec<_>>());
        let mean = skill(&real, &cells().map(|cell| self.gain(cell, setting)).collect::<Vec<_>>());
        (mean, range((0..self.seeds).map(of_seed)))
    }

    /// How many cells gain where the hardware does.
    pub(crate) fn signs(&self, setting: Setting) -> usize {
        CELLS.iter().filter(|cell| (self.gain(cell, setting) > 0.0) == (real_gain(cell) > 0.0)).count()
    }

    /// Single-GPU rows that are anchors too: E2E below saturation.
    fn single_anchors(&self, at: usize) -> impl Iterator<Item = &Row> {
        self.single[at].iter().filter(|row| row.quantity.starts_with("E2E") && row.rate < 12.0)
    }

    /// (cluster anchors, single-GPU anchors) inside the bounds.
    pub(crate) fn anchors(&self, setting: Setting) -> (usize, usize) {
        let near = |simulated: f64, real: f64| (simulated / real - 1.0).abs() <= NEAR;
        let at = SETTINGS.iter().position(|s| *s == setting).expect("one of the two");
        let value = |workload: &str, policy: usize| self.comparison(workload, setting).mean(policy, |f| f.e2e_mean_ms);
        let cluster = ANCHORS.iter().filter(|(w, policy, real)| near(value(w, *policy), *real)).count();
        (cluster, self.single_anchors(at).filter(|row| near(row.simulated, row.measured)).count())
    }
}

fn real_gain(cell: &Published) -> f64 {
    cell.quantity.gain(cell.hardware[0], cell.hardware[1])
}

/// The change that a logarithmic gain means, as in −25 % or +60 %.
fn change(quantity: Quantity, gain: f64) -> String {
    let ratio = if quantity == Quantity::TpsP50 { gain.exp() } else { (-gain).exp() };
    format!("{:+.0} %", 100.0 * (ratio - 1.0))
}

pub(crate) fn targets(results: &Results) -> String {
    let mut text =
        String::from("| target, set beforehand | calibrated | BLIS-like | calibrated meets it |\n|---|---|---|---|\n");
    let mut row = |target: &str, values: [String; 2], met: Option<bool>| {
        let met = met.map_or("–", |met| if met { "yes" } else { "**no**" });
        text += &format!("| {target} | {} | {} | {met} |\n", values[0], values[1]);
    };
    let [near, near_like] = SETTINGS.map(|setting| results.anchors(setting));
    let (m, singles) = (ANCHORS.len(), results.single_anchors(0).count());
    let of = |k: usize, m: usize| format!("{k} of {m}");
    row("mean E2E on the cluster within ± 25 %", [near.0, near_like.0].map(|k| of(k, m)), Some(near.0 == m));
    row(
        "mean E2E on one GPU within ± 25 % (fitted)",
        [near.1, near_like.1].map(|k| of(k, singles)),
        Some(near.1 == singles),
    );
    let served = [0, 1].map(|at: usize| {
        let saturated = results.single[at].iter().find(|row| row.rate > 12.0 && row.quantity.starts_with("served"));
        saturated.expect("a row of the table").simulated
    });
    let saturates = (served[0] / 12.0 - 1.0).abs() < 0.1;
    row("one GPU saturates near 12 requests/s (fitted)", served.map(|rate| format!("{rate:.1}")), Some(saturates));
    let cliffs = SETTINGS.map(|setting| {
        let comparison = results.comparison("blindspot_mid", setting);
        [0, 1].map(|policy: usize| comparison.mean(policy, |facts| facts.ttft_p99_ms) / 1e3)
    });
    let cliff = cliffs[0][0] > 2.0 && cliffs[0][1] < 1.0;
    let shown = cliffs.map(|[before, after]| format!("{before:.1} s → {after:.1} s"));
    row("blindspot's cliff: P99 TTFT from seconds to below 1 s", shown, Some(cliff));
    let signs = SETTINGS.map(|setting| results.signs(setting));
    row("signs of the gains", signs.map(|k| of(k, CELLS.len())), Some(signs[0] == CELLS.len()));
    for quantity in GROUPS {
        let skills = SETTINGS.map(|setting| results.skill(quantity, setting).0);
        let target = format!("skill above 0: gains of {}", quantity.name());
        row(&target, skills.map(|skill| format!("{skill:+.2}")), Some(skills[0] > 0.0));
    }
    let pairs = SETTINGS.map(|setting| concordance(results, setting).0);
    row("concordant pairs of P99-TTFT gains (no bound was set)", pairs.map(|k| of(k, 5)), None);
    let tau = [tau_with_interval(&results.agreement.tuned), String::from("–")];
    row("Kendall's τ of `saving` with the BLIS-like (no bound was set)", tau, None);
    text
}

/// The workload with the largest part of the squared error of a group's gains, and that part in %.
pub(crate) fn largest_error(results: &Results, quantity: Quantity, setting: Setting) -> (&'static str, f64) {
    let cells = CELLS.iter().filter(|cell| cell.quantity == quantity);
    let errors: Vec<_> =
        cells.map(|cell| (cell.workload, (results.gain(cell, setting) - real_gain(cell)).powi(2))).collect();
    let sum: f64 = errors.iter().map(|(_, error)| error).sum();
    let worst = errors.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).expect("a group has cells");
    (worst.0, 100.0 * worst.1 / sum)
}

pub(crate) fn cells(results: &Results) -> String {
    let mut text = String::from(
        "| critical tier | measured | calibrated | BLIS-like | the authors' BLIS |\n|---|---|---|---|---|\n",
    );
    for cell in &CELLS {
        let arrow = |[b, t]: [f64; 2], gain: f64| {
            let digits = if cell.quantity == Quantity::TpsP50 { 1 } else { 0 };
            format!("{b:.digits$} → {t:.digits$} ({})", change(cell.quantity, gain))
        };
        let measured = arrow(cell.hardware, real_gain(cell));
        let ours = SETTINGS.map(|setting| {
            let comparison = results.comparison(cell.workload, setting);
            let values = [0, 1].map(|policy: usize| comparison.mean(policy, |facts| facts.of(cell.quantity)));
            arrow(values, results.gain(cell, setting))
        });
        let blis = cell.blis.map_or_else(|| "–".into(), |[b, t]| arrow([b, t], cell.quantity.gain(b, t)));
        let [calibrated, like] = ours;
        text +=
            &format!("| {} {} | {measured} | {calibrated} | {like} | {blis} |\n", cell.workload, cell.quantity.name());
    }
    text
}

pub(crate) fn anchors(results: &Results) -> String {
    let mut text = String::from("| mean E2E, s | measured | calibrated | BLIS-like |\n|---|---:|---:|---:|\n");
    let shown = |simulated: f64, real: f64| {
        let off = simulated / real - 1.0;
        let mark = if off.abs() <= NEAR { "" } else { " ✗" };
        format!("{:.1} ({:+.0} %){mark}", simulated, 100.0 * off)
    };
    for (workload, policy, real) in ANCHORS {
        let values = SETTINGS.map(|setting| {
            shown(results.comparison(workload, setting).mean(policy, |f| f.e2e_mean_ms) / 1e3, real / 1e3)
        });
        let arm = ["baseline", "treatment"][policy];
        text += &format!("| {workload}, {arm} | {:.1} | {} | {} |\n", real / 1e3, values[0], values[1]);
    }
    for (row, other) in results.single_anchors(0).zip(results.single_anchors(1)) {
        let values = [row, other].map(|row| shown(row.simulated, row.measured));
        text +=
            &format!("| one GPU, {} req/s (fitted) | {} | {} | {} |\n", row.rate, row.measured, values[0], values[1]);
    }
    text
}

pub(crate) fn skills(results: &Results) -> String {
    let mut text =
        String::from("| skill of the gain of | cells | calibrated | by seed | BLIS-like | the authors' BLIS |\n");
    text += "|---|---:|---:|---:|---:|---:|\n";
    for quantity in GROUPS {
        let cells = || CELLS.iter().filter(|cell| cell.quantity == quantity);
        let blis: Option<Vec<f64>> = cells().map(|cell| cell.blis.map(|[b, t]| quantity.gain(b, t))).collect();
        let blis = blis.map(|gains| skill(&cells().map(real_gain).collect::<Vec<_>>(), &gains));
        let blis = blis.map_or_else(|| "–".into(), |skill| format!("{skill:+.2}"));
        let [(calibrated, [low, high]), (like, _)] = SETTINGS.map(|setting| results.skill(quantity, setting));
        let (name, count) = (quantity.name(), cells().count());
        text += &format!("| {name} | {count} | {calibrated:+.2} | {low:+.2} … {high:+.2} | {like:+.2} | {blis} |\n");
    }
    text
}

/// The workloads whose P99 TTFT was measured, and the pairs of them that the hardware separates: not the first two, one
/// run each of a tail of auto-correlated requests, 7 and 13 %.
fn ranked() -> (Vec<&'static Published>, Vec<(usize, usize)>) {
    let cells: Vec<_> = CELLS.iter().filter(|cell| cell.quantity == Quantity::TtftP99).collect();
    let pairs = (0..cells.len()).flat_map(|b| (0..b).map(move |a| (a, b))).filter(|pair| *pair != (0, 1)).collect();
    (cells, pairs)
}

/// Concordant pairs of the mean gains, their range over seeds, and that of Spearman's ρ.
pub(crate) fn concordance(results: &Results, setting: Setting) -> (usize, [f64; 2], f64, [f64; 2]) {
    let (cells, pairs) = ranked();
    let real: Vec<f64> = cells.iter().map(|cell| real_gain(cell)).collect();
    let concordant =
        |gains: &[f64]| pairs.iter().filter(|&&(a, b)| (gains[a] > gains[b]) == (real[a] > real[b])).count();
    let mean: Vec<f64> = cells.iter().map(|cell| results.gain(cell, setting)).collect();
    let by_cell: Vec<Vec<f64>> =
        cells.iter().map(|cell| results.comparison(cell.workload, setting).gains(cell.quantity)).collect();
    let by_seed: Vec<Vec<f64>> =
        (0..results.seeds).map(|seed| by_cell.iter().map(|gains| gains[seed]).collect()).collect();
    let counts = range(by_seed.iter().map(|gains| concordant(gains) as f64));
    let rho = range(by_seed.iter().map(|gains| spearman(&real, gains)));
    (concordant(&mean), counts, spearman(&real, &mean), rho)
}

pub(crate) fn orders(results: &Results) -> String {
    let mut text =
        String::from("| order of the P99-TTFT gains | concordant of 5 | by seed | Spearman's ρ | by seed |\n");
    text += "|---|---:|---:|---:|---:|\n";
    for setting in SETTINGS {
        let (count, [least, most], rho, [low, high]) = concordance(results, setting);
        let name = setting.name();
        text += &format!("| {name} | {count} | {least}–{most} | {rho:+.1} | {low:+.1} … {high:+.1} |\n");
    }
    text
}

pub(crate) fn sheds(results: &Results) -> String {
    let mut text = String::from(
        "| workload | shed of droppable, measured | calibrated | BLIS-like | output tokens/s, calibrated | BLIS-like |\n\
         |---|---|---|---|---|---|\n",
    );
    let workloads = results.comparisons.iter().filter(|c| c.setting == Setting::Calibrated).map(|c| &c.workload);
    for workload in workloads {
        let measured = SHED.iter().find(|(name, ..)| name == workload).map_or_else(
            || "–".to_owned(),
            |(_, baseline, treatment)| {
                let treatment = treatment.map_or_else(|| "?".into(), |t| format!("about {t:.0} %"));
                format!("{baseline:.0} % → {treatment}")
            },
        );
        let row = SETTINGS.map(|setting| {
            let comparison = results.comparison(workload, setting);
            let [b, t] = [0, 1].map(|policy: usize| comparison.mean(policy, |f| f.shed_percent));
            let [before, after] = [0, 1].map(|policy: usize| comparison.mean(policy, |f| f.output_tps));
            (format!("{b:.0} % → {t:.0} %"), format!("{before:.0} ({:+.0} %)", 100.0 * (after / before - 1.0)))
        });
        text += &format!("| {workload} | {measured} | {} | {} | {} | {} |\n", row[0].0, row[1].0, row[0].1, row[1].1);
    }
    text
}

pub(crate) fn single_gpu(results: &Results) -> String {
    let mut text =
        String::from("| offered req/s | quantity | measured | calibrated | BLIS-like |\n|---:|---|---:|---:|---:|\n");
    for (row, other) in results.single[0].iter().zip(&results.single[1]) {
        let [ours, blis] = [row, other]
            .map(|row| format!("{:.1} ({:+.0} %)", row.simulated, 100.0 * (row.simulated / row.measured - 1.0)));
        let fitted = if row.fitted { "" } else { " (not fitted)" };
        text += &format!("| {} | {}{fitted} | {} | {ours} | {blis} |\n", row.rate, row.quantity, row.measured);
    }
    text
}
