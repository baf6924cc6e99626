//! Settings.

use crate::{
    config::{Applies, Origin, RuntimeSettings},
    domain::drive::AgainPolicy,
    error::Problem,
    http::settings::{self, Draft, Overview, RUNTIME_FIELDS, Wish},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// All settings.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConfigDocument {
    /// One entry per setting.
    pub settings: Vec<Setting>,
    /// Those that count at once, as `PUT /system/config` takes them.
    pub runtime: ConfigChange,
    /// Why the next start would fail as things are; null: it would not.
    pub broken: Option<String>,
}

impl ConfigDocument {
    /// These settings.
    pub fn new(overview: &Overview, runtime: RuntimeSettings) -> Self {
        Self {
            settings: overview.settings.iter().map(Setting::from).collect(),
            runtime: ConfigChange::from(runtime),
            broken: overview.broken.clone(),
        }
    }
}

/// One setting.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "key": "jobs.max", "value": "8", "allowed": "1 to 64", "environment": "DISK2ISO_MAX_JOBS", "api_field": "max_jobs",
    "title": "Most jobs at once", "help": "More jobs wait in the queue.", "group": "jobs", "applies": "now", "source": "default",
    "pending": null, "locked": null
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
    /// Its own field in `PUT /system/config`; others are changed by `settings`.
    pub api_field: Option<String>,
    /// Its name for people.
    pub title: String,
    /// What it does.
    pub help: String,
    /// What it belongs to.
    pub group: String,
    /// When a change counts: `now`, `restart`, `never` (only configuration file and environment change it).
    pub applies: String,
    /// Where it was set: `default`, `file`, `stored` (by people), `environment`.
    pub source: String,
    /// Its value from the next start on; null: the same.
    pub pending: Option<String>,
    /// Why it cannot be changed here; null: it can.
    pub locked: Option<String>,
}

impl From<&settings::Setting> for Setting {
    fn from(setting: &settings::Setting) -> Self {
        let settings::Setting { key, help, now, next, origin, locked } = setting;
        Self {
            key: key.name.to_owned(),
            value: now.clone(),
            allowed: key.allowed.to_owned(),
            environment: key.env.to_owned(),
            api_field: RUNTIME_FIELDS.iter().find(|(name, _)| *name == key.name).map(|(_, field)| (*field).to_owned()),
            title: help.title.0.to_owned(),
            help: help.text.0.to_owned(),
            group: help.group.word().to_owned(),
            applies: match help.applies {
                Applies::Now | Applies::NowFromFile => "now",
                Applies::Restart => "restart",
                Applies::Never(..) => "never",
            }
            .to_owned(),
            source: match origin {
                None => "default",
                Some(Origin::File) => "file",
                Some(Origin::Stored) => "stored",
                Some(Origin::Environment) => "environment",
            }
            .to_owned(),
            pending: setting.is_pending().then(|| next.clone()),
            locked: locked.as_ref().map(|locked| locked.en.clone()),
        }
    }
}

/// A configuration to take over.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "toml": "[jobs]\nmax = 4\n", "apply": false }))]
pub struct ConfigImport {
    /// As `GET /system/config/export` gives it, or a configuration file.
    pub toml: String,
    /// Whether to make the changes; otherwise they are only shown.
    #[serde(default)]
    pub apply: bool,
}

/// What an import changes.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "applied": false, "kept": [],
    "changes": [{ "key": "jobs.max", "old": "8", "new": "4", "applies": "now" }]
}))]
pub struct ImportResult {
    /// Whether the changes were made.
    pub applied: bool,
    /// The changes.
    pub changes: Vec<SettingChange>,
    /// What stays as it is, because it cannot be changed here.
    pub kept: Vec<KeptSetting>,
}

/// A change of a setting.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SettingChange {
    /// Its name.
    pub key: String,
    /// Before.
    pub old: String,
    /// After.
    pub new: String,
    /// `now` or `restart`.
    pub applies: String,
}

/// A setting that stays as it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KeptSetting {
    /// Its name.
    pub key: String,
    /// Why.
    pub reason: String,
}

impl ImportResult {
    /// What this draft changes.
    pub fn new(draft: &Draft, applied: bool) -> Self {
        let change = |change: &settings::Change| SettingChange {
            key: change.key.to_owned(),
            old: change.old.clone(),
            new: change.new.clone(),
            applies: if change.at_once { "now" } else { "restart" }.to_owned(),
        };
        let kept = |kept: &settings::Refusal| KeptSetting { key: kept.key.clone(), reason: kept.why.en.clone() };
        Self { applied, changes: draft.changes.iter().map(change).collect(), kept: draft.kept.iter().map(kept).collect() }
    }
}

/// Changes of settings; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "auto": true, "max_jobs": 4, "settings": { "hook.seconds": "60" } }))]
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
    /// Any settings by their names, as in the configuration file; null takes back what was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<BTreeMap<String, Option<String>>>,
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
            settings: None,
        }
    }
}

impl ConfigChange {
    /// The same by names of settings.
    ///
    /// # Errors
    /// A problem about the field that is out of range, or that says the same setting twice.
    pub fn wish(&self) -> Result<Wish, Problem> {
        if let Some(max) = self.max_jobs.filter(|max| !(1..=64).contains(max)) {
            return Err(Problem::field("max_jobs", format!("{max} is not allowed; 1 to 64")));
        }
        let flag = |flag: Option<bool>| flag.map(|flag| u8::from(flag).to_string());
        let again = self.again.map(|again| format!("{again:?}").to_lowercase());
        let fields = [
            ("drives.auto", flag(self.auto)),
            ("drives.again", again),
            ("drives.eject_when_done", flag(self.eject_when_done)),
            ("jobs.verify", flag(self.verify)),
            ("jobs.max", self.max_jobs.map(|max| max.to_string())),
        ];
        let mut wish: Wish = self.settings.clone().unwrap_or_default();
        for (name, value) in fields.into_iter().filter(|(_, value)| value.is_some()) {
            if wish.insert(name.to_owned(), value).is_some() {
                return Err(Problem::field(&format!("settings.{name}"), "stands in a field of its own as well"));
            }
        }
        Ok(wish)
    }
}
