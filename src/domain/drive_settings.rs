//! What people set for one drive, and what its quirks mean.

use super::{
    disc::clean_label,
    options::{JobOptions, MAX_READ_OFFSET, Mode},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};

/// Longest name of a drive in characters.
pub const MAX_NAME: usize = 64;
/// How long a medium may take to become ready. Cheap USB drives spin up for 30 to 60 s (libfreemkv).
const READY_PATIENCE: Duration = Duration::from_secs(90);
/// Most sectors in one request through a bridge that resets under load: 32 KiB.
const BRIDGE_SECTORS: u32 = 16;

/// Something a drive does differently than drives should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quirk {
    /// Needs longer than others until a medium is ready: twice the patience.
    SlowReady,
    /// Cannot open its tray by command: it is never told to, and requests are refused.
    NoEject,
    /// Its bridge resets under load: requests of at most 32 KiB unless the job says otherwise.
    BridgeResets,
}

impl Quirk {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::SlowReady, Self::NoEject, Self::BridgeResets];

    /// The word used in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SlowReady => "slow_ready",
            Self::NoEject => "no_eject",
            Self::BridgeResets => "bridge_resets",
        }
    }

    /// The quirk of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quirk| quirk.as_str() == text)
    }
}

/// What people set for one drive. Stored as JSON, so every field has a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DriveSettings {
    /// Name for people; `None`: its model, or the folder's name.
    pub name: Option<String>,
    /// A drive that is not enabled is left alone: nothing is sent to it.
    pub enabled: bool,
    /// Whether every inserted disc is imaged; `None`: as the service is set.
    pub auto: Option<bool>,
    /// Mode of automatic jobs, and of jobs that name none.
    pub mode: Mode,
    /// What a job's options leave open.
    pub options: JobOptions,
    /// Samples by which this drive reads audio too late.
    pub read_offset: Option<i32>,
    /// Speed limit in kilobytes (1000 bytes) per second.
    pub speed_kbps: Option<u32>,
    /// What it does differently.
    pub quirks: BTreeSet<Quirk>,
}

impl Default for DriveSettings {
    fn default() -> Self {
        Self {
            name: None,
            enabled: true,
            auto: None,
            mode: Mode::Standard,
            options: JobOptions::default(),
            read_offset: None,
            speed_kbps: None,
            quirks: BTreeSet::new(),
        }
    }
}

/// Changes of a drive's settings: `None` leaves a value as it is, `Some(None)` takes it back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DriveChange {
    /// Name for people.
    pub name: Option<Option<String>>,
    /// Whether the drive is used.
    pub enabled: Option<bool>,
    /// Whether every inserted disc is imaged.
    pub auto: Option<Option<bool>>,
    /// Mode of its jobs.
    pub mode: Option<Mode>,
    /// Options of its jobs, all of them at once.
    pub options: Option<JobOptions>,
    /// Samples by which it reads audio too late.
    pub read_offset: Option<Option<i32>>,
    /// Speed limit in kilobytes per second.
    pub speed_kbps: Option<Option<u32>>,
    /// What it does differently, all of it at once.
    pub quirks: Option<BTreeSet<Quirk>>,
}

/// A value that is not allowed: its field and what is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Path of the field, for example `options.retries`.
    pub field: String,
    /// What was given and what is allowed.
    pub why: String,
}

impl DriveSettings {
    /// Whether it has this quirk.
    pub fn has(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }

    /// What a job's options leave open: merge with [`JobOptions::or`].
    pub fn job_defaults(&self) -> JobOptions {
        let drive = JobOptions {
            read_offset: self.read_offset,
            speed_kbps: self.speed_kbps,
            block_sectors: self.has(Quirk::BridgeResets).then_some(BRIDGE_SECTORS),
            ..JobOptions::default()
        };
        self.options.clone().or(&drive)
    }

    /// How long a medium may take to become ready.
    pub fn ready_patience(&self) -> Duration {
        if self.has(Quirk::SlowReady) { READY_PATIENCE * 2 } else { READY_PATIENCE }
    }

    /// The settings with these changes.
    ///
    /// # Errors
    /// The first value that is not allowed.
    pub fn changed(&self, change: DriveChange) -> Result<Self, Refused> {
        let next = Self {
            name: change.name.unwrap_or_else(|| self.name.clone()),
            enabled: change.enabled.unwrap_or(self.enabled),
            auto: change.auto.unwrap_or(self.auto),
            mode: change.mode.unwrap_or(self.mode),
            options: change.options.unwrap_or_else(|| self.options.clone()),
            read_offset: change.read_offset.unwrap_or(self.read_offset),
            speed_kbps: change.speed_kbps.unwrap_or(self.speed_kbps),
            quirks: change.quirks.unwrap_or_else(|| self.quirks.clone()),
        };
        next.validate()?;
        Ok(next)
    }

