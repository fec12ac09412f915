//! What can be read off a candidate's source without running it.

use syn::visit::{self, Visit};

/// Counts the free parameters of a source: numeric literals other than 0, 1 and −1 (exponents included, a named
/// constant once however often it is used), and one for every other way to make a number: casts of characters and
/// booleans, shifts of literals, lengths of literals, `consts`, `from_bits`. None if the source is not Rust.
pub fn free_parameters(source: &str) -> Option<u32> {
    let file = syn::parse_file(source).ok()?;
    let mut counter = Counter::default();
    counter.visit_file(&file);
    Some(counter.count)
}

#[derive(Default)]
struct Counter {
    count: u32,
}

impl<'a> Visit<'a> for Counter {
    fn visit_lit(&mut self, literal: &'a syn::Lit) {
        let trivial = match literal {
            syn::Lit::Int(n) => n.base10_parse::<u64>().is_ok_and(|n| n <= 1),
            syn::Lit::Float(x) => x.base10_parse::<f64>().is_ok_and(|x| x == 0.0 || x == 1.0),
            _ => true,
        };
        self.count += u32::from(!trivial);
    }

    fn visit_expr_cast(&mut self, cast: &'a syn::ExprCast) {
        if let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Char(_) | syn::Lit::Bool(_) | syn::Lit::Byte(_), .. }) =
            &*cast.expr
        {
            self.count += 1;
        }
        visit::visit_expr_cast(self, cast);
    }

    fn visit_expr_binary(&mut self, binary: &'a syn::ExprBinary) {
        let constant = is_literal(&binary.left) && is_literal(&binary.right);
        if constant && trivial_literals(binary) {
            self.count += 1; // 1 << 1, 1 + 1: a number made of trivial ones
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
        if call.method == "len" && is_literal(&call.receiver) {
            self.count += 1;
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        if path.segments.iter().any(|segment| segment.ident == "consts" || segment.ident == "from_bits") {
            self.count += 1;
        }
        visit::visit_path(self, path);
    }

    fn visit_expr_struct(&mut self, value: &'a syn::ExprStruct) {
        if value.path.segments.last().is_some_and(|segment| segment.ident == "Tunable") {
            self.count += 1; // one parameter, whatever its bounds
        } else {
            visit::visit_expr_struct(self, value);
        }
    }

    fn visit_attribute(&mut self, _: &'a syn::Attribute) {}
}

fn is_literal(expression: &syn::Expr) -> bool {
    match expression {
        syn::Expr::Lit(_) => true,
        syn::Expr::Paren(inner) => is_literal(&inner.expr),
        syn::Expr::Unary(inner) => is_literal(&inner.expr),
        syn::Expr::Reference(inner) => is_literal(&inner.expr),
        syn::Expr::Binary(inner) => is_literal(&inner.left) && is_literal(&inner.right),
        syn::Expr::Array(_) => true,
        _ => false,
    }
}

fn trivial_literals(binary: &syn::ExprBinary) -> bool {
    let mut counter = Counter::default();
    counter.visit_expr(&binary.left);
    counter.visit_expr(&binary.right);
    counter.count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(body: &str) -> u32 {
        free_parameters(&format!("fn f(x: f64) -> f64 {{ {body} }}")).unwrap()
    }

    #[test]
    fn the_quintic_has_four_free_parameters() {
        assert_eq!(count("let s = c.saturation(5.0, 0.8); (s.powi(5) * 300.0).min(1.0)"), 4);
    }

    #[test]
    fn zero_one_and_minus_one_are_free_of_charge() {
        assert_eq!(count("x.max(0.0).min(1.0) * -1.0 + 0.0"), 0);
    }

    #[test]
    fn a_named_constant_counts_once() {
        assert_eq!(free_parameters("const K: f64 = 7.5; fn f() -> f64 { K * K + K }"), Some(1));
    }

    #[test]
    fn a_tunable_counts_once_whatever_its_bounds() {
        let tunables = "const T: &[Tunable] = &[Tunable { name: \"k\", default: 300.0, low: 10.0, high: 3000.0 }];";
        assert_eq!(free_parameters(tunables), Some(1));
    }

    #[test]
    fn other_ways_to_make_a_number_count_too() {
        assert_eq!(count("'a' as u8 as f64"), 1);
        assert_eq!(count("true as u8 as f64 * x"), 1);
        assert_eq!(count("(1 << 1) as f64"), 1);
        assert_eq!(count("\"abc\".len() as f64"), 1);
        assert_eq!(count("core::f64::consts::PI * x"), 1);
        assert!(count("((1 + 1 + 1) as f64) * x") >= 1);
    }
}
