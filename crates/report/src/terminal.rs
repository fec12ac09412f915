//! Text for a terminal.

mod first;
mod layout;

use crate::contrast::{self, Compared, Differing};
use crate::curves;
use crate::document::{Block, Line, Section, Table, Tone};
use crate::evaluation::{Evaluation, Timing};
use crate::facts::{Facts, NOT_SANDBOXED};
use crate::page;
use crate::panels;
use crate::record::Record;
use crate::sections::{self, Medium};
use crate::terms::Terms;
use crate::words::{percent_within, points, spaced};
use layout::Layout;
use science::comparison::Comparison;
use science::controls::Tables;
use science::objective::Score;
use science::seal::{Look, Taken};
use science::spec::{Aggregate, Spec};

/// Columns where nobody says how wide the terminal is.
const WIDTH: usize = 100;
/// Columns of tables that have many.
const WIDE: usize = 120;
/// Below this, tables would have no room for words; a narrower terminal wraps them itself.
const NARROWEST: usize = 60;

/// How much of a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// The first page.
    Page,
    /// All of it.
    Full,
}

/// The lineage report, `width` columns wide (at least 60); ANSI colours if `color`.
pub fn report(record: &Record<'_>, length: Length, width: usize, color: bool) -> String {
    let layout = Layout { width: width.max(NARROWEST), color };
    let Some(facts) = Facts::of(record) else { return layout.line(&unopened(record)) };
    let page = first::page(&page::page(&facts), &facts, layout);
    match length {
        Length::Page => page,
        Length::Full => format!("{page}\n{}", layout.sections(&sections::report(&facts, Medium::Terminal))),
    }
}

/// What a run ends with: the verdict, and the commands that one would type next.
pub fn end(record: &Record<'_>, width: usize, color: bool) -> String {
    let layout = Layout { width: width.max(NARROWEST), color };
    Facts::of(record).map_or_else(|| layout.line(&unopened(record)), |facts| first::end(&page::page(&facts), layout))
}

/// Where a campaign stands, in a few lines: phase, best so far, evaluations, space left, and what to do next.
pub fn status(record: &Record<'_>) -> String {
    let layout = Layout { width: WIDTH, color: false };
    match Facts::of(record) {
        Some(facts) => sections::standing_lines(&facts).iter().map(|line| layout.line(line)).collect(),
        None => layout.line(&unopened(record)),
    }
}

/// Lineage, findings and principles.
pub fn show(record: &Record<'_>) -> String {
    let layout = Layout { width: WIDTH, color: false };
    let Some(facts) = Facts::of(record) else { return layout.line(&unopened(record)) };
    let head: String = sections::headline(&facts).iter().map(|line| layout.line(line)).collect();
    format!("{head}\n{}", layout.sections(&sections::show(&facts)))
}

/// One candidate beside the baseline and the reference, for `evaluate`.
pub fn score(evaluation: &Evaluation<'_>) -> String {
    let layout = Layout { width: WIDTH, color: false };
    let mut out = layout.line(&outcome(evaluation));
    if !evaluation.sandboxed {
        out += &layout.line(&Line::from(NOT_SANDBOXED).say(": it ran without walls."));
    }
    if !evaluation.message.is_empty() {
        out += &layout.blocks(&[Block::Code { language: "text", text: evaluation.message.into() }]);
    }
    if let Some(descriptor) = evaluation.descriptor {
        out +=
            &layout.line(&Line::from(format!("In its trials, it {}", curves::sentence(descriptor, evaluation.spec))));
    }
    for curve in evaluation.curves {
        out += &curves::text(curve);
    }
    let Some(score) = evaluation.score else { return out };
    let scenarios = Block::Table(sections::scenario_table(Some(score), evaluation.reference, evaluation.spec));
    let note = "Differences are to the baseline, on the same workloads and draws; points are against the reference. Intervals \
                are of 95 %: over seeds of the study, over workloads that were drawn. Search seeds only: no claim about other workloads.";
    out + "\n"
        + &layout.blocks(&[Block::Table(metrics(evaluation, score)), scenarios, Block::Text(note.into())])
        + &panels::table(score, evaluation.regret_bound, evaluation.spec)
            .map_or_else(String::new, |t| layout.blocks(&[Block::Table(t)]))
        + &if evaluation.cached {
            "Time: none; this source was scored before.\n".to_owned()
        } else {
            spent(&evaluation.timing)
        }
}

