//! A verdict for what tuning made: it was chosen on the search panel, so only fresh seeds can say what it is worth.

use super::mind::Mind;
use super::shape::Shape;
use science::bundle::{ArmKind, Bundle};
use science::space::Space;

/// The bundle that claims that the last tuned candidate beats the best of the others; none if there is no such candidate, or
/// if nobody would believe it.
pub(crate) fn bundle(mind: &Mind<'_>, space: &Space) -> Option<Bundle> {
    let id = mind.state.tuned_unjudged()?;
    let shape = Shape::at(mind.state.candidates[id].candidate.point.as_ref()?)?;
    let incumbent = mind.incumbent_but(Some(id));
    let leads = mind.incumbent().is_some_and(|best| best.id.as_ref() == Some(id));
    let mut bundle = mind.bundle(space, shape, incumbent, incumbent.map_or(0.0, |known| mind.saving_of(known)));
    let claimed = bundle.arms[0].design.point.clone();
    // Whoever has the tuned candidate's place means the tuned candidate, not what an executor would write for the place.
    for arm in bundle.arms.iter_mut().filter(|arm| arm.kind != ArmKind::Ablation && arm.design.point == claimed) {
        arm.design.candidate = Some(id.clone());
    }
    (leads && mind.state.check_bundle(&bundle).is_ok()).then_some(bundle)
}
