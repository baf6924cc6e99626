//! What a drive says when it cannot read, in plain words (SPC-4 annex D, MMC-6 annex F: the codes that reading gives).

use crate::http::words::Language;

/// Sense key, code and qualifier in words; `text` is `3/11/05`. The key decides where the code is not known.
pub fn in_words(text: &str, language: Language) -> Option<&'static str> {
    let mut parts = text.split('/').map(|part| u8::from_str_radix(part, 16).ok());
    let (key, asc, ascq) = (parts.next()??, parts.next()??, parts.next()??);
    Some(match (key, asc, ascq) {
        (_, 0x11, 0x05 | 0x0b) => language.pick(
            "The error correction on the disc could not mend it: scratch, dirt or decay.",
            "Die Fehlerkorrektur der Disc konnte es nicht mehr beheben: Kratzer, Schmutz oder Zerfall.",
        ),
        (_, 0x11, 0x06) => language.pick(
            "Two stages of error correction failed: a deep scratch or decay.",
            "Beide Stufen der Fehlerkorrektur versagten: tiefer Kratzer oder Zerfall.",
        ),
        (_, 0x11, _) => language.pick("The sector could not be read.", "Der Sektor ließ sich nicht lesen."),
        (_, 0x02 | 0x15, _) => language.pick(
            "The laser could not find the place: scratch across the spiral, or a worn drive.",
            "Der Laser fand die Stelle nicht: Kratzer quer zur Spirale oder ein verschlissenes Laufwerk.",
        ),
        (_, 0x09, _) => language.pick(
            "The laser lost the track or its focus: dirt, a warped disc or a worn drive.",
            "Der Laser verlor Spur oder Schärfe: Schmutz, eine verzogene Disc oder ein verschlissenes Laufwerk.",
        ),
        (_, 0x57, _) => {
            language.pick("The table of contents could not be read.", "Das Inhaltsverzeichnis ließ sich nicht lesen.")
        }
        (_, 0x64, _) => language.pick(
            "The sector is of another kind than expected: often the run-out at the end of a track.",
            "Der Sektor ist von anderer Art als erwartet: oft der Auslauf am Ende einer Spur.",
        ),
        (_, 0x6f, _) => language
            .pick("The sector is copy-protected and was not read.", "Der Sektor ist kopiergeschützt und wurde nicht gelesen."),
        (5, 0x21, _) => {
            language.pick("The address lies beyond the end of the recording.", "Die Adresse liegt hinter dem Ende der Aufnahme.")
        }
        (3, ..) => language.pick("The medium is at fault here.", "Hier liegt ein Fehler des Mediums vor."),
        (4, ..) => language.pick("The drive reports a fault of its own.", "Das Laufwerk meldet einen eigenen Fehler."),
        (0x0b, ..) => language
            .pick("The command was broken off: often cable or bridge.", "Der Befehl wurde abgebrochen: oft Kabel oder Adapter."),
        _ => language.pick("The drive refused to read.", "Das Laufwerk hat das Lesen verweigert."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senses_are_said_in_words_and_nonsense_is_nothing() {
        for language in [Language::En, Language::De] {
            for text in ["3/11/05", "3/11/00", "3/02/00", "4/09/00", "5/64/00", "5/6f/03", "3/99/99", "b/00/00", "2/04/01"] {
                assert!(in_words(text, language).is_some_and(|words| words.ends_with('.')), "{text}");
            }
        }
        for text in ["", "3", "3/11", "x/y/z", "3/111/05"] {
            assert_eq!(in_words(text, Language::En), None, "{text}");
        }
    }
}
