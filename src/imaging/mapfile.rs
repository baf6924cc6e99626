//! The mapfile on disk: ddrescue's format, with comment lines of ours that ddrescue skips.

use super::interrupt::{Interruption, code};
use crate::domain::{disc::Fingerprint, sector_map::SectorMap, verdict::VerifyEvidence};

const FINGERPRINT: &str = "# disk2iso fingerprint: ";
const VERIFY: &str = "# disk2iso verify: ";

/// What our comment lines say.
#[derive(Debug, Clone, PartialEq)]
pub struct MapHeader {
    /// Which disc the map is of. `None` if the file does not say (ddrescue drops foreign comments when it goes on with a map).
    pub fingerprint: Option<Fingerprint>,
    /// What was compared before publishing; needed when a crash hits between publishing and reporting.
    pub verify: VerifyEvidence,
}

impl MapHeader {
    /// For a disc that is to be read.
    pub fn new(fingerprint: &Fingerprint) -> Self {
        Self { fingerprint: Some(fingerprint.clone()), verify: VerifyEvidence::default() }
    }

    /// The whole text of a mapfile.
    pub fn with(&self, map: &SectorMap) -> String {
        let mut text = map.to_mapfile();
        if self.verify != VerifyEvidence::default() {
            let json = serde_json::to_string(&self.verify).unwrap_or_default();
            text.insert_str(0, &format!("{VERIFY}{json}\n"));
        }
        if let Some(fingerprint) = &self.fingerprint {
            text.insert_str(0, &format!("{FINGERPRINT}{fingerprint}\n"));
        }
        text
    }

    /// Reads the comment lines of a mapfile.
    pub fn parse(text: &str) -> Self {
        let comment = |prefix| text.lines().take_while(|line| line.starts_with('#')).find_map(|line| line.strip_prefix(prefix));
        Self {
            fingerprint: comment(FINGERPRINT).map(|value| Fingerprint(value.trim().to_owned())),
            verify: comment(VERIFY).and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default(),
        }
    }
}

/// Takes up a map that was found on disk, if it is of this disc.
///
/// # Errors
/// `wrong_map` for another disc or size, `map_unusable` for a damaged file. Nothing is guessed and nothing overwritten then.
pub fn take_up(text: &str, disc: &Fingerprint, len: u64) -> Result<(SectorMap, MapHeader), Interruption> {
    let header = MapHeader::parse(text);
    if let Some(other) = header.fingerprint.as_ref().filter(|found| *found != disc) {
        let message = format!("the map beside the image is of disc {other}, not of {disc}; choose another name");
        return Err(Interruption::failed(code::WRONG_MAP, message));
    }
    let map = SectorMap::parse(text).map_err(|error| {
        let message = format!("the map beside the image cannot be used ({error}); repair it with ddrescuelog or move it away");
        Interruption::failed(code::MAP_UNUSABLE, message)
    })?;
    if map.len() != len {
        let message = format!("the map beside the image covers {} bytes, the disc has {len}; choose another name", map.len());
        return Err(Interruption::failed(code::WRONG_MAP, message));
    }
    Ok((map, header))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_survive_and_ddrescue_still_understands_the_file() {
        let disc = Fingerprint("ab".repeat(16));
        let verify = VerifyEvidence { image_matches: Some(true), disc_unsettled: Some(3) };
        let header = MapHeader { fingerprint: Some(disc.clone()), verify };
        let text = header.with(&SectorMap::new(4096));
        assert_eq!(take_up(&text, &disc, 4096).expect("valid"), (SectorMap::new(4096), header));
    }

    #[test]
    fn a_map_of_another_disc_or_size_is_refused() {
        let (disc, other) = (Fingerprint("ab".repeat(16)), Fingerprint("cd".repeat(16)));
        let text = MapHeader::new(&other).with(&SectorMap::new(4096));
        let codes = [take_up(&text, &disc, 4096), take_up(&text, &other, 2048), take_up("rubbish", &other, 2048)].map(|result| {
            match result {
                Err(Interruption::Failed { code, .. }) => code,
                other => panic!("{other:?}"),
            }
        });
        assert_eq!(codes, [code::WRONG_MAP, code::WRONG_MAP, code::MAP_UNUSABLE]);
    }

    #[test]
    fn a_map_that_ddrescue_rewrote_has_no_fingerprint_and_is_taken_up() {
        let disc = Fingerprint("ab".repeat(16));
        let (_, header) = take_up(&SectorMap::new(2048).to_mapfile(), &disc, 2048).expect("valid");
        assert_eq!(header.fingerprint, None);
    }
}
