use super::specialised;
use crate::keyed::uniform;
use crate::retune;
use crate::source::description_length;
use crate::stats::rounded;

const ADMISSION: &str = include_str!("../../../../experiments/admission/space.rs");
const TINY: &str = include_str!("../../../../tests/fixtures/experiments/tiny/space.rs");

fn length(source: &str) -> u32 {
    description_length(source).expect("it can be split into tokens")
}

/// A source whose `admit` returns an expression, with two tunables.
fn source(body: &str) -> String {
    format!(
        "enum Curve {{\n    Step(f64),\n    Power {{ full: f64, exponent: f64 }},\n}}\n
pub struct Policy {{ kind: f64, size: f64, curve: Curve, seen: f64 }}\n
impl Admitter for Policy {{
    const TUNABLES: &'static [Tunable] = &[
        Tunable {{ name: \"kind\", default: 0.0, low: 0.0, high: 2.0 }},
        Tunable {{ name: \"size\", default: 1.0, low: -1.0, high: 1.0 }},
    ];

    fn new(parameters: &[f64]) -> Self {{
        let [kind, size] = *parameters else {{ panic!(\"two\") }};
        let curve = if kind == 0.0 {{ Curve::Step(size) }} else {{ Curve::Power {{ full: size, exponent: 5.0 }} }};
        Policy {{ kind, size, curve, seen: 0.0 }}
    }}

    fn admit(&mut self, x: f64, draw: &mut Draw) -> f64 {{
        self.seen += 1.0;
        {body}
    }}
}}
"
    )
}

/// What is left of `admit` at some values.
fn admit(body: &str, values: [f64; 2]) -> String {
    let text = specialised(&source(body), &values).expect("it can be read");
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let start = text.find("-> f64 {\n").expect("admit") + 9;
    let body = text[start..].trim_end().trim_end_matches('}').trim_end().trim_end_matches('}');
    body.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_value_takes_the_place_of_its_name_and_says_its_type_where_a_method_is_called_on_it() {
    assert_eq!(admit("x * self.size", [0.0, 0.25]), "x * 0.25");
    assert_eq!(admit("x * self.size.exp()", [0.0, 0.25]), "x * 0.25_f64.exp()");
    assert_eq!(admit("x - (-self.size).exp() + x.powf(self.size)", [0.0, -0.25]), "x - 0.25_f64.exp() + x.powf(-0.25)");
}

#[test]
fn arithmetic_of_values_is_done_where_its_result_is_short_and_left_where_it_is_not() {
    assert_eq!(admit("x * (2.0 * (1.0 - self.size))", [0.0, 0.25]), "x * 1.5");
    assert_eq!(admit("x * (self.size / 3.0)", [0.0, 0.25]), "x * (0.25 / 3.0)");
    assert_eq!(admit("x * f64::from(0.25_f32 / 3.0)", [0.0, 0.25]), "x * f64::from(0.25_f32 / 3.0)");
    assert_eq!(admit("x * f64::from(0.5_f32 * 2f32)", [0.0, 0.25]), "x * f64::from(0.5_f32 * 2f32)");
}

#[test]
fn the_branch_that_is_taken_stands_for_its_condition() {
    let body = "if self.kind == 1.0 {\n            // Steep.\n            x.powf(5.0)\n        } else if self.kind == 2.0 { x } else { 0.0 }";
    assert_eq!(admit(body, [1.0, 0.5]), "// Steep.\nx.powf(5.0)");
    assert_eq!(admit(body, [2.0, 0.5]), "x");
    assert_eq!(admit(body, [0.0, 0.5]), "0.0");
    assert_eq!(
        admit("if x > 0.5 { 1.0 } else if self.kind == 2.0 { x } else { 0.0 }", [2.0, 0.5]),
        "if x > 0.5 { 1.0 } else { x }"
    );
    assert_eq!(
        admit("if self.kind == 0.0 && x > self.size { 1.0 } else { x }", [0.0, 0.5]),
        "if x > 0.5 { 1.0 } else { x }"
    );
}

#[test]
fn a_match_on_a_choice_or_a_variant_leaves_its_arm_with_what_it_binds() {
    let body = "match self.curve {\n            Curve::Step(at) => at - x,\n            Curve::Power { full, exponent } => (x / full).powf(exponent),\n        }";
    assert_eq!(admit(body, [0.0, 0.5]), "0.5 - x");
    assert_eq!(admit(body, [1.0, 0.5]), "(x / 0.5).powf(5.0)");
    assert_eq!(admit("match self.kind as u32 { 0 => x, 1 | 2 => -x, _ => 0.0 }", [2.0, 0.5]), "-x");
    assert_eq!(admit("if matches!(self.curve, Curve::Step(_)) { x } else { 1.0 }", [0.0, 0.5]), "x");
}

#[test]
fn what_nobody_reads_goes_and_what_has_effects_stays() {
    let text = specialised(&source("let y = draw.uniform();\n        x"), &[0.0, 0.5]).unwrap();
    assert!(text.contains("pub struct Policy;") && !text.contains("Curve") && !text.contains("seen"), "{text}");
    assert!(text.contains("let y = draw.uniform();"), "another draw would be the first one: {text}");
    assert!(text.contains("fn new(_parameters: &[f64]) -> Self {\n        Policy\n    }"), "{text}");
    assert_eq!(
        admit("if self.size == 0.0 { self.seen = 2.0; }\n        x + self.seen", [0.0, 0.5]),
        "self.seen += 1.0;\nx + self.seen"
    );
    assert_eq!(admit("self.seen.push(1.0);\n        x", [0.0, 0.5]), "self.seen += 1.0;\nself.seen.push(1.0);\nx");
}

#[test]
fn what_it_cannot_read_is_said() {
    assert!(specialised("fn f() {", &[]).unwrap_err().contains("not Rust"));
    assert!(specialised("struct Policy;", &[]).unwrap_err().contains("no list of tunables"));
    assert!(specialised(&source("x"), &[1.0]).unwrap_err().contains("takes 2 values"));
}

#[test]
fn at_any_point_a_space_source_becomes_shorter_declares_nothing_and_stays_rust() {
    for space in [ADMISSION, TINY] {
        let tunables = retune::plain_defaults(space).expect("its defaults are plain numbers");
        for n in 0..300 {
            let unit = |k: usize| uniform(5, n * 16 + k as u64);
            let value = |(at, (name, default)): (usize, &(String, f64))| match name.as_str() {
                "family" => (unit(at) * 3.0).floor(),
                "signal" => (unit(at) * 2.0).floor(),
                // As it is where no principle or author says otherwise.
                _ if unit(at + 10) < 0.3 => *default,
                _ => rounded(0.05 + unit(at), 4),
            };
            let values: Vec<f64> = tunables.iter().enumerate().map(value).collect();
            let text = specialised(space, &values).expect("it can be read");
            assert_eq!(retune::declared(&text), Some(0), "{text}");
            assert!(!text.contains("//!") && !text.contains("{\n\n"), "{text}");
            assert!(syn::parse_file(&text).is_ok(), "{text}");
            assert!(3 * length(&text) < 2 * length(space), "{values:?}: {text}");
            assert!(!text.contains("self.family") && !text.contains("self.half"), "{text}");
            assert_eq!(specialised(space, &values), Ok(text), "the same every time");
        }
    }
}
