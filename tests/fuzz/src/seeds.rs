//! Makes seeds of the targets about discs: `seeds IMAGE FOLDER` reads an image as the parsers do and writes the sectors that
//! they asked for, as `disk2iso_fuzz::sparse` has them, to `FOLDER/<name of the image>`. `seeds` alone with a folder writes
//! those of CD-Text and drives' answers.

use disk2iso_fuzz::{
    domain::disc::{CdText, CdTextEntry, encode_cd_text},
    filesystems::{list, probe},
    sparse::Sparse,
};
use std::{collections::BTreeMap, env, fs, os::unix::fs::FileExt, path::Path};

/// Largest seed: libFuzzer's mutations get nowhere in longer ones.
const MAX_SECTORS: usize = 60;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [image, folder] => disc(Path::new(image), Path::new(folder)),
        [folder] => bytes(Path::new(folder)),
        _ => Err(std::io::Error::other("usage: seeds [IMAGE] FOLDER")),
    }
}

fn disc(image: &Path, folder: &Path) -> std::io::Result<()> {
    let file = fs::File::open(image)?;
    let sectors = file.metadata()?.len() / 2048;
    let mut known = BTreeMap::new();
    let mut read = |lba: u64| {
        let mut bytes = vec![0; 2048];
        file.read_exact_at(&mut bytes, lba.checked_mul(2048)?).ok()?;
        if known.len() < MAX_SECTORS {
            known.insert(lba, bytes.clone());
        }
        Some(bytes)
    };
    probe(&mut read, Some(sectors), 0);
    list(&mut read, Some(sectors), 0);
    let name = image.file_name().ok_or_else(|| std::io::Error::other("no name"))?;
    fs::write(folder.join(name), Sparse::write(sectors, 0, &known))
}

fn bytes(folder: &Path) -> std::io::Result<()> {
    let entry = |title: &str| CdTextEntry { title: title.to_owned(), performer: "Somebody".to_owned(), ..CdTextEntry::default() };
    let text = CdText { disc: entry("An album"), tracks: vec![entry("One"), entry("A title that needs more than one pack"), entry("Three")] };
    fs::create_dir_all(folder.join("cd_text"))?;
    fs::write(folder.join("cd_text/latin1"), [vec![0], encode_cd_text(&text, 3)].concat())?;
    fs::create_dir_all(folder.join("toc"))?;
    let track = |number: u8, control: u8, start: u32| [vec![0, control, number, 0], start.to_be_bytes().to_vec()].concat();
    let tracks = [track(1, 0, 0), track(2, 0, 20_000), track(3, 4, 60_000), track(0xaa, 4, 90_000)].concat();
    let header = |length: usize| [((length + 2) as u16).to_be_bytes().to_vec(), vec![1, 2]].concat();
    let point = |session: u8, point: u8, minute: u8| vec![session, 0x10, 0, point, 0, 0, 0, 0, minute, 2, 0];
    let points = [point(1, 0xa0, 1), point(1, 0xa1, 2), point(1, 0xa2, 8), point(1, 1, 0), point(1, 2, 4), point(2, 0xa0, 3), point(2, 0xa2, 20), point(2, 3, 13)].concat();
    let first = [header(tracks.len()), tracks].concat();
    let second = [header(points.len()), points].concat();
    fs::write(folder.join("toc/cd_extra"), [vec![(first.len() / 4) as u8], first, second].concat())
}
