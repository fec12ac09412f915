//! The client against a server that behaves, and against one that does not.

use crate::campaign::{self, CONTRACT};
use crate::scripted_server::{Answer, KEY, Server};
use agents::llm::{
    Client, Context, Cost, Endpoint, Executor, Limits, Model, ModelError, OutputField, Planner, Reply, Request, Role,
    Settings, Templates, Usage,
};
use agents::{Brief, Executor as _, Planner as _};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const BUNDLE: &str = r#"{"question": "q", "parent": "reference", "arms": [{"name": "main", "kind": "main", "hypothesis": "h",
    "mechanism": "m", "diagnostic": "d", "metric": "saving", "against": ["reference"], "scope": [],
    "relation": "at-least", "size": 0.02, "confidence": 0.4, "intent": "i", "point": null}]}"#;

/// Patient enough for a busy machine, with delays that nobody notices.
pub(crate) const LIMITS: Limits = Limits {
    connect: Duration::from_secs(30),
    attempt: Duration::from_secs(30),
    total: Duration::from_secs(3600),
    attempts: 3,
    first_delay: Duration::from_micros(1),
    longest_delay: Duration::from_millis(1),
    reply_bytes: 64 << 10,
    concurrent: 4,
    per_minute: None,
};

/// The scripted server as an endpoint.
pub(crate) fn endpoint(server: &Server) -> Endpoint {
    Endpoint { limits: LIMITS, ..Endpoint::new(server.base_url(), Some(KEY.into())) }
}

/// A request whose prompt is bounded by 6073 tokens and whose reply by 1000.
pub(crate) fn request() -> Request {
    Request {
        role: Role::Plan,
        model: "m".into(),
        system: "You plan.".into(),
        user: "Plan! ".repeat(1000),
        temperature: None,
        max_completion_tokens: 1000,
        schema: None,
    }
}

/// What asks the server over HTTP.
fn context(server: &Server, settings: Settings) -> Context {
    let model = Arc::new(Client::new(endpoint(server)).unwrap());
    let templates = Arc::new(Templates::shipped());
    Context { model, settings, contract: CONTRACT.into(), passages: campaign::passages(), templates }
}

/// Asks once, and says how many requests that took.
async fn ask(answers: Vec<Answer>) -> (Result<Reply, ModelError>, usize) {
    let server = Server::scripted(answers);
    let client = Client::new(endpoint(&server)).unwrap();
    let reply = client.ask(&request(), 0).await;
    (reply, server.requests().len())
}

/// The sentence of the error that a request ends with.
async fn fail(answers: Vec<Answer>) -> (ModelError, usize) {
    let (reply, requests) = ask(answers).await;
    let error = reply.unwrap_err();
    assert!(!chain(&error).contains(KEY), "{error}");
    (error, requests)
}

pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!("{cause} {cause:?}"));
        source = cause.source();
    }
    text
}

