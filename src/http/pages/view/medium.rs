//! Everything that is known about a disc, in words.

use crate::{
    domain::{
        disc::{FileSystemKind, Medium, Protection, Recording, SizeRule},
        ids::SECTOR,
    },
    http::{
        pages::sentences::{grouped, size},
        words::{self, Language},
    },
};

/// A fact: what it is, its value, the exact value for hover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub label: &'static str,
    /// For people.
    pub value: String,
    /// Exact; may be empty.
    pub exact: String,
}

impl Fact {
    /// A fact whose value is exact as it is.
    pub fn new(label: &'static str, value: impl Into<String>) -> Self {
        Self { label, value: value.into(), exact: String::new() }
    }
}

/// All facts about a disc.
pub fn medium(disc: &Medium, insertion: u64, language: Language) -> Vec<Fact> {
    let pick = |en, de| language.pick(en, de);
    let bytes = disc.size.sectors.saturating_mul(SECTOR);
    let sectors = |count: u64| format!("{} {}", grouped(count, language), pick("sectors", "Sektoren"));
    let kind = words::find(words::KINDS, disc.kind.as_str(), None).word(language);
    let mut facts = vec![
        Fact::new(pick("Label", "Name"), if disc.label.is_empty() { pick("none", "keiner") } else { &disc.label }),
        Fact::new(pick("Kind", "Art"), format!("{kind}, {}", recording(disc.recording, language))),
        Fact {
            label: pick("Size", "Größe"),
            value: format!("{} ({})", size(bytes, language), sectors(disc.size.sectors)),
            exact: format!("{bytes} B"),
        },
        Fact::new(pick("Why this size", "Warum diese Größe"), rule(disc.size.rule, language)),
    ];
    let claims = claims(disc, language);
    if !claims.is_empty() {
        facts.push(Fact::new(pick("Who says what", "Wer was sagt"), claims));
    }
    facts.push(Fact::new(pick("Sessions", "Sitzungen"), disc.sessions.to_string()));
    if let Some(toc) = &disc.toc {
        let data = toc.tracks.iter().filter(|track| track.data).count();
        let audio = toc.tracks.len() - data;
        facts.push(Fact::new(
            pick("Tracks", "Spuren"),
            language.pick(format!("{audio} audio, {data} data"), format!("{audio} Audio, {data} Daten")),
        ));
    }
    if !disc.file_systems.is_empty() {
        let names: Vec<&str> = disc.file_systems.iter().map(|kind| file_system(*kind)).collect();
        facts.push(Fact::new(pick("File systems", "Dateisysteme"), names.join(", ")));
    }
    if let Some(structure) = &disc.structure {
        let layers = structure.layer_break.map_or_else(
            || structure.layers.to_string(),
            |at| format!("{}, {} {}", structure.layers, pick("second from sector", "zweite ab Sektor"), grouped(at, language)),
        );
        facts.push(Fact::new(pick("Layers", "Schichten"), layers));
    }
    facts.push(Fact::new(pick("Copy protection", "Kopierschutz"), protection(disc.protection, language)));
    if let Some(text) = disc.cd_text.as_ref().map(|text| text.label()).filter(|text| !text.is_empty()) {
        facts.push(Fact::new("CD-Text", text));
    }
    facts.extend(disc.ids.musicbrainz.as_ref().map(|id| Fact::new("MusicBrainz", id.clone())));
    facts.extend(disc.ids.mcn.as_ref().map(|code| Fact::new(pick("Catalogue number", "Katalognummer"), code.clone())));
    facts.push(Fact::new(pick("Fingerprint", "Fingerabdruck"), disc.fingerprint.to_string()));
    facts.push(Fact::new(pick("Profile", "Profil"), format!("0x{:02x} ({})", disc.profile.0, disc.profile.class())));
    facts.push(Fact::new(pick("Insertion", "Einlegung"), insertion.to_string()));
    facts
}

