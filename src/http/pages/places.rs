//! The navigation: the places of the service that exist and that whoever is signed in may see.

use super::frame::Place;
use crate::{
    domain::{access::Permission, access::Principal},
    http::{routes, words::Language},
};
use std::{collections::BTreeMap, sync::LazyLock};

/// One place.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it leads.
    pub url: &'static str,
    /// What it says.
    pub label: &'static str,
    /// Name of its icon in `icons.html`.
    pub icon: &'static str,
    /// Whether the page is in it.
    pub current: bool,
    /// Whether it is in the bar at the bottom of a phone.
    pub first: bool,
}

/// Address, icon, English, German; the first five are in the bar of a phone.
const PLACES: [(Place, &str, &str, &str, &str); 8] = [
    (Place::Dashboard, "/", "dashboard", "Dashboard", "Übersicht"),
    (Place::Drives, "/drives", "drive", "Drives", "Laufwerke"),
    (Place::Jobs, "/jobs", "jobs", "Jobs", "Aufgaben"),
    (Place::Library, "/library", "library", "Library", "Bibliothek"),
    (Place::System, "/system", "system", "System", "System"),
    (Place::Batches, "/batches", "batches", "Batches", "Stapel"),
    (Place::Settings, "/settings", "settings", "Settings", "Einstellungen"),
    (Place::Account, "/account", "account", "Account", "Konto"),
];
/// So many of them are always in sight.
const FIRST: usize = 5;

/// What each page needs, read off the table of addresses.
static NEEDS: LazyLock<BTreeMap<(&'static str, &'static str), Permission>> =
    LazyLock::new(|| routes::page_entries().into_iter().map(|entry| ((entry.method, entry.path), entry.permission)).collect());

/// Whether this address exists and may be used by whoever is signed in.
pub fn may(who: Option<&Principal>, method: &'static str, path: &'static str) -> bool {
    NEEDS.get(&(method, path)).is_some_and(|needed| who.is_some_and(|who| who.may(*needed)))
}

/// The places for whoever is signed in; none for nobody.
pub fn places(who: Option<&Principal>, place: Place, language: Language) -> Vec<Entry> {
    let all = PLACES.iter().enumerate().filter(|(_, (_, url, ..))| may(who, "GET", url));
    all.map(|(number, (at, url, icon, en, de))| Entry {
        url,
        label: language.pick(en, de),
        icon,
        current: *at == place,
        first: number < FIRST,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_that_exist_and_are_allowed_are_shown() {
        let local = Principal::loopback();
        let shown = places(Some(&local), Place::Dashboard, Language::De);
        let tables: Vec<&str> = routes::PAGES.iter().map(|(path, _)| *path).collect();
        assert!(shown.iter().all(|entry| tables.contains(&entry.url)));
        assert_eq!(shown.iter().filter(|entry| entry.current).map(|entry| entry.url).collect::<Vec<_>>(), ["/"]);
        assert!(places(None, Place::Outside, Language::En).is_empty(), "nobody is signed in");
    }
}
