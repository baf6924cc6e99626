//! File names: from the label, never one that is taken, and the old one to go on with an unfinished image.

use crate::{
    domain::{disc::Medium, ids::SECTOR, sector_map::SectorMap},
    imaging::{mapfile::MapHeader, protocol::ImagePaths},
};
use std::path::Path;

/// Longest name in bytes, before `_2` and `.iso.part`. File systems allow 255.
const MAX_NAME: usize = 120;
/// After so many images of the same name something else is wrong.
const MAX_TRIES: u32 = 10_000;

/// The files for an image of this disc in this folder.
///
/// # Errors
/// A sentence, if no name is free.
pub fn choose(folder: &Path, medium: &Medium) -> Result<ImagePaths, String> {
    let name = file_name(&medium.label);
    for number in 1..=MAX_TRIES {
        let candidate = if number == 1 { format!("{name}.iso") } else { format!("{name}_{number}.iso") };
        let paths = ImagePaths::new(&folder.join(candidate));
        let taken = |path: &Path| path.symlink_metadata().is_ok();
        let free = !taken(&paths.image) && !taken(&paths.part) && !taken(&paths.map);
        if free || is_unfinished_image_of(&paths, medium) {
            return Ok(paths);
        }
    }
    Err(format!("{} has {MAX_TRIES} images named {name}; choose another folder with --output", folder.display()))
}

/// Whether an earlier run left an image of the very same disc unfinished.
fn is_unfinished_image_of(paths: &ImagePaths, medium: &Medium) -> bool {
    if paths.image.symlink_metadata().is_ok() || !paths.part.is_file() {
        return false;
    }
    let Ok(text) = std::fs::read_to_string(&paths.map) else { return false };
    let same_disc = MapHeader::parse(&text).fingerprint.as_ref() == Some(&medium.fingerprint);
    same_disc && SectorMap::parse(&text).is_ok_and(|map| map.len() == medium.size.sectors * SECTOR)
}

/// A label as a file name that every file system takes.
fn file_name(label: &str) -> String {
    let mut name = String::new();
    for c in label.trim_matches(|c: char| c == '.' || c.is_whitespace()).chars() {
        let c = if c.is_whitespace() || c.is_control() || "/\\:*?\"<>|".contains(c) { '_' } else { c };
        if name.len() + c.len_utf8() > MAX_NAME {
            break;
        }
        name.push(c);
    }
    if name.is_empty() { "DISC".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn labels_become_file_names() {
        for (label, name) in [
            ("PHOTOS 2004", "PHOTOS_2004"),
            ("", "DISC"),
            ("..", "DISC"),
            (".hidden", "hidden"),
            ("a:b/c", "a_b_c"),
            ("Müll", "Müll"),
        ] {
            assert_eq!(file_name(label), name);
        }
        assert!(file_name(&"ü".repeat(500)).len() <= 120);
    }
}
