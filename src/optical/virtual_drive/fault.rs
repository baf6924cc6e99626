//! `[[fault]]` of `drive.toml`: what goes wrong at which sectors.

use super::keys::{Keys, short};
use crate::optical::Sense;
use serde::{Deserialize, Serialize};
use toml::Value;

/// Longest wait of one fault, in milliseconds: a day.
const MAX_MILLISECONDS: i64 = 86_400_000;
/// Most sectors of one fault that counts how often each was read.
const MAX_COUNTED: u64 = 10_000;

/// What kind of trouble.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(super) enum FaultKind {
    /// Unreadable: sense 3/11/05 for each request that touches it.
    Bad,
    /// Each request that touches it ends with these codes.
    Sense {
        /// What the drive says.
        sense: Sense,
    },
    /// The data are good; the drive says that it had to correct them (1/18/00) if it was asked to say so (PER).
    Recovered,
    /// Unreadable for the first requests that touch a sector.
    Flaky {
        /// Number of such requests.
        times: u32,
    },
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
    /// Another disc is in the drive, once per insertion.
    Swap {
        /// Image or description, beside the drive's script unless it is absolute.
        image: String,
    },
    /// The first read of each of the sectors gives wrong bytes and says that all is well.
    WrongOnce,
    /// Raw frames come with wrong bytes and C2 marks on them.
    C2 {
        /// Wrong bytes at the start of each frame.
        bytes: u16,
        /// For the first so many reads; otherwise always.
        times: Option<u32>,
    },
    /// The first read of each raw frame gives the bytes of some samples later: a drive that loses its place in audio.
    Jitter {
        /// Samples of four bytes.
        samples: u16,
    },
}

/// One `[[fault]]`: `count` sectors from `lba` on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

    /// Whether reads of its sectors are counted.
    pub(super) fn counts(&self) -> bool {
        matches!(self.kind, FaultKind::Flaky { .. } | FaultKind::Jitter { .. } | FaultKind::C2 { times: Some(_), .. })
    }

    /// Parses one entry.
    pub(super) fn parse(index: usize, entry: &Value) -> Result<Self, String> {
        let place = format!("fault[{index}].");
        let Value::Table(table) = entry else {
            return Err(format!("fault[{index}] = {}: allowed is a table", short(entry)));
        };
        let keys = Keys { table, place: &place };
        let kind = kind(&keys)?;
        let lba =
            keys.number("lba", 0, i64::MAX / 4096)?.ok_or_else(|| format!("{place}lba is missing: a sector number from 0"))?;
        let count = keys.number("count", 1, i64::MAX / 4096)?.unwrap_or(1);
        let fault = Self { lba, count, kind };
        if fault.counts() && count > MAX_COUNTED {
            return Err(format!("{place}count = {count}: allowed are at most {MAX_COUNTED} for this kind"));
        }
        Ok(fault)
    }
}

fn kind(keys: &Keys<'_>) -> Result<FaultKind, String> {
    let place = keys.place;
    let allowed = |more: &[&str]| keys.only(&[&["kind", "lba", "count"], more].concat());
    let milliseconds = || keys.number("milliseconds", 1, MAX_MILLISECONDS);
    let needed = || milliseconds()?.ok_or_else(|| format!("{place}milliseconds is missing: 1 to {MAX_MILLISECONDS}"));
    let times = || Ok::<_, String>(keys.number("times", 1, 1000)?.and_then(|times| u32::try_from(times).ok()));
    let small = |key: &str, max: i64, usual: u16| {
        Ok::<_, String>(keys.number(key, 1, max)?.and_then(|number| u16::try_from(number).ok()).unwrap_or(usual))
    };
    match keys.table.get("kind").and_then(Value::as_str) {
        Some("bad") => allowed(&[]).map(|()| FaultKind::Bad),
        Some("wrong_once") => allowed(&[]).map(|()| FaultKind::WrongOnce),
        Some("slow") => allowed(&["milliseconds"]).and_then(|()| Ok(FaultKind::Slow { milliseconds: needed()? })),
        Some("hang") => allowed(&["milliseconds", "repeat"])
            .and_then(|()| Ok(FaultKind::Hang { milliseconds: needed()?, repeat: keys.flag("repeat")? })),
        Some("vanish") => allowed(&["milliseconds"]).and_then(|()| Ok(FaultKind::Vanish { milliseconds: milliseconds()? })),
        Some("sense") => allowed(&["key", "asc", "ascq"]).and_then(|()| {
            let code = |key: &str, min: i64, max: i64| {
                Ok::<_, String>(keys.number(key, min, max)?.and_then(|code| u8::try_from(code).ok()))
            };
            let key = code("key", 2, 15)?.ok_or_else(|| format!("{place}key is missing: 2 to 15"))?;
            let sense = Sense { key, asc: code("asc", 0, 255)?.unwrap_or(0), ascq: code("ascq", 0, 255)?.unwrap_or(0) };
            Ok(FaultKind::Sense { sense })
        }),
        // Scrambled sector without authentication.
        Some("protected") => allowed(&[]).map(|()| FaultKind::Sense { sense: Sense { key: 5, asc: 0x6f, ascq: 3 } }),
        Some("recovered") => allowed(&[]).map(|()| FaultKind::Recovered),
        Some("flaky") => allowed(&["times"]).and_then(|()| Ok(FaultKind::Flaky { times: times()?.unwrap_or(1) })),
        Some("c2") => {
            allowed(&["bytes", "times"]).and_then(|()| Ok(FaultKind::C2 { bytes: small("bytes", 2352, 16)?, times: times()? }))
        }
        Some("jitter") => allowed(&["samples"]).and_then(|()| Ok(FaultKind::Jitter { samples: small("samples", 587, 7)? })),
        Some("swap") => allowed(&["image"]).and_then(|()| match keys.table.get("image") {
            Some(Value::String(image)) if !image.is_empty() && image.len() <= 4096 => {
                Ok(FaultKind::Swap { image: image.clone() })
            }
            other => {
                let other = other.map_or_else(|| "missing".to_owned(), short);
                Err(format!("{place}image = {other}: allowed is the path of an image"))
            }
        }),
        _ => {
            let kind = keys.table.get("kind").map_or_else(|| "missing".to_owned(), short);
            let known = "bad, slow, hang, vanish, wrong_once, sense, protected, recovered, flaky, c2, jitter, swap";
            Err(format!("{place}kind = {kind}: allowed are {known}"))
        }
    }
}
