//! First readings by other programs: cdrdao (clones) and cd-paranoia (audio). What they read is the first of two readings and is judged
//! like our own: by its length, by a second reading, by the codes of data sectors. Their exit codes say nothing.

use super::{
    Work,
    copy::{Manner, SUB, deinterleave, storage, write},
    plan::Part,
    remote::Records,
    tools::{self, Ended},
};
use crate::{
    domain::{
        disc::{
            frame::FRAME,
            sheet::{FileFormat, MAX_SHEET, SheetTrack, SubChannel, TrackMode, parse_toc},
        },
        options::EngineChoice,
        result::ToolRun,
    },
    imaging::interrupt::{Interruption, code},
    optical::DeviceAddress,
};
use nix::{
    fcntl::{FcntlArg, FdFlag, OFlag, fcntl},
    unistd::pipe2,
};
use std::{
    ffi::OsString,
    fs::File,
    io::Read as _,
    ops::Range,
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::fs::FileExt as _,
    },
    path::Path,
};

/// Names of the programs.
#[derive(Debug, Clone)]
pub struct Programs {
    /// cdrdao.
    pub cdrdao: OsString,
    /// cd-paranoia of libcdio.
    pub cd_paranoia: OsString,
}

impl Default for Programs {
    fn default() -> Self {
        Self { cdrdao: "cdrdao".into(), cd_paranoia: "cd-paranoia".into() }
    }
}

/// Who makes the first reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// This program.
    Native,
    /// cdrdao: all tracks of a session at once.
    Cdrdao,
    /// cd-paranoia: audio track by audio track.
    CdParanoia,
}

/// Frames that a program has read.
pub type Filled = Vec<Range<u64>>;

/// Chooses. Programs can only read from real drives; cdrdao is the first choice for clones where it is installed.
pub fn choose(wished: EngineChoice, clone: bool, device: &DeviceAddress, installed: impl Fn(Engine) -> bool) -> Engine {
    match (wished, device) {
        (EngineChoice::Cdrdao, DeviceAddress::Scsi(_)) => Engine::Cdrdao,
        (EngineChoice::CdParanoia, DeviceAddress::Scsi(_)) if !clone => Engine::CdParanoia,
        (EngineChoice::Auto, DeviceAddress::Scsi(_)) if clone && installed(Engine::Cdrdao) => Engine::Cdrdao,
        _ => Engine::Native,
    }
}

/// Lets cdrdao read a session into the image. Frames that it leaves out (pre-gaps where data and audio meet) are not in the answer.
///
/// # Errors
/// Storage, or a wish to stop. A program that fails has read nothing.
pub fn cdrdao(work: &mut Work<'_>, session: u8, manner: Manner) -> Result<Filled, Interruption> {
    let (bin, toc) = ("cdrdao.bin.new", "cdrdao.toc.new");
    // It replaces no files.
    work.folder.remove(bin)?;
    work.folder.remove(toc)?;
    let (mut reading, writing) = remote_pipe().map_err(|error| storage("open", error))?;
    let mut command = vec![work.programs.cdrdao.clone(), "read-cd".into(), "--device".into(), node(work)];
    command.extend(["-v", "1", "-n", "--read-raw", "--paranoia-mode", "0", "--session"].map(OsString::from));
    command.push(session.to_string().into());
    if work.store.sub.is_some() {
        command.extend(["--read-subchan", "rw_raw"].map(OsString::from));
    }
    command.extend(["--remote".into(), writing.as_raw_fd().to_string().into(), "--datafile".into()]);
    command.extend([work.folder.file(bin).into_os_string(), work.folder.file(toc).into_os_string()]);
    let bytes: u64 =
        work.plan.parts.iter().filter(|part| part.track.session == session).map(|part| part.frames() * FRAME as u64).sum();
    let (mut records, mut told, mut buffer) = (Records::default(), 0, [0; 4096]);
    let drive = &mut work.drive;
    let mut said = None;
    let ended = tools::run(work.launcher, &command, &work.stop, &mut |line| {
        introduce(&mut said, line);
        // Only progress is a sign of life: a program can hang as well as a drive.
        while let Ok(count @ 1..) = reading.read(&mut buffer) {
            if let Some(thousandths) = records.push(&buffer[..count]) {
                let now = bytes / 1000 * thousandths;
                drive.moved(now.saturating_sub(told));
                told = told.max(now);
            }
        }
    });
    drop(writing);
    note(work, "cdrdao", said, &command);
    full(&ended?)?;
    let filled = take_over(work, &work.folder.file(bin), &work.folder.file(toc), manner)?;
    work.folder.remove(bin)?;
    work.folder.remove(toc)?;
    Ok(filled)
}

