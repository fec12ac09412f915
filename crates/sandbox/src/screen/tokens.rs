//! The walk over all tokens, which hardly cares what they mean.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};

use super::Refusal;
use super::names::{self, plain};
use crate::kit::Kit;

/// How many tokens may lie between a token and the beginning of everything it is a part of. A parser's recursion is bounded by
/// this: each level takes at least one token, be it a bracket or a sign before an operand.
const MAX_WEIGHT: usize = 2000;
/// How deeply brackets may be nested.
const MAX_DEPTH: usize = 64;
/// The longest number, in bytes. 128 bits in binary with a mark between any two still pass.
const MAX_NUMBER_BYTES: usize = 300;

/// Refuses text whose structure would exhaust the stack or the time of a recursive reader. Itself it does not recurse.
pub(super) fn check_depth(tokens: &TokenStream) -> Result<(), Refusal> {
    struct Level<I> {
        tokens: I,
        /// Tokens that everything on this level is a part of.
        outside: usize,
        /// Tokens since the last end of an item, statement or element.
        run: usize,
    }
    let level = |stream: TokenStream, outside| Level { tokens: stream.into_iter().peekable(), outside, run: 0 };
    let mut open = vec![level(tokens.clone(), 0)];
    while let Some(top) = open.last_mut() {
        let Some(token) = top.tokens.next() else {
            open.pop();
            continue;
        };
        super::step();
        top.run += 1;
        let weight = top.outside + top.run;
        if weight > MAX_WEIGHT {
            return Err(Refusal::at(token.span(), "this expression or type is too long or too deeply nested"));
        }
        if ends_here(&token, top.tokens.peek()) {
            top.run = 0;
        }
        if let TokenTree::Group(group) = token {
            if open.len() > MAX_DEPTH {
                return Err(Refusal::at(group.span_open(), format!("brackets are nested more than {MAX_DEPTH} deep")));
            }
            open.push(level(group.stream(), weight));
        } else if let TokenTree::Literal(literal) = token
            && is_long_number(&literal.to_string())
        {
            return Err(Refusal::at(literal.span(), format!("a number of more than {MAX_NUMBER_BYTES} characters")));
        }
    }
    Ok(())
}

/// The parser works out the decimal digits of a number, which takes the square of its length.
fn is_long_number(literal: &str) -> bool {
    literal.len() > MAX_NUMBER_BYTES && !literal.contains(['"', '\''])
}

/// Whether an item, statement or element ends with this token, so that what follows is not nested in it.
fn ends_here(token: &TokenTree, next: Option<&TokenTree>) -> bool {
    match token {
        TokenTree::Punct(punct) => matches!(punct.as_char(), ';' | ','),
        // Braces end it, unless something goes on from there.
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => match next {
            Some(TokenTree::Ident(next)) => next != "else" && next != "as",
            Some(TokenTree::Punct(next)) => next.as_char() == '#',
            Some(TokenTree::Group(_) | TokenTree::Literal(_)) | None => true,
        },
        TokenTree::Group(_) | TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    }
}

/// Looks for what no candidate needs, wherever it stands, be it in the arguments of a macro.
pub(super) fn check(tokens: &TokenStream, kit: &Kit) -> Result<(), Refusal> {
    let mut own = BTreeSet::new();
    collect_modules(tokens, &mut own);
    walk(tokens, Place { kit, own: &own, modules: 0, in_macro: false, after_pub: false })
}

/// The names of the candidate's own modules, be they those of crates.
fn collect_modules(tokens: &TokenStream, own: &mut BTreeSet<String>) {
    let mut after_mod = false;
    for token in tokens.clone() {
        match &token {
            TokenTree::Ident(name) if after_mod => drop(own.insert(plain(name))),
            TokenTree::Group(group) => collect_modules(&group.stream(), own),
            _ => {}
        }
        after_mod = is_word(&token, "mod");
    }
}

/// Where a stretch of tokens stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    kit: &'a Kit,
    /// The names of the candidate's own modules.
    own: &'a BTreeSet<String>,
    /// The number of the candidate's own modules around it.
    modules: usize,
    /// Within the arguments of a macro, which the syntax tree does not show.
    in_macro: bool,
    /// In the brackets of `pub(...)`.
    after_pub: bool,
}

