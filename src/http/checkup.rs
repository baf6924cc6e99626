//! The doctor's last visit, and the one under way. He runs in a thread of his own: a drive that hangs keeps him, and nobody else.

use super::AppState;
use crate::{
    doctor::{self, Both, Circumstances, Finding},
    domain::drive::DriveState,
    telemetry::Clock,
};
use chrono::{DateTime, Utc};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::watch;

/// A report that is older is made anew when somebody asks.
const STALE: chrono::Duration = chrono::Duration::minutes(2);

/// What is known.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// When he was done; `None`: not yet.
    pub at: Option<DateTime<Utc>>,
    /// What he found then.
    pub findings: Arc<Vec<Finding>>,
    /// A visit under way: since when, and what he looks at.
    pub running: Option<(DateTime<Utc>, Both)>,
}

struct Inner {
    report: Mutex<Report>,
    /// Counts visits that are over.
    done: watch::Sender<u64>,
}

/// The doctor. Cheap to clone.
#[derive(Clone)]
pub struct Checkup(Arc<Inner>);

impl Default for Checkup {
    fn default() -> Self {
        Self(Arc::new(Inner { report: Mutex::default(), done: watch::Sender::new(0) }))
    }
}

impl Checkup {
    /// What is known now.
    pub fn report(&self) -> Report {
        self.lock().clone()
    }

    /// What is known once he has been here recently, or after so much patience.
    pub async fn recent(&self, state: &AppState, patience: Duration) -> Report {
        let fresh = self.report().at.is_some_and(|at| state.journal.clock.now() - at < STALE);
        if fresh { self.report() } else { self.anew(state, patience).await }
    }

    /// What is known once he has been here anew, or after so much patience.
    pub async fn anew(&self, state: &AppState, patience: Duration) -> Report {
        let mut done = self.0.done.subscribe();
        self.begin(state);
        let _ = tokio::time::timeout(patience, done.changed()).await;
        self.report()
    }

    /// Sends for him, unless he is here.
    pub fn begin(&self, state: &AppState) {
        let clock = state.journal.clock.clone();
        {
            let mut report = self.lock();
            if report.running.is_some() {
                return;
            }
            report.running = Some((clock.now(), Both::new("settings", "Einstellungen")));
        }
        let busy = state.registry.all().into_iter().filter(|drive| matches!(drive.drive.state, DriveState::Copying { .. }));
        let circumstances = Circumstances { serving: true, busy: busy.map(|drive| drive.path().into()).collect() };
        let (config, own) = (Arc::clone(&state.config), self.clone());
        let visit = move || {
            let ended = Ended(own.clone());
            let progress = |at: Both| {
                if let Some(running) = &mut own.lock().running {
                    running.1 = at;
                }
            };
            let findings = doctor::examine(&config, &circumstances, &progress);
            own.found(findings, &clock);
            drop(ended);
        };
        if let Err(error) = std::thread::Builder::new().name("doctor".to_owned()).spawn(visit) {
            tracing::warn!(%error, "the doctor does not come");
            drop(Ended(self.clone()));
        }
    }

    fn found(&self, findings: Vec<Finding>, clock: &Clock) {
        let mut report = self.lock();
        report.at = Some(clock.now());
        report.findings = Arc::new(findings);
    }

    fn lock(&self) -> MutexGuard<'_, Report> {
        self.0.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// However a visit ends, the next may begin.
struct Ended(Checkup);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.lock().running = None;
        self.0.0.done.send_modify(|count| *count += 1);
    }
}
