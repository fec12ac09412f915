//! The campaigns of the state directory as a table that is filtered and sorted by its address: nothing runs in the page.

use crate::records::Row;
use report::html::escaped;
use report::html::live::{Served, plain};
use report::moment;
use science::text::{clip, line};
use serde::Deserialize;
use std::cmp::Ordering;

/// Rows of a page.
const ROWS: usize = 200;
/// Characters of a cell.
const CELL: usize = 400;

/// What is to be seen of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// Words that a row has to hold.
    q: String,
    /// The column that it is sorted by.
    sort: String,
    /// `up` or `down`.
    order: String,
}

/// A column: its key in an address, its title, what it says of a campaign, and how two of them compare.
struct Column {
    key: &'static str,
    title: &'static str,
    /// Numbers stand on the right.
    right: bool,
    cell: fn(&Row) -> String,
    compare: Compare,
}

/// The first one leads to the campaign.
const COLUMNS: [Column; 10] = [
    column("id", "campaign", |row| row.id.chars().take(8).collect(), |a, b| a.id.cmp(&b.id)),
    column("name", "experiment", |row| row.said.name.clone(), |a, b| a.said.name.cmp(&b.said.name)),
    column("agents", "agents", |row| row.said.agents.clone(), |a, b| a.said.agents.cmp(&b.said.agents)),
    column("opened", "opened", |row| moment(row.opened_ms), |a, b| a.opened_ms.cmp(&b.opened_ms)),
    column("last", "last event", |row| moment(row.last_ms), |a, b| a.last_ms.cmp(&b.last_ms)),
    column("state", "state", |row| row.said.standing.clone(), |a, b| a.said.standing.cmp(&b.said.standing)),
    column(
        "champion",
        "champion",
        |row| row.said.champion.clone().unwrap_or_default(),
        |a, b| a.said.champion.cmp(&b.said.champion),
    ),
    column("worth", "worth (search)", |row| row.said.worth_in_words.clone(), worth),
    column("outcome", "under the seal", |row| row.said.outcome.to_owned(), |a, b| a.said.outcome.cmp(b.said.outcome)),
    Column { right: true, ..column("events", "events", |row| row.events.to_string(), |a, b| a.events.cmp(&b.events)) },
];

type Compare = fn(&Row, &Row) -> Ordering;

const fn column(key: &'static str, title: &'static str, cell: fn(&Row) -> String, compare: Compare) -> Column {
    Column { key, title, right: false, cell, compare }
}

/// Who has no champion is worth less than anybody.
fn worth(a: &Row, b: &Row) -> Ordering {
    let of = |row: &Row| row.said.worth.unwrap_or(f64::NEG_INFINITY);
    of(a).total_cmp(&of(b))
}

impl Asked {
    fn column(&self) -> &'static Column {
        COLUMNS.iter().find(|column| column.key == self.sort).unwrap_or(&COLUMNS[3])
    }

    /// The latest first where nothing else is asked.
    fn is_down(&self) -> bool {
        if self.order.is_empty() { self.sort.is_empty() } else { self.order == "down" }
    }

    fn wants(&self, row: &Row) -> bool {
        let text: String = COLUMNS.iter().map(|column| (column.cell)(row).to_lowercase() + " ").collect();
        let text = text + &row.id;
        self.q.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }

    /// The address of the list sorted by a column, the other way round if it is already.
    fn by(&self, column: &Column) -> String {
        let turned = column.key == self.column().key && !self.is_down();
        let order = if turned { "down" } else { "up" };
        format!("/?q={}&sort={}&order={order}", encoded(&self.q), column.key)
    }
}

/// The page.
pub(crate) fn page(mut rows: Vec<Row>, asked: &Asked) -> Served {
    let all = rows.len();
    rows.retain(|row| asked.wants(row));
    let column = asked.column();
    rows.sort_by(column.compare);
    if asked.is_down() {
        rows.reverse();
    }
    let heads: String = COLUMNS.iter().map(|own| head(own, asked)).collect();
    let body: String = rows.iter().take(ROWS).map(self::row).collect();
    let count = match (all, rows.len()) {
        (0, _) => "No campaign yet: <code>elenchus run EXPERIMENT</code> starts one.".to_owned(),
        (all, shown) if shown > ROWS => {
            format!("The first {ROWS} of {shown} campaigns ({all} in all); filter them to see others.")
        }
        (all, shown) => format!("{shown} of {all} campaigns."),
    };
    let (q, sort, order) = (escaped(&asked.q), escaped(&asked.sort), escaped(&asked.order));
    let body = format!(
        "<main><h1>Campaigns</h1><form action=\"/\" method=\"get\"><input type=\"search\" name=\"q\" value=\"{q}\" \
         placeholder=\"filter rows\" aria-label=\"filter rows\"><input type=\"hidden\" name=\"sort\" value=\"{sort}\">\
         <input type=\"hidden\" name=\"order\" value=\"{order}\"><button>Filter</button></form><p class=\"note\">{count}</p>\
         <div class=\"scroll\"><table class=\"rows\"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div></main>"
    );
    plain("Campaigns", &body)
}

