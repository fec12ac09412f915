//! Commands as agents.

use crate::http::request;
use agents::llm::{Caps, CommandLine, Meter, Model, ModelError, Reply, Request, Router};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// A router that serves the model `m` by a shell script, and what counts its runs.
fn shell(script: &str, arguments: &[&str]) -> (CommandLine, Arc<Meter>) {
    let arguments = ["-c", script].iter().chain(arguments).map(|word| (*word).to_owned()).collect();
    let line = CommandLine { program: "sh".into(), arguments, timeout: Duration::from_secs(60), withheld: vec![] };
    (line, Arc::new(Meter::new(Caps::default(), Default::default())))
}

async fn ask(line: CommandLine, meter: &Arc<Meter>, request: &Request) -> Result<Reply, ModelError> {
    let mut router = Router::new(Arc::clone(meter));
    router.command("m", line).unwrap();
    router.ask(request, 0).await
}

async fn run(script: &str) -> Result<Reply, ModelError> {
    let (line, meter) = shell(script, &[]);
    ask(line, &meter, &request()).await
}

#[test]
fn a_line_is_split_as_a_shell_does_and_nothing_is_expanded() {
    let line = CommandLine::parse(r#"agent --print "two words" 'it'"'"'s' $HOME *"#).unwrap();
    assert_eq!((line.program.as_str(), line.withheld.len()), ("agent", 0));
    assert_eq!(line.arguments, ["--print", "two words", "it's", "$HOME", "*"]);
    assert!(CommandLine::parse("agent 'open").unwrap_err().contains("open quote"));
    for blank in ["", "  ", "''"] {
        assert_eq!(CommandLine::parse(blank).unwrap_err(), "the command is empty");
    }
}

#[tokio::test]
async fn a_command_reads_the_prompt_and_its_output_is_the_reply() {
    let asked = Request { system: "System.".into(), user: "User.".into(), ..request() };
    let (line, meter) = shell("cat", &[]);
    let reply = ask(line.clone(), &meter, &asked).await.unwrap();
    assert_eq!(reply, Reply { text: "System.\n\nUser.\n".into(), ..Reply::default() });
    assert_eq!((meter.spent().calls, meter.spent().tokens), (1, 0));
    let with_schema = Request { schema: Some(serde_json::json!({"type": "object"})), ..asked };
    let text = ask(line, &meter, &with_schema).await.unwrap().text;
    assert!(text.starts_with("System.\n\nUser.\n") && text.contains(r#""type": "object""#), "{text}");
}

#[tokio::test]
async fn a_command_that_reads_nothing_and_writes_nothing_gives_an_empty_reply() {
    assert_eq!(run("exit 0").await.unwrap().text, "");
}

#[tokio::test]
async fn a_command_that_fails_is_quoted_with_its_last_words() {
    let (line, meter) = shell("echo noise >&2; printf 'not \\033[1mlogged in\\n\\n' >&2; exit 3", &[]);
    let error = ask(line, &meter, &request()).await.unwrap_err().to_string();
    assert_eq!(error, "the command `sh` failed (exit status: 3); it says: not logged in");
    let losses = meter.take_losses();
    assert_eq!((losses.len(), losses[0].usd, losses[0].problem.as_str()), (1, None, error.as_str()));
    assert!(meter.take_losses().is_empty());
}

#[tokio::test]
async fn a_command_that_is_not_there_is_named_and_costs_nothing() {
    let line = CommandLine::parse("/nowhere/agent --print").unwrap();
    let (_, meter) = shell("", &[]);
    let error = ask(line, &meter, &request()).await.unwrap_err().to_string();
    assert!(error.starts_with("the command `/nowhere/agent` cannot be started: "), "{error}");
    assert_eq!((meter.spent().calls, meter.take_losses().len()), (0, 0));
}

#[tokio::test]
async fn a_flood_ends_the_command_and_noise_does_not_block_it() {
    let error = run("yes").await.unwrap_err().to_string();
    assert_eq!(error, "the command `sh` answers with more than 1048576 bytes");
    assert_eq!(run("yes | head -c 1000000 >&2; echo done").await.unwrap().text, "done\n");
}

#[tokio::test]
async fn a_command_that_leaves_others_behind_does_not_keep_us_waiting() {
    assert_eq!(run("sleep 1000 & echo done").await.unwrap().text, "done\n");
}

#[tokio::test]
async fn a_command_runs_in_a_directory_of_its_own_that_is_removed() {
    let text = run("pwd; ls -A; touch rubbish").await.unwrap().text;
    let [directory] = text.lines().collect::<Vec<_>>()[..] else { panic!("not empty: {text}") };
    assert_ne!(Path::new(directory), std::env::current_dir().unwrap());
    assert!(!Path::new(directory).exists());
}

#[tokio::test]
async fn variables_with_keys_are_withheld_and_others_are_not() {
    // Any two variables that cargo sets for its tests.
    let (mut line, meter) = shell(r#"echo "${CARGO_PKG_NAME-gone} ${CARGO_MANIFEST_DIR-gone}""#, &[]);
    line.withheld = vec!["CARGO_MANIFEST_DIR".into()];
    assert_eq!(ask(line, &meter, &request()).await.unwrap().text, "agents gone\n");
}

#[test]
fn only_calls_can_be_capped_where_nobody_knows_the_tokens() {
    let serve = |caps| {
        let mut router = Router::new(Arc::new(Meter::new(caps, Default::default())));
        router.command("m", CommandLine::parse("agent").unwrap()).map_err(|error| error.to_string())
    };
    assert_eq!(serve(Caps { calls: Some(3), ..Caps::default() }), Ok(()));
    let usd = serve(Caps { usd: Some(1.0), ..Caps::default() }).unwrap_err();
    assert!(usd.contains("`agent`") && usd.contains("US dollars") && usd.contains("limit calls instead"), "{usd}");
    assert!(serve(Caps { tokens: Some(1), ..Caps::default() }).unwrap_err().contains("tokens"));
}

#[tokio::test]
async fn calls_of_a_command_are_capped() {
    let (line, _) = shell("echo hi", &[]);
    let meter = Arc::new(Meter::new(Caps { calls: Some(1), ..Caps::default() }, Default::default()));
    ask(line.clone(), &meter, &request()).await.unwrap();
    let error = ask(line, &meter, &request()).await.unwrap_err();
    assert_eq!(error, ModelError::BudgetSpent { what: "calls (1)".into() });
}

/// A pipe with a name, and a script that holds it open by a whole family of processes once it has said so.
struct Family {
    directory: tempfile::TempDir,
}

const FAMILY: &str = r#"exec 3>"$0"; echo ready >&3; sleep 1000 & (sleep 1000; true) & sleep 1000"#;

impl Family {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let made = Command::new("mkfifo").arg(directory.path().join("pipe")).status().unwrap();
        assert!(made.success());
        Family { directory }
    }

    fn line(&self) -> (CommandLine, Arc<Meter>) {
        shell(FAMILY, &[self.directory.path().join("pipe").to_str().unwrap()])
    }

    /// Tells when the family is there, and when the last of it is gone.
    fn watch(&self) -> (oneshot::Receiver<()>, oneshot::Receiver<()>) {
        let ((here, is_here), (gone, is_gone)) = (oneshot::channel(), oneshot::channel());
        let pipe = self.directory.path().join("pipe");
        std::thread::spawn(move || {
            let mut pipe = BufReader::new(std::fs::File::open(pipe).unwrap());
            pipe.read_line(&mut String::new()).unwrap();
            here.send(()).unwrap();
            pipe.read_to_end(&mut Vec::new()).unwrap();
            gone.send(()).unwrap();
        });
        (is_here, is_gone)
    }
}

#[tokio::test]
async fn a_command_that_is_not_waited_for_ends_with_all_that_it_started() {
    let family = Family::new();
    let (is_here, is_gone) = family.watch();
    let (line, meter) = family.line();
    let task = {
        let meter = Arc::clone(&meter);
        tokio::spawn(async move { ask(line, &meter, &request()).await })
    };
    is_here.await.unwrap();
    task.abort();
    is_gone.await.unwrap();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(meter.take_losses()[0].problem, "nobody waited for the answer any more");
}

#[tokio::test]
async fn a_command_that_takes_too_long_ends_with_all_that_it_started() {
    let family = Family::new();
    let (is_here, is_gone) = family.watch();
    let (mut line, meter) = family.line();
    // Long enough for a busy machine to get as far as the pipe.
    line.timeout = Duration::from_secs(2);
    let error = ask(line, &meter, &request()).await.unwrap_err();
    assert_eq!(error.to_string(), "the command `sh` did not answer within 2 s and was ended");
    is_here.await.unwrap();
    is_gone.await.unwrap();
    assert_eq!((meter.spent().calls, meter.take_losses().len()), (1, 1));
}
