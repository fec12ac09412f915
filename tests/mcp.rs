//! A coding agent drives a campaign by tools, over a pipe, with the protocol's own client.

use crate::environment::Environment;
use crate::language_model::{brain, copy_tiny};
use rmcp::ServiceExt;
use rmcp::model::CallToolRequestParams;
use rmcp::service::{RoleClient, RunningService};
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::process::{Child, Command};

/// A server, and who speaks to it.
struct Agent {
    child: Child,
    client: RunningService<RoleClient, ()>,
}

impl Agent {
    async fn start(environment: &Environment, arguments: &[&str]) -> Self {
        let mut command = Command::from(environment.command(arguments));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().expect("it starts");
        let pipes = (child.stdout.take().expect("a pipe"), child.stdin.take().expect("a pipe"));
        Agent { client: ().serve(pipes).await.expect("it speaks the protocol"), child }
    }

    /// What a tool says, and whether that is an error.
    async fn call(&self, tool: &'static str, arguments: Value) -> (String, bool) {
        let arguments = arguments.as_object().expect("an object").clone();
        let result = self.client.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await;
        let result = serde_json::to_value(result.expect("a result")).expect("JSON");
        let text = result["content"][0]["text"].as_str().expect("a text").to_owned();
        (text, result["isError"] == true)
    }

    async fn ok(&self, tool: &'static str, arguments: Value) -> String {
        let (text, failed) = self.call(tool, arguments).await;
        assert!(!failed, "{tool}: {text}");
        text
    }

    /// Answers what is asked for now, as the scripted model would.
    async fn turn(&self) -> String {
        let (system, user) = (self.ok("contract", json!({})).await, self.ok("state", json!({})).await);
        let reply = brain::text(&system, &user);
        match user.starts_with("A bundle") {
            true => self.ok("register_bundle", json!({"bundle": reply})).await,
            false => self.ok("submit_source", json!({"source": reply})).await,
        }
    }
}

#[tokio::test]
async fn a_coding_agent_drives_a_campaign_by_six_tools_is_killed_and_goes_on() {
    let environment = Environment::new();
    copy_tiny(&environment);
    let agent = Agent::start(&environment, &["mcp", "tiny", "--iterations", "2", "--nonce", "1"]).await;
    let mut tools: Vec<String> =
        agent.client.list_all_tools().await.unwrap().into_iter().map(|tool| tool.name.into_owned()).collect();
    tools.sort();
    assert_eq!(tools, ["ask", "contract", "register_bundle", "state", "submit_source", "verdict"]);

    assert!(agent.ok("contract", json!({})).await.contains("pub trait Admitter"));
    assert!(agent.ok("state", json!({})).await.contains("No candidate has been scored yet."));
    let (early, failed) = agent.call("submit_source", json!({"source": "fn main() {}"})).await;
    assert!(failed && early.contains("`plan`"), "{early}");
    let wrong = agent.ok("register_bundle", json!({"bundle": "{\"question\": \"q\"}"})).await;
    assert!(wrong.contains("It cannot be used") && wrong.contains("`register_bundle`"), "{wrong}");
    assert!(agent.turn().await.starts_with("A source is waited for"));
    assert!(agent.turn().await.starts_with("A bundle is waited for"), "it was compiled, measured and judged");

    let verdict = agent.ok("verdict", json!({})).await;
    assert!(verdict.contains("iteration 1: ") && verdict.contains("main: "), "{verdict}");
    let lineage = environment.json(&["report", "--format", "json"])["lineage"].clone();
    let id = lineage[0]["candidate"].as_str().unwrap();
    let source = agent.ok("ask", json!({"candidate": &id[..8], "what": "source"})).await;
    assert!(source.contains("impl Admitter for"), "{source}");
    assert!(agent.ok("ask", json!({"candidate": &id[..8], "what": "behaviour"})).await.contains("| saturation |"));
    assert!(agent.ok("ask", json!({"candidate": &id[..8], "what": "where"})).await.contains("Where it loses most"));
    assert!(agent.call("ask", json!({"candidate": "zz", "what": "where"})).await.1);
    // What has to run for is asked as the planner does, and is bounded and on record as his questions are.
    let seen = agent.ok("ask", json!({"candidate": "reference", "what": "timeline", "workload": "busy"})).await;
    assert!(
        seen.contains("under the reference") && seen.contains("| time since the measured window began, s | "),
        "{seen}"
    );
    let text = json!({"candidate": &id[..8], "what": "ablation", "find": "saturation(5.0, 0.8)", "replace": "saturation(5.0, 0.7)"});
    let changed = agent.ok("ask", text).await;
    assert!(changed.contains(" so changed: saving ") && changed.contains("You have 2 questions left"), "{changed}");
    let none = agent.ok("ask", json!({"candidate": &id[..8], "what": "ablation", "find": "nowhere"})).await;
    assert!(none.contains("stands 0 times in the source"), "{none}");
    agent.ok("ask", json!({"candidate": "prompt", "what": "signal"})).await;
    let (spent, failed) = agent.call("ask", json!({"candidate": "prompt", "what": "signal"})).await;
    assert!(failed && spent.contains("no questions are left"), "{spent}");

    let Agent { mut child, client } = agent;
    child.kill().await.unwrap();
    drop(client);
    let campaign = environment.json(&["show", "--format", "json"])["campaign"].as_str().unwrap().to_owned();
    let agent = Agent::start(&environment, &["mcp", "--campaign", &campaign]).await;
    assert!(agent.ok("state", json!({})).await.contains("Iteration 2 of 2"), "nothing is asked again");
    let mut said = String::new();
    while !said.starts_with("The campaign has ended: completed") {
        said = agent.turn().await;
    }
    assert!(said.contains("elenchus verify"), "{said}");
    drop(agent);

    let shown = environment.json(&["show", "--format", "json"]);
    assert_eq!(shown["agents"], "planner=mcp executor=mcp extractor=builtin");
    assert_eq!(shown["iterations"].as_array().map(Vec::len), Some(2));
    assert_eq!(environment.json(&["report", "--format", "json"])["sealed"], Value::Null, "what is sealed stays so");
    // What it said is on record like any model's words.
    environment.ok(&["cassette", "--output", "tape.jsonl"]);
    environment.ok(&["--state-dir", "again", "run", "tiny", "--replay", "tape.jsonl"]);
    let refused = environment.run(&["run", "tiny", "--planner", "mcp"]);
    assert!(refused.code == 2 && refused.stderr.contains("mean something else"), "{}", refused.stderr);
}

#[tokio::test]
async fn an_agent_that_hangs_up_stops_the_campaign_between_two_steps() {
    let environment = Environment::new();
    copy_tiny(&environment);
    let agent = Agent::start(&environment, &["mcp", "tiny", "--iterations", "1", "--nonce", "1"]).await;
    agent.ok("state", json!({})).await;
    let Agent { mut child, client } = agent;
    client.cancel().await.unwrap();
    assert_eq!(child.wait().await.unwrap().code(), Some(130));
    assert!(environment.run(&["resume"]).stderr.contains("elenchus mcp --campaign"));
}
