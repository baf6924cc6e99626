//! Options of a job as fields of a form: one table with label, explanation and what holds without a choice.

use super::fields::{Choice, Field, Mistakes, number, word};
use crate::{
    domain::options::{HashKind, JobOptions, MAX_READ_OFFSET, Mode},
    http::{form::Form, words::Language},
};
use serde_json::{Map, Value};

type Text = (&'static str, &'static str);

enum Kind {
    Words(&'static [(&'static str, Text)]),
    YesNo,
    Number(i64, i64, Text),
    Hashes,
}

struct Entry {
    name: &'static str,
    kind: Kind,
    label: Text,
    help: Text,
    /// What holds if neither the job nor its drive says something.
    default: Text,
}

const OPTIONS: [Entry; 14] = [
    Entry {
        name: "verify",
        kind: Kind::Words(&[
            ("none", ("nothing", "nichts")),
            ("image", ("the image, read back from storage", "das Abbild, vom Speicher zurückgelesen")),
            ("disc", ("the disc, read a second time", "die Disc, ein zweites Mal gelesen")),
            ("both", ("image and disc", "Abbild und Disc")),
        ]),
        label: ("Compare afterwards", "Danach vergleichen"),
        help: (
            "Reading back finds storage that lies; only a second reading finds a drive that returned wrong data without an error. It takes as long as the first.",
            "Zurücklesen findet einen Speicher, der lügt; nur ein zweites Lesen findet ein Laufwerk, das ohne Fehler falsche Daten gab. Es dauert so lange wie das erste.",
        ),
        default: ("nothing", "nichts"),
    },
    Entry {
        name: "retries",
        kind: Kind::Number(0, 100, ("times", "Mal")),
        label: ("Read bad sectors again", "Schlechte Sektoren noch einmal lesen"),
        help: (
            "How many more passes over what could not be read. More take longer and sometimes save a file.",
            "Wie viele weitere Durchgänge über das, was sich nicht lesen ließ. Mehr dauern länger und retten manchmal eine Datei.",
        ),
        default: ("1", "1"),
    },
    Entry {
        name: "rescue",
        kind: Kind::YesNo,
        label: ("Search damaged areas sector by sector", "Beschädigte Stellen Sektor für Sektor durchsuchen"),
        help: (
            "Without it, a whole block is given up where one of its sectors is bad: quick, but more is lost.",
            "Ohne das wird ein ganzer Block aufgegeben, wenn einer seiner Sektoren schlecht ist: schnell, aber es geht mehr verloren.",
        ),
        default: ("yes", "ja"),
    },
    Entry {
        name: "on_loss",
        kind: Kind::Words(&[
            ("finish", ("finish the image as damaged", "das Abbild als beschädigt abschließen")),
            ("ask", ("stop and ask me", "anhalten und mich fragen")),
        ]),
        label: ("If sectors stay unreadable", "Wenn Sektoren unlesbar bleiben"),
        help: (
            "Asking lets you try again, take another drive or a second copy, or accept the loss.",
            "Wer gefragt wird, kann es noch einmal versuchen, ein anderes Laufwerk oder eine zweite Kopie nehmen oder den Verlust annehmen.",
        ),
        default: ("finish the image as damaged", "das Abbild als beschädigt abschließen"),
    },
    Entry {
        name: "max_bad_sectors",
        kind: Kind::Number(0, 1_000_000_000, ("sectors", "Sektoren")),
        label: ("Give up after so many bad sectors", "Nach so vielen schlechten Sektoren aufgeben"),
        help: (
            "The search for more ends when more than this are unreadable; the rest is kept.",
            "Die Suche endet, wenn mehr als so viele unlesbar sind; das Übrige bleibt erhalten.",
        ),
        default: ("no limit", "keine Grenze"),
    },
    Entry {
        name: "rescue_seconds",
        kind: Kind::Number(1, 2_592_000, ("seconds", "Sekunden")),
        label: ("Longest time for damaged areas", "Längste Zeit für beschädigte Stellen"),
        help: (
            "After this time the image is finished with what there is. An hour is 3600.",
            "Nach dieser Zeit wird das Abbild mit dem abgeschlossen, was da ist. Eine Stunde sind 3600.",
        ),
        default: ("no limit", "keine Grenze"),
    },
    Entry {
        name: "engine",
        kind: Kind::Words(&[
            ("auto", ("the best one for disc and mode", "das beste für Disc und Betriebsart")),
            ("native", ("disk2iso itself", "disk2iso selbst")),
            ("ddrescue", ("GNU ddrescue (data discs)", "GNU ddrescue (Daten-Discs)")),
            ("cdrdao", ("cdrdao (CDs)", "cdrdao (CDs)")),
            ("cd_paranoia", ("cd-paranoia (audio)", "cd-paranoia (Audio)")),
        ]),
        label: ("Program that reads", "Programm, das liest"),
        help: (
            "Another one is worth a try where a disc reads badly.",
            "Ein anderes ist einen Versuch wert, wenn sich eine Disc schlecht liest.",
        ),
        default: ("the best one for disc and mode", "das beste für Disc und Betriebsart"),
    },
    Entry {
        name: "speed_kbps",
        kind: Kind::Number(150, 100_000, ("kB/s", "kB/s")),
        label: ("Speed limit", "Höchstgeschwindigkeit"),
        help: (
            "Slower is quieter and often reads scratched discs better. CD 1x is 150, DVD 1x is 1385.",
            "Langsamer ist leiser und liest zerkratzte Discs oft besser. CD 1x sind 150, DVD 1x sind 1385.",
        ),
        default: ("none", "keine"),
    },
    Entry {
        name: "block_sectors",
        kind: Kind::Number(1, 256, ("sectors", "Sektoren")),
        label: ("Sectors in one request", "Sektoren je Anfrage"),
        help: (
            "Smaller helps with USB bridges that reset under load; otherwise it is only slower.",
            "Kleiner hilft bei USB-Brücken, die unter Last aussteigen; sonst ist es nur langsamer.",
        ),
        default: ("what the drive takes", "so viele das Laufwerk nimmt"),
    },
    Entry {
        name: "format",
        kind: Kind::Words(&[
            (
                "bin_cue",
                (
                    "one .bin with .cue and .toc: exact, for burning again",
                    "eine .bin mit .cue und .toc: exakt, zum erneuten Brennen",
                ),
            ),
            ("flac", ("one FLAC file for each track: for listening", "eine FLAC-Datei je Titel: zum Hören")),
        ]),
        label: ("Audio tracks", "Audiotitel"),
        help: ("Only for discs with audio.", "Nur für Discs mit Audio."),
        default: (".bin with .cue and .toc", ".bin mit .cue und .toc"),
    },
    Entry {
        name: "read_offset",
        kind: Kind::Number(-(MAX_READ_OFFSET as i64), MAX_READ_OFFSET as i64, ("samples", "Samples")),
        label: ("Read offset for audio", "Leseversatz für Audio"),
        help: (
            "By how many samples this drive reads audio too late; AccurateRip lists it for most drives.",
            "Um wie viele Samples dieses Laufwerk Audio zu spät liest; AccurateRip nennt ihn für die meisten Laufwerke.",
        ),
        default: ("the drive's setting", "wie beim Laufwerk eingestellt"),
    },
    Entry {
        name: "hashes",
        kind: Kind::Hashes,
        label: ("More checksums", "Weitere Prüfsummen"),
        help: ("MD5 and SHA-256 are always made.", "MD5 und SHA-256 werden immer erstellt."),
        default: ("", ""),
    },
    Entry {
        name: "keep_map",
        kind: Kind::YesNo,
        label: ("Keep the sector map of a complete image", "Sektorkarte eines vollständigen Abbilds behalten"),
        help: ("That of a damaged image is always kept.", "Die eines beschädigten Abbilds wird immer behalten."),
        default: ("no", "nein"),
    },
    Entry {
        name: "eject",
        kind: Kind::YesNo,
        label: ("Open the tray when done", "Schublade danach öffnen"),
        help: ("Whatever the service is set to.", "Wie auch immer der Dienst eingestellt ist."),
        default: ("as the service is set", "wie der Dienst eingestellt ist"),
    },
];

