//! What a worker's last word means for its job.

use super::{
    actor::{JobActor, failure, went_wrong},
    commit::Details,
    image,
    provenance::provenance,
    verify,
};
use crate::{
    bus::Journal,
    catalog::{Catalog, Publish, Verified},
    domain::{
        ids::{IsoId, SECTOR},
        job::{JobEvent, PauseReason},
        progress::Progress,
        result::ScanResult,
        verdict::Verdict,
    },
    error::{Code, Problem},
    imaging::{ImageHashes, ImageResult, Outcome},
    storage::{isos::IsoFacts, jobs::JobRecord},
    supervision::ChildRef,
};
use actix::prelude::*;

/// Enters a finished image into the catalogue, with everything about how it was made.
async fn enter(journal: &Journal, catalog: &ChildRef<Catalog>, job: &JobRecord, result: &ImageResult) -> Result<(), Problem> {
    let mut details = result.details.clone();
    details.form = details.form.or_else(|| image::form(job));
    image::leave_out_what_goes(job, result, &mut details);
    let facts = IsoFacts { details, provenance: provenance(journal, job, result).await? };
    let entry = image::catalogue_entry(job, result, IsoId(journal.clock.new_id()), journal.clock.now());
    match catalog.send(Publish(entry, facts)).await {
        Ok(published) => published.map(drop),
        Err(error) => Err(Problem::new(Code::Unavailable, error.to_string())),
    }
}

impl JobActor {
    /// Acts upon the worker's last word.
    pub(super) fn on_done(&mut self, outcome: Outcome, ctx: &mut Context<Self>) {
        match outcome {
            Outcome::Imaged(result) => self.publish(result, ctx),
            Outcome::Scanned(result) => self.scanned(result, ctx),
            Outcome::Hashed(hashes) => self.compare(hashes, ctx),
            // After the watchdog's SIGTERM a worker may still find its way out; the drive was too silent all the same.
            Outcome::Stopped if self.watchdog_fired => self.wedged(ctx),
            Outcome::Stopped => self.settle(JobEvent::Stopped, Details::default(), ctx),
            Outcome::Halted(halt) => {
                let (reason, message) =
                    self.job.as_ref().map_or((PauseReason::MediumRemoved, String::new()), |job| image::halted(&halt, job));
                self.settle(JobEvent::Halted(reason), Details { message: Some(message), ..Details::default() }, ctx);
            }
            Outcome::Failed { code, message } => {
                let problem = Problem::new(Code::parse(&code).unwrap_or(Code::ReadFailed), message);
                self.settle(went_wrong(&problem), failure(&problem), ctx);
            }
        }
    }

    fn publish(&mut self, result: ImageResult, ctx: &mut Context<Self>) {
        let Some(job) = self.job.clone() else { return };
        let (journal, catalog) = (self.deps.journal.clone(), self.deps.catalog.clone());
        let published = async move {
            let published = enter(&journal, &catalog, &job, &result).await;
            (published, result)
        };
        ctx.wait(published.into_actor(self).map(move |(published, result), actor, ctx| {
            match published {
                Ok(()) => {
                    let bad = result.judgement.bad_sectors;
                    let progress = Progress {
                        size_total: result.sectors_total.saturating_mul(SECTOR),
                        size_processed: result.sectors_total.saturating_sub(bad).saturating_mul(SECTOR),
                        speed: 0.0,
                        error_count: bad,
                    };
                    let message = (!result.judgement.verdict.is_good())
                        .then(|| format!("{bad} of {} sectors could not be read; image and map are kept", result.sectors_total));
                    let hashes = Some((result.hashes.md5, result.hashes.sha256));
                    let statistics = Some((result.details.statistics, result.seconds));
                    actor.settle(
                        JobEvent::Finished(result.judgement.verdict),
                        Details { message, progress: Some(progress), hashes, statistics, ..Details::default() },
                        ctx,
                    );
                }
                // The image is on disk; a crash leads back here by way of the worker, which finds it finished.
                Err(problem) => {
                    actor.settle(JobEvent::Crashed, Details { message: Some(problem.detail), ..Details::default() }, ctx)
                }
            }
        }));
    }

    /// A scan keeps nothing but its result, which is stored with the job's end.
    fn scanned(&mut self, result: ScanResult, ctx: &mut Context<Self>) {
        let (total, bad) = (result.sectors_total, result.bad_sectors.min(result.sectors_total));
        let progress = Progress {
            size_total: total.saturating_mul(SECTOR),
            size_processed: (total - bad).saturating_mul(SECTOR),
            speed: 0.0,
            error_count: bad,
        };
        let verdict = match bad {
            0 if total > 0 => Verdict::Complete,
            bad if bad < total => Verdict::Degraded,
            _ => Verdict::Failed,
        };
        let message = (bad > 0).then(|| format!("{bad} of {total} sectors could not be read"));
        let details = Details { message, progress: Some(progress), scan: Some(result), ..Details::default() };
        self.settle(JobEvent::Finished(verdict), details, ctx);
    }

    /// One file was read back. The next one follows when this worker has ended; the first difference ends the job.
    fn compare(&mut self, hashes: ImageHashes, ctx: &mut Context<Self>) {
        let Some((job, file)) = self.job.clone().zip(self.files.pop_front()) else { return };
        let (verdict, message) = file.compare(&hashes);
        self.compared = self.compared.saturating_add(hashes.bytes);
        if let (Verdict::Complete, Some(next)) = (verdict, self.files.front()) {
            self.next = Some(next.task());
            return;
        }
        let (deps, bytes) = (self.deps.clone(), self.compared);
        let work = async move {
            let (iso, files) = verify::image(&deps.journal, &job).await?;
            let noted = deps.catalog.send(Verified { iso: iso.id, ok: verdict == Verdict::Complete }).await;
            noted.map_err(|error| Problem::new(Code::Unavailable, error.to_string()))??;
            // Of a set, the first file stands for the image.
            let all = verdict == Verdict::Complete && files.len() > 1;
            let message = if all { format!("{} and all its files are unchanged", iso.filename) } else { message };
            let hashes = if all { iso.md5sum.zip(iso.sha256sum) } else { Some((hashes.md5, hashes.sha256)) };
            Ok((message, hashes))
        };
        ctx.wait(work.into_actor(self).map(move |result: Result<_, Problem>, actor, ctx| match result {
            Ok((message, hashes)) => {
                let progress = Progress { size_total: bytes, size_processed: bytes, speed: 0.0, error_count: 0 };
                let details = Details { message: Some(message), progress: Some(progress), hashes, ..Details::default() };
                actor.settle(JobEvent::Finished(verdict), details, ctx);
            }
            Err(problem) => actor.settle(went_wrong(&problem), failure(&problem), ctx),
        }));
    }

    /// The drive did not answer: the job waits for it, everything else goes on.
    pub(super) fn wedged(&mut self, ctx: &mut Context<Self>) {
        self.deps.live.set_wedged(self.id());
        let message = "the drive does not answer; it goes on when the drive does".to_owned();
        self.settle(JobEvent::Halted(PauseReason::DriveWedged), Details { message: Some(message), ..Details::default() }, ctx);
    }
}
