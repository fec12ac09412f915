//! What a base URL says about where it leads, and whether a proxy stands between.

/// The host of a URL in lower case, without user, password and port.
pub(super) fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = authority.rsplit('@').next().unwrap_or_default();
    let host = match place.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => place.split(':').next().unwrap_or_default(),
    };
    host.to_ascii_lowercase()
}

/// Whether the host is OpenAI's own or Azure's, which enforce schemas and want a key.
pub(super) fn is_openai(url: &str) -> bool {
    let host = host(url);
    host == "api.openai.com" || host.ends_with(".openai.azure.com")
}

/// The proxy for a URL by the usual variables.
pub(super) fn proxy(url: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let host = host(url);
    let exempt = variable("NO_PROXY").or_else(|| variable("no_proxy")).unwrap_or_default();
    if exempt.split(',').any(|pattern| is_exempt(&host, pattern.trim())) {
        return None;
    }
    let names: &[&str] = match url.starts_with("https://") {
        true => &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        false => &["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
    };
    names.iter().find_map(|name| variable(name))
}

/// `*` is every host; a name is that host and all below it, with or without a dot before it.
fn is_exempt(host: &str, pattern: &str) -> bool {
    let pattern = pattern.trim_start_matches("*.").trim_start_matches('.').to_ascii_lowercase();
    match pattern.as_str() {
        "" => false,
        "*" => true,
        name => host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_found_in_every_usual_url() {
        assert_eq!(host("https://API.openai.com/v1"), "api.openai.com");
        assert_eq!(host("http://me:secret@localhost:11434/v1"), "localhost");
        assert_eq!(host("http://[::1]:8000/v1"), "::1");
        assert!(is_openai("https://mine.openai.azure.com/openai/v1"));
        assert!(!is_openai("https://api.openai.com.evil.example/v1"));
        assert!(!is_openai("https://evil.example/api.openai.com"));
    }

    #[test]
    fn a_proxy_is_used_unless_the_host_is_exempt() {
        let with = |exempt: &'static str| {
            move |name: &str| match name {
                "HTTPS_PROXY" => Some("http://secure:1".to_owned()),
                "http_proxy" => Some("http://plain:1".to_owned()),
                "NO_PROXY" => Some(exempt.to_owned()),
                _ => None,
            }
        };
        assert_eq!(proxy("https://api.openai.com/v1", with("")).as_deref(), Some("http://secure:1"));
        assert_eq!(proxy("http://gpu.lan/v1", with("")).as_deref(), Some("http://plain:1"));
        for exempt in ["gpu.lan", "x, .lan", "*", "*.lan", "lan"] {
            assert_eq!(proxy("http://gpu.lan/v1", with(exempt)), None, "{exempt}");
        }
        for other in ["pu.lan", "gpu.lan.example", ""] {
            assert!(proxy("http://gpu.lan/v1", with(other)).is_some(), "{other}");
        }
    }
}
