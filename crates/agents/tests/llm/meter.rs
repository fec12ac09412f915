//! What models may cost, and what they are said to have cost.

use crate::http::{LIMITS, endpoint, request};
use crate::scripted_server::{Answer, Server};
use agents::llm::{Caps, Cost, Endpoint, Limits, Meter, Model, ModelError, Price, Request, Router, Spent};
use futures::FutureExt;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::oneshot;

/// Easy to reckon with: the worst case of `request()` is 0.06073 for the prompt and 0.04 for the reply, a reply of the
/// server costs 0.01 and 0.002.
pub(crate) const PRICE: Price = Price { prompt: 10.0, cached: Some(1.0), completion: 40.0 };
/// US dollars that `request()` costs at worst.
pub(crate) const WORST: f64 = 0.10073;
/// Tokens that `request()` takes at worst.
pub(crate) const WORST_TOKENS: u64 = 7073;
/// US dollars that a reply with the server's usual count of 1000 and 50 tokens costs.
pub(crate) const REAL: f64 = 0.012;

/// A meter that knows the price of the model `m`.
pub(crate) fn meter(caps: Caps) -> Arc<Meter> {
    Arc::new(Meter::new(caps, BTreeMap::from([("m".to_owned(), PRICE)])))
}

fn router(meter: &Arc<Meter>, endpoint: &Endpoint) -> Router {
    let mut router = Router::new(Arc::clone(meter));
    router.serve("m", endpoint).unwrap();
    router
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

fn spent_up(what: &str) -> ModelError {
    ModelError::BudgetSpent { what: what.into() }
}

#[tokio::test]
async fn nothing_is_sent_that_might_break_a_cap() {
    let none = Caps::default();
    for (caps, what) in [
        (Caps { usd: Some(0.1), ..none }, "usd (0.10)"),
        (Caps { usd: Some(0.0), ..none }, "usd (0)"),
        (Caps { tokens: Some(WORST_TOKENS - 1), ..none }, "tokens (7072)"),
        (Caps { calls: Some(0), ..none }, "calls (0)"),
    ] {
        let server = Server::scripted(vec![]);
        let meter = meter(caps);
        let error = router(&meter, &endpoint(&server)).ask(&request(), 0).await.unwrap_err();
        assert_eq!((error, server.requests().len(), meter.spent()), (spent_up(what), 0, Spent::default()));
    }
}

#[tokio::test]
async fn the_bound_of_a_prompt_holds_its_schema_and_every_byte() {
    let server = Server::scripted(vec![]);
    let long = Request { system: "ä".repeat(10), schema: Some(json!({"type": "object"})), ..request() };
    // 20 bytes of the system instead of 9, and 17 of the schema.
    let meter = meter(Caps { tokens: Some(WORST_TOKENS + 11 + 17 - 1), ..Caps::default() });
    assert!(router(&meter, &endpoint(&server)).ask(&long, 0).await.is_err());
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn an_answer_is_charged_what_it_took_and_not_what_was_reserved() {
    let server = Server::start(|_| Answer::text("hello"));
    let meter = meter(Caps { usd: Some(WORST + 2.5 * REAL), ..Caps::default() });
    let router = router(&meter, &endpoint(&server));
    for _ in 0..3 {
        let cost = router.ask(&request(), 0).await.unwrap().cost;
        assert!(near(cost.usd.unwrap(), REAL) && cost.usd == cost.charged_usd && cost.charged_tokens == 1050);
    }
    assert!(matches!(router.ask(&request(), 0).await, Err(ModelError::BudgetSpent { .. })));
    let spent = meter.spent();
    assert!(near(spent.usd, 3.0 * REAL), "{spent:?}");
    assert_eq!((spent.tokens, spent.calls, server.requests().len()), (3150, 3, 3));
}

#[tokio::test]
async fn tokens_from_a_cache_have_their_own_price() {
    let usage =
        json!({"prompt_tokens": 1000, "completion_tokens": 50, "prompt_tokens_details": {"cached_tokens": 900}});
    let body = json!({"choices": [{"message": {"content": "hi"}}], "usage": usage});
    let server = Server::scripted(vec![Answer::json(body)]);
    let cost = router(&meter(Caps::default()), &endpoint(&server)).ask(&request(), 0).await.unwrap().cost;
    // 100 fresh at 10, 900 cached at 1, 50 written at 40.
    assert!(near(cost.usd.unwrap(), 0.0039), "{cost:?}");
}

#[tokio::test]
async fn half_a_count_is_completed_with_the_worst_case() {
    let body = json!({"choices": [{"message": {"content": "hi"}}], "usage": {"prompt_tokens": 1000}});
    let server = Server::scripted(vec![Answer::json(body)]);
    let cost = router(&meter(Caps::default()), &endpoint(&server)).ask(&request(), 0).await.unwrap().cost;
    assert!(cost.usd.is_none() && near(cost.charged_usd.unwrap(), 0.05) && cost.charged_tokens == 2000, "{cost:?}");
}

#[tokio::test]
async fn every_attempt_is_checked_by_itself() {
    let server = Server::start(|_| Answer::error(503, "busy"));
    let meter = meter(Caps { calls: Some(2), ..Caps::default() });
    let error = router(&meter, &endpoint(&server)).ask(&request(), 0).await.unwrap_err();
    assert_eq!((error, server.requests().len(), meter.spent().calls), (spent_up("calls (2)"), 2, 2));
}

#[tokio::test]
async fn what_earlier_processes_spent_counts() {
    let server = Server::scripted(vec![]);
    let meter = meter(Caps { usd: Some(5.0), ..Caps::default() });
    meter.earlier(Spent { usd: 4.0, tokens: 100, calls: 7 });
    meter.earlier(Spent { usd: 0.95, tokens: 10, calls: 1 });
    let error = router(&meter, &endpoint(&server)).ask(&request(), 0).await.unwrap_err();
    assert_eq!((error, server.requests().len()), (spent_up("usd (5.00)"), 0));
    assert_eq!(meter.spent(), Spent { usd: 4.95, tokens: 110, calls: 8 });
}

#[tokio::test]
async fn requests_side_by_side_share_a_cap_and_wait_for_each_other() {
    let server = Server::start(|_| Answer::text("hello"));
    let meter = meter(Caps { usd: Some(WORST + 3.5 * REAL), ..Caps::default() });
    let router = router(&meter, &endpoint(&server));
    let asked = request();
    let replies = futures::future::join_all((0..4).map(|_| router.ask(&asked, 0))).await;
    // There is room for one at its worst at any time, and for all four at what they cost.
    assert!(replies.iter().all(Result::is_ok), "{replies:?}");
    assert!(near(meter.spent().usd, 4.0 * REAL));
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_is_lost_and_its_room_is_taken() {
    let (came, has_come) = oneshot::channel();
    let mut came = Some(came);
    let server = Server::start(move |_| {
        let _ = came.take().map(|came| came.send(()));
        Answer::Stall
    });
    let meter = meter(Caps { usd: Some(1.5 * WORST), ..Caps::default() });
    let router = router(&meter, &endpoint(&server));
    let asked = request();
    let (mut first, mut second) = (router.ask(&asked, 0), router.ask(&asked, 0));
    tokio::select! { biased; _ = &mut first => panic!("the server says nothing"), come = has_come => come.unwrap() }
    assert!(second.as_mut().now_or_never().is_none(), "it waits for what the first leaves over");
    assert_eq!(meter.spent(), Spent::default());
    drop(first);
    assert_eq!(second.await.unwrap_err(), spent_up("usd (0.15)"));
    let losses = meter.take_losses();
    assert!(losses.len() == 1 && near(losses[0].usd.unwrap(), WORST) && losses[0].tokens == WORST_TOKENS);
    assert_eq!((server.requests().len(), meter.spent().calls), (1, 1));
}

#[tokio::test]
async fn a_server_that_is_not_reached_costs_nothing_at_all() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody =
        Endpoint { limits: LIMITS, ..Endpoint::new(format!("http://{}", listener.local_addr().unwrap()), None) };
    drop(listener);
    let meter = meter(Caps::default());
    assert!(router(&meter, &nobody).ask(&request(), 0).await.is_err());
    assert_eq!((meter.spent(), meter.take_losses().len()), (Spent::default(), 0));
}

#[tokio::test]
async fn an_unknown_price_is_refused_under_a_cap_in_dollars_and_stays_unknown_without_one() {
    let server = Server::scripted(vec![Answer::text("hello")]);
    let mut capped = Router::new(meter(Caps { usd: Some(5.0), ..Caps::default() }));
    let error = capped.serve("gpt-5", &endpoint(&server)).unwrap_err().to_string();
    assert!(error.contains("`gpt-5`") && error.contains(r#"[prices."gpt-5"]"#), "{error}");

    let free = meter(Caps { tokens: Some(100_000), ..Caps::default() });
    let mut router = Router::new(Arc::clone(&free));
    router.serve("gpt-5", &endpoint(&server)).unwrap();
    let reply = router.ask(&Request { model: "gpt-5".into(), ..request() }, 0).await.unwrap();
    assert_eq!(reply.cost, Cost { usd: None, charged_usd: None, charged_tokens: 1050 });
    assert_eq!((free.price("gpt-5"), free.price("m")), (None, Some(&PRICE)));
}

#[tokio::test]
async fn a_model_that_nobody_serves_is_an_error_and_no_other_is_asked() {
    let server = Server::scripted(vec![]);
    let router = router(&meter(Caps::default()), &endpoint(&server));
    let error = router.ask(&Request { model: "other".into(), ..request() }, 0).await.unwrap_err();
    assert_eq!(error.to_string(), "no endpoint serves the model `other`");
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn models_of_one_endpoint_share_its_limits() {
    let (came, has_come) = oneshot::channel();
    let (mut came, first) = (Some(came), AtomicBool::new(true));
    let server = Server::start(move |_| {
        let _ = came.take().map(|came| came.send(()));
        if first.swap(false, Ordering::SeqCst) { Answer::Stall } else { Answer::text("hello") }
    });
    let one = Endpoint { limits: Limits { concurrent: 1, ..LIMITS }, ..endpoint(&server) };
    let mut router = router(&meter(Caps::default()), &one);
    router.serve("n", &one).unwrap();
    let (asked, other) = (request(), Request { model: "n".into(), ..request() });
    let (mut held, mut waiting) = (router.ask(&asked, 0), router.ask(&other, 0));
    tokio::select! { biased; _ = &mut held => panic!("the server says nothing"), come = has_come => come.unwrap() }
    assert!(waiting.as_mut().now_or_never().is_none());
    drop(held);
    assert_eq!(waiting.await.unwrap().text, "hello");
}

#[test]
fn a_price_is_a_sum_that_can_be_paid() {
    let read = |json| serde_json::from_value::<Price>(json).map_err(|error| error.to_string());
    let price = Price { prompt: 1.25, cached: None, completion: 10.0 };
    assert_eq!(read(json!({"prompt": 1.25, "completion": 10})), Ok(price));
    assert!(read(json!({"prompt": -1, "completion": 10})).unwrap_err().contains("zero or more; this is -1"));
    assert!(read(json!({"prompt": 1, "completion": 10, "cached": -2})).is_err());
    assert!(read(json!({"prompt": 1, "completion": 10, "output": 2})).unwrap_err().contains("unknown field"));
    assert!(read(json!({"prompt": 1})).unwrap_err().contains("completion"));
}
