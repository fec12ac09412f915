//! The language-model agents against a scripted server and scripted models, and the researcher in a made-up world.

mod asking;
mod campaign;
mod command;
mod context;
mod faults;
mod golden;
mod http;
mod lessons;
mod meter;
mod other_problem;
mod prompts;
mod proposals;
mod repair;
mod researcher;
#[path = "../../../../tests/fixtures/scripted_server.rs"]
mod scripted_server;
#[path = "../../../../tests/fixtures/verdict_seeds.rs"]
mod verdict_seeds;
