//! One table of words: every state, reason, phase and verdict with its word, symbol, role and what to do next, in English and
//! German. The page uses it; notifications and the command line may.

use actix_web::{HttpRequest, http::header::ACCEPT_LANGUAGE};

/// The cookie that carries the language that somebody chose.
pub const LANGUAGE_COOKIE: &str = "lang";

/// Language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    En,
    /// German.
    De,
}

impl Language {
    /// `?lang=` if given, otherwise what was chosen on a page ([`LANGUAGE_COOKIE`]), otherwise what the account has chosen,
    /// otherwise the first known language that the browser prefers.
    pub fn of(request: &HttpRequest) -> Self {
        let asked = request.query_string().split('&').find_map(|pair| pair.strip_prefix("lang=")).and_then(Self::parse);
        let chosen = || request.cookie(LANGUAGE_COOKIE).and_then(|cookie| Self::parse(cookie.value()));
        let accepted = || request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let own = || super::auth::Access::of(request).language().and_then(Self::parse);
        asked.or_else(chosen).or_else(own).unwrap_or_else(|| Self::choose(accepted()))
    }

    /// Back from the tag.
    pub fn parse(tag: &str) -> Option<Self> {
        [Self::En, Self::De].into_iter().find(|language| language.tag() == tag)
    }

    /// The known language with the highest weight; English if there is none.
    pub fn choose(accept: &str) -> Self {
        let weighted = accept.split(',').filter_map(|part| {
            let (name, rest) = part.split_once(';').unwrap_or((part, ""));
            let weight: f32 = rest.trim().strip_prefix("q=").map_or(Some(1.0), |weight| weight.parse().ok())?;
            let name = name.trim().to_ascii_lowercase();
            let language = match name.split('-').next()? {
                "de" => Self::De,
                "en" => Self::En,
                _ => return None,
            };
            Some((language, weight))
        });
        // The first of equal weights wins.
        let best = weighted.fold(
            None,
            |best: Option<(Self, f32)>, next| if best.is_none_or(|best| next.1 > best.1) { Some(next) } else { best },
        );
        best.filter(|(_, weight)| *weight > 0.0).map_or(Self::En, |(language, _)| language)
    }

    /// The tag in HTML.
    pub fn tag(self) -> &'static str {
        self.pick("en", "de")
    }

    /// One of two texts.
    pub fn pick<T>(self, en: T, de: T) -> T {
        match self {
            Self::En => en,
            Self::De => de,
        }
    }
}

/// How a state feels: decides the colour, never alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nothing going on.
    Neutral,
    /// Work in progress.
    Active,
    /// All is well.
    Good,
    /// Look at it.
    Caution,
    /// Something is wrong.
    Bad,
}

impl Role {
    /// The class in the stylesheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Active => "active",
            Self::Good => "good",
            Self::Caution => "caution",
            Self::Bad => "bad",
        }
    }

    /// The sign that stands beside the colour.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Neutral => "○",
            Self::Active => "●",
            Self::Good => "✓",
            Self::Caution => "▲",
            Self::Bad => "✕",
        }
    }
}

/// A word and what to do next (may be empty), in both languages.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// The machine's word: `state`, or `state/reason` where the reason decides.
    pub key: &'static str,
    /// How it feels.
    pub role: Role,
    en: (&'static str, &'static str),
    de: (&'static str, &'static str),
}

impl Word {
    /// The word.
    pub fn word(&self, language: Language) -> &'static str {
        language.pick(self.en, self.de).0
    }

    /// What to do next.
    pub fn next(&self, language: Language) -> &'static str {
        language.pick(self.en, self.de).1
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $table:ident { $($key:literal $role:ident ($en:literal, $en_next:literal) ($de:literal, $de_next:literal);)* }) => {
        $(#[$doc])*
        pub const $table: &[Word] = &[$(Word { key: $key, role: Role::$role, en: ($en, $en_next), de: ($de, $de_next) }),*];
    };
}

