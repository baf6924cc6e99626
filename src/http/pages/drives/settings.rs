//! The settings of a drive as a form.

use crate::{
    domain::drive_settings::{DriveChange, DriveSettings, MAX_NAME, Quirk},
    domain::options::{MAX_READ_OFFSET, Mode},
    http::{
        form::Form,
        pages::{
            fields::{Choice, Field, Mistakes, number, word},
            options,
        },
        words::Language,
    },
};

/// Options that belong to the drive itself.
pub const OWN: [&str; 2] = ["speed_kbps", "read_offset"];
/// Fields of the form beside the options.
pub const FIELDS: [&str; 7] = ["name", "enabled", "auto", "mode", "read_offset", "speed_kbps", "quirks"];

/// What the fields show: the settings, or what was filled in.
pub struct Shown {
    name: String,
    enabled: bool,
    auto: String,
    mode: String,
    read_offset: String,
    speed_kbps: String,
    quirks: Vec<String>,
    options: serde_json::Map<String, serde_json::Value>,
}

impl Shown {
    /// As it is set.
    pub fn stored(settings: &DriveSettings) -> Self {
        let text = |number: Option<i64>| number.map_or_else(String::new, |number| number.to_string());
        Self {
            name: settings.name.clone().unwrap_or_default(),
            enabled: settings.enabled,
            auto: settings.auto.map_or("", |auto| if auto { "yes" } else { "no" }).to_owned(),
            mode: settings.mode.as_str().to_owned(),
            read_offset: text(settings.read_offset.map(i64::from)),
            speed_kbps: text(settings.speed_kbps.map(i64::from)),
            quirks: settings.quirks.iter().map(|quirk| quirk.as_str().to_owned()).collect(),
            options: options::values(&settings.options),
        }
    }

    /// As it was filled in, right or wrong.
    pub fn filled_in(form: &Form) -> Self {
        let text = |name| form.text(name).unwrap_or_default().to_owned();
        Self {
            name: text("name"),
            enabled: form.ticked("enabled"),
            auto: text("auto"),
            mode: text("mode"),
            read_offset: text("read_offset"),
            speed_kbps: text("speed_kbps"),
            quirks: form.all("quirks").map(str::to_owned).collect(),
            options: options::filled_in(form),
        }
    }
}

/// The fields; `model` is its name while it has none, `auto` what the service is set to.
pub fn fields(shown: &Shown, model: &str, auto: bool, mistakes: &Mistakes, language: Language) -> Vec<Field> {
    let pick = |en, de| language.pick(en, de);
    let field = |name, kind, label, help: &str| Field::new(name, kind, label, help, mistakes);
    let as_service = format!(
        "{}: {}",
        pick("as the service is set", "wie der Dienst eingestellt ist"),
        if auto { pick("yes", "ja") } else { pick("no", "nein") }
    );
    let modes = options::modes(&shown.mode, language);
    vec![
        field("name", "text", pick("Name", "Name"), pick("For people; empty: its model.", "Für Menschen; leer: sein Modell."))
            .value(&shown.name, model)
            .range(0, i64::try_from(MAX_NAME).unwrap_or(i64::MAX), ""),
        field(
            "enabled",
            "ticks",
            pick("Use", "Benutzung"),
            pick(
                "A drive that is not used is left alone; nothing is sent to it. A job that reads comes to its end first.",
                "Ein nicht benutztes Laufwerk wird in Ruhe gelassen; nichts wird ihm gesendet. Eine lesende Aufgabe geht erst zu Ende.",
            ),
        )
        .choices(vec![Choice::new("1", pick("Use this drive", "Dieses Laufwerk benutzen"), shown.enabled)]),
        field(
            "auto",
            "select",
            pick("Image every inserted disc by itself", "Jede eingelegte Disc von selbst abbilden"),
            pick("Discs that are archived already are left alone.", "Schon archivierte Discs bleiben unberührt."),
        )
        .choices(vec![
            Choice::new("", as_service, shown.auto.is_empty()),
            Choice::new("yes", pick("yes", "ja"), shown.auto == "yes"),
            Choice::new("no", pick("no", "nein"), shown.auto == "no"),
        ]),
        field(
            "mode",
            "radio",
            pick("Mode", "Betriebsart"),
            pick("For jobs that name none.", "Für Aufgaben, die keine nennen."),
        )
        .choices(modes),
        field(
            "speed_kbps",
            "number",
            pick("Speed limit", "Höchstgeschwindigkeit"),
            pick(
                "Slower is quieter and often reads scratched discs better. CD 1x is 150, DVD 1x is 1385.",
                "Langsamer ist leiser und liest zerkratzte Discs oft besser. CD 1x sind 150, DVD 1x sind 1385.",
            ),
        )
        .value(&shown.speed_kbps, pick("none", "keine"))
        .range(150, 100_000, "kB/s"),
        field(
            "read_offset",
            "number",
            pick("Read offset for audio", "Leseversatz für Audio"),
            pick(
                "By how many samples it reads audio too late; AccurateRip lists it for most drives.",
                "Um wie viele Samples es Audio zu spät liest; AccurateRip nennt ihn für die meisten Laufwerke.",
            ),
        )
        .value(&shown.read_offset, pick("not known", "nicht bekannt"))
        .range(-i64::from(MAX_READ_OFFSET), i64::from(MAX_READ_OFFSET), "Samples"),
        field("quirks", "ticks", pick("Peculiarities", "Eigenheiten"), pick("Tick what is true of it.", "Ankreuzen, was zutrifft."))
            .choices(Quirk::ALL.into_iter().map(|quirk| tick(quirk, shown, language)).collect()),
    ]
}

