//! Who is let in: whoever asks from this machine for this machine, or has the token; and no page of another origin.
//!
//! A page of somebody else's can make a browser ask any address. It is kept out by what a browser says and a page cannot change:
//! the name that was asked for (`Host`: a name whose owner lets it point here would make the page ours), and where the question
//! comes from (`Origin`).

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Where a browser says that a question comes from, and what for.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// What is asked of whoever comes.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Whether only this machine is listened to.
    alone: bool,
    /// Names by which this machine is asked for, beside its addresses.
    hosts: Vec<String>,
    /// The hash of the token; hashes are compared in a time that says nothing of what differs.
    token: Option<blake3::Hash>,
}

/// Why somebody is not let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error("this server does not answer to the name `{0}`; ask for an address, or name it by --host")]
    Host(String),
    #[error("pages of another origin are not answered")]
    Origin,
    #[error("a token is needed: open the address that `elenchus serve` printed")]
    Token,
}

/// What the question carries to be let in.
#[derive(Debug, PartialEq, Eq)]
enum Ticket {
    /// Enough.
    Valid,
    /// A token in the address, which is taken out of it and kept as a cookie.
    Exchange(String),
}

impl Gate {
    /// The gate of a server that listens at `address`. Who listens to other machines needs a `token`.
    pub fn new(address: SocketAddr, hosts: Vec<String>, token: Option<&str>) -> Self {
        let hosts = hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        Gate { alone: address.ip().is_loopback(), hosts, token: token.map(|token| blake3::hash(token.as_bytes())) }
    }

    fn ticket(&self, headers: &HeaderMap, uri: &Uri) -> Result<Ticket, Refusal> {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let host = text(HOST).or(uri.authority().map(|authority| authority.as_str())).unwrap_or_default();
        if !self.answers_to(host) {
            return Err(Refusal::Host(host.chars().take(100).collect()));
        }
        let own = |origin: &str| origin.strip_prefix("http://").or(origin.strip_prefix("https://")) == Some(host);
        if headers.get_all(ORIGIN).iter().any(|origin| !origin.to_str().is_ok_and(own)) {
            return Err(Refusal::Origin);
        }
        // A page of somebody else's that asks without saying so; to follow a link from there is fine.
        let (site, mode) = (text(SITE).unwrap_or_default(), text(MODE).unwrap_or_default());
        if matches!(site, "cross-site" | "same-site") && mode != "navigate" {
            return Err(Refusal::Origin);
        }
        let Some(token) = self.token else { return Ok(Ticket::Valid) };
        let is_it = |given: &str| blake3::hash(given.as_bytes()) == token;
        let cookies = headers.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
        let mut cookies =
            cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
        let bearer = text(AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        if cookies.any(|(name, value)| name == self.cookie() && is_it(value)) || bearer.is_some_and(is_it) {
            return Ok(Ticket::Valid);
        }
        let parts = || uri.query().unwrap_or_default().split('&');
        match parts().filter_map(|part| part.strip_prefix("token=")).find(|given| is_it(given)) {
            Some(given) => Ok(Ticket::Exchange(given.to_owned())),
            None => Err(Refusal::Token),
        }
    }

    /// Whether this is an address, or a name of this machine, with a port or without.
    fn answers_to(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((name, _)) => name,
            None => host.split_once(':').map_or(host, |(name, _)| name),
        };
        let name = name.to_ascii_lowercase();
        match name.parse::<IpAddr>() {
            Ok(address) => address.is_loopback() || !self.alone,
            Err(_) => name == "localhost" || self.hosts.contains(&name),
        }
    }

    /// Two servers of one machine share its cookies.
    fn cookie(&self) -> String {
        let own = self.token.map_or_else(String::new, |token| blake3::hash(token.as_bytes()).to_hex()[..8].to_owned());
        format!("elenchus-{own}")
    }

    /// Takes the token out of the address, where it would be seen, and keeps it as a cookie.
    fn exchange(&self, token: &str, uri: &Uri) -> Response {
        let left: Vec<&str> =
            uri.query().unwrap_or_default().split('&').filter(|part| !part.starts_with("token=")).collect();
        let query = if left.is_empty() { String::new() } else { format!("?{}", left.join("&")) };
        let cookie = format!("{}={token}; Path=/; HttpOnly; SameSite=Lax", self.cookie());
        // One slash at its beginning: two would name another server.
        let place = format!("/{}{query}", uri.path().trim_start_matches('/'));
        (StatusCode::SEE_OTHER, [(LOCATION, place), (SET_COOKIE, cookie)]).into_response()
    }
}

