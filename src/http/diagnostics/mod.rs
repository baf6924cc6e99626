//! The diagnostics bundle: what somebody who helps has to know, in one file, without secrets and within bounds.

mod archive;
mod collect;
mod disguise;

pub use collect::collect;

/// What is in it: file, English, German. The page says so before the click.
pub const CONTENTS: [(&str, &str, &str); 9] = [
    ("README.txt", "what this is and when it was made", "was das ist und wann es entstand"),
    ("status.json", "version, load, memory, space, supervision tree", "Version, Last, Speicher, Platz, Aufsichtsbaum"),
    ("doctor.txt", "what the doctor found", "was die Diagnose fand"),
    ("settings.toml", "settings without secrets", "Einstellungen ohne Geheimnisse"),
    (
        "drives.json",
        "drives, what is in them, their settings and quirks",
        "Laufwerke, was darin liegt, Einstellungen und Eigenheiten",
    ),
    ("jobs.json", "the last 20 jobs that failed or wait", "die letzten 20 Aufgaben, die gescheitert sind oder warten"),
    ("maps/", "their sector maps, up to 256 kB each", "ihre Sektorkarten, je bis 256 kB"),
    ("events.jsonl", "the last 2000 events", "die letzten 2000 Ereignisse"),
    ("service.log", "the last lines of the service's own log", "die letzten Zeilen des eigenen Protokolls"),
];
