//! Settings for the next start that people changed: a file in the state folder that is read between the configuration file and
//! the environment. The service alone writes it.

use super::{Applies, ConfigError, Input, help};
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// Settings by name, as in the configuration file.
pub type Stored = BTreeMap<String, String>;

/// Its name in the state folder.
const NAME: &str = "settings.toml";
/// What it begins with.
const HEADER: &str =
    "# Settings changed on the page or through the API. Written by disk2iso; environment variables go over it.\n\n";

/// The file in this state folder.
pub fn stored_file(state_dir: &Path) -> PathBuf {
    state_dir.join(NAME)
}

/// What is stored in this state folder. Names that are unknown here (of another version) and those that may not be stored are
/// left out.
///
/// # Errors
/// If the file is there and cannot be read.
pub fn read_stored(state_dir: &Path) -> Result<Stored, ConfigError> {
    let path = stored_file(state_dir);
    match path.try_exists() {
        Ok(true) => {}
        // A folder that cannot be looked into says so at the start.
        Ok(false) | Err(_) => return Ok(Stored::new()),
    }
    let entries = super::load::read_file(&path)?;
    Ok(entries.into_iter().filter(|(name, _)| may_be_stored(name)).collect())
}

/// Whether a setting of this name has a place in the file.
fn may_be_stored(name: &str) -> bool {
    help(name).is_some_and(|help| matches!(help.applies, Applies::Restart | Applies::NowFromFile))
}

/// A new file, written and synced beside the old one.
#[derive(Debug)]
pub struct Prepared {
    new: PathBuf,
    target: PathBuf,
}

/// Writes the new file beside the old one; [`Prepared::commit`] puts it in place.
///
/// # Errors
/// Those of the file system.
pub fn prepare_stored(state_dir: &Path, stored: &Stored) -> io::Result<Prepared> {
    let target = stored_file(state_dir);
    let new = state_dir.join(format!("{NAME}.new"));
    // Left over by a crash.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    let prepared = Prepared { new, target };
    file.write_all(HEADER.as_bytes())?;
    file.write_all(to_toml(stored).as_bytes())?;
    file.sync_all()?;
    Ok(prepared)
}

impl Prepared {
    /// Puts the file in place; after that it outlives a power failure.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn commit(&self) -> io::Result<()> {
        fs::rename(&self.new, &self.target)?;
        match self.target.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // Gone already if it was put in place.
        let _ = fs::remove_file(&self.new);
    }
}

/// Settings as TOML, by section, each value of its own type.
pub fn to_toml(settings: &BTreeMap<String, String>) -> String {
    let mut sections = toml::Table::new();
    for (name, value) in settings {
        let (section, key) = name.split_once('.').unwrap_or(("", name));
        let table = sections.entry(section.to_owned()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        if let toml::Value::Table(table) = table {
            table.insert(key.to_owned(), typed(name, value));
        }
    }
    toml::to_string(&sections).unwrap_or_default()
}

fn typed(name: &str, value: &str) -> toml::Value {
    let text = || toml::Value::String(value.to_owned());
    match help(name).map(|help| help.input) {
        Some(Input::Switch) => toml::Value::Boolean(matches!(value, "1" | "true")),
        Some(Input::Number(..)) => value.parse().map_or_else(|_| text(), toml::Value::Integer),
        Some(Input::Paths | Input::Words) => {
            let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
            toml::Value::Array(items.map(|item| toml::Value::String(item.to_owned())).collect())
        }
        _ => text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn stored(pairs: &[(&str, &str)]) -> Stored {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_stored_comes_back_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().expect("folder");
        assert_eq!(read_stored(folder.path()).expect("none yet"), Stored::new());
        let hostile = "/a \"quoted\"\n[drives]\nauto = 1";
        let all = stored(&[("paths.output_dir", hostile), ("paths.output_roots", "/a,/b"), ("hook.seconds", "7")]);
        prepare_stored(folder.path(), &all).expect("written").commit().expect("in place");
        assert_eq!(read_stored(folder.path()).expect("read"), all);
        let mode = fs::metadata(stored_file(folder.path())).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_is_not_put_in_place_changes_nothing() {
        let folder = tempfile::tempdir().expect("folder");
        fs::write(folder.path().join("settings.toml.new"), "left over").expect("file");
        drop(prepare_stored(folder.path(), &stored(&[("hook.seconds", "7")])).expect("written"));
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 0);
    }

    #[test]
    fn what_may_not_be_stored_is_not_believed() {
        let folder = tempfile::tempdir().expect("folder");
        let text = "[paths]\nstate_dir = \"/elsewhere\"\n[server]\nauth = \"off\"\n[old]\nkey = 1\n[drives]\nauto = true\nreal = false\n";
        fs::write(stored_file(folder.path()), text).expect("file");
        assert_eq!(read_stored(folder.path()).expect("read"), stored(&[("drives.real", "false")]));
        fs::write(stored_file(folder.path()), "[").expect("file");
        assert!(read_stored(folder.path()).expect_err("damaged").to_string().contains("settings.toml"));
    }
}
