//! What people are told about each setting: where it stands on the page, how it is entered, what it does, when a change counts.
//!
//! Keyed by the names of [`KEYS`](super::KEYS); a test holds both tables against each other.

pub use super::group::Group;

/// How a value is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// `0` or `1`.
    Switch,
    /// A whole number from, to, in this unit (English, German).
    Number(u64, u64, (&'static str, &'static str)),
    /// One of these: value, English, German.
    Choice(&'static [(&'static str, &'static str, &'static str)]),
    /// A line of text.
    Text,
    /// A folder or file.
    Path,
    /// Folders separated by commas.
    Paths,
    /// Words separated by commas.
    Words,
}

/// When a change counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applies {
    /// At once; kept in the database, goes over file and environment.
    Now,
    /// At once, and kept in the file of stored settings like those of the next start.
    NowFromFile,
    /// At the next start.
    Restart,
    /// Only configuration file and environment change it; why (English, German).
    Never(&'static str, &'static str),
}

/// What people are told about a setting.
#[derive(Debug, Clone, Copy)]
pub struct Help {
    /// As in [`KEYS`](super::KEYS).
    pub name: &'static str,
    /// Where it stands.
    pub group: Group,
    /// How it is entered.
    pub input: Input,
    /// When a change counts.
    pub applies: Applies,
    /// Changed here only where people sign in: it would give more rights than whoever reaches a service without accounts has.
    pub guarded: bool,
    /// Its name for people, English and German.
    pub title: (&'static str, &'static str),
    /// What it does, English and German.
    pub text: (&'static str, &'static str),
}

const LEVELS: &[(&str, &str, &str)] = &[
    ("error", "Errors only", "Nur Fehler"),
    ("warn", "Warnings and errors", "Warnungen und Fehler"),
    ("info", "What happens (usual)", "Was geschieht (üblich)"),
    ("debug", "Details, for finding a fault", "Einzelheiten, zur Fehlersuche"),
    ("trace", "Everything; a great deal", "Alles; sehr viel"),
];

const AGAIN: &[(&str, &str, &str)] = &[
    ("skip", "Say so and give it back", "Melden und zurückgeben"),
    ("ask", "Ask a person", "Einen Menschen fragen"),
    ("again", "Image it once more", "Noch einmal abbilden"),
];

const SECONDS: (&str, &str) = ("seconds", "Sekunden");
const PER_MINUTE: Input = Input::Number(0, 1_000_000, ("in a minute", "je Minute"));

