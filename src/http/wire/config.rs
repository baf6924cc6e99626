//! Settings.

use crate::{config::RuntimeSettings, domain::drive::AgainPolicy, error::Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All settings.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConfigDocument {
    /// One entry per setting.
    pub settings: Vec<Setting>,
    /// Those that `PUT /system/config` changes, as it takes them.
    pub runtime: ConfigChange,
}

/// One setting.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "key": "jobs.max", "value": "8", "allowed": "1 to 64", "environment": "DISK2ISO_MAX_JOBS", "api_field": "max_jobs"
}))]
pub struct Setting {
    /// `section.key` in the configuration file.
    pub key: String,
    /// Value now; passwords are never shown.
    pub value: String,
    /// What is allowed, in words.
    pub allowed: String,
    /// Environment variable that sets it.
    pub environment: String,
    /// Its field in `PUT /system/config`; null: only file and environment change it, at the next start.
    pub api_field: Option<String>,
}

/// Changes of settings; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "auto": true, "max_jobs": 4 }))]
pub struct ConfigChange {
    /// Image every inserted disc.
    #[serde(default)]
    pub auto: Option<bool>,
    /// What to do with a disc that is in the catalogue already: `skip`, `ask` or `again`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "skip")]
    pub again: Option<AgainPolicy>,
    /// Open the tray after a good image.
    #[serde(default)]
    pub eject_when_done: Option<bool>,
    /// Compare image and disc after each automatic job.
    #[serde(default)]
    pub verify: Option<bool>,
    /// Most jobs at once, 1 to 64.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 64)]
    pub max_jobs: Option<u32>,
}

impl From<RuntimeSettings> for ConfigChange {
    fn from(settings: RuntimeSettings) -> Self {
        let RuntimeSettings { auto, again, eject_when_done, verify, max_jobs } = settings;
        Self {
            auto: Some(auto),
            again: Some(again),
            eject_when_done: Some(eject_when_done),
            verify: Some(verify),
            max_jobs: Some(max_jobs),
        }
    }
}

impl ConfigChange {
    /// The settings with these changes.
    ///
    /// # Errors
    /// A problem about the field that is out of range.
    pub fn apply(&self, old: RuntimeSettings) -> Result<RuntimeSettings, Problem> {
        if let Some(max) = self.max_jobs.filter(|max| !(1..=64).contains(max)) {
            return Err(Problem::field("max_jobs", format!("{max} is not allowed; 1 to 64")));
        }
        Ok(RuntimeSettings {
            auto: self.auto.unwrap_or(old.auto),
            again: self.again.unwrap_or(old.again),
            eject_when_done: self.eject_when_done.unwrap_or(old.eject_when_done),
            verify: self.verify.unwrap_or(old.verify),
            max_jobs: self.max_jobs.unwrap_or(old.max_jobs),
        })
    }
}
