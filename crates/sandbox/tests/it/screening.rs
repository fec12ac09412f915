//! What the screen refuses, and what it lets pass.

use proptest::prelude::*;
use sandbox::{Kit, Options, Outcome, Refusal, Sandbox, Walls, screen};

use crate::kit::{self, GOOD, KIT, candidate, lab, playing};

/// The real contract: these tests are about its candidates.
const CONTRACT: Kit = Kit {
    name: "admitter",
    files: &[
        ("lib.rs", include_str!("../../../admitter/src/lib.rs")),
        ("wire.rs", include_str!("../../../admitter/src/wire.rs")),
    ],
    state: "admitter::wire::Seat<candidate::Policy>",
    answer_bytes: 1,
    install: "admitter::install_maths",
    private: &[],
};

fn refusal(source: &str) -> Refusal {
    match screen(source, &KIT) {
        Err(refusal) => refusal,
        Ok(_) => panic!("not refused:\n{source}"),
    }
}

/// Items that are refused, each with a near miss that passes and what the reason mentions.
const ITEMS: &[(&str, &str, &str)] = &[
    ("unsafe fn f() {}", "fn r#unsafe() {}", "unsafe"),
    ("unsafe impl Send for Policy {}", "struct Unsafe;", "unsafe"),
    ("extern crate std;", "fn external() {}", "foreign"),
    ("extern \"C\" fn f() {}", "fn f() {}", "foreign"),
    ("extern \"C\" { }", "mod foreign { }", "foreign"),
    ("macro_rules! m { () => {} }", "fn macro_rules_of() {}", "macros"),
    ("static S: u8 = 1;", "const S: &'static str = \"static\";", "static"),
    ("static mut S: u8 = 1;", "fn f(x: &'static u8) -> u8 { *x }", "static"),
    ("mod other;", "mod other { pub fn f() {} }", "single file"),
    ("#[path = \"x.rs\"] mod other {}", "/// path = \"x.rs\"\nmod other {}", "path"),
    ("#[no_mangle] fn f() {}", "#[inline] fn f() {}", "no_mangle"),
    ("#[unsafe(no_mangle)] fn f() {}", "#[must_use] fn f() -> u8 { 1 }", "unsafe"),
    ("#[link_section = \"x\"] const X: u8 = 1;", "#[allow(dead_code)] const X: u8 = 1;", "link_section"),
    ("#[cfg(test)] mod tests {}", "#[doc(hidden)] mod tests {}", "cfg"),
    ("#[derive(Serialize)] struct S;", "#[derive(Clone, Copy, Debug, PartialEq)] struct S;", "Serialize"),
    ("#[derive(core::fmt::Debug)] struct S;", "#[derive(Debug)] struct S;", "derived"),
    ("#[doc = include_str!(\"/etc/passwd\")] struct S;", "#[doc = \"include_str!\"] struct S;", "doc"),
    ("#[rustfmt::skip] struct S;", "#[non_exhaustive] struct S;", "rustfmt"),
    ("use std::fs;", "mod standard { pub mod fs {} } use standard::fs;", "std"),
    ("use ::std::fs;", "use ::core::mem;", "std"),
    ("use r#std::fs;", "use core::mem as std_mem;", "std"),
    ("use alloc::vec::Vec;", "use core::slice;", "alloc"),
    ("use rand::Rng;", "mod rand { pub struct Rng; } use rand::Rng;", "rand"),
    ("use core::arch::x86_64;", "use core::cmp;", "core::arch"),
    ("use core::{cmp, ptr};", "use core::{cmp, mem};", "core::ptr"),
    ("use core::{cmp::{self}, r#ptr as p};", "use core::{cmp::{self, Ordering}, mem as m};", "core::ptr"),
    ("use core::*;", "use core::cmp::*;", "core"),
    ("use core::panic;", "use core::primitive;", "core::panic"),
    ("use core::{cmp, any::TypeId};", "use core::{cmp, ascii};", "core::any"),
    ("use core as c;", "use core::cmp as c;", "whole crate"),
    ("use {core as c};", "use {core::cmp as c};", "whole crate"),
    ("use core::{self as c};", "use core::cmp::{self as c};", "core"),
    ("use core::include_str as assert;", "use core::assert as check;", "include_str"),
    ("use core::prelude::v1::include_str as assert;", "use core::option::Option as Maybe;", "prelude"),
    ("use toy::*;", "use toy::add;", "toy"),
    ("use toy as t;", "use toy::prelude as t;", "whole crate"),
    ("use toy::inner;", "mod inner {} use toy::add as inner_add;", "inner"),
    ("use toy::{add, inner::install};", "use toy::{add, Player as P};", "inner"),
    ("use toy::SECRET;", "const SECRET: u8 = 1;", "SECRET"),
    ("use crate::candidate;", "use self::Policy as Me;", "crate"),
    ("use super::panic;", "mod inside { use super::Policy; }", "super"),
    ("mod inside { use super::super::x; }", "mod inside { mod more { use super::super::Policy; } }", "super"),
    ("pub(in crate::x) fn f() {}", "pub(crate) fn f() {}", "crate"),
    ("pub(super) fn f() {}", "mod inside { pub(super) fn f() {} }", "super"),
    ("thread_local! { }", "struct ThreadLocal;", "thread_local"),
];

