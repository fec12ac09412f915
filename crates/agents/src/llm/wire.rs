//! What comes back over HTTP, read tolerantly: servers that call themselves OpenAI-compatible leave out, rename and add
//! fields, and an unknown `finish_reason` must not cost a reply that was paid for.

use super::request::count;
use super::text::clip;
use super::{Reply, Usage};
use reqwest::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Characters that are kept of why a reply stopped.
const REASON: usize = 200;
/// Characters that are kept of why there is no reply.
const REFUSAL: usize = 10_000;

/// A chat completion.
#[derive(Deserialize)]
pub(super) struct Completion {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) choices: Vec<Choice>,
    #[serde(default, deserialize_with = "or_default")]
    usage: WireUsage,
    #[serde(default)]
    pub(super) error: Option<WireError>,
}

#[derive(Deserialize)]
pub(super) struct Choice {
    #[serde(default, deserialize_with = "or_default")]
    message: Message,
    #[serde(default)]
    finish_reason: Option<Value>,
}

#[derive(Default, Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    refusal: Option<String>,
    /// What some models answer by though nobody offered them a tool.
    #[serde(default, deserialize_with = "or_default")]
    tool_calls: Vec<ToolCall>,
}

#[derive(Deserialize)]
struct ToolCall {
    #[serde(default, deserialize_with = "or_default")]
    function: Function,
}

#[derive(Default, Deserialize)]
struct Function {
    #[serde(default, deserialize_with = "or_default")]
    arguments: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: Option<String>,
}

#[derive(Default, Deserialize)]
struct WireUsage {
    #[serde(default, deserialize_with = "count")]
    prompt_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    completion_tokens: Option<u64>,
    #[serde(default)]
    prompt_tokens_details: Option<Details>,
    #[serde(default)]
    completion_tokens_details: Option<Details>,
}

#[derive(Default, Deserialize)]
struct Details {
    #[serde(default, deserialize_with = "count")]
    cached_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    reasoning_tokens: Option<u64>,
}

/// An error inside an answer that claims success.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct WireError(Value);

impl WireError {
    /// The HTTP status that it stands for, if it says so.
    pub(super) fn status(&self) -> Option<StatusCode> {
        let code = u16::try_from(self.0.get("code")?.as_u64()?).ok()?;
        StatusCode::from_u16(code).ok().filter(|status| !status.is_success())
    }
}

impl Completion {
    /// The tokens that it took, as far as it says so.
    pub(super) fn usage(&self) -> Usage {
        let usage = &self.usage;
        Usage {
            prompt_tokens: usage.prompt_tokens,
            cached_tokens: usage.prompt_tokens_details.as_ref().and_then(|details| details.cached_tokens),
            completion_tokens: usage.completion_tokens,
            reasoning_tokens: usage.completion_tokens_details.as_ref().and_then(|details| details.reasoning_tokens),
        }
    }

    /// The first choice.
    pub(super) fn into_reply(self) -> Option<Reply> {
        let usage = self.usage();
        let choice = self.choices.into_iter().next()?;
        let text = match choice.message.content {
            None => String::new(),
            Some(Content::Text(text)) => text,
            Some(Content::Parts(parts)) => parts.into_iter().filter_map(|part| part.text).collect(),
        };
        let called = || choice.message.tool_calls.into_iter().next().map(|call| call.function.arguments);
        let text = if text.trim().is_empty() { called().unwrap_or(text) } else { text };
        let finish_reason = choice.finish_reason.and_then(|reason| match reason {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        });
        let finish_reason = finish_reason.map(|reason| clip(&reason, REASON));
        let refusal = choice.message.refusal.map(|refusal| clip(&refusal, REFUSAL));
        Some(Reply { text, finish_reason, refusal, usage, ..Reply::default() })
    }
}

/// `null` and what does not fit count as absent.
fn or_default<'de, D: Deserializer<'de>, T: Default + serde::de::DeserializeOwned>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// What a server says about an error, at any length.
pub(super) fn said(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => message(&value).map_or_else(|| value.to_string(), str::to_owned),
        Err(_) if text.trim_start().starts_with('<') => "an HTML page".into(),
        Err(_) => text.into_owned(),
    }
}

/// The sentence of an error, in every usual shape.
fn message(value: &Value) -> Option<&str> {
    let fields = [value.pointer("/error/message"), value.get("error"), value.get("message"), value.get("detail")];
    fields.into_iter().flatten().find_map(Value::as_str)
}

