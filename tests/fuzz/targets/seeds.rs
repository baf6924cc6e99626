//! Not a target: makes seeds. Run on one image (`seeds IMAGE`) it reads it as the parsers do, and writes the sectors that they asked for,
//! as `disk2iso_fuzz::sparse` has them, to the file that `SEED` names; on an empty file it writes the seeds of CD-Text and of
//! drives' answers to the folder that `SEED` names. Linked like a target, so that one build makes everything.
#![no_main]

use disk2iso_fuzz::{
    domain::disc::{CdText, CdTextEntry, encode_cd_text},
    filesystems::{list, probe},
    sparse::Sparse,
};
use std::{collections::BTreeMap, env, fs, path::PathBuf};

/// Largest seed: libFuzzer's mutations get nowhere in longer ones.
const MAX_SECTORS: usize = 60;

libfuzzer_sys::fuzz_target!(|image: &[u8]| {
    // libFuzzer tries an empty input of its own, too.
    let Some(place) = env::var_os("SEED").map(PathBuf::from) else { return };
    match image.len() {
        0 if place.is_dir() => bytes(&place).expect("seeds can be written"),
        2048.. => fs::write(&place, disc(image)).expect("a seed can be written"),
        _ => {}
    }
});

fn disc(image: &[u8]) -> Vec<u8> {
    let sectors = (image.len() / 2048) as u64;
    let mut known = BTreeMap::new();
    let mut read = |lba: u64| {
        let start = usize::try_from(lba.checked_mul(2048)?).ok()?;
        let bytes = image.get(start..start + 2048)?.to_vec();
        if known.len() < MAX_SECTORS {
            known.insert(lba, bytes.clone());
        }
        Some(bytes)
    };
    probe(&mut read, Some(sectors), 0);
    list(&mut read, Some(sectors), 0);
    Sparse::write(sectors, 0, &known)
}

fn bytes(folder: &std::path::Path) -> std::io::Result<()> {
    let entry = |title: &str| CdTextEntry { title: title.to_owned(), performer: "Somebody".to_owned(), ..CdTextEntry::default() };
    let tracks = vec![entry("One"), entry("A title that needs more than one pack"), entry("Three")];
    let text = CdText { disc: entry("An album"), tracks };
    fs::write(folder.join("cd_text/latin1"), [vec![0], encode_cd_text(&text, 3)].concat())?;
    let track = |number: u8, control: u8, start: u32| [vec![0, control, number, 0], start.to_be_bytes().to_vec()].concat();
    let tracks = [track(1, 0, 0), track(2, 0, 20_000), track(3, 4, 60_000), track(0xaa, 4, 90_000)].concat();
    let header = |length: usize| [((length + 2) as u16).to_be_bytes().to_vec(), vec![1, 2]].concat();
    let point = |session: u8, point: u8, minute: u8| vec![session, 0x10, 0, point, 0, 0, 0, 0, minute, 2, 0];
    let points = [(1, 0xa0, 1), (1, 0xa1, 2), (1, 0xa2, 8), (1, 1, 0), (1, 2, 4), (2, 0xa0, 3), (2, 0xa2, 20), (2, 3, 13)]
        .map(|(session, number, minute)| point(session, number, minute))
        .concat();
    let first = [header(tracks.len()), tracks].concat();
    let second = [header(points.len()), points].concat();
    fs::write(folder.join("toc/cd_extra"), [vec![(first.len() / 4) as u8], first, second].concat())
}
