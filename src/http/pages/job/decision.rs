//! What a person can do about sectors that stay unreadable, with what follows from it.

use crate::{
    domain::{disc::Medium, result::Damage},
    drives::DriveSnapshot,
    http::{pages::sentences, words::Language},
    storage::jobs::JobRecord,
};

/// Files that are named in a sentence.
const NAMED: usize = 3;
/// Files that are listed.
const LISTED: usize = 200;

/// A way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Where the form posts to.
    pub url: String,
    /// What the button says.
    pub label: String,
    /// What follows from it.
    pub consequence: String,
    /// The next sensible thing.
    pub main: bool,
}

/// Files that damage hits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    /// "2 sectors could not be read. They belong to PHOTOS/IMG_1234.JPG."
    pub sentence: String,
    /// Path, size, and what is missing of it.
    pub files: Vec<(String, String, String)>,
    /// Number of those that are not listed.
    pub left: Option<String>,
}

impl Hits {
    /// In words; nothing if nothing is missing.
    pub fn new(bad: u64, damage: Option<&Damage>, language: Language) -> Option<Self> {
        let mut sentence = format!("{}.", sentences::damage(bad, language)?);
        let Some(damage) = damage else { return Some(Self { sentence, ..Self::default() }) };
        if let Some(whose) = whose(bad, damage, language) {
            sentence.push(' ');
            sentence.push_str(&whose);
        }
        let size = |bytes| sentences::size(bytes, language);
        let row = |file: &crate::domain::result::DamagedFile| (file.path.clone(), size(file.size), size(file.missing));
        let files: Vec<_> = damage.files.iter().take(LISTED).map(row).collect();
        let left = damage.files_hit.saturating_sub(files.len() as u64);
        Some(Self { sentence, files, left: (left > 0).then(|| sentences::grouped(left, language)) })
    }
}

/// Whom the damage hits, as far as that is known.
fn whose(bad: u64, damage: &Damage, language: Language) -> Option<String> {
    let names: Vec<&str> = damage.files.iter().take(NAMED).map(|file| file.path.as_str()).collect();
    let more = damage.files_hit.saturating_sub(names.len() as u64);
    let system = damage.metadata > 0;
    let one = bad == 1;
    let mut owners = names.join(", ");
    let mut also = |text: &str| {
        if !owners.is_empty() {
            owners.push_str(language.pick(" and ", " und "));
        }
        owners.push_str(text);
    };
    if more > 0 {
        also(&match language {
            Language::En => format!("{} more files", sentences::grouped(more, language)),
            Language::De => format!("{} weiteren Dateien", sentences::grouped(more, language)),
        });
    }
    if system {
        also(language.pick("the disc's own tables", "den Verzeichnissen der Disc"));
    }
    Some(match (owners.is_empty(), one, language) {
        (false, true, Language::En) => format!("It belongs to {owners}."),
        (false, false, Language::En) => format!("They belong to {owners}."),
        (false, true, Language::De) => format!("Er gehört zu {owners}."),
        (false, false, Language::De) => format!("Sie gehören zu {owners}."),
        (true, ..) if damage.listing_complete => language.pick("No file lies there.", "Dort liegt keine Datei.").to_owned(),
        (true, ..) => return None,
    })
}

/// The ways to go on with a job that asks.
pub fn choices(job: &JobRecord, hits: Option<&Hits>, drives: &[DriveSnapshot], language: Language) -> Vec<Choice> {
    let url = |verb: &str| format!("/ui/jobs/{}/{verb}", job.id);
    let files = hits.map_or(0, |hits| hits.files.len());
    let accept = match (language, files) {
        (Language::En, 0) => "The image is finished now and called “Damaged”. Zeros stand where nothing could be read.".to_owned(),
        (Language::En, 1) => "The image is finished now and called “Damaged”. Zeros stand where nothing could be read: one file is damaged, all others are whole.".to_owned(),
        (Language::En, _) => "The image is finished now and called “Damaged”. Zeros stand where nothing could be read: the files named above are damaged, all others are whole.".to_owned(),
        (Language::De, 0) => "Das Abbild wird jetzt fertig und heißt „Beschädigt“. Wo sich nichts lesen ließ, stehen Nullen.".to_owned(),
        (Language::De, 1) => "Das Abbild wird jetzt fertig und heißt „Beschädigt“. Wo sich nichts lesen ließ, stehen Nullen: Eine Datei ist beschädigt, alle anderen sind ganz.".to_owned(),
        (Language::De, _) => "Das Abbild wird jetzt fertig und heißt „Beschädigt“. Wo sich nichts lesen ließ, stehen Nullen: Die oben genannten Dateien sind beschädigt, alle anderen sind ganz.".to_owned(),
    };
    let mut all = vec![
        Choice {
            url: url("one_more_pass"),
            label: language.pick("Try once more", "Noch einmal versuchen").to_owned(),
            consequence: language.pick("Reads only what is missing, in the same drive. Wipe the disc first, from the middle outwards. Nothing that was read is lost; it asks again if something is still missing.", "Liest nur, was fehlt, im selben Laufwerk. Vorher die Disc abwischen, von der Mitte nach außen. Nichts Gelesenes geht verloren; es fragt wieder, wenn noch etwas fehlt.").to_owned(),
            main: true,
        },
        Choice { url: url("accept_loss"), label: language.pick("Accept the loss", "Verlust annehmen").to_owned(), consequence: accept, main: false },
    ];
    for drive in drives.iter().filter(|drive| drive.path() != job.device) {
        all.push(Choice {
            url: url(&format!("other_drive/{}", drive.id)),
            label: format!("{} {}", language.pick("Go on in", "Weiter in"), drive.name),
            consequence: holds(job.medium.as_ref(), drive, language),
            main: false,
        });
    }
    all
}

fn holds(wanted: Option<&Medium>, drive: &DriveSnapshot, language: Language) -> String {
    let same = wanted.zip(drive.medium.as_ref()).map(|(wanted, found)| found.is_same_disc(wanted));
    let text = match same {
        Some(true) => language.pick(
            "This disc, or a copy of it, is in it. It reads only what is missing.",
            "Diese Disc oder eine Kopie davon liegt darin. Es liest nur, was fehlt.",
        ),
        Some(false) => language.pick(
            "Another disc is in it; put this one in first, or a second copy of it.",
            "Darin liegt eine andere Disc; erst diese einlegen oder eine zweite Kopie davon.",
        ),
        None => language.pick(
            "Put the disc into it, or a second copy of it. Other drives often read what one cannot.",
            "Die Disc dort einlegen oder eine zweite Kopie davon. Andere Laufwerke lesen oft, was eines nicht kann.",
        ),
    };
    text.to_owned()
}
