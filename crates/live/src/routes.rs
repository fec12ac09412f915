//! What there is to be seen, and where.

use crate::gate::{self, Gate};
use crate::list::{self, Asked};
use crate::news::{Follower, news};
use crate::records::{Records, Trouble};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::middleware::from_fn_with_state;
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use report::html::live::Served;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// Pages that may follow campaigns at once.
const FOLLOWERS: usize = 64;

#[derive(Clone)]
struct Shared {
    records: Arc<Records>,
    stopped: watch::Receiver<bool>,
    places: Arc<Semaphore>,
}

/// Everything, behind the gate.
pub(crate) fn all(records: Arc<Records>, gate: Arc<Gate>, stopped: watch::Receiver<bool>) -> Router {
    let shared = Shared { records, stopped, places: Arc::new(Semaphore::new(FOLLOWERS)) };
    Router::new()
        .route("/", get(campaigns))
        .route("/campaign/{id}", get(campaign))
        .route("/campaign/{id}/events", get(events))
        .route("/campaign/{id}/record.json", get(record))
        .route("/candidate/{id}", get(candidate))
        .fallback(|| async { Trouble::Nothing("nothing is here; / lists the campaigns".into()) })
        .with_state(shared)
        .layer(from_fn_with_state(gate, gate::pass))
}

/// The list of campaigns.
async fn campaigns(State(shared): State<Shared>, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    Ok(page(&list::page(shared.records.list().await?, &asked)))
}

/// The report of a campaign.
async fn campaign(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Response, Trouble> {
    let (seen, _) = shared.records.of(&shared.records.find(&id).await?).await?;
    Ok(page(&*aside(move || seen.page()).await?))
}

/// What is added to a campaign, as it is.
async fn events(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Response, Trouble> {
    let campaign = shared.records.find(&id).await?;
    let _place = shared.places.try_acquire_owned().map_err(|_| Trouble::Busy)?;
    let follower = Follower { records: shared.records, campaign, stopped: shared.stopped, _place };
    Ok(Sse::new(news(follower)).keep_alive(KeepAlive::default()).into_response())
}

/// Everything that the report says, for other programs.
async fn record(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Response, Trouble> {
    let (seen, _) = shared.records.of(&shared.records.find(&id).await?).await?;
    let text = aside(move || format!("{:#}\n", report::json::report(&seen.held.record()))).await?;
    Ok(([(CONTENT_TYPE, "application/json")], text).into_response())
}

/// The source of a candidate.
async fn candidate(State(shared): State<Shared>, Path(id): Path<String>) -> Result<String, Trouble> {
    Ok(science::text::clean(&shared.records.source(&id).await?))
}

/// Makes something that takes a while where nobody waits for it.
async fn aside<T: Send + 'static>(make: impl FnOnce() -> T + Send + 'static) -> Result<T, Trouble> {
    tokio::task::spawn_blocking(make).await.map_err(|error| Trouble::Unreadable(error.to_string()))
}

fn page(served: &Served) -> Response {
    ([(CONTENT_SECURITY_POLICY, served.policy.clone())], Html(served.text.clone())).into_response()
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let status = match self {
            Trouble::Nothing(_) => StatusCode::NOT_FOUND,
            Trouble::Unreadable(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Trouble::Busy => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, science::text::clean(&format!("{self}\n"))).into_response()
    }
}
