//! The lineage by iteration: a node is a hypothesis, its shape a verdict; the way to the champion is marked.

use super::Picture;
use super::canvas::{Anchor, Canvas};
use super::forest;
use crate::facts::Facts;
use crate::html::{candidate_place, finding_place, principle_place};
use crate::path::Turn;
use crate::record;
use crate::words::count;
use science::id::CandidateId;
use science::judge::Verdict;
use science::space::Point;
use science::state::State;
use std::collections::{BTreeMap, BTreeSet};

/// Columns of a long campaign are narrow, so that it is seen at once.
const WIDE: f64 = 960.0;
/// Room of a column, at least and at most, and of a row.
const COLUMN: [f64; 2] = [14.0, 34.0];
const ROW: f64 = 16.0;
/// Room for principles below.
const FORBIDDING: f64 = 26.0;
/// Edges of one principle, at most: more would hide what they lead to.
const EDGES: usize = 40;

/// A hypothesis, or a candidate that nobody claimed anything of.
struct Node {
    candidate: Option<CandidateId>,
    /// Where a click leads.
    place: String,
    title: String,
    judged: Option<Verdict>,
    /// Whether tuning or simplifying made it.
    derived: bool,
    /// How it came of its parent: the stroke of its edge.
    stroke: &'static str,
    /// Principles that forbid it: those that refused it, or that were drawn later and hold where it lies.
    excluded_by: Vec<String>,
    parent: Option<CandidateId>,
    column: usize,
    row: usize,
}

/// None before anything was claimed.
pub(crate) fn picture(facts: &Facts<'_>) -> Option<Picture> {
    let mut nodes = nodes(facts);
    if nodes.is_empty() {
        return None;
    }
    lay_out(&mut nodes);
    let rows = nodes.iter().map(|node| node.row).max().unwrap_or_default() + 1;
    let columns = nodes.iter().map(|node| node.column).max().unwrap_or_default() + 1;
    let grid = Grid { column: (WIDE / columns as f64).clamp(COLUMN[0], COLUMN[1]), rows };
    let wide = (56.0 + grid.column * columns as f64).max(480.0);
    let forbidding = forbidding(facts, &nodes);
    let under = if forbidding.is_empty() { 0.0 } else { FORBIDDING };
    let mut canvas = Canvas::new(wide, 66.0 + ROW * rows as f64 + under);
    forest::legend(&mut canvas);
    canvas.rect("own", [420.0, 5.0], [7.0, 7.0]);
    canvas.text("t", [432.0, 13.0], Anchor::Start, "tuned");
    let spine = spine(facts);
    exclude(&mut canvas, &nodes, &forbidding, grid);
    draw(&mut canvas, &nodes, &spine, grid);
    let title =
        format!("{} in {}, and the way to the champion", count(nodes.len(), "node"), count(columns - 1, "iteration"));
    let excluded = if under > 0.0 {
        " Fine lines lead from a principle, under the iteration that drew it, to what it excludes."
    } else {
        ""
    };
    let note = format!(
        "A column is an iteration, a node a hypothesis. Solid: departs from; broken: tuned from; dotted: tests the same candidate's claim \
         without a part or at another point. Bold: the way to the champion, which is the star. Dots were skipped.{excluded}"
    );
    Some(Picture::new("lineage", title, note, canvas))
}

fn nodes(facts: &Facts<'_>) -> Vec<Node> {
    let state = facts.record.state;
    let mut nodes = Vec::new();
    let mut claimed: BTreeSet<&CandidateId> = BTreeSet::new();
    for (turn, iteration) in facts.turns.iter().zip(&state.iterations) {
        nodes.extend(turn.failure.as_ref().map(|failure| refused(turn.iteration, failure, state)));
        let main = iteration.arms.first().and_then(|arm| arm.candidate.clone());
        for (attempt, record) in turn.arms.iter().zip(&iteration.arms) {
            claimed.extend(&record.candidate);
            let known = record.candidate.as_ref().and_then(|id| state.candidates.get(id));
            let is_main = attempt.kind == "main";
            let parent = if is_main { known.and_then(|known| known.candidate.parent.clone()) } else { main.clone() };
            nodes.push(Node {
                candidate: record.candidate.clone(),
                place: finding_place(&attempt.finding),
                title: format!(
                    "{} {}: {}",
                    attempt.finding,
                    attempt.verdict.unwrap_or(if attempt.skipped.is_some() { "skipped" } else { "not judged" }),
                    attempt.claim
                ),
                judged: attempt.judged,
                derived: false,
                stroke: if is_main { "l base" } else { "l base dot" },
                excluded_by: attempt.point.as_ref().map_or_else(Vec::new, |point| excluding(state, point)),
                parent,
                column: turn.iteration,
                row: 0,
            });
        }
    }
    nodes.extend(derived(state, &claimed));
    nodes.sort_by_key(|node| (node.column, node.derived));
    nodes
}