/// Whether the endpoint itself reports an error. Anything else comes from something in between, which cannot know what
/// the endpoint did.
pub(super) fn is_error(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|value| message(&value).is_some())
}

/// Whether an HTTP 429 means that money has run out rather than that requests came too fast.
pub(super) fn is_quota(body: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return false };
    let names = [value.pointer("/error/code"), value.pointer("/error/type")];
    names.into_iter().flatten().any(|name| name == "insufficient_quota")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(json: &str) -> Reply {
        serde_json::from_str::<Completion>(json).unwrap().into_reply().unwrap()
    }

    #[test]
    fn an_answer_of_the_bare_minimum_is_a_reply() {
        let reply = reply(r#"{"choices":[{"message":{"content":"hi"}}]}"#);
        assert_eq!(reply, Reply { text: "hi".into(), ..Reply::default() });
    }

    #[test]
    fn fields_of_the_wrong_type_cost_no_reply() {
        let reply = reply(
            r#"{"id":7,"created":1.5,"service_tier":"odd","usage":"none","choices":[{"finish_reason":"eos_token","index":"0",
            "message":{"role":"robot","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"tool_calls":null}}]}"#,
        );
        assert_eq!((reply.text.as_str(), reply.finish_reason.as_deref()), ("ab", Some("eos_token")));
        assert_eq!(reply.usage, Usage::default());
    }

    #[test]
    fn who_answers_by_a_tool_that_nobody_offered_has_answered() {
        let called = |content: &str, calls: &str| {
            let message = format!(r#"{{"content":{content},"tool_calls":{calls}}}"#);
            reply(&format!(r#"{{"choices":[{{"finish_reason":"tool_calls","message":{message}}}]}}"#)).text
        };
        let call = r#"[{"id":"1","type":"function","function":{"name":"bundle","arguments":"{\"arms\":[]}"}}]"#;
        assert_eq!(called("null", call), r#"{"arms":[]}"#);
        assert_eq!(called("\"hi\"", call), "hi", "what it says counts first");
        for odd in ["[]", "7", "[{}]", r#"[{"function":{"arguments":7}}]"#] {
            assert_eq!(called("null", odd), "", "{odd}");
        }
    }

    #[test]
    fn usage_keeps_what_was_said_and_nothing_else() {
        let usage = reply(
            r#"{"choices":[{"message":{"content":null}}],"usage":{"prompt_tokens":10,"completion_tokens":4,
            "prompt_tokens_details":{"cached_tokens":8},"completion_tokens_details":null}}"#,
        )
        .usage;
        assert_eq!((usage.prompt_tokens, usage.cached_tokens), (Some(10), Some(8)));
        assert_eq!((usage.completion_tokens, usage.reasoning_tokens), (Some(4), None));
    }

    #[test]
    fn a_count_that_cannot_be_one_counts_as_not_said() {
        for count in
            ["9223372036854775808", "18446744073709551616", "-5", "1e300", "2.5", "\"x\"", "1000000001", "[]", "null"]
        {
            let json = format!(
                r#"{{"choices":[{{"message":{{"content":"a"}}}}],"usage":{{"prompt_tokens":{count},"completion_tokens":7,
                "prompt_tokens_details":{{"cached_tokens":{count}}},"completion_tokens_details":{{"reasoning_tokens":{count}}}}}}}"#
            );
            let usage = reply(&json).usage;
            assert_eq!(usage, Usage { completion_tokens: Some(7), ..Usage::default() }, "{count}");
            let recorded = format!(r#"{{"text":"a","usage":{{"prompt_tokens":{count}}}}}"#);
            assert_eq!(serde_json::from_str::<Reply>(&recorded).unwrap().usage, Usage::default(), "{count}");
        }
        let most = reply(r#"{"choices":[{"message":{}}],"usage":{"prompt_tokens":1000000000}}"#).usage;
        assert_eq!(most.prompt_tokens, Some(Usage::MOST));
    }

    #[test]
    fn error_messages_are_found_in_every_usual_shape() {
        assert_eq!(said(br#"{"error":{"message":"no such model","code":404}}"#), "no such model");
        assert_eq!(said(br#"{"error":"model not found"}"#), "model not found");
        assert_eq!(said(br#"{"detail":"Not Found"}"#), "Not Found");
        assert_eq!(said(b"<html><body>502</body></html>"), "an HTML page");
        assert_eq!(said(b"slow down"), "slow down");
        assert_eq!([&br#"{"error":"no"}"#[..], b"<html>502</html>", b""].map(is_error), [true, false, false]);
    }
}