/// Puts cdrdao's frames where they belong.
fn take_over(work: &Work<'_>, bin: &Path, toc: &Path, manner: Manner) -> Result<Filled, Interruption> {
    let mut text = Vec::new();
    let (Ok(file), Ok(toc)) = (File::open(bin), File::open(toc)) else { return Ok(Vec::new()) };
    toc.take(MAX_SHEET as u64).read_to_end(&mut text).map_err(|error| storage("read", error))?;
    let Ok(sheet) = parse_toc(&String::from_utf8_lossy(&text)) else { return Ok(Vec::new()) };
    let len = file.metadata().map_err(|error| storage("inspect", error))?.len();
    let mut filled = Vec::new();
    for track in &sheet.tracks {
        let part = work.plan.parts.iter().find(|part| part.track.number == track.number);
        // A track of another kind than the drive's own table says is not taken.
        let Some(part) = part.filter(|part| part.track.data == (track.mode != TrackMode::Audio) && raw(track)) else { continue };
        let Some(first) = part.track.start.checked_sub(track.pregap) else { continue };
        let step = track.sector_bytes();
        let there = len.saturating_sub(track.offset) / step;
        let count = track.sectors.unwrap_or(u64::MAX).saturating_add(track.pregap).min(there).min(part.to - first);
        let mut bytes = vec![0; usize::try_from(step).unwrap_or(FRAME)];
        for index in 0..count {
            work.stop.check()?;
            file.read_exact_at(&mut bytes, track.offset + index * step).map_err(|error| storage("read", error))?;
            let (main, sub) = bytes.split_at_mut(FRAME);
            if track.mode == TrackMode::Audio && track.format == FileFormat::Motorola {
                main.chunks_exact_mut(2).for_each(|sample| sample.swap(0, 1));
            }
            store(work, first + index, main, sub, manner)?;
        }
        filled.push(first..first + count);
    }
    Ok(filled)
}

/// Whether its sectors are whole frames.
fn raw(track: &SheetTrack) -> bool {
    track.mode.sector_bytes() == FRAME as u64 && track.sub_channel != SubChannel::Packed
}

fn store(work: &Work<'_>, lba: u64, main: &[u8], sub: &[u8], manner: Manner) -> Result<(), Interruption> {
    let number = i64::try_from(lba).unwrap_or(i64::MAX);
    for (index, part) in work.plan.parts.iter().enumerate() {
        if index < work.journal.tracks.len() || !part.raw(manner.read_offset).contains(&number) {
            continue;
        }
        if part.owns(number) {
            write(&work.store, part, &manner, number, Some(main))?;
            if let (Some(file), SUB) = (&work.store.sub, sub.len()) {
                let at = (part.offset + lba - part.from) * SUB as u64;
                file.write_all_at(&deinterleave(sub), at).map_err(|error| storage("write", error))?;
            }
        } else if part.reachable(number) && !part.track.data {
            write(&work.store, part, &manner, number, Some(main))?;
        }
    }
    Ok(())
}

/// Lets cd-paranoia read an audio track into the image, from its index 1 on.
///
/// # Errors
/// Storage, or a wish to stop.
pub fn cd_paranoia(work: &mut Work<'_>, part: &Part, manner: Manner) -> Result<Filled, Interruption> {
    let raw = "cd-paranoia.new";
    work.folder.remove(raw)?;
    let mut command = vec![work.programs.cd_paranoia.clone(), "-d".into(), node(work)];
    command.extend(["-e", "-r", "-O"].map(OsString::from));
    command.push(manner.read_offset.to_string().into());
    if let Some(kilobytes) = work.task.options.speed_kbps {
        // Single speed is 176.4 kilobytes per second.
        command.extend(["-S".into(), (kilobytes / 176).max(1).to_string().into()]);
    }
    command.extend(["--".into(), part.track.number.to_string().into(), work.folder.file(raw).into_os_string()]);
    let (start, wanted) = (part.track.start, (part.to - part.track.start) * FRAME as u64);
    let (drive, mut told, mut said) = (&mut work.drive, 0, None);
    let ended = tools::run(work.launcher, &command, &work.stop, &mut |line| {
        introduce(&mut said, line);
        if let Some(words) = line.and_then(written) {
            // Positions are in words of 16 bits from the start of the disc.
            let now = (words * 2).saturating_sub(start * FRAME as u64).min(wanted);
            drive.moved(now.saturating_sub(told));
            told = told.max(now);
        }
    });
    note(work, "cd-paranoia", said, &command);
    full(&ended?)?;
    let Ok(file) = File::open(work.folder.file(raw)) else { return Ok(Vec::new()) };
    let count = (file.metadata().map_err(|error| storage("inspect", error))?.len() / FRAME as u64).min(part.to - start);
    let at = part.bytes().start + (start - part.from) * FRAME as u64;
    let mut position = 0;
    super::digests::pieces(&file, 0..count * FRAME as u64, &mut |bytes| {
        let place = at + position;
        position += bytes.len() as u64;
        work.store.bin.write_all_at(bytes, place).map_err(|error| storage("write", error))
    })?;
    work.folder.remove(raw)?;
    // The frame at the end came only half if the offset reaches over it; the second reading looks at it anyway.
    Ok(std::iter::once(start..start + count).collect())
}

