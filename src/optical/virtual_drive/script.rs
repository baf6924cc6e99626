//! `drive.toml`: how fast a virtual drive is and what shall go wrong with the disc.

use super::keys::{Keys, short};
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
/// Longest wait of one fault, in milliseconds: a day.
const MAX_MILLISECONDS: i64 = 86_400_000;

/// What kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(super) enum FaultKind {
    /// Unreadable: sense 3/11/05 for each request that touches it.
    Bad,
    /// Each faulty sector of a request takes this long before the request goes on.
    Slow {
        /// Milliseconds per sector.
        milliseconds: u64,
    },
    /// The drive answers nothing for this long.
    Hang {
        /// Milliseconds.
        milliseconds: u64,
        /// At every read instead of once per insertion.
        repeat: bool,
    },
    /// The drive is gone, once per insertion.
    Vanish {
        /// After this time it is back; otherwise with the next insertion.
        milliseconds: Option<u64>,
    },
    /// The first read of each of the sectors gives wrong bytes and says that all is well.
    WrongOnce,
}

/// One `[[fault]]`: `count` sectors from `lba` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fault {
    /// First sector.
    pub(super) lba: u64,
    /// Number of sectors, at least 1.
    pub(super) count: u64,
    /// What happens.
    #[serde(flatten)]
    pub(super) kind: FaultKind,
}

impl Fault {
    /// How many of the `count` sectors from `start` on are this fault's.
    pub(super) fn overlap(&self, start: u64, count: u64) -> std::ops::Range<u64> {
        let from = start.max(self.lba);
        let to = start.saturating_add(count).min(self.lba.saturating_add(self.count));
        from..to.max(from)
    }
}

/// A whole script.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Script {
    /// Speed limit; `None` is as fast as the storage goes.
    pub(super) speed_bytes_per_second: Option<u64>,
    /// Profile to claim instead of the one that fits the size.
    pub(super) profile: Option<u16>,
    /// In the order of the file.
    pub(super) faults: Vec<Fault>,
}

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
        keys.only(&["speed_bytes_per_second", "profile", "fault"])?;
        let faults = match table.get("fault") {
            None => Vec::new(),
            Some(Value::Array(entries)) if entries.len() <= MAX_FAULTS => {
                entries.iter().enumerate().map(|(index, entry)| fault(index, entry)).collect::<Result<_, _>>()?
            }
            Some(other) => return Err(format!("fault = {}: allowed are at most {MAX_FAULTS} entries [[fault]]", short(other))),
        };
        Ok(Self {
            speed_bytes_per_second: keys.number("speed_bytes_per_second", 2048, 1_000_000_000_000)?,
            profile: keys.number("profile", 1, 0xffff)?.and_then(|profile| u16::try_from(profile).ok()),
            faults,
        })
    }
}

/// One `[[fault]]` entry.
fn fault(index: usize, entry: &Value) -> Result<Fault, String> {
    let place = format!("fault[{index}].");
    let Value::Table(table) = entry else {
        return Err(format!("fault[{index}] = {}: allowed is a table", short(entry)));
    };
    let keys = Keys { table, place: &place };
    let kind = table.get("kind").map_or_else(|| "missing".to_owned(), short);
    let milliseconds = || keys.number("milliseconds", 1, MAX_MILLISECONDS);
    let needed = || milliseconds()?.ok_or_else(|| format!("{place}milliseconds is missing: 1 to {MAX_MILLISECONDS}"));
    let allowed = |more: &[&str]| keys.only(&[&["kind", "lba", "count"], more].concat());
    let kind = match table.get("kind").and_then(Value::as_str) {
        Some("bad") => allowed(&[]).map(|()| FaultKind::Bad)?,
        Some("wrong_once") => allowed(&[]).map(|()| FaultKind::WrongOnce)?,
        Some("slow") => allowed(&["milliseconds"]).and_then(|()| Ok(FaultKind::Slow { milliseconds: needed()? }))?,
        Some("hang") => allowed(&["milliseconds", "repeat"])
            .and_then(|()| Ok(FaultKind::Hang { milliseconds: needed()?, repeat: keys.flag("repeat")? }))?,
        Some("vanish") => allowed(&["milliseconds"]).and_then(|()| Ok(FaultKind::Vanish { milliseconds: milliseconds()? }))?,
        _ => return Err(format!("{place}kind = {kind}: allowed are bad, slow, hang, vanish, wrong_once")),
    };
    let lba = keys.number("lba", 0, i64::MAX / 4096)?.ok_or_else(|| format!("{place}lba is missing: a sector number from 0"))?;
    let count = keys.number("count", 1, i64::MAX / 4096)?.unwrap_or(1);
    Ok(Fault { lba, count, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

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
