//! The client against a server that behaves, and against one that does not.

use crate::campaign::{self, CONTRACT};
use crate::scripted_server::{Answer, KEY, Server};
use agents::llm::{
    Client, Endpoint, Executor, Limits, Model, ModelError, Planner, Reply, Request, Role, Settings, Usage,
};
use agents::{Brief, Executor as _, Planner as _};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const BUNDLE: &str = r#"{"question": "q", "parent": "reference", "arms": [{"name": "main", "kind": "main", "hypothesis": "h",
    "mechanism": "m", "diagnostic": "d", "metric": "net-saving", "against": ["reference"], "scope": [],
    "relation": "at-least", "size": 0.02, "confidence": 0.4, "intent": "i", "point": null}]}"#;

/// Patient enough for a busy machine, with delays that nobody notices.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(30),
    attempt: Duration::from_secs(30),
    attempts: 3,
    first_delay: Duration::from_micros(1),
    longest_delay: Duration::from_millis(1),
    reply_bytes: 64 << 10,
};

fn endpoint(server: &Server) -> Endpoint {
    Endpoint { limits: LIMITS, ..Endpoint::new(server.base_url(), Some(KEY.into())) }
}

fn request() -> Request {
    let (system, user) = ("You plan.".into(), "Plan!".into());
    Request { role: Role::Plan, model: "m".into(), system, user, temperature: None, schema: None }
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

fn chain(error: &dyn std::error::Error) -> String {
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
    let code = "use admitter::prelude::*;\npub struct Policy;\nimpl Admitter for Policy {}\n";
    let answers = vec![Answer::text(&format!("Here it is: {BUNDLE}")), Answer::text(&format!("```rust\n{code}```"))];
    let server = Server::scripted(answers);
    let client = Arc::new(Client::new(endpoint(&server)).unwrap());
    let settings = Settings { temperature: Some(0.7), ..Settings::new("some-model") };
    let state = campaign::after(1);
    let brief = Brief { state: &state, source: Some(code) };
    let planner = Planner::new(Arc::clone(&client), settings.clone(), CONTRACT);
    let bundle = planner.plan(brief).await.unwrap();
    let executor = Executor::new(client, settings, CONTRACT);
    assert_eq!(executor.implement(brief, &bundle.arms[0]).await.unwrap(), code);

    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    let first = &requests[0];
    assert_eq!(first.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!((&first.body["model"], &first.body["temperature"]), (&json!("some-model"), &json!(0.7)));
    assert_eq!(first.body.get("response_format"), None);
    let asked = planner.request(brief);
    assert_eq!((first.message(0), first.message(1)), (asked.system.as_str(), asked.user.as_str()));
    assert!(requests[1].message(1).contains("**Design to implement:** i"));
}

#[tokio::test]
async fn an_invalid_bundle_is_corrected_over_http() {
    let server = Server::scripted(vec![Answer::text("{\"question\": 1"), Answer::text(BUNDLE)]);
    let planner = Planner::new(Client::new(endpoint(&server)).unwrap(), Settings::new("m"), CONTRACT);
    let state = campaign::after(0);
    planner.plan(Brief { state: &state, source: None }).await.unwrap();
    assert!(server.requests()[1].message(1).contains("the reply is not valid JSON"));
}

#[tokio::test]
async fn a_schema_goes_out_as_a_response_format() {
    let server = Server::scripted(vec![Answer::text(BUNDLE)]);
    let settings = Settings { structured: true, ..Settings::new("m") };
    let planner = Planner::new(Client::new(endpoint(&server)).unwrap(), settings, CONTRACT);
    let state = campaign::after(0);
    planner.plan(Brief { state: &state, source: None }).await.unwrap();
    let format = &server.requests()[0].body["response_format"];
    assert_eq!((&format["type"], &format["json_schema"]["strict"]), (&json!("json_schema"), &json!(true)));
    assert_eq!(format["json_schema"]["schema"]["type"], "object");
}

#[tokio::test]
async fn a_complete_reply_keeps_text_reason_and_usage() {
    let reply = ask(vec![Answer::text("hello")]).await.0.unwrap();
    let usage = Usage { prompt_tokens: Some(1000), completion_tokens: Some(50), ..Usage::default() };
    assert_eq!(reply, Reply { text: "hello".into(), finish_reason: Some("stop".into()), refusal: None, usage });
    let stored = serde_json::to_string(&reply).unwrap();
    assert_eq!(serde_json::from_str::<Reply>(&stored).unwrap(), reply);
}

#[tokio::test]
async fn an_unknown_reason_and_a_missing_usage_cost_no_reply() {
    let body = json!({"choices": [{"finish_reason": "eos_token", "message": {"content": "hi"}}]});
    let reply = ask(vec![Answer::json(body)]).await.0.unwrap();
    assert_eq!((reply.finish_reason.as_deref(), reply.usage), (Some("eos_token"), Usage::default()));
}

#[tokio::test]
async fn an_empty_content_is_an_empty_reply() {
    let body = json!({"choices": [{"finish_reason": "length", "message": {"content": null, "refusal": null}}]});
    let reply = ask(vec![Answer::json(body)]).await.0.unwrap();
    assert_eq!((reply.text.as_str(), reply.finish_reason.as_deref()), ("", Some("length")));
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
async fn after_the_last_attempt_the_error_has_its_kind() {
    let thrice = |answer: fn() -> Answer| (0..3).map(|_| answer()).collect::<Vec<_>>();
    let (error, requests) = fail(thrice(|| Answer::Http(429, vec![], "slow down".into()))).await;
    assert!(matches!(error, ModelError::RateLimited { attempts: 3, .. }), "{error:?}");
    assert_eq!(requests, 3);
    let (error, _) = fail(thrice(|| Answer::error(500, "boom"))).await;
    assert!(matches!(error, ModelError::ServerError { status: 500, attempts: 3, .. }), "{error:?}");
    let (error, _) = fail(thrice(|| Answer::Cut)).await;
    assert!(matches!(error, ModelError::Transport { attempts: 3, .. }), "{error:?}");
    let (error, _) = fail(thrice(|| Answer::Http(200, vec![], "not json".into()))).await;
    assert!(matches!(error, ModelError::Malformed { .. }), "{error:?}");
    assert!(error.to_string().contains("it says: not json"), "{error}");
}

#[tokio::test]
async fn a_server_that_says_nothing_times_out() {
    let server = Server::start(|_| Answer::Stall);
    let limits = Limits { attempt: Duration::from_millis(100), attempts: 2, ..LIMITS };
    let client = Client::new(Endpoint { limits, ..endpoint(&server) }).unwrap();
    let error = client.ask(&request(), 0).await.unwrap_err();
    assert!(matches!(error, ModelError::TimedOut { attempts: 2, .. }), "{error:?}");
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
    assert!(refuse("https://host/v1?key=secret", KEY).contains("query"));
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
    let client = Arc::new(Client::new(endpoint(&server)).unwrap());
    let planner = Planner::new(Arc::clone(&client), Settings::new("m"), CONTRACT);
    let state = campaign::after(0);
    let error = planner.plan(Brief { state: &state, source: None }).await.unwrap_err();
    for text in [format!("{client:?}"), format!("{planner:?}"), format!("{:?}", client.endpoint()), chain(&error)] {
        assert!(!text.contains(KEY), "{text}");
    }
}
