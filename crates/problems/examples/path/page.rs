//! The page.

use crate::Shortened;
use crate::compare::{Comparison, Placed, Repeated};
use science::stats::Interval;

pub(crate) fn write(study: &Comparison, drawn: &Comparison, shortened: &Shortened) -> String {
    [
        introduction(),
        format!("## On the study\n\n{}", table(study)),
        format!("## On drawn workloads\n\n{}", table(drawn)),
        sweet_spot(study, drawn),
        length(shortened),
    ]
    .join("\n")
}

fn introduction() -> String {
    "# The study's own path, at equal improvement

Written by `cargo run --release -p problems --example path > experiments/admission/PATH.md`; no figure is typed by hand.

The authors of the quintic tried a step, gentler curves and higher powers, and called the fifth power the sweet spot. Each of
these curves improves more if it is scaled to refuse more, so a comparison at one scale each compares scales. Here each shape
refuses with probability min(½ · (saturation / half)^power, 1), a step all at once, and `half` is set so that the shape improves
exactly as much as the published quintic (k = 300, half 0.278). What it then refuses less than the quintic is *saved*: prompt
and output tokens (work), or requests; what is dearer than the quintic has a minus.

*Within one workload* asks what is left of a saving if every workload has a scale of its own, so that no shape can save by
shedding in other workloads than the quintic does.
"
    .into()
}

fn table(comparison: &Comparison) -> String {
    let Comparison { repeated, workloads, seeds, quintic: (y, [work, count]), lambda, shapes } = comparison;
    let interval = match repeated {
        Repeated::Seeds => {
            format!("intervals: Student's t over {seeds} seeds, 95 %; of medians a bootstrap over workloads")
        }
        Repeated::Workloads => "intervals: 10,000 bootstraps over workloads, 95 %".into(),
    };
    let mut text = format!(
        "{workloads} workloads, {seeds} seeds each; {interval}.
The quintic improves by {:.1} % and refuses {:.1} % of the droppable work and {:.1} % of the droppable requests more than the
baseline; λ is {:.1} by work and {:.1} by requests.

| shape | half | improvement, points from the quintic | work saved | requests saved | work saved within one workload, median |
|---|---:|---:|---:|---:|---:|
",
        100.0 * (1.0 - (-y).exp()),
        100.0 * work,
        100.0 * count,
        lambda[0],
        lambda[1],
    );
    for placed in shapes {
        text += &format!(
            "| {} | {:.3} | {:+.2} | {} | {} | {} of {} |\n",
            placed.shape.name(),
            placed.half,
            100.0 * placed.off,
            percent(&placed.savings[0]),
            percent(&placed.savings[1]),
            percent(&placed.within),
            placed.of,
        );
    }
    text
}

fn percent(interval: &Interval) -> String {
    let Interval { estimate, low, high } = interval;
    format!("{:+.1} % [{:+.1}, {:+.1}]", 100.0 * estimate, 100.0 * low, 100.0 * high)
}

fn sweet_spot(study: &Comparison, drawn: &Comparison) -> String {
    let cheaper: fn(&Placed) -> bool = |placed| placed.savings[0].low > 0.0;
    let dearer: fn(&Placed) -> bool = |placed| placed.savings[0].high < 0.0;
    let both = |test: fn(&Placed) -> bool| -> Vec<(&Placed, &Placed)> {
        study.shapes.iter().zip(&drawn.shapes).filter(|(a, b)| test(a) && test(b)).collect()
    };
    let names = |pairs: &[(&Placed, &Placed)]| list(pairs.iter().map(|(placed, _)| *placed));
    let (better, worse) = (both(cheaper), both(dearer));
    let verdict = match better.is_empty() {
        true => "No shape is shown to be cheaper than the quintic on both.".into(),
        false => format!(
            "It is not: at equal improvement {} cost less than the quintic on both, with the interval
above 0. But the gain is small: at most {} on the study and
{} on workloads that nobody chose.",
            names(&better),
            best(study),
            best(drawn),
        ),
    };
    let left = |pairs: &[(&Placed, &Placed)], of: fn(&(&Placed, &Placed)) -> f64| {
        let all = || pairs.iter().map(|pair| 100.0 * of(pair));
        format!("{:+.1} to {:+.1} %", all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max))
    };
    let within = |pairs: &[(&Placed, &Placed)]| {
        let (study, drawn) = (left(pairs, |pair| pair.0.within.estimate), left(pairs, |pair| pair.1.within.estimate));
        format!("{study} on the study and {drawn} on drawn workloads")
    };
    let mut text = format!("## \"The quintic is the sweet spot\"\n\n{verdict}\n\n");
    if !worse.is_empty() {
        text += &format!(
            "- Dearer on both: {}.\n  Within one workload their medians are {}.\n",
            names(&worse),
            within(&worse)
        );
    }
    if !better.is_empty() {
        text += &format!("- Within one workload the medians of the cheaper ones are {}.\n", within(&better));
    }
    text + "- The more of a saving is gone within one workload, the more of it was allocation: shedding in other workloads than the
  quintic does, which a shape can do only as long as one setting has to serve them all.
"
}

/// The cheapest shape, with what it saves.
fn best(comparison: &Comparison) -> String {
    let best = comparison.shapes.iter().max_by(|a, b| a.savings[0].estimate.total_cmp(&b.savings[0].estimate));
    best.map_or_else(String::new, |placed| format!("{} ({})", percent(&placed.savings[0]), placed.shape.name()))
}

fn list<'a>(placed: impl Iterator<Item = &'a Placed>) -> String {
    let names: Vec<String> = placed.map(|placed| placed.shape.name()).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

fn length(shortened: &Shortened) -> String {
    let Shortened { shorter, improvement: [short, long], improvements, costs } = shortened;
    let describe = |pairs: &[(f64, f64)]| {
        let mean = |value: fn(&(f64, f64)) -> f64| pairs.iter().map(value).sum::<f64>() / pairs.len() as f64;
        format!("{:+.2} and {:+.2}, correlation {:.2}", mean(|pair| pair.0), mean(|pair| pair.1), correlation(pairs))
    };
    format!(
        "## What the bound on requests does

`population.toml` lets no drawn workload have more requests than its bound, so {shorter} of {} stop sooner than they would. The
quintic improves by {short:.1} points in them as they are and by {long:.1} at full length: the start from empty queues weighs more.
What policies differ by stays, here the step less the quintic, as drawn and at full length: improvement in points
{}; extra shed work in per cent {}.
",
        improvements.len(),
        describe(improvements),
        describe(costs),
    )
}

/// Pearson's.
fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let (mx, my) = (pairs.iter().map(|p| p.0).sum::<f64>() / n, pairs.iter().map(|p| p.1).sum::<f64>() / n);
    let sum = |product: fn(f64, f64) -> f64| pairs.iter().map(|(x, y)| product(x - mx, y - my)).sum::<f64>();
    sum(|x, y| x * y) / (sum(|x, _| x * x) * sum(|_, y| y * y)).sqrt()
}
