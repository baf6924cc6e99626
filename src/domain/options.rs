//! What people can ask of a job: its mode and its options. One type for the API, the defaults of a drive and the stored job.

use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;

/// How a disc is to be kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The best honest image of this kind of disc: `.iso` for data, `.bin`/`.cue` (or FLAC) where there is audio.
    #[default]
    Standard,
    /// For damaged discs: GNU ddrescue from the first sector on, with as many passes as asked for.
    Rescue,
    /// Every sector as it is on the medium: CDs raw (2352 bytes) with sub-channel, others all sectors the medium has.
    Clone,
    /// Reads the surface without keeping an image; the result is a curve of speed and errors.
    Scan,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Rescue, Self::Clone, Self::Scan];

    /// The word used in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Rescue => "rescue",
            Self::Clone => "clone",
            Self::Scan => "scan",
        }
    }

    /// The mode of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is compared after reading. Written as its word; read from its word, or from `true` (both) and `false` (nothing), which is
/// what the first version of the API took and stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verify {
    /// Nothing.
    #[default]
    None,
    /// The image is read back from storage.
    Image,
    /// The disc is read a second time.
    Disc,
    /// Both.
    Both,
}

impl Verify {
    /// Whether the image is read back.
    pub fn image(self) -> bool {
        matches!(self, Self::Image | Self::Both)
    }

    /// Whether the disc is read again.
    pub fn disc(self) -> bool {
        matches!(self, Self::Disc | Self::Both)
    }
}

impl<'de> Deserialize<'de> for Verify {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordOrBool;

        impl de::Visitor<'_> for WordOrBool {
            type Value = Verify;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, \"none\", \"image\", \"disc\" or \"both\"")
            }

            fn visit_bool<E: de::Error>(self, both: bool) -> Result<Verify, E> {
                Ok(if both { Verify::Both } else { Verify::None })
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Verify, E> {
                match word {
                    "none" => Ok(Verify::None),
                    "image" => Ok(Verify::Image),
                    "disc" => Ok(Verify::Disc),
                    "both" => Ok(Verify::Both),
                    other => Err(E::unknown_variant(other, &["none", "image", "disc", "both"])),
                }
            }
        }

        deserializer.deserialize_any(WordOrBool)
    }
}

/// What to do when everything was tried and sectors are still missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnLoss {
    /// Finish the image, as degraded.
    #[default]
    Finish,
    /// Stop and let a person decide: accept, one more pass, another drive.
    Ask,
}

/// Which program reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineChoice {
    /// The best one for disc, drive and mode.
    #[default]
    Auto,
    /// This program itself.
    Native,
    /// GNU ddrescue (data discs).
    Ddrescue,
    /// cdrdao (CDs).
    Cdrdao,
    /// cd-paranoia (audio).
    CdParanoia,
}

/// How audio tracks are stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AudioFormat {
    /// One `.bin` of raw sectors with `.cue` and `.toc`.
    #[default]
    BinCue,
    /// One FLAC file per track with a cue sheet.
    Flac,
}

/// Hash functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashKind {
    /// CRC-32 (IEEE 802.3), 8 digits.
    Crc32,
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
    /// BLAKE3, 256 bits.
    Blake3,
}

impl HashKind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Crc32, Self::Md5, Self::Sha1, Self::Sha256, Self::Sha512, Self::Blake3];

    /// The word used in the API and in file extensions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Crc32 => "crc32",
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
            Self::Blake3 => "blake3",
        }
    }
}

/// Options of an image job. `None` is "as the drive's defaults say, or else the program's".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JobOptions {
    /// What is compared after reading. Default: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
    /// How often unreadable sectors are read again, 0 to 100. Default: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// Whether what could not be read at once is tried sector by sector. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rescue: Option<bool>,
    /// Which program reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineChoice>,
    /// Most sectors in one request, 1 to 256. Default: what the drive takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_sectors: Option<u32>,
    /// Speed limit in kilobytes (1000 bytes) per second, 150 to 100,000. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_kbps: Option<u32>,
    /// How audio tracks are stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<AudioFormat>,
    /// Hashes beside MD5 and SHA-256, which are always made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hashes: Option<Vec<HashKind>>,
    /// Open the tray when the job is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eject: Option<bool>,
    /// Keep the sector map of a complete image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_map: Option<bool>,
    /// Error budget: rescue ends when more sectors than this are unreadable. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bad_sectors: Option<u64>,
    /// Time budget: rescue ends after so many seconds, 1 to 2,592,000 (30 days). Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rescue_seconds: Option<u64>,
    /// What to do when sectors stay unreadable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_loss: Option<OnLoss>,
    /// Samples by which this drive reads audio too late, -5880 to 5880. Default: the drive's setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_offset: Option<i32>,
}

