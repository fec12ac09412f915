//! What the reports say of whole campaigns, and what they must never let through.

mod agents;
mod big;
mod campaign;
mod contrast;
mod gain;
mod pages;
mod schema;
mod shapes;
#[path = "../../../../tests/fixtures/verdict_seeds.rs"]
mod verdict_seeds;

use campaign::{
    FIRST, bundle, calibrated, evaluated, events, fold, measurement, opening, pair, record, started, written,
};
use report::terminal::Length;
use report::{Record, html, json, markdown, terminal};
use science::bundle::{ArmKind, Side};
use science::comparison::{Comparison, Found, Method, Search, Spent};
use science::event::Event;
use science::id::CandidateId;
use science::state::State;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Every format of a record, by name.
fn formats(record: &Record<'_>) -> Vec<(&'static str, String)> {
    vec![
        ("terminal page", terminal::report(record, Length::Page, 100, false)),
        ("terminal report", full(record)),
        ("html", html::report(record)),
        ("status", terminal::status(record)),
        ("show", terminal::show(record)),
        ("markdown", markdown::report(record, None).text),
        ("json show", json::show(record).to_string()),
        ("json status", json::status(record).to_string()),
        ("json report", json::report(record).to_string()),
    ]
}

/// All of the terminal's report.
pub(crate) fn full(record: &Record<'_>) -> String {
    terminal::report(record, Length::Full, 100, false)
}

/// A text in one line, wherever it was wrapped.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The campaign whose first candidate gives up a scenario, so that none is admissible.
fn without_champion() -> State {
    let mut uneven = measurement(0.251, 0.36);
    uneven.cells[1].iter_mut().for_each(|cell| cell.gain = 0.15);
    uneven.cells[0].iter_mut().for_each(|cell| cell.gain = 0.35);
    fold(&[started(), calibrated(), pair("?"), written("main", FIRST, None), evaluated(FIRST, Some(uneven))])
}

#[test]
fn a_finished_campaign_reads_as_the_golden_file() {
    let state = fold(&events());
    let actual = markdown::report(&record(&state), None).text;
    as_golden("report.md", &actual, include_str!("../golden/report.md"));
}

/// Holds a text against the one that is kept in `tests/golden`.
fn as_golden(name: &str, actual: &str, expected: &str) {
    if actual != expected {
        let path = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
        std::fs::write(&path, actual).unwrap();
        panic!("{name} changed; if it should: cp {path} crates/report/tests/golden/{name}, and read the diff");
    }
}

/// A campaign whose champion saves so much under the seal, beside two searches by each method of which the second finds nothing.
fn comparison(sealed: f64) -> Comparison {
    let found = |worth: f64, sealed: f64| Found {
        sealed: Some(sealed),
        beats: sealed > 0.05,
        ..Found::of([None, Some(worth / 2.0), Some(worth)])
    };
    let by = |method, worth: f64| {
        [(0, found(worth, worth - 0.02)), (1, Found::default())].map(|(repeat, found)| Search { method, repeat, found })
    };
    let searches = [(Method::Random, 0.06), (Method::Tuning, 0.03), (Method::Tpe, 0.09)];
    Comparison {
        campaign: "c".into(),
        spent: Spent { evaluations: 90, audited: 20, elsewhere: 41 },
        found: found(0.12, sealed),
        searches: searches.into_iter().flat_map(|(method, worth)| by(method, worth)).collect(),
    }
}