/// Bodies of `play`, in the same way.
const BODIES: &[(&str, &str, &str)] = &[
    ("unsafe { 1 }", "{ 1 }", "unsafe"),
    ("assert!(unsafe { true }); 1", "assert!({ true }); 1", "unsafe"),
    ("include_str!(\"/etc/passwd\").len() as u8", "\"include_str!(x)\".len() as u8", "include_str"),
    ("include!(\"x.rs\")", "{ let include = 1; include }", "include"),
    ("include_bytes!(\"x\")[0]", "q[0]", "include_bytes"),
    ("r#include_bytes!(\"x\")[0]", "{ let r#in = 1; r#in }", "include_bytes"),
    ("core::include_bytes!(\"x\")[0]", "{ core::assert!(true); 1 }", "include_bytes"),
    ("assert!(include_str!(\"x\").len() == 1); 1", "assert!(\"x\".len() == 1); 1", "include_str"),
    ("env!(\"HOME\").len() as u8", "{ let env = 1; if env != (2) { 1 } else { 2 } }", "env"),
    ("option_env!(\"HOME\").map_or(1, |_| 2)", "Some(3).map_or(1, |_| 2)", "option_env"),
    ("asm!(\"nop\")", "if !(q.is_empty()) { 1 } else { 2 }", "asm"),
    ("concat!(\"a\", \"b\").len() as u8", "matches!(q, [1, ..]) as u8", "concat"),
    ("line!() as u8", "match !(q.is_empty()) { true => 1, false => 2 }", "line"),
    ("file!().len() as u8", "{ return !(q[0]) }", "file"),
    ("module_path!().len() as u8", "unreachable!()", "module_path"),
    ("println!(\"x\"); 1", "panic!(\"x\")", "println"),
    ("std::process::id() as u8", "{ let std = 1.0_f64; std.abs() as u8 }", "std"),
    ("::std::process::id() as u8", "::core::mem::size_of::<u8>() as u8", "std"),
    ("assert!(std::process::id() > 1); 1", "assert!({ let std = 2; std > 1 }); 1", "std"),
    ("core::ptr::null::<u8>() as usize as u8", "core::mem::size_of::<u8>() as u8", "core::ptr"),
    ("assert!(core::ptr::null::<u8>().is_null()); 1", "assert!(core::cmp::max(1, 2) == 2); 1", "core::ptr"),
    ("assert!({ use core::mem; true }); 1", "{ use core::mem; mem::size_of::<u8>() as u8 }", "use"),
    ("core::any::type_name::<u8>().len() as u8", "{ let any = 1; any }", "core::any"),
    ("core::panic::Location::caller().line() as u8", "{ let line = 1; line }", "core::panic"),
    ("toy::inner::Seat::<Policy>::answer as usize as u8", "toy::add(1.0, 2.0) as u8", "inner"),
    ("assert!(toy::SECRET == 7); 1", "assert!(toy::add(1.0, 2.0) > 1.0); 1", "SECRET"),
    ("crate::candidate_size() as u8", "self::helper()", "crate"),
    ("super::candidate_size() as u8", "{ mod m { pub(super) fn f() -> u8 { super::helper() } } 1 }", "super"),
    ("#![allow(unused)] 1", "#[allow(unused)] let x = 1; 1", "allow"),
];

