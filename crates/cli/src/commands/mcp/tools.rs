//! The tools that a coding agent drives a campaign by.

use super::told::told;
use engine::agents::llm::{ANSWERS, Desk, NO_QUESTIONS, Request, Role, UNUSABLE, behaviour, place};
use engine::science::id::CandidateId;
use engine::science::state::State;
use engine::{Campaign, Progress};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{CampaignId, Store};

/// A campaign that somebody drives from outside, as the tools see it.
pub(super) struct Session {
    desk: Arc<Desk>,
    store: Store,
    id: CampaignId,
    known: Mutex<Known>,
}

/// What was seen of the campaign.
struct Known {
    state: State,
    /// What was recorded since the last bundle, a line each.
    said: Vec<String>,
    /// Why it stopped, if it failed.
    failed: Option<String>,
}

impl Session {
    pub(super) fn new(desk: &Arc<Desk>, store: Store, campaign: &Campaign) -> Self {
        let known = Known { state: campaign.state.clone(), said: Vec::new(), failed: None };
        Session { desk: Arc::clone(desk), store, id: campaign.id.clone(), known: Mutex::new(known) }
    }

    /// Takes in what the campaign does.
    pub(super) fn saw(&self, progress: &Progress<'_>) {
        let Progress::Recorded(state, event) = progress else { return };
        let mut known = self.known();
        let ends = event.kind() == "iteration-closed" && state.is_independent();
        if event.kind() == "bundle-registered" || ends {
            known.said.clear();
        }
        known.state = (*state).clone();
        // What one draft came to is not for the next.
        if !ends {
            known.said.extend(told(state, event));
        }
    }

    /// Says that the campaign does nothing more.
    pub(super) fn close(&self, failed: Option<String>) {
        self.known().failed = failed;
        self.desk.close();
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is waited for now, in full or in a sentence.
    async fn next(&self, full: bool) -> String {
        match self.desk.question().await {
            Some(request) if full => format!("{}\n\n{}", wanted(&request), request.user),
            // What is wrong with a reply stands at the end of the question that it did not answer.
            Some(request) => match request.user.split_once(UNUSABLE) {
                Some((_, wrong)) => format!("It cannot be used.{wrong}\n\n{}", wanted(&request)),
                None => wanted(&request),
            },
            None => self.over(),
        }
    }

    /// The answer to a question of the planner's, which is on record as any reply of his.
    async fn asked(&self, question: String) -> Result<String, String> {
        // One too many would cost a reply.
        let answers = |request: &Request| request.user.rsplit_once(ANSWERS).map(|(_, answers)| answers.to_owned());
        if self.desk.first().as_ref().and_then(answers).is_some_and(|answers| answers.contains(NO_QUESTIONS)) {
            return Err("no questions are left in this iteration: register a bundle".into());
        }
        self.desk.answer(&[Role::Plan], question)?;
        let Some(request) = self.desk.question().await else { return Err(self.over()) };
        match answers(&request) {
            Some(answer) if !answer.contains(UNUSABLE) => Ok(answer),
            _ => Err(request.user.split_once(UNUSABLE).map_or_else(String::new, |(_, wrong)| wrong.trim().to_owned())),
        }
    }

    fn over(&self) -> String {
        let known = self.known();
        match (&known.failed, &known.state.ended) {
            (Some(failed), _) => format!("The campaign failed: {failed}"),
            (None, Some(end)) => format!(
                "The campaign has ended: {end}. Its champion is looked at under the seal by a person: `elenchus verify {}`.",
                self.id.short()
            ),
            (None, None) => {
                format!("The campaign stops. It goes on with `elenchus mcp --campaign {}`.", self.id.short())
            }
        }
    }

    fn candidate(&self, prefix: &str) -> Result<CandidateId, String> {
        let known = self.known();
        let shown = known.state.shown();
        let ids: Vec<&CandidateId> = shown.order.iter().filter(|id| id.as_str().starts_with(prefix)).collect();
        match ids.as_slice() {
            [id] if prefix.len() >= 4 => Ok((*id).clone()),
            [] => Err(format!("no candidate of this campaign begins with `{prefix}`")),
            _ => Err(format!("`{prefix}` is too short to tell candidates apart")),
        }
    }
}

/// What a question wants, and by which tool it is given.
fn wanted(request: &Request) -> String {
    match request.role {
        Role::Plan => "A bundle is waited for: `state` shows what to plan by, `register_bundle` takes it.".into(),
        Role::Implement => "A source is waited for: `state` shows for which arm, `submit_source` takes it.".into(),
        Role::Repair => "A mended source is waited for: `state` shows what is wrong, `submit_source` takes it.".into(),
        Role::Extract => "Lessons are waited for.".into(),
    }
}

#[derive(Clone)]
pub(super) struct Tools {
    session: Arc<Session>,
    tool_router: ToolRouter<Self>,
}

#[derive(Deserialize, JsonSchema)]
struct Bundle {
    /// The bundle as JSON, in the form that `contract` shows
    bundle: String,
}

#[derive(Deserialize, JsonSchema)]
struct Source {
    /// The reply that `contract` asks for: the file in a ```rust block, or, where the arm has further designs, a block for each
    source: String,
}

#[derive(Deserialize, JsonSchema)]
struct Ask {
    /// The beginning of a candidate's id; for `timeline` also `baseline` or `reference`, for `signal` the name of an input
    candidate: String,
    /// What is asked: its `source`, `where` it wins and loses, its `behaviour`. While a bundle is waited for, and as often as `state`
    /// says, also a `timeline` of one workload, an `ablation` of its text, which takes an evaluation, and a `signal`
    what: What,
    /// For `timeline`, the name of a workload; without it the one in which the candidate loses most
    workload: Option<String>,
    /// For `ablation`, a text that stands once in the candidate's source
    find: Option<String>,
    /// For `ablation`, what is to stand there instead
    replace: Option<String>,
}

#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum What {
    Source,
    Where,
    Behaviour,
    Timeline,
    Ablation,
    Signal,
}