fn walk(tokens: &TokenStream, place: Place<'_>) -> Result<(), Refusal> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        super::step();
        let (before, after) = (&tokens[..index], &tokens[index + 1..]);
        match token {
            TokenTree::Ident(ident) => {
                check_word(ident, before, after, place)?;
                check_macro(ident, after)?;
                check_root(ident, before, after, place)?;
            }
            TokenTree::Punct(punct) if punct.as_char() == '#' => check_attribute(token, after)?,
            TokenTree::Group(group) => walk(&group.stream(), place.inside(group, before))?,
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    Ok(())
}

impl Place<'_> {
    fn inside(self, group: &Group, before: &[TokenTree]) -> Self {
        let module = matches!(before, [.., word, TokenTree::Ident(_)] if is_word(word, "mod"));
        Place {
            modules: self.modules + usize::from(module && group.delimiter() == Delimiter::Brace),
            in_macro: self.in_macro || matches!(before, [.., TokenTree::Ident(_), mark] if is_mark(mark, '!')),
            after_pub: before.last().is_some_and(|word| is_word(word, "pub")),
            ..self
        }
    }
}

/// Words that are refused by themselves. A raw identifier is a name, not the word.
fn check_word(ident: &Ident, before: &[TokenTree], after: &[TokenTree], place: Place<'_>) -> Result<(), Refusal> {
    let lifetime = before.last().is_some_and(|mark| is_mark(mark, '\''));
    let reason = match ident.to_string().as_str() {
        "unsafe" => "`unsafe` is not for candidates",
        "extern" => "foreign crates, functions and interfaces are out of reach",
        "macro_rules" | "macro" => "macros of one's own are not for candidates",
        "static" if !lifetime => "a `static` would carry state from one run to another; keep it in the policy",
        "use" if place.in_macro => "a `use` has no place in the arguments of a macro",
        "mod" if matches!(after, [_, end, ..] if is_mark(end, ';')) => "a candidate is a single file",
        "crate" if !(place.after_pub && before.is_empty() && after.is_empty()) => {
            "`crate` leads out of the candidate; use `self` or `super`"
        }
        "super" if supers(before) >= place.modules => "`super` leads out of the candidate",
        _ => return Ok(()),
    };
    Err(Refusal::at(ident.span(), reason))
}

/// How many `super::` stand before.
fn supers(before: &[TokenTree]) -> usize {
    match before {
        [rest @ .., word, first, second] if is_word(word, "super") && is_mark(first, ':') && is_mark(second, ':') => {
            super::step();
            1 + supers(rest)
        }
        _ => 0,
    }
}

fn check_macro(ident: &Ident, after: &[TokenTree]) -> Result<(), Refusal> {
    let name = plain(ident);
    let invoked = matches!(after, [mark, TokenTree::Group(_), ..] if is_mark(mark, '!'));
    if !invoked || names::KEYWORDS.contains(&name.as_str()) || names::MACROS.contains(&name.as_str()) {
        return Ok(());
    }
    Err(Refusal::at(
        ident.span(),
        format!("the macro `{name}!` is not for candidates; there are {}", names::MACROS.join("!, ") + "!"),
    ))
}

/// Paths that start at a crate.
fn check_root(ident: &Ident, before: &[TokenTree], after: &[TokenTree], place: Place<'_>) -> Result<(), Refusal> {
    let Place { kit, own, .. } = place;
    let [first, second, rest @ ..] = after else { return Ok(()) };
    let field = before.last().is_some_and(|mark| is_mark(mark, '.'));
    if field || !is_mark(first, ':') || !is_mark(second, ':') {
        return Ok(());
    }
    let name = plain(ident);
    let own = own.contains(&name) && !from_crates(before);
    if !own && let Some(reason) = names::refused_crate(&name) {
        return Err(Refusal::at(ident.span(), reason));
    }
    if name != "core" && name != kit.name {
        return Ok(());
    }
    match rest.first() {
        Some(TokenTree::Ident(item)) => check_item(kit, &name, item),
        Some(TokenTree::Group(group)) => {
            let list: Vec<TokenTree> = group.stream().into_iter().collect();
            for element in list.split(|token| is_mark(token, ',')) {
                super::step();
                match element.first() {
                    Some(TokenTree::Ident(item)) => check_item(kit, &name, item)?,
                    Some(other) => return Err(whole(other.span(), &name)),
                    None => {}
                }
            }
            Ok(())
        }
        _ => Err(whole(ident.span(), &name)),
    }
}