/// The modes with what each does.
pub fn modes(chosen: &str, language: Language) -> Vec<Choice> {
    let choice = |mode: Mode| {
        let (label, help) = match mode {
            Mode::Standard => (
                ("Standard", "Standard"),
                (
                    "The best honest image of this kind of disc: .iso for data, .bin/.cue or FLAC where there is audio.",
                    "Das beste ehrliche Abbild dieser Art von Disc: .iso für Daten, .bin/.cue oder FLAC, wo Audio ist.",
                ),
            ),
            Mode::Rescue => (
                ("Rescue", "Rettung"),
                (
                    "For damaged discs: GNU ddrescue from the first sector on, easy areas first, with as many passes as you like.",
                    "Für beschädigte Discs: GNU ddrescue vom ersten Sektor an, leichte Stellen zuerst, mit so vielen Durchgängen wie gewünscht.",
                ),
            ),
            Mode::Clone => (
                ("Clone", "Klon"),
                (
                    "Every sector as it is on the medium: CDs raw with sub-channel. Larger, and not every program opens it.",
                    "Jeder Sektor, wie er auf dem Medium ist: CDs roh mit Sub-Kanal. Größer, und nicht jedes Programm öffnet ihn.",
                ),
            ),
            Mode::Scan => (
                ("Surface scan", "Oberflächenprüfung"),
                (
                    "Reads everything and keeps no image: shows where the disc is slow or bad.",
                    "Liest alles und behält kein Abbild: zeigt, wo die Disc langsam oder schlecht ist.",
                ),
            ),
        };
        let word = mode.as_str();
        Choice {
            value: word,
            label: language.pick(label.0, label.1).to_owned(),
            help: language.pick(help.0, help.1),
            chosen: chosen == word,
        }
    };
    Mode::ALL.into_iter().map(choice).collect()
}

