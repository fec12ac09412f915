//! A page with everything on it: what pictures there are, and what no format may ever say.

use crate::campaign::{FIRST, events, fold, record, spec};
use crate::{formats, full, save, unwrapped, visible};
use report::{Record, Stage, html, markdown, terminal};
use science::comparison::{Comparison, Found, Method, Search, Spent};
use science::descriptor::{Curve, Descriptor, Trend};
use science::event::Event;
use science::id::CandidateId;
use science::objective::{Cell, Measurement, Scoring, Yardsticks};
use science::seal::{self, Answers, Illustration, Line, Look, Pair, Worst};
use science::space::Value;
use science::state::State;
use science::yardsticks::SCALES;
use std::collections::BTreeMap;
use std::time::Duration;

/// Workloads that were drawn.
const DRAWN: usize = 60;
/// A source from which a rule can be read.
const RULE: &str = "pub struct Policy { steep: f64 }\n\nimpl Admitter for Policy {\n    fn new(_: &[f64]) -> Self {\n        Policy { steep: 5.5 }\n    }\n\n    \
                    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {\n        \
                    let over = cluster.saturation(5.0, 0.8) / 0.28;\n        \
                    Decision::reject_if(draw.uniform() < 0.5 * over.powf(self.steep))\n    }\n}\n";

/// Gain and cost on two scenarios with three seeds, then on drawn workloads, of which some lose.
fn sealed(y: f64, x: f64, uneven: f64) -> Measurement {
    let cell = |gain: f64, cost: f64| Cell { gain, cost, violations: 0 };
    let study =
        (0..2).map(|_| (0..3).map(|seed| cell(y + f64::from(seed) * 1e-3, x + f64::from(seed) * 1e-3)).collect());
    let drawn = (0..DRAWN).map(|at| vec![cell(y + uneven * (at as f64 / DRAWN as f64 - 0.4), x)]);
    let cells: Vec<Vec<Cell>> = study.chain(drawn).collect();
    let like = |value: f64| cells.iter().map(|row| vec![value; row.len()]).collect::<Vec<Vec<f64>>>();
    let series = spec().series.into_iter().map(|own| (own.name, like(x))).collect();
    Measurement { cells, series }
}

fn look(state: &State) -> Look {
    let scales = SCALES.map(|power| sealed(0.25 + 0.02 * f64::from(power), 0.4 + 0.04 * f64::from(power), 0.0));
    let extremes = vec![sealed(0.42, 0.77, 0.0), sealed(0.0, 0.0, 0.0)];
    let of = Yardsticks::new(sealed(0.25, 0.4, 0.0), vec![sealed(0.2501, 0.4, 0.0)], extremes, scales.into());
    let yardsticks = Yardsticks { drawn: DRAWN, ..of };
    let scoring = Scoring { yardsticks: &yardsticks, ..state.scoring() };
    let look = seal::look((&sealed(0.252, 0.36, 0.2), None, None), 40, scoring, &state.opened().experiment);
    Look { illustration: Some(illustration()), plainly: vec![[1.9e6, 1.8e6], [0.6, 0.64]], ..look }
}

fn illustration() -> Illustration {
    let curve = |half: f64| -> Vec<Curve> {
        ["saturation", "prompt tokens"]
            .map(|input| {
                let points = (0..30).map(|at| f64::from(at) / 15.0).map(|x| (x, (x / half).powi(4).min(1.0))).collect();
                Curve { input: input.into(), points }
            })
            .into()
    };
    let line = |name: &str, of: f64| {
        let points: Vec<[f64; 2]> = (-20..80_i32).map(|at| [f64::from(at), of * f64::from(at.abs())]).collect();
        Line::new(name, "time since the measured window began, s", &points)
    };
    let lines = ["requests that wait", "KV cache in use, %"]
        .map(|name| Pair { reference: line(name, 0.4), champion: line(name, 0.3).points });
    Illustration {
        features: (0..DRAWN)
            .map(|at| (0..spec().features.len()).map(|which| (at * (which + 1)) as f64 / DRAWN as f64).collect())
            .collect(),
        answers: Some(Answers {
            counted: "requests refused".into(),
            workloads: 24,
            baseline: curve(2.0),
            reference: curve(1.4),
            champion: curve(1.0),
        }),
        worst: Some(Worst { workload: "sealed_01".into(), drawn: Some(0), lines: lines.into() }),
    }
}

fn comparison() -> Comparison {
    let found = |worth: f64| Found { sealed: Some(worth), ..Found::of([None, Some(worth / 2.0), Some(worth)]) };
    let search = |(method, worth)| Search { method, repeat: 0, found: found(worth) };
    let searches = [(Method::Random, 0.06), (Method::Tuning, 0.03), (Method::Tpe, 0.09)].map(search);
    let spent = Spent { evaluations: 90, audited: 20, elsewhere: 41 };
    Comparison { campaign: "c".into(), spent, found: found(0.12), searches: searches.into() }
}

