//! MusicBrainz' identity of an audio disc: a hash over its table of contents (musicbrainz.org/doc/Disc_ID_Calculation).

use super::{FIRST_SESSION_GAP, PRE_GAP, Toc};
use sha1::{Digest, Sha1};
use std::fmt::Write as _;

/// Base64 with the three characters that are at home in URLs replaced by MusicBrainz' own.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
/// Stands for `=`.
const PADDING: char = '-';

/// The disc id, 28 characters; `None` if there is no audio track before the data tracks at the end, or numbers are no numbers of a CD.
///
/// Data tracks at the end (CD-Extra) do not count: the disc ends for MusicBrainz where the first session does, 11,400 sectors before the data
/// track. A data track at the start (mixed mode) counts like any other.
pub fn musicbrainz_id(toc: &Toc) -> Option<String> {
    let audible = toc.tracks.iter().rposition(|track| !track.data)? + 1;
    let (tracks, after) = toc.tracks.split_at(audible);
    let lead_out = match after.first() {
        Some(data) => data.start.checked_sub(FIRST_SESSION_GAP)?,
        None => toc.lead_out,
    };
    let mut offsets = [0u32; 100];
    offsets[0] = address(lead_out)?;
    for track in tracks {
        *offsets.get_mut(usize::from(track.number))? = address(track.start)?;
    }
    let mut text = format!("{:02X}{:02X}", tracks.first()?.number, tracks.last()?.number);
    for offset in offsets {
        write!(text, "{offset:08X}").ok()?;
    }
    Some(base64(&Sha1::digest(text.as_bytes())))
}

/// Sectors from the start of the lead-in's end, as MusicBrainz counts them.
fn address(sector: u64) -> Option<u32> {
    u32::try_from(sector.checked_add(PRE_GAP)?).ok()
}

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0usize, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let used = place <= group.len();
            text.push(if used { char::from(ALPHABET[bits >> (18 - 6 * place) & 63]) } else { PADDING });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::disc::Track;

    fn audio(starts: &[u64], lead_out: u64) -> Toc {
        let tracks = (1..).zip(starts).map(|(number, start)| Track::audio(number, 1, *start)).collect();
        Toc { tracks, lead_out, sessions: Vec::new() }
    }

    #[test]
    fn the_documented_example() {
        // musicbrainz.org/doc/Disc_ID_Calculation
        let toc = audio(&[0, 15213, 32164, 46442, 63264, 80339], 95312);
        assert_eq!(musicbrainz_id(&toc).as_deref(), Some("49HHV7Eb8UKF3aQiNmu1GR8vKTY-"));
    }

    #[test]
    fn the_example_of_libdiscid() {
        // libdiscid, test/test_put.c
        let starts = [
            150, 9700, 25887, 39297, 53795, 63735, 77517, 94877, 107_270, 123_552, 135_522, 148_422, 161_197, 174_790, 192_022,
            205_545, 218_010, 228_700, 239_590, 255_470, 266_932, 288_750,
        ]
        .map(|start| start - PRE_GAP);
        let toc = audio(&starts, 303_602 - PRE_GAP);
        assert_eq!(musicbrainz_id(&toc).as_deref(), Some("xUp1F2NkfP8s8jaeFn_Av3jNEI4-"));
    }

    #[test]
    fn the_data_track_of_a_cd_extra_does_not_count() {
        // whipper, test_image_table.py (checked there against mb-submit-disc); ARver, doc/data_track.md
        let mut toc = audio(&[0, 15537, 31691, 50866, 66466, 81202, 99409, 115_920, 133_093, 149_847, 161_560, 177_682], 210_385);
        toc.tracks.push(Track::data(13, 2, 207_106));
        assert_eq!(musicbrainz_id(&toc).as_deref(), Some("KnpGsLhvH.lPrNc1PBL21lb9Bg4-"));
        let mut toc = audio(&[0, 12617, 40337, 63075, 93260, 117_965, 151_715, 184_190, 215_110, 247_305], 333_651);
        toc.tracks.push(Track::data(11, 2, 281_585));
        assert_eq!(musicbrainz_id(&toc).as_deref(), Some("9AQWqQ0eCCwktwPPrIUIYkUw2Uo-"));
    }

    #[test]
    fn what_is_no_audio_disc_has_no_id() {
        assert_eq!(musicbrainz_id(&Toc::default()), None);
        let data = Toc { tracks: vec![Track::data(1, 1, 0)], lead_out: 1000, sessions: Vec::new() };
        assert_eq!(musicbrainz_id(&data), None);
        assert_eq!(musicbrainz_id(&audio(&[u64::MAX], 5)), None, "no number of a CD");
        let mut near = audio(&[0], 5000);
        near.tracks.push(Track::data(2, 2, 4000));
        assert_eq!(musicbrainz_id(&near), None, "no room for a lead-out");
    }
}
