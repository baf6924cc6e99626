//! The files beside the frames, judged by other people's programs.

use super::{
    assert_same,
    disc::{Disc, FRAME, Kind, user_data},
    file, imaged, read, run, task,
};
use disk2iso::domain::{
    disc::{CdText, CdTextEntry},
    options::{AudioFormat, HashKind},
    result::FileRole,
    verdict::Verdict,
};
use std::{collections::BTreeSet, path::Path, process::Command};

fn output(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program).args(arguments).env("LC_ALL", "C").current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program}: {text}");
    text
}

fn audio() -> Disc {
    Disc::new(&[(Kind::Audio, 1, 400), (Kind::Audio, 1, 310), (Kind::Audio, 1, 505)])
}

#[test]
fn other_programs_read_the_sheets_as_we_mean_them() {
    let folder = tempfile::tempdir().unwrap();
    let disc = Disc::new(&[(Kind::Mode1, 1, 600), (Kind::Audio, 1, 400), (Kind::Audio, 1, 350)]);
    let task = task(&disc, folder.path());
    imaged(run(&task, &disc));
    let image = &task.paths.image;
    let toc = output("cdrdao", &["show-toc", "MUSIC.toc"], image);
    assert!(toc.contains("MODE1_RAW") && toc.matches("AUDIO").count() >= 2, "{toc}");
    for (start, end) in
        [("00:00:00(     0)", "00:08:00(   600)"), ("00:08:00", "00:13:25(  1000)"), ("00:13:25", "00:18:00(  1350)")]
    {
        assert!(toc.contains(&format!("START  {start}")) && toc.contains(&format!("END    {end}")), "{start} {end}: {toc}");
    }
    let tracks = output("cueprint", &["-t", "%n %i\\n", "MUSIC.cue"], image);
    assert_eq!(tracks.lines().map(str::trim).collect::<Vec<_>>(), ["1", "2 GBUM70808708", "3"], "{tracks}");
    let borders = output("cuebreakpoints", &["MUSIC.cue"], image);
    assert_eq!(borders.lines().take(2).collect::<Vec<_>>(), ["0:08.00", "0:13.25"], "{borders}");
    let info = output("cd-info", &["--no-header", "--no-device-info", "--no-cddb", "--cue-file=MUSIC.cue"], image);
    assert!(info.contains("data") && info.contains("audio"), "{info}");
}

#[test]
fn every_file_is_listed_with_its_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let disc = Disc::new(&[(Kind::Mode1, 1, 600), (Kind::Audio, 1, 400)]);
    let mut task = task(&disc, folder.path());
    task.options.hashes = vec![HashKind::Sha512, HashKind::Blake3, HashKind::Crc32, HashKind::Sha1];
    let result = imaged(run(&task, &disc));
    let files = &result.details.files;
    assert_eq!(files[0].role, FileRole::Cue);
    let listed: BTreeSet<_> = files.iter().map(|file| file.name.clone()).collect();
    let there: BTreeSet<_> =
        std::fs::read_dir(&task.paths.image).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(listed, there);
    assert_eq!(result.size, files.iter().map(|file| file.size).sum::<u64>());
    for (kind, program) in
        [(HashKind::Md5, "md5sum"), (HashKind::Sha1, "sha1sum"), (HashKind::Sha256, "sha256sum"), (HashKind::Sha512, "sha512sum")]
    {
        for file in files {
            let line = output(program, &[&file.name], &task.paths.image);
            assert_eq!(line.split_whitespace().next(), Some(file.hashes[&kind].as_str()), "{program} {}", file.name);
        }
    }
    let bin = files.iter().find(|file| file.role == FileRole::Bin).unwrap();
    assert_eq!((&result.hashes.md5, &result.hashes.sha256), (&bin.hashes[&HashKind::Md5], &bin.hashes[&HashKind::Sha256]));
    assert_eq!(bin.hashes[&HashKind::Blake3], blake3::hash(&read(&task, "bin")).to_hex().to_string());
    assert_eq!(result.hashes.more.len(), 4);
}

#[test]
fn flac_holds_every_sample_and_has_the_hashes_of_the_bin() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let disc = audio().first_start(150);
    let mut task = task(&disc, folder.path());
    let title = |title: &str| CdTextEntry { title: title.to_owned(), performer: "Somebody".to_owned(), ..CdTextEntry::default() };
    task.medium.cd_text =
        Some(CdText { disc: title("The \"Album\""), tracks: vec![title("One"), title("$(reboot) Zwei"), title("Three")] });
    task.format = AudioFormat::Flac;
    let result = imaged(run(&task, &disc));
    assert_eq!(result.judgement.verdict, Verdict::Complete);
    let content = disc.content();
    for (number, frames) in [(1, 0..400), (2, 400..710), (3, 710..1215)] {
        let name = format!("MUSIC - {number:02}.flac");
        output("flac", &["-t", "--silent", &name], &task.paths.image);
        let raw = other.path().join("raw");
        let to = format!("--output-name={}", raw.display());
        let arguments = ["-d", "--silent", "-f", "--force-raw-format", "--endian=little", "--sign=signed", &to, &name];
        output("flac", &arguments, &task.paths.image);
        assert_same(&std::fs::read(&raw).unwrap(), &content[frames.start * FRAME..frames.end * FRAME]);
    }
    let tags = output("metaflac", &["--list", "--block-type=VORBIS_COMMENT", "MUSIC - 02.flac"], &task.paths.image);
    for tag in ["TITLE=$(reboot) Zwei", "ARTIST=Somebody", "ALBUM=The \"Album\"", "TRACKNUMBER=2", "ISRC=GBUM70808708"] {
        assert!(tags.contains(tag), "{tag}: {tags}");
    }
    assert!(!file(&task, "bin").exists() && !file(&task, "toc").exists());
    let cue = String::from_utf8(read(&task, "cue")).unwrap();
    assert!(cue.contains("FILE \"MUSIC - 03.flac\" WAVE") && cue.contains("INDEX 01 00:02:00"), "{cue}");
    let mut plain = super::task(&disc, other.path());
    plain.options.keep_map = true;
    assert_eq!(imaged(run(&plain, &disc)).hashes, result.hashes, "the hashes are of the frames, however they are stored");
    assert!(result.details.tools.iter().any(|tool| tool.tool == "flac" && tool.version.contains("flac 1.")));
}

#[test]
fn flac_of_a_mixed_disc_keeps_the_data_track_raw_and_as_iso() {
    let folder = tempfile::tempdir().unwrap();
    let disc = Disc::new(&[(Kind::Mode1, 1, 600), (Kind::Audio, 1, 400)]);
    let mut task = task(&disc, folder.path());
    task.format = AudioFormat::Flac;
    let result = imaged(run(&task, &disc));
    assert_eq!(result.judgement.verdict, Verdict::Complete);
    let bin = std::fs::read(task.paths.image.join("MUSIC - 01.bin")).unwrap();
    assert_same(&bin, &disc.content()[..600 * FRAME]);
    assert_same(&read(&task, "iso"), &(0..450).flat_map(user_data).collect::<Vec<_>>());
    assert!(String::from_utf8(read(&task, "cue")).unwrap().contains("FILE \"MUSIC - 01.bin\" BINARY"));
}
