//! What is translated, how, and what is refused.

use std::path::PathBuf;
use translate::{Refusal, Target, Translation, translate};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A contract of our own: two fields, a draw.
const CONTRACT: &str = "
pub trait Rule { const KNOBS: &'static [Knob] = &[]; fn make(values: &[f64]) -> Self; fn ask(&mut self, item: &Item, dice: &mut Dice) -> bool; }
pub struct Knob { pub name: &'static str, pub default: f64, pub low: f64, pub high: f64 }
pub struct Item { pub size: u32, pub weight: f64, pub bins: [f64; 4], pub hint: Option<u32> }
pub struct Dice { key: u64 }
impl Dice { pub fn roll(&mut self) -> f64 { 0.5 } }
";

fn of(contract: &str, source: &str, names: [&str; 5]) -> Result<Translation, Refusal> {
    let [interface, state, start, tunables, opaque] = names;
    let opaque = [opaque.to_owned()];
    let target = Target {
        contract,
        interface,
        state,
        start,
        tunables,
        opaque: &opaque,
        reserved: &[],
        parameters: "Parameters",
        package: "rule",
        header: "// Header",
    };
    translate(source, &target)
}

/// The body of `ask` as Go.
fn asked(body: &str) -> Result<String, Refusal> {
    let source = format!(
        "pub struct Own {{ sum: f64, count: u32, last: Option<u64> }}\n\
         impl Own {{ fn bump(&mut self) -> f64 {{ self.sum += 1.0; self.sum }} }}\n\
         impl Rule for Own {{\n fn make(_: &[f64]) -> Self {{ Own {{ sum: 0.0, count: 0, last: None }} }}\n \
         fn ask(&mut self, item: &Item, dice: &mut Dice) -> bool {{\n{body}\n}}\n}}\n"
    );
    let done = of(CONTRACT, &source, ["Rule", "Own", "make", "KNOBS", "Dice"])?;
    let policy = &done.files.iter().find(|(name, _)| name == "policy.go").expect("a file").1;
    Ok(policy.split("ask(").nth(1).expect("the function").to_owned())
}

#[test]
fn products_are_rounded_before_they_are_added_and_not_where_they_are_only_compared() {
    let go = asked("let x = item.weight * 2.5 + 1.0; let y = x * x; y > 3.0").expect("Go");
    assert!(go.contains("x := float64(item.weight*2.5) + 1.0"), "{go}");
    assert!(go.contains("y := x * x"), "{go}");
    let go = asked("let y = item.weight * item.weight; y - 1.0 > 3.0").expect("Go");
    assert!(go.contains("y := float64(item.weight * item.weight)"), "{go}");
}

#[test]
fn constants_are_folded_as_rust_rounds_them() {
    let go = asked("item.weight > 0.1 + 0.2").expect("Go");
    assert!(go.contains("0.30000000000000004"), "{go}");
}

#[test]
fn what_a_call_changes_is_read_before_it_where_rust_reads_it_before() {
    let go = asked("self.sum + self.bump() > 1.0").expect("Go");
    assert!(go.contains("before := o.sum"), "{go}");
    let go = asked("self.count as f64 + self.bump() > 1.0").expect("Go");
    assert!(go.contains("before := float64(o.count)"), "{go}");
    let go = asked("let mut own = item.bins; own[self.count as usize] = self.bump(); own[0] > 1.0").expect("Go");
    assert!(go.contains("value := o.bump()\n\town[int(o.count)] = value"), "{go}");
}

#[test]
fn sums_begin_at_minus_zero_where_that_can_be_seen() {
    let go = asked("let s: f64 = item.bins.iter().map(|b| b - 1.0).sum(); s > 0.0").expect("Go");
    assert!(go.contains("s := negZero"), "{go}");
}

#[test]
fn an_option_is_a_pointer_and_its_chain_an_if() {
    let go = asked("let h = item.hint.filter(|h| *h > 3).map_or(1.5, |h| f64::from(h)); h > 2.0").expect("Go");
    assert!(
        go.contains("h := 1.5\n\tif item.hint != nil && *item.hint > 3 {\n\t\th = float64(*item.hint)\n\t}"),
        "{go}"
    );
}

#[test]
fn shifts_casts_and_floats_keep_the_meaning_of_rust() {
    let go = asked("let n = self.count; let s = 1u32 << n; let c = item.weight as u32; s.max(c) > 3 && item.weight.max(self.sum) > 1.0")
        .expect("Go");
    assert!(go.contains("<< (n & 31)"), "{go}");
    assert!(go.contains("toInt[uint32](item.weight, 0, math.MaxUint32)"), "{go}");
    assert!(go.contains("max(s, c)") && go.contains("fmax(item.weight, o.sum)"), "{go}");
}

#[test]
fn an_element_that_is_found_to_be_changed_is_changed_in_its_place() {
    let go =
        asked("let mut own = item.bins; if let Some(last) = own.last_mut() { *last = 0.5; } own[3] > 0.1").expect("Go");
    assert!(go.contains("last = &own[len(own)-1]") && go.contains("*last = 0.5"), "{go}");
    let go =
        asked("let mut own = item.bins; if let Some(one) = own.get_mut(2) { *one += 1.0; } own[2] > 0.1").expect("Go");
    assert!(go.contains("value = &own[2]") && go.contains("*value += 1.0"), "{go}");
    let go = asked("let own = item.hint.is_none_or(|hint| hint > 3); own").expect("Go");
    assert!(go.contains("item.hint == nil || *item.hint > 3"), "{go}");
}

#[test]
fn elements_that_are_skipped_are_not_gone_through() {
    let go = asked(
        "let mut own = item.bins; for (i, b) in own.iter_mut().enumerate().skip(1) { *b += i as f64; } own[3] > 0.1",
    )
    .expect("Go");
    assert!(go.contains("for i := 1; i < len(own); i++ {") && !go.contains("left"), "{go}");
    let go = asked("let mut own = item.bins; own.iter_mut().skip(1).for_each(|b| *b = 0.5); own[3] > 0.1").expect("Go");
    assert!(go.contains("part := own[min(1, len(own)):]") && go.contains("part[i] = 0.5"), "{go}");
}

#[test]
fn what_lies_outside_is_refused_with_its_place_and_what_to_write_instead() {
    for (body, column, what) in [
        ("let t = (1, 2); t.0 > 0", 9, "a tuple as a value"),
        ("item.weight.sin() > 0.0", 13, "`sin` of a float"),
        ("let f = move |x: f64| x + 1.0; f(1.0) > 0.0", 9, "drop `move`"),
        (
            "let mut own = item.bins; own[self.bump() as usize] = 1.0; own[0] > 0.0",
            30,
            "an index that changes something",
        ),
        (
            "let mut own = item.bins; own[self.bump() as usize] += 1.0; own[0] > 0.0",
            30,
            "an index that changes something",
        ),
        ("let v = item.bins.iter().scan(0, |a, b| None); true", 26, "`scan` of an iterator"),
    ] {
        let refusal = asked(body).expect_err(body);
        assert_eq!((refusal.line, refusal.column), (6, column), "{refusal}");
        assert!(refusal.reason.contains(what), "{refusal}");
    }
}

#[test]
fn hostile_text_stays_in_its_comment_and_deep_nesting_is_refused() {
    let go = asked("// ok */ /* \u{202e}x\n//go:build evil\nitem.size > 1").expect("Go");
    assert!(go.contains("// ok */ /* ?x\n\t// (go:build evil)\n"), "{go}");
    let deep = format!("{}item.size{} > 1", "(".repeat(150), ")".repeat(150));
    assert!(asked(&deep).is_ok_and(|go| go.contains("item.size > 1")));
    let deeper = format!("{}item.size{} > 1", "-(".repeat(190), ")".repeat(190));
    assert!(asked(&deeper).is_err());
    assert!(of(CONTRACT, "fn", ["Rule", "Own", "make", "KNOBS", "Dice"]).is_err());
    assert!(of(CONTRACT, "", ["Rule", "Own", "make", "KNOBS", "Dice"]).is_err());
}

/// The candidates of a folder, in the order of their names.
fn candidates(folder: &str) -> Vec<String> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join(folder))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).expect("a source")).collect()
}