words! {
    /// States of drives.
    DRIVES {
        "initializing" Neutral ("Starting", "") ("Startet", "");
        "waiting_for_drive" Caution ("Not connected", "Plug the drive in; it appears here by itself.") ("Nicht angeschlossen", "Laufwerk anstecken; es erscheint von selbst.");
        "drive_detected" Active ("Connected", "") ("Angeschlossen", "");
        "waiting_for_media" Neutral ("Empty", "Insert a disc.") ("Leer", "Disc einlegen.");
        "waiting_for_media/tray_open" Neutral ("Tray open", "Put a disc in and close the tray.") ("Schublade offen", "Disc einlegen und Schublade schließen.");
        "waiting_for_media/becoming_ready" Active ("Spinning up", "") ("Läuft an", "");
        "media_detected" Active ("Disc found", "") ("Disc gefunden", "");
        "analyzing" Active ("Looking at the disc", "") ("Sieht sich die Disc an", "");
        "idle" Neutral ("Ready", "") ("Bereit", "");
        "idle/ready" Neutral ("Ready", "Image this disc, or take it out.") ("Bereit", "Abbild erstellen oder Disc entnehmen.");
        "idle/already_archived" Good ("Already archived", "Take the disc out, or image it again.") ("Schon archiviert", "Disc entnehmen oder noch einmal abbilden.");
        "idle/decision_needed" Caution ("Already archived", "Decide: image it again, or take it out.") ("Schon archiviert", "Bitte entscheiden: noch einmal abbilden oder entnehmen.");
        "idle/blank" Neutral ("Blank disc", "There is nothing on it. Take it out.") ("Leere Disc", "Sie ist unbeschrieben. Disc entnehmen.");
        "idle/unsupported" Caution ("Not a data disc", "Audio and mixed discs do not fit into an .iso image. Take it out.") ("Keine Daten-Disc", "Audio- und gemischte Discs passen nicht in ein .iso-Abbild. Disc entnehmen.");
        "idle/job_ended" Neutral ("Stopped", "Image this disc, or take it out.") ("Angehalten", "Abbild erstellen oder Disc entnehmen.");
        "idle/eject_failed" Caution ("Tray stays closed", "Press the button on the drive.") ("Schublade bleibt zu", "Taste am Laufwerk drücken.");
        "idle/disabled" Neutral ("Switched off", "Switch it on in its settings.") ("Ausgeschaltet", "In den Einstellungen des Laufwerks einschalten.");
        "copying" Active ("Reading", "Leave the disc in.") ("Liest", "Disc liegen lassen.");
        "completed" Good ("Done", "Take the disc out.") ("Fertig", "Disc entnehmen.");
        "waiting_for_removal" Neutral ("Done", "Take the disc out.") ("Fertig", "Disc entnehmen.");
        "waiting_for_removal/already_archived" Good ("Already archived", "Take the disc out.") ("Schon archiviert", "Disc entnehmen.");
        "waiting_for_removal/blank" Neutral ("Blank disc", "There is nothing on it. Take it out.") ("Leere Disc", "Sie ist unbeschrieben. Disc entnehmen.");
        "waiting_for_removal/unsupported" Caution ("Not a data disc", "Audio and mixed discs do not fit into an .iso image. Take it out.") ("Keine Daten-Disc", "Audio- und gemischte Discs passen nicht in ein .iso-Abbild. Disc entnehmen.");
        "waiting_for_removal/eject_failed" Caution ("Tray stays closed", "Press the button on the drive.") ("Schublade bleibt zu", "Taste am Laufwerk drücken.");
        "error" Bad ("Trouble", "The service's log says more.") ("Störung", "Das Protokoll des Dienstes sagt mehr.");
        "error/wedged" Bad ("Does not answer", "Nothing comes back from the drive. Switch it off and on; everything else goes on meanwhile.") ("Antwortet nicht", "Vom Laufwerk kommt nichts zurück. Aus- und wieder einschalten; alles andere läuft weiter.");
        "error/permission" Bad ("No permission", "Add the service's user to the group cdrom, then restart the service.") ("Keine Berechtigung", "Benutzer des Dienstes in die Gruppe cdrom aufnehmen, dann den Dienst neu starten.");
        "error/unreadable" Bad ("Unreadable disc", "Clean the disc and try again, or try another drive.") ("Disc nicht lesbar", "Disc reinigen und neu einlegen, oder ein anderes Laufwerk nehmen.");
        "error/in_use" Caution ("In use elsewhere", "Unmount the disc or end the program that uses it; it goes on by itself.") ("Anderweitig benutzt", "Disc aushängen oder das Programm beenden, das sie benutzt; es geht von selbst weiter.");
        "error/not_ready" Bad ("Does not get ready", "Take the disc out, clean it and insert it again.") ("Wird nicht bereit", "Disc entnehmen, reinigen und wieder einlegen.");
        "error/failed" Bad ("Given up", "The drive's part of the service failed too often. Restart the service.") ("Aufgegeben", "Der Teil des Dienstes für dieses Laufwerk ist zu oft ausgefallen. Dienst neu starten.");
    }
}

