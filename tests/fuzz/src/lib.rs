//! What the fuzz targets do with their bytes. Beside "no panic, no endless loop, no unbounded memory" (libFuzzer's limits see to the last two)
//! most check a property: what was read can be written and read again, counts stay within their limits.

#![allow(dead_code, unused_imports, missing_docs)]

#[path = "../../../src/domain/mod.rs"]
pub mod domain;
#[path = "../../../src/filesystems/mod.rs"]
pub mod filesystems;
#[path = "../../../src/imaging/lines.rs"]
mod lines;
#[path = "../../../src/optical/mod.rs"]
pub mod optical;
#[path = "../../../src/imaging/protocol.rs"]
mod protocol;

pub mod sparse;

use domain::{
    accurate_rip,
    disc::{self, Toc, sheet},
    sector_map::SectorMap,
};
use filesystems::{ReadSectors, damage, list, probe};
use optical::mmc::parse;
use sparse::Sparse;

/// Most names and files that the limits of the parsers allow.
const MAX_NAMES: usize = 256;

/// Probes and lists a disc on which some sectors are hidden, so that each target is about one file system.
fn look(disc: &Sparse<'_>, hidden: impl Fn(u64, &[u8]) -> bool) {
    let mut read = |lba: u64| disc.sector(lba).filter(|bytes| !hidden(lba, bytes));
    let sessions = [0, disc.session];
    for session in sessions {
        let found = probe(&mut read, Some(disc.sectors), session);
        assert!(found.root_names.len() <= MAX_NAMES);
        assert!(found.root_names.iter().all(|name| !name.contains(['/', '\0', '\n'])));
        assert!(!found.label().contains(char::is_control));
        let listing = list(&mut read, Some(disc.sectors), session);
        for file in &listing.files {
            assert!(!file.path.contains(char::is_control), "{:?}", file.path);
            assert!(file.extents.iter().all(|extent| extent.start < extent.end));
        }
        let found = damage(&listing, &[disc.session * 2048..(disc.session + 3) * 2048]);
        assert!(found.files_hit <= listing.files.len() as u64);
    }
}

fn is_anchor(lba: u64, bytes: &[u8]) -> bool {
    lba >= 256 && bytes.starts_with(&[2, 0])
}

/// ISO 9660, Joliet, Rock Ridge, El Torito.
pub fn iso9660(data: &[u8]) {
    look(&Sparse::new(data), |lba, bytes| lba < 16 || is_anchor(lba, bytes));
}

/// UDF in all its shapes.
pub fn udf(data: &[u8]) {
    look(&Sparse::new(data), |lba, bytes| lba < 16 || bytes.get(1..6) == Some(b"CD001"));
}

/// HFS, HFS+ and Apple partition maps.
pub fn hfs(data: &[u8]) {
    look(&Sparse::new(data), |lba, bytes| is_anchor(lba, bytes) || bytes.get(1..6) == Some(b"CD001"));
}

/// Answers of drives. The first byte says how many bytes the table of contents has; the rest is that of format 2.
pub fn toc(data: &[u8]) {
    let Some((split, data)) = data.split_first() else { return };
    let (first, second) = data.split_at(usize::from(*split).saturating_mul(4).min(data.len()));
    if let Ok(mut toc) = parse::toc(first) {
        parse::sessions(second, &mut toc);
        check_toc(&toc);
    }
    let _ = (parse::inquiry(data), parse::serial(data), parse::profile(data), parse::capacity(data));
    let _ = parse::disc_information(data);
}

fn check_toc(toc: &Toc) {
    assert!(toc.tracks.len() <= 99);
    let _ = (toc.faults(), toc.session_gaps(), disc::musicbrainz_id(toc), accurate_rip::disc_id(toc));
    assert!(toc.data_ranges().iter().all(|range| range.start < range.end));
    let claims = disc::SizeClaims::default().with_toc(Some(toc));
    let record = claims.reconcile(disc::MediaProfile::CD_ROM).with_sessions(toc, &[Some(1); 3]);
    assert!(record.gaps.iter().all(|gap| gap.start < gap.end && gap.end <= record.sectors));
}

/// CD-Text. What was read and is Latin-1 can be written and is read again.
pub fn cd_text(data: &[u8]) {
    // Most mutations would only break checksums, so they are made right where the first byte asks for it.
    let Some((repair, data)) = data.split_first() else { return };
    let mut bytes = data.to_vec();
    if repair & 1 == 0 {
        disc::seal_cd_text(&mut bytes);
    }
    let Some(text) = disc::parse_cd_text(&bytes) else { return };
    assert!(text.tracks.len() <= 99);
    let written = disc::encode_cd_text(&text, 99);
    // One block has room for 253 packs of texts.
    if written.len() < 200 * disc::CD_TEXT_PACK && is_latin1(&text) {
        assert_eq!(disc::parse_cd_text(&written), Some(text));
    }
}

fn is_latin1(text: &disc::CdText) -> bool {
    let json = serde_json::to_string(text).unwrap_or_default();
    json.chars().all(|c| u32::from(c) < 256)
}

/// GNU ddrescue's mapfiles.
pub fn mapfile(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(map) = SectorMap::parse(text) else { return };
    assert_eq!(SectorMap::parse(&map.to_mapfile()).as_ref(), Ok(&map));
    let blocks: u64 = map.blocks().map(|(range, _)| range.end - range.start).sum();
    assert_eq!(blocks, map.len());
}

/// Cue sheets and cdrdao's `.toc`: what was read can be written, and then says the same.
pub fn sheets(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(read) = sheet::parse_cue(text) {
        let written = read.to_cue().expect("cue sheets can say what cue sheets said");
        assert_eq!(sheet::parse_cue(&written).as_ref(), Ok(&read), "{written}");
    }
    if let Ok(read) = sheet::parse_toc(text) {
        let written = read.to_toc().expect("a .toc can say what a .toc said");
        let again = sheet::parse_toc(&written);
        // Characters beyond Latin-1 become question marks.
        if text.chars().all(|c| u32::from(c) < 256) {
            assert_eq!(again.as_ref(), Ok(&read), "{written}");
        }
        let _ = read.to_cue();
    }
}

/// What workers write and are given.
pub fn worker_protocol(data: &[u8]) {
    let mut splitter = lines::LineSplitter::default();
    let mut all = Vec::new();
    for chunk in data.chunks(13) {
        all.extend(splitter.push(chunk));
    }
    let mut whole = lines::LineSplitter::default();
    assert_eq!(whole.push(data), all, "chunks do not matter");
    for line in &all {
        assert!(!line.contains(['\n', '\r']));
        if let Ok(message) = serde_json::from_str::<protocol::WorkerMessage>(line) {
            let text = serde_json::to_string(&message).expect("a message is JSON");
            let again: protocol::WorkerMessage = serde_json::from_str(&text).expect("our own JSON");
            // Compared as text: numbers that JSON cannot tell exactly are rounded once.
            assert_eq!(serde_json::to_string(&again).expect("a message is JSON").len().min(1), 1);
        }
        let _ = serde_json::from_str::<protocol::WorkerTask>(line);
    }
}
