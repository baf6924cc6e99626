//! An image as a line, and as a picture.

use super::Ring;
use crate::http::{
    pages::{sentences, visible::visible},
    wire::Iso,
    words::{self, Language, Role, Word},
};

/// An image's line.
#[derive(Debug, Clone, PartialEq)]
pub struct IsoRow {
    /// Id.
    pub id: String,
    /// File name, with whatever deceives made visible.
    pub filename: String,
    /// Label of the disc.
    pub label: String,
    /// The drawing.
    pub ring: Ring,
    /// The disc as a picture of its kind.
    pub picture: Picture,
    /// Colour role.
    pub role: &'static str,
    /// Sign beside the word.
    pub symbol: &'static str,
    /// Verdict in words.
    pub word: String,
    /// What it means.
    pub next: &'static str,
    /// Size, kind of disc and whether it was checked.
    pub details: String,
    /// Kind of disc in words; empty if it is not known.
    pub kind: &'static str,
    /// Size in words.
    pub size: String,
    /// Size in bytes.
    pub bytes: String,
    /// Whether it was compared with its hashes, and how that ended.
    pub check: &'static str,
    /// For machines and on hover.
    pub created_at: String,
    /// For people.
    pub created: String,
    /// SHA-256.
    pub sha256: String,
    /// When it was put into the trash; empty: it was not.
    pub trashed: String,
}

/// A disc of some kind, with the verdict around it. `discs.html` draws it.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Colour role of the verdict.
    pub role: &'static str,
    /// Sign of the verdict.
    pub symbol: &'static str,
    /// What is on it: `data`, `audio`, `video`, `both`, `blank`, `unknown`.
    pub glyph: &'static str,
    /// What it is: `CD`, `DVD`, `BD`; empty if that is not known.
    pub format: &'static str,
}

impl Picture {
    /// A disc of this kind, by its word.
    pub fn new(kind: &str, role: Role) -> Self {
        let (glyph, format) = match kind {
            "data_cd" => ("data", "CD"),
            "data_dvd" => ("data", "DVD"),
            "data_bd" => ("data", "BD"),
            "dvd_video" => ("video", "DVD"),
            "bd_video" => ("video", "BD"),
            "vcd" => ("video", "CD"),
            "audio_cd" => ("audio", "CD"),
            "mixed_mode" | "cd_extra" => ("both", "CD"),
            "blank" => ("blank", ""),
            _ => ("unknown", ""),
        };
        Self { role: role.class(), symbol: role.symbol(), glyph, format }
    }
}

/// An image as a line.
pub fn iso(iso: &Iso, language: Language) -> IsoRow {
    let word: Word = words::find(words::VERDICTS, &iso.verdict, None);
    let said = [Some(word.word(language).to_owned()), sentences::damage(iso.bad_sectors, language)];
    let checked = match iso.verify_ok {
        Some(true) => Some(language.pick("checked", "geprüft")),
        Some(false) => Some(language.pick("check failed", "Prüfung fehlgeschlagen")),
        None => None,
    };
    let role = if iso.verify_ok == Some(false) { Role::Bad } else { word.role };
    let kind = Some(words::find(words::KINDS, &iso.disk_type, None).word(language)).filter(|kind| *kind != "?");
    let size = sentences::size(iso.size, language);
    let details = [Some(size.clone()), kind.map(str::to_owned), checked.map(str::to_owned)];
    IsoRow {
        id: iso.id.clone(),
        filename: visible(&iso.filename),
        label: visible(&iso.disk_label),
        ring: Ring::new(1.0, role),
        picture: Picture::new(&iso.disk_type, role),
        role: role.class(),
        symbol: role.symbol(),
        word: said.into_iter().flatten().collect::<Vec<_>>().join(", "),
        next: word.next(language),
        details: details.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        kind: kind.unwrap_or_default(),
        size,
        bytes: format!("{} {}", sentences::grouped(iso.size, language), language.pick("bytes", "Bytes")),
        check: checked.unwrap_or(language.pick("never checked", "nie geprüft")),
        created_at: iso.created_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        created: sentences::moment(iso.created_at, language),
        sha256: iso.sha256sum.clone().unwrap_or_default(),
        trashed: iso.trashed_at.map(|at| sentences::moment(at, language)).unwrap_or_default(),
    }
}