/// All of them, in the order of the page.
pub const HELP: &[Help] = &[
    Help {
        name: "server.listen",
        group: Group::General,
        input: Input::Text,
        applies: Applies::Restart,
        guarded: false,
        title: ("Address and port", "Adresse und Port"),
        text: (
            "Where this page and the API answer, for example 127.0.0.1:8080 for this machine only.",
            "Wo diese Seite und die API antworten, zum Beispiel 127.0.0.1:8080 nur für diesen Rechner.",
        ),
    },
    Help {
        name: "server.auth",
        group: Group::Access,
        input: Input::Text,
        applies: Applies::Never(
            "Whoever may open this page must not be able to open it for everybody.",
            "Wer diese Seite öffnen darf, soll sie nicht für alle öffnen können.",
        ),
        guarded: true,
        title: ("Signing in", "Anmeldung"),
        text: (
            "Whether people have to sign in. Without, the service answers on this machine only.",
            "Ob man sich anmelden muss. Ohne Anmeldung antwortet der Dienst nur auf diesem Rechner.",
        ),
    },
    Help {
        name: "server.hosts",
        group: Group::Access,
        input: Input::Words,
        applies: Applies::Restart,
        guarded: true,
        title: ("Further names of this service", "Weitere Namen dieses Dienstes"),
        text: (
            "Names under which it is reached, for example behind a proxy: discs.example.org. Requests that name another one are refused.",
            "Namen, unter denen er erreicht wird, etwa hinter einem Proxy: discs.example.org. Anfragen mit anderen Namen werden abgelehnt.",
        ),
    },
    Help {
        name: "access.proxies",
        group: Group::Access,
        input: Input::Words,
        applies: Applies::Restart,
        guarded: true,
        title: ("Trusted proxies", "Vertrauenswürdige Proxys"),
        text: (
            "Addresses or networks of proxies that are believed when they say who asks, from where, and whether the connection is encrypted.",
            "Adressen oder Netze von Proxys, denen geglaubt wird, wer fragt, woher, und ob die Verbindung verschlüsselt ist.",
        ),
    },
    Help {
        name: "access.proxy_header",
        group: Group::Access,
        input: Input::Text,
        applies: Applies::Restart,
        guarded: true,
        title: ("Header with the account's name", "Header mit dem Namen des Kontos"),
        text: (
            "In which a trusted proxy names the account that it has signed in, for example Remote-User. Empty: it signs nobody in.",
            "In dem ein vertrauenswürdiger Proxy das angemeldete Konto nennt, etwa Remote-User. Leer: Er meldet niemanden an.",
        ),
    },
    Help {
        name: "paths.output_dir",
        group: Group::Paths,
        input: Input::Path,
        applies: Applies::Restart,
        guarded: false,
        title: ("Folder for images", "Ordner für Abbilder"),
        text: (
            "Where images are stored unless a job says otherwise. Images that exist stay where they are.",
            "Wo Abbilder liegen, wenn eine Aufgabe nichts anderes sagt. Vorhandene Abbilder bleiben, wo sie sind.",
        ),
    },
    Help {
        name: "paths.output_roots",
        group: Group::Paths,
        input: Input::Paths,
        applies: Applies::Restart,
        guarded: false,
        title: ("Further folders for images", "Weitere Ordner für Abbilder"),
        text: (
            "Jobs may write to these and what lies below, and nowhere else. Separate them by commas.",
            "Hierhin und darunter dürfen Aufgaben auch schreiben, sonst nirgends. Durch Kommas trennen.",
        ),
    },
    Help {
        name: "paths.state_dir",
        group: Group::Paths,
        input: Input::Path,
        applies: Applies::Never(
            "These settings are kept in this folder, so they cannot say where it is.",
            "Diese Einstellungen liegen in diesem Ordner, darum können sie nicht sagen, wo er ist.",
        ),
        guarded: true,
        title: ("Folder of the service", "Ordner des Dienstes"),
        text: ("Database, settings and everything else that must last.", "Datenbank, Einstellungen und alles, was bleiben muss."),
    },
    Help {
        name: "database.url",
        group: Group::Paths,
        input: Input::Text,
        applies: Applies::Never(
            "It may hold a password, and another database knows neither jobs nor images.",
            "Sie kann ein Passwort enthalten, und eine andere Datenbank kennt weder Aufgaben noch Abbilder.",
        ),
        guarded: true,
        title: ("Database", "Datenbank"),
        text: ("SQLite in the folder of the service, or PostgreSQL.", "SQLite im Ordner des Dienstes oder PostgreSQL."),
    },
    Help {
        name: "drives.auto",
        group: Group::Drives,
        input: Input::Switch,
        applies: Applies::Now,
        guarded: false,
        title: ("Image every disc that is inserted", "Jede eingelegte Disc abbilden"),
        text: (
            "Put a disc in, take it out when it is done. Off: each disc waits for the button.",
            "Disc einlegen, fertig herausnehmen. Aus: jede Disc wartet auf den Knopf.",
        ),
    },
    Help {
        name: "drives.again",
        group: Group::Drives,
        input: Input::Choice(AGAIN),
        applies: Applies::Now,
        guarded: false,
        title: ("A disc that has an image already", "Eine Disc, von der es schon ein Abbild gibt"),
        text: ("Discs are told by what is on them, not by their label.", "Discs werden am Inhalt erkannt, nicht am Namen."),
    },
    Help {
        name: "drives.eject_when_done",
        group: Group::Drives,
        input: Input::Switch,
        applies: Applies::Now,
        guarded: false,
        title: ("Open the tray after a good image", "Schublade nach einem guten Abbild öffnen"),
        text: ("An open tray means: done, next disc.", "Eine offene Schublade heißt: fertig, nächste Disc."),
    },
    Help {
        name: "drives.real",
        group: Group::Drives,
        input: Input::Switch,
        applies: Applies::Restart,
        guarded: false,
        title: ("Look for real drives", "Echte Laufwerke suchen"),
        text: (
            "Drives that are built in or plugged in appear by themselves. Single drives are switched off on their own page.",
            "Eingebaute und angesteckte Laufwerke erscheinen von selbst. Einzelne schaltet man auf ihrer eigenen Seite aus.",
        ),
    },
    Help {
        name: "drives.virtual",
        group: Group::Drives,
        input: Input::Paths,
        applies: Applies::Restart,
        guarded: false,
        title: ("Virtual drives", "Virtuelle Laufwerke"),
        text: (
            "Each folder is a drive that takes image files instead of discs, for trying things out. Separate them by commas.",
            "Jeder Ordner ist ein Laufwerk, das Abbilder statt Discs nimmt, zum Ausprobieren. Durch Kommas trennen.",
        ),
    },
    Help {
        name: "drives.wedged_after_seconds",
        group: Group::Drives,
        input: Input::Number(2, 3600, SECONDS),
        applies: Applies::Restart,
        guarded: false,
        title: ("Patience with a silent drive", "Geduld mit einem stummen Laufwerk"),
        text: (
            "After this time without a word from it a drive counts as wedged, and its job waits.",
            "Schweigt ein Laufwerk länger, gilt es als hängend, und seine Aufgabe wartet.",
        ),
    },
    Help {
        name: "jobs.max",
        group: Group::Jobs,
        input: Input::Number(1, 64, ("jobs", "Aufgaben")),
        applies: Applies::Now,
        guarded: false,
        title: ("Most jobs at once", "Höchstens gleichzeitig"),
        text: (
            "More jobs wait in the queue. A slow disk or network folder is better off with few.",
            "Weitere warten in der Schlange. Eine langsame Platte oder ein Netzordner verträgt nur wenige.",
        ),
    },
    Help {
        name: "jobs.verify",
        group: Group::Jobs,
        input: Input::Switch,
        applies: Applies::Now,
        guarded: false,
        title: (
            "Compare image and disc after each automatic job",
            "Nach jeder automatischen Aufgabe Abbild und Disc vergleichen",
        ),
        text: (
            "Reads everything a second time: twice as long, twice as sure.",
            "Liest alles ein zweites Mal: doppelt so lang, doppelt sicher.",
        ),
    },
    Help {
        name: "library.trash_days",
        group: Group::Jobs,
        input: Input::Number(0, 3650, ("days", "Tage")),
        applies: Applies::Restart,
        guarded: false,
        title: ("Days in the trash", "Tage im Papierkorb"),
        text: (
            "Deleted images can be taken back for so long; their files take room until then. 0: they are gone at once.",
            "So lange lassen sich gelöschte Abbilder zurückholen; ihre Dateien belegen so lange Platz. 0: Sie sind sofort weg.",
        ),
    },
    Help {
        name: "hook.command",
        group: Group::Hook,
        input: Input::Path,
        applies: Applies::Restart,
        guarded: true,
        title: ("Program", "Programm"),
        text: (
            "Is run when a drive wants a disc and when a disc was accepted or rejected, for autoloaders. Absolute path, no arguments; empty: none.",
            "Läuft, wenn ein Laufwerk eine Disc will und wenn eine angenommen oder abgelehnt wurde, für Wechsler. Ganzer Pfad, keine Argumente; leer: keines.",
        ),
    },
    Help {
        name: "hook.seconds",
        group: Group::Hook,
        input: Input::Number(1, 3600, SECONDS),
        applies: Applies::Restart,
        guarded: false,
        title: ("Longest run", "Längste Laufzeit"),
        text: ("After this time the program is stopped.", "Danach wird das Programm beendet."),
    },
    Help {
        name: "log.level",
        group: Group::Logging,
        input: Input::Choice(LEVELS),
        applies: Applies::NowFromFile,
        guarded: false,
        title: ("How much the service's own log says", "Wie viel das eigene Protokoll des Dienstes sagt"),
        text: (
            "Counts at once. Events, which are shown on the page, are always kept.",
            "Gilt sofort. Ereignisse, die auf der Seite stehen, werden immer aufgehoben.",
        ),
    },
    Help {
        name: "limits.requests_per_minute",
        group: Group::Limits,
        input: PER_MINUTE,
        applies: Applies::Restart,
        guarded: false,
        title: ("Requests in a minute", "Anfragen je Minute"),
        text: (
            "Of one API token, account or address; 0: no limit. An open page needs a few dozen.",
            "Eines API-Schlüssels, Kontos oder einer Adresse; 0: unbegrenzt. Eine offene Seite braucht ein paar Dutzend.",
        ),
    },
    Help {
        name: "limits.heavy_requests_per_minute",
        group: Group::Limits,
        input: PER_MINUTE,
        applies: Applies::Restart,
        guarded: false,
        title: ("Costly requests in a minute", "Aufwendige Anfragen je Minute"),
        text: (
            "Of them those that read whole images or collect much.",
            "Davon solche, die ganze Abbilder lesen oder viel zusammentragen.",
        ),
    },
    Help {
        name: "limits.sign_ins_per_minute",
        group: Group::Limits,
        input: PER_MINUTE,
        applies: Applies::Restart,
        guarded: false,
        title: ("Attempts to sign in in a minute", "Anmeldeversuche je Minute"),
        text: (
            "From one address; wrong passwords make the next attempt wait anyway.",
            "Von einer Adresse; falsche Passwörter lassen den nächsten Versuch ohnehin warten.",
        ),
    },
    Help {
        name: "limits.connections",
        group: Group::Limits,
        input: Input::Number(16, 65_536, ("connections", "Verbindungen")),
        applies: Applies::Restart,
        guarded: false,
        title: ("Most open connections", "Höchstens offene Verbindungen"),
        text: ("Further ones wait until one is closed.", "Weitere warten, bis eine geschlossen wird."),
    },
    Help {
        name: "limits.live_clients",
        group: Group::Limits,
        input: Input::Number(1, 20_000, ("pages", "Seiten")),
        applies: Applies::Restart,
        guarded: false,
        title: ("Most live pages", "Höchstens mitlaufende Seiten"),
        text: (
            "Pages and programs that are told every change at once.",
            "Seiten und Programme, die jede Änderung sofort erfahren.",
        ),
    },
    Help {
        name: "server.tls_cert",
        group: Group::Tls,
        input: Input::Path,
        applies: Applies::Restart,
        guarded: true,
        title: ("Certificate", "Zertifikat"),
        text: (
            "A PEM file with the certificate and its chain; empty: not encrypted. A new file is used without a restart.",
            "Eine PEM-Datei mit dem Zertifikat und seiner Kette; leer: unverschlüsselt. Eine neue Datei gilt ohne Neustart.",
        ),
    },
    Help {
        name: "server.tls_key",
        group: Group::Tls,
        input: Input::Path,
        applies: Applies::Restart,
        guarded: true,
        title: ("Private key", "Privater Schlüssel"),
        text: (
            "The PEM file with the key that belongs to the certificate.",
            "Die PEM-Datei mit dem Schlüssel, der zum Zertifikat gehört.",
        ),
    },
];

