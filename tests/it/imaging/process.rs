//! The worker as a process: the real binary on a virtual drive, and children that behave badly.

use super::medium;
use disk2iso::{
    domain::{
        disc::MediaProfile,
        ids::SECTOR,
        sector_map::{BlockStatus, SectorMap},
        verdict::Verdict,
    },
    filesystems,
    imaging::{
        process::{self, WorkerEvent, WorkerEvents, WorkerHandle, WorkerProgram},
        protocol::{Halt, ImagePaths, ImageTask, Outcome, ReadOptions, VerifyTask, WorkerMessage, WorkerTask},
    },
    optical::{DeviceAddress, virtual_insert},
};
use futures_util::StreamExt as _;
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

const LIMIT: Duration = Duration::from_secs(60);

fn program() -> WorkerProgram {
    WorkerProgram::at(env!("CARGO_BIN_EXE_disk2iso"))
}

/// Inserts a disc of random-looking content into a virtual drive and describes the image to make of it.
fn insert(folder: &Path, sectors: u64, script: &str) -> (Vec<u8>, ImageTask) {
    let mut content = super::devices::Disc::new(sectors).seed(7).content();
    // A volume descriptor, so that the disc is one.
    let descriptor = &mut content[16 * SECTOR as usize..17 * SECTOR as usize];
    descriptor[..7].copy_from_slice(b"\x01CD001\x01");
    descriptor[40..72].copy_from_slice(b"PROCESS                         ");
    descriptor[80..84].copy_from_slice(&u32::try_from(sectors).unwrap().to_le_bytes());
    descriptor[84..88].copy_from_slice(&u32::try_from(sectors).unwrap().to_be_bytes());
    descriptor[128..132].copy_from_slice(&[0, 8, 8, 0]);
    let (image, drive) = (folder.join("source.iso"), folder.join("drive"));
    fs::write(&image, &content).unwrap();
    fs::create_dir_all(&drive).unwrap();
    fs::write(drive.join("drive.toml"), script).unwrap();
    virtual_insert(&drive, &image).unwrap();
    let device = DeviceAddress::Virtual(drive);
    let medium = filesystems::identify(&mut *device.open().unwrap()).unwrap();
    let paths = ImagePaths::new(&folder.join("out.iso"));
    (content, ImageTask::new(device, medium, paths, ReadOptions::default()))
}

fn start(program: &WorkerProgram, task: &ImageTask) -> (WorkerHandle, WorkerEvents) {
    process::start(program, &WorkerTask::Image(task.clone())).unwrap()
}

/// Hears a worker to its end; `hear` may act on the way.
async fn hear(mut events: WorkerEvents, mut hear: impl FnMut(&WorkerEvent)) -> Vec<WorkerEvent> {
    let all = async {
        let mut heard = Vec::new();
        while let Some(event) = events.next().await {
            hear(&event);
            heard.push(event);
        }
        heard
    };
    tokio::time::timeout(LIMIT, all).await.expect("the worker never ended")
}

fn outcome(events: &[WorkerEvent]) -> &Outcome {
    let outcome = events.iter().find_map(|event| match event {
        WorkerEvent::Message(WorkerMessage::Done(outcome)) => Some(outcome),
        _ => None,
    });
    outcome.unwrap_or_else(|| panic!("not done: {events:?}"))
}

fn processed(event: &WorkerEvent) -> u64 {
    match event {
        WorkerEvent::Message(WorkerMessage::Progress(progress)) => progress.size_processed,
        _ => 0,
    }
}

fn script(folder: &Path, text: &str) -> WorkerProgram {
    let path: PathBuf = folder.join("script");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    WorkerProgram::at(path)
}

fn any_task() -> WorkerTask {
    WorkerTask::VerifyImage(VerifyTask { image: "/nowhere".into() })
}