/// "READ CAPACITY 1,000 · ISO 9660 998".
fn claims(disc: &Medium, language: Language) -> String {
    let claims = &disc.size.claims;
    let all = [
        ("READ CAPACITY", claims.read_capacity),
        (language.pick("lead-out", "Lead-out"), claims.toc_lead_out),
        ("ISO 9660", claims.iso9660),
        ("UDF", claims.udf),
        ("HFS", claims.hfs),
        (language.pick("track information", "Spurangaben"), claims.track_information),
        (language.pick("disc structure", "Disc-Struktur"), claims.structure),
        (language.pick("Linux", "Linux"), claims.block_device),
    ];
    let told = all.into_iter().filter_map(|(who, claim)| Some(format!("{who} {}", grouped(claim?, language))));
    told.collect::<Vec<_>>().join(" · ")
}

fn recording(recording: Recording, language: Language) -> &'static str {
    match recording {
        Recording::Pressed => language.pick("pressed", "gepresst"),
        Recording::Recordable => language.pick("recordable", "beschreibbar"),
        Recording::Rewritable => language.pick("rewritable", "wiederbeschreibbar"),
        Recording::Unknown => language.pick("made in an unknown way", "unbekannt hergestellt"),
    }
}

fn protection(protection: Option<Protection>, language: Language) -> &'static str {
    match protection {
        None => language.pick("none found", "keiner gefunden"),
        Some(Protection::Css) => {
            language.pick("CSS: the films on it stay scrambled in the image", "CSS: Filme bleiben im Abbild verschlüsselt")
        }
        Some(Protection::Cppm) => "CPPM",
        Some(Protection::Cprm) => "CPRM",
        Some(Protection::Aacs) => {
            language.pick("AACS: the films on it stay encrypted in the image", "AACS: Filme bleiben im Abbild verschlüsselt")
        }
        Some(Protection::BrokenToc) => language.pick(
            "the table of contents contradicts itself, perhaps on purpose",
            "das Inhaltsverzeichnis widerspricht sich, vielleicht mit Absicht",
        ),
        Some(Protection::Other) => language.pick("of an unknown kind", "unbekannter Art"),
    }
}

fn file_system(kind: FileSystemKind) -> &'static str {
    match kind {
        FileSystemKind::Iso9660 => "ISO 9660",
        FileSystemKind::Joliet => "Joliet",
        FileSystemKind::RockRidge => "Rock Ridge",
        FileSystemKind::Udf => "UDF",
        FileSystemKind::Hfs => "HFS",
        FileSystemKind::HfsPlus => "HFS+",
    }
}

/// The rule that chose the size, in a sentence.
fn rule(rule: SizeRule, language: Language) -> &'static str {
    let german = match rule {
        SizeRule::Medium => "Die Angabe des Laufwerks selbst; nichts auf der Disc widerspricht ihr.",
        SizeRule::LeadOut => {
            "Eine CD endet am Lead-out ihres Inhaltsverzeichnisses, was auch immer das Laufwerk als Kapazität nennt."
        }
        SizeRule::Sessions => "Die Disc hat mehrere Sitzungen; alle bis zum letzten Lead-out werden behalten.",
        SizeRule::Structure => {
            "Die Disc beschreibt ihre Schichten selbst; Laufwerke nennen bei solchen Discs falsche Kapazitäten."
        }
        SizeRule::Recorded => {
            "Bis hierher ist die Disc beschrieben; die Kapazität des Laufwerks zählt den leeren Platz dahinter mit."
        }
        SizeRule::FileSystem => "Die Kapazität sagt, wofür die Disc formatiert wurde; das Dateisystem sagt, was beschrieben ist.",
        SizeRule::Proven => {
            "Das Dateisystem geht über die Kapazität des Laufwerks hinaus, und sein letzter Sektor ließ sich lesen."
        }
        SizeRule::Unknown => "Weder Laufwerk noch Disc sagen, wie groß die Disc ist.",
    };
    language.pick(rule.reason(), german)
}
