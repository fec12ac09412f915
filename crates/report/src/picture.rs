//! Charts as SVG, drawn from facts. Colours and type are in `picture.css`: a page shares one copy, a file beside Markdown has its own.
//!
//! Every mark has its number as a tooltip, every chart its message as a title, and no text is placed that was not escaped.

mod axis;
pub(crate) mod behaviour;
mod canvas;
pub(crate) mod course;
pub(crate) mod effort;
pub(crate) mod forest;
pub(crate) mod front;
pub(crate) mod lineage;
pub(crate) mod margins;
pub(crate) mod progress;
pub(crate) mod space;
pub(crate) mod workloads;

use canvas::Canvas;

/// Colours, strokes and type of all charts, light and dark; colours by Okabe and Ito, told apart by the colour-blind.
pub(crate) const STYLE: &str = include_str!("picture.css");

/// A chart.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    /// A name for its file.
    pub(crate) name: &'static str,
    /// What it shows, in one sentence.
    pub(crate) title: String,
    /// How it is to be read.
    pub(crate) note: String,
    /// Units of its own coordinates.
    pub(crate) width: f64,
    /// The same down.
    pub(crate) height: f64,
    /// Its elements.
    body: String,
}

impl Picture {
    fn new(name: &'static str, title: impl Into<String>, note: impl Into<String>, canvas: Canvas) -> Self {
        let Canvas { width, height, body } = canvas;
        Picture { name, title: title.into(), note: note.into(), width, height, body }
    }

    /// An element for a page that holds [`STYLE`].
    pub(crate) fn inline(&self) -> String {
        let Picture { width, height, body, .. } = self;
        let title = canvas::escaped(&self.title);
        // What holds links is no image to whoever cannot see it: it is a group of them.
        let role = if body.contains("<a ") { "group" } else { "img" };
        format!(
            "<svg class=\"chart\" viewBox=\"0 0 {width:.0} {height:.0}\" style=\"--w:{width:.0}\" role=\"{role}\" \
             aria-label=\"{title}\">{body}</svg>"
        )
    }

    /// A file of its own.
    pub(crate) fn file(&self) -> String {
        let Picture { width, height, body, .. } = self;
        let title = canvas::escaped(&self.title);
        // Links lead into the page, which is not here.
        let body = body.replace("<a href=", "<g data-of=").replace("</a>", "</g>");
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
             height=\"{height:.0}\" role=\"img\"><title>{title}</title><style>{STYLE}</style>\
             <rect class=\"paper\" width=\"100%\" height=\"100%\"/>{body}</svg>\n"
        )
    }
}