/// What stands around a translation, as far as Go has to know of it.
fn around(translation: &Translation) -> String {
    let fields: String = translation.tunables.iter().map(|own| format!("\t{} float64\n", own.field)).collect();
    format!(
        "package rule\n\ntype Parameters struct {{\n{fields}}}\n\ntype Draw struct{{}}\n\nfunc (d *Draw) uniform() float64 {{ return 0.5 }}\n"
    )
}

#[test]
fn every_shipped_candidate_is_translated_and_eighteen_of_twenty_in_the_style_of_a_model_and_go_compiles_them() {
    let contract = std::fs::read_to_string(root().join("crates/admitter/src/lib.rs")).expect("the contract");
    let (mut counted, mut done) = (Vec::new(), Vec::new());
    for folder in [
        "experiments/admission",
        "experiments/admission/controls",
        "experiments/admission/curves",
        "tests/fixtures/candidates/modelled",
    ] {
        let sources = candidates(folder);
        let before = done.len();
        let names = ["Admitter", "Policy", "new", "TUNABLES", "Draw"];
        done.extend(sources.iter().filter_map(|source| of(&contract, source, names).ok()));
        counted.push((done.len() - before, sources.len()));
    }
    assert_eq!(counted, [(1, 1), (17, 17), (5, 5), (18, 20)]);
    // What a campaign makes of a policy whose parameters are settled.
    let own = root().join("tests/fixtures/candidates/modelled/per_client.rs");
    let own = std::fs::read_to_string(own).expect("a source");
    let head = "fn new(parameters: &[f64]) -> Self {";
    let settled = own.replace(head, &format!("{head} let parameters: &[f64] = &[/* scale */ 0.5];"));
    assert_ne!(settled, own);
    done.push(of(&contract, &settled, ["Admitter", "Policy", "new", "TUNABLES", "Draw"]).expect("a translation"));
    compiled(&done);
}

