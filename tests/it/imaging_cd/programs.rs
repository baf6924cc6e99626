//! cdrdao and cd-paranoia as first readers: doubles of the programs that write what the real ones write of the disc in memory.

use super::{
    assert_same,
    disc::{Disc, FRAME, Kind},
    failure_code, imaged, read, run_programs, task,
};
use disk2iso::{
    domain::{
        options::EngineChoice,
        verdict::{Reason, Verdict},
    },
    imaging::{CdTask, WorkerMessage, cd::Programs},
    optical::{DeviceAddress, RawLayout},
};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/bash\n{text}")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn swapped(bytes: &[u8]) -> Vec<u8> {
    bytes.chunks_exact(2).flat_map(|pair| [pair[1], pair[0]]).collect()
}

/// A double of cdrdao that gives these files, and progress as the real one writes it.
fn cdrdao(folder: &Path, bin: &[u8], toc: &str) -> Programs {
    fs::write(folder.join("bin"), bin).unwrap();
    fs::write(folder.join("toc"), toc).unwrap();
    let program = folder.join("cdrdao");
    let text = format!(
        r#"if [ "$1" = --version ]; then echo "Cdrdao version 1.2.4"; exit; fi
echo "$@" >> {0}/arguments
while [ $# -gt 2 ]; do
  case $1 in --remote) fd=$2;; --datafile) file=$2;; esac
  shift
done
[ "$1" = --datafile ] && file=$2
file=${{file:-$1}}
toc=${{@: -1}}
for thousandth in '\xf4\x01\0\0' '\xe8\x03\0\0'; do
  printf "\xff\0\xff\0\x02\0\0\0\x02\0\0\0\x01\0\0\0\0\0\0\0$thousandth\0\0\0\0\0\0\0\0" >&$fd
  sleep 0.1
done
cp {0}/bin "$file"
cp {0}/toc "$toc"
exit 1
"#,
        folder.display()
    );
    script(&program, &text);
    Programs { cdrdao: program.into(), ..Programs::default() }
}

fn real(disc: &Disc, folder: &Path, engine: EngineChoice) -> CdTask {
    let mut task = task(disc, folder);
    task.device = DeviceAddress::Scsi("/dev/sr0".into());
    task.options.engine = engine;
    task
}

fn mixed() -> (Disc, Vec<u8>, &'static str) {
    let disc = Disc::new(&[(Kind::Mode1, 1, 450), (Kind::Audio, 1, 300)]);
    let content = disc.content();
    // cdrdao leaves out the pre-gap between data and audio.
    let frames = |lba: std::ops::Range<u64>, audio: bool| {
        lba.flat_map(|lba| {
            let main = &content[usize::try_from(lba).unwrap() * FRAME..][..FRAME];
            [if audio { swapped(main) } else { main.to_vec() }, Disc::sub(lba)].concat()
        })
        .collect::<Vec<u8>>()
    };
    let bin = [frames(0..300, false), frames(450..750, true)].concat();
    let toc = "CD_ROM\n\n// Track 1\nTRACK MODE1_RAW RW_RAW\nNO COPY\nDATAFILE \"cdrdao.bin.new\" 00:04:00 // length in bytes: 734400\n\n\
        // Track 2\nTRACK AUDIO RW_RAW\nNO COPY\nNO PRE_EMPHASIS\nTWO_CHANNEL_AUDIO\nZERO AUDIO RW_RAW 00:02:00\n\
        DATAFILE \"cdrdao.bin.new\" #734400 00:04:00\nSTART 00:02:00\n";
    (disc, bin, toc)
}

#[test]
fn what_cdrdao_reads_is_the_first_reading_of_a_clone() {
    let folder = tempfile::tempdir().unwrap();
    let (disc, bin, toc) = mixed();
    let programs = cdrdao(folder.path(), &bin, toc);
    let mut task = real(&disc, folder.path(), EngineChoice::Auto);
    task.clone = true;
    let mut steps = Vec::new();
    let result = imaged(run_programs(&task, &disc, programs, &mut |message, _| {
        if let WorkerMessage::Progress(progress) = message {
            steps.push(progress.size_processed);
        }
    }));
    // It ended with 1, which says nothing: everything that it read was compared.
    assert_eq!((result.judgement.verdict, result.judgement.reasons), (Verdict::Complete, vec![]));
    assert_same(&read(&task, "bin"), &disc.content());
    let sub = read(&task, "sub");
    assert!(sub[500 * 96..501 * 96].iter().any(|byte| *byte != 0) && sub.len() == 750 * 96);
    assert!(steps.contains(&(750 * FRAME as u64 / 1000 * 500)), "progress comes from its records: {steps:?}");
    let arguments = fs::read_to_string(folder.path().join("arguments")).unwrap();
    for word in ["read-cd --device /dev/sr0", "--read-raw", "--read-subchan rw_raw", "--session 1", "--remote "] {
        assert!(arguments.contains(word), "{word}: {arguments}");
    }
    let tool = result.details.tools.iter().find(|tool| tool.tool == "cdrdao").unwrap();
    assert!(tool.version.starts_with("Cdrdao version") && tool.command.contains(&"read-cd".to_owned()));
    let left: Vec<_> = fs::read_dir(&task.paths.image).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".new")), "{left:?}");
}

