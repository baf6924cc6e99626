//! An image as a line.

use super::Ring;
use crate::http::{
    pages::sentences,
    wire::Iso,
    words::{self, Language, Role, Word},
};

/// An image's line.
#[derive(Debug, Clone, PartialEq)]
pub struct IsoRow {
    /// Id.
    pub id: String,
    /// File name.
    pub filename: String,
    /// The drawing.
    pub ring: Ring,
    /// Colour role.
    pub role: &'static str,
    /// Sign beside the word.
    pub symbol: &'static str,
    /// Verdict in words.
    pub word: String,
    /// What it means.
    pub next: &'static str,
    /// Size and kind of disc.
    pub details: String,
    /// For machines and on hover.
    pub created_at: String,
    /// For people.
    pub created: String,
    /// SHA-256.
    pub sha256: String,
}

/// An image as a line.
pub fn iso(iso: &Iso, language: Language) -> IsoRow {
    let word: Word = words::find(words::VERDICTS, &iso.verdict, None);
    let said = [Some(word.word(language).to_owned()), sentences::damage(iso.bad_sectors, language)];
    let checked = match iso.verify_ok {
        Some(true) => Some(language.pick("checked", "geprüft").to_owned()),
        Some(false) => Some(language.pick("check failed", "Prüfung fehlgeschlagen").to_owned()),
        None => None,
    };
    let role = if iso.verify_ok == Some(false) { Role::Bad } else { word.role };
    let kind = words::find(words::KINDS, &iso.disk_type, None).word(language);
    let details = [Some(sentences::size(iso.size, language)), Some(kind.to_owned()).filter(|kind| kind != "?"), checked];
    IsoRow {
        id: iso.id.clone(),
        filename: iso.filename.clone(),
        ring: Ring::new(1.0, role),
        role: role.class(),
        symbol: role.symbol(),
        word: said.into_iter().flatten().collect::<Vec<_>>().join(", "),
        next: word.next(language),
        details: details.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        created_at: iso.created_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        created: iso.created_at.format(language.pick("%Y-%m-%d %H:%M UTC", "%d.%m.%Y %H:%M UTC")).to_string(),
        sha256: iso.sha256sum.clone().unwrap_or_default(),
    }
}
