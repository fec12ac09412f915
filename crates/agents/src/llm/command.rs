//! Others' agents: a command that gets the prompt on its standard input and answers on its standard output.
//!
//! It runs with the rights of the user, in an empty directory of its own that is removed afterwards, so that a coding
//! agent does not edit the user's files by accident. That is no wall: it can leave the directory whenever it wants.

use super::meter::{Meter, Worst};
use super::{Model, ModelError, Reply, Request, Usage, text};
use futures::future::BoxFuture;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::oneshot;

/// Bytes that a command may answer.
const ANSWER: usize = 1 << 20;

/// Bytes of the end of what it writes about errors that are kept.
const LAST_WORDS: usize = 4096;

/// A command that answers for a model. It gets the prompt on its standard input and answers on its standard output; what it
/// writes there is data like any model's reply.
///
/// It runs with the user's own rights, outside of any sandbox, for at most `timeout`; then it is ended with all that it
/// started in its process group. It starts in an empty directory that is removed afterwards. It comes from the command line
/// or the user's own configuration, never from an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// The program: looked up on the path, or, with a slash in it, a file seen from the directory of the caller.
    pub program: String,
    /// Its arguments, passed on as they are.
    pub arguments: Vec<String>,
    /// Time for one answer.
    pub timeout: Duration,
    /// Variables that hold keys of ours: the command does not inherit them.
    pub withheld: Vec<String>,
}

impl CommandLine {
    /// Splits a line into words as a shell does. No shell is run: variables, pipes and wildcards mean nothing.
    ///
    /// # Errors
    /// A sentence, if there is no word or a quote is left open.
    pub fn parse(text: &str) -> Result<CommandLine, String> {
        let Some(words) = shlex::split(text) else {
            return Err(format!("the command `{text}` has an open quote, or ends in a backslash"));
        };
        let mut words = words.into_iter();
        let Some(program) = words.next().filter(|program| !program.is_empty()) else {
            return Err("the command is empty".into());
        };
        let timeout = Duration::from_secs(1800);
        Ok(CommandLine { program, arguments: words.collect(), timeout, withheld: Vec::new() })
    }
}

/// Asks a command.
pub(super) struct Command {
    line: CommandLine,
    meter: Arc<Meter>,
}

impl Command {
    pub(super) fn new(line: CommandLine, meter: Arc<Meter>) -> Self {
        Command { line, meter }
    }

    async fn answer(&self, request: &Request) -> Result<Reply, ModelError> {
        let mut reservation = self.meter.reserve(Worst::unknown(request)).await?;
        let (running, ended) = start(&self.line, prompt(request)).map_err(|problem| self.failed(problem))?;
        reservation.sent();
        let ended = tokio::time::timeout(self.line.timeout, ended).await;
        drop(running);
        let outcome = match ended {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err("ended in a way that nobody saw".into()),
            Err(_) => Err(format!("did not answer within {} s and was ended", self.line.timeout.as_secs_f64())),
        };
        match outcome {
            Ok(text) => Ok(Reply { text, cost: reservation.settle(Usage::default()), ..Reply::default() }),
            Err(problem) => {
                let error = self.failed(problem);
                reservation.lose(error.to_string());
                Err(error)
            }
        }
    }

    fn failed(&self, problem: String) -> ModelError {
        ModelError::Command { program: self.line.program.clone(), problem }
    }
}

impl Model for Command {
    fn ask<'a>(&'a self, request: &'a Request, _ordinal: u32) -> BoxFuture<'a, Result<Reply, ModelError>> {
        Box::pin(self.answer(request))
    }
}

/// All that a model would see, as one text.
fn prompt(request: &Request) -> String {
    let mut prompt = format!("{}\n\n{}\n", request.system.trim_end(), request.user.trim_end());
    if let Some(schema) = &request.schema {
        prompt.push_str(&format!("\nThe reply must be JSON that fits this schema:\n\n{schema:#}\n"));
    }
    prompt
}

/// What a command answered, or what became of it, in words that follow its name.
type Outcome = Result<String, String>;

