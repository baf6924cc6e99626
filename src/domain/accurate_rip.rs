//! AccurateRip: checksums of audio tracks and the ids under which the database knows a disc. Computed here, looked up nowhere.
//!
//! The algorithm was published by the database's operator (forum.dbpoweramp.com, "AccurateRip CRC Calculation"); how data tracks
//! enter the ids was found out by the authors of ARver (`doc/data_track.md` there), whose two discs are tests below.

use super::disc::{PRE_GAP, Toc};
use serde::{Deserialize, Serialize};

/// Stereo samples (4 bytes: 16 bits left, 16 bits right, little-endian) in one sector of audio.
pub const SAMPLES_PER_SECTOR: u64 = 588;
/// Bytes of one stereo sample.
const SAMPLE: usize = 4;
/// Samples at the start of the first and at the end of the last track that do not count: drives with an offset cannot read them.
const GUARD: u64 = 5 * SAMPLES_PER_SECTOR;

/// Both versions of a track's checksum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackChecksums {
    /// Version 1: loses the upper half of each product.
    pub v1: u32,
    /// Version 2.
    pub v2: u32,
}

impl TrackChecksums {
    /// As people write them: 8 lower-case hexadecimal digits each, version 1 first.
    pub fn to_hex(self) -> [String; 2] {
        [format!("{:08x}", self.v1), format!("{:08x}", self.v2)]
    }
}

/// Computes the checksums of one track while its bytes come in.
#[derive(Debug, Clone)]
pub struct TrackSummer {
    position: u64,
    first_counted: u64,
    last_counted: u64,
    rest: ([u8; SAMPLE], usize),
    sums: TrackChecksums,
}

impl TrackSummer {
    /// For a track of this many sectors (index 1 to its end). `first` and `last` mean the first and the last **audio** track.
    pub fn new(sectors: u64, first: bool, last: bool) -> Self {
        let samples = sectors.saturating_mul(SAMPLES_PER_SECTOR);
        Self {
            position: 0,
            first_counted: if first { GUARD } else { 1 },
            last_counted: if last { samples.saturating_sub(GUARD) } else { samples },
            rest: ([0; SAMPLE], 0),
            sums: TrackChecksums::default(),
        }
    }

    /// The next bytes of the track, in pieces of any length: little-endian samples.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while self.rest.1 > 0 && !bytes.is_empty() {
            self.rest.0[self.rest.1] = bytes[0];
            bytes = &bytes[1..];
            self.rest.1 = (self.rest.1 + 1) % SAMPLE;
            if self.rest.1 == 0 {
                self.sample(u32::from_le_bytes(self.rest.0));
            }
        }
        let (samples, left) = bytes.as_chunks::<SAMPLE>();
        samples.iter().for_each(|sample| self.sample(u32::from_le_bytes(*sample)));
        if !left.is_empty() {
            self.rest.0[..left.len()].copy_from_slice(left);
            self.rest.1 = left.len();
        }
    }

    fn sample(&mut self, sample: u32) {
        self.position += 1;
        if (self.first_counted..=self.last_counted).contains(&self.position) {
            // A track has fewer than 2^32 samples: 99 minutes are 2^28.
            let product = u64::from(sample).wrapping_mul(self.position);
            let low = product as u32;
            self.sums.v1 = self.sums.v1.wrapping_add(low);
            self.sums.v2 = self.sums.v2.wrapping_add(low).wrapping_add((product >> 32) as u32);
        }
    }

    /// The checksums of what has come in so far.
    pub fn finish(&self) -> TrackChecksums {
        self.sums
    }
}

/// The database's name for a disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccurateRipId {
    /// Number of audio tracks.
    pub tracks: u8,
    /// Sum of the audio tracks' starts and the lead-out.
    pub id1: u32,
    /// The same, each multiplied by its place.
    pub id2: u32,
    /// Identity of the disc for CDDB (freedb), over all tracks.
    pub cddb: u32,
}

impl std::fmt::Display for AccurateRipId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:03}-{:08x}-{:08x}-{:08x}", self.tracks, self.id1, self.id2, self.cddb)
    }
}

/// Ids of a disc with at least one audio track. Data tracks count for CDDB only; the lead-out is that of the last session.
pub fn disc_id(toc: &Toc) -> Option<AccurateRipId> {
    let audio: Vec<u64> = toc.tracks.iter().filter(|track| !track.data).map(|track| track.start).collect();
    let tracks = u8::try_from(audio.len()).ok().filter(|tracks| *tracks > 0)?;
    // 32-bit arithmetic that wraps is what everybody computes.
    let mut id1 = toc.lead_out as u32;
    let mut id2 = (toc.lead_out as u32).wrapping_mul(u32::from(tracks) + 1);
    for (place, start) in (1u32..).zip(&audio) {
        id1 = id1.wrapping_add(*start as u32);
        id2 = id2.wrapping_add(((*start).max(1) as u32).wrapping_mul(place));
    }
    Some(AccurateRipId { tracks, id1, id2, cddb: cddb_id(toc) })
}

