//! The page of a campaign as a server shows it: it says where the campaign stands, and follows it.
//!
//! It asks its own server, and nobody else, for two things: what is new, and itself.

use super::{Page, SCRIPT, SCRIPT_HASH, body, document, escaped, policy};
use crate::record::Record;

const STYLE: &str = include_str!("live.css");
/// What follows the campaign: [`SCRIPT_HASH`] is its hash, as a page's policy names it.
const FOLLOW: &str = include_str!("live.js");
const FOLLOW_HASH: &str = "sha256-P5OjDgOSqD4evUPPrpZnt+/HXFq2tl62kezPCfLcZ+g=";

/// A page and the policy that whoever serves it has to say too.
#[derive(Clone, Debug)]
pub struct Served {
    /// The page.
    pub text: String,
    /// Its Content-Security-Policy.
    pub policy: String,
}

/// Where a page comes from.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Where the list of campaigns is.
    pub campaigns: &'a str,
    /// Where news of this campaign come from: events `news` and `trouble`.
    pub events: &'a str,
    /// How much of the campaign is on record; another one means that the page is old.
    pub version: &'a str,
}

/// The lineage report of a campaign that may be running.
pub fn report(record: &Record<'_>, place: &Place<'_>) -> Served {
    let (title, body) = body(record);
    let [campaigns, events, version] = [place.campaigns, place.events, place.version].map(escaped);
    let status = escaped(&crate::live::status(record.state));
    let body = format!(
        "<header class=\"live\"><a href=\"{campaigns}\">Campaigns</a>\
         <output id=\"live\" data-version=\"{version}\" data-events=\"{events}\">{status}</output></header>{body}"
    );
    let policy = policy(&[SCRIPT_HASH, FOLLOW_HASH], " connect-src 'self'; form-action 'none';");
    served(&title, Page { policy: &policy, style: STYLE, body: &body, scripts: &[SCRIPT, FOLLOW] })
}

/// A page of the same look that runs nothing and may hold a form that asks its own server. `body` is markup, with all text in it
/// [`escaped`].
pub fn plain(title: &str, body: &str) -> Served {
    let policy = policy(&[], " form-action 'self';");
    served(title, Page { policy: &policy, style: STYLE, body, scripts: &[] })
}

fn served(title: &str, page: Page<'_>) -> Served {
    Served { text: document(title, &page), policy: format!("{}; frame-ancestors 'none'", page.policy) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::tests::hash;
    use crate::record::Held;

    #[test]
    fn a_live_page_may_run_its_two_scripts_and_ask_its_own_server() {
        assert_eq!(FOLLOW_HASH, hash(FOLLOW), "the script changed: this is its hash now");
        let place = Place { campaigns: "/", events: "/campaign/a\"b/events", version: "3.1" };
        let Served { text, policy } = report(&Held::default().record(), &place);
        let allowed = format!("script-src '{SCRIPT_HASH}' '{FOLLOW_HASH}'; connect-src 'self'; form-action 'none'");
        assert!(policy.contains(&allowed) && policy.ends_with("frame-ancestors 'none'"), "{policy}");
        assert!(text.contains(&allowed) && text.contains("data-events=\"/campaign/a&quot;b/events\""), "{text}");
        assert_eq!(text.matches("<script").count(), 2);
        let Served { text, policy } = plain("a<b", "");
        assert!(text.contains("<title>a&lt;b</title>") && !text.contains("<script"), "{text}");
        assert_eq!(
            policy,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
    }
}