/// A command under way. Dropped, it ends the command with all that it started in its process group, and removes its
/// directory.
struct Running {
    group: Arc<Group>,
    _directory: TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.group.kill();
    }
}

/// A process group whose leader is our child. Its number is ours until the child is reaped, and not a moment longer.
struct Group {
    leader: Pid,
    reaped: Mutex<bool>,
}

impl Group {
    fn kill(&self) {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if !*reaped {
            // It fails only where nobody is left in the group.
            let _ = kill_process_group(self.leader, Signal::KILL);
        }
    }

    /// Waits for the leader; whoever it left behind in the group ends with it.
    fn wait(&self, child: &mut Child) -> io::Result<ExitStatus> {
        while let Err(error) = waitid(WaitId::Pid(self.leader), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            if error != rustix::io::Errno::INTR {
                return Err(error.into());
            }
        }
        self.kill();
        let mut reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        *reaped = true;
        child.wait()
    }
}

fn start(line: &CommandLine, prompt: String) -> Result<(Running, oneshot::Receiver<Outcome>), String> {
    let directory =
        TempDir::with_prefix("elenchus-").map_err(|error| format!("has no directory to run in: {error}"))?;
    let program = program(&line.program).map_err(|error| format!("cannot be found: {error}"))?;
    let mut command = std::process::Command::new(program);
    command.args(&line.arguments).current_dir(directory.path()).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in &line.withheld {
        command.env_remove(variable);
    }
    let child = command.spawn().map_err(|error| format!("cannot be started: {error}"))?;
    let leader = Pid::from_child(&child);
    let group = Arc::new(Group { leader, reaped: Mutex::new(false) });
    let (tell, ended) = oneshot::channel();
    let watched = Arc::clone(&group);
    // A thread of its own: a pipe that a runaway descendant holds open must not hold up the end of the runtime.
    std::thread::spawn(move || {
        let _ = tell.send(attend(child, &watched, &prompt));
    });
    Ok((Running { group, _directory: directory }, ended))
}

/// A program with a slash is meant from where the user stands, not from the directory that it will run in.
fn program(name: &str) -> io::Result<PathBuf> {
    if name.contains('/') { std::path::absolute(name) } else { Ok(Path::new(name).into()) }
}

/// Feeds the command and listens to it until it ends.
fn attend(mut child: Child, group: &Group, prompt: &str) -> Outcome {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    std::thread::scope(|threads| {
        threads.spawn(move || {
            // A command that does not read its prompt to the end is judged by what it answers.
            let _ = stdin.map(|mut stdin| stdin.write_all(prompt.as_bytes()));
        });
        let answer = threads.spawn(move || {
            let mut bytes = Vec::new();
            let read = stdout.map(|stdout| stdout.take(ANSWER as u64 + 1).read_to_end(&mut bytes));
            if bytes.len() > ANSWER {
                group.kill();
            }
            read.transpose().map(|_| bytes)
        });
        let last_words = threads.spawn(move || stderr.map(last_words).unwrap_or_default());
        let status = group.wait(&mut child);
        let (answer, last_words) = (answer.join(), last_words.join().unwrap_or_default());
        let said = if last_words.is_empty() { String::new() } else { format!("; it says: {last_words}") };
        let status = status.map_err(|error| format!("cannot be waited for: {error}"))?;
        let Ok(Ok(bytes)) = answer else { return Err("cannot be listened to".into()) };
        if bytes.len() > ANSWER {
            return Err(format!("answers with more than {ANSWER} bytes"));
        }
        if !status.success() {
            return Err(format!("failed ({status}){said}"));
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    })
}

/// The last line that is not blank, fit for a terminal.
fn last_words(mut stderr: impl Read) -> String {
    let (mut end, mut buffer) = (Vec::new(), [0; LAST_WORDS]);
    while let Ok(read @ 1..) = stderr.read(&mut buffer) {
        end.extend_from_slice(&buffer[..read]);
        let surplus = end.len().saturating_sub(LAST_WORDS);
        end.drain(..surplus);
    }
    let end = String::from_utf8_lossy(&end).into_owned();
    let last = end.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    text::line(last, 300)
}
