//! Where an image goes: folder and name, both from strangers.

use crate::{
    catalog::names::MAX_NAME,
    error::{Code, Problem},
};
use std::path::{Component, Path, PathBuf};

pub use crate::catalog::names::{is_taken, wished_name};

/// Name for a disc without a wish: its label, harmless in a file name.
pub fn name_from_label(label: &str) -> String {
    let text: String =
        crate::domain::disc::clean_label(label).chars().map(|c| if "/\\:*?\"<>|".contains(c) { '_' } else { c }).collect();
    let mut name = text.trim_matches(['.', ' ']).to_owned();
    while name.len() > MAX_NAME {
        name.pop();
    }
    if name.is_empty() { "DISC".to_owned() } else { name }
}

/// The `attempt`-th candidate for a name, without an extension: `NAME`, `NAME_2`, `NAME_3` …
pub fn candidate(folder: &Path, name: &str, attempt: u32) -> PathBuf {
    folder.join(if attempt == 0 { name.to_owned() } else { format!("{name}_{}", attempt + 1) })
}

/// Resolves a wished folder: absolute, or below the first root. It must lie in one of the roots, through symlinks too.
///
/// # Errors
/// A problem about the field `output_path`.
pub fn wished_folder(wish: &str, roots: &[PathBuf]) -> Result<PathBuf, Problem> {
    let refuse = |code, why: String| Err(Problem::new(code, why).about("output_path"));
    let wished = Path::new(wish);
    if wish.contains('\0') || wished.components().any(|part| part == Component::ParentDir) {
        return refuse(Code::InvalidField, format!("{wish:?} must not contain `..`"));
    }
    let Some(first) = roots.first() else { return refuse(Code::OutsideRoots, "no output folder is configured".to_owned()) };
    let folder = if wished.is_absolute() { wished.to_owned() } else { first.join(wished) };
    let real = real_path(&folder);
    if roots.iter().any(|root| real.starts_with(real_path(root))) {
        Ok(folder)
    } else {
        let allowed = roots.iter().map(|root| root.display().to_string()).collect::<Vec<_>>().join(", ");
        refuse(Code::OutsideRoots, format!("{} is outside the allowed output folders: {allowed}", folder.display()))
    }
}

/// The path with symlinks resolved as far as it exists.
fn real_path(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut known = path;
    loop {
        match (known.canonicalize(), known.parent(), known.file_name()) {
            (Ok(real), ..) => return rest.iter().rev().fold(real, |path, part| path.join(part)),
            (Err(_), Some(parent), Some(name)) => {
                rest.push(name.to_owned());
                known = parent;
            }
            _ => return path.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_by_whatever_an_image_of_it_would_use() {
        let root = tempfile::tempdir().expect("folder");
        let stem = candidate(root.path(), "Vol. 1", 0);
        assert!(!is_taken(&stem));
        for name in ["Vol. 1", "Vol. 1.iso", "Vol. 1.iso.part", "Vol. 1.map", "Vol. 1.json", "Vol. 1.sha256", "Vol. 1.part"] {
            let path = root.path().join(name);
            std::os::unix::fs::symlink("/nowhere", &path).expect("link");
            assert!(is_taken(&stem), "{name}");
            std::fs::remove_file(path).expect("removed");
        }
        assert!(candidate(root.path(), "Vol. 1", 1).ends_with("Vol. 1_2"));
    }

    #[test]
    fn labels_become_names() {
        assert_eq!(name_from_label(""), "DISC");
        assert_eq!(name_from_label("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(name_from_label("CON: <A>"), "CON_ _A_");
        assert!(name_from_label(&"ü".repeat(500)).len() <= 200);
    }

    #[test]
    fn folders_must_lie_in_a_root_through_symlinks_too() {
        let root = tempfile::tempdir().expect("folder");
        std::os::unix::fs::symlink("/etc", root.path().join("link")).expect("symlink");
        let roots = [root.path().to_owned()];
        assert!(wished_folder("sub/dir", &roots).is_ok());
        assert!(wished_folder(root.path().to_str().expect("utf-8"), &roots).is_ok());
        for bad in ["/etc", "../x", "link/x", "a/../../x"] {
            assert!(wished_folder(bad, &roots).is_err(), "{bad}");
        }
    }
}
