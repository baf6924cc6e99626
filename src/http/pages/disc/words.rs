//! What the drawing says, in words: beside it and instead of it.

use crate::{
    domain::{
        ids::SECTOR,
        picture::{AreaState, Picture},
    },
    http::{pages::sentences, words::Language},
};

/// A line of the legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Legend {
    /// Class of the style sheet.
    pub state: &'static str,
    /// What it is called.
    pub word: &'static str,
    /// "4,086 sectors".
    pub sectors: String,
    /// "8.3 MB".
    pub size: String,
}

/// What a state is called.
fn word(state: AreaState, language: Language) -> &'static str {
    match state {
        AreaState::Bad => language.pick("Unreadable", "Nicht lesbar"),
        AreaState::Skipped => language.pick("Skipped, tried again later", "Übersprungen, wird noch einmal versucht"),
        AreaState::Slow => language.pick("Read slowly", "Langsam gelesen"),
        AreaState::Trimmed => language.pick("Run-out, cut off (no data)", "Auslauf, abgeschnitten (keine Daten)"),
        AreaState::Read => language.pick("Read", "Gelesen"),
        AreaState::Gap => language.pick("Between two sessions (no data)", "Zwischen zwei Sitzungen (keine Daten)"),
        AreaState::Untried => language.pick("Not read yet", "Noch nicht gelesen"),
    }
}

/// The states that occur, the worst first.
pub fn legend(picture: &Picture, language: Language) -> Vec<Legend> {
    let line = |state: AreaState| {
        let count = picture.count(state);
        Legend {
            state: state.as_str(),
            word: word(state, language),
            sectors: sectors(count, language),
            size: sentences::size(count.saturating_mul(SECTOR), language),
        }
    };
    AreaState::ALL.into_iter().filter(|state| picture.count(*state) > 0).map(line).collect()
}

fn sectors(count: u64, language: Language) -> String {
    let number = sentences::grouped(count, language);
    match (count, language) {
        (1, Language::En) => "1 sector".to_owned(),
        (1, Language::De) => "1 Sektor".to_owned(),
        (_, Language::En) => format!("{number} sectors"),
        (_, Language::De) => format!("{number} Sektoren"),
    }
}

/// The drawing as one sentence.
pub fn describe(picture: &Picture, language: Language) -> String {
    let (all, read) = (picture.sectors, picture.count(AreaState::Read) + picture.count(AreaState::Slow));
    let number = |number| sentences::grouped(number, language);
    let mut text = match language {
        Language::En => format!("{} of {} sectors were read, from the hub outwards.", number(read), number(all)),
        Language::De => format!("{} von {} Sektoren wurden gelesen, von innen nach außen.", number(read), number(all)),
    };
    let bad = picture.count(AreaState::Bad) + picture.count(AreaState::Skipped);
    if bad > 0 {
        let places = number(picture.places as u64);
        let told = match (language, picture.places) {
            (Language::En, 1) => format!(" {} are not readable, in one place.", number(bad)),
            (Language::En, _) => format!(" {} are not readable, in {places} places.", number(bad)),
            (Language::De, 1) => format!(" {} sind nicht lesbar, an einer Stelle.", number(bad)),
            (Language::De, _) => format!(" {} sind nicht lesbar, an {places} Stellen.", number(bad)),
        };
        text.push_str(&told);
    }
    text
}
