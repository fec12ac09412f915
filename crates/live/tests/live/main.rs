//! The web view over real sockets, on a made-up campaign that another connection goes on with.

#[allow(dead_code)]
#[path = "../../../store/tests/store/made_up.rs"]
mod made_up;
#[path = "../../../../tests/fixtures/verdict_seeds.rs"]
mod verdict_seeds;

use live::{Gate, Reader};
use made_up::{Played, append, inputs, play, started};
use report::Held;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use store::{CampaignId, Store};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A server of a state directory with one campaign, which `writer` may go on with.
struct Server {
    address: SocketAddr,
    writer: Store,
    id: CampaignId,
    steps: Vec<Played>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
    _directory: tempfile::TempDir,
}

impl Server {
    async fn start(token: Option<&str>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lineage.db");
        let writer = Store::open(&path).await.unwrap();
        let id = writer.create(&started(1), directory.path(), &inputs()).await.unwrap();
        let store = Arc::new(Store::open_to_watch(&path).await.unwrap());
        assert!(store.is_read_only());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let (gate, reader) = (Gate::new(address, vec![], token), reader(&store));
        let stopped = async move { stopped.await.unwrap_or(()) };
        let served = tokio::spawn(live::serve(listener, store, reader, gate, stopped));
        Server { address, writer, id, steps: play(&started(1)), stop, served, _directory: directory }
    }

    /// Sends a head that ends with `Connection: close` and reads the answer: its status, and all of it.
    async fn ask(&self, head: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        patiently(stream.read_to_string(&mut answer)).await.unwrap();
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
    }

    async fn get(&self, path: &str) -> (u16, String) {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n", self.address)).await
    }

    /// Follows the campaign.
    async fn follow(&self) -> News {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!("GET /campaign/{}/events HTTP/1.1\r\nHost: {}\r\n\r\n", self.id, self.address);
        stream.write_all(head.as_bytes()).await.unwrap();
        News(BufReader::new(stream).lines())
    }

    /// Appends the next event, by a connection of its own.
    async fn go_on(&mut self) {
        let step = self.steps.remove(0);
        append(&self.writer, &self.id, &step).await.unwrap();
    }
}

/// An open stream of news.
struct News(Lines<BufReader<TcpStream>>);

impl News {
    /// What the next news say; none at the end of the stream.
    async fn next(&mut self) -> Option<serde_json::Value> {
        while let Some(line) = patiently(self.0.next_line()).await.ok().flatten() {
            if let Some(data) = line.strip_prefix("data: ") {
                return Some(serde_json::from_str(data).unwrap());
            }
        }
        None
    }

    async fn version(&mut self) -> String {
        self.next().await.unwrap()["version"].as_str().unwrap().to_owned()
    }
}

/// So that what never comes is a failure.
async fn patiently<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("an answer")
}

fn reader(store: &Arc<Store>) -> Reader {
    let store = Arc::clone(store);
    let record = move |id| {
        let store = Arc::clone(&store);
        async move {
            let loaded = store.load(&id).await.map_err(|error| error.to_string())?;
            let (digest, id) = (loaded.head.digest(), id.to_string());
            Ok(Held { id, state: loaded.state, digest, ..Held::default() })
        }
    };
    Reader::new(record, |_| std::future::ready(Ok(Vec::new())))
}