#[test]
fn a_comparison_says_what_searches_of_as_many_evaluations_find_beside_the_campaign() {
    let state = fold(&events());
    let comparison = comparison(0.1);
    let record = Record { comparison: Some(&comparison), ..record(&state) };
    let text = unwrapped(&full(&record));
    for said in [
        "Of 6 searches without agents and with as many evaluations, 0 found as much under the seal; the best found 7.0 %.",
        "The campaign beside 2 searches by each method, of as many evaluations as it made: 110 (points of audits: 20).",
        "the campaign 12.0 % 10.0 % 1 of 1",
        "random points 3.0 % 2.0 % 8.0 % 0 of 2",
        "TPE 4.5 % 3.5 % 6.5 % 1 of 2",
        "random points 4.0 %, 0.0 %; tuning alone 1.0 %, 0.0 %; TPE 7.0 %, 0.0 %. No interval over campaigns is claimed",
        "Nothing was found by: random points 1, tuning alone 1, TPE 1. Verdicts and finals took as many trials as 41 more",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let written = markdown::report(&record, None).text;
    assert!(written.contains("<summary>Searches with as many evaluations</summary>"), "{written}");
    let shown = &json::report(&record)["comparison"];
    assert_eq!(*shown, json::comparison(&[comparison]));
    assert_eq!(shown["campaigns"][0]["searches"][4]["method"], "tpe");
    assert_eq!(shown["summary"]["lines"][0]["sealed"]["interval"], serde_json::Value::Null);
}

#[test]
fn several_campaigns_have_intervals_over_campaigns_in_a_table_of_a_hundred_columns() {
    let all = [0.1, 0.11, 0.13].map(comparison);
    let text = terminal::comparison(&all, fold(&events()).spec());
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let text = unwrapped(&text);
    for said in [
        "Each of 3 campaigns beside 2 searches",
        "the campaigns 12.0 % [12.0, 12.0] 11.3 % [7.5, 15.1]",
        "TPE 4.5 % [4.5, 4.5] 3.5 % [3.5, 3.5] 7.8 % [4.0, 11.6] 3 of 6",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn the_headline_says_what_was_saved_and_how_sure_that_is() {
    let state = fold(&events());
    let text = unwrapped(&full(&record(&state)));
    assert!(text.contains("Champion aaaa1111 (iteration 1, arm main) is worth no less than the reference"), "{text}");
    assert!(text.contains("NOT SEALED. Champion aaaa1111") && text.contains("Saving 10.4 % ["), "{text}");
    assert!(text.contains("Extra shed value 36.1 % against the reference's 40.1 % (10.0 % less)"), "{text}");
    assert!(text.contains("not a champion: it costs 77.1 % extra shed value"), "{text}");
    assert!(text.contains("only the sealed look says"), "{text}");
}

#[test]
fn a_campaign_without_an_admissible_candidate_says_how_near_it_came() {
    let state = without_champion();
    let text = unwrapped(&full(&record(&state)));
    assert!(text.contains("There is NO champion among 1 scored candidate. The nearest, aaaa1111"), "{text}");
    assert!(text.contains("is not admissible: regret (points) 10."), "{text}");
    assert!(text.contains("in chatbot_near"), "{text}");
    let report = json::report(&record(&state));
    assert_eq!(report["champion"], Value::Null);
    assert_eq!(report["found"], "no-champion");
    assert_eq!(report["nearest"]["candidate"], FIRST);
    assert_eq!(report["nearest"]["objections"].as_array().unwrap().len(), 1);
}

#[test]
fn an_admissible_candidate_that_costs_cannot_compare_with_is_no_champion_and_says_why() {
    let far = evaluated(FIRST, Some(measurement(0.21, 0.2)));
    let state = fold(&[started(), calibrated(), pair("?"), written("main", FIRST, None), far]);
    let text = unwrapped(&full(&record(&state)));
    assert!(text.contains("is admissible, but neither matches"), "{text}");
    assert!(text.contains("4.00 points below the reference's"), "{text}");
}

#[test]
fn a_saving_whose_interval_holds_zero_is_not_called_a_saving() {
    let mut noisy = measurement(0.2505, 0.399);
    noisy.cells.iter_mut().for_each(|row| row[0].cost += 0.02);
    let state =
        fold(&[started(), calibrated(), pair("?"), written("main", FIRST, None), evaluated(FIRST, Some(noisy))]);
    let text = unwrapped(&full(&record(&state)));
    assert!(text.contains("the data do not show a saving"), "{text}");
}

#[test]
fn a_champion_that_is_worth_less_than_the_reference_says_so() {
    let dear = evaluated(FIRST, Some(measurement(0.251, 0.43)));
    let state = fold(&[started(), calibrated(), pair("?"), written("main", FIRST, None), dear]);
    let text = unwrapped(&full(&record(&state)));
    assert!(text.contains("is worth LESS than the reference"), "{text}");
    assert!(text.contains("on these seeds a LOSS"), "{text}");
    assert_eq!(json::show(&record(&state))["champion"]["matches_reference"], false);
}

#[test]
fn an_unsandboxed_campaign_says_so_in_every_format() {
    let mut all = events();
    let mut opening = opening();
    opening.sandboxed = false;
    all[0] = Event::Started(Box::new(opening));
    let state = fold(&all);
    for (format, text) in formats(&record(&state)) {
        let says = if format.starts_with("json") { "\"sandboxed\":false" } else { "NOT SANDBOXED" };
        assert!(text.contains(says), "{format}: {text}");
    }
    let sandboxed = fold(&events());
    for (format, text) in formats(&record(&sandboxed)) {
        assert!(!text.contains("NOT SANDBOXED"), "{format}: {text}");
    }
}

#[test]
fn terminal_escapes_in_a_models_words_do_not_reach_the_terminal() {
    let attack = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\u{200b}\u{e0041}\u{ad}\u{fe0f}\u{2028}claim\r\u{8}";
    let mut opening = opening();
    opening.experiment.question = attack.into();
    opening.agents = attack.into();
    opening.name = attack.into();
    let mut main = campaign::arm("main", ArmKind::Main, Side::Reference, 0.5);
    for text in [&mut main.hypothesis, &mut main.mechanism, &mut main.diagnostic, &mut main.design.intent] {
        *text = attack.into();
    }
    let state = fold(&[
        Event::Started(Box::new(opening)),
        calibrated(),
        bundle(attack, Side::Reference, vec![main]),
        written("main", FIRST, None),
        evaluated(FIRST, Some(measurement(0.251, 0.36))),
        Event::PrinciplesRevised {
            changes: vec![science::principle::Change::Insert(campaign::principle("P1", attack, &[attack], None))],
            failure: None,
            notes: None,
            work: vec![],
        },
        Event::PlanFailed { reason: attack.into(), asked: vec![], work: vec![] },
    ]);
    let sources = BTreeMap::from([(CandidateId::from(FIRST.to_owned()), attack.to_owned())]);
    let record = Record { sources: &sources, id: attack, directory: attack, ..record(&state) };
    let format = ['\u{202e}', '\u{200b}', '\u{e0041}', '\u{ad}', '\u{fe0f}', '\u{2028}'];
    let forbidden = |c: char| (c.is_control() && c != '\n' && c != '\t') || format.contains(&c);
    for (format, text) in formats(&record) {
        assert!(text.contains("claim"), "{format}: {text}");
        assert!(
            !text.contains(forbidden),
            "{format}: {:?}",
            text.chars().filter(|c| forbidden(*c)).collect::<String>()
        );
        assert!(!text.contains("\\u001b"), "{format} hides an escape in JSON's own");
    }
}

#[test]
fn markup_in_a_models_words_stays_text_in_markdown() {
    let mut main = campaign::arm("main", ArmKind::Main, Side::Reference, 0.5);
    main.hypothesis = "<script>x</script> [go](http://x) | **bold** `code`\n# heading".into();
    let state = fold(&[started(), calibrated(), bundle("q", Side::Reference, vec![main])]);
    let text = markdown::report(&record(&state), None).text;
    assert!(
        text.contains(r"&lt;script&gt;x&lt;/script&gt; \[go\](http://x) \| \*\*bold\*\* <code>code</code> \# heading"),
        "{text}"
    );
}

#[test]
fn the_champions_source_cannot_end_its_fence() {
    let state = fold(&events());
    let text = markdown::report(&record(&state), None).text;
    assert!(text.contains("\n````rust\nuse admitter::prelude::*;"), "{text}");
}

#[test]
fn every_lineage_edge_resolves() {
    let state = fold(&events());
    let show = json::show(&record(&state));
    let nodes = show["lineage"].as_array().unwrap();
    let mut seen = BTreeSet::new();
    for node in nodes {
        assert_eq!(node["resolved"], true);
        if let Some(parent) = node["parent"].as_str() {
            assert!(seen.contains(parent), "{node} stands before its parent");
        }
        seen.insert(node["candidate"].as_str().unwrap());
    }
    assert_eq!(seen.len(), state.order.len());
    let depths: Vec<u64> = nodes.iter().map(|node| node["depth"].as_u64().unwrap()).collect();
    assert_eq!(depths, [0, 1, 1, 2]);
}

#[test]
fn a_parent_that_the_record_does_not_hold_is_named_and_nothing_is_lost() {
    let orphan = written("main", FIRST, Some("ffff"));
    let state = fold(&[started(), calibrated(), pair("?"), orphan]);
    let show = json::show(&record(&state));
    assert_eq!(show["lineage"][0]["resolved"], false);
    let text = unwrapped(&terminal::show(&record(&state)));
    assert!(text.contains("departs from ffff, which this record does not hold"), "{text}");
}

#[test]
fn an_interrupted_campaign_renders_wherever_it_stopped() {
    let all = events();
    for kept in 0..=all.len() {
        let state = fold(&all[..kept]);
        for (format, text) in formats(&record(&state)) {
            assert!(text.contains("c0ffee00"), "{format} after {kept} events: {text}");
        }
        let ended = terminal::status(&record(&state)).contains("elenchus resume c0ffee00");
        assert_eq!(ended, kept > 0 && kept < all.len(), "after {kept} events");
    }
}

#[test]
fn a_campaign_that_was_only_started_claims_nothing() {
    let state = fold(&[started()]);
    let status = terminal::status(&record(&state));
    assert!(status.contains("measuring the yardsticks") && status.contains("Nothing is known yet"), "{status}");
}

#[test]
fn the_path_says_what_was_skipped_refuted_and_timed_out() {
    let state = fold(&events());
    let text = unwrapped(&full(&record(&state)));
    for words in [
        "F2.control shed earlier ≥ 2.0 % over main – ·",
        "F2.main shed earlier ≥ 2.0 % over aaaa1111 -8.0 % [-8.0, -7.9] REFUTED cccc3333",
        "F3.main shed earlier ≥ 2.0 % over aaaa1111 timeout invalid dddd4444",
        "F1.ablation-mix",
        "P2 (provisional): a low half point sheds in vain",
        "forbids: not: half in 0.000..0.250",
        "retired: F2.main speaks against it",
        "evidence: F1.ablation-mix confirmed, F9.main (not in this record)",
        "share of the declared space, never of all algorithms",
    ] {
        assert!(text.contains(words), "no `{words}` in {text}");
    }
}

#[test]
fn no_line_of_the_terminal_report_is_wider_than_asked_and_colours_change_no_word() {
    let state = fold(&events());
    for width in [60, 80, 100, 140] {
        let plain = terminal::report(&record(&state), Length::Full, width, false);
        let report = plain.split("Its source").next().unwrap();
        // A command stays in one line, to be copied.
        for line in report.lines().filter(|line| !line.starts_with("  elenchus ") && !line.starts_with("    ")) {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
        assert!(!terminal::report(&record(&state), Length::Full, 0, true).is_empty());
        let coloured = terminal::report(&record(&state), Length::Full, width, true);
        let stripped = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m"]
            .iter()
            .fold(coloured.clone(), |text, code| text.replace(code, ""));
        assert_ne!(coloured, plain);
        assert_eq!(stripped, plain);
    }
}

#[test]
fn a_page_of_a_thousand_candidates_is_below_two_megabytes_and_a_terminals_is_below_sixty_lines() {
    let state = big::campaign(100, 10);
    let sources = big::sources(&state);
    let record = Record { sources: &sources, ..record(&state) };
    let page = html::report(&record);
    save("big.html", &page);
    assert!(
        state.order.len() == 1000 && page.len() < 2_000_000,
        "{} candidates, {} bytes",
        state.order.len(),
        page.len()
    );
    for width in [80, 100] {
        let text = terminal::report(&record, Length::Page, width, false);
        assert!(text.lines().count() <= 60, "{width}: {text}");
    }
    assert!(visible(&markdown::report(&record, None).text) <= 200);
}

/// Lines of Markdown that are seen before anything is unfolded.
fn visible(text: &str) -> usize {
    let mut depth = 0;
    let seen = |line: &&str| {
        let before = depth;
        depth += line.matches("<details").count();
        depth -= line.matches("</details").count();
        before == 0
    };
    text.lines().filter(seen).count()
}

/// Keeps a page to be looked at.
fn save(name: &str, page: &str) {
    std::fs::write(format!("{}/{name}", env!("CARGO_TARGET_TMPDIR")), page).unwrap();
}

#[test]
fn an_untrusted_name_cannot_close_a_tag() {
    let attack =
        "</title></script><script>alert(1)</script><img src=x onerror=alert(1)> \" onload=\"x ' javascript:alert(1)";
    let mut opening = opening();
    opening.experiment.question = attack.into();
    opening.agents = attack.into();
    opening.name = attack.into();
    opening.scenarios = vec![attack.into(), "two".into()];
    let mut main = campaign::arm("main", ArmKind::Main, Side::Reference, 0.5);
    for text in [&mut main.hypothesis, &mut main.mechanism, &mut main.diagnostic, &mut main.design.intent] {
        *text = attack.into();
    }
    let other = campaign::arm("\"><script>", ArmKind::Robustness, Side::Reference, 0.5);
    let state = fold(&[
        Event::Started(Box::new(opening)),
        calibrated(),
        bundle(attack, Side::Reference, vec![main, other]),
        written("main", FIRST, None),
        evaluated(FIRST, Some(measurement(0.251, 0.36))),
        written("\"><script>", "bbbb2222bbbb2222", None),
        evaluated("bbbb2222bbbb2222", None),
        Event::PrinciplesRevised {
            changes: vec![science::principle::Change::Insert(campaign::principle("P1", attack, &[attack], None))],
            failure: None,
            notes: Some(attack.into()),
            work: vec![],
        },
    ]);
    let sources =
        BTreeMap::from([(CandidateId::from(FIRST.to_owned()), format!("// {attack}\nlet x = \"{attack}\";"))]);
    let record = Record { sources: &sources, id: attack, directory: attack, digest: attack, ..record(&state) };
    let page = html::report(&record);
    save("attack.html", &page);
    let body = page.split("<body>").nth(1).unwrap().rsplit_once("<script>").unwrap().0;
    for tag in ["<script", "<img", "<iframe", "onerror=\"", "\" onload", "href=\"javascript", "href=\"http", "src="] {
        assert!(!body.replace("src=x", "").contains(tag), "{tag}");
    }
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(
        page.matches("<title>").count(),
        page.matches("<g><title>").count() + page.matches("\"><title>").count()
    );
    let pictures = markdown::report(&record, Some("report")).pictures;
    assert!(!pictures.is_empty());
    for (name, picture) in pictures {
        assert!(!picture.contains("<script") && !picture.contains("<img"), "{name}: {picture}");
    }
}
