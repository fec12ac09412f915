//! `elenchus serve`

use crate::commands::report::read;
use crate::context::{Global, random_nonce};
use crate::failure::{Code, Failure};
use crate::output;
use engine::verify;
use live::{Gate, Reader};
use std::net::SocketAddr;
use std::sync::Arc;
use store::Store;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Characters of a token that somebody chose.
const TOKEN: std::ops::RangeInclusive<usize> = 16..=200;

/// Show the campaigns of this state directory in a browser, each as its report, brought up to date while it runs.
///
/// It reads and never writes, and holds up no campaign. It listens to this machine alone; at another address (`--listen
/// 0.0.0.0:8321`) it asks for a token, and the way there is not encrypted.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to listen; port 0 is any that is free
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8321")]
    listen: SocketAddr,
    /// Ask for the token in this environment variable, instead of one made at random where one is needed
    #[arg(long, value_name = "NAME")]
    token_variable: Option<String>,
    /// A name by which browsers reach this machine, beside `localhost` and addresses
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
}

pub(crate) async fn serve(args: Args, global: &Global) -> Result<Code, Failure> {
    let store = Arc::new(Store::open_to_watch(&global.database()).await?);
    let token = token(&args)?;
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        let (address, hint) = (args.listen, "`--listen 127.0.0.1:0` takes a port that is free");
        Failure::failed(format!("cannot listen at {address} ({error}); {hint}"))
    })?;
    let address = listener.local_addr().map_err(|error| Failure::failed(format!("where do I listen? {error}")))?;
    let query = token.as_ref().map_or_else(String::new, |token| format!("?token={token}"));
    output::line(format!("http://{address}/{query}"))?;
    output::note("Ctrl-C ends it");
    let (readable, looked_at) = (Arc::clone(&store), Arc::clone(&store));
    let record = move |id| {
        let store = Arc::clone(&readable);
        async move { read(&store, &id).await.map_err(|failure| failure.to_string()) }
    };
    let looks = move |id| {
        let store = Arc::clone(&looked_at);
        async move { verify::looks(&store, &id).await.map_err(|error| error.to_string()) }
    };
    let reader = Reader::new(record, looks);
    let gate = Gate::new(address, args.hosts, token.as_deref());
    live::serve(listener, store, reader, gate, stopped()?)
        .await
        .map_err(|error| Failure::failed(format!("the server at {address} ended: {error}")))?;
    Ok(Code::Done)
}

/// What is asked of whoever comes: nothing on this machine, unless somebody names a token.
fn token(args: &Args) -> Result<Option<String>, Failure> {
    let Some(variable) = &args.token_variable else {
        return if args.listen.ip().is_loopback() { Ok(None) } else { Ok(Some(random_nonce()?.to_string())) };
    };
    let token = std::env::var(variable).unwrap_or_default();
    // It stands in an address and in a cookie as it is.
    if TOKEN.contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        return Ok(Some(token));
    }
    let (least, most) = (TOKEN.start(), TOKEN.end());
    Err(Failure::usage(format!(
        "{variable} holds no token: {least} to {most} letters, digits, hyphens and underscores"
    )))
}

/// Ctrl-C, or whoever ends services.
fn stopped() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::failed(format!("cannot listen for signals: {error}")));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