/// A plan that was not taken.
fn refused(iteration: usize, failure: &str, state: &State) -> Node {
    let cited = |id: &&String| failure.contains(&format!("principle {id} forbids"));
    Node {
        candidate: None,
        place: "lineage".into(),
        title: format!("iteration {iteration}: no usable plan: {failure}"),
        judged: None,
        derived: false,
        stroke: "l base dot",
        excluded_by: state.principles.iter().map(|principle| &principle.id).filter(cited).cloned().collect(),
        parent: None,
        column: iteration,
        row: 0,
    }
}

/// The principles in force that forbid a point.
fn excluding(state: &State, point: &Point) -> Vec<String> {
    let forbids = state.constraints().filter(|(_, constraint)| constraint.excludes(point));
    forbids.map(|(principle, _)| principle.id.clone()).collect()
}

/// Candidates that tuning or simplifying made, and about which nothing was claimed.
fn derived(state: &State, claimed: &BTreeSet<&CandidateId>) -> Vec<Node> {
    let others = state.order.iter().filter(|id| !claimed.contains(id));
    let node = |id: &CandidateId| {
        let record = &state.candidates[id];
        let tunes = record.candidate.tunes.clone();
        Node {
            place: candidate_place(id.as_str()),
            title: format!(
                "{}: {}",
                id.short(),
                if tunes.is_some() { "tuned constants" } else { "made of the champion, or sent back" }
            ),
            judged: None,
            derived: true,
            stroke: if tunes.is_some() { "l base dash" } else { "l base" },
            excluded_by: Vec::new(),
            parent: tunes.or_else(|| record.candidate.repairs.clone()).or_else(|| record.candidate.parent.clone()),
            column: record.iteration.max(1) as usize,
            row: 0,
            candidate: Some(id.clone()),
        }
    };
    others.map(node).collect()
}

/// The rows: a child in its parent's row where that is free in its column, else in the nearest below that is.
fn lay_out(nodes: &mut [Node]) {
    let mut row_of: BTreeMap<CandidateId, usize> = BTreeMap::new();
    let mut taken: BTreeSet<(usize, usize)> = BTreeSet::new();
    for node in nodes {
        let wanted = node.parent.as_ref().and_then(|parent| row_of.get(parent)).copied().unwrap_or_default();
        let free = (wanted..).find(|row| !taken.contains(&(node.column, *row))).unwrap_or(wanted);
        node.row = free;
        taken.insert((node.column, free));
        if let Some(id) = &node.candidate {
            row_of.entry(id.clone()).or_insert(free);
        }
    }
}

/// The champion and everything that it comes of.
fn spine(facts: &Facts<'_>) -> Vec<CandidateId> {
    let state = facts.record.state;
    let mut spine: Vec<CandidateId> = facts.champion().map(|champion| champion.id.clone()).into_iter().collect();
    while let Some(record) = spine.last().and_then(|id| state.candidates.get(id)) {
        match record::parent(&record.candidate) {
            Some(id) if !spine.contains(id) => spine.push(id.clone()),
            _ => break,
        }
    }
    spine
}