/// The fields; `values` are the options as JSON, `defaults` what holds without a choice where that is known.
pub fn fields(values: &Map<String, Value>, without: &[&str], mistakes: &Mistakes, language: Language) -> Vec<Field> {
    OPTIONS.iter().filter(|entry| !without.contains(&entry.name)).map(|entry| field(entry, values, mistakes, language)).collect()
}

/// Options as the values of their fields.
pub fn values(options: &JobOptions) -> Map<String, Value> {
    serde_json::to_value(options).ok().and_then(|value| value.as_object().cloned()).unwrap_or_default()
}

/// What was filled in, right or wrong, so that it can be shown again.
pub fn filled_in(form: &Form) -> Map<String, Value> {
    let value = |entry: &Entry| {
        let name = format!("options.{}", entry.name);
        let value = match entry.kind {
            Kind::Hashes => Value::from(form.all(&name).map(str::to_owned).collect::<Vec<_>>()),
            _ => Value::from(form.text(&name)?),
        };
        Some((entry.name.to_owned(), value))
    };
    OPTIONS.iter().filter_map(value).collect()
}

fn field(entry: &Entry, values: &Map<String, Value>, mistakes: &Mistakes, language: Language) -> Field {
    let pick = |text: Text| language.pick(text.0, text.1);
    let name = format!("options.{}", entry.name);
    let value = match values.get(entry.name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(yes)) => if *yes { "yes" } else { "no" }.to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let unset = format!("{}: {}", language.pick("as usual", "wie üblich"), pick(entry.default));
    let field = |kind| Field::new(&name, kind, pick(entry.label), pick(entry.help), mistakes);
    match &entry.kind {
        Kind::Number(min, max, unit) => field("number").value(value, pick(entry.default)).range(*min, *max, pick(*unit)),
        Kind::Words(words) => {
            let mut choices = vec![Choice::new("", unset, value.is_empty())];
            choices.extend(words.iter().map(|(word, text)| Choice::new(word, pick(*text), value == *word)));
            field("select").choices(choices)
        }
        Kind::YesNo => field("select").choices(vec![
            Choice::new("", unset, value.is_empty()),
            Choice::new("yes", language.pick("yes", "ja"), value == "yes"),
            Choice::new("no", language.pick("no", "nein"), value == "no"),
        ]),
        Kind::Hashes => {
            let chosen: Vec<&str> =
                values.get(entry.name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
            let tick = |kind: HashKind| Choice::new(kind.as_str(), hash_name(kind), chosen.contains(&kind.as_str()));
            let free = HashKind::ALL.into_iter().filter(|kind| !matches!(kind, HashKind::Md5 | HashKind::Sha256));
            field("ticks").choices(free.map(tick).collect())
        }
    }
}

fn hash_name(kind: HashKind) -> &'static str {
    match kind {
        HashKind::Crc32 => "CRC-32",
        HashKind::Md5 => "MD5",
        HashKind::Sha1 => "SHA-1",
        HashKind::Sha256 => "SHA-256",
        HashKind::Sha512 => "SHA-512",
        HashKind::Blake3 => "BLAKE3",
    }
}