#[tokio::test]
async fn a_worker_images_a_disc_and_says_so_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let (content, task) = insert(folder.path(), 5000, "[[fault]]\nkind = \"bad\"\nlba = 3000\ncount = 2\n");
    let (_handle, events) = start(&program(), &task);
    let heard = hear(events, |_| {}).await;
    assert!(matches!(heard[0], WorkerEvent::Message(WorkerMessage::Hello { .. })), "{heard:?}");
    let Outcome::Imaged(result) = outcome(&heard) else { panic!("{heard:?}") };
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors), (Verdict::Degraded, 2));
    assert_eq!(heard.last(), Some(&WorkerEvent::Exited { code: Some(0), signal: None }));
    let image = fs::read(&task.paths.image).unwrap();
    assert!(
        image.len() == content.len()
            && image[..3000 * 2048] == content[..3000 * 2048]
            && image[3002 * 2048..] == content[3002 * 2048..]
    );

    let (_handle, events) =
        process::start(&program(), &WorkerTask::VerifyImage(VerifyTask { image: task.paths.image.clone() })).unwrap();
    let heard = hear(events, |_| {}).await;
    assert_eq!(outcome(&heard), &Outcome::Hashed(result.hashes.clone()));
}

#[tokio::test]
async fn paused_killed_and_continued_the_image_is_identical_and_little_is_read_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (content, task) = insert(folder.path(), 20_000, "speed_bytes_per_second = 20000000\n");
    let quarter = content.len() as u64 / 4;

    let (handle, events) = start(&program(), &task);
    let heard = hear(events, |event| {
        if processed(event) > quarter {
            handle.stop()
        }
    })
    .await;
    assert_eq!(outcome(&heard), &Outcome::Stopped);
    assert_eq!(heard.last(), Some(&WorkerEvent::Exited { code: Some(0), signal: None }));
    let map = SectorMap::parse(&fs::read_to_string(&task.paths.map).unwrap()).unwrap();
    assert!(map.bytes(BlockStatus::Finished) > quarter, "everything read before the pause is claimed");

    let (handle, events) = start(&program(), &task);
    let mut reading = false;
    let heard = hear(events, |event| {
        reading |= matches!(event, WorkerEvent::Message(WorkerMessage::Phase { phase: disk2iso::domain::job::Phase::Reading }));
        if reading && processed(event) > 2 * quarter {
            handle.kill();
        }
    })
    .await;
    assert_eq!(heard.last(), Some(&WorkerEvent::Exited { code: None, signal: Some(9) }));

    let (_handle, events) = start(&program(), &task);
    let heard = hear(events, |_| {}).await;
    let Outcome::Imaged(result) = outcome(&heard) else { panic!("{heard:?}") };
    assert_eq!(result.judgement.verdict, Verdict::Complete);
    assert!(fs::read(&task.paths.image).unwrap() == content);
    assert_eq!((result.hashes.md5.clone(), result.hashes.sha256.clone()), super::devices::hashes(&content));
}

#[tokio::test]
async fn another_disc_is_refused_by_the_worker() {
    let folder = tempfile::tempdir().unwrap();
    let (_, mut task) = insert(folder.path(), 500, "");
    task.medium = medium(500, 0, MediaProfile::CD_ROM);
    let (_handle, events) = start(&program(), &task);
    let heard = hear(events, |_| {}).await;
    assert!(matches!(outcome(&heard), Outcome::Halted(Halt::WrongDisc { .. })), "{heard:?}");
    assert!(!task.paths.part.exists() && !task.paths.map.exists());
}

#[tokio::test]
async fn a_worker_whose_parent_is_gone_does_not_begin() {
    let folder = tempfile::tempdir().unwrap();
    // The shell in between is the parent, but the worker is told of another one.
    let text = format!("'{}' read-worker --parent=1\necho ended $?", env!("CARGO_BIN_EXE_disk2iso"));
    let (_handle, events) = process::start(&script(folder.path(), &text), &any_task()).unwrap();
    let heard = hear(events, |_| {}).await;
    assert!(heard.contains(&WorkerEvent::Log("ended 1".to_owned())), "{heard:?}");
}

