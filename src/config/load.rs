//! Reading the settings.

use super::{Config, HOOK_VARIABLES, KEYS, Key, Stored, read_stored};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Where a setting was set; what is not known to have been set is as it is by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The configuration file.
    File,
    /// The file of stored settings.
    Stored,
    /// The environment.
    Environment,
}

/// Where all settings were set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    /// The configuration file, if one was named.
    pub file: Option<PathBuf>,
    /// By name; the last that set it.
    pub keys: BTreeMap<&'static str, Origin>,
}

/// Why the settings cannot be used. One line: key, value and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read or is no TOML.
    #[error("configuration file {file}: {problem}")]
    File {
        /// Its path.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// There is no such setting.
    #[error("{key} = {value:?}: no such setting; known are {known}")]
    UnknownKey {
        /// As it was written.
        key: String,
        /// Its value.
        value: String,
        /// All known names of that kind.
        known: String,
    },
    /// The value is not allowed.
    #[error("{key} = {value:?} is not allowed; allowed: {allowed}")]
    BadValue {
        /// As it was written.
        key: String,
        /// Its value.
        value: String,
        /// In words.
        allowed: String,
    },
}

/// Reads the file (if one is given), then what is stored in the state folder, then the environment over it.
///
/// # Errors
/// The first thing that is wrong.
pub fn load(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Config, ConfigError> {
    let environment: Vec<_> = environment.collect();
    // Stored settings do not say where they are stored.
    let state_dir = assemble(file, &Stored::new(), &environment)?.state_dir;
    rehearse(file, &read_stored(&state_dir)?, environment.into_iter())
}

/// What [`load`] would give if this were stored.
///
/// # Errors
/// The first thing that is wrong.
pub fn rehearse(
    file: Option<&Path>,
    stored: &Stored,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let config = assemble(file, stored, &environment.collect::<Vec<_>>())?;
    check(&config)?;
    Ok(config)
}

fn assemble(file: Option<&Path>, stored: &Stored, environment: &[(String, String)]) -> Result<Config, ConfigError> {
    let mut config = Config::default();
    let mut keys = BTreeMap::new();
    if let Some(path) = file {
        for (name, value) in read_file(path)? {
            let key = KEYS.iter().find(|key| key.name == name).ok_or_else(|| unknown(&name, &value, |key| key.name))?;
            set(&mut config, key, &name, &value)?;
            keys.insert(key.name, Origin::File);
        }
    }
    for (name, value) in stored {
        let key = KEYS.iter().find(|key| key.name == name).ok_or_else(|| unknown(name, value, |key| key.name))?;
        set(&mut config, key, name, value)?;
        keys.insert(key.name, Origin::Stored);
    }
    let mut ours: Vec<_> = environment.iter().filter(|(name, _)| is_ours(name)).collect();
    ours.sort();
    for (name, value) in ours {
        let key = KEYS.iter().find(|key| key.env == name).ok_or_else(|| unknown(name, value, |key| key.env))?;
        set(&mut config, key, name, value)?;
        keys.insert(key.name, Origin::Environment);
    }
    if !keys.contains_key("paths.output_dir") {
        config.output_dir = config.state_dir.join("images");
    }
    config.origins = Origins { file: file.map(Path::to_owned), keys };
    Ok(config)
}

/// What no key can say alone.
fn check(config: &Config) -> Result<(), ConfigError> {
    if !config.auth && !config.listen.ip().is_loopback() {
        let allowed = "a loopback address as long as server.auth (DISK2ISO_AUTH) is off; set it to on".to_owned();
        return Err(ConfigError::BadValue { key: "DISK2ISO_LISTEN".to_owned(), value: config.listen.to_string(), allowed });
    }
    Ok(())
}

/// Variables of the tests and of hook commands are not settings.
fn is_ours(name: &str) -> bool {
    name.starts_with("DISK2ISO_") && !name.starts_with("DISK2ISO_TEST_") && !HOOK_VARIABLES.contains(&name)
}

fn set(config: &mut Config, key: &Key, name: &str, value: &str) -> Result<(), ConfigError> {
    let bad = || ConfigError::BadValue { key: name.to_owned(), value: value.to_owned(), allowed: key.allowed.to_owned() };
    (key.set)(config, value).ok_or_else(bad)
}

fn unknown(name: &str, value: &str, names: fn(&Key) -> &'static str) -> ConfigError {
    let known = KEYS.iter().map(names).collect::<Vec<_>>().join(", ");
    ConfigError::UnknownKey { key: name.to_owned(), value: value.to_owned(), known }
}

/// Flattens `[section] key = value` to (`section.key`, value).
pub(super) fn read_file(path: &Path) -> Result<Vec<(String, String)>, ConfigError> {
    let fail = |problem: String| ConfigError::File { file: path.display().to_string(), problem };
    let text = std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
    parse(&text).map_err(fail)
}

/// The same for a text.
///
/// # Errors
/// If it is no TOML, in one line.
pub fn parse(text: &str) -> Result<Vec<(String, String)>, String> {
    let one_line = |error: toml::de::Error| error.to_string().lines().collect::<Vec<_>>().join(" ");
    let table: toml::Table = toml::from_str(text).map_err(one_line)?;
    let mut entries = Vec::new();
    for (section, value) in table {
        match value {
            toml::Value::Table(keys) => {
                entries.extend(keys.into_iter().map(|(key, value)| (format!("{section}.{key}"), plain(&value))))
            }
            other => entries.push((section, plain(&other))),
        }
    }
    Ok(entries)
}

fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn the_environment_goes_over_the_file() {
        let file = tempfile::NamedTempFile::new().expect("temporary file");
        std::fs::write(file.path(), "[drives]\nauto = true\nvirtual = [\"/a\", \"/b\"]\n[jobs]\nmax = 2\n").expect("written");
        let config =
            load(Some(file.path()), env(&[("DISK2ISO_MAX_JOBS", "5"), ("HOME", "/root"), ("DISK2ISO_TEST_POSTGRES", "x")]))
                .expect("valid");
        assert_eq!((config.runtime.auto, config.runtime.max_jobs, config.virtual_drives.len()), (true, 5, 2));
    }

    #[test]
    fn stored_settings_stand_between_file_and_environment() {
        let folder = tempfile::tempdir().expect("folder");
        let (file, state) = (folder.path().join("config.toml"), folder.path().join("state"));
        let text = format!("[paths]\nstate_dir = {state:?}\n[hook]\nseconds = 5\n[drives]\nwedged_after_seconds = 10\n");
        std::fs::write(&file, text).expect("written");
        std::fs::create_dir(&state).expect("folder");
        let stored = [("hook.seconds", "6"), ("drives.wedged_after_seconds", "11"), ("log.level", "warn")];
        let stored = stored.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        crate::config::prepare_stored(&state, &stored).expect("written").commit().expect("in place");
        let config = load(Some(&file), env(&[("DISK2ISO_LOG_LEVEL", "debug")])).expect("valid");
        let seconds = (config.hook_limit.as_secs(), config.wedged_after.as_secs());
        assert_eq!((seconds, config.log_level.as_str(), config.output_dir), ((6, 11), "debug", state.join("images")));
        let origins = config.origins.keys;
        assert_eq!(origins.get("log.level"), Some(&Origin::Environment));
        assert_eq!(origins.get("hook.seconds"), Some(&Origin::Stored));
        assert_eq!((origins.get("paths.state_dir"), origins.get("jobs.max")), (Some(&Origin::File), None));
        let bad = [("hook.seconds".to_owned(), "0".to_owned())].into_iter().collect();
        assert!(rehearse(None, &bad, env(&[])).expect_err("refused").to_string().contains("1 to 3600"));
    }

    #[test]
    fn one_line_names_key_value_and_what_is_allowed() {
        for (name, value, part) in [
            ("DISK2ISO_MAX_JOBS", "many", "1 to 64"),
            ("DISK2ISO_LISTEN", "everywhere", "ADDRESS:PORT"),
            ("DISK2ISO_AUTH", "maybe", "off"),
            ("DISK2ISO_HOSTS", "a b", "names"),
            ("DISK2ISO_PROXIES", "10.0.0.0/99", "networks"),
            ("DISK2ISO_PROXY_HEADER", "Remote User", "header"),
            ("DISK2ISO_DATABASE_URL", "mysql://x", "sqlite:PATH"),
            ("DISK2ISO_SPEED", "fast", "DISK2ISO_LISTEN"),
            ("DISK2ISO_HOOK_COMMAND", "loader --fast", "absolute path"),
            ("DISK2ISO_HOOK_SECONDS", "0", "1 to 3600"),
        ] {
            let text = load(None, env(&[(name, value)])).expect_err("refused").to_string();
            assert!(text.contains(name) && text.contains(value) && text.contains(part) && !text.contains('\n'), "{text}");
        }
    }

    #[test]
    fn without_access_control_only_loopback_is_listened_on() {
        let load = |listen, auth| load(None, env(&[("DISK2ISO_LISTEN", listen), ("DISK2ISO_AUTH", auth)]));
        for listen in ["0.0.0.0:80", "[::]:80", "192.0.2.1:80"] {
            let text = load(listen, "off").expect_err("refused").to_string();
            assert!(text.contains(listen) && text.contains("DISK2ISO_AUTH") && !text.contains('\n'), "{text}");
            assert_eq!(load(listen, "on").map(|config| config.auth), Ok(true));
        }
        assert_eq!(load("127.0.0.1:80", "off").map(|config| config.auth), Ok(false));
        assert_eq!(super::load(None, env(&[])).map(|config| config.auth), Ok(true), "on unless it is switched off");
    }

    #[test]
    fn what_a_hook_passes_on_is_no_setting() {
        let passed = env(&[("DISK2ISO_EVENT", "load"), ("DISK2ISO_LABEL", "X"), ("DISK2ISO_HOOK_COMMAND", "")]);
        assert_eq!(load(None, passed).map(|config| config.hook), Ok(None));
    }

    #[test]
    fn a_misspelt_key_in_the_file_is_named() {
        let file = tempfile::NamedTempFile::new().expect("temporary file");
        std::fs::write(file.path(), "[drives]\nauot = 1\n").expect("written");
        let text = load(Some(file.path()), env(&[])).expect_err("refused").to_string();
        assert!(text.contains("drives.auot") && text.contains("drives.auto"), "{text}");
    }
}
