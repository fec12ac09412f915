//! A desk where questions wait for somebody outside of this program who takes them up when it suits him: a coding agent.

use super::meter::{Meter, Worst};
use super::{Model, ModelError, Reply, Request, Role, Usage};
use futures::future::BoxFuture;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{oneshot, watch};

/// A model whose replies are handed in. What waits first is asked first.
pub struct Desk {
    waiting: Mutex<VecDeque<Waiting>>,
    /// Changes whenever a question comes, is answered, or none will come any more; true then.
    closed: watch::Sender<bool>,
}

struct Waiting {
    request: Request,
    reply: oneshot::Sender<Reply>,
}

impl Default for Desk {
    fn default() -> Self {
        Desk { waiting: Mutex::default(), closed: watch::Sender::new(false) }
    }
}

impl Desk {
    /// The question that waits first, once there is one; none if none will come any more.
    pub async fn question(&self) -> Option<Request> {
        let mut changes = self.closed.subscribe();
        loop {
            if let Some(first) = self.first() {
                return Some(first);
            }
            if *changes.borrow_and_update() || changes.changed().await.is_err() {
                return self.first();
            }
        }
    }

    /// Hands in the reply to the question that waits first, which has to be for one of these roles.
    pub fn answer(&self, roles: &[Role], text: String) -> Result<(), String> {
        let mut waiting = self.waiting();
        match waiting.front() {
            None => return Err("nothing is asked at the moment".into()),
            Some(first) if !roles.contains(&first.request.role) => {
                return Err(format!("what is asked for is of another kind (`{}`)", first.request.role.as_str()));
            }
            Some(_) => {}
        }
        let first = waiting.pop_front().expect("it was just there");
        drop(waiting);
        // Whoever asked may be gone: a campaign that was stopped.
        let _ = first.reply.send(Reply { text, ..Reply::default() });
        self.closed.send_modify(|_| ());
        Ok(())
    }

    /// Says that no question will come any more.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    /// The question that waits first, if there is one now.
    pub fn first(&self) -> Option<Request> {
        let mut waiting = self.waiting();
        waiting.retain(|waiting| !waiting.reply.is_closed());
        waiting.front().map(|first| first.request.clone())
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The desk as a model whose calls are counted.
pub(super) struct Served {
    desk: Arc<Desk>,
    meter: Arc<Meter>,
}

impl Served {
    pub(super) fn new(desk: Arc<Desk>, meter: Arc<Meter>) -> Self {
        Served { desk, meter }
    }

    async fn ask(&self, request: &Request) -> Result<Reply, ModelError> {
        let mut reservation = self.meter.reserve(Worst::unknown(request)).await?;
        let (reply, answer) = oneshot::channel();
        self.desk.waiting().push_back(Waiting { request: request.clone(), reply });
        self.desk.closed.send_modify(|_| ());
        match answer.await {
            Ok(reply) => {
                reservation.sent();
                Ok(Reply { cost: reservation.settle(Usage::default()), ..reply })
            }
            Err(_) => Err(ModelError::Record("whoever was asked has left".into())),
        }
    }
}

impl Model for Served {
    fn ask<'a>(&'a self, request: &'a Request, _: u32) -> BoxFuture<'a, Result<Reply, ModelError>> {
        Box::pin(Served::ask(self, request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::Caps;
    use std::collections::BTreeMap;

    fn request(role: Role) -> Request {
        Request {
            role,
            model: "mcp".into(),
            system: "s".into(),
            user: "u".into(),
            temperature: None,
            max_completion_tokens: 10,
            schema: None,
        }
    }

    fn served(desk: &Arc<Desk>) -> Served {
        let caps = Caps { usd: None, tokens: None, calls: Some(2) };
        Served::new(Arc::clone(desk), Arc::new(Meter::new(caps, BTreeMap::new())))
    }

    #[tokio::test]
    async fn a_question_waits_until_it_is_answered_and_the_next_one_follows() {
        let desk = Arc::new(Desk::default());
        let served = served(&desk);
        let (plan, code) = (request(Role::Plan), request(Role::Implement));
        let asked = async { (Model::ask(&served, &plan, 0).await, Model::ask(&served, &code, 0).await) };
        let answers = async {
            assert_eq!(desk.question().await.map(|first| first.role), Some(Role::Plan));
            assert!(desk.answer(&[Role::Implement], "x".into()).unwrap_err().contains("`plan`"));
            desk.answer(&[Role::Plan], "a plan".into()).unwrap();
            assert_eq!(desk.question().await.map(|first| first.role), Some(Role::Implement));
            desk.answer(&[Role::Repair, Role::Implement], "code".into()).unwrap();
        };
        let ((plan, code), ()) = futures::join!(asked, answers);
        assert_eq!((plan.unwrap().text, code.unwrap().text), ("a plan".into(), "code".into()));
        assert_eq!(desk.answer(&[Role::Plan], String::new()), Err("nothing is asked at the moment".into()));
        let spent = Model::ask(&served, &request(Role::Plan), 1).await;
        assert!(matches!(spent, Err(ModelError::BudgetSpent { .. })), "calls are counted");
    }

    #[tokio::test]
    async fn a_closed_desk_has_no_question() {
        let desk = Desk::default();
        desk.close();
        assert_eq!(desk.question().await, None);
    }

    #[tokio::test]
    async fn a_question_that_nobody_waits_for_any_more_is_gone() {
        let desk = Arc::new(Desk::default());
        let served = served(&desk);
        let plan = request(Role::Plan);
        drop(futures::poll!(Model::ask(&served, &plan, 0)));
        desk.close();
        assert_eq!(desk.question().await, None);
    }
}