/// CDDB's identity of a disc: digits of all starting times, length in seconds, number of tracks.
pub fn cddb_id(toc: &Toc) -> u32 {
    const FRAMES: u64 = 75;
    let seconds = |sector: u64| sector.saturating_add(PRE_GAP) / FRAMES;
    let digits = |mut number: u64| {
        let mut sum = 0;
        while number > 0 {
            sum += number % 10;
            number /= 10;
        }
        sum
    };
    let sum: u64 = toc.tracks.iter().map(|track| digits(seconds(track.start))).sum();
    let first = toc.tracks.first().map_or(0, |track| seconds(track.start));
    let length = seconds(toc.lead_out).saturating_sub(first);
    ((sum % 255) as u32) << 24 | ((length & 0xffff) as u32) << 8 | (toc.tracks.len() & 0xff) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::disc::Track;
    use proptest::prelude::*;

    fn toc(audio: &[u64], data_first: bool, data_last: bool, lead_out: u64) -> Toc {
        let count = audio.len();
        let track = |(index, start): (usize, &u64)| {
            let number = u8::try_from(index + 1).expect("few");
            let data = (data_first && index == 0) || (data_last && index + 1 == count);
            if data { Track::data(number, if data_last { 2 } else { 1 }, *start) } else { Track::audio(number, 1, *start) }
        };
        Toc { tracks: audio.iter().enumerate().map(track).collect(), lead_out, sessions: Vec::new() }
    }

    fn sum(samples: &[u32], sectors: u64, first: bool, last: bool) -> TrackChecksums {
        let mut summer = TrackSummer::new(sectors, first, last);
        samples.iter().for_each(|sample| summer.update(&sample.to_le_bytes()));
        summer.finish()
    }

    #[test]
    fn products_are_added_and_version_2_keeps_their_upper_half() {
        // 2^31 at place 3 is 3·2^31 = 1·2^32 + 2^31.
        let mut samples = vec![0; 588];
        (samples[0], samples[2]) = (7, 0x8000_0000);
        assert_eq!(sum(&samples, 1, false, false), TrackChecksums { v1: 0x8000_0007, v2: 0x8000_0008 });
        assert_eq!(sum(&samples, 1, false, false).to_hex(), ["80000007", "80000008"]);
    }

    #[test]
    fn five_sectors_but_one_sample_of_the_first_and_five_of_the_last_track_do_not_count() {
        let samples = vec![1; 588 * 12];
        let places = |from: u64, to: u64| ((from + to) * (to - from + 1) / 2) as u32;
        let sums = |first, last| sum(&samples, 12, first, last).v1;
        assert_eq!(sums(false, false), places(1, 7056));
        assert_eq!(sums(true, false), places(2940, 7056));
        assert_eq!(sums(false, true), places(1, 7056 - 2940));
        assert_eq!(sums(true, true), places(2940, 4116));
    }

    #[test]
    fn a_track_shorter_than_what_is_left_out_has_no_checksum() {
        assert_eq!(sum(&[9; 588 * 4], 4, true, true), TrackChecksums::default());
    }

    // Both discs: ARver, doc/data_track.md; the expected ids are those of dBpoweramp and EAC.
    #[test]
    fn a_cd_extra_has_the_ids_that_the_database_knows() {
        let starts = [0, 12617, 40337, 63075, 93260, 117965, 151715, 184190, 215110, 247305, 281585];
        let id = disc_id(&toc(&starts, false, true, 333_651)).map(|id| id.to_string());
        assert_eq!(id.as_deref(), Some("010-00164419-00b9f6e2-9e11600b"));
    }

    #[test]
    fn a_mixed_mode_disc_has_the_ids_that_the_database_knows() {
        let starts = [
            150, 66728, 76502, 85963, 93760, 104048, 116066, 124743, 134206, 142916, 151852, 160720, 169425, 178731, 188459,
            196711, 206354, 214845, 223686, 225746, 226384, 232668, 239447, 239931, 244989, 254264, 260066, 261222, 261674,
        ]
        .map(|start| start - PRE_GAP);
        let id = disc_id(&toc(&starts, true, false, 261_976 - PRE_GAP)).map(|id| id.to_string());
        assert_eq!(id.as_deref(), Some("028-00517a54-05a845d2-af0da31d"));
    }

    #[test]
    fn cddb_agrees_with_libdiscid() {
        // libdiscid, test/test_put.c.
        let starts = [
            150, 9700, 25887, 39297, 53795, 63735, 77517, 94877, 107_270, 123_552, 135_522, 148_422, 161_197, 174_790, 192_022,
            205_545, 218_010, 228_700, 239_590, 255_470, 266_932, 288_750,
        ]
        .map(|start| start - PRE_GAP);
        assert_eq!(cddb_id(&toc(&starts, false, false, 303_602 - PRE_GAP)), 0x370f_ce16);
    }

    #[test]
    fn a_disc_without_audio_has_no_id() {
        assert_eq!(disc_id(&toc(&[0], true, false, 1000)), None);
    }

    proptest! {
        #[test]
        fn pieces_of_any_length_give_the_same(bytes in prop::collection::vec(any::<u8>(), 588 * 4 * 2), cuts in prop::collection::vec(1usize..700, 1..40)) {
            let mut whole = TrackSummer::new(2, false, false);
            whole.update(&bytes);
            let mut pieces = TrackSummer::new(2, false, false);
            let mut rest = bytes.as_slice();
            for cut in cuts.iter().cycle() {
                let (piece, more) = rest.split_at((*cut).min(rest.len()));
                pieces.update(piece);
                rest = more;
                if rest.is_empty() { break }
            }
            prop_assert_eq!(whole.finish(), pieces.finish());
        }

        #[test]
        fn no_table_of_contents_breaks_it(starts in prop::collection::vec(any::<u64>(), 0..120), lead_out in any::<u64>()) {
            let toc = Toc { tracks: starts.iter().map(|start| Track::audio(1, 1, *start)).collect(), lead_out, sessions: Vec::new() };
            let _ = disc_id(&toc);
            let _ = cddb_id(&toc);
        }
    }
}