/// Position of a line `##: -2 [wrote] @ 12345` of `cd-paranoia -e`.
fn written(line: &str) -> Option<u64> {
    let (what, position) = line.strip_prefix("##:")?.split_once('@')?;
    what.contains("[wrote]").then(|| position.trim().parse().ok()).flatten()
}

fn node(work: &Work<'_>) -> OsString {
    match &work.task.device {
        DeviceAddress::Scsi(path) | DeviceAddress::Virtual(path) | DeviceAddress::ImageFile(path) => {
            path.clone().into_os_string()
        }
    }
}

/// A full disk is the one failure that a program's words are believed for: reading again would not help.
fn full(ended: &Ended) -> Result<(), Interruption> {
    let full = ended.exit.code != Some(0) && ended.last.iter().any(|line| line.contains("No space left"));
    if full { Err(storage("write", std::io::ErrorKind::StorageFull.into())) } else { Ok(()) }
}

/// Both programs say who they are with every run.
fn introduce(said: &mut Option<String>, line: Option<&str>) {
    if let Some(line) = line.filter(|line| line.contains("version") || line.contains("release")) {
        said.get_or_insert_with(|| line.chars().take(200).collect());
    }
}

fn note(work: &mut Work<'_>, tool: &str, said: Option<String>, command: &[OsString]) {
    let version = said.or_else(|| tools::version_of(&command[0])).unwrap_or_default();
    work.journal.tools.push(ToolRun::new(tool, version, command));
}

/// A pipe whose writing end a program inherits.
fn remote_pipe() -> std::io::Result<(File, OwnedFd)> {
    let (reading, writing) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
    // The program writes small records and may wait for us: only our end does not block.
    fcntl(&writing, FcntlArg::F_SETFL(OFlag::empty()))?;
    fcntl(&writing, FcntlArg::F_SETFD(FdFlag::empty()))?;
    Ok((File::from(reading), writing))
}

/// # Errors
/// `read_failed` if the program that was asked for is not installed.
pub fn check(engine: Engine, programs: &Programs) -> Result<(), Interruption> {
    let program = match engine {
        Engine::Native => return Ok(()),
        Engine::Cdrdao => &programs.cdrdao,
        Engine::CdParanoia => &programs.cd_paranoia,
    };
    let message = || format!("{} is not installed; install it or choose another engine", program.to_string_lossy());
    tools::version_of(program).map(|_| ()).ok_or_else(|| Interruption::failed(code::READ_FAILED, message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_read_real_drives_only() {
        let (node, folder) = (DeviceAddress::Scsi("/dev/sr0".into()), DeviceAddress::Virtual("/drives/a".into()));
        let choice = |wished, clone, device: &DeviceAddress, installed| choose(wished, clone, device, |_| installed);
        assert_eq!(choice(EngineChoice::Auto, true, &node, true), Engine::Cdrdao);
        assert_eq!(choice(EngineChoice::Auto, true, &node, false), Engine::Native);
        assert_eq!(choice(EngineChoice::Auto, false, &node, true), Engine::Native);
        assert_eq!(choice(EngineChoice::Cdrdao, false, &node, true), Engine::Cdrdao);
        assert_eq!(choice(EngineChoice::CdParanoia, false, &node, true), Engine::CdParanoia);
        assert_eq!(choice(EngineChoice::CdParanoia, true, &node, true), Engine::Native);
        assert_eq!(choice(EngineChoice::Cdrdao, true, &folder, true), Engine::Native);
    }

    #[test]
    fn progress_lines_of_cd_paranoia_are_understood() {
        assert_eq!(written("##: -2 [wrote] @ 1175"), Some(1175));
        for line in [
            "##: 0 [read] @ 5",
            "##: -2 [wrote] @ ",
            "[wrote] @ 5",
            "##: -2 [wrote] @ -5",
            "##: -2 [wrote] @ 99999999999999999999",
        ] {
            assert_eq!(written(line), None, "{line}");
        }
    }
}