/// Whether two colons stand before that begin a path. Then it leads to a crate, whatever modules there are.
fn from_crates(before: &[TokenTree]) -> bool {
    let [rest @ .., first, second] = before else { return false };
    let goes_on = match rest.last() {
        Some(TokenTree::Ident(word)) => !names::KEYWORDS.contains(&word.to_string().as_str()),
        Some(mark) => is_mark(mark, '>'),
        None => false,
    };
    is_mark(first, ':') && is_mark(second, ':') && !goes_on
}

fn check_item(kit: &Kit, crate_name: &str, item: &Ident) -> Result<(), Refusal> {
    let name = plain(item);
    if name == "self" {
        return Err(whole(item.span(), crate_name));
    }
    match names::refused_item(kit, crate_name, &name) {
        Some(reason) => Err(Refusal::at(item.span(), reason)),
        None => Ok(()),
    }
}

fn whole(span: proc_macro2::Span, crate_name: &str) -> Refusal {
    Refusal::at(
        span,
        format!("name what you need of `{crate_name}`: all of it, or it under another name, is not for candidates"),
    )
}

fn check_attribute(mark: &TokenTree, after: &[TokenTree]) -> Result<(), Refusal> {
    let (inner, group) = match after {
        [TokenTree::Group(group), ..] => (false, group),
        [bang, TokenTree::Group(group), ..] if is_mark(bang, '!') => (true, group),
        _ => return Ok(()),
    };
    let content: Vec<TokenTree> = group.stream().into_iter().collect();
    let refuse = |reason: String| Err(Refusal::at(mark.span(), reason));
    let Some((TokenTree::Ident(name), arguments)) = content.split_first() else {
        return refuse("an attribute without a name".to_owned());
    };
    let name = plain(name);
    let path = arguments.first().is_some_and(|mark| is_mark(mark, ':'));
    if path || !names::ATTRIBUTES.contains(&name.as_str()) {
        return refuse(format!(
            "the attribute `{name}` is not for candidates; there are {}",
            names::ATTRIBUTES.join(", ")
        ));
    }
    if inner && name != "doc" {
        return refuse(format!(
            "the attribute `{name}` cannot be set for the whole file or block; set it for single items"
        ));
    }
    match (name.as_str(), arguments) {
        ("derive", [TokenTree::Group(traits)]) => traits.stream().into_iter().try_for_each(check_derive),
        ("derive", _) => refuse("`derive` takes a list of traits".to_owned()),
        ("doc", [_, TokenTree::Literal(_)] | [TokenTree::Group(_)]) => Ok(()),
        ("doc", _) => refuse("`doc` takes a text".to_owned()),
        _ => Ok(()),
    }
}

fn check_derive(token: TokenTree) -> Result<(), Refusal> {
    match &token {
        TokenTree::Ident(name) if names::DERIVES.contains(&plain(name).as_str()) => Ok(()),
        TokenTree::Punct(mark) if mark.as_char() == ',' => Ok(()),
        _ => {
            let known = names::DERIVES.join(", ");
            Err(Refusal::at(token.span(), format!("`{token}` cannot be derived; there are {known}")))
        }
    }
}

/// The tokens as text, without documentation, one space between those that are not joined.
pub(super) fn normalise(tokens: &TokenStream) -> String {
    let mut text = String::new();
    append(tokens, &mut text);
    text
}

fn append(tokens: &TokenStream, text: &mut String) {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut rest = tokens.as_slice();
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        super::step();
        match token {
            TokenTree::Punct(punct) => {
                if let Some(after) = skip_documentation(token, after) {
                    rest = after;
                    continue;
                }
                text.push(punct.as_char());
                if punct.spacing() == Spacing::Alone {
                    text.push(' ');
                }
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("( ", ") "),
                    Delimiter::Bracket => ("[ ", "] "),
                    Delimiter::Brace => ("{ ", "} "),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                append(&group.stream(), text);
                text.push_str(close);
            }
            TokenTree::Ident(_) | TokenTree::Literal(_) => {
                text.push_str(&token.to_string());
                text.push(' ');
            }
        }
    }
}

/// What follows a documentation comment, if one starts here.
fn skip_documentation<'a>(token: &TokenTree, after: &'a [TokenTree]) -> Option<&'a [TokenTree]> {
    let (group, rest) = match after {
        [TokenTree::Group(group), rest @ ..] => (group, rest),
        [bang, TokenTree::Group(group), rest @ ..] if is_mark(bang, '!') => (group, rest),
        _ => return None,
    };
    let first = group.stream().into_iter().next();
    (is_mark(token, '#') && first.is_some_and(|first| is_word(&first, "doc"))).then_some(rest)
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}
