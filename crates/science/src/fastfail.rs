//! Fast-fail: what a verdict saves. Rules in order of priority:
//!
//! 1. The main arm is refuted or could not be tested: the other arms of the bundle say nothing, skip them.
//! 2. The control is refuted and the main arm is not confirmed: the effect, if any, is not the claimed one; skip the rest.

use crate::bundle::{ArmKind, Bundle};
use crate::judge::{Finding, Verdict};

/// Why the next arm of a bundle need not be tried, given the findings so far; none if it must.
pub fn skip(bundle: &Bundle, findings: &[Option<&Finding>]) -> Option<String> {
    let verdict = |kind: ArmKind| {
        let at = bundle.arms.iter().position(|arm| arm.kind == kind)?;
        findings.get(at).copied().flatten().map(|finding| finding.verdict)
    };
    match (verdict(ArmKind::Main)?, verdict(ArmKind::ControlNegative)) {
        (Verdict::Refuted, _) => Some("the main claim is refuted".into()),
        (Verdict::Invalid, _) => Some("the main claim could not be tested".into()),
        (Verdict::PartiallyConfirmed | Verdict::Inconclusive, Some(Verdict::Refuted)) => {
            Some("the control is refuted and the main claim is not confirmed".into())
        }
        (Verdict::Confirmed | Verdict::PartiallyConfirmed | Verdict::Inconclusive, _) => None,
    }
}