fn head(column: &Column, asked: &Asked) -> String {
    let sorted = match (column.key == asked.column().key, asked.is_down()) {
        (false, _) => "",
        (true, true) => " aria-sort=\"descending\"",
        (true, false) => " aria-sort=\"ascending\"",
    };
    let link = format!("<a href=\"{}\">{}</a>", escaped(&asked.by(column)), column.title);
    format!("<th scope=\"col\"{}{sorted}>{link}</th>", class(column))
}

fn row(row: &Row) -> String {
    let cells = COLUMNS.iter().enumerate().map(|(at, column)| {
        let text = escaped(&clip(&line(&(column.cell)(row)), CELL));
        let text = if at == 0 { format!("<a href=\"/campaign/{}\">{text}</a>", encoded(&row.id)) } else { text };
        format!("<td{}>{text}</td>", class(column))
    });
    format!("<tr>{}</tr>", cells.collect::<String>())
}

fn class(column: &Column) -> &'static str {
    if column.right { " class=\"n\"" } else { "" }
}

/// A text as a part of an address.
fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use report::Listed;

    fn rows() -> Vec<Row> {
        let row = |id: &str, name: &str, opened_ms, worth: Option<f64>| {
            let outcome = if worth.is_some() { "not sealed" } else { "no champion" };
            let said = Listed { name: name.into(), worth, standing: "completed".into(), outcome, ..Listed::default() };
            Row { id: id.into(), opened_ms, said, ..Row::default() }
        };
        vec![
            row("aa11", "post", 1, Some(0.1)),
            row("bb22", "harbour", 2, None),
            row("cc33", "<script>alert(1)</script>\u{202e}", 3, Some(0.3)),
        ]
    }

    /// The ids of the rows, in order.
    fn shown(asked: &Asked) -> Vec<String> {
        let page = page(rows(), asked).text;
        let links = page.split("<a href=\"/campaign/").skip(1);
        links.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
    }

    fn asked(q: &str, sort: &str, order: &str) -> Asked {
        Asked { q: q.into(), sort: sort.into(), order: order.into() }
    }

    #[test]
    fn the_list_is_sorted_and_filtered_by_its_address() {
        assert_eq!(shown(&asked("", "", "")), ["cc33", "bb22", "aa11"], "the latest first");
        assert_eq!(shown(&asked("", "name", "up")), ["cc33", "bb22", "aa11"]);
        assert_eq!(shown(&asked("", "worth", "down")), ["cc33", "aa11", "bb22"], "who has no champion is last");
        assert_eq!(shown(&asked("COMPLETED harb", "", "")), ["bb22"]);
        assert_eq!(shown(&asked("not sealed", "outcome", "up")), ["aa11", "cc33"]);
        assert_eq!(shown(&asked("", "no such column", "sideways")), ["aa11", "bb22", "cc33"]);
    }

    #[test]
    fn what_others_wrote_is_text_in_cells_and_in_links() {
        let page = page(rows(), &asked("\"><script>", "opened", "up")).text;
        assert!(!page.contains("<script") && !page.contains('\u{202e}'), "{page}");
        assert!(page.contains("value=\"&quot;&gt;&lt;script&gt;\"") && page.contains("q=%22%3E%3Cscript%3E"), "{page}");
        let page = self::page(rows(), &Asked::default()).text;
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
    }

    #[test]
    fn a_column_that_is_sorted_by_turns_round() {
        let page = |asked: &Asked| page(rows(), asked).text;
        assert!(page(&asked("", "name", "up")).contains("sort=name&amp;order=down"));
        assert!(page(&asked("", "name", "down")).contains("sort=name&amp;order=up"));
        assert!(page(&asked("", "name", "down")).contains("aria-sort=\"descending\""));
    }
}
