//! The disc as a disc, large: with a legend, and a table that says the same in words.

use crate::{
    catalog::contents::{Contents, Found, Known},
    domain::{
        ids::SECTOR,
        picture::{Area, AreaState, Picture},
    },
    http::{
        pages::{
            disc::{self, Legend, Spot},
            sentences,
        },
        words::Language,
    },
};

/// Most rows of the table.
const MAX_ROWS: usize = 60;
/// Most files of one row.
const MAX_FILES: usize = 6;

/// The drawing and everything beside it.
#[derive(Debug, Clone)]
pub struct Disc {
    /// The rings as SVG, made of numbers and our own words only.
    pub drawing: String,
    /// Numbered markers at what is damaged.
    pub spots: Vec<Spot>,
    /// What it is a drawing of.
    pub title: String,
    /// What it shows, in a sentence.
    pub description: String,
    /// How to read it.
    pub help: &'static str,
    /// States that occur.
    pub legend: Vec<Legend>,
    /// Address in the API below which `picture` and `sectors` are.
    pub api: String,
    /// Words for the script, as JSON.
    pub words: String,
    /// Damaged places, in ascending order.
    pub places: Vec<Place>,
    /// Number of those that are not in the table.
    pub places_left: Option<String>,
    /// What is not known about files, if something is not.
    pub unknown: Option<&'static str>,
    /// Drive errors that were mended, which nobody knows the place of.
    pub recovered: Option<String>,
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Number of its marker in the drawing.
    pub spot: Option<usize>,
    /// Class of its state.
    pub state: &'static str,
    /// Its state in words.
    pub word: &'static str,
    /// "1,000 to 1,005".
    pub range: String,
    /// "6 sectors (12.2 kB)".
    pub size: String,
    /// "about 41 mm from the centre".
    pub radius: String,
    /// Paths of files that lie there.
    pub files: Vec<String>,
    /// "and 3 more files".
    pub files_left: Option<String>,
    /// Folders and tables are hit.
    pub system: bool,
}

impl Disc {
    /// Of a picture, with what is known about the files on it.
    pub fn new(picture: &Picture, contents: Option<&Contents>, (title, api): (String, String), language: Language) -> Self {
        let (drawing, spots) = disc::large(picture);
        let damaged: Vec<&Area> = picture.damaged().collect();
        let rows = damaged.iter().take(MAX_ROWS).enumerate();
        let spot_of = |index: usize| spots.iter().find(|spot| spot.places.contains(&index)).map(|spot| spot.number);
        let places = rows.map(|(index, area)| place(picture, area, (contents, spot_of(index)), language)).collect();
        let left = picture.places.max(damaged.len()).saturating_sub(MAX_ROWS);
        Self {
            drawing,
            places,
            title,
            api,
            description: disc::describe(picture, language),
            help: help(picture, language),
            legend: disc::legend(picture, language),
            words: words(language),
            places_left: (left > 0).then(|| sentences::grouped(left as u64, language)),
            unknown: unknown(contents, !damaged.is_empty(), language),
            recovered: None,
            spots,
        }
    }

    /// A scan keeps no data, so nobody can look into folders.
    #[must_use]
    pub fn of_scan(mut self, scan: bool, language: Language) -> Self {
        if scan && self.unknown.is_some() {
            self.unknown = Some(language.pick(
                "A scan keeps no data, so the files there are not known. An image of this disc tells them.",
                "Eine Oberflächenprüfung behält keine Daten, deshalb sind die Dateien dort nicht bekannt. Ein Abbild dieser Disc nennt sie.",
            ));
        }
        self
    }

    /// With the number of errors that the drive could mend by itself.
    #[must_use]
    pub fn recovered(mut self, errors: u64, language: Language) -> Self {
        let number = sentences::grouped(errors, language);
        self.recovered = (errors > 0).then(|| match language {
            Language::En => format!("The drive mended {number} reading errors by itself; their data is right."),
            Language::De => format!("{number} Lesefehler hat das Laufwerk selbst behoben; die Daten stimmen."),
        });
        self
    }
}