/// Lets a question in, or says why not, and says to the browser what it must not do with any answer.
pub(crate) async fn pass(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let answer = match gate.ticket(request.headers(), request.uri()) {
        Ok(Ticket::Valid) => next.run(request).await,
        Ok(Ticket::Exchange(token)) => gate.exchange(&token, request.uri()),
        Err(refusal @ Refusal::Token) => (StatusCode::UNAUTHORIZED, format!("{refusal}\n")).into_response(),
        Err(refusal) => (StatusCode::FORBIDDEN, format!("{refusal}\n")).into_response(),
    };
    guarded(answer)
}

/// What every answer says beside its own policy.
fn guarded(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    for (name, value) in [
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry("content-security-policy").or_insert(nothing);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    fn gate(address: &str, token: Option<&str>) -> Gate {
        Gate::new(address.parse().unwrap(), vec!["Lab.example".into()], token)
    }

    fn asked(gate: &Gate, headers: &[(&'static str, &str)], uri: &str) -> Result<Ticket, Refusal> {
        let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        gate.ticket(&headers.collect(), &uri.parse().unwrap())
    }

    #[test]
    fn a_name_that_somebody_lets_point_here_is_not_answered() {
        let (alone, open) = (gate("127.0.0.1:80", None), gate("0.0.0.0:80", None));
        for host in ["localhost", "LOCALHOST:8321", "127.0.0.1:9", "[::1]:8321", "lab.example:80"] {
            assert_eq!(asked(&alone, &[("host", host)], "/"), Ok(Ticket::Valid), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:8321", "192.168.0.7", "", "127.0.0.1.evil.example", "[::1"]
        {
            assert_eq!(asked(&alone, &[("host", host)], "/"), Err(Refusal::Host(host.into())));
        }
        assert_eq!(asked(&open, &[("host", "192.168.0.7:80")], "/"), Ok(Ticket::Valid));
        assert!(asked(&open, &[("host", "evil.example")], "/").is_err());
    }

    #[test]
    fn a_page_of_another_origin_is_not_answered() {
        let gate = gate("127.0.0.1:80", None);
        let from = |origin: &str| asked(&gate, &[("host", "localhost:8321"), ("origin", origin)], "/");
        assert_eq!(from("http://localhost:8321"), Ok(Ticket::Valid));
        for origin in ["http://evil.example", "null", "http://localhost:9", "http://localhost:8321.evil.example", ""] {
            assert_eq!(from(origin), Err(Refusal::Origin), "{origin}");
        }
        let said = |site: &str, mode: &str| {
            asked(&gate, &[("host", "localhost"), ("sec-fetch-site", site), ("sec-fetch-mode", mode)], "/")
        };
        assert_eq!(said("cross-site", "no-cors"), Err(Refusal::Origin));
        assert_eq!(said("cross-site", "navigate"), Ok(Ticket::Valid), "a link");
        assert_eq!(said("same-origin", "cors"), Ok(Ticket::Valid));
    }

    #[test]
    fn a_token_lets_in_by_cookie_by_header_and_once_by_address() {
        let gate = gate("0.0.0.0:80", Some(TOKEN));
        let by =
            |name: &'static str, value: String| asked(&gate, &[("host", "10.0.0.1"), (name, value.as_str())], "/?q=x");
        assert_eq!(by("accept", "*/*".into()), Err(Refusal::Token));
        assert_eq!(by("authorization", format!("Bearer {TOKEN}")), Ok(Ticket::Valid));
        assert_eq!(by("cookie", format!("a=b; {}={TOKEN}", gate.cookie())), Ok(Ticket::Valid));
        assert_eq!(by("cookie", format!("elenchus={TOKEN}")), Err(Refusal::Token));
        assert_eq!(by("authorization", format!("Bearer {TOKEN}0")), Err(Refusal::Token));
        let uri = format!("//evil.example/a?q=x&token={TOKEN}");
        assert_eq!(asked(&gate, &[("host", "10.0.0.1")], &uri), Ok(Ticket::Exchange(TOKEN.into())));
        let answer = gate.exchange(TOKEN, &uri.parse().unwrap());
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()[LOCATION], "/evil.example/a?q=x", "not to another server, and without the token");
        assert!(!gate.cookie().contains(TOKEN));
    }
}