/// The options that were filled in; mistakes are noted at their fields.
pub fn parse(form: &Form, language: Language, mistakes: &mut Mistakes) -> JobOptions {
    let mut found = Map::new();
    for entry in &OPTIONS {
        let name = format!("options.{}", entry.name);
        let value = match &entry.kind {
            Kind::Number(min, max, _) => number(form, &name, *min, *max, language, mistakes).map(Value::from),
            Kind::Words(words) => {
                let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                word(form, &name, &allowed, language, mistakes).map(Value::from)
            }
            Kind::YesNo => word(form, &name, &["yes", "no"], language, mistakes).map(|word| Value::from(word == "yes")),
            Kind::Hashes => {
                let known = HashKind::ALL.map(HashKind::as_str);
                let ticked: Vec<&str> = form.all(&name).filter(|hash| known.contains(hash)).collect();
                (!ticked.is_empty()).then(|| Value::from(ticked))
            }
        };
        found.extend(value.map(|value| (entry.name.to_owned(), value)));
    }
    // The table and the type say the same; a test holds them against each other.
    serde_json::from_value(Value::Object(found)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::wire::JobOptionsBody;
    use std::collections::BTreeSet;

    #[test]
    fn every_option_has_a_field_and_no_other() {
        let all = serde_json::to_value(JobOptionsBody::default()).expect("JSON");
        let real: BTreeSet<&str> = all.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(OPTIONS.iter().map(|entry| entry.name).collect::<BTreeSet<_>>(), real);
    }

    #[test]
    fn both_languages_are_there_and_differ() {
        for entry in &OPTIONS {
            assert_ne!(entry.label.0, entry.label.1, "{}", entry.name);
            assert_ne!(entry.help.0, entry.help.1, "{}", entry.name);
        }
    }

    #[test]
    fn what_is_chosen_comes_back_and_what_is_wrong_is_named() {
        let form = Form::parse(
            b"options.verify=both&options.retries=5&options.rescue=no&options.engine=ddrescue&options.block_sectors=16\
              &options.speed_kbps=1400&options.format=flac&options.hashes=sha1&options.hashes=crc32&options.eject=yes\
              &options.keep_map=yes&options.max_bad_sectors=10&options.rescue_seconds=60&options.on_loss=ask&options.read_offset=-6",
        )
        .expect("a form");
        let mut mistakes = Mistakes::new();
        let options = parse(&form, Language::En, &mut mistakes);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        assert_eq!(values(&options).len(), OPTIONS.len(), "every field arrives: {options:?}");
        assert_eq!(options.validate(), Ok(()));
        let wrong = Form::parse(b"options.retries=101&options.verify=maybe&options.speed_kbps=fast").expect("a form");
        parse(&wrong, Language::De, &mut mistakes);
        assert_eq!(mistakes.keys().collect::<Vec<_>>(), ["options.retries", "options.speed_kbps", "options.verify"]);
        assert!(mistakes["options.retries"].contains("ganze Zahl von 0 bis 100"), "{mistakes:?}");
        let shown = fields(&filled_in(&wrong), &[], &mistakes, Language::De);
        let retries = shown.iter().find(|field| field.name == "options.retries").expect("a field");
        assert_eq!((retries.value.as_str(), retries.error.is_some()), ("101", true), "kept as it was filled in");
    }
}
