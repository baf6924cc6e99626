//! Files that can be put into a virtual drive: those in its own folder.

use crate::http::pages::{frame::Frame, sentences};
use std::path::Path;

/// Most files that are shown.
const MOST: usize = 200;

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscFile {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
}

impl DiscFile {
    /// "681 MB".
    pub fn size_words(&self, frame: &Frame) -> String {
        sentences::size(self.size, frame.language)
    }
}

/// Files in the folder that may be discs, by name. Blocks.
pub fn list(folder: &Path) -> Vec<DiscFile> {
    let file = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.ok()?;
        // What is no text cannot come back from a form.
        let name = entry.file_name().into_string().ok()?;
        let data = std::fs::metadata(entry.path()).ok()?;
        (is_disc(&name) && data.is_file()).then_some(DiscFile { name, size: data.len() })
    };
    let mut found: Vec<DiscFile> = std::fs::read_dir(folder).into_iter().flatten().take(MOST * 10).filter_map(file).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.truncate(MOST);
    found
}

/// Not the drive's own files, nor hidden ones, nor the parts that a description names.
fn is_disc(name: &str) -> bool {
    let lower = name.to_lowercase();
    let own = matches!(lower.as_str(), "drive.toml" | "state.json");
    let kinds = [".iso", ".img", ".udf", ".disc.toml"];
    !own && !name.starts_with('.') && kinds.iter().any(|kind| lower.ends_with(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_a_disc_is_shown() {
        let folder = tempfile::tempdir().expect("folder");
        for name in ["b.iso", "A.ISO", "album.disc.toml", "drive.toml", "state.json", "track.raw", ".hidden.iso"] {
            std::fs::write(folder.path().join(name), "12").expect("file");
        }
        std::fs::create_dir(folder.path().join("folder.iso")).expect("folder");
        let names: Vec<String> = list(folder.path()).into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["A.ISO", "album.disc.toml", "b.iso"]);
        assert!(list(&folder.path().join("missing")).is_empty());
    }
}
