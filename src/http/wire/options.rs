//! Options of jobs as the OpenAPI document shows them. The type that is read and stored is
//! [`JobOptions`](crate::domain::options::JobOptions); a test holds both against each other.

use serde::Serialize;
use utoipa::ToSchema;

/// Options of a job. What is absent is as the drive's defaults say, or else the program's.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(example = json!({ "verify": "both", "retries": 3, "hashes": ["sha1", "crc32"], "on_loss": "ask" }))]
pub struct JobOptionsBody {
    /// What is compared after reading: `none`, `image` (read back), `disc` (read a second time) or `both`; `true` is `both`, `false` is
    /// `none`. Default: nothing.
    pub verify: Option<String>,
    /// How often unreadable sectors are read again. Default: 1.
    #[schema(minimum = 0, maximum = 100)]
    pub retries: Option<u32>,
    /// Whether what could not be read at once is tried sector by sector. Default: yes.
    pub rescue: Option<bool>,
    /// Which program reads: `auto`, `native`, `ddrescue` (data discs), `cdrdao` (CDs) or `cd_paranoia` (audio).
    pub engine: Option<String>,
    /// Most sectors in one request. Default: what the drive takes.
    #[schema(minimum = 1, maximum = 256)]
    pub block_sectors: Option<u32>,
    /// Speed limit in kilobytes (1000 bytes) per second. Default: none.
    #[schema(minimum = 150, maximum = 100_000)]
    pub speed_kbps: Option<u32>,
    /// How audio tracks are stored: `bin_cue` or `flac`.
    pub format: Option<String>,
    /// Hashes beside MD5 and SHA-256, which are always made: `crc32`, `sha1`, `sha512`, `blake3`.
    pub hashes: Option<Vec<String>>,
    /// Open the tray when the job is over, or do not, whatever the setting says.
    pub eject: Option<bool>,
    /// Keep the sector map of a complete image.
    pub keep_map: Option<bool>,
    /// Rescue ends when more sectors than this are unreadable. Default: no limit.
    pub max_bad_sectors: Option<u64>,
    /// Rescue ends after so many seconds. Default: no limit.
    #[schema(minimum = 1, maximum = 2_592_000)]
    pub rescue_seconds: Option<u64>,
    /// When sectors stay unreadable: `finish` the image as degraded, or `ask` a person.
    pub on_loss: Option<String>,
    /// Samples by which this drive reads audio too late. Default: the drive's setting.
    #[schema(minimum = -5880, maximum = 5880)]
    pub read_offset: Option<i32>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::options::{AudioFormat, EngineChoice, HashKind, JobOptions, OnLoss, Verify};
    use std::collections::BTreeSet;

    #[test]
    fn the_document_shows_every_option_and_no_other() {
        let all = JobOptions {
            verify: Some(Verify::Both),
            retries: Some(1),
            rescue: Some(true),
            engine: Some(EngineChoice::Auto),
            block_sectors: Some(1),
            speed_kbps: Some(150),
            format: Some(AudioFormat::Flac),
            hashes: Some(vec![HashKind::Sha1]),
            eject: Some(true),
            keep_map: Some(true),
            max_bad_sectors: Some(1),
            rescue_seconds: Some(1),
            on_loss: Some(OnLoss::Ask),
            read_offset: Some(1),
        };
        let names = |value: serde_json::Value| value.as_object().expect("an object").keys().cloned().collect::<BTreeSet<_>>();
        let real = names(serde_json::to_value(all).expect("JSON"));
        assert_eq!(real, names(serde_json::to_value(JobOptionsBody::default()).expect("JSON")));
    }
}