/// The campaign, with points declared and trials probed.
fn told() -> State {
    let at = |at: f64| BTreeMap::from([("half".to_owned(), Value::Number(at))]);
    let mut all = events();
    for (number, event) in all.iter_mut().enumerate() {
        match event {
            Event::BundleRegistered { bundle, .. } => {
                bundle.arms.iter_mut().for_each(|arm| arm.design.point = Some(at(0.3 + 0.01 * number as f64)));
            }
            Event::CandidateWritten { candidate, .. } => candidate.point = Some(at(0.3)),
            Event::CandidateEvaluated { descriptor, measurement: Some(_), .. } => {
                let curve = Curve { input: "saturation".into(), points: vec![(0.0, 0.0), (1.0, 0.6), (2.0, 1.0)] };
                *descriptor = Some(Box::new(Descriptor { trend: Trend::Rising, curve, ..Descriptor::default() }));
            }
            _ => {}
        }
    }
    fold(&all)
}

#[test]
fn a_page_shows_every_picture_that_its_record_bears_and_no_number_that_is_none() {
    let state = told();
    let (looks, comparison) = ([look(&state)], comparison());
    let sources = BTreeMap::from([(CandidateId::from(FIRST.to_owned()), RULE.to_owned())]);
    let stages = [("calibrated", 2, 900), ("candidate-evaluated", 4, 4_200), ("tested", 9, 14_000)]
        .map(|(event, times, ms)| Stage { event: event.into(), times, ms });
    let record =
        Record { looks: &looks, comparison: Some(&comparison), sources: &sources, stages: &stages, ..record(&state) };
    let written = markdown::report(&record, Some("report"));
    let names: Vec<&str> = written.pictures.iter().filter_map(|(name, _)| name.strip_prefix("report-")).collect();
    for name in [
        "behaviour",
        "behaviour-2",
        "front",
        "study",
        "drawn",
        "course",
        "course-2",
        "margins",
        "lineage",
        "predictions",
        "space",
        "progress",
        "time",
        "outcomes",
    ] {
        assert!(names.contains(&format!("{name}.svg").as_str()), "no {name} in {names:?}");
    }
    assert!(visible(&written.text) <= 200);
    let page = html::report(&record);
    save("page.html", &page);
    for said in [
        "over = cluster.saturation(5, 0.8) / 0.28",
        "→ reject if draw.uniform() &lt; 0.5 · over^5.5",
        "How workload 1 went",
        "Coloured by",
        "elenchus translate c0ffee00",
        "Where 19 s of wall time went",
    ] {
        assert!(page.contains(said), "no `{said}`");
    }
    for (format, text) in formats(&record).into_iter().chain([("a page", page)]) {
        for word in ["NaN", "inf ", "inf]", "-0.0 ", "-0.00 ", "+0.00 ", "[-0.0,"] {
            assert!(
                !text.contains(word),
                "{format} says `{word}`: {:?}",
                text.split(word).next().map(|text| &text[text.len().saturating_sub(60)..])
            );
        }
    }
}

#[test]
fn what_a_principle_excludes_is_led_to_from_there() {
    // P2 forbids what lies below a quarter; a plan that lies there is refused and cites it.
    let reason = "principle P2 forbids this design (not: half in 0.000..0.250): a low half point sheds in vain";
    let mut all = events();
    let ends = all.iter().position(|event| matches!(event, Event::Simplified { .. })).unwrap();
    let last = all[..ends].iter().rposition(|event| matches!(event, Event::BundleRegistered { .. })).unwrap();
    all.truncate(last);
    all.push(Event::PlanFailed { reason: reason.into(), asked: vec![], work: vec![] });
    let page = html::report(&record(&fold(&all)));
    assert!(page.contains("P2 excludes 1 design"), "{page}");
}

#[test]
fn the_live_view_fits_a_terminal_of_eighty_columns_and_twenty_four_lines() {
    let all = events();
    let mut drawn = vec![report::live::head(80)];
    for kept in 0..all.len() {
        let state = fold(&all[..=kept]);
        let line = if state.started.is_some() { report::live::ended(&state, 80) } else { None };
        drawn.extend(line.filter(|line| drawn.last() != Some(line)));
    }
    let until = all.iter().rposition(|event| matches!(event, Event::BundleRegistered { .. })).unwrap();
    let state = fold(&all[..=until]);
    drawn.truncate(1 + state.iterations.len() - 1);
    drawn.push(report::live::below(&state, "writing main", Duration::from_secs(95), 80));
    let drawn = drawn.join("\n") + "\n";
    assert!(drawn.lines().count() <= 24 && drawn.lines().all(|line| line.chars().count() <= 80), "{drawn}");
    crate::as_golden("live.txt", &drawn, include_str!("../golden/live.txt"));
}

#[test]
fn every_word_of_the_objective_is_explained_where_a_reader_looks_for_it() {
    let state = fold(&events());
    let report = unwrapped(&full(&record(&state)));
    for metric in state.spec().claimable() {
        let meaning = unwrapped(metric.meaning());
        assert!(report.contains(&meaning[1..]), "{}: {meaning} in {report}", metric.name());
    }
}

#[test]
fn what_is_to_be_typed_names_a_state_directory_that_is_not_the_usual_one() {
    let state = fold(&events());
    let elsewhere = Record { state_dir: Some("/data/o'clock"), ..record(&state) };
    let quoted = "elenchus --state-dir '/data/o'\\''clock'";
    for (format, text) in [("page", full(&elsewhere)), ("status", terminal::status(&elsewhere))] {
        let text = unwrapped(&text);
        assert!(text.contains(quoted), "{format}: {text}");
        // `elenchus verify` and the like are named in texts; what takes this campaign's id is a command.
        assert!(!text.contains("elenchus verify c") && !text.contains("elenchus report c"), "{format}: {text}");
    }
}
