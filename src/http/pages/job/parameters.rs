//! How a job was told to read, each with what it means.

use crate::{
    domain::options::{AudioFormat, EngineChoice, JobOptions, OnLoss, Verify},
    http::{pages::sentences, words::Language},
    storage::jobs::{JobKind, JobOrigin, JobRecord},
};

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// What it is called.
    pub name: &'static str,
    /// Its value in words.
    pub value: String,
    /// What it means; may be empty.
    pub help: &'static str,
}

/// What a mode does.
fn mode(mode: &str, language: Language) -> (&'static str, &'static str) {
    match mode {
        "rescue" => (
            language.pick("Rescue", "Rettung"),
            language.pick(
                "For damaged discs: everything easy first, then what is hard, again and again.",
                "Für beschädigte Discs: erst alles Leichte, dann das Schwere, wieder und wieder.",
            ),
        ),
        "clone" => (
            language.pick("Clone", "Klon"),
            language.pick("Every sector as it is on the medium.", "Jeder Sektor, wie er auf dem Medium ist."),
        ),
        "scan" => (
            language.pick("Surface scan", "Oberflächenprüfung"),
            language.pick(
                "Reads the whole disc and keeps nothing but what it learned.",
                "Liest die ganze Disc und behält nur, was es dabei erfährt.",
            ),
        ),
        _ => (
            language.pick("Standard", "Standard"),
            language.pick("The best honest image of this kind of disc.", "Das beste ehrliche Abbild dieser Art von Disc."),
        ),
    }
}

/// Everything that was asked for.
pub fn parameters(job: &JobRecord, options: &JobOptions, drive: &str, language: Language) -> Vec<Parameter> {
    let mut all = Vec::new();
    let mut add = |name: &'static str, value: String, help: &'static str| {
        if !value.is_empty() {
            all.push(Parameter { name, value, help });
        }
    };
    if job.kind != JobKind::Verify {
        let (word, help) = mode(&job.mode, language);
        add(language.pick("Mode", "Modus"), word.to_owned(), help);
        let drive = if drive.is_empty() { job.device.clone() } else { format!("{drive} ({})", job.device) };
        add(language.pick("Drive", "Laufwerk"), drive, "");
    }
    if job.kind == JobKind::Image {
        add(language.pick("Folder", "Ordner"), job.output_dir.clone(), "");
        let name = job.output_path.as_deref().and_then(|path| path.rsplit('/').next()).or(job.requested_name.as_deref());
        let named = name.map_or_else(|| language.pick("the disc's label", "Name der Disc").to_owned(), str::to_owned);
        add(language.pick("Name", "Name"), named, "");
    }
    add(
        language.pick("Priority", "Vorrang"),
        job.priority.to_string(),
        language.pick("Larger goes first, -100 to 100.", "Größere Zahlen zuerst, -100 bis 100."),
    );
    if job.kind != JobKind::Verify {
        for Parameter { name, value, help } in asked(options, language) {
            add(name, value, help);
        }
    }
    let origin = match job.origin {
        JobOrigin::Auto => language.pick("by itself, when the disc was inserted", "von selbst, als die Disc eingelegt wurde"),
        JobOrigin::Person => language.pick("a person or their program", "ein Mensch oder sein Programm"),
    };
    add(language.pick("Started by", "Begonnen von"), origin.to_owned(), "");
    add(language.pick("Created", "Angelegt"), sentences::moment(job.created_at, language), "");
    all
}

fn yes_no(value: bool, language: Language) -> String {
    let word = if value { language.pick("yes", "ja") } else { language.pick("no", "nein") };
    word.to_owned()
}