words! {
    /// States of jobs: `status`, `running/phase`, `paused/reason`, `queued/reason`.
    JOBS {
        "queued" Neutral ("Waiting", "") ("Wartet", "");
        "queued/waiting_for_slot" Neutral ("Waiting for its turn", "") ("Wartet, bis es an der Reihe ist", "");
        "queued/waiting_for_drive" Neutral ("Waiting for the drive", "") ("Wartet auf das Laufwerk", "");
        "queued/drive_missing" Caution ("Waiting for the drive", "Plug the drive in.") ("Wartet auf das Laufwerk", "Laufwerk anstecken.");
        "queued/waiting_for_disc" Caution ("Waiting for the disc", "Insert the disc.") ("Wartet auf die Disc", "Disc einlegen.");
        "queued/wrong_disc" Caution ("Another disc is in the drive", "Insert the disc that the job began with.") ("Im Laufwerk liegt eine andere Disc", "Die Disc einlegen, mit der die Aufgabe begann.");
        "queued/unsuitable_disc" Caution ("Nothing can be made of the disc in the drive", "Insert another disc, or cancel the job.") ("Aus der Disc im Laufwerk lässt sich nichts machen", "Eine andere Disc einlegen oder die Aufgabe abbrechen.");
        "running" Active ("Working", "") ("Arbeitet", "");
        "running/analyzing" Active ("Preparing", "") ("Bereitet vor", "");
        "running/reading" Active ("Reading", "") ("Liest", "");
        "running/rescuing" Active ("Reading damaged areas again", "") ("Liest beschädigte Stellen noch einmal", "");
        "running/hashing" Active ("Computing checksums", "") ("Berechnet Prüfsummen", "");
        "running/verifying" Active ("Comparing", "") ("Vergleicht", "");
        "running/publishing" Active ("Finishing", "") ("Schließt ab", "");
        "paused" Neutral ("Paused", "") ("Angehalten", "");
        "paused/user" Neutral ("Paused", "Resume it when you like.") ("Angehalten", "Fortsetzen, wann es passt.");
        "paused/no_space" Caution ("Disk full", "Make room; the job goes on by itself.") ("Speicher voll", "Platz schaffen; die Aufgabe läuft von selbst weiter.");
        "paused/medium_removed" Caution ("Disc taken out", "Insert the same disc again; the job goes on by itself.") ("Disc entnommen", "Dieselbe Disc wieder einlegen; die Aufgabe läuft von selbst weiter.");
        "paused/drive_wedged" Bad ("Drive does not answer", "Switch the drive off and on; the job goes on when it answers.") ("Laufwerk antwortet nicht", "Laufwerk aus- und einschalten; die Aufgabe läuft weiter, sobald es antwortet.");
        "paused/drive_gone" Caution ("Drive not connected", "Plug the drive in; the job goes on by itself.") ("Laufwerk nicht angeschlossen", "Laufwerk anstecken; die Aufgabe läuft von selbst weiter.");
        "paused/loss" Bad ("Sectors are unreadable", "Everything was tried. Accept the loss, try once more, or go on in another drive.") ("Sektoren sind unlesbar", "Alles wurde versucht. Den Verlust annehmen, noch einmal versuchen oder in einem anderen Laufwerk weitermachen.");
        "completed" Good ("Done", "") ("Fertig", "");
        "failed" Bad ("Failed", "Try again when the cause is dealt with.") ("Fehlgeschlagen", "Noch einmal versuchen, wenn die Ursache behoben ist.");
        "cancelled" Neutral ("Cancelled", "") ("Abgebrochen", "");
    }
}

