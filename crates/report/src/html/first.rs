//! The first screen.

use super::block::Hyper;
use super::escaped;
use crate::facts::Facts;
use crate::page::{self, Answer, Page};
use crate::words::{line, moment};

/// Characters of a question from which on it is set smaller.
const LONG: usize = 100;

/// Question, answer, figures, what it costs, what would refute it, what to type.
pub(super) fn page(page: &Page, facts: &Facts<'_>, hyper: &Hyper) -> String {
    let class = match page.answer {
        Answer::Beats => "good",
        Answer::Fails => "bad",
        Answer::Unsealed | Answer::NoChampion => "open",
    };
    let warnings: String =
        page.warnings.iter().map(|text| format!("<p class=\"warn\">{}</p>", hyper.linked(text))).collect();
    let verdict: String = page.verdict.iter().map(|text| format!("<p>{}</p>", hyper.linked(text))).collect();
    let rule = page
        .rule
        .as_ref()
        .map_or_else(String::new, |rule| format!("<p>Its rule: <code>{}</code></p>", escaped(&line(rule))));
    let tiles: String = page.figures.iter().map(tile).collect();
    let (record, started) = (&facts.record, facts.started);
    format!(
        "<section id=\"verdict\"><p class=\"kicker\">{} · campaign {} · {} · {}</p><h1{}>{}</h1>{warnings}\
         <div class=\"answer {class}\"><p class=\"badge\">{}</p>{verdict}{rule}</div><dl class=\"tiles\">{tiles}</dl>\
         <div class=\"two\"><div><h2>{}</h2>{}</div>\
         <div><h2>To see for yourself</h2>{}<h2>{}</h2>{}</div></div></section>",
        escaped(&line(&started.name)),
        escaped(&line(&record.id.chars().take(8).collect::<String>())),
        escaped(&line(&started.agents)),
        moment(record.times.last_ms),
        if page.question.chars().count() > LONG { " class=\"long\"" } else { "" },
        escaped(&line(&page.question)),
        page.answer.words(),
        page::costs_title(facts.terms()),
        list(&page.costs, hyper),
        commands(page),
        page::doubts_title(page.answer),
        list(&page.doubts, hyper),
    )
}

fn tile(figure: &page::Figure) -> String {
    let interval =
        figure.interval.as_ref().map_or_else(String::new, |interval| format!("<small>{}</small>", escaped(interval)));
    format!(
        "<div><dt>{}</dt><dd><b>{}</b>{interval}</dd></div>",
        escaped(&line(&figure.name)),
        escaped(&line(&figure.value))
    )
}

fn list(texts: &[String], hyper: &Hyper) -> String {
    match texts {
        [] => "<p>Nothing is claimed yet.</p>".into(),
        texts => format!(
            "<ul>{}</ul>",
            texts.iter().map(|text| format!("<li>{}</li>", hyper.linked(text))).collect::<String>()
        ),
    }
}

fn commands(page: &Page) -> String {
    let row = |command: &page::Command| {
        format!(
            "<tr><th scope=\"row\">{}</th><td><code>{}</code></td></tr>",
            command.purpose,
            escaped(&line(&command.command))
        )
    };
    format!(
        "<div class=\"scroll\" tabindex=\"0\"><table class=\"commands\">{}</table></div>",
        page.commands.iter().map(row).collect::<String>()
    )
}
