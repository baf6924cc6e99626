//! What people set for a drive.

use crate::{
    domain::{
        drive_settings::{DriveChange, DriveSettings, Quirk},
        options::{JobOptions, Mode},
    },
    error::Problem,
    http::body::object_or_null,
};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Settings of a drive.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DiskSettings {
    /// Name for people; null: its model.
    pub name: Option<String>,
    /// Whether it is used at all.
    pub enabled: bool,
    /// Whether every inserted disc is imaged; null: as the service is set.
    pub auto: Option<bool>,
    /// Mode of automatic jobs, and of jobs that name none: `standard`, `rescue`, `clone` or `scan`.
    pub mode: String,
    /// What the options of a job leave open; as in `POST /jobs`.
    #[schema(value_type = Object)]
    pub options: JobOptions,
    /// Samples by which it reads audio too late; null: not known.
    pub read_offset: Option<i32>,
    /// Speed limit in kilobytes (1000 bytes) per second; null: none.
    pub speed_kbps: Option<u32>,
    /// What it does differently: `slow_ready`, `no_eject`, `bridge_resets`.
    pub quirks: Vec<String>,
}

/// Changes of a drive's settings; what is absent stays as it is, null takes a value back.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Upper drive", "auto": true, "options": { "retries": 3 }, "read_offset": 6, "quirks": ["slow_ready"] }))]
pub struct DiskChange {
    /// Name for people, 1 to 64 characters; null: its model.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Option<String>>,
    /// Whether it is used at all. A job that reads comes to its end first.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Whether every inserted disc is imaged; null: as the service is set.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<bool>)]
    pub auto: Option<Option<bool>>,
    /// `standard`, `rescue`, `clone` or `scan`.
    #[serde(default)]
    pub mode: Option<String>,
    /// What the options of a job leave open, all at once; as in `POST /jobs`, without `speed_kbps` and `read_offset`.
    #[serde(default, deserialize_with = "object_or_null")]
    #[schema(value_type = Option<Object>)]
    pub options: Option<JobOptions>,
    /// Samples by which it reads audio too late, -5880 to 5880; null: not known.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>, minimum = -5880, maximum = 5880)]
    pub read_offset: Option<Option<i32>>,
    /// Speed limit in kilobytes per second, 150 to 100000; null: none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 150, maximum = 100_000)]
    pub speed_kbps: Option<Option<u32>>,
    /// What it does differently, all at once: `slow_ready`, `no_eject`, `bridge_resets`.
    #[serde(default)]
    pub quirks: Option<Vec<String>>,
}

/// A field that came, also as null.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl DiskChange {
    /// The change, if its words are known ones.
    ///
    /// # Errors
    /// A problem about the field.
    pub fn parsed(self) -> Result<DriveChange, Problem> {
        let known = |words: &[&str]| format!("allowed: {}", words.join(", "));
        let mode = |word: String| {
            let refuse = || Problem::field("mode", format!("{word:?} is not allowed; {}", known(&Mode::ALL.map(Mode::as_str))));
            Mode::parse(&word).ok_or_else(refuse)
        };
        let quirk = |word: &String| {
            let refuse =
                || Problem::field("quirks", format!("{word:?} is not allowed; {}", known(&Quirk::ALL.map(Quirk::as_str))));
            Quirk::parse(word).ok_or_else(refuse)
        };
        Ok(DriveChange {
            name: self.name,
            enabled: self.enabled,
            auto: self.auto,
            mode: self.mode.map(mode).transpose()?,
            options: self.options,
            read_offset: self.read_offset,
            speed_kbps: self.speed_kbps,
            quirks: self.quirks.map(|words| words.iter().map(quirk).collect::<Result<BTreeSet<_>, _>>()).transpose()?,
        })
    }
}

impl From<&DriveSettings> for DiskSettings {
    fn from(settings: &DriveSettings) -> Self {
        Self {
            name: settings.name.clone(),
            enabled: settings.enabled,
            auto: settings.auto,
            mode: settings.mode.as_str().to_owned(),
            options: settings.options.clone(),
            read_offset: settings.read_offset,
            speed_kbps: settings.speed_kbps,
            quirks: settings.quirks.iter().map(|quirk| quirk.as_str().to_owned()).collect(),
        }
    }
}
