//! `drive.toml`: how fast a virtual drive is and what shall go wrong with the disc.

use super::{
    fault::Fault,
    keys::{Keys, short},
};
use crate::optical::DeviceError;
use serde::{Deserialize, Serialize};
use std::path::Path;
use toml::{Table, Value};

/// Name of the script in the drive's folder.
pub(super) const FILE: &str = "drive.toml";
/// Largest script, in bytes.
const MAX_BYTES: u64 = 4 << 20;
/// Most `[[fault]]` entries.
const MAX_FAULTS: usize = 10_000;
/// A whole script.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Script {
    /// Speed limit; `None` is as fast as the storage goes.
    pub(super) speed_bytes_per_second: Option<u64>,
    /// Profile to claim instead of the one that fits the size.
    pub(super) profile: Option<u16>,
    /// The last so many sectors of the disc cannot be read.
    #[serde(default)]
    pub(super) run_out: u64,
    /// What READ CAPACITY says instead of the truth, in sectors.
    #[serde(default)]
    pub(super) read_capacity: Option<u64>,
    /// READ TOC fails.
    #[serde(default)]
    pub(super) unreadable_toc: bool,
    /// The tray stays shut, whoever wants it open.
    #[serde(default)]
    pub(super) eject_refused: bool,
    /// In the order of the file.
    pub(super) faults: Vec<Fault>,
}

/// Keys of a script.
const KEYS: [&str; 7] =
    ["speed_bytes_per_second", "profile", "fault", "run_out", "read_capacity", "unreadable_toc", "eject_refused"];

impl Script {
    /// Reads the script of a drive's folder; none is an empty one.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] with key, value and what is allowed.
    pub(super) fn load(folder: &Path) -> Result<Self, DeviceError> {
        let path = folder.join(FILE);
        let refused = |why: String| DeviceError::Refused(format!("{}: {why}", path.display()));
        match std::fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(refused(error.to_string())),
            Ok(meta) if !meta.is_file() || meta.len() > MAX_BYTES => {
                return Err(refused(format!("not a regular file of at most {MAX_BYTES} bytes")));
            }
            Ok(_) => {}
        }
        let text = std::fs::read_to_string(&path).map_err(|error| refused(error.to_string()))?;
        Self::parse(&text).map_err(refused)
    }

    /// Parses the text of a script.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| error.to_string().replace('\n', " "))?;
        let keys = Keys { table: &table, place: "" };
        keys.only(&KEYS)?;
        let faults = match table.get("fault") {
            None => Vec::new(),
            Some(Value::Array(entries)) if entries.len() <= MAX_FAULTS => {
                entries.iter().enumerate().map(|(index, entry)| Fault::parse(index, entry)).collect::<Result<_, _>>()?
            }
            Some(other) => return Err(format!("fault = {}: allowed are at most {MAX_FAULTS} entries [[fault]]", short(other))),
        };
        Ok(Self {
            speed_bytes_per_second: keys.number("speed_bytes_per_second", 2048, 1_000_000_000_000)?,
            profile: keys.number("profile", 1, 0xffff)?.and_then(|profile| u16::try_from(profile).ok()),
            run_out: keys.number("run_out", 0, 10_000)?.unwrap_or(0),
            read_capacity: keys.number("read_capacity", 1, u32::MAX.into())?,
            unreadable_toc: keys.flag("unreadable_toc")?,
            eject_refused: keys.flag("eject_refused")?,
            faults,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fault::FaultKind, *};

    #[test]
    fn a_full_script_is_understood() {
        let text = r#"
            speed_bytes_per_second = 72_000_000
            profile = 0x43
            [[fault]]
            kind = "bad"
            lba = 100
            count = 3
            [[fault]]
            kind = "hang"
            lba = 5
            milliseconds = 1500
            repeat = true
            [[fault]]
            kind = "vanish"
            lba = 9
        "#;
        let script = Script::parse(text).expect("valid");
        assert_eq!((script.speed_bytes_per_second, script.profile), (Some(72_000_000), Some(0x43)));
        assert_eq!(
            script.faults,
            [
                Fault { lba: 100, count: 3, kind: FaultKind::Bad },
                Fault { lba: 5, count: 1, kind: FaultKind::Hang { milliseconds: 1500, repeat: true } },
                Fault { lba: 9, count: 1, kind: FaultKind::Vanish { milliseconds: None } },
            ]
        );
        let json = serde_json::to_string(&script).expect("json");
        assert_eq!(serde_json::from_str::<Script>(&json).expect("json"), script);
    }

    #[test]
    fn each_mistake_is_named_with_key_value_and_what_is_allowed() {
        for (text, parts) in [
            ("spede = 1", ["unknown key spede = 1", "speed_bytes_per_second, profile, fault"]),
            ("speed_bytes_per_second = -4", ["speed_bytes_per_second = -4", "2048 to 1000000000000"]),
            ("speed_bytes_per_second = \"fast\"", ["speed_bytes_per_second = \"fast\"", "whole numbers"]),
            ("profile = 70000", ["profile = 70000", "1 to 65535"]),
            ("[[fault]]\nkind = \"worse\"\nlba = 1", ["fault[0].kind = \"worse\"", "bad, slow, hang, vanish, wrong_once"]),
            ("[[fault]]\nlba = 1", ["fault[0].kind = missing", "bad, slow"]),
            ("run_out = -1", ["run_out = -1", "0 to 10000"]),
            ("[[fault]]\nkind = \"sense\"\nlba = 1", ["fault[0].key is missing", "2 to 15"]),
            ("[[fault]]\nkind = \"flaky\"\nlba = 1\ncount = 20000", ["fault[0].count = 20000", "10000"]),
            ("[[fault]]\nkind = \"swap\"\nlba = 1", ["fault[0].image = missing", "path"]),
            ("[[fault]]\nkind = \"bad\"", ["fault[0].lba is missing", "from 0"]),
            ("[[fault]]\nkind = \"bad\"\nlba = 1\ncount = 0", ["fault[0].count = 0", "from 1"]),
            ("[[fault]]\nkind = \"slow\"\nlba = 1", ["fault[0].milliseconds is missing", "1 to 86400000"]),
            (
                "[[fault]]\nkind = \"bad\"\nlba = 1\nmilliseconds = 3",
                ["unknown key fault[0].milliseconds = 3", "kind, lba, count"],
            ),
            ("fault = 3", ["fault = 3", "[[fault]]"]),
            ("= 3", ["TOML parse error", "line 1"]),
        ] {
            let error = Script::parse(text).expect_err(text);
            assert!(parts.iter().all(|part| error.contains(part)), "{text:?} gave {error:?}");
            assert!(!error.contains('\n'));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_script_makes_the_parser_panic(
            text in "(\\[\\[fault\\]\\]\n)?((kind|lba|count|milliseconds|repeat|profile|fault|speed_bytes_per_second) = ([0-9]{1,20}|-1|'hang'|'bad'|true|\\[\\]|1e9|.{0,8})\n){0,6}",
        ) {
            if let Ok(script) = Script::parse(&text) {
                for fault in &script.faults {
                    let sectors = fault.overlap(fault.lba, u64::MAX);
                    proptest::prop_assert!(sectors.end - sectors.start == fault.count);
                }
            }
        }
    }
}
