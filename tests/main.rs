//! End-to-end tests: the real command in a temporary directory with a cleared environment.

mod addresses;
mod arrows;
mod bad_input;
mod bounds;
mod campaign;
mod candidates;
mod compare;
mod configuration;
mod controls;
mod design_space;
mod diff;
mod environment;
mod export;
mod failed_step;
mod finals;
mod flow_control;
mod flow_discovery;
mod init;
mod language_model;
mod mcp;
mod newsvendor;
mod probing;
mod progress;
mod reading;
mod record;
mod schema;
mod seal;
mod serve;
mod simplification;
mod simulate;
mod translate;
mod translate_limiter;

/// The scripted OpenAI-compatible server; the agents' own tests use more of it than these.
#[allow(dead_code)]
#[path = "fixtures/scripted_server.rs"]
mod scripted_server;
