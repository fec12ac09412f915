//! Why a model could not be asked.

/// Why there is no reply. Each is a plain sentence for a person; none ever holds the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// HTTP 401 or 403.
    #[error("{server} refuses the request as unauthorized (HTTP {status}); {advice}{}", detail(message))]
    Unauthorized {
        /// Scheme, host and port of the endpoint.
        server: String,
        /// The HTTP status.
        status: u16,
        /// What to do about it: names the variable that holds the key.
        advice: String,
        /// What the server said.
        message: String,
    },
    /// HTTP 429, after all attempts.
    #[error("{server} still limits the rate after {} (HTTP 429){}", counted(*attempts), detail(message))]
    RateLimited {
        /// Scheme, host and port of the endpoint.
        server: String,
        /// Attempts made.
        attempts: u32,
        /// What the server said.
        message: String,
    },
    /// HTTP 429 for a quota that is spent: waiting does not help.
    #[error("the account's quota at {server} is spent (HTTP 429){}", detail(message))]
    QuotaSpent {
        /// Scheme, host and port of the endpoint.
        server: String,
        /// What the server said.
        message: String,
    },
    /// Any other refusal, for example an unknown model or too long a prompt.
    #[error("{server} refuses the request (HTTP {status}){}", detail(message))]
    Refused {
        /// Scheme, host and port of the endpoint.
        server: String,
        /// The HTTP status.
        status: u16,
        /// What the server said.
        message: String,
    },
    /// HTTP 5xx, after all attempts.
    #[error("{server} fails with HTTP {status} after {}{}", counted(*attempts), detail(message))]
    ServerError {
        /// Scheme, host and port of the endpoint.
        server: String,
        /// The HTTP status.
        status: u16,
        /// Attempts made.
        attempts: u32,
        /// What the server said.
        message: String,
    },
    /// No connection, or one that broke, after all attempts.
    #[error("cannot talk to {server} after {}: {problem}", counted(*attempts))]
    Transport {
        /// Scheme, host and port of the endpoint.
        server: String,
        /// Attempts made.
        attempts: u32,
        /// What went wrong.
        problem: String,
    },
    /// No complete answer in time, after all attempts.
    #[error("{server} did not answer within {seconds} s; given up after {}", counted(*attempts))]
    TimedOut {
        /// Scheme, host and port of the endpoint.
        server: String,
        /// The limit of one attempt.
        seconds: u64,
        /// Attempts made.
        attempts: u32,
    },
    /// The body of the answer is larger than the limit.
    #[error("{server} answers with more than {limit} bytes")]
    TooLarge {
        /// Scheme, host and port of the endpoint.
        server: String,
        /// The limit.
        limit: usize,
    },
    /// The answer is no chat completion, after all attempts.
    #[error("{server} does not answer like an OpenAI-compatible server: {problem}")]
    Malformed {
        /// Scheme, host and port of the endpoint.
        server: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The endpoint cannot be used as it was given.
    #[error("the endpoint cannot be used: {0}")]
    Endpoint(String),
    /// A template of the user's does not fit: which one, its line, and what it names that does not exist.
    #[error("{0}")]
    Template(String),
    /// The budget does not reach for the request: it was not sent.
    #[error("the budget is spent: {what} has no room for another request at its worst")]
    BudgetSpent {
        /// Which budget, with its size, for example `usd (5.00)`.
        what: String,
    },
    /// US dollars are capped, and nobody knows what the model costs.
    #[error(
        "the price of the model `{model}` is unknown, so a budget in US dollars cannot be kept: add [prices.{model:?}] with `prompt` and `completion` (US dollars per million tokens) to your configuration, or give no budget in US dollars"
    )]
    Unpriced {
        /// The model's name.
        model: String,
    },
    /// Money or tokens are capped, and nobody knows what a command uses.
    #[error(
        "nobody knows what the command `{program}` costs, so a budget in {cap} cannot be kept: limit calls instead"
    )]
    Uncounted {
        /// The command's program.
        program: String,
        /// What is capped.
        cap: String,
    },
    /// No endpoint and no command serves the model.
    #[error("no endpoint serves the model `{model}`")]
    Unserved {
        /// The model's name.
        model: String,
    },
    /// A command did not answer.
    #[error("the command `{program}` {problem}")]
    Command {
        /// The program.
        program: String,
        /// What happened, with the last line that it wrote about it.
        problem: String,
    },
    /// The place where replies are kept failed, or does not hold the reply that a replay needs. For recorders.
    #[error("{0}")]
    Record(String),
}

fn detail(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!("; it says: {message}") }
}

fn counted(attempts: u32) -> String {
    if attempts == 1 { "1 attempt".into() } else { format!("{attempts} attempts") }
}
