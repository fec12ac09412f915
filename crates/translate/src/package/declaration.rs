//! Declarations as they are written in Go.

use super::{Functions, Writer, documented};
use crate::go::Expr;
use crate::go::print::Names;
use crate::items::{Items, Part};
use crate::types::Ty;
use std::fmt::Write;

impl<'a> Writer<'a> {
    pub(super) fn structure(&self, name: &str, part: Part, functions: &Functions, names: &Names) -> String {
        let own = &self.items.structs[name];
        // Of what the contract shows, only what is looked at is there.
        let shown = |field: &&crate::items::Field| {
            part == Part::Candidate || functions.reached.contains(&format!("{name}.{}", field.name))
        };
        let fields: Vec<_> = own.fields.iter().filter(shown).collect();
        let mut text = match own.docs.is_empty() && name == self.target.state {
            true => format!("// {name} is what is kept from one decision to the next.\n"),
            false => documented(&own.docs, ""),
        };
        if fields.is_empty() {
            let _ = writeln!(text, "type {name} struct{{}}");
            return text;
        }
        let _ = writeln!(text, "type {name} struct {{");
        // Names that stand right below each other have their types in one column.
        for run in fields.chunk_by(|_, next| next.docs.is_empty()) {
            let width = run.iter().map(|field| field.go.len()).max().unwrap_or(0);
            for field in run {
                let _ = write!(text, "{}", documented(&field.docs, "\t"));
                let _ = writeln!(text, "\t{:<width$} {}", field.go, names.ty(&field.ty));
            }
        }
        text + "}\n"
    }

    pub(super) fn enumeration(&self, name: &str) -> String {
        let own = &self.items.enums[name];
        let mut text = documented(&own.docs, "");
        let _ = write!(text, "type {name} int32\n\n// The values of {name}.\nconst (\n");
        for (at, (_, go, docs)) in own.variants.iter().enumerate() {
            let iota = if at == 0 { format!(" {name} = iota") } else { String::new() };
            let _ = writeln!(text, "{}\t{go}{iota}", documented(docs, "\t"));
        }
        text + ")\n"
    }

    pub(super) fn constant(&self, name: &str, functions: &Functions, names: &Names) -> String {
        let constant = &self.items.consts[name];
        let value = &functions.constants[name];
        let text = names.expr(value);
        let fixed = is_constant(value, self.items) && matches!(constant.ty, Ty::Float | Ty::Int(_) | Ty::Bool);
        let (keyword, ty) = match (fixed, &constant.ty) {
            (true, ty) => ("const", format!(" {}", names.ty(ty))),
            (false, _) => ("var", String::new()),
        };
        format!("{}{keyword} {}{ty} = {text}\n", documented(&constant.docs, ""), constant.go)
    }

    pub(super) fn function(&self, name: &str, functions: &Functions, names: &Names) -> String {
        let (function, Some(written)) = (&self.items.functions[name], functions.written.get(name)) else {
            return String::new();
        };
        let mut text = documented(&function.docs, "");
        text.push_str("func ");
        if let Some((receiver, ty)) = &written.receiver {
            let receiver = if receiver == "_" { String::new() } else { format!("{receiver} ") };
            let _ = write!(text, "({receiver}{}) ", names.ty(ty));
        }
        let _ = write!(text, "{}({})", function.go, names.parameters(&written.parameters));
        if function.result != Ty::UNIT {
            let _ = write!(text, " {}", names.ty(&function.result));
        }
        text.push_str(" {\n");
        names.body(&written.body, 1, &mut text);
        // Go wants to see that a function returns.
        if function.result != Ty::UNIT && !crate::go::ends(&written.body) {
            text.push_str("\tpanic(\"unreachable\")\n");
        }
        text + "}\n"
    }

    pub(super) fn file(&self, intro: &[String], body: &str) -> String {
        let mut text = format!("{}\n", self.target.header.trim_end());
        let _ = write!(text, "\npackage {}\n", self.target.package);
        let imports: Vec<&str> = ["math", "slices"]
            .into_iter()
            .filter(|package| {
                body.lines()
                    .filter(|line| !line.trim_start().starts_with("//"))
                    .any(|line| line.contains(&format!("{package}.")))
            })
            .collect();
        match imports.as_slice() {
            [] => {}
            [one] => {
                let _ = write!(text, "\nimport \"{one}\"\n");
            }
            several => {
                let lines: String = several.iter().map(|package| format!("\t\"{package}\"\n")).collect();
                let _ = write!(text, "\nimport (\n{lines})\n");
            }
        }
        if !intro.is_empty() {
            let _ = write!(text, "\n{}", documented(intro, ""));
        }
        let _ = write!(text, "\n{body}");
        text
    }
}

/// Whether Go computes it when it compiles.
pub(super) fn is_constant(expr: &Expr, items: &Items<'_>) -> bool {
    match expr {
        Expr::Int(_) | Expr::Float(_) => true,
        Expr::Name(name) => {
            let fixed = |constant: &crate::items::Const<'_>| {
                constant.go == *name && matches!(constant.ty, Ty::Float | Ty::Int(_) | Ty::Bool)
            };
            matches!(name.as_str(), "true" | "false") || name.starts_with("math.") || items.consts.values().any(fixed)
        }
        Expr::Binary(_, left, right, _) => is_constant(left, items) && is_constant(right, items),
        Expr::Unary(op, of) => *op != "&" && is_constant(of, items),
        Expr::Paren(of) | Expr::Convert(_, of) => is_constant(of, items),
        _ => false,
    }
}
