//! A `.tar.gz` in memory, within bounds.

use crate::error::{Code, Problem};
use flate2::{Compression, write::GzEncoder};
use std::{collections::BTreeMap, io};

/// Largest file in it, in bytes; of what is larger the end is kept, because that is where the trouble is.
const MAX_FILE: usize = 4 << 20;
/// All files together.
const MAX_ALL: usize = 24 << 20;

/// Files by name.
#[derive(Debug, Default)]
pub struct Archive(BTreeMap<String, String>);

impl Archive {
    /// Adds a text, unless there is no more room.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) {
        let text = end(text.into(), MAX_FILE);
        let all: usize = self.0.values().map(String::len).sum();
        if all + text.len() <= MAX_ALL {
            self.0.insert(name.into(), text);
        }
    }

    /// Every text changed.
    pub fn change(&mut self, change: impl Fn(&str) -> String) {
        for text in self.0.values_mut() {
            *text = change(text);
        }
    }

    /// The archive; everything lies in the folder `folder`.
    ///
    /// # Errors
    /// `internal` if it cannot be packed.
    pub fn pack(&self, folder: &str, seconds: u64) -> Result<Vec<u8>, Problem> {
        self.write(folder, seconds).map_err(|error| Problem::new(Code::Internal, format!("the bundle cannot be packed: {error}")))
    }

    fn write(&self, folder: &str, seconds: u64) -> io::Result<Vec<u8>> {
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        for (name, text) in &self.0 {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o600);
            header.set_mtime(seconds);
            header.set_size(text.len() as u64);
            tar.append_data(&mut header, format!("{folder}/{name}"), text.as_bytes())?;
        }
        tar.into_inner()?.finish()
    }
}

/// The end of a text, beginning with a whole line.
fn end(text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    let mut from = text.len() - most;
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let from = text[from..].find('\n').map_or(from, |line| from + line + 1);
    text[from..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn what_goes_in_comes_out_and_it_stays_within_bounds() {
        let mut archive = Archive::default();
        archive.add("a/b.txt", "hällo\n");
        archive.add("long", format!("first\n{}", "ä\n".repeat(MAX_FILE)));
        for number in 0..10 {
            archive.add(format!("more{number}"), "x".repeat(MAX_FILE));
        }
        let packed = archive.pack("folder", 0).expect("packed");
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(packed.as_slice()));
        let mut files = BTreeMap::new();
        for entry in tar.entries().expect("entries") {
            let mut entry = entry.expect("entry");
            let mut text = String::new();
            entry.read_to_string(&mut text).expect("text");
            files.insert(entry.path().expect("path").display().to_string(), text);
        }
        assert_eq!(files["folder/a/b.txt"], "hällo\n");
        assert!(files["folder/long"].len() <= MAX_FILE && files["folder/long"].starts_with('ä'));
        assert!(files.values().map(String::len).sum::<usize>() <= MAX_ALL && files.len() < 12);
    }
}
