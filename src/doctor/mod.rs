//! Looks at everything that has to be right, and says what to do about what is not. For the command line and for the page.
//!
//! `facts` collects, `drives` judges drives and the machine from facts only, `service` looks at folders, database, hook and
//! address, `start` says whether the service would start with changed settings. All of it blocks, and may hang with a drive.

mod access;
mod drives;
mod facts;
mod finding;
mod service;
mod start;

pub use finding::{Both, Finding, Severity};
pub use start::{Obstacle, obstacles};

use crate::config::Config;
use std::{collections::BTreeSet, path::PathBuf};

/// Who is asking, as far as that changes what is found.
#[derive(Debug, Clone, Default)]
pub struct Circumstances {
    /// The service itself asks: its address is of course in use.
    pub serving: bool,
    /// Drives that it reads in at the moment; they are not disturbed.
    pub busy: BTreeSet<PathBuf>,
}

/// What is being looked at, said before it is, because it may hang.
pub type Progress<'a> = &'a dyn Fn(Both);

/// Looks at everything.
pub fn examine(config: &Config, circumstances: &Circumstances, progress: Progress<'_>) -> Vec<Finding> {
    let facts = facts::collect(config, circumstances, progress);
    let mut findings = drives::judge(&facts);
    findings.extend(service::look(config, circumstances, progress));
    findings
}

/// Whether nothing of this is bad.
pub fn is_healthy(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.severity != Severity::Bad)
}