#[test]
fn what_cdrdao_read_wrongly_or_not_at_all_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (disc, mut bin, toc) = mixed();
    bin[100 * 2448 + 500] ^= 1;
    bin[400 * 2448 + 500] ^= 1;
    // And its file is short.
    bin.truncate(580 * 2448);
    let programs = cdrdao(folder.path(), &bin, toc);
    let task = real(&disc, folder.path(), EngineChoice::Cdrdao);
    let result = imaged(run_programs(&task, &disc, programs, &mut |_, _| {}));
    assert_eq!(result.judgement.verdict, Verdict::Complete);
    assert_same(&read(&task, "bin"), &disc.content());
    assert_eq!(result.details.tracks[1].test_matches, Some(false));
}

#[test]
fn a_cdrdao_that_gives_nothing_or_lies_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (disc, _, _) = mixed();
    let programs = cdrdao(folder.path(), &[1, 2, 3], "CD_DA\nTRACK AUDIO\nFILE \"../../etc/passwd\" 0 99:00:00\n");
    let mut task = real(&disc, folder.path(), EngineChoice::Cdrdao);
    task.clone = true;
    let disc = disc.refuses(RawLayout::MainSub);
    let result = imaged(run_programs(&task, &disc, programs, &mut |_, _| {}));
    assert_eq!(result.judgement.reasons, [Reason::SubChannelMissing]);
    assert_same(&read(&task, "bin"), &disc.content());
}

#[test]
fn cd_paranoia_is_a_first_reading_with_the_drives_offset() {
    let folder = tempfile::tempdir().unwrap();
    let disc = Disc::new(&[(Kind::Audio, 1, 300), (Kind::Audio, 1, 330)]).read_offset(48).overreads();
    let content = disc.content();
    let mut second = content[300 * FRAME..].to_vec();
    second[7 * FRAME] ^= 0xff;
    fs::write(folder.path().join("1"), &content[..300 * FRAME]).unwrap();
    fs::write(folder.path().join("2"), &second).unwrap();
    let program = folder.path().join("cd-paranoia");
    let text = format!(
        r###"if [ "$1" = --version ]; then echo "cd-paranoia 10.2"; exit; fi
echo "$@" >> {0}/arguments
while [ "$1" != -- ]; do shift; done
echo "##: -2 [wrote] @ $(( 1176 * 200 ))" >&2
cp {0}/$2 "$3"
"###,
        folder.path().display()
    );
    script(&program, &text);
    let mut task = real(&disc, folder.path(), EngineChoice::CdParanoia);
    task.read_offset = 48;
    let programs = Programs { cd_paranoia: program.into(), ..Programs::default() };
    let result = imaged(run_programs(&task, &disc, programs, &mut |_, _| {}));
    assert_eq!(result.judgement.verdict, Verdict::Complete);
    assert_same(&read(&task, "bin"), &content);
    assert_eq!(result.details.tracks.iter().map(|track| track.test_matches).collect::<Vec<_>>(), [Some(true), Some(false)]);
    let arguments = fs::read_to_string(folder.path().join("arguments")).unwrap();
    assert!(arguments.lines().all(|line| line.starts_with("-d /dev/sr0 -e -r -O 48 -- ")), "{arguments}");
}

#[test]
fn a_program_that_is_not_installed_is_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let (disc, _, _) = mixed();
    let programs = Programs { cdrdao: folder.path().join("none").into(), ..Programs::default() };
    let task = real(&disc, folder.path(), EngineChoice::Cdrdao);
    assert_eq!(failure_code(&run_programs(&task, &disc, programs, &mut |_, _| {})), "read_failed");
}
