//! Audio tracks as FLAC: encoded by the format's own program, decoded again and compared with what was read from the disc.

use super::{
    copy::storage,
    digests::{Digests, pieces},
    drive::Drive,
    files::{self, Named},
    folder::Folder,
    plan::{Part, Plan},
    tools,
};
use crate::{
    domain::{
        disc::Medium,
        options::HashKind,
        result::{FileRole, ToolRun, TrackResult},
    },
    imaging::{
        interrupt::{Interruption, code},
        process::WorkerProgram,
        reader::StopFlag,
    },
};
use std::{
    ffi::OsString,
    fs::File,
    io::{self, Write as _},
    ops::Range,
};

/// The program.
const FLAC: &str = "flac";
/// File with the samples of a decoded track, for comparing.
const DECODED: &str = "decoded.new";

/// What is needed to store audio as FLAC.
pub struct Encoder<'a> {
    /// Base name of the files.
    pub name: &'a str,
    /// Where they go.
    pub folder: &'a Folder,
    /// Starts programs.
    pub launcher: &'a WorkerProgram,
    /// Raised when the run shall end.
    pub stop: &'a StopFlag,
    /// Version of the program.
    pub version: String,
    /// Titles.
    pub medium: &'a Medium,
}

/// Version of the program, which is asked for before anything is read.
///
/// # Errors
/// `read_failed` if it is not installed.
pub fn version() -> Result<String, Interruption> {
    tools::version_of(FLAC.as_ref()).ok_or_else(|| {
        let message = "the program flac is not installed; install it or choose the format bin_cue";
        Interruption::failed(code::READ_FAILED, message)
    })
}

impl Encoder<'_> {
    /// Makes a file of each audio track, and one of raw frames of each data track.
    ///
    /// # Errors
    /// Storage, a wish to stop, or `storage_failed` if a file does not decode to the samples that were read.
    pub fn run(
        &self,
        drive: &mut Drive<'_>,
        plan: &Plan,
        bin: &File,
        tracks: &[TrackResult],
    ) -> Result<(Vec<Named>, Vec<ToolRun>), Interruption> {
        let (mut named, mut runs) = (Vec::new(), Vec::new());
        for part in &plan.parts {
            if part.track.data {
                let name = files::track_bin(self.name, part.track.number);
                self.copy_frames(&name, bin, part.bytes())?;
                named.push((name, FileRole::Bin));
            } else {
                let name = files::flac(self.name, part.track.number);
                let command = self.encode(drive, &name, part, tracks)?;
                self.prove(drive, &name, bin, part.bytes())?;
                named.push((name, FileRole::Flac));
                runs.push(ToolRun::new(FLAC, self.version.clone(), &command));
            }
            drive.moved(part.bytes().end - part.bytes().start);
        }
        self.folder.remove(DECODED)?;
        Ok((named, runs))
    }

    fn copy_frames(&self, name: &str, bin: &File, range: Range<u64>) -> Result<(), Interruption> {
        let mut file = File::create(self.folder.file(name)).map_err(|error| storage("create", error))?;
        pieces(bin, range, &mut |bytes| {
            self.stop.check()?;
            file.write_all(bytes).map_err(|error| storage("write", error))
        })?;
        file.sync_data().map_err(|error| storage("sync", error))
    }

    fn encode(
        &self,
        drive: &mut Drive<'_>,
        name: &str,
        part: &Part,
        tracks: &[TrackResult],
    ) -> Result<Vec<OsString>, Interruption> {
        let mut command: Vec<OsString> = [FLAC, "--silent", "--force", "--best", "--verify", "--force-raw-format"]
            .into_iter()
            .chain(["--endian=little", "--sign=signed", "--channels=2", "--bps=16", "--sample-rate=44100"])
            .map(OsString::from)
            .collect();
        command.push(format!("--skip={}", part.bytes().start / 4).into());
        command.push(format!("--until={}", part.bytes().end / 4).into());
        command.extend(self.tags(part, tracks).into_iter().map(|(key, value)| OsString::from(format!("--tag={key}={value}"))));
        let mut output = OsString::from("--output-name=");
        output.push(self.folder.file(name));
        command.extend([output, "--".into(), self.folder.file(&format!("{}.bin", self.name)).into()]);
        self.tool(drive, &command)?;
        File::open(self.folder.file(name)).and_then(|file| file.sync_all()).map_err(|error| storage("sync", error))?;
        Ok(command)
    }

    /// Vorbis comments: what the disc says about itself.
    fn tags(&self, part: &Part, tracks: &[TrackResult]) -> Vec<(&'static str, String)> {
        let number = part.track.number;
        let mut tags = vec![("TRACKNUMBER", number.to_string())];
        if let Some(text) = &self.medium.cd_text {
            let track = text.tracks.get(usize::from(number) - 1).cloned().unwrap_or_default();
            tags.push(("TITLE", track.title));
            tags.push(("ARTIST", if track.performer.is_empty() { text.disc.performer.clone() } else { track.performer }));
            tags.push(("COMPOSER", track.composer));
            tags.push(("ALBUM", text.disc.title.clone()));
            tags.push(("ALBUMARTIST", text.disc.performer.clone()));
        }
        let isrc = tracks.iter().find(|track| track.number == number).and_then(|track| track.isrc.clone());
        tags.push(("ISRC", isrc.unwrap_or_default()));
        tags.push(("MUSICBRAINZ_DISCID", self.medium.ids.musicbrainz.clone().unwrap_or_default()));
        // Cleaned where the texts were read; a zero byte would end the argument.
        tags.into_iter().filter(|(_, value)| !value.is_empty() && !value.contains('\0')).collect()
    }

    /// Decodes the file and compares it with the frames.
    fn prove(&self, drive: &mut Drive<'_>, name: &str, bin: &File, range: Range<u64>) -> Result<(), Interruption> {
        let decoded = self.folder.file(DECODED);
        let mut command: Vec<OsString> =
            [FLAC, "--silent", "--force", "--decode", "--force-raw-format", "--endian=little", "--sign=signed"]
                .map(OsString::from)
                .to_vec();
        let mut output = OsString::from("--output-name=");
        output.push(&decoded);
        command.extend([output, "--".into(), self.folder.file(name).into()]);
        self.tool(drive, &command)?;
        let hash = |file: &File, range: Range<u64>| {
            let mut digests = Digests::new([HashKind::Sha256])?;
            pieces(file, range, &mut |bytes| {
                digests.update(bytes);
                Ok(())
            })?;
            digests.finish()
        };
        let samples = File::open(&decoded).map_err(|error| storage("open", error))?;
        let len = samples.metadata().map_err(|error| storage("inspect", error))?.len();
        if len != range.end - range.start || hash(&samples, 0..len)? != hash(bin, range)? {
            let message = format!("{name} does not decode to what was read; check the storage and the program {FLAC}");
            return Err(Interruption::failed(code::STORAGE_FAILED, message));
        }
        Ok(())
    }

    /// The exit code is no proof, but a failure with a message is worth telling.
    fn tool(&self, drive: &mut Drive<'_>, command: &[OsString]) -> Result<(), Interruption> {
        let ended = tools::run(self.launcher, command, self.stop, &mut |_| drive.moved(0))?;
        if ended.exit.code == Some(0) {
            return Ok(());
        }
        let words = ended.last.join("; ");
        if words.contains("No space left") {
            return Err(storage("write", io::ErrorKind::StorageFull.into()));
        }
        Err(Interruption::failed(code::STORAGE_FAILED, format!("{FLAC} failed ({:?}): {words}", ended.exit.code)))
    }
}