fn place(picture: &Picture, area: &Area, (contents, spot): (Option<&Contents>, Option<usize>), language: Language) -> Place {
    let (start, end) = (area.sectors.start, area.sectors.end);
    let number = |number| sentences::grouped(number, language);
    let (count, bytes) = (end - start, sentences::size((end - start).saturating_mul(SECTOR), language));
    let radius = sentences::decimal(disc::millimetres(picture, start + (end - start) / 2), language);
    let found = contents.map(|contents| contents.within(&area.sectors, MAX_FILES)).unwrap_or_default();
    let Found { files, all, system } = found;
    let left = all.saturating_sub(files.len());
    Place {
        spot,
        state: area.state.as_str(),
        word: match area.state {
            AreaState::Skipped => language.pick("skipped, tried again later", "übersprungen, wird noch einmal versucht"),
            _ => language.pick("unreadable", "nicht lesbar"),
        },
        range: if count == 1 {
            number(start)
        } else {
            format!("{} {} {}", number(start), language.pick("to", "bis"), number(end - 1))
        },
        size: match (count, language) {
            (1, Language::En) => format!("1 sector ({bytes})"),
            (1, Language::De) => format!("1 Sektor ({bytes})"),
            (_, Language::En) => format!("{} sectors ({bytes})", number(count)),
            (_, Language::De) => format!("{} Sektoren ({bytes})", number(count)),
        },
        radius: match language {
            Language::En => format!("about {radius} mm from the centre"),
            Language::De => format!("etwa {radius} mm von der Mitte"),
        },
        files: files.into_iter().map(|file| file.path).collect(),
        files_left: (left > 0).then(|| match language {
            Language::En => format!("and {} more", number(left as u64)),
            Language::De => format!("und {} weitere", number(left as u64)),
        }),
        system,
    }
}

fn unknown(contents: Option<&Contents>, damaged: bool, language: Language) -> Option<&'static str> {
    if !damaged {
        return None;
    }
    match contents.map(Contents::known) {
        Some(Known::All) => None,
        Some(Known::Part) => Some(language.pick(
            "Some folders could not be read, so other files may be hit, too.",
            "Manche Ordner ließen sich nicht lesen, es können also noch andere Dateien betroffen sein.",
        )),
        _ => Some(language.pick(
            "Which files lie there is not known: no file system could be read on this disc yet.",
            "Welche Dateien dort liegen, ist nicht bekannt: Auf dieser Disc ließ sich noch kein Dateisystem lesen.",
        )),
    }
}

fn help(picture: &Picture, language: Language) -> &'static str {
    if picture.layers.len() > 1 {
        return language.pick(
            "Each wedge is one layer: the first (right) is read from the hub outwards, the next from the rim inwards, so that equal radii lie over each other. A scratch crosses many turns of the spiral; it shows as a bundle of thin rings.",
            "Jeder Ausschnitt ist eine Schicht: Die erste (rechts) wird von innen nach außen gelesen, die nächste von außen nach innen, gleiche Radien liegen also übereinander. Ein Kratzer kreuzt viele Windungen der Spirale; er zeigt sich als Bündel dünner Ringe.",
        );
    }
    language.pick(
        "Data lies in a spiral from the hub to the rim, so each sector has its radius. A scratch crosses many turns of the spiral; it shows as a bundle of thin rings, rot as a band at the rim.",
        "Die Daten liegen als Spirale von innen nach außen, jeder Sektor hat also seinen Radius. Ein Kratzer kreuzt viele Windungen der Spirale; er zeigt sich als Bündel dünner Ringe, Zersetzung als Band am Rand.",
    )
}

/// What the script says when somebody points at the drawing.
fn words(language: Language) -> String {
    let word = |en: &str, de: &str| language.pick(en, de).to_owned();
    let words = serde_json::json!({
        "sector": word("Sector", "Sektor"), "to": word("to", "bis"), "mm": word("mm from the centre", "mm von der Mitte"),
        "layer": word("layer", "Schicht"), "bad": word("unreadable", "nicht lesbar"),
        "skipped": word("skipped, tried again later", "übersprungen, wird noch einmal versucht"), "slow": word("read slowly", "langsam gelesen"),
        "trimmed": word("run-out, cut off", "Auslauf, abgeschnitten"), "read": word("read", "gelesen"),
        "gap": word("between two sessions", "zwischen zwei Sitzungen"), "untried": word("not read yet", "noch nicht gelesen"),
        "nothing": word("No file lies here.", "Hier liegt keine Datei."), "system": word("Folders and tables of the file system", "Ordner und Tabellen des Dateisystems"),
        "unknown": word("Which file lies here is not known yet.", "Welche Datei hier liegt, ist noch nicht bekannt."),
        "more": word("and more", "und weitere"), "looking": word("Looking which files lie here …", "Sucht, welche Dateien hier liegen …"),
        "zoomIn": word("Zoom in", "Vergrößern"), "zoomOut": word("Zoom out", "Verkleinern"), "reset": word("Show the whole disc", "Ganze Disc zeigen"),
        "next": word("Next damaged place", "Nächste beschädigte Stelle"), "previous": word("Previous damaged place", "Vorige beschädigte Stelle"),
        "explore": word("Explore the disc: arrow keys move along the sectors, plus and minus zoom, N goes to the next damaged place", "Disc erkunden: Pfeiltasten wandern über die Sektoren, Plus und Minus vergrößern, N springt zur nächsten beschädigten Stelle"),
    });
    words.to_string()
}
