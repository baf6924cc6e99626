//! What would become of a wished name: the same checks as for a new job, and nothing is changed.

use super::names;
use crate::error::{Code, Problem};
use std::path::{Path, PathBuf};

/// Numbers that are tried after a name that is taken.
const ATTEMPTS: u32 = 1_000;

/// What would become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePreview {
    /// The name without an ending.
    pub name: String,
    /// Folder and name that the image would get, without an ending.
    pub stem: PathBuf,
    /// Whether the name is taken, so that a number is put behind it.
    pub taken: bool,
}

/// Looks at a name and a folder as a new job would.
///
/// # Errors
/// A problem about `filename` or `output_path`.
pub async fn preview_name(name: &str, folder: &str, roots: &[PathBuf]) -> Result<NamePreview, Problem> {
    let name = names::wished_name(name)?;
    let (folder, roots) = (folder.to_owned(), roots.to_vec());
    // Symlinks and names that are taken are looked up on the disk.
    let looked = tokio::task::spawn_blocking(move || {
        let folder = names::wished_folder(&folder, &roots)?;
        Ok(free(&folder, name))
    });
    looked.await.map_err(|error| Problem::new(Code::Internal, error.to_string()))?
}

/// The name that a disc would get without a wish.
pub fn proposed_name(label: &str) -> String {
    names::name_from_label(label)
}

fn free(folder: &Path, name: String) -> NamePreview {
    let candidates = (0..ATTEMPTS).map(|attempt| (attempt, names::candidate(folder, &name, attempt)));
    let first_free = candidates.into_iter().find(|(_, stem)| !names::is_taken(stem));
    let (attempt, stem) = first_free.unwrap_or_else(|| (ATTEMPTS, names::candidate(folder, &name, ATTEMPTS)));
    NamePreview { stem, taken: attempt > 0, name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_name_gets_a_number() {
        let folder = tempfile::tempdir().expect("folder");
        assert!(!free(folder.path(), "Photos".to_owned()).taken);
        std::fs::write(folder.path().join("Photos.iso"), "x").expect("file");
        std::fs::write(folder.path().join("Photos_2.iso.part"), "x").expect("file");
        let found = free(folder.path(), "Photos".to_owned());
        assert!(found.taken && found.stem.ends_with("Photos_3"), "{found:?}");
    }
}