#[tokio::test]
async fn the_list_leads_to_campaigns_and_those_to_their_record_and_sources() {
    let mut server = Server::start(None).await;
    while !server.steps.is_empty() {
        server.go_on().await;
    }
    let (status, list) = server.get("/?q=admission&sort=worth&order=down").await;
    assert_eq!(status, 200);
    let link = format!("href=\"/campaign/{}\"", server.id);
    assert!(list.contains(&link) && list.contains("completed") && list.contains("1 of 1 campaigns"), "{list}");
    assert!(!server.get("/?q=flow").await.1.contains(&link), "a word that no row holds");
    let (status, page) = server.get(&format!("/campaign/{}", server.id.short())).await;
    assert_eq!(status, 200);
    for said in ["completed", "id=\"verdict\"", "content-security-policy: default-src 'none'", "connect-src 'self'"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let (status, record) = server.get(&format!("/campaign/{}/record.json", server.id)).await;
    let record: serde_json::Value = serde_json::from_str(record.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!((status, record["campaign"].as_str()), (200, Some(server.id.as_str())));
    let (status, source) = server.get("/candidate/c1").await;
    assert!(status == 200 && source.contains("content-type: text/plain"), "{source}");
    assert!(source.ends_with(&made_up::source("c1")), "{source}");
}

#[tokio::test]
async fn what_is_not_there_is_said_and_nothing_can_be_written() {
    let server = Server::start(None).await;
    for path in ["/campaign/ffff", "/campaign/ffff/events", "/candidate/ffff", "/nowhere", "/campaign/%3Cscript%3E"] {
        let (status, answer) = server.get(path).await;
        assert!(status == 404 && answer.contains("text/plain") && answer.contains("nosniff"), "{path}: {answer}");
    }
    let post = |path: String| format!("POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\n", server.address);
    for path in ["/".to_owned(), format!("/campaign/{}", server.id)] {
        assert_eq!(server.ask(&post(path)).await.0, 405);
    }
    for (name, value) in [("Host", "evil.example"), ("Host", "evil.example:80\r\nOrigin: http://evil.example")] {
        assert_eq!(server.ask(&format!("GET / HTTP/1.1\r\n{name}: {value}\r\n")).await.0, 403);
    }
    let head = format!("GET / HTTP/1.1\r\nHost: {}\r\nOrigin: http://evil.example\r\n", server.address);
    let (status, answer) = server.ask(&head).await;
    assert!(
        status == 403 && answer.contains("cache-control: no-store") && answer.contains("default-src 'none'"),
        "{answer}"
    );
}

#[tokio::test]
async fn where_a_token_is_asked_for_nothing_is_seen_without_it() {
    let server = Server::start(Some(TOKEN)).await;
    for path in ["/", "/?token=0123", "/campaign/ffff"] {
        let (status, answer) = server.get(path).await;
        assert!(status == 401 && !answer.contains(server.id.as_str()), "{path}: {answer}");
    }
    let (status, answer) = server.get(&format!("/?q=x&token={TOKEN}")).await;
    assert!(status == 303 && answer.contains("location: /?q=x\r\n"), "{answer}");
    let cookie = answer.split("set-cookie: ").nth(1).unwrap().split(';').next().unwrap();
    let head = format!("GET / HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\n", server.address);
    assert_eq!(server.ask(&head).await.0, 200);
}

#[tokio::test]
async fn a_page_that_is_open_is_told_what_another_process_adds_and_is_then_new() {
    let mut server = Server::start(None).await;
    let mut news = server.follow().await;
    let first = news.next().await.unwrap();
    assert!(first["version"] == "1.0" && first["status"].as_str().unwrap().contains("yardsticks"), "{first}");
    server.go_on().await;
    let second = news.next().await.unwrap();
    assert!(second["version"] == "2.0" && second["status"].as_str().unwrap().contains("planning"), "{second}");
    let (_, page) = server.get(&format!("/campaign/{}", server.id)).await;
    assert!(page.contains("data-version=\"2.0\""), "{page}");
    // Whoever comes later is told where it stands.
    assert_eq!(server.follow().await.version().await, "2.0");
}

#[tokio::test]
async fn a_campaign_that_is_followed_and_read_all_the_time_is_written_to_its_end() {
    let mut server = Server::start(None).await;
    let mut following = vec![server.follow().await, server.follow().await];
    for news in &mut following {
        assert_eq!(news.version().await, "1.0");
    }
    let path = format!("/campaign/{}", server.id);
    while !server.steps.is_empty() {
        server.go_on().await;
        assert_eq!(server.get(&path).await.0, 200);
    }
    for news in &mut following {
        while !news.next().await.unwrap()["ended"].as_bool().unwrap() {}
    }
}

#[tokio::test]
async fn a_server_that_is_stopped_says_goodbye_to_those_who_follow() {
    let server = Server::start(None).await;
    let mut news = server.follow().await;
    news.next().await.unwrap();
    server.stop.send(()).unwrap();
    assert_eq!(news.next().await, None);
    patiently(server.served).await.unwrap().unwrap();
}