/// What is said about the setting of this name.
pub fn help(name: &str) -> Option<&'static Help> {
    HELP.iter().find(|help| help.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, KEYS};
    use std::collections::BTreeSet;

    #[test]
    fn every_setting_has_its_help_and_every_help_its_setting() {
        let keys: BTreeSet<_> = KEYS.iter().map(|key| key.name).collect();
        let helped: BTreeSet<_> = HELP.iter().map(|help| help.name).collect();
        assert_eq!(keys, helped);
        assert_eq!(HELP.len(), helped.len(), "one for each");
        for help in HELP {
            assert!(!help.title.0.is_empty() && !help.text.0.is_empty(), "{}", help.name);
            assert!(help.title.0 != help.title.1 && help.text.0 != help.text.1, "{}: German", help.name);
        }
    }

    #[test]
    fn what_a_form_offers_is_taken_by_the_setting() {
        for help in HELP {
            let key = KEYS.iter().find(|key| key.name == help.name).expect("a key");
            let takes = |value: &str| (key.set)(&mut Config::default(), value).is_some();
            match help.input {
                Input::Switch => assert!(takes("0") && takes("1") && !takes("2"), "{}", help.name),
                Input::Number(least, most, _) => {
                    assert!(takes(&least.to_string()) && takes(&most.to_string()), "{}", help.name);
                    assert!(!takes(&(most + 1).to_string()) && !takes("x"), "{}", help.name);
                    assert!(least == 0 || !takes(&(least - 1).to_string()), "{}", help.name);
                }
                Input::Choice(choices) => {
                    assert!(choices.iter().all(|(value, ..)| takes(value)) && !takes("other"), "{}", help.name);
                }
                Input::Text | Input::Path | Input::Paths | Input::Words => {}
            }
        }
    }
}
