//! Which engine reads: what was asked for, where it can work.

use super::{
    ddrescue::{Ddrescue, Handover},
    engine::Engine,
    interrupt::Interruption,
    native::Native,
    process::{self, WorkerProgram},
    protocol::ImageTask,
    session::Session,
};
use crate::{
    domain::{ids::SECTOR, options::EngineChoice, result::ToolRun},
    optical::DeviceAddress,
};
use std::{
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

/// The program's name.
const DDRESCUE: &str = "ddrescue";

/// An engine for a task. GNU ddrescue reads from nodes and files only: virtual drives, tracks in the middle of a disc and systems
/// where it is not installed get the native engine, which has the same passes; the second value says so. Blocks for a moment:
/// it asks ddrescue for its version.
pub fn choose_engine(task: &ImageTask, launcher: &WorkerProgram) -> (Box<dyn Engine>, Option<String>) {
    let options = &task.options;
    let node = match &task.device {
        DeviceAddress::Scsi(path) => Some((path, true)),
        DeviceAddress::ImageFile(path) => Some((path, false)),
        DeviceAddress::Virtual(_) => None,
    };
    let asked = options.engine == EngineChoice::Ddrescue;
    let automatic = options.engine == EngineChoice::Auto;
    let begins = asked || (automatic && options.rescue_first);
    let goes_on = automatic && options.rescue && matches!(node, Some((_, true)));
    if !begins && !goes_on {
        let note = (!automatic && options.engine != EngineChoice::Native)
            .then(|| "data discs are read by the native engine or GNU ddrescue; reading with the native one".to_owned());
        return (Box::new(Native), note);
    }
    let Some((source, _)) = node.filter(|_| task.first_sector == 0) else {
        let note = "GNU ddrescue reads whole discs in real drives and image files; reading with the native engine's own passes";
        return (Box::new(Native), asked.then(|| note.to_owned()));
    };
    let Some(version) = process::tool_version(DDRESCUE) else {
        let note = "GNU ddrescue is not installed (apt install gddrescue); reading with the native engine's own passes";
        return (Box::new(Without(DDRESCUE)), Some(note.to_owned()));
    };
    let ddrescue = Ddrescue {
        launcher: launcher.clone(),
        program: PathBuf::from(DDRESCUE),
        version,
        source: source.clone(),
        direct: takes_single_sectors(source),
    };
    if begins { (Box::new(ddrescue), None) } else { (Box::new(Handover(ddrescue)), None) }
}

/// Whether single sectors can be read from this node past the system's cache: a block device whose blocks are no larger.
fn takes_single_sectors(path: &Path) -> bool {
    let Ok(metadata) = std::fs::metadata(path) else { return false };
    if !metadata.file_type().is_block_device() {
        return false;
    }
    let (major, minor) = (nix::libc::major(metadata.rdev()), nix::libc::minor(metadata.rdev()));
    let size = std::fs::read_to_string(format!("/sys/dev/block/{major}:{minor}/queue/logical_block_size"));
    size.ok().and_then(|text| text.trim().parse::<u64>().ok()).is_some_and(|size| size > 0 && SECTOR.is_multiple_of(size))
}

/// The native engine in place of a program that is not installed; the result says so.
struct Without(&'static str);

impl Engine for Without {
    fn image(&self, session: &mut Session<'_>) -> Result<(), Interruption> {
        let missing = ToolRun::new(self.0, "not installed".to_owned(), &[]);
        session.tools.push(missing);
        Native.image(session)
    }
}