/// What a sealed look showed, out of these.
pub fn sealed(look: &Look, looks: &[Look], taken: Taken, spec: &Spec) -> String {
    Layout { width: WIDTH, color: false }.blocks(&sections::sealed_look(look, (looks, taken), Terms(spec)))
}

/// Campaigns beside searches of as many evaluations; at least one.
pub fn comparison(comparisons: &[Comparison], spec: &Spec) -> String {
    Layout { width: WIDTH, color: false }.blocks(&sections::comparison(comparisons, Terms(spec)))
}

/// Two candidates beside each other, `width` columns wide.
pub fn contrast(compared: &Compared, spec: &Spec, width: usize, color: bool) -> String {
    Layout { width: width.max(NARROWEST), color }.sections(&contrast::sections(compared, Terms(spec)))
}

/// Two campaigns beside each other, `width` columns wide.
pub fn campaigns(rows: &[Differing], width: usize, color: bool) -> String {
    Layout { width: width.max(NARROWEST), color }.sections(&[contrast::campaigns_section(rows)])
}

/// Tables of policies and variants.
pub fn controls(tables: &Tables, spec: &Spec) -> String {
    Layout { width: WIDE, color: false }.blocks(&sections::controls(tables, Terms(spec)))
}

/// Where the time went.
fn spent(timing: &Timing) -> String {
    let Timing { screen, compile, simulate, decide, probe } = timing;
    format!(
        "Time: screen {screen:.1} ms, compile {compile:.0}, simulate {simulate:.0} (of it decisions {decide:.0}), probe {probe:.0}.\n"
    )
}

fn outcome(evaluation: &Evaluation<'_>) -> Line {
    let line = Line::from(format!("Candidate {}: {}", evaluation.candidate, evaluation.outcome.as_str()));
    match (evaluation.score, evaluation.objections) {
        (None, _) => line,
        (Some(_), []) => line.tone(Tone::Good, ", admissible"),
        (Some(_), objections) => line
            .tone(Tone::Bad, ", not admissible")
            .say(format!(": {}", Terms(evaluation.spec).spoken(&objections.join("; ")))),
    }
}

/// The panel's metrics: candidate, reference, baseline.
fn metrics(evaluation: &Evaluation<'_>, score: &Score) -> Table {
    let (reference, terms) = (evaluation.reference, Terms(evaluation.spec));
    let mut table = Table::new(&["<metric", ">candidate", ">reference", ">baseline"]);
    let mut row = |name: String, of: &dyn Fn(&Score) -> String, baseline: &str| {
        table.rows.push(vec![name, of(score), of(reference), baseline.into()]);
    };
    row(terms.gain(), &|s| percent_within(s.improvement, s.improvement_ci), "0.0 %");
    if let Some(cost) = terms.cost() {
        row(cost, &|s| percent_within(s.cost, s.cost_ci), "0.0 %");
    }
    row(terms.worth(), &|s| terms.worth_of(s.worth, s.worth_ci), "-");
    row("regret, points".into(), &|s| format!("{} in {}", points(s.regret), s.regret_scenario), "-");
    // What is over the reference's stands with the parts of the panel.
    let own = evaluation.spec.figures.iter().filter(|figure| !matches!(figure.of, Aggregate::OverReference(_)));
    for figure in own {
        row(spaced(&figure.name), &|s| terms.figure_of(figure, s.figure(&figure.name)), "-");
    }
    let [did, what] = &evaluation.spec.violation;
    row(format!("{did} {what}"), &|s| s.violations.to_string(), "-");
    let length = evaluation.description_length.map_or_else(|| "-".into(), |n| n.to_string());
    table.rows.push(vec!["description length, tokens".into(), length, "-".into(), "-".into()]);
    table
}

fn unopened(record: &Record<'_>) -> Line {
    format!("Campaign {} holds no events: it was never opened.", record.id).into()
}

impl Layout {
    fn sections(self, sections: &[Section]) -> String {
        let rendered = |section: &Section| {
            let rule = "=".repeat(section.title.chars().count());
            format!(
                "{}{rule}\n{}",
                self.line(&Line::default().tone(Tone::Strong, section.title)),
                self.blocks(&section.blocks)
            )
        };
        sections.iter().map(rendered).collect::<Vec<_>>().join("\n")
    }
}
