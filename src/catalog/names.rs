//! Names of images: what people may wish, and what is taken.

use crate::error::Problem;
use std::path::Path;

/// Longest name in bytes: file systems allow 255, `.iso.part` and a number need room.
pub const MAX_NAME: usize = 200;

/// Checks a wished name and gives it without `.iso`.
///
/// # Errors
/// A problem about the field `filename`.
pub fn wished_name(wish: &str) -> Result<String, Problem> {
    let refuse = |why: &str| Err(Problem::field("filename", format!("{wish:?} {why}")));
    let stem = wish.strip_suffix(".iso").unwrap_or(wish).trim();
    if stem.is_empty() || stem.starts_with('.') {
        return refuse("is empty or begins with a dot");
    }
    if stem.contains(['/', '\\', '\0']) || stem.chars().any(char::is_control) {
        return refuse("must be a name without folder and without control characters");
    }
    if stem.len() > MAX_NAME {
        return refuse("is longer than 200 bytes");
    }
    Ok(stem.to_owned())
}

/// What an image of one name may use, as a file or as a folder, finished or not, with what lies beside it.
const ENDINGS: [&str; 8] = ["", ".part", ".iso", ".iso.part", ".map", ".json", ".md5", ".sha256"];

/// Whether any file that an image of this name would use exists. Blocks.
pub fn is_taken(stem: &Path) -> bool {
    ENDINGS.iter().any(|ending| {
        let mut path = stem.as_os_str().to_owned();
        path.push(ending);
        Path::new(&path).symlink_metadata().is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::wished_name;

    #[test]
    fn names_with_folders_or_traps_are_refused() {
        for bad in ["", ".iso", "..", "../x", "a/b", "a\\b", "a\0b", "a\nb", ".hidden", &"x".repeat(300)] {
            assert!(wished_name(bad).is_err(), "{bad:?}");
        }
        assert_eq!(wished_name("Photos 2004.iso"), Ok("Photos 2004".to_owned()));
    }
}