#[test]
fn every_limiter_that_needs_what_production_passes_is_translated_and_go_compiles_them() {
    let contract = std::fs::read_to_string(root().join("crates/limiter/src/lib.rs")).expect("the contract");
    let names = ["Limiter", "Policy", "new", "TUNABLES", "-"];
    let mut sources = candidates("tests/fixtures/candidates/modelled-limiters");
    sources.extend(candidates("experiments/flow-control"));
    sources.extend(candidates("experiments/flow-control/controls"));
    for own in ["starter.rs.txt", "template/space.rs.txt"] {
        let file = root().join("crates/problems/src/flow_control").join(own);
        sources.push(std::fs::read_to_string(file).expect("a source"));
    }
    let mut done = Vec::new();
    for source in &sources {
        match of(&contract, source, names) {
            Ok(translation) => done.push(translation),
            Err(refusal) => panic!("{refusal}\n{source}"),
        }
    }
    let looks = |translation: &&Translation| translation.reads.iter().any(|field| field != "Reading.saturation");
    // Queue lengths, the age of the reading, requests in flight, dispatches that it does not show.
    assert_eq!((done.len(), done.iter().filter(looks).count()), (22, 3));
    compiled(&done);
}

/// Lets Go compile translations, each beside what stands around it.
fn compiled(done: &[Translation]) {
    let Some(go) = crate::go::go() else { return };
    let module = tempfile::tempdir().expect("a folder");
    std::fs::write(module.path().join("go.mod"), "module all\n\ngo 1.22\n").expect("a file");
    for (at, translation) in done.iter().enumerate() {
        let package = module.path().join(format!("p{at}"));
        std::fs::create_dir(&package).expect("a folder");
        std::fs::write(package.join("around.go"), around(translation)).expect("a file");
        for (name, text) in &translation.files {
            std::fs::write(package.join(name), text).expect("a file");
        }
    }
    let output = crate::go::run(&go, module.path(), &["build", "./..."]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_list_that_is_written_down_is_a_slice() {
    let go = asked("let list: &[f64] = &[0.5, item.weight]; list[0] > list[1]").expect("Go");
    assert!(go.contains("list := []float64{0.5, item.weight}"), "{go}");
}

#[test]
fn a_declaration_of_itself_ends() {
    for (before, low) in [
        ("const A: f64 = -A;", "A"),
        ("const A: f64 = -B; const B: f64 = -A;", "A"),
        ("const A: f64 = A + 1.0;", "0.0"),
        ("const A: [f64; 2] = [A[0], A[1]];", "0.0"),
        ("pub struct S { s: S }", "0.0"),
        ("#[derive(Clone, Copy, Default, PartialEq)] pub struct S { s: [S; 2], t: Option<S> }", "0.0"),
        ("type T = T;", "0.0"),
        ("fn a(x: f64) -> f64 { b(x) } fn b(x: f64) -> f64 { a(x) }", "0.0"),
    ] {
        let source = format!(
            "{before}\npub struct Own {{ sum: f64 }}\nimpl Rule for Own {{\n\
             const KNOBS: &'static [Knob] = &[Knob {{ name: \"k\", default: 1.0, low: {low}, high: 2.0 }}];\n\
             fn make(_: &[f64]) -> Self {{ Own {{ sum: 0.0 }} }}\n\
             fn ask(&mut self, item: &Item, _: &mut Dice) -> bool {{ item.weight > self.sum }}\n}}\n"
        );
        let done = of(CONTRACT, &source, ["Rule", "Own", "make", "KNOBS", "Dice"]);
        assert!(low == "0.0" || done.is_err(), "{before}");
    }
}
