//! The evidence behind a verdict: first in sentences that anybody can read, then the exact facts.

use super::reasons;
use crate::{
    domain::{
        disc::{SizeClaims, SizeRecord},
        ids::SECTOR,
        provenance::Provenance,
        result::{ImageDetails, TrackResult},
        verdict::Reason,
    },
    http::{
        pages::sentences,
        words::{self, Language},
    },
    storage::isos::{IsoFacts, IsoRecord},
};

/// Why an image is what it is called.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// "Why is this complete?"
    pub question: String,
    /// Sentences, the most important first, each with whether it speaks for the image.
    pub because: Vec<Because>,
    /// The exact facts.
    pub sections: Vec<Section>,
    /// Tracks of a CD that was read raw.
    pub tracks: Vec<TrackRow>,
}

/// A sentence of the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Because {
    /// Whether it is good news.
    pub good: bool,
    /// The sentence.
    pub text: String,
}

/// Facts that belong together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Section {
    /// What they are about.
    pub heading: &'static str,
    /// Name, value, and the exact value on hover (may be empty).
    pub rows: Vec<(String, String, String)>,
}

/// A track of a CD.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackRow {
    /// Number.
    pub number: u8,
    /// "Audio" or "Data".
    pub kind: &'static str,
    /// "3:45" for music, a size for data.
    pub length: String,
    /// Whether both readings agreed, in words.
    pub compared: &'static str,
    /// Whether something is wrong with it.
    pub flawed: bool,
    /// What is wrong with it.
    pub flaws: String,
    /// AccurateRip checksums, version 1 and 2; empty for data.
    pub accurate_rip: String,
    /// CRC-32.
    pub crc32: String,
    /// Recording code.
    pub isrc: String,
}

impl Section {
    fn new(heading: &'static str) -> Self {
        Self { heading, rows: Vec::new() }
    }

    fn row(&mut self, name: &str, value: impl Into<String>) {
        self.exact(name, value, "");
    }

    fn exact(&mut self, name: &str, value: impl Into<String>, exact: impl Into<String>) {
        let value: String = value.into();
        if !value.is_empty() {
            self.rows.push((name.to_owned(), value, exact.into()));
        }
    }
}

impl Evidence {
    /// Of an image.
    pub fn new(iso: &IsoRecord, facts: &IsoFacts, language: Language) -> Self {
        let word = words::find(words::VERDICTS, iso.verdict.as_str(), None).word(language);
        let IsoFacts { details, provenance } = facts;
        let sections = [
            read(iso, details, language),
            iso.medium.as_ref().map(|medium| size(&medium.size, language)).unwrap_or_default(),
            sums(iso, details, language),
            comparisons(iso, provenance, language),
            making(details, provenance, language),
        ];
        Self {
            question: match language {
                Language::En => format!("Why is it called “{word}”?"),
                Language::De => format!("Warum heißt es „{word}“?"),
            },
            because: because(iso, facts, language),
            sections: sections.into_iter().filter(|section| !section.rows.is_empty()).collect(),
            tracks: details.tracks.iter().map(|result| track(result, language)).collect(),
        }
    }
}