#[tool_router]
impl Tools {
    pub(super) fn new(session: Arc<Session>) -> Self {
        Tools { session, tool_router: Self::tool_router() }
    }

    #[tool(
        description = "The system, the contract that candidates are written against, the question, how candidates are scored, \
                          and the form of the reply that is waited for now. Read it first, and again when another kind of reply is wanted."
    )]
    async fn contract(&self) -> String {
        match self.session.desk.question().await {
            Some(request) => {
                let schema = request.schema.map(|schema| format!("\n\nThe reply is JSON of this schema:\n{schema}"));
                format!("{}{}", request.system, schema.unwrap_or_default())
            }
            None => self.session.over(),
        }
    }

    #[tool(
        description = "Waits until something is wanted, and says what: where the campaign stands, with findings, principles, the best \
                          candidates, their margins to each guard and what is left of the budgets; or which source is to be written or mended."
    )]
    async fn state(&self) -> String {
        self.session.next(true).await
    }

    #[tool(
        description = "Registers the claims of the next iteration, before anything of them runs. Says what is wanted next."
    )]
    async fn register_bundle(&self, Parameters(Bundle { bundle }): Parameters<Bundle>) -> Result<String, String> {
        self.session.desk.answer(&[Role::Plan], bundle)?;
        Ok(self.session.next(false).await)
    }

    #[tool(
        description = "Submits the source that is waited for. It is compiled, measured and judged by code; says what is wanted next, \
                          once that is done."
    )]
    async fn submit_source(&self, Parameters(Source { source }): Parameters<Source>) -> Result<String, String> {
        self.session.desk.answer(&[Role::Implement, Role::Repair], source)?;
        Ok(self.session.next(false).await)
    }

    #[tool(
        description = "What came of the last bundle so far: outcomes, verdicts with their intervals, what was learned."
    )]
    async fn verdict(&self) -> String {
        let known = self.session.known();
        match known.said.is_empty() {
            true => "Nothing was judged yet.".into(),
            false => known.said.join("\n"),
        }
    }

    #[tool(description = "Asks about a candidate, at once; all but an ablation costs nothing. Nothing sealed is told.")]
    async fn ask(&self, Parameters(ask): Parameters<Ask>) -> Result<String, String> {
        let Ask { candidate, what, workload, find, replace } = ask;
        if let What::Timeline | What::Ablation | What::Signal = what {
            let asked = json!({"what": what, "of": candidate, "workload": workload, "find": find, "replace": replace});
            return self.session.asked(json!({"ask": [asked]}).to_string()).await;
        }
        let id = self.session.candidate(&candidate)?;
        if let What::Source = what {
            let written = self.session.known().state.candidates[&id].candidate.clone();
            let source = self.session.store.source(&self.session.id, &written).await;
            return source.map_err(|error| error.to_string())?.ok_or_else(|| "its source is not on record".into());
        }
        let known = self.session.known();
        let shown = known.state.shown();
        if let What::Where = what { place(&shown, &id) } else { behaviour(&shown, &id) }
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Tools {}
