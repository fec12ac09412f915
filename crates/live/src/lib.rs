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

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use records::Records;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

/// How long open connections have to come to their end once the server is stopped.
const FAREWELL: Duration = Duration::from_secs(2);

/// How long somebody may take to say what he asks: before that nobody knows who he is.
const HEAD: Duration = Duration::from_secs(10);
/// Connections at once; whoever comes later waits to be taken in.
const CONNECTIONS: usize = 256;

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
    let serving = answered(listener, routes, ending);
    let mut late = stopped;
    let too_late = async move {
        let _ = late.wait_for(|stopped| *stopped).await;
        tokio::time::sleep(FAREWELL).await;
    };
    tokio::select! {
        () = serving => {}
        // Somebody keeps a connection open and reads nothing.
        () = too_late => {}
    }
    Ok(())
}

/// Answers connections until `stop` is done, and then those that are open.
///
/// axum's own loop takes in any number of them, and waits for a head as long as it takes.
async fn answered(listener: TcpListener, routes: Router, stop: impl Future<Output = ()>) {
    let (places, open) = (Arc::new(Semaphore::new(CONNECTIONS)), GracefulShutdown::new());
    tokio::pin!(stop);
    loop {
        let taken = async {
            let place = Arc::clone(&places).acquire_owned().await.expect("nobody closes it");
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut stop => break,
            taken = taken => taken,
        };
        // It was gone before it was taken in, or no file is left for it: others close theirs.
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let service = TowerToHyperService::new(routes.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .serve_connection(TokioIo::new(stream), service);
        let watched = open.watch(connection);
        tokio::spawn(async move {
            // What breaks off is the other side's affair.
            let _ = watched.await;
            drop(place);
        });
    }
    drop(listener);
    open.shutdown().await;
}