fn because(iso: &IsoRecord, facts: &IsoFacts, language: Language) -> Vec<Because> {
    let reasons: Vec<Reason> = serde_json::from_value(iso.reasons.clone()).unwrap_or_default();
    let good = |text: String| Because { good: true, text };
    let mut because: Vec<Because> = reasons
        .iter()
        .map(|why| Because { good: *why == Reason::RunOut, text: reasons::reason(*why, language).to_owned() })
        .collect();
    let all = iso.medium.as_ref().map_or(facts.provenance.sectors_total, |medium| medium.size.sectors);
    let number = sentences::grouped(all, language);
    if iso.bad_sectors == 0 && iso.verdict.is_good() {
        because.push(good(match language {
            Language::En => format!("Each of the disc's {number} sectors was read."),
            Language::De => format!("Jeder der {number} Sektoren der Disc wurde gelesen."),
        }));
    }
    if iso.verdict.is_good() {
        let size = sentences::grouped(iso.size, language);
        because.push(good(match language {
            Language::En => {
                format!("The file is exactly as long as what was read ({size} bytes), and all of it went into the checksums.")
            }
            Language::De => format!(
                "Die Datei ist genau so lang wie das Gelesene ({size} Bytes), und alles davon ging in die Prüfsummen ein."
            ),
        }));
    }
    let evidence = facts.provenance.verify;
    if evidence.image_matches == Some(true) {
        because.push(good(
            language
                .pick(
                    "Read back from storage, it was what had been written.",
                    "Vom Speicher zurückgelesen war es, was geschrieben wurde.",
                )
                .to_owned(),
        ));
    }
    if evidence.disc_unsettled == Some(0) {
        because.push(good(
            language
                .pick(
                    "The disc was read a second time and gave the same data.",
                    "Die Disc wurde ein zweites Mal gelesen und gab dieselben Daten.",
                )
                .to_owned(),
        ));
    }
    if let (Some(at), Some(ok)) = (iso.verified_at, iso.verify_ok) {
        let at = sentences::moment(at, language);
        let text = match (language, ok) {
            (Language::En, true) => format!("Checked again on {at}: unchanged."),
            (Language::De, true) => format!("Am {at} noch einmal geprüft: unverändert."),
            (Language::En, false) => format!("Checked again on {at}: the file has changed since it was made."),
            (Language::De, false) => format!("Am {at} noch einmal geprüft: Die Datei hat sich seit der Erstellung verändert."),
        };
        because.push(Because { good: ok, text });
    }
    if facts.provenance.loss_accepted {
        because.push(Because {
            good: false,
            text: language
                .pick("A person accepted that sectors are missing.", "Ein Mensch hat angenommen, dass Sektoren fehlen.")
                .to_owned(),
        });
    }
    because
}

fn read(iso: &IsoRecord, details: &ImageDetails, language: Language) -> Section {
    let mut section = Section::new(language.pick("What was read", "Was gelesen wurde"));
    let number = |number| sentences::grouped(number, language);
    if let Some(medium) = &iso.medium {
        let sectors = medium.size.sectors;
        section.exact(
            language.pick("Sectors of the disc", "Sektoren der Disc"),
            number(sectors),
            format!("{sectors} × {SECTOR}"),
        );
    }
    section.row(language.pick("Could not be read", "Nicht lesbar"), number(iso.bad_sectors));
    section.exact(
        language.pick("Size of the image", "Größe des Abbilds"),
        sentences::size(iso.size, language),
        iso.size.to_string(),
    );
    let statistics = &details.statistics;
    section.row(language.pick("Errors that the drive mended", "Vom Laufwerk behobene Fehler"), number(statistics.recovered));
    section.row(language.pick("Resets and hangs of the drive", "Neustarts und Hänger des Laufwerks"), number(statistics.resets));
    section
}

/// All claims, the one chosen, and why.
pub fn size(size: &SizeRecord, language: Language) -> Section {
    let mut section = Section::new(language.pick("How the size was chosen", "Wie die Größe gewählt wurde"));
    let number = |number| sentences::grouped(number, language);
    let sectors = language.pick("sectors", "Sektoren");
    section.row(language.pick("Chosen", "Gewählt"), format!("{} {sectors}", number(size.sectors)));
    section.row(language.pick("Why", "Warum"), reasons::size_rule(size.rule, language));
    let SizeClaims { read_capacity, toc_lead_out, iso9660, udf, hfs, block_device, track_information, structure } = size.claims;
    for (en, de, claim) in [
        ("The drive's capacity", "Kapazität laut Laufwerk", read_capacity),
        ("Lead-out of the table of contents", "Lead-out des Inhaltsverzeichnisses", toc_lead_out),
        ("ISO 9660", "ISO 9660", iso9660),
        ("UDF", "UDF", udf),
        ("HFS", "HFS", hfs),
        ("Linux (never decides)", "Linux (entscheidet nie)", block_device),
        ("Last written track", "Letzte beschriebene Spur", track_information),
        ("Physical structure", "Physische Struktur", structure),
    ] {
        if let Some(claim) = claim {
            section.row(language.pick(en, de), format!("{} {sectors}", number(claim)));
        }
    }
    section
}

fn sums(iso: &IsoRecord, details: &ImageDetails, language: Language) -> Section {
    let mut section = Section::new(language.pick("Checksums", "Prüfsummen"));
    section.row("SHA-256", iso.sha256sum.clone().unwrap_or_default());
    section.row("MD5", iso.md5sum.clone().unwrap_or_default());
    let main = details.files.first().filter(|_| details.files.len() == 1 || details.tracks.is_empty());
    for (kind, hash) in main.iter().flat_map(|file| &file.hashes) {
        let kind = kind.as_str();
        if !matches!(kind, "md5" | "sha256") {
            section.row(&kind.to_uppercase(), hash.clone());
        }
    }
    section
}