#[tokio::test]
async fn a_worker_whose_parent_is_killed_makes_everything_durable_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (content, task) = insert(folder.path(), 20_000, "speed_bytes_per_second = 20000000\n");
    // The shell is the parent that dies; the worker writes to the same pipe, so that it can be heard to its end.
    let json = folder.path().join("task.json");
    fs::write(&json, serde_json::to_vec(&WorkerTask::Image(task.clone())).unwrap()).unwrap();
    let text = format!("'{}' read-worker --parent=$$ < '{}' &\nwait", env!("CARGO_BIN_EXE_disk2iso"), json.display());
    let (handle, events) = process::start(&script(folder.path(), &text), &any_task()).unwrap();
    let mut killed = false;
    let heard = hear(events, |event| {
        if processed(event) > content.len() as u64 / 4 && !std::mem::replace(&mut killed, true) {
            nix::sys::signal::kill(nix::unistd::Pid::from_raw(handle.id()), nix::sys::signal::Signal::SIGKILL).unwrap();
        }
    })
    .await;
    assert_eq!(outcome(&heard), &Outcome::Stopped);
    let map = SectorMap::parse(&fs::read_to_string(&task.paths.map).unwrap()).unwrap();
    assert!(map.bytes(BlockStatus::Finished) > content.len() as u64 / 4);
}

#[tokio::test]
async fn output_that_is_no_text_or_never_ends_is_survived() {
    let folder = tempfile::tempdir().unwrap();
    let text = "printf 'caf\\351\\n'; head -c 1000000 /dev/zero | tr '\\0' x; printf '\\n'; echo '{\"type\":\"hello\",\"version\":\"1\"}'; printf 'err\\377' >&2; exit 7";
    let (_handle, events) = process::start(&script(folder.path(), text), &any_task()).unwrap();
    let heard = hear(events, |_| {}).await;
    assert!(heard.contains(&WorkerEvent::Log("caf\u{fffd}".to_owned())));
    assert!(heard.contains(&WorkerEvent::Log("err\u{fffd}".to_owned())));
    assert!(heard.contains(&WorkerEvent::Message(WorkerMessage::Hello { version: "1".to_owned() })));
    assert!(heard.iter().all(|event| !matches!(event, WorkerEvent::Log(line) if line.chars().count() > 2000)));
    assert_eq!(heard.last(), Some(&WorkerEvent::Exited { code: Some(7), signal: None }));
}

#[tokio::test]
async fn a_chatty_child_is_cut_short() {
    let folder = tempfile::tempdir().unwrap();
    let (_handle, events) = process::start(&script(folder.path(), "yes | head -n 50000"), &any_task()).unwrap();
    let heard = hear(events, |_| {}).await;
    assert_eq!(heard.iter().filter(|event| matches!(event, WorkerEvent::Log(_))).count(), 1000);
}

#[tokio::test]
async fn killing_reaches_grandchildren_and_dropping_the_handle_kills() {
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), "trap '' TERM; sleep 1000 & echo started; wait; sleep 1000");
    for drop_it in [false, true] {
        let (handle, events) = process::start(&program, &any_task()).unwrap();
        let mut handle = Some(handle);
        let heard = hear(events, |event| {
            if *event == WorkerEvent::Log("started".to_owned()) {
                if drop_it {
                    handle = None;
                } else if let Some(handle) = &handle {
                    handle.stop();
                    handle.kill();
                }
            }
        })
        .await;
        assert_eq!(heard.last(), Some(&WorkerEvent::Exited { code: None, signal: Some(9) }));
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_an_error_and_one_that_ignores_its_task_is_not() {
    assert!(process::start(&WorkerProgram::at("/nowhere/at/all"), &any_task()).is_err());
    let folder = tempfile::tempdir().unwrap();
    let (_handle, events) = process::start(&script(folder.path(), "exec <&-; exit 3"), &any_task()).unwrap();
    assert_eq!(hear(events, |_| {}).await.last(), Some(&WorkerEvent::Exited { code: Some(3), signal: None }));
}