#[test]
fn every_rule_refuses_its_offence_and_lets_its_near_miss_pass() {
    let helper = "fn helper() -> u8 { 3 }\n";
    let check = |offence: &str, near_miss: &str, mention: &str| {
        let refusal = refusal(offence);
        assert!(refusal.reason.contains(mention), "{offence}\n{refusal:?}");
        assert_eq!(refusal.line, 5, "{offence}\n{refusal:?}");
        let passed = screen(near_miss, &KIT);
        assert!(passed.is_ok(), "{near_miss}\n{passed:?}");
    };
    for &(offence, near_miss, mention) in ITEMS {
        let with = |item: &str| format!("use toy::prelude::*;\npub struct Policy;\n{helper}\n{item}\n");
        check(&with(offence), &with(near_miss), mention);
    }
    for &(offence, near_miss, mention) in BODIES {
        let with = |body: &str| format!("use toy::prelude::*;\n{helper}\nfn play(q: &[u8]) -> u8 {{\n{body}\n}}\n");
        check(&with(offence), &with(near_miss), mention);
    }
}

/// Lines of legal candidates that look like something else.
const LEGAL: &str = include_str!("../../../../tests/fixtures/candidates/legal-lines.txt");

#[test]
fn what_only_looks_like_an_offence_passes_the_screen_and_compiles() {
    let legal = |line: &str| {
        format!(
            "use admitter::prelude::*;\npub struct Policy;\nimpl Admitter for Policy {{\nfn new(_: &[f64]) -> Self {{ Policy }}\n\
             fn admit(&mut self, r: &Request, c: &Cluster, d: &mut Draw) -> Decision {{\n\
             if r.priority >= 0 {{ return Decision::Admit; }}\nlet s = c.saturation(5.0, 0.8);\n{line}\n\
             Decision::reject_if(d.uniform() < s.powi(5) * 300.0)\n}}\n}}\n"
        )
    };
    let kit = Kit { private: &["wire", "install_maths"], ..CONTRACT };
    let cache = tempfile::tempdir().unwrap();
    let options = kit::options(cache.path(), kit::limits(), Walls::Required);
    let sandbox = Sandbox::new(Options { kit, ..options }).unwrap();
    for line in LEGAL.lines() {
        let screened = screen(&legal(line), &kit).unwrap_or_else(|refusal| panic!("{line}: {refusal:?}"));
        let compiled = sandbox.compile(&screened).unwrap();
        assert!(compiled.is_ok(), "{line}: {compiled:?}");
    }
    // What is meant by the rules that these lines are near to.
    for line in [
        "let _ = ::default::x();",
        "let _ = ::test::x();",
        "let _ = test::x();",
        "mod test { pub fn x() {} } let _ = ::test::x();",
        "let _ = <std::string::String>::new();",
        "let _ = <[std::string::String; 1]>::default();",
        "let _ = <f64 as ::std::ops::Add>::add(s, s);",
        "let _ = <f64 as ::alloc::ops::Add>::add(s, s); mod alloc {}",
    ] {
        assert!(screen(&legal(line), &kit).is_err(), "{line}");
    }
}

#[test]
fn a_refusal_says_where() {
    let refusal = refusal("use toy::prelude::*;\n\n    static X: u8 = 1;\n");
    assert_eq!((refusal.line, refusal.column), (3, 5));
    let outcome = Outcome::from(refusal);
    assert_eq!(outcome.name(), "refused");
    assert!(outcome.to_string().starts_with("line 3, column 5: "));
}