fn comparisons(iso: &IsoRecord, provenance: &Provenance, language: Language) -> Section {
    let mut section = Section::new(language.pick("Comparisons", "Vergleiche"));
    let told = |result: Option<bool>| match result {
        Some(true) => language.pick("equal", "gleich").to_owned(),
        Some(false) => language.pick("different", "verschieden").to_owned(),
        None => language.pick("not asked for", "nicht verlangt").to_owned(),
    };
    section.row(
        language.pick("Image read back after writing", "Abbild nach dem Schreiben zurückgelesen"),
        told(provenance.verify.image_matches),
    );
    let twice = provenance.verify.disc_unsettled.map(|sectors| sectors == 0);
    section.row(language.pick("Disc read a second time", "Disc ein zweites Mal gelesen"), told(twice));
    if let Some(at) = iso.verified_at {
        let at = format!("{}, {}", sentences::moment(at, language), told(iso.verify_ok));
        section.row(language.pick("Last check of the file", "Letzte Prüfung der Datei"), at);
    }
    section
}

fn making(details: &ImageDetails, provenance: &Provenance, language: Language) -> Section {
    let mut section = Section::new(language.pick("How it was made", "Wie es entstand"));
    for drive in &provenance.drives {
        let parts = [drive.name.as_str(), drive.vendor.trim(), drive.model.trim(), drive.firmware.trim(), drive.serial.trim()];
        let told: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        section.exact(language.pick("Drive", "Laufwerk"), told.join(" · "), drive.path.clone());
    }
    for tool in &details.tools {
        section.exact(language.pick("Program", "Programm"), format!("{} {}", tool.tool, tool.version), tool.command.join(" "));
    }
    section.row(language.pick("Machine", "Rechner"), provenance.host.clone());
    let operator = match provenance.operator.as_str() {
        "automatic" => language.pick("by itself", "von selbst"),
        "person" => language.pick("a person", "ein Mensch"),
        other => other,
    };
    section.row(language.pick("Started by", "Begonnen von"), operator);
    if provenance.seconds > 0.0 {
        section.row(
            language.pick("Time of the last run", "Dauer des letzten Laufs"),
            sentences::duration(provenance.seconds, language),
        );
    }
    section.row(
        language.pick("Mean speed", "Mittlere Geschwindigkeit"),
        sentences::speed(provenance.bytes_per_second, language).unwrap_or_default(),
    );
    section
}

fn track(track: &TrackResult, language: Language) -> TrackRow {
    let number = |number| sentences::grouped(number, language);
    let mut flaws = Vec::new();
    if track.unreadable > 0 {
        flaws.extend(sentences::damage(track.unreadable, language));
    }
    if track.unsettled > 0 {
        flaws.push(match language {
            Language::En => format!("{} sectors never gave the same twice", number(track.unsettled)),
            Language::De => format!("{} Sektoren gaben nie zweimal dasselbe", number(track.unsettled)),
        });
    }
    let seconds = track.sectors / 75;
    TrackRow {
        number: track.number,
        kind: if track.data { language.pick("Data", "Daten") } else { language.pick("Audio", "Ton") },
        length: if track.data {
            sentences::size(track.sectors.saturating_mul(SECTOR), language)
        } else {
            format!("{}:{:02}", seconds / 60, seconds % 60)
        },
        compared: match track.test_matches {
            Some(true) => language.pick("both readings agree", "beide Lesungen gleich"),
            Some(false) => language.pick("the two readings differ", "die Lesungen weichen ab"),
            None if track.data => language.pick("proved by its own codes", "durch eigene Prüfcodes belegt"),
            None => language.pick("read once", "einmal gelesen"),
        },
        flawed: track.unreadable > 0 || track.unsettled > 0 || track.test_matches == Some(false),
        flaws: flaws.join(", "),
        accurate_rip: track.accurate_rip.as_ref().map(|sums| sums.join(" / ")).unwrap_or_default(),
        crc32: track.crc32.clone(),
        isrc: track.isrc.clone().unwrap_or_default(),
    }
}
