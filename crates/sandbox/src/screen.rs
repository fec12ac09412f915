//! Reads a candidate's text and refuses what no candidate needs.
//!
//! Two readers that know nothing of each other: a walk over all tokens (`screen/tokens.rs`), which sees what is hidden in the
//! arguments of macros, and a visit of the syntax tree (`screen/tree.rs`), which knows what the tokens mean. Neither resolves
//! names as the compiler does; the jail is the fence, this is the sign in front of it.

mod names;
mod tokens;
mod tree;

use proc_macro2::{Span, TokenStream};

use crate::kit::Kit;

/// The longest text, in bytes. Policies have a few kilobytes.
pub const MAX_SOURCE_BYTES: usize = 64 << 10;

/// A candidate's text that may go to the compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Screened {
    /// The author's text.
    pub source: String,
    /// Its tokens, without comments and independent of layout: what makes two texts the same candidate.
    pub normalised: String,
    /// Where the screen cannot read the text. It is left to the compiler, which explains it best; should that find nothing
    /// wrong, this is the verdict.
    pub(crate) unparsed: Option<Refusal>,
}

impl Screened {
    /// Skips the screen: for text of our own, and for tests that must reach the walls behind.
    pub fn unchecked(source: &str) -> Screened {
        Screened { source: source.to_owned(), normalised: source.to_owned(), unparsed: None }
    }
}

/// Why and where the screen did not let a candidate pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// In plain words.
    pub reason: String,
}

impl Refusal {
    fn at(span: Span, reason: impl Into<String>) -> Refusal {
        let start = span.start();
        Refusal { line: start.line, column: start.column + 1, reason: reason.into() }
    }
}

/// Checks a candidate that is to be compiled against `kit`. Text with a syntax error passes: the compiler says better what is
/// wrong with it, and nothing that the screen could not read is ever accepted.
pub fn screen(source: &str, kit: &Kit) -> Result<Screened, Refusal> {
    check_text(source)?;
    on_deep_stack(|| read(source, kit))
}

/// Reads a candidate's text where recursion cannot exhaust the stack, if the screen bounds how deep it goes. The parser also
/// keeps the positions of all that it read for its thread: they are gone afterwards.
pub fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work);
        let thread = thread.expect("the system gives a thread");
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Enough for `tokens::MAX_WEIGHT` levels of the parser without optimisation.
const STACK_BYTES: usize = 256 << 20;

fn read(source: &str, kit: &Kit) -> Result<Screened, Refusal> {
    let screened = |normalised, unparsed| Screened { source: source.to_owned(), normalised, unparsed };
    let tokens: TokenStream = match source.parse() {
        Ok(tokens) => tokens,
        Err(error) => {
            let refusal = Refusal::at(error.span(), "the brackets or a literal are not closed");
            return Ok(screened(source.to_owned(), Some(refusal)));
        }
    };
    tokens::check_depth(&tokens)?;
    tokens::check(&tokens, kit)?;
    let normalised = tokens::normalise(&tokens);
    match syn::parse2::<syn::File>(tokens) {
        Ok(file) => tree::check(&file, kit).map(|()| screened(normalised, None)),
        Err(error) => {
            let refusal = Refusal::at(error.span(), format!("this is not Rust: {error}"));
            Ok(screened(normalised, Some(refusal)))
        }
    }
}

/// Counts one step of reading in tests, and does nothing else.
#[inline]
fn step() {
    #[cfg(test)]
    STEPS.set(STEPS.get() + 1);
}

#[cfg(test)]
thread_local! {
    /// Steps that this thread took.
    static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// What must hold before anything parses the text.
fn check_text(source: &str) -> Result<(), Refusal> {
    if source.len() > MAX_SOURCE_BYTES {
        let reason = format!("the text has {} bytes; at most {MAX_SOURCE_BYTES} are allowed", source.len());
        return Err(Refusal { line: 1, column: 1, reason });
    }
    if source.starts_with("#!") && !source.starts_with("#![") {
        return Err(Refusal { line: 1, column: 1, reason: "a candidate is no script".to_owned() });
    }
    let (mut line, mut column, mut depth) = (1, 1, 0_usize);
    for c in source.chars() {
        let refuse = |reason: &str| Err(Refusal { line, column, reason: reason.to_owned() });
        match c {
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                return refuse("a character that reverses the direction of text hides what the code does");
            }
            '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}' if c != '\r' => return refuse("a control character"),
            // Counted without regard to strings and comments: a bound on what any reader can meet, far above what is usual.
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_RAW_DEPTH {
            return refuse("brackets are nested too deeply");
        }
        (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
    }
    Ok(())
}

const MAX_RAW_DEPTH: usize = 500;

#[cfg(test)]
#[path = "../../../tests/fixtures/shapes.rs"]
mod shapes;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_twice_the_length_takes_twice_the_steps() {
        const KIT: Kit = Kit { name: "kit", files: &[], state: "", answer_bytes: 1, install: "", private: &[] };
        let steps = |source: &str| {
            on_deep_stack(|| {
                let passed = check_text(source).and_then(|()| read(source, &KIT)).is_ok();
                (passed, STEPS.get())
            })
        };
        let mut passed = 0;
        for ((name, short), (_, long)) in shapes::shapes(220).iter().zip(shapes::shapes(440)) {
            let ((_, short), (passes, long)) = (steps(short), steps(&long));
            passed += usize::from(passes);
            assert!(10 * long <= 22 * short + 1000, "{name}: {short} steps, and {long} for twice as much");
        }
        assert!(passed > 40, "the screen let only {passed} pass");
    }
}
