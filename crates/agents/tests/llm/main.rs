//! The language-model agents against a scripted server and scripted models.

mod campaign;
mod command;
mod desk;
mod faults;
mod golden;
mod http;
mod lessons;
mod meter;
mod prompts;
mod proposals;
mod repair;
#[path = "../../../../tests/fixtures/scripted_server.rs"]
mod scripted_server;
#[path = "../../../../tests/fixtures/verdict_seeds.rs"]
mod verdict_seeds;