#[tokio::test]
async fn a_planner_and_an_executor_share_a_client_for_one_iteration() {
    let code = "use chooser::prelude::*;\npub struct Policy;\nimpl Chooser for Policy {}\n";
    let answers = vec![Answer::text(&format!("Here it is: {BUNDLE}")), Answer::text(&format!("```rust\n{code}```"))];
    let server = Server::scripted(answers);
    let context = context(&server, Settings { temperature: Some(0.7), ..Settings::new("some-model") });
    let state = campaign::after(1);
    let brief = Brief { state: &state, source: Some(code), space: None, library: None };
    let planner = Planner::new(context.clone());
    let bundle = planner.plan(brief).await.unwrap().content.unwrap();
    let executor = Executor::new(context);
    assert_eq!(executor.implement(brief, &bundle.arms[0]).await.unwrap().content.unwrap(), [code]);

    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    let first = &requests[0];
    assert_eq!(first.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!((&first.body["model"], &first.body["temperature"]), (&json!("some-model"), &json!(0.7)));
    assert_eq!(first.body.get("response_format"), None);
    let asked = planner.request(brief).unwrap();
    assert_eq!((first.message(0), first.message(1)), (asked.system.as_str(), asked.user.as_str()));
    assert!(requests[1].message(1).contains("**Design to implement:**\n\n```text\ni\n```"));
}

#[tokio::test]
async fn an_invalid_bundle_is_corrected_over_http() {
    let server = Server::scripted(vec![Answer::text("{\"question\": 1"), Answer::text(BUNDLE)]);
    let planner = Planner::new(context(&server, Settings::new("m")));
    let state = campaign::after(0);
    planner.plan(Brief { state: &state, source: None, space: None, library: None }).await.unwrap().content.unwrap();
    assert!(server.requests()[1].message(1).contains("the reply is not valid JSON"));
}

#[tokio::test]
async fn a_reply_of_the_wrong_shape_is_answered_with_what_is_wrong() {
    let server = Server::scripted(vec![Answer::text(r#"{"question": "q", "arms": "none"}"#), Answer::text(BUNDLE)]);
    let planner = Planner::new(context(&server, Settings::new("m")));
    let state = campaign::after(0);
    let answer = planner.plan(Brief { state: &state, source: None, space: None, library: None }).await.unwrap();
    assert!(answer.content.is_ok());
    assert_eq!((answer.work[0].calls, answer.work[0].tokens.total()), (2, 2100), "both replies are counted");
    let second = &server.requests()[1];
    assert!(second.message(1).contains("What is wrong with it: `arms`"), "{}", second.message(1));
}

#[tokio::test]
async fn code_is_found_in_a_fence_without_one_and_among_prose() {
    let code = "use chooser::prelude::*;\npub struct Policy;\nimpl Chooser for Policy {}\n";
    let prose = format!("It is simple: `a < b`.\n\n```rust\n{code}```\n\nThat is {{all}}.");
    let server = Server::scripted(
        [code.into(), format!("```\n{code}```"), prose].iter().map(|t: &String| Answer::text(t)).collect(),
    );
    let executor = Executor::new(context(&server, Settings::new("m")));
    let state = campaign::after(1);
    let bundle = state.iterations.iter().find_map(|iteration| iteration.bundle.as_ref()).unwrap();
    for _ in 0..3 {
        let answer = executor
            .implement(Brief { state: &state, source: None, space: None, library: None }, &bundle.arms[0])
            .await
            .unwrap();
        assert_eq!(answer.content.unwrap().concat().trim(), code.trim());
    }
}

#[tokio::test]
async fn a_schema_goes_out_as_a_response_format() {
    let server = Server::scripted(vec![Answer::text(BUNDLE)]);
    let settings = Settings { structured: true, ..Settings::new("m") };
    let planner = Planner::new(context(&server, settings));
    let state = campaign::after(0);
    planner.plan(Brief { state: &state, source: None, space: None, library: None }).await.unwrap();
    let format = &server.requests()[0].body["response_format"];
    assert_eq!((&format["type"], &format["json_schema"]["strict"]), (&json!("json_schema"), &json!(true)));
    assert_eq!(format["json_schema"]["schema"]["type"], "object");
}

#[tokio::test]
async fn a_complete_reply_keeps_text_reason_and_usage() {
    let reply = ask(vec![Answer::text("hello")]).await.0.unwrap();
    let usage = Usage { prompt_tokens: Some(1000), completion_tokens: Some(50), ..Usage::default() };
    // No price is known: that is not the same as nothing.
    let cost = Cost { usd: None, charged_usd: None, charged_tokens: 1050 };
    assert_eq!(reply, Reply { text: "hello".into(), finish_reason: Some("stop".into()), refusal: None, usage, cost });
    let stored = serde_json::to_string(&reply).unwrap();
    assert_eq!(serde_json::from_str::<Reply>(&stored).unwrap(), reply);
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let busy = |headers| Answer::Http(429, headers, "slow down".into());
    let troubles = [
        busy(vec![("Retry-After", "0")]),
        busy(vec![]),
        // Obeyed up to the longest delay, which is a millisecond here.
        busy(vec![("Retry-After", "31536000")]),
        busy(vec![("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT")]),
        Answer::error(503, "overloaded"),
        Answer::Http(500, vec![], "<html>Internal error</html>".into()),
        Answer::Cut,
        Answer::Drop,
        Answer::Http(200, vec![], "<html>hello from a proxy</html>".into()),
        Answer::json(json!({"choices": []})),
        Answer::json(json!({"error": {"code": 502, "message": "the provider is down"}})),
    ];
    for trouble in troubles {
        let (reply, requests) = ask(vec![trouble, Answer::text("hello")]).await;
        assert_eq!((reply.unwrap().text.as_str(), requests), ("hello", 2));
    }
}

#[tokio::test]
async fn what_does_not_pass_is_tried_once() {
    let quota = json!({"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}).to_string();
    let cases = [
        (Answer::error(401, "bad key"), "unauthorized (HTTP 401); check the key in OPENAI_API_KEY; it says: bad key"),
        (Answer::error(404, "no such model"), "(HTTP 404); it says: no such model (is the model's name right"),
        (Answer::Http(400, vec![], json!({"detail": "too long"}).to_string()), "(HTTP 400); it says: too long"),
        (Answer::Http(307, vec![("Location", "http://example.invalid/")], String::new()), "(HTTP 307)"),
        (Answer::Http(429, vec![], quota), "quota at http://127.0.0.1"),
        (Answer::Flood(1 << 20), "answers with more than 65536 bytes"),
    ];
    for (answer, expected) in cases {
        let (error, requests) = fail(vec![answer]).await;
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(requests, 1, "{error}");
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let limits = Limits { attempts: 2, ..LIMITS };
    let client = Client::new(Endpoint { limits, ..Endpoint::new(format!("http://{address}/v1"), None) }).unwrap();
    let error = client.ask(&request(), 0).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot talk to http://{address} after 2 attempts: ")), "{error}");
}

#[tokio::test]
async fn without_a_key_no_header_is_sent_and_a_refusal_names_the_variable() {
    let server = Server::scripted(vec![Answer::error(401, "who are you?")]);
    let mut endpoint = Endpoint { key: None, ..endpoint(&server) };
    endpoint.key_variable = "MY_KEY".into();
    let error = Client::new(endpoint).unwrap().ask(&request(), 0).await.unwrap_err();
    assert!(error.to_string().contains("set MY_KEY to your key"), "{error}");
    assert_eq!(server.requests()[0].header("authorization"), None);
}

#[test]
fn an_endpoint_that_cannot_be_used_is_refused_before_anything_is_sent() {
    let refuse = |base_url: &str, key: &str| {
        let error = Client::new(Endpoint::new(base_url, Some(key.to_owned().into()))).unwrap_err();
        assert!(!chain(&error).contains("secret"), "{error}");
        error.to_string()
    };
    assert!(refuse("api.openai.com/v1", KEY).contains("should read like https://"));
    assert!(refuse("file:///etc/passwd", KEY).contains("https:// or http://"));
    assert!(refuse("https://me:secret@host/v1", KEY).contains("user name or password"));
    assert!(refuse("https://host/v1#secret", KEY).contains("fragment"));
    assert!(refuse("https://host/v1", "secret\n").contains("the key in OPENAI_API_KEY"));
}

#[tokio::test]
async fn the_key_is_nowhere_but_in_the_header_even_if_the_server_echoes_it() {
    let echo = format!("Incorrect API key provided: {KEY}");
    for status in [401, 400, 500] {
        let (error, _) =
            fail(vec![Answer::error(status, &echo), Answer::error(status, &echo), Answer::error(status, &echo)]).await;
        assert!(error.to_string().contains("[the key]"), "{error}");
    }
    let (error, _) = fail((0..3).map(|_| Answer::Http(200, vec![], echo.clone())).collect()).await;
    assert!(error.to_string().contains("[the key]"), "{error}");
    let reply = ask(vec![Answer::text(&echo)]).await.0.unwrap();
    assert!(!serde_json::to_string(&reply).unwrap().contains(KEY));

    let server = Server::scripted(vec![]);
    let client = Client::new(endpoint(&server)).unwrap();
    let error = client.ask(&request(), 0).await.unwrap_err();
    for text in [format!("{client:?}"), format!("{:?}", client.endpoint()), chain(&error)] {
        assert!(!text.contains(KEY), "{text}");
    }
}

#[tokio::test]
async fn no_part_of_the_key_is_left_where_a_message_is_cut_short() {
    for padding in 280..300 {
        let (error, _) = fail(vec![Answer::error(400, &format!("{}{KEY}", "x".repeat(padding)))]).await;
        assert!(!chain(&error).contains("sk-"), "{error}");
    }
}

#[tokio::test]
async fn a_key_in_headers_and_status_lines_or_sent_in_pieces_is_not_shown() {
    let (head, tail) = KEY.split_at(9);
    let chunked = "Transfer-Encoding: chunked\r\nConnection: close";
    let answers = [
        format!("HTTP/1.1 401 {KEY}\r\nX-Key: {KEY}\r\nContent-Length: 0\r\n\r\n"),
        format!("HTTP/1.1 {KEY}\r\n\r\n"),
        format!("{KEY}\r\n\r\n"),
        format!("HTTP/1.1 302 Found\r\nLocation: http://example.invalid/?{KEY}\r\nContent-Length: 0\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: {KEY}\r\n\r\n"),
        format!("HTTP/1.1 429 Slow\r\nRetry-After: {KEY}\r\nContent-Length: 0\r\n\r\n"),
        format!("HTTP/1.1 400 Bad\r\n{chunked}\r\n\r\n9\r\n{head}\r\n{:x}\r\n{tail}\r\n0\r\n\r\n", tail.len()),
    ];
    for answer in answers {
        let thrice = (0..3).map(|_| Answer::Raw(answer.clone())).collect();
        let (error, _) = fail(thrice).await;
        assert!(!chain(&error).contains(tail), "{error}");
    }
}

#[tokio::test]
async fn an_endpoint_like_azures_gets_its_query_and_the_key_in_its_own_header() {
    let server = Server::scripted(vec![Answer::error(503, "busy"), Answer::text("hello")]);
    let base_url = format!("{}/?api-version=2024-10-21&x=a%20b", server.base_url());
    let azure = Endpoint { base_url, key_header: Some("api-key".into()), ..endpoint(&server) };
    let client = Client::new(azure).unwrap();
    assert_eq!(client.ask(&request(), 0).await.unwrap().text, "hello");
    for request in server.requests() {
        assert_eq!(request.line, "POST /v1/chat/completions?api-version=2024-10-21&x=a+b");
        assert_eq!((request.header("api-key"), request.header("authorization")), (Some(KEY), None));
    }
    assert!(!format!("{client:?}").contains("api-version"), "a query may hold a key");
    let broken = Endpoint { key_header: Some("api key:".into()), ..endpoint(&server) };
    assert!(Client::new(broken).unwrap_err().to_string().contains("`api key:` is no name of a header"));
}

#[tokio::test]
async fn the_output_is_bounded_by_the_field_that_the_endpoint_knows() {
    for (field, name, other) in [
        (OutputField::MaxCompletionTokens, "max_completion_tokens", "max_tokens"),
        (OutputField::MaxTokens, "max_tokens", "max_completion_tokens"),
    ] {
        let server = Server::scripted(vec![Answer::text("hello")]);
        let client = Client::new(Endpoint { output_field: field, ..endpoint(&server) }).unwrap();
        client.ask(&request(), 0).await.unwrap();
        let body = &server.requests()[0].body;
        assert_eq!((&body[name], body.get(other)), (&json!(1000), None));
    }
}

#[tokio::test]
async fn a_proxy_is_asked_in_the_endpoints_place_and_its_password_is_not_shown() {
    let server = Server::scripted(vec![Answer::text("hello"), Answer::error(502, "hunter2-hunter2 is wrong")]);
    let proxy = server.base_url().replace("http://", "http://me:hunter2-hunter2@");
    let through = |proxy: &str| Endpoint {
        proxy: Some(proxy.into()),
        ..Endpoint::new("http://model.invalid/v1", Some(KEY.into()))
    };
    let limits = Limits { attempts: 1, ..LIMITS };
    let client = Client::new(Endpoint { limits, ..through(&proxy) }).unwrap();
    assert_eq!(client.ask(&request(), 0).await.unwrap().text, "hello");
    let error = client.ask(&request(), 0).await.unwrap_err();
    let received = &server.requests()[0];
    assert_eq!(received.line, "POST http://model.invalid/v1/chat/completions");
    assert!(received.header("proxy-authorization").is_some_and(|value| value.starts_with("Basic ")));
    let refused = Client::new(through("hunter2-hunter2")).unwrap_err();
    assert!(refused.to_string().contains("should read like http://proxy:3128"), "{refused}");
    for text in [format!("{client:?}"), chain(&error), chain(&refused)] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn no_attempt_begins_that_might_end_too_late() {
    let server = Server::scripted(vec![Answer::Http(429, vec![("Retry-After", "40")], "slow down".into())]);
    let longest_delay = Duration::from_secs(60);
    let limits = Limits { total: Duration::from_secs(60), longest_delay, ..LIMITS };
    let client = Client::new(Endpoint { limits, ..endpoint(&server) }).unwrap();
    let error = client.ask(&request(), 0).await.unwrap_err();
    assert!(error.to_string().contains("still limits the rate after 1 attempt (HTTP 429)"), "{error}");
}

#[tokio::test]
async fn attempts_wait_for_their_turn() {
    let server = Server::scripted(vec![Answer::error(503, "busy"), Answer::text("hello")]);
    // The second attempt would have its turn after a minute, which is later than any may begin.
    let limits = Limits { per_minute: Some(1), total: Duration::from_secs(60), ..LIMITS };
    let client = Client::new(Endpoint { limits, ..endpoint(&server) }).unwrap();
    let error = client.ask(&request(), 0).await.unwrap_err();
    assert!(matches!(error, ModelError::ServerError { status: 503, attempts: 1, .. }), "{error:?}");
}

#[tokio::test]
async fn controls_in_a_servers_message_do_not_reach_a_terminal() {
    let (error, _) = fail(vec![Answer::error(400, "\u{1b}[2J\u{1b}]0;gone\u{7}")]).await;
    assert!(!error.to_string().contains(char::is_control), "{error:?}");
}