#[test]
fn comments_and_layout_do_not_change_what_a_candidate_is() {
    let plain = screen(GOOD, &KIT).unwrap();
    let other = GOOD
        .replace("/// Adds up.", "/* ... */\n#[doc = \"x\"]")
        .replace("    ", "\t")
        .replace("{ sum", "{\n  sum // s\n");
    assert_eq!(screen(&format!("//! Head.\n{other}"), &KIT).unwrap().normalised, plain.normalised);
    assert_ne!(screen(&GOOD.replace("0.0", "1.0"), &KIT).unwrap().normalised, plain.normalised);
    assert_ne!(screen("const A: bool = 1 & & 1;", &KIT), screen("const A: bool = 1 && 1;", &KIT));
    let again = screen(&plain.normalised, &KIT).unwrap();
    assert_eq!(again.normalised, plain.normalised, "the normalised text is a text of the same candidate");
}

#[test]
fn text_that_is_too_long_or_strange_is_refused_before_it_is_read() {
    assert!(screen(&format!("//{}", " ".repeat((64 << 10) - 2)), &KIT).is_ok());
    assert!(refusal(&format!("//{}", " ".repeat(64 << 10))).reason.contains("bytes"));
    assert!(refusal("// \u{202e} hidden").reason.contains("direction"));
    assert!(screen("// \u{e9}\u{4e00} fine\r\n", &KIT).is_ok());
    assert!(refusal("const A: u8 = 1;\n\u{0}").reason.contains("control"));
    assert!(refusal("#!/usr/bin/env x\nconst A: u8 = 1;").reason.contains("script"));
}

#[test]
fn no_nesting_exhausts_the_stack() {
    let wrap = |open: &str, close: &str, times: usize| {
        format!("const X: u8 = {}1{};", open.repeat(times), close.repeat(times))
    };
    assert!(screen(&wrap("(", ")", 30), &KIT).is_ok(), "the control");
    assert!(screen(&wrap("(", ")", 300), &KIT).is_err());
    assert!(screen(&wrap("(", ")", 30_000), &KIT).is_err());
    assert!(screen(&"(".repeat(60_000), &KIT).is_err());
    let prefixes = [
        "!",
        "-",
        "*",
        "&",
        "& mut ",
        "|| ",
        "return ",
        "break ",
        "1 + ",
        "1 == ",
        "a = ",
        "a.b.",
        "1 as u8 + ",
        "f()()",
        "x?.",
        "if a {} else ",
        "match a { _ => 1 } + ",
        "loop {} ",
        "Vec::<Vec<",
        "<u8 as ",
        "for a in ",
        "'a: ",
        "box ",
        "x..",
        "..",
        "let a = ",
        "a @ ",
        "async ",
        "move || ",
        "const { ",
        "#[inline] ",
        "fn f() {} ",
        "impl A for ",
        "dyn A + ",
    ];
    for prefix in prefixes {
        let times = 60_000 / prefix.len();
        // Whatever the verdict is: it comes, here and just below the limit.
        for times in [times, 1900 / prefix.split_whitespace().count().max(prefix.len().min(3)), 600] {
            for source in [
                format!("const X: u8 = {}1;", prefix.repeat(times)),
                format!("type X = {}u8;", prefix.repeat(times)),
                format!("fn f() {{ {} }}", prefix.repeat(times)),
                prefix.repeat(times),
                wrap(&format!("({}", prefix.repeat(300)), ")", 20),
            ] {
                let _ = screen(&source, &KIT);
            }
        }
    }
}

