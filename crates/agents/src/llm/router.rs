//! Which endpoint or command serves which model.

use super::client::Client;
use super::command::{Command, CommandLine};
use super::desk::{Desk, Served};
use super::endpoint::Endpoint;
use super::meter::Meter;
use super::{Model, ModelError, Reply, Request};
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Models by their names. A name that nobody serves is an error: there is no fallback to another model or endpoint.
pub struct Router {
    meter: Arc<Meter>,
    models: BTreeMap<String, Arc<dyn Model>>,
    clients: Vec<Arc<Client>>,
}

impl Router {
    /// A router that knows no model yet. All that is asked through it is counted by `meter`.
    pub fn new(meter: Arc<Meter>) -> Self {
        Router { meter, models: BTreeMap::new(), clients: Vec::new() }
    }

    /// Serves a model from an endpoint. Models of the same endpoint share its connections and its limits.
    ///
    /// # Errors
    /// If the endpoint cannot be used, or if US dollars are capped and the model's price is unknown.
    pub fn serve(&mut self, model: &str, endpoint: &Endpoint) -> Result<(), ModelError> {
        self.meter.accept(model)?;
        let known = self.clients.iter().find(|client| client.endpoint().is(endpoint)).cloned();
        let client = match known {
            Some(client) => client,
            None => {
                let client = Arc::new(Client::metered(endpoint.clone(), Arc::clone(&self.meter))?);
                self.clients.push(Arc::clone(&client));
                client
            }
        };
        self.models.insert(model.to_owned(), client);
        Ok(())
    }

    /// Serves a model by a command.
    ///
    /// # Errors
    /// If US dollars or tokens are capped: nobody knows what a command uses.
    pub fn command(&mut self, model: &str, command: CommandLine) -> Result<(), ModelError> {
        self.meter.accept_command(&command.program)?;
        self.models.insert(model.to_owned(), Arc::new(Command::new(command, Arc::clone(&self.meter))));
        Ok(())
    }

    /// Serves a model by whoever comes to a desk.
    ///
    /// # Errors
    /// If US dollars or tokens are capped: nobody knows what it takes.
    pub fn desk(&mut self, model: &str, desk: Arc<Desk>) -> Result<(), ModelError> {
        self.meter.accept_command(model)?;
        self.models.insert(model.to_owned(), Arc::new(Served::new(desk, Arc::clone(&self.meter))));
        Ok(())
    }
}

impl Model for Router {
    fn ask<'a>(&'a self, request: &'a Request, ordinal: u32) -> BoxFuture<'a, Result<Reply, ModelError>> {
        match self.models.get(&request.model) {
            Some(model) => model.ask(request, ordinal),
            None => Box::pin(async { Err(ModelError::Unserved { model: request.model.clone() }) }),
        }
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let models: Vec<&String> = self.models.keys().collect();
        f.debug_struct("Router").field("models", &models).field("clients", &self.clients).finish_non_exhaustive()
    }
}