fn asked(options: &JobOptions, language: Language) -> Vec<Parameter> {
    let number = |number: u64| sentences::grouped(number, language);
    let parameter = |name, value: String, help| Parameter { name, value, help };
    let mut all = vec![
        parameter(
            language.pick("Compare afterwards", "Danach vergleichen"),
            verify(options.verify.unwrap_or_default(), language).to_owned(),
            language.pick(
                "Reading the image back finds faults of the storage, reading the disc twice those of the drive.",
                "Das Abbild zurückzulesen findet Fehler des Speichers, die Disc zweimal zu lesen solche des Laufwerks.",
            ),
        ),
        parameter(
            language.pick("Tries for unreadable sectors", "Versuche für unlesbare Sektoren"),
            number(options.retries.unwrap_or(1).into()),
            language.pick(
                "How often each is read again after everything else.",
                "Wie oft jeder nach allem anderen noch einmal gelesen wird.",
            ),
        ),
        parameter(
            language.pick("If sectors stay unreadable", "Wenn Sektoren unlesbar bleiben"),
            match options.on_loss.unwrap_or_default() {
                OnLoss::Finish => language.pick("finish the image and say so", "Abbild fertigstellen und es sagen"),
                OnLoss::Ask => language.pick("ask a person", "einen Menschen fragen"),
            }
            .to_owned(),
            "",
        ),
        parameter(
            language.pick("Program that reads", "Programm, das liest"),
            engine(options.engine.unwrap_or_default(), language).to_owned(),
            "",
        ),
    ];
    let mut told = |name, value: Option<String>| all.extend(value.map(|value| parameter(name, value, "")));
    told(
        language.pick("Sector by sector where it is damaged", "Sektor für Sektor, wo sie beschädigt ist"),
        options.rescue.map(|yes| yes_no(yes, language)),
    );
    told(
        language.pick("Speed limit", "Höchste Geschwindigkeit"),
        options.speed_kbps.and_then(|speed| sentences::speed(f64::from(speed) * 1000.0, language)),
    );
    told(
        language.pick("Sectors in one request", "Sektoren je Anfrage"),
        options.block_sectors.map(|sectors| number(sectors.into())),
    );
    told(
        language.pick("Music is stored as", "Musik wird gespeichert als"),
        options.format.map(|format| match format {
            AudioFormat::BinCue => "BIN + CUE".to_owned(),
            AudioFormat::Flac => "FLAC".to_owned(),
        }),
    );
    let hashes = options.hashes.as_ref().filter(|hashes| !hashes.is_empty());
    told(
        language.pick("Further checksums", "Weitere Prüfsummen"),
        hashes.map(|hashes| hashes.iter().map(|hash| hash.as_str().to_uppercase()).collect::<Vec<_>>().join(", ")),
    );
    told(language.pick("Open the tray at the end", "Schublade am Ende öffnen"), options.eject.map(|yes| yes_no(yes, language)));
    told(language.pick("Keep the sector map", "Sektorkarte behalten"), options.keep_map.map(|yes| yes_no(yes, language)));
    told(
        language.pick("Give up rescuing after so many unreadable sectors", "Rettung endet nach so vielen unlesbaren Sektoren"),
        options.max_bad_sectors.map(number),
    );
    told(
        language.pick("Give up rescuing after", "Rettung endet nach"),
        options.rescue_seconds.map(|seconds| {
            #[allow(clippy::cast_precision_loss, reason = "at most a month")]
            sentences::duration(seconds as f64, language)
        }),
    );
    told(
        language.pick("Read offset in samples", "Leseversatz in Abtastwerten"),
        options.read_offset.map(|offset| offset.to_string()),
    );
    all
}

/// A comparison in words.
pub fn verify(verify: Verify, language: Language) -> &'static str {
    match verify {
        Verify::None => language.pick("nothing", "nichts"),
        Verify::Image => language.pick("read the image back", "Abbild zurücklesen"),
        Verify::Disc => language.pick("read the disc a second time", "Disc ein zweites Mal lesen"),
        Verify::Both => language.pick("read image and disc again", "Abbild und Disc noch einmal lesen"),
    }
}

/// A program in words.
pub fn engine(engine: EngineChoice, language: Language) -> &'static str {
    match engine {
        EngineChoice::Auto => language.pick("chosen by disc and drive", "nach Disc und Laufwerk gewählt"),
        EngineChoice::Native => "disk2iso",
        EngineChoice::Ddrescue => "GNU ddrescue",
        EngineChoice::Cdrdao => "cdrdao",
        EngineChoice::CdParanoia => "cd-paranoia",
    }
}