/// The principles that exclude a node, each with the iteration that drew it.
fn forbidding(facts: &Facts<'_>, nodes: &[Node]) -> Vec<(String, usize)> {
    let cited: BTreeSet<&String> = nodes.iter().flat_map(|node| &node.excluded_by).collect();
    let drawn = |id: &String| {
        let drew = |turn: &&Turn| turn.principles.iter().any(|lesson| lesson.principle == *id);
        facts.turns.iter().find(drew).map(|turn| turn.iteration)
    };
    cited.into_iter().filter_map(|id| Some((id.clone(), drawn(id)?))).collect()
}

/// Principles in a row below, each with edges to what it excludes.
fn exclude(canvas: &mut Canvas, nodes: &[Node], forbidding: &[(String, usize)], grid: Grid) {
    let y = grid.bottom() + 14.0;
    let mut right = f64::MIN;
    for (id, iteration) in forbidding {
        // Several of one iteration stand side by side.
        let x = grid.across(*iteration).max(right + 8.0);
        right = x + 7.0 * id.chars().count() as f64;
        let excluded: Vec<&Node> = nodes.iter().filter(|node| node.excluded_by.contains(id)).collect();
        for node in excluded.iter().take(EDGES) {
            canvas.line("l bad thin dot", grid.at(node), [x + 4.0, y - 11.0]);
        }
        let said = format!("{id} excludes {}", count(excluded.len(), "design"));
        canvas.link(&principle_place(id), &said, |canvas| canvas.text("t b bad", [x - 2.0, y], Anchor::Start, id));
    }
}

/// Where things stand.
#[derive(Clone, Copy)]
struct Grid {
    /// Room of a column.
    column: f64,
    rows: usize,
}

impl Grid {
    fn across(self, column: usize) -> f64 {
        24.0 + self.column * column as f64
    }

    fn at(self, node: &Node) -> [f64; 2] {
        [self.across(node.column), 36.0 + ROW * node.row as f64]
    }

    fn bottom(self) -> f64 {
        36.0 + ROW * self.rows as f64
    }
}

fn draw(canvas: &mut Canvas, nodes: &[Node], spine: &[CandidateId], grid: Grid) {
    let at = |node: &Node| grid.at(node);
    let root = [24.0, 36.0];
    let mut places: BTreeMap<&CandidateId, [f64; 2]> = BTreeMap::new();
    for node in nodes {
        if let Some(id) = &node.candidate {
            places.entry(id).or_insert(at(node));
        }
    }
    let on_spine = |id: Option<&CandidateId>| id.is_some_and(|id| spine.contains(id));
    for node in nodes {
        let from = node.parent.as_ref().and_then(|parent| places.get(parent)).copied().unwrap_or(root);
        // The same candidate may stand for several claims; its way is drawn to the first.
        let first = node.candidate.as_ref().is_none_or(|id| places.get(id) == Some(&at(node)));
        let marked =
            first && on_spine(node.candidate.as_ref()) && (node.parent.is_none() || on_spine(node.parent.as_ref()));
        let marked = marked && (node.stroke != "l base dot");
        if from != at(node) {
            canvas.edge(if marked { "l own thick" } else { node.stroke }, from, at(node));
        }
    }
    canvas.said("the reference", |canvas| canvas.diamond("ref", root, 6.0));
    for node in nodes {
        let place = at(node);
        canvas.link(&node.place, &node.title, |canvas| {
            let first = node.candidate.as_ref().is_some_and(|id| places.get(id) == Some(&place));
            if first && node.candidate.as_ref() == spine.first() {
                canvas.star("own", place, 9.0);
            } else if node.derived {
                canvas.rect("own", [place[0] - 3.5, place[1] - 3.5], [7.0, 7.0]);
            } else {
                forest::glyph(canvas, node.judged, place, 5.0);
            }
        });
    }
    let under = if nodes.iter().any(|node| !node.excluded_by.is_empty()) { FORBIDDING } else { 0.0 };
    let bottom = grid.bottom() + under;
    let last = nodes.iter().map(|node| node.column).max().unwrap_or_default();
    for column in (1..=last).filter(|column| last <= 20 || column.is_multiple_of(5) || *column == 1) {
        canvas.text("t n", [grid.across(column), bottom + 8.0], Anchor::Middle, &column.to_string());
    }
    canvas.text("t", [4.0, bottom + 24.0], Anchor::Start, "iteration");
}