    fn validate(&self) -> Result<(), Refused> {
        let refuse = |field: &str, why: String| Err(Refused { field: field.to_owned(), why });
        if let Some(name) = &self.name
            && (name.trim().is_empty() || name.chars().count() > MAX_NAME || clean_label(name) != *name)
        {
            return refuse("name", format!("1 to {MAX_NAME} characters, no control character, `/` or `\\`, no blank at an end"));
        }
        if let Err((field, why)) = self.options.validate() {
            return refuse(&format!("options.{field}"), why);
        }
        // One place for what belongs to the drive itself.
        if self.options.speed_kbps.is_some() {
            return refuse("options.speed_kbps", "set speed_kbps of the drive itself".to_owned());
        }
        if self.options.read_offset.is_some() {
            return refuse("options.read_offset", "set read_offset of the drive itself".to_owned());
        }
        if let Some(offset) = self.read_offset.filter(|offset| offset.unsigned_abs() > MAX_READ_OFFSET.unsigned_abs()) {
            return refuse("read_offset", format!("{offset} is not allowed; -{MAX_READ_OFFSET} to {MAX_READ_OFFSET}"));
        }
        let speed = JobOptions { speed_kbps: self.speed_kbps, ..JobOptions::default() };
        speed.validate().or_else(|(field, why)| refuse(field, why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: DriveChange) -> String {
        DriveSettings::default().changed(change).expect_err("refused").field
    }

    #[test]
    fn what_is_not_allowed_is_named() {
        let options = |options| DriveChange { options: Some(options), ..DriveChange::default() };
        for (change, field) in [
            (DriveChange { name: Some(Some(" ".to_owned())), ..DriveChange::default() }, "name"),
            (DriveChange { name: Some(Some("a\u{7}b".to_owned())), ..DriveChange::default() }, "name"),
            (DriveChange { name: Some(Some("x".repeat(MAX_NAME + 1))), ..DriveChange::default() }, "name"),
            (DriveChange { read_offset: Some(Some(i32::MIN)), ..DriveChange::default() }, "read_offset"),
            (DriveChange { speed_kbps: Some(Some(149)), ..DriveChange::default() }, "speed_kbps"),
            (options(JobOptions { retries: Some(101), ..JobOptions::default() }), "options.retries"),
            (options(JobOptions { speed_kbps: Some(1_000), ..JobOptions::default() }), "options.speed_kbps"),
            (options(JobOptions { read_offset: Some(6), ..JobOptions::default() }), "options.read_offset"),
        ] {
            assert_eq!(refused(change), field);
        }
    }

    #[test]
    fn what_is_not_mentioned_stays_and_null_takes_back() {
        let named = DriveChange { name: Some(Some("Left".to_owned())), read_offset: Some(Some(-6)), ..DriveChange::default() };
        let settings = DriveSettings::default().changed(named).expect("allowed");
        let next = settings.changed(DriveChange { read_offset: Some(None), ..DriveChange::default() }).expect("allowed");
        assert_eq!((next.name.as_deref(), next.read_offset, next.enabled), (Some("Left"), None, true));
    }

    #[test]
    fn a_job_goes_over_its_drive_and_a_drive_over_its_quirks() {
        let settings = DriveSettings {
            options: JobOptions { retries: Some(5), ..JobOptions::default() },
            speed_kbps: Some(1_400),
            quirks: BTreeSet::from([Quirk::BridgeResets, Quirk::SlowReady]),
            ..DriveSettings::default()
        };
        let job = JobOptions { retries: Some(0), ..JobOptions::default() }.or(&settings.job_defaults());
        assert_eq!((job.retries, job.speed_kbps, job.block_sectors), (Some(0), Some(1_400), Some(16)));
        assert_eq!(settings.ready_patience(), Duration::from_secs(180));
    }

    #[test]
    fn settings_of_an_older_version_are_completed() {
        let settings: DriveSettings = serde_json::from_str(r#"{"name":"Left"}"#).expect("valid");
        assert!(settings.enabled && settings.mode == Mode::Standard);
        assert!(Quirk::ALL.into_iter().all(|quirk| Quirk::parse(quirk.as_str()) == Some(quirk)));
        assert!(Quirk::ALL.into_iter().all(|quirk| serde_json::json!(quirk) == quirk.as_str()));
    }
}
