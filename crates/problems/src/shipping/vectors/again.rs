//! The decisions of a file, asked of the candidate once more: whether they are its own.

use super::super::Replayed;
use super::{Asked, Decisions, Maker, NoVectors, Seats, Vectors};
use sandbox::Sandbox;
use serde_json::Value;

/// Asks the candidate about all decisions of a file, and counts those that it answers otherwise than the file says.
pub fn again<D: Decisions>(text: &str, asked: &Asked<'_>, sandbox: &Sandbox) -> Result<Replayed, NoVectors> {
    let file: Value = serde_json::from_str(text).map_err(|error| NoVectors::Unread(error.to_string()))?;
    let mut maker = Maker::<D>::new(asked, sandbox, Vectors::default())?;
    let artifact = maker.artifact.clone();
    let mut seats: Option<(Vec<f64>, Seats<'_>)> = None;
    let mut found = Replayed::default();
    for kept in file["sequences"].as_array().into_iter().flatten() {
        let (parameters, steps) = sequence::<D>(kept, asked)?;
        if seats.as_ref().is_none_or(|(own, _)| *own != parameters) {
            seats = Some((parameters.clone(), Seats::new(sandbox, &artifact, &parameters)));
        }
        if let Some((_, seats)) = &mut seats {
            maker.keep(seats, "", &parameters, &steps)?;
        }
        let answered = maker.found.sequences.pop().map(|own| own.steps).unwrap_or_default();
        let said = kept["steps"].as_array().map_or(&[][..], Vec::as_slice);
        found.decisions += said.len();
        // Written and read, as what is in the file was.
        let same =
            |(own, said): (&Value, &Value)| serde_json::from_str(&own.to_string()).is_ok_and(|own: Value| own == *said);
        found.differing += said.len() - answered.iter().zip(said).filter(|pair| same(*pair)).count();
    }
    Ok(found)
}

/// The parameters and moments of a sequence in the file's format.
pub(super) fn sequence<D: Decisions>(kept: &Value, asked: &Asked<'_>) -> Result<(Vec<f64>, Vec<D::Step>), NoVectors> {
    let unread = || NoVectors::Unread("a sequence that is none".into());
    let value = |own: &translate::Tunable| kept["parameters"][translate::go_name(&own.name, false)].as_f64();
    let parameters: Option<Vec<f64>> = asked.tunables.iter().map(value).collect();
    let steps: Option<Vec<D::Step>> = kept["steps"].as_array().ok_or_else(unread)?.iter().map(D::of_json).collect();
    Ok((parameters.ok_or_else(unread)?, steps.ok_or_else(unread)?))
}