words! {
    /// What images are worth.
    VERDICTS {
        "complete" Good ("Complete", "") ("Vollständig", "");
        "complete_trimmed" Caution ("Complete, run-out trimmed", "Only the unreadable end mark of the recording is missing; no data is.") ("Vollständig, Auslauf gekürzt", "Es fehlt nur die unlesbare Endmarke der Aufnahme, keine Daten.");
        "degraded" Caution ("Damaged", "Everything else is there. Clean the disc and image it again.") ("Beschädigt", "Alles andere ist da. Disc reinigen und noch einmal abbilden.");
        "incomplete" Bad ("Incomplete", "Something was never read. Try again.") ("Unvollständig", "Ein Teil wurde nie gelesen. Noch einmal versuchen.");
        "failed" Bad ("Unusable", "Nothing usable was read. Clean the disc and try again.") ("Unbrauchbar", "Nichts Brauchbares gelesen. Disc reinigen und noch einmal versuchen.");
    }
}

words! {
    /// States of the parts of the service.
    PARTS {
        "starting" Active ("Starting", "") ("Startet", "");
        "running" Good ("Runs", "") ("Läuft", "");
        "unresponsive" Bad ("Does not answer", "Something blocks it; what it does not hold goes on.") ("Antwortet nicht", "Etwas hält es auf; alles andere läuft weiter.");
        "backing_off" Caution ("Failed, waits before the next start", "Its last end says why.") ("Ausgefallen, wartet vor dem nächsten Start", "Das letzte Ende sagt, warum.");
        "restarting" Caution ("Being started again", "") ("Wird neu gestartet", "");
        "stopping" Neutral ("Stopping", "") ("Hört auf", "");
        "stopped" Neutral ("Done", "") ("Fertig", "");
        "failed" Bad ("Given up", "It failed too often; restart the service.") ("Aufgegeben", "Zu oft ausgefallen; den Dienst neu starten.");
        "abandoned" Bad ("Left behind", "Its thread hangs in the kernel; switch the drive off and on.") ("Zurückgelassen", "Der Faden hängt im Kernel; das Laufwerk aus- und einschalten.");
    }
}

words! {
    /// Kinds of discs.
    KINDS {
        "data_cd" Neutral ("Data CD", "") ("Daten-CD", "");
        "data_dvd" Neutral ("Data DVD", "") ("Daten-DVD", "");
        "data_bd" Neutral ("Data Blu-ray", "") ("Daten-Blu-ray", "");
        "dvd_video" Neutral ("Video DVD", "") ("Video-DVD", "");
        "bd_video" Neutral ("Video Blu-ray", "") ("Video-Blu-ray", "");
        "audio_cd" Neutral ("Audio CD", "") ("Audio-CD", "");
        "mixed_mode" Neutral ("CD with data and audio", "") ("CD mit Daten und Ton", "");
        "cd_extra" Neutral ("Enhanced CD: audio and a data session", "") ("Enhanced CD: Ton und eine Datensitzung", "");
        "vcd" Neutral ("Video CD", "") ("Video-CD", "");
        "blank" Neutral ("Blank disc", "") ("Leere Disc", "");
        "unreadable" Neutral ("Unreadable disc", "") ("Unlesbare Disc", "");
    }
}

words! {
    /// What jobs do.
    JOB_KINDS {
        "image" Neutral ("Image of a disc", "") ("Abbild einer Disc", "");
        "verify" Neutral ("Check of an image", "") ("Prüfung eines Abbilds", "");
        "scan" Neutral ("Surface scan", "") ("Oberflächenprüfung", "");
    }
}

