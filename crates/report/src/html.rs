//! HTML: the whole report as one file that asks for nothing.
//!
//! No request leaves the page: style and pictures are in it, and its policy forbids the rest. The script opens what is led to and
//! filters tables; without it everything is there to be read. Whatever anybody wrote passes by [`escaped`].

mod block;
mod code;
mod first;
pub mod live;

use crate::document::Section;
use crate::facts::Facts;
use crate::page;
use crate::picture;
use crate::record::Record;
use crate::sections::{self, Medium};
use crate::words::line;
use block::Hyper;

const STYLE: &str = include_str!("html/style.css");
/// What the page may run, and nothing else: [`SCRIPT_HASH`] is its hash.
const SCRIPT: &str = include_str!("html/script.js");
/// The SHA-256 of [`SCRIPT`] in Base64, as a page's policy names it.
const SCRIPT_HASH: &str = "sha256-KGMR5t6djRLqWq3mcKFHPMPEOhcNJJZw1VADcg2peDI=";

/// The lineage report.
pub fn report(record: &Record<'_>) -> String {
    let (name, body) = body(record);
    document(
        &name,
        &Page { policy: &policy(&[SCRIPT_HASH], " form-action 'none';"), style: "", body: &body, scripts: &[SCRIPT] },
    )
}

/// The name of the experiment, and all that is to be read.
fn body(record: &Record<'_>) -> (String, String) {
    let Some(facts) = Facts::of(record) else {
        let body = format!(
            "<nav></nav><main><h1>Campaign {}</h1><p>It holds no events: it was never opened.</p></main>",
            escaped(&line(record.id))
        );
        return (record.id.to_owned(), body);
    };
    let page = page::page(&facts);
    let sections = sections::report(&facts, Medium::Page);
    let hyper = Hyper::of(record.state);
    let contents: String = sections
        .iter()
        .map(|section| format!("<li><a href=\"#{}\">{}</a></li>", section.place, escaped(section.title)))
        .collect();
    let body: String = sections.iter().map(|section| self::section(section, &hyper)).collect();
    let body = format!(
        "<nav aria-label=\"Contents\"><ul><li><a href=\"#verdict\">Verdict</a></li>{contents}</ul></nav>\
         <main>{}{body}</main>",
        first::page(&page, &facts, &hyper),
    );
    (format!("{}: report", facts.started.name), body)
}

fn section(section: &Section, hyper: &Hyper) -> String {
    let Section { place, title, blocks } = section;
    format!("<section id=\"{place}\"><h2>{}</h2>{}</section>", escaped(title), hyper.blocks(blocks))
}

/// What a page consists of.
struct Page<'a> {
    /// What it may do.
    policy: &'a str,
    /// More style than that of every page.
    style: &'a str,
    /// Markup.
    body: &'a str,
    /// What it runs; its policy allows it by its hash.
    scripts: &'a [&'a str],
}

/// The policy of a page that runs scripts with these hashes, and is allowed this much more.
fn policy(hashes: &[&str], more: &str) -> String {
    let scripts: String = hashes.iter().map(|hash| format!(" '{hash}'")).collect();
    let scripts = if scripts.is_empty() { scripts } else { format!(" script-src{scripts};") };
    format!("default-src 'none'; style-src 'unsafe-inline';{scripts}{more} base-uri 'none'")
}

fn document(title: &str, page: &Page<'_>) -> String {
    let Page { policy, style, body, scripts } = page;
    let (title, pictures) = (escaped(&line(title)), picture::STYLE);
    let scripts: String = scripts.iter().map(|script| format!("<script>{script}</script>")).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\"><meta name=\"referrer\" content=\"no-referrer\">\
         <title>{title}</title><style>{pictures}{STYLE}{style}</style></head>\n<body>{body}{scripts}</body></html>\n"
    )
}

/// A text that no reader of HTML or SVG takes for markup, wherever it stands.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Where a candidate stands in the page.
pub(crate) fn candidate_place(id: &str) -> String {
    format!("c-{}", place(&id.chars().take(8).collect::<String>()))
}

/// Where a finding does.
pub(crate) fn finding_place(finding: &str) -> String {
    format!("f-{}", place(finding))
}

/// Where a principle does.
pub(crate) fn principle_place(principle: &str) -> String {
    format!("p-{}", place(principle))
}

/// A name as a place: letters, digits and hyphens.
fn place(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Held;
    use base64::prelude::{BASE64_STANDARD, Engine};
    use sha2::{Digest, Sha256};

    /// The hash of a script as a policy names it.
    pub(super) fn hash(script: &str) -> String {
        format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(script)))
    }

    #[test]
    fn the_policy_of_a_page_allows_its_own_script_and_no_other() {
        assert_eq!(SCRIPT_HASH, hash(SCRIPT), "the script changed: this is its hash now");
        let page = report(&Held::default().record());
        let policy = format!("default-src 'none'; style-src 'unsafe-inline'; script-src '{SCRIPT_HASH}'; form-action");
        assert!(page.contains(&policy), "{page}");
        assert!(page.contains(&format!("<script>{SCRIPT}</script>")), "{page}");
        assert_eq!(page.matches("<script").count(), 1);
    }

    #[test]
    fn no_character_of_markup_is_left_in_an_escaped_text() {
        assert_eq!(escaped("<a href='x'>\"&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;");
    }

    #[test]
    fn a_name_is_a_place_whatever_is_in_it() {
        assert_eq!(finding_place("F1.a\"><script>"), "f-F1-a---script-");
    }
}
