//! No other way to make a number is a shorter description than the number.

use science::source::description_length;

/// A policy with these items, whose factor is this expression.
fn policy(items: &str, factor: &str) -> String {
    format!(
        "use admitter::prelude::*; {items} pub struct Policy; impl Admitter for Policy {{
            fn new(_: &[f64]) -> Self {{ Policy }}
            fn admit(&mut self, r: &Request, c: &Cluster, d: &mut Draw) -> Decision {{
                if r.priority >= 0 {{ return Decision::Admit; }}
                let s = c.saturation(1.0, 1.0);
                let k: f64 = {factor};
                Decision::reject_if(d.uniform() < s * k)
            }}
        }}"
    )
}

fn length(items: &str, factor: &str) -> u32 {
    description_length(&policy(items, factor)).expect("it can be split into tokens")
}

/// Each way to make a number: its name, the items that it needs, the expression, and the number written out.
const SPELLINGS: &[(&str, &str, &str, &str)] = &[
    ("array_len", "", "[0; 1].len() as f64", "1.0"),
    ("array_len_many", "", "[(),(),(),(),()].len() as f64", "5.0"),
    ("array_type_len", "", "(<[u8; 7]>::default().len()) as f64", "7.0"),
    ("attr_hidden", "", "{ #[allow(unused)] let x = 300.0; x }", "300.0"),
    ("big_int_over_u64", "", "99999999999999999999999u128 as f64", "99999999999999999999999.0"),
    ("bool_sum", "", "{ [true,true,true].iter().filter(|x| **x).count() as f64 }", "3.0"),
    ("byte_string_index", "", r#"b"\x2c\x01"[0] as f64"#, "44.0"),
    ("char_as", "", r#"'\u{12c}' as u32 as f64"#, "300.0"),
    ("char_into_u32", "", r#"u32::from('\u{12c}') as f64"#, "300.0"),
    (
        "const_generic",
        "struct N<const K: usize>; impl<const K: usize> N<K> { const V: f64 = K as f64; }",
        "N::<7>::V",
        "7.0",
    ),
    ("consts_glob", "use core::f64::consts::*;", "TAU", "6.283185307179586"),
    ("consts_path", "", "core::f64::consts::PI", "3.141592653589793"),
    ("default_trait", "", "{ let x: f64 = f64::from(Decision::Reject as u8); x }", "1.0"),
    ("doc_text", "", "300.0", "300.0"),
    ("duration_fn", "", "core::time::Duration::from_secs(1).as_millis() as f64", "1000.0"),
    ("enum_disc_lit", "#[derive(Clone,Copy)] enum E { A = 300 }", "E::A as u32 as f64", "300.0"),
    ("epsilon", "", "f64::EPSILON", "2.220446049250313e-16"),
    ("exp_chain", "", "1.0_f64.exp().exp()", "15.154262241479259"),
    ("exp_of_one", "", "1.0_f64.exp()", "2.718281828459045"),
    ("f64_digits", "", "f64::from(f64::DIGITS)", "15.0"),
    ("fn_name_len", "mod aaaaaaaaaa { pub struct T; }", "core::any::type_name::<aaaaaaaaaa::T>().len() as f64", "23.0"),
    ("from_str_radix", "", r#"u32::from_str_radix("12c", u32::from('\u{10}')).unwrap_or(0) as f64"#, "300.0"),
    ("hex_float_cast", "", "0x12c as f64", "300.0"),
    ("i32_min", "", "f64::from(i8::MIN)", "-128.0"),
    ("lifetime_tuple_default", "", "<(u8,u16,u32)>::default().0 as f64", "0.0"),
    ("lit_suffix_one_e", "", "1e2", "1e2"),
    ("macro_hidden", "", "{ let mut v = 0.0; assert!({ v = 300.0; true }); v }", "300.0"),
    ("macro_matches", "", "if matches!(1, 1 if 300.0 > s) { 1.0 } else { 0.0 }", "if 300.0 > s { 1.0 } else { 0.0 }"),
    ("neg_lit_pat", "", "match s { x if x > 0.0 => 300.0, _ => 1.0 }", "300.0"),
    ("nonzero_min", "", "u32::from(core::num::NonZeroU32::MIN) as f64", "1.0"),
    ("not_zero", "", "f64::from(!0u8)", "255.0"),
    ("range_pat", "", "match 1u32 { 5..=9 => 1.0, _ => 0.0 }", "0.0"),
    ("recip", "", "{ let a = 1.0_f64; let b = a + a; b.recip() }", "0.5"),
    ("shl_vars", "", "{ let one = 1u32; (one << one << one) as f64 }", "2.0"),
    ("size_of_core", "", "core::mem::size_of::<(u64,u64,u64)>() as f64", "24.0"),
    ("str_chars_pos", "", r#""0123456".chars().count() as f64"#, "7.0"),
    ("str_len_var", "", r#"{ let s = "abcdef"; s.len() as f64 }"#, "6.0"),
    ("str_parse", "", r#""300.0".parse::<f64>().unwrap_or(0.0)"#, "300.0"),
    (
        "tunable_default_read",
        r#"const T: Tunable = Tunable { name: "a", default: 300.0, low: 7.5, high: 9.25 };"#,
        "T.low * T.high",
        "69.375",
    ),
    (
        "tunable_name_table",
        r#"const T: Tunable = Tunable { name: "3.5 4.5 7.25", default: 300.0, low: 7.5, high: 9.25 };"#,
        "T.name.split(' ').filter_map(|x| x.parse::<f64>().ok()).sum::<f64>()",
        "15.25",
    ),
    ("tuple_count", "", "(0..1).chain(0..1).chain(0..1).count() as f64", "3.0"),
    ("type_name_len", "", "core::any::type_name::<Request>().len() as f64", "16.0"),
    ("u8_max", "", "u8::MAX as f64", "255.0"),
    (
        "own_tunable_struct",
        "struct Tunable<const N: usize> { a: [f64; N] } const T: self::Tunable<9> = self::Tunable { a: [3.5, 2.5, 9.5] };",
        "T.a[0] + T.a[1]",
        "3.5 + 2.5",
    ),
    (
        "caller_line",
        "",
        "f64::from(core::panic::Location::caller().line()) * f64::from(core::panic::Location::caller().column())",
        "777.0",
    ),
    ("bits", "", "f64::from_bits(0x4072c00000000000)", "300.0"),
    ("bytes of a float", "", "f64::from_ne_bytes(*b\"\\0\\0\\0\\0\\0\\xc0r@\")", "300.0"),
    ("one byte", "", "b','[0] as f64", "44.0"),
    ("arithmetic", "", "(1 << 8 | 44) as f64", "300.0"),
    ("the least float", "", "f64::MIN_POSITIVE", "2.2250738585072014e-308"),
    ("the greatest float", "", "f64::MAX", "1.7976931348623157e308"),
    ("a character's place", "", "\"abcdefg\".find('g').unwrap_or(0) as f64", "6.0"),
    ("a hash of a type", "struct A;", "f64::from(core::any::TypeId::of::<A>() < core::any::TypeId::of::<u8>())", "1.0"),
];

#[test]
fn no_way_to_make_a_number_is_shorter_than_the_number() {
    for (name, items, factor, number) in SPELLINGS {
        let (made, written) = (length(items, factor), length("", number));
        assert!(made >= written, "{name}: {made} tokens, and {written} for {number}");
    }
}

#[test]
fn a_table_in_a_text_is_no_shorter_than_the_list() {
    let numbers: Vec<u32> = (0..90).map(|n| 33 + n * 37 % 90).collect();
    let list = numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let written = length(&format!("const T: &[u8] = &[{list}];"), "T[s as usize] as f64");
    let text: String = numbers.iter().map(|n| char::from(*n as u8)).collect();
    let bytes = format!("const T: &[u8] = b{text:?};");
    assert!(length(&bytes, "T[s as usize] as f64") >= written, "read byte by byte");
    let apart = format!("const T: &str = \"{}\";", list.replace(',', ""));
    let parsed = "T.split(' ').nth(s as usize).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0)";
    assert!(length(&apart, parsed) >= written, "and parsed");
    let named = format!("const T: Tunable = Tunable {{ name: \"{}\", default: 1.0, low: 0.0, high: 2.0 }};", list);
    assert!(length(&named, "T.name.len() as f64") >= written, "in the name of a tunable");
    let hidden = format!("fn t(i: usize) -> f64 {{ let mut k = 0.0; assert!({{ k = [{list}][i] as f64; true }}); k }}");
    assert!(length(&hidden, "t(s as usize)") >= written, "in the arguments of a macro");
}