/// The most exact entry: with its reason, else without, else the last resort: the machine's own word.
pub fn find(table: &'static [Word], state: &str, reason: Option<&str>) -> Word {
    let exact = reason.map(|reason| format!("{state}/{reason}"));
    let entry = |key: &str| table.iter().find(|word| word.key == key).copied();
    exact.as_deref().and_then(entry).or_else(|| entry(state)).unwrap_or(Word {
        key: "",
        role: Role::Neutral,
        en: ("?", ""),
        de: ("?", ""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        disc::DiscKind,
        drive::{DriveReason, DriveState},
        ids::JobId,
        job::{PauseReason, Phase},
        verdict::Verdict,
    };
    use crate::http::wire::word;

    #[test]
    fn the_preferred_language_wins() {
        for (accept, language) in [
            ("", Language::En),
            ("de", Language::De),
            ("de-AT,en;q=0.5", Language::De),
            ("en-GB,de;q=0.9", Language::En),
            ("fr,de;q=0.3,en;q=0.2", Language::De),
            ("fr", Language::En),
            ("de;q=0", Language::En),
            ("de;q=x,,;;", Language::En),
        ] {
            assert_eq!(Language::choose(accept), language, "{accept}");
        }
    }

    #[test]
    fn every_state_and_reason_has_its_own_words() {
        let (job, verdict) = (JobId(uuid::Uuid::nil()), Verdict::Complete);
        use DriveReason as R;
        let states = [
            DriveState::Initializing,
            DriveState::WaitingForDrive,
            DriveState::DriveDetected,
            DriveState::MediaDetected,
            DriveState::Analyzing,
            DriveState::Copying { job },
            DriveState::Completed { verdict },
        ];
        assert!(states.iter().all(|state| find(DRIVES, state.name(), None).word(Language::De) != "?"));
        let reasons = [
            ("waiting_for_media", vec![R::Empty, R::TrayOpen, R::BecomingReady]),
            (
                "idle",
                vec![
                    R::Ready,
                    R::AlreadyArchived,
                    R::DecisionNeeded,
                    R::Blank,
                    R::Unsupported,
                    R::JobEnded,
                    R::EjectFailed,
                    R::Disabled,
                ],
            ),
            ("waiting_for_removal", vec![R::AlreadyArchived, R::Blank, R::Unsupported, R::EjectFailed]),
            ("error", vec![R::Unreadable, R::Wedged, R::Permission, R::Failed, R::InUse, R::NotReady]),
        ];
        for (state, reason) in reasons.iter().flat_map(|(state, reasons)| reasons.iter().map(move |reason| (*state, *reason))) {
            let key = format!("{state}/{}", word(&reason).expect("a word"));
            assert!(key == "waiting_for_media/empty" || DRIVES.iter().any(|entry| entry.key == key), "{key}");
        }
        use PauseReason::{DriveGone, DriveWedged, MediumRemoved, NoSpace, User};
        for reason in [PauseReason::Loss, User, NoSpace, MediumRemoved, DriveWedged, DriveGone] {
            let key = format!("paused/{}", word(&reason).expect("a word"));
            assert!(JOBS.iter().any(|entry| entry.key == key), "{key}");
        }
        for phase in [Phase::Analyzing, Phase::Reading, Phase::Rescuing, Phase::Hashing, Phase::Verifying, Phase::Publishing] {
            let key = format!("running/{}", word(&phase).expect("a word"));
            assert!(JOBS.iter().any(|entry| entry.key == key), "{key}");
        }
        use Verdict::{Complete, CompleteTrimmed, Degraded, Failed, Incomplete};
        for verdict in [Complete, CompleteTrimmed, Degraded, Incomplete, Failed] {
            assert!(VERDICTS.iter().any(|entry| entry.key == verdict.as_str()));
        }
        assert!(KINDS.iter().any(|entry| entry.key == DiscKind::DataBd.as_str()));
    }

    #[test]
    fn german_is_german_everywhere() {
        for word in DRIVES.iter().chain(JOBS).chain(VERDICTS).chain(KINDS).chain(PARTS) {
            assert_ne!(word.word(Language::En), word.word(Language::De), "{}", word.key);
            assert_eq!(word.next(Language::En).is_empty(), word.next(Language::De).is_empty(), "{}", word.key);
        }
    }
}
