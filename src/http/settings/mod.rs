//! Settings as people see and change them: all at once or not at all.
//!
//! [`overview`] shows each setting with where it was set and whether it can be changed here. A [`Wish`] is checked as a whole
//! ([`draft`]): what may not be, and what would keep the service from starting the next time, is refused with its reason. Only a draft
//! without refusals is [`apply`]'d: the file of stored settings, the runtime settings and the event that tells of it, together.

mod apply;
mod draft;
mod exchange;

pub use apply::apply;
pub use draft::{Change, Draft, Refusal, Wish, draft};
pub use exchange::{export, import};

use super::AppState;
use crate::{
    config::{Applies, Config, Help, KEYS, Key, Origin, Stored, help, read_stored, rehearse},
    doctor::Both,
    telemetry::logging,
};

/// Settings that can change while the service runs and are kept in the database: name in the file, field of the API.
pub const RUNTIME_FIELDS: [(&str, &str); 5] = [
    ("drives.auto", "auto"),
    ("drives.again", "again"),
    ("drives.eject_when_done", "eject_when_done"),
    ("jobs.verify", "verify"),
    ("jobs.max", "max_jobs"),
];

/// Between reading the settings and replacing them no other change may happen; everything that changes them holds this.
pub static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// One setting.
#[derive(Clone)]
pub struct Setting {
    /// Its row in the table.
    pub key: &'static Key,
    /// What is said about it.
    pub help: &'static Help,
    /// In effect.
    pub now: String,
    /// From the next start on.
    pub next: String,
    /// Where that was set.
    pub origin: Option<Origin>,
    /// Why it cannot be changed here.
    pub locked: Option<Both>,
}

impl Setting {
    /// Whether the next start will change it.
    pub fn is_pending(&self) -> bool {
        self.now != self.next
    }
}

/// All settings.
pub struct Overview {
    /// In the order of the table of helps.
    pub settings: Vec<Setting>,
    /// The settings of the next start.
    pub next: Config,
    /// What is stored for it.
    pub stored: Stored,
    /// Why the next start would fail as things are, for example after somebody edited a file.
    pub broken: Option<String>,
}

impl Overview {
    /// The setting of this name.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.key.name == name)
    }
}

/// All settings as they are and will be. Reads files.
pub fn overview(state: &AppState) -> Overview {
    let runtime = state.settings.get();
    let origins = &state.config.origins;
    let read = read_stored(&state.config.state_dir);
    let (stored, mut broken) = match read {
        Ok(stored) => (stored, None),
        Err(error) => (Stored::new(), Some(error.to_string())),
    };
    let next = match rehearse(origins.file.as_deref(), &stored, std::env::vars()) {
        Ok(next) => next,
        Err(error) => {
            broken.get_or_insert_with(|| error.to_string());
            (*state.config).clone()
        }
    };
    let (now, next) = (Config { runtime, ..(*state.config).clone() }, Config { runtime, ..next });
    let setting = |help: &'static Help| {
        let key = KEYS.iter().find(|key| key.name == help.name)?;
        let next_value = (key.show)(&next);
        // What counts at once is never pending.
        let now_value = if help.applies == Applies::NowFromFile { next_value.clone() } else { (key.show)(&now) };
        let origin = next.origins.keys.get(key.name).copied();
        Some(Setting { key, help, now: now_value, next: next_value, origin, locked: locked(key, help, origin, &now) })
    };
    let settings = crate::config::HELP.iter().filter_map(setting).collect();
    Overview { settings, next, stored, broken }
}

fn locked(key: &Key, help: &Help, origin: Option<Origin>, now: &Config) -> Option<Both> {
    if let Applies::Never(en, de) = help.applies {
        return Some(Both::new(en, de));
    }
    if help.guarded && !with_accounts(now) {
        return Some(Both::new(
            "Can only be changed here where people sign in (server.auth): without, every program on this machine could.",
            "Lässt sich hier nur ändern, wenn man sich anmelden muss (server.auth): sonst könnte es jedes Programm auf diesem Rechner.",
        ));
    }
    let environment = match help.applies {
        Applies::NowFromFile => logging::overridden().or((origin == Some(Origin::Environment)).then_some(key.env)),
        Applies::Restart => (origin == Some(Origin::Environment)).then_some(key.env),
        // What people say goes over the environment.
        Applies::Now | Applies::Never(..) => None,
    };
    environment.map(|variable| {
        Both::new(
            format!("Set by {variable} in the environment of the service; change it there."),
            format!("Durch {variable} in der Umgebung des Dienstes gesetzt; dort ändern."),
        )
    })
}

fn with_accounts(config: &Config) -> bool {
    KEYS.iter().find(|key| key.name == "server.auth").is_some_and(|key| (key.show)(config) != "off")
}

/// The help of a setting that is certain to have one.
fn applies(name: &str) -> Applies {
    help(name).map_or(Applies::Never("", ""), |help| help.applies)
}
