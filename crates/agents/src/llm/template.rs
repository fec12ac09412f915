//! The prompts: templates filled once. What is filled in is data, and nothing rendered is rendered again.

use super::text::clean;
use super::{ModelError, Passages, Role, passages};
use handlebars::{Handlebars, RenderError, RenderErrorReason};
use serde::Serialize;
use std::collections::BTreeMap;

/// Where in a template the part of the user begins. The template is cut here before anything is filled in, so that no
/// text of a model can move the cut.
const CUT: &str = "{{!-- user --}}\n";

/// The files under `prompts/`, by name.
const SHIPPED: [(&str, &str); 9] = [
    ("plan", include_str!("../../../../prompts/plan.hbs")),
    ("implement", include_str!("../../../../prompts/implement.hbs")),
    ("repair", include_str!("../../../../prompts/repair.hbs")),
    ("extract", include_str!("../../../../prompts/extract.hbs")),
    ("target", include_str!("../../../../prompts/target.hbs")),
    ("code", include_str!("../../../../prompts/code.hbs")),
    ("arm", include_str!("../../../../prompts/arm.hbs")),
    ("regimes", include_str!("../../../../prompts/regimes.hbs")),
    ("evidence", include_str!("../../../../prompts/evidence.hbs")),
];

/// One template for each role, and the parts that they share.
#[derive(Clone, Debug)]
pub struct Templates {
    engine: Handlebars<'static>,
    /// Lines of each role's template before the part of the user.
    system_lines: BTreeMap<&'static str, usize>,
}

impl Templates {
    /// The templates that come with the program.
    pub fn shipped() -> Self {
        Templates::with(&BTreeMap::new()).expect("tests parse the templates that come with the program")
    }

    /// The text of each template that comes with the program, by name.
    pub fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
        SHIPPED.into_iter()
    }

    /// The templates that come with the program, some of them replaced by a user's own. A key is the name of a file under
    /// `prompts/` without `.hbs`, or of one of the problem's [`Passages`]. The error says which of them cannot be used, where
    /// and why.
    pub fn with(overrides: &BTreeMap<String, String>) -> Result<Self, String> {
        let known: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).chain(passages::NAMES).collect();
        if let Some(name) = overrides.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(format!("there is no template `{name}`; those that can be replaced are {}", known.join(", ")));
        }
        let mut engine = Handlebars::new();
        engine.set_strict_mode(true);
        engine.register_escape_fn(handlebars::no_escape);
        // Otherwise an indented partial indents what is filled into it, code included.
        engine.set_prevent_indent(true);
        let mut templates = Templates { engine, system_lines: BTreeMap::new() };
        for (name, shipped) in SHIPPED {
            let text = overrides.get(name).map_or(shipped, String::as_str).replace("\r\n", "\n");
            templates.register(name, &text)?;
        }
        for name in passages::NAMES {
            overrides.get(name).map_or(Ok(()), |text| templates.passage(name, text))?;
        }
        Ok(templates)
    }

    /// A passage ends with its last line, so that the frame goes on in the next one.
    fn passage(&mut self, name: &str, text: &str) -> Result<(), String> {
        let text = text.trim_end().replace("\r\n", "\n");
        self.parse(name, name, 0, &if text.is_empty() { text } else { text + "\n" })
    }

    /// These with the passages of a problem, but for those that the user replaced.
    fn holding(&self, passages: &Passages) -> Result<Self, String> {
        let mut all = self.clone();
        for (name, text) in passages.texts().filter(|(name, _)| !self.engine.has_template(name)) {
            all.passage(name, text)?;
        }
        Ok(all)
    }

    fn register(&mut self, name: &'static str, text: &str) -> Result<(), String> {
        if !is_role(name) {
            return self.parse(name, name, 0, text);
        }
        let Some((system, user)) = text.split_once(CUT) else {
            let cut = CUT.trim();
            return Err(format!(
                "the template `{name}` has no line `{cut}`, which ends what is the same all campaign long"
            ));
        };
        let lines = system.lines().count() + 1;
        self.system_lines.insert(name, lines);
        self.parse(name, &format!("{name}.system"), 0, system)?;
        self.parse(name, &format!("{name}.user"), lines, user)
    }

    fn parse(&mut self, name: &str, part: &str, offset: usize, text: &str) -> Result<(), String> {
        self.engine.register_template_string(part, text).map_err(|error| {
            let place = error.pos().map(|(line, column)| format!(", line {} column {column}", line + offset));
            format!("the template `{name}` cannot be read{}: {}", place.unwrap_or_default(), error.reason())
        })
    }

    /// The system's and the user's part of a role's prompt, without anything that a person would not see in it: a model
    /// reads what is hidden in others' words.
    pub(super) fn render(
        &self,
        role: Role,
        passages: &Passages,
        context: &impl Serialize,
    ) -> Result<[String; 2], ModelError> {
        let context = handlebars::Context::wraps(context).map_err(|error| self.problem(role, &error))?;
        let templates = self.holding(passages).map_err(ModelError::Template)?;
        let part =
            |part: &str| match templates.engine.render_with_context(&format!("{}.{part}", role.as_str()), &context) {
                Ok(text) => Ok(clean(&text).trim().to_owned()),
                Err(error) => Err(self.problem(role, &error)),
            };
        Ok([part("system")?, part("user")?])
    }

    fn problem(&self, role: Role, error: &RenderError) -> ModelError {
        let full = error.template_name.as_deref().unwrap_or(role.as_str());
        let name = full.split('.').next().unwrap_or(full);
        let offset = if full.ends_with(".user") { self.system_lines.get(name).copied().unwrap_or(0) } else { 0 };
        let place = error.line_no.map(|line| format!(" (line {})", line + offset)).unwrap_or_default();
        let problem = match error.reason() {
            RenderErrorReason::MissingVariable(variable) => {
                let variable = variable.as_deref().unwrap_or("a variable");
                format!("names `{variable}`, which the prompt of `{}` does not have", role.as_str())
            }
            RenderErrorReason::PartialNotFound(partial) => format!("includes `{partial}`, which does not exist"),
            reason => format!("cannot be filled: {reason}"),
        };
        ModelError::Template(format!("the template `{name}`{place} {problem}"))
    }
}

fn is_role(name: &str) -> bool {
    Role::ALL.iter().any(|role| role.as_str() == name)
}