/// Largest plausible read offset: ten frames of 588 samples.
pub const MAX_READ_OFFSET: i32 = 5_880;

impl JobOptions {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Name of the field and what is allowed.
    pub fn validate(&self) -> Result<(), (&'static str, String)> {
        let within = |field, value: Option<u64>, min: u64, max: u64| match value {
            Some(value) if !(min..=max).contains(&value) => Err((field, format!("{value} is not allowed; {min} to {max}"))),
            _ => Ok(()),
        };
        within("retries", self.retries.map(u64::from), 0, 100)?;
        within("block_sectors", self.block_sectors.map(u64::from), 1, 256)?;
        within("speed_kbps", self.speed_kbps.map(u64::from), 150, 100_000)?;
        within("max_bad_sectors", self.max_bad_sectors, 0, i64::MAX.unsigned_abs())?;
        within("rescue_seconds", self.rescue_seconds, 1, 2_592_000)?;
        match self.read_offset {
            Some(offset) if offset.abs() > MAX_READ_OFFSET => {
                Err(("read_offset", format!("{offset} is not allowed; -{MAX_READ_OFFSET} to {MAX_READ_OFFSET}")))
            }
            _ => Ok(()),
        }
    }

    /// These options, and where they say nothing, `defaults`.
    pub fn or(self, defaults: &Self) -> Self {
        Self {
            verify: self.verify.or(defaults.verify),
            retries: self.retries.or(defaults.retries),
            rescue: self.rescue.or(defaults.rescue),
            engine: self.engine.or(defaults.engine),
            block_sectors: self.block_sectors.or(defaults.block_sectors),
            speed_kbps: self.speed_kbps.or(defaults.speed_kbps),
            format: self.format.or(defaults.format),
            hashes: self.hashes.or_else(|| defaults.hashes.clone()),
            eject: self.eject.or(defaults.eject),
            keep_map: self.keep_map.or(defaults.keep_map),
            max_bad_sectors: self.max_bad_sectors.or(defaults.max_bad_sectors),
            rescue_seconds: self.rescue_seconds.or(defaults.rescue_seconds),
            on_loss: self.on_loss.or(defaults.on_loss),
            read_offset: self.read_offset.or(defaults.read_offset),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_checked_and_named() {
        let wrong = JobOptions { speed_kbps: Some(10), ..JobOptions::default() };
        assert_eq!(wrong.validate(), Err(("speed_kbps", "10 is not allowed; 150 to 100000".to_owned())));
        assert_eq!(JobOptions { read_offset: Some(-5_880), ..JobOptions::default() }.validate(), Ok(()));
        assert!(JobOptions { read_offset: Some(-5_881), ..JobOptions::default() }.validate().is_err());
    }

    #[test]
    fn verify_is_a_word_or_the_truth_value_of_the_first_version() {
        for (text, verify) in [("true", Verify::Both), ("false", Verify::None), ("\"disc\"", Verify::Disc)] {
            assert_eq!(serde_json::from_str::<Verify>(text).expect(text), verify);
        }
        for verify in [Verify::None, Verify::Image, Verify::Disc, Verify::Both] {
            let text = serde_json::to_string(&verify).expect("text");
            assert_eq!(serde_json::from_str::<Verify>(&text).expect("back"), verify);
        }
        assert!(serde_json::from_str::<Verify>("\"all\"").is_err() && serde_json::from_str::<Verify>("1").is_err());
    }

    #[test]
    fn what_a_job_says_goes_over_what_its_drive_says() {
        let drive = JobOptions { retries: Some(3), speed_kbps: Some(1_400), ..JobOptions::default() };
        let job = JobOptions { retries: Some(0), ..JobOptions::default() }.or(&drive);
        assert_eq!((job.retries, job.speed_kbps), (Some(0), Some(1_400)));
    }
}
