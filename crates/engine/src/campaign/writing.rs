//! Asks the executor for candidates, and sends back those that are no test of their claim.

use super::asking::unless_stopped;
use super::prefetch::Written;
use super::{Campaign, Progress, Stop, Watch, Work};
use crate::error::EngineError;
use crate::prepared::Prepared;
use agents::{Answer, Brief, Fault};
use futures::future::join_all;
use science::bundle::Arm;
use science::defect::Defect;
use science::event::{Candidate, Event};
use science::id::CandidateId;
use science::space::{Point, Value};
use science::work::Work as Done;
use std::sync::Arc;
use store::Extra;

impl Campaign {
    /// Has an arm's candidate written; false if that was broken off by a request to stop.
    pub(super) async fn implement(
        &mut self,
        at: usize,
        stop: &Stop,
        watch: &mut Watch<'_>,
    ) -> Result<bool, EngineError> {
        let arm = self.state.bundle().arms[at].clone();
        watch(Progress::Working(&self.state, Work::Implementing(&arm.name)));
        if !self.prefetch.has_written(at) {
            let Some(written) = unless_stopped(self.write(at), stop).await else { return Ok(false) };
            self.get_ahead(written);
        }
        let written = self.prefetch.take_written(at);
        let Some(Answer { content, work }) = self.affordable(written, watch).await? else { return Ok(true) };
        match content.as_deref() {
            Ok([written]) if arm.design.variants.is_empty() => {
                let written = self.faithful(arm.design.point.as_ref(), Arc::clone(written)).await?;
                self.take_candidate(&arm, None, written, work, watch).await?;
            }
            Ok(variants) => self.take_variants(at, variants, work, watch).await?,
            Err(reason) => {
                let event = Event::ExecutorFailed { arm: arm.name, reason: reason.clone(), work };
                self.record(event, Extra::default(), watch).await?;
            }
        }
        Ok(true)
    }

    /// Sends an arm's candidate back to its author.
    pub(super) async fn repair(
        &mut self,
        at: usize,
        defect: &Defect,
        stop: &Stop,
        watch: &mut Watch<'_>,
    ) -> Result<bool, EngineError> {
        let (arm, record) = (self.state.bundle().arms[at].clone(), self.state.current().arms[at].clone());
        let broken = record.candidate.expect("a defect is a candidate's");
        watch(Progress::Working(&self.state, Work::Repairing(&arm.name)));
        let message = self.store.message(&self.id, &broken).await?.unwrap_or_default();
        let fault = Fault { defect, message: &message, earlier: record.repairs };
        let candidate = self.candidate(&broken);
        let mended = {
            let shown = self.state.shown();
            let brief = Brief {
                state: &shown,
                source: Some(&candidate.source),
                space: self.loaded.space_text(),
                library: None,
            };
            unless_stopped(self.agents.executor.repair(brief, &arm, fault), stop).await
        };
        let Some(mended) = mended else { return Ok(false) };
        let Some(Answer { content, work }) = self.affordable(mended, watch).await? else { return Ok(true) };
        let failed = |reason: String, work| Event::RepairFailed { arm: arm.name.clone(), reason, work };
        let event = match content.map(|source| Prepared::new(source, self.kit())) {
            Ok(mended) if *mended.id() == broken => failed("the same source came back".into(), work),
            Ok(mended) => {
                self.take_candidate(&arm, Some(broken), Arc::new(mended), work, watch).await?;
                return Ok(true);
            }
            Err(reason) => failed(reason, work),
        };
        self.record(event, Extra::default(), watch).await?;
        Ok(true)
    }

    async fn take_candidate(
        &mut self,
        arm: &Arm,
        repairs: Option<CandidateId>,
        written: Arc<Prepared>,
        work: Vec<Done>,
        watch: &mut Watch<'_>,
    ) -> Result<(), EngineError> {
        let candidate = Candidate { repairs, ..self.as_written(arm, &written) };
        let event = Event::CandidateWritten { arm: arm.name.clone(), candidate, work };
        self.record(event, Extra { source: Some(&written.source), ..Extra::default() }, watch).await?;
        self.keep_candidate(written);
        Ok(())
    }

    /// Records the variants of an arm's design that are not on record yet: whoever was stopped among them asks again and is
    /// answered the same.
    async fn take_variants(
        &mut self,
        at: usize,
        variants: &[Arc<Prepared>],
        mut work: Vec<Done>,
        watch: &mut Watch<'_>,
    ) -> Result<(), EngineError> {
        let (arm, known) = (self.state.bundle().arms[at].clone(), self.state.current().arms[at].variants.len());
        for (at, written) in variants.iter().enumerate().skip(known) {
            let candidate = self.as_written(&arm, written);
            let (left, work) = ((variants.len() - at - 1) as u32, std::mem::take(&mut work));
            let work = if at == 0 { work } else { Vec::new() };
            let event = Event::VariantWritten { arm: arm.name.clone(), candidate, left, work };
            self.record(event, Extra { source: Some(&written.source), ..Extra::default() }, watch).await?;
            self.keep_candidate(Arc::clone(written));
        }
        Ok(())
    }

    fn as_written(&self, arm: &Arm, written: &Prepared) -> Candidate {
        Candidate {
            parent: self.state.departs_from(arm).filter(|parent| *parent != written.id()).cloned(),
            point: arm.design.point.clone(),
            tunables: self.tunables(arm.design.point.as_ref(), written),
            ..written.candidate()
        }
    }

    /// How many constants may be tuned: those that a source declares, or the numbers of the point of which it is the source.
    fn tunables(&self, point: Option<&Point>, written: &Prepared) -> u32 {
        let Some(point) = self.in_the_space(point) else { return written.reading.tunables };
        point.values().filter(|value| matches!(value, Value::Number(_))).count() as u32
    }

    /// Asks the executor for an arm, and, once the main claim was judged, for all arms that are left to be tried.
    async fn write(&self, at: usize) -> Vec<(usize, Written)> {
        let (arms, shown) = (&self.state.bundle().arms, &self.state.shown());
        let last = if at == 0 { 1 } else { arms.len() };
        let ask = |at: usize| async move {
            let arm = &arms[at];
            let parent = self.state.departs_from(arm).map(|parent| self.candidate(parent));
            let source = parent.as_ref().map(|parent| parent.source.as_str());
            let brief = Brief { state: shown, source, space: self.loaded.space_text(), library: None };
            // Whoever writes at once may read sources by recursion.
            let written = sandbox::on_deep_stack(|| self.agents.executor.implement(brief, arm));
            let prepared = |source| Arc::new(Prepared::new(source, self.kit()));
            (at, written.await.map(|answer| answer.map(|sources| sources.into_iter().map(prepared).collect())))
        };
        // Nobody is asked for a candidate that is there, or that nothing is to be learned from any more.
        let is_wanted = |at: &usize| arms[*at].design.candidate.is_none() && self.state.spared(*at).is_none();
        join_all((at..last).filter(is_wanted).map(ask)).await
    }
}
