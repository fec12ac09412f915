//! The user's own configuration, as commands take it and `doctor` shows it.

use crate::environment::Environment;
use crate::scripted_server::{Answer, Server};

const RUN: [&str; 8] = ["run", "tiny", "--executor", "m", "--iterations", "1", "--config", "config.toml"];

fn with(configuration: &str) -> Environment {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    environment.write("config.toml", configuration);
    environment
}

#[test]
fn a_mistake_in_the_configuration_is_shown_with_its_line_and_key() {
    for (text, expected) in [
        ("[endpoints.x]\nbase_url = \"http://h/v1\"\nbase = 1\n", "config.toml:3: endpoints.x.base: unknown field"),
        ("[endpoints.x]\nattempts = 2\n", "endpoints.x.base_url: an endpoint needs its `base_url`"),
        ("[models.m]\nendpoint = \"y\"\n", "config.toml:2: models.m.endpoint: there is no [endpoints.y]"),
        ("[models.m]\ntemperature = 3.0\n", "config.toml:2: models.m.temperature: "),
        ("[prices.m]\nprompt = -1.0\ncompletion = 1.0\n", "a price is in US dollars"),
        ("prompts = \"nowhere\"\n", "nowhere"),
    ] {
        let message = with(text).fails(2, &RUN);
        assert!(message.contains(expected), "{text}: {message}");
    }
    let message = with("").fails(2, &["run", "tiny", "--executor", "m", "--config", "none.toml"]);
    assert!(message.contains("cannot read the configuration none.toml"), "{message}");
}

#[test]
fn a_key_that_stands_in_the_configuration_is_refused_and_not_repeated() {
    let secret = "sk-proj-a1B2c3D4e5F6a1B2c3D4e5F6";
    let environment = with(&format!("[endpoints.default]\nkey_variable = {secret:?}\n"));
    let outcome = environment.run(&RUN);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("config.toml:2: endpoints.default.key_variable"), "{}", outcome.stderr);
    let doctor = environment.run(&["doctor", "--config", "config.toml"]);
    for text in [&outcome.stderr, &outcome.stdout, &doctor.stdout, &doctor.stderr] {
        assert!(!text.contains(secret) && !text.contains("a1B2c3D4"), "{text}");
    }
}

#[test]
fn a_key_that_an_endpoint_names_must_be_set() {
    let environment = with(
        "[endpoints.x]\nbase_url = \"http://127.0.0.1:9/v1\"\nkey_variable = \"X_KEY\"\n[models.m]\nendpoint = \"x\"\n",
    );
    let message = environment.fails(2, &RUN);
    assert!(message.contains("no key: set X_KEY, which the endpoint `x` (127.0.0.1) wants"), "{message}");
    assert!(!environment.path(".elenchus").exists());
}

#[test]
fn an_endpoint_is_asked_in_the_way_that_is_configured() {
    let server = Server::start(|_| Answer::error(400, "enough"));
    let configuration = format!(
        "[endpoints.x]\nbase_url = {:?}\nkey_variable = \"\"\noutput_field = \"max_tokens\"\nstructured = true\n\
         [models.m]\nendpoint = \"x\"\ntemperature = 0.25\nmax_completion_tokens = 1234\n",
        server.base_url()
    );
    let mut environment = with(&configuration);
    environment.set("OPENAI_API_KEY", crate::scripted_server::KEY);
    let message = environment.fails(1, &["run", "tiny", "--planner", "m", "--config", "config.toml"]);
    assert!(message.contains("enough"), "{message}");
    let request = &server.requests()[0];
    assert_eq!(request.header("authorization"), None, "an empty key_variable is no key");
    assert_eq!((&request.body["max_tokens"], &request.body["temperature"]), (&1234.into(), &0.25.into()));
    assert_eq!(request.body["response_format"]["type"], "json_schema");
}

#[test]
fn doctor_shows_what_is_configured_and_no_value_of_a_key() {
    let mut environment = with(
        "prompts = \"mine\"\n[endpoints.lab]\nbase_url = \"http://gpu.lan:8000/v1?key=abcdef\"\nkey_variable = \"LAB_KEY\"\n\
         [models.\"qwen3:32b\"]\nendpoint = \"lab\"\n[prices.\"gpt-5\"]\nprompt = 1.25\ncompletion = 10.0\n",
    );
    environment.write("mine/notes.txt", "no template");
    environment.set("LAB_KEY", "lab-secret-0123456789");
    let shown = environment.run(&["doctor", "--config", "config.toml"]).stdout;
    for expected in [
        "config.toml",
        "api.openai.com (the default), OPENAI_API_KEY is not set",
        "gpu.lan (the configuration), LAB_KEY is set",
        "endpoint lab, no price: its cost is unknown",
        "endpoint default, priced",
        "holds no template",
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    assert!(!shown.contains("lab-secret") && !shown.contains("abcdef"), "{shown}");
}
