//! The web view of a state directory: its campaigns, each as the page that `report` makes, brought up to date while it runs in
//! another process. The only HTTP server of the project; it reads, and never writes.
//!
//! Start with these files: [`gate`](mod@gate) (who is let in), `routes.rs` (what there is to be seen), `records.rs` (what was
//! read, and how often), `news.rs` (what a page is told while it is open), `list.rs` (the campaigns).

pub mod gate;
mod list;
mod news;
mod records;
mod routes;

pub use gate::Gate;
pub use records::Reader;

use records::Records;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long open connections have to come to their end once the server is stopped.
const FAREWELL: Duration = Duration::from_secs(2);

/// Serves until `stop` is done. `reader` reads a campaign's record from `store`, which need not be able to write.
pub async fn serve(
    listener: TcpListener,
    store: Arc<Store>,
    reader: Reader,
    gate: Gate,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stopping, stopped) = watch::channel(false);
    let routes = routes::all(Arc::new(Records::new(store, reader)), Arc::new(gate), stopped.clone());
    let ending = async move {
        stop.await;
        // Whoever follows a campaign would do so for ever.
        let _ = stopping.send(true);
    };
    let serving = async { axum::serve(listener, routes).with_graceful_shutdown(ending).await };
    let mut late = stopped;
    let too_late = async move {
        let _ = late.wait_for(|stopped| *stopped).await;
        tokio::time::sleep(FAREWELL).await;
    };
    tokio::select! {
        served = serving => served,
        // Somebody keeps a connection open and reads nothing.
        () = too_late => Ok(()),
    }
}
