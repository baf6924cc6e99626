//! Taking the configuration to another place: out as TOML without secrets, in with everything checked.

use super::{Overview, Refusal, Wish};
use crate::{
    config::{Applies, parse, to_toml},
    doctor::Both,
};
use std::{collections::BTreeMap, fmt::Write as _};

/// All settings that can be set here, as they will be from the next start on. What only this machine can know stands there as a remark.
pub fn export(overview: &Overview) -> String {
    let (fixed, free): (Vec<_>, Vec<_>) =
        overview.settings.iter().partition(|setting| matches!(setting.help.applies, Applies::Never(..)));
    let mut text = format!("# Settings of disk2iso {}, without secrets.\n", env!("CARGO_PKG_VERSION"));
    for setting in fixed.iter().filter(|setting| setting.key.name != "database.url") {
        // Writing to a string does not fail.
        let _ = writeln!(text, "# {} = {:?}", setting.key.name, setting.next);
    }
    let all: BTreeMap<String, String> = free.iter().map(|setting| (setting.key.name.to_owned(), setting.next.clone())).collect();
    text.push('\n');
    text.push_str(&to_toml(&all));
    text
}

/// The wish that a text in TOML stands for.
///
/// # Errors
/// If it is no TOML.
pub fn import(text: &str) -> Result<Wish, Refusal> {
    let entries = parse(text).map_err(|error| Refusal {
        key: "toml".to_owned(),
        why: Both::new(format!("This is no TOML: {error}"), format!("Das ist kein TOML: {error}")),
    })?;
    Ok(entries.into_iter().map(|(name, value)| (name, Some(value))).collect())
}
