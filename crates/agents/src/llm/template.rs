//! The prompts: templates filled once. What is filled in is data, and nothing rendered is rendered again.

use super::{Request, Role, Settings};
use handlebars::Handlebars;
use serde::Serialize;
use std::sync::LazyLock;

/// Where in a template the part of the user begins. The template is cut here before anything is filled in, so that no
/// text of a model can move the cut.
const CUT: &str = "{{!-- user --}}\n";

/// The request of a role for a context. `context` is what varies and `schema` what the reply has to look like.
///
/// # Panics
/// If a template names what its context does not have: tests render every one.
pub(super) fn request(role: Role, settings: &Settings, context: &impl Serialize, schema: Option<Schema>) -> Request {
    let part = |part: &str| match TEMPLATES.render(&format!("{}.{part}", role.as_str()), context) {
        Ok(text) => text.trim().to_owned(),
        Err(error) => panic!("the template `{}` does not fit its context: {error}", role.as_str()),
    };
    Request {
        role,
        model: settings.model.clone(),
        system: part("system"),
        user: part("user"),
        temperature: settings.temperature,
        max_completion_tokens: settings.max_completion_tokens,
        schema: schema.filter(|_| settings.structured).map(|schema| schema()),
    }
}

pub(super) type Schema = fn() -> serde_json::Value;

static TEMPLATES: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut templates = Handlebars::new();
    templates.set_strict_mode(true);
    templates.register_escape_fn(handlebars::no_escape);
    // Otherwise an indented partial indents what is filled into it, code included.
    templates.set_prevent_indent(true);
    let mut register = |name: &str, text: &str| {
        templates.register_template_string(name, text).unwrap_or_else(|error| panic!("prompts/{name}: {error}"));
    };
    register("target", include_str!("../../../../prompts/target.hbs"));
    let roles = [
        (Role::Plan, include_str!("../../../../prompts/plan.hbs")),
        (Role::Implement, include_str!("../../../../prompts/implement.hbs")),
    ];
    for (role, text) in roles {
        let (system, user) = text.split_once(CUT).expect("a template has a part of the user");
        register(&format!("{}.system", role.as_str()), system);
        register(&format!("{}.user", role.as_str()), user);
    }
    templates
});