fn tick(quirk: Quirk, shown: &Shown, language: Language) -> Choice {
    let (label, help) = match quirk {
        Quirk::SlowReady => (
            ("needs long until a disc is ready", "braucht lange, bis eine Disc bereit ist"),
            ("It is given three minutes instead of one and a half.", "Es bekommt drei Minuten statt anderthalb."),
        ),
        Quirk::NoEject => (
            ("cannot open its tray by command", "kann die Schublade nicht auf Befehl öffnen"),
            ("It is never told to.", "Es wird nie dazu aufgefordert."),
        ),
        Quirk::BridgeResets => (
            ("its USB bridge gives up under load", "seine USB-Brücke steigt unter Last aus"),
            ("Requests of at most 32 KiB are sent.", "Es werden Anfragen von höchstens 32 KiB gesendet."),
        ),
    };
    let word = quirk.as_str();
    Choice {
        value: word,
        label: language.pick(label.0, label.1).to_owned(),
        help: language.pick(help.0, help.1),
        chosen: shown.quirks.iter().any(|ticked| ticked == word),
    }
}

/// The fields of the options.
pub fn option_fields(shown: &Shown, mistakes: &Mistakes, language: Language) -> Vec<Field> {
    options::fields(&shown.options, &OWN, mistakes, language)
}

/// The change that was filled in: every setting, all at once. Mistakes are noted at their fields.
pub fn parse(form: &Form, language: Language, mistakes: &mut Mistakes) -> DriveChange {
    let options = options::parse(form, language, mistakes);
    let auto = word(form, "auto", &["yes", "no"], language, mistakes).map(|word| word == "yes");
    let mode = word(form, "mode", &Mode::ALL.map(Mode::as_str), language, mistakes).and_then(Mode::parse);
    let limit = i64::from(MAX_READ_OFFSET);
    let read_offset =
        number(form, "read_offset", -limit, limit, language, mistakes).and_then(|number| i32::try_from(number).ok());
    let speed = number(form, "speed_kbps", 150, 100_000, language, mistakes).and_then(|number| u32::try_from(number).ok());
    DriveChange {
        name: Some(form.text("name").map(str::to_owned)),
        enabled: Some(form.ticked("enabled")),
        auto: Some(auto),
        mode,
        options: Some(options),
        read_offset: Some(read_offset),
        speed_kbps: Some(speed),
        quirks: Some(form.all("quirks").filter_map(Quirk::parse).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_comes_back_as_it_was() {
        let form = Form::parse(
            b"name=Left&enabled=1&auto=no&mode=rescue&read_offset=-6&speed_kbps=1400&quirks=no_eject&options.retries=7",
        )
        .expect("a form");
        let mut mistakes = Mistakes::new();
        let change = parse(&form, Language::En, &mut mistakes);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let settings = DriveSettings::default().changed(change).expect("allowed");
        assert_eq!((settings.name.as_deref(), settings.auto, settings.options.retries), (Some("Left"), Some(false), Some(7)));
        let shown = fields(&Shown::stored(&settings), "Model", false, &mistakes, Language::De);
        let again = fields(&Shown::filled_in(&form), "Model", false, &mistakes, Language::De);
        assert_eq!(shown, again);
        assert!(FIELDS.iter().all(|name| shown.iter().any(|field| field.name == *name)));
    }
}