#[test]
fn no_number_is_longer_than_a_number_can_be() {
    let with = |number: &str| format!("const X: u128 = {number};");
    assert!(screen(&with(&format!("0b{}", "1_".repeat(128))), &KIT).is_ok());
    for digit in ["9", "0", "1_"] {
        assert!(refusal(&with(&digit.repeat(400))).reason.contains("number"));
        assert!(refusal(&with(&format!("0x{}", digit.repeat(400)))).reason.contains("number"));
    }
    assert!(screen(&format!("const X: &str = \"{}\";", "9".repeat(400)), &KIT).is_ok(), "a text is none");
}

#[test]
fn what_the_screen_cannot_read_is_never_accepted() {
    let lab = lab();
    for source in ["fn (", "const A: &str = \"", &GOOD.replace("fn new", "fn fn new"), &playing("1 +")] {
        let screened = screen(source, &KIT).unwrap();
        let outcome = lab.sandbox.compile(&screened).unwrap();
        assert!(matches!(outcome, Err(Outcome::DoesNotCompile { .. })), "{source}\n{outcome:?}");
    }
}

#[test]
fn ordinary_policies_pass() {
    let items = "use core::{cmp::Ordering, f64::consts::{E, PI}};\n\
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]\nenum Mode { #[default] Calm, Busy { since: u64 } }\n\
        impl Mode { const LIMIT: f64 = E * PI; fn is_busy(&self) -> bool { matches!(self, Mode::Busy { since } if *since > 0) } }\n\
        fn order(a: f64, b: f64) -> Ordering { a.partial_cmp(&b).unwrap_or(Ordering::Equal) }\n\
        mod window { pub(crate) struct Window<const N: usize> { pub(super) values: [f64; N] }\n\
        impl<const N: usize> Window<N> { pub(crate) fn mean(&self) -> f64 { self.values.iter().sum::<f64>() / N as f64 } } }\n\
        use window::Window; use Mode::{Busy, Calm};";
    let play = "let window = Window::<4> { values: [1.0; 4] }; let mode = if q.len() > 3 { Busy { since: 1 } } else { Calm };\n\
        let std = window.mean(); debug_assert!(std > 0.0, \"{std}\");\n\
        match order(std, Mode::LIMIT) { Ordering::Less if !mode.is_busy() => u8::MAX - 1, _ => core::mem::size_of::<f64>() as u8 }";
    let source = candidate(items, "Policy", play);
    let screened = screen(&source, &KIT).unwrap();
    let artifact = lab().sandbox.compile(&screened).unwrap();
    assert!(artifact.is_ok(), "{}", artifact.unwrap_err());
}

/// Tokens that matter to the screen, in any order.
fn soup() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "use", "core", "toy", "std", "::", ":", "{", "}", "(", ")", "[", "]", "*", "self", "super", "crate", "as", "x",
        ",", ";", "mod", "#", "!", "derive", "doc", "=", "\"s\"", "'a", "'", "assert", "unsafe", "static", "fn", "->",
        "pub", "r#x", "ptr", "1", ".", "<", ">", "impl", "struct", "const", "if", "else", "match", "=>", "|", "&",
        "///d\n", "/*", "*/", "let", "in",
    ]);
    prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_screen_panic(source in any::<String>()) {
        let _ = screen(&source, &KIT);
    }

    #[test]
    fn no_soup_of_tokens_makes_the_screen_panic_or_passes_a_forbidden_word(source in soup()) {
        if let Ok(screened) = screen(&source, &KIT) {
            let words: Vec<&str> = screened.normalised.split(' ').collect();
            // What could not even be split into tokens goes to the compiler, which cannot either.
            if !screened.normalised.contains("/*") && source.parse::<proc_macro2::TokenStream>().is_ok() {
                prop_assert!(!words.contains(&"unsafe"), "{}", source);
            }
        }
    }

    #[test]
    fn an_offence_anywhere_in_a_good_candidate_is_refused(line in 0..GOOD.lines().count()) {
        let mut lines: Vec<&str> = GOOD.lines().collect();
        lines.insert(line, "static X: u8 = 1;");
        let refusal = refusal(&lines.join("\n"));
        prop_assert_eq!((refusal.line, refusal.column), (line + 1, 1));
    }
}
