//! `elenchus serve`, asked as a browser asks.

use crate::environment::Environment;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

/// A server, which does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The server of a state directory, and the address that it prints.
fn serving(environment: &Environment, arguments: &[&str]) -> (Running, String) {
    let mut command = environment.command(&[&["serve"], arguments].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    (Running(child), line.trim().strip_prefix("http://").expect("an address").to_owned())
}

/// The answer to a question for `path`, as text.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn a_browser_sees_the_campaigns_and_the_server_ends_when_it_is_told_to() {
    let environment = Environment::ended(2);
    let (mut child, address) = serving(&environment, &["--listen", "127.0.0.1:0"]);
    let address = address.trim_end_matches('/');
    let list = get(address, "/");
    let campaign = environment.json(&["list", "--format", "json"])[0]["id"].as_str().expect("an id").to_owned();
    assert!(list.starts_with("HTTP/1.1 200") && list.contains(&format!("/campaign/{campaign}")), "{list}");
    let page = get(address, &format!("/campaign/{campaign}"));
    let still = environment.ok(&["report", "--format", "html"]);
    let main =
        |page: &str| page.split("<main>").nth(1).and_then(|rest| rest.split("</main>").next()).map(str::to_owned);
    assert!(main(&page).is_some() && main(&page) == main(&still), "the live page holds what the file does");
    let news = TcpStream::connect(address).expect("it listens");
    write!(&news, "GET /campaign/{campaign}/events HTTP/1.1\r\nHost: {address}\r\n\r\n").expect("it is sent");
    let mut lines = BufReader::new(&news).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("data: ") && line.contains("completed")));
    // Another one at the same place says why it cannot.
    let said = environment.fails(1, &["serve", "--listen", address]);
    assert!(said.contains(address) && said.contains("--listen 127.0.0.1:0"), "{said}");
    let ended = std::process::Command::new("kill").args(["-TERM", &child.0.id().to_string()]).status();
    assert!(ended.is_ok_and(|status| status.success()));
    assert_eq!(child.0.wait().expect("its end").code(), Some(0));
    assert_eq!(lines.next().filter(|line| !line.is_empty() && line != "0"), None, "the stream ends");
}

#[test]
fn what_listens_to_others_asks_for_a_token_and_there_is_nothing_to_show_without_a_database() {
    let mut environment = Environment::ended(2);
    let (child, address) = serving(&environment, &["--listen", "0.0.0.0:0"]);
    let (address, token) = address.split_once("/?token=").expect("a token");
    assert_eq!(token.len(), 32);
    let here = address.replace("0.0.0.0", "127.0.0.1");
    assert!(get(&here, "/").starts_with("HTTP/1.1 401"));
    assert!(get(&here, &format!("/?token={token}")).starts_with("HTTP/1.1 303"));
    drop(child);
    let said = Environment::new().fails(2, &["serve"]);
    assert!(said.contains("lineage.db"), "{said}");
    environment.set("SHORT", "secret");
    let said = environment.fails(2, &["serve", "--listen", "127.0.0.1:0", "--token-variable", "SHORT"]);
    assert!(said.contains("SHORT holds no token") && !said.contains("secret"), "{said}");
}
