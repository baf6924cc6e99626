//! What is written beside an image: `NAME.json` with everything that is known about it, `NAME.md5` and `NAME.sha256` for `md5sum -c` and
//! `sha256sum -c`. Pure: names and texts; writing is in `files.rs`.

use crate::{
    domain::{options::HashKind, result::FileRole, result::StoredFile},
    storage::isos::{IsoFacts, IsoRecord},
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Version of the JSON document; grows when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// Where the files of an image are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Folder of the files beside the image.
    pub folder: PathBuf,
    /// `NAME`.
    pub name: String,
    /// The image is a folder of this name in it, with all its files inside.
    pub set: Option<String>,
}

impl Place {
    /// The place of an image with this path: `OUT/NAME.iso` (or `.iso.part`), or `OUT/NAME/NAME.cue` for a set.
    pub fn of(path: &Path) -> Option<Self> {
        let (folder, file) = (path.parent()?, path.file_name()?.to_str()?);
        if let Some(stem) = file.strip_suffix(".cue")
            && let (Some(out), Some(inside)) = (folder.parent(), folder.file_name().and_then(|name| name.to_str()))
            && inside.strip_suffix(".part").unwrap_or(inside) == stem
        {
            return Some(Self { folder: out.to_owned(), name: stem.to_owned(), set: Some(inside.to_owned()) });
        }
        let whole = file.strip_suffix(".part").unwrap_or(file);
        let name = whole.rsplit_once('.').map_or(whole, |(stem, _)| stem);
        (!name.is_empty()).then(|| Self { folder: folder.to_owned(), name: name.to_owned(), set: None })
    }

    /// `NAME.json`
    pub fn json(&self) -> PathBuf {
        self.beside("json")
    }

    /// `NAME.md5` or `NAME.sha256`
    pub fn sums(&self, kind: HashKind) -> PathBuf {
        self.beside(kind.as_str())
    }

    /// A file of the image itself.
    pub fn file(&self, name: &str) -> PathBuf {
        match &self.set {
            Some(set) => self.folder.join(set).join(name),
            None => self.folder.join(name),
        }
    }

    fn beside(&self, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", self.name))
    }
}

/// The files of an image. An entry of an earlier version knows only the one.
pub fn files(record: &IsoRecord, facts: &IsoFacts) -> Vec<StoredFile> {
    let mut files: Vec<StoredFile> = facts.details.files.iter().filter(|file| is_plain_name(&file.name)).cloned().collect();
    let set = Place::of(Path::new(&record.filepath)).is_some_and(|place| place.set.is_some());
    match files.first_mut() {
        // What was published under another name than planned (`.part`) is called by the name it has.
        Some(first) if !set => first.name.clone_from(&record.filename),
        Some(_) => {}
        None => {
            let hashes = [(HashKind::Md5, &record.md5sum), (HashKind::Sha256, &record.sha256sum)];
            let hashes = hashes.into_iter().filter_map(|(kind, hash)| Some((kind, hash.clone()?))).collect();
            let role = if set { FileRole::Cue } else { FileRole::Iso };
            files.push(StoredFile { name: record.filename.clone(), role, size: record.size, hashes });
        }
    }
    files
}

/// A name in the image's own folder, and nothing that leads out of it.
pub fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0'])
}

/// The line by which a file of sums is recognised as ours; the checking programs skip it.
pub fn mark(record: &IsoRecord) -> String {
    format!("# disk2iso image {}", record.id)
}

/// The text for `md5sum -c` or `sha256sum -c`, run in the folder that it lies in.
pub fn sums(place: &Place, record: &IsoRecord, files: &[StoredFile], kind: HashKind) -> String {
    let mut text = mark(record);
    text.push('\n');
    // A map or journal may go or change; it is no part of what is kept.
    for file in files.iter().filter(|file| file.role != FileRole::Map) {
        let Some(hash) = file.hashes.get(&kind) else { continue };
        let name = place.set.as_ref().map_or_else(|| file.name.clone(), |set| format!("{set}/{}", file.name));
        text.push_str(&sum_line(hash, &name));
    }
    text
}

/// One line as coreutils write and read it: a name with a backslash or a line break is escaped, and the line says so by
/// beginning with a backslash.
pub fn sum_line(hash: &str, name: &str) -> String {
    let escaped = name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
    let sign = if escaped == name { "" } else { "\\" };
    format!("{sign}{hash}  {escaped}\n")
}

/// The document.
pub fn document(record: &IsoRecord, facts: &IsoFacts) -> Value {
    let (details, origin) = (&facts.details, &facts.provenance);
    let statistics = &details.statistics;
    json!({
        "schema": SCHEMA,
        "program": { "name": env!("CARGO_PKG_NAME"), "version": origin.version },
        "image": {
            "id": record.id,
            "job": record.job_id,
            "file": record.filename,
            "size": record.size,
            "mode": record.mode,
            "form": details.form,
            "verdict": record.verdict,
            "reasons": record.reasons,
            "bad_sectors": record.bad_sectors,
            "sectors": origin.sectors_total,
            "created_at": record.created_at,
        },
        "disc": {
            "label": record.disk_label,
            "kind": record.disk_type,
            "fingerprint": record.fingerprint,
            "size": record.medium.as_ref().map(|medium| &medium.size),
            "ids": record.medium.as_ref().map(|medium| &medium.ids),
            "medium": record.medium,
        },
        "files": files(record, facts),
        "tracks": details.tracks,
        "damage": details.damage,
        "statistics": {
            "sectors": statistics.sectors,
            "recovered": statistics.recovered,
            "unreadable": statistics.unreadable,
            "resets": statistics.resets,
            "seconds": origin.seconds,
            "bytes_per_second": origin.bytes_per_second,
        },
        "tools": details.tools,
        "provenance": origin,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str) -> Option<(String, String, Option<String>)> {
        Place::of(Path::new(path)).map(|place| (place.json().display().to_string(), place.name, place.set))
    }

    #[test]
    fn the_files_beside_an_image_bear_its_name() {
        let beside = |json: &str, name: &str, set: Option<&str>| Some((json.to_owned(), name.to_owned(), set.map(str::to_owned)));
        assert_eq!(place("/out/A. B.iso"), beside("/out/A. B.json", "A. B", None));
        assert_eq!(place("/out/A. B.iso.part"), beside("/out/A. B.json", "A. B", None));
        assert_eq!(place("/out/A. B/A. B.cue"), beside("/out/A. B.json", "A. B", Some("A. B")));
        assert_eq!(place("/out/A/B.cue"), beside("/out/A/B.json", "B", None));
        assert_eq!(place("/out/A.part/A.cue"), beside("/out/A.json", "A", Some("A.part")));
        assert_eq!(place("/"), None);
    }

    #[test]
    fn names_are_escaped_as_coreutils_do() {
        assert_eq!(sum_line("ab", "a b.iso"), "ab  a b.iso\n");
        assert_eq!(sum_line("ab", "a\\b\nc"), "\\ab  a\\\\b\\nc\n");
    }

    #[test]
    fn only_names_in_the_folder_are_taken() {
        for bad in ["", ".", "..", "/etc/passwd", "../x", "a/b", "a\0"] {
            assert!(!is_plain_name(bad), "{bad:?}");
        }
        assert!(is_plain_name("..x") && is_plain_name("a b.iso"));
    }
}
