//! Raw frames from a drive: requests of bearable size, failed ones frame by frame, and what every command says to the outside.

use crate::{
    domain::{disc::frame::FRAME, ids::Lba, job::Phase},
    imaging::{
        interrupt::Interruption,
        protocol::{ReadOptions, WorkerMessage, WorkerProgress},
        reader::{Reader, StopFlag, Unreadable},
        reporter::Reporter,
    },
    optical::{DeviceError, RawLayout, Sense},
};
use std::{ops::Range, time::Duration};

/// Bytes of C2 error bits of a frame.
const C2: usize = 294;

/// One frame as the drive gave it.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// 2352 bytes.
    pub main: &'a [u8],
    /// The drive says that none of them is wrong, or cannot say.
    pub clean: bool,
    /// 96 bytes of raw sub-channel, if asked for.
    pub sub: Option<&'a [u8]>,
}

/// What hears of each frame: its number, and the frame or what the drive said instead.
pub type Hear<'a> = dyn FnMut(u64, Result<Frame<'_>, Option<Sense>>) -> Result<(), Interruption> + 'a;

/// A drive with a CD in it.
pub struct Drive<'a> {
    reader: Reader<'a>,
    reporter: Reporter<'a>,
    stop: StopFlag,
    limit: Duration,
    largest: u64,
    scratch: Vec<u8>,
    progress: WorkerProgress,
    /// Whether the drive tells which bytes are wrong (C2).
    pub c2: bool,
    /// Whether the drive gives the sub-channel.
    pub sub: bool,
    /// Frames that were read, all readings counted.
    pub frames_read: u64,
}

impl<'a> Drive<'a> {
    /// Asks for at most what the drive takes, and less if the options say so.
    pub fn new(reader: Reader<'a>, reporter: Reporter<'a>, stop: StopFlag, options: &ReadOptions) -> Self {
        let bytes = reader.max_transfer() * crate::domain::ids::SECTOR;
        let largest = options.block_sectors.map_or(u64::MAX, u64::from).min(bytes / RawLayout::MainC2.frame() as u64).max(1);
        let limit = Duration::from_millis(options.read_timeout_ms);
        let progress = WorkerProgress::default();
        Self { reader, reporter, stop, limit, largest, scratch: Vec::new(), progress, c2: false, sub: false, frames_read: 0 }
    }

    /// Whether the drive gives frames of this kind; `at` is a frame that should be readable. A frame that cannot be read says nothing
    /// against it.
    ///
    /// # Errors
    /// The run is over.
    pub fn offers(&mut self, at: u64, layout: RawLayout) -> Result<bool, Interruption> {
        let mut buffer = vec![0; layout.frame()];
        let mut refused = false;
        let (limit, reporter) = (self.limit, &mut self.reporter);
        let mut command = |device: &mut dyn crate::optical::OpticalDevice| {
            let answer = device.read_raw(Lba(at), &mut buffer, layout, limit);
            refused = matches!(answer, Err(DeviceError::Refused(_)));
            answer
        };
        // Only the refusal counts; everything that ends the run comes out of here as an error.
        let _ = self.reader.command(&mut command, &mut || reporter.alive())?;
        Ok(!refused)
    }

    /// What is best for finding errors in audio.
    pub fn checking(&self) -> RawLayout {
        if self.c2 { RawLayout::MainC2 } else { RawLayout::Main }
    }

    /// Reads frames in order and tells of each. The first request has at most `first` frames, so that a second reading of the same
    /// frames is cut differently from the first.
    ///
    /// # Errors
    /// The run is over, or what `hear` says.
    pub fn each(&mut self, range: Range<u64>, first: u64, layout: RawLayout, hear: &mut Hear<'_>) -> Result<(), Interruption> {
        let mut at = range.start;
        let mut count = first.clamp(1, self.largest);
        while at < range.end {
            count = count.min(range.end - at);
            match self.request(at, count, layout)? {
                Ok(()) => self.tell(at, count, layout, hear)?,
                Err(unreadable) if count == 1 => hear(at, Err(unreadable.sense))?,
                Err(_) => {
                    for single in at..at + count {
                        match self.request(single, 1, layout)? {
                            Ok(()) => self.tell(single, 1, layout, hear)?,
                            Err(unreadable) => hear(single, Err(unreadable.sense))?,
                        }
                    }
                }
            }
            at += count;
            count = self.largest;
        }
        Ok(())
    }

    /// Most frames in one request.
    pub fn largest(&self) -> u64 {
        self.largest
    }

    fn request(&mut self, start: u64, count: u64, layout: RawLayout) -> Result<Result<(), Unreadable>, Interruption> {
        let bytes = usize::try_from(count).unwrap_or(1) * layout.frame();
        self.scratch.resize(bytes, 0);
        let (reporter, progress) = (&mut self.reporter, self.progress);
        let buffer = (&mut self.scratch[..], layout);
        let answer = self.reader.read_raw(Lba(start), buffer, self.limit, &mut || reporter.moved(|| progress))?;
        self.frames_read += if answer.is_ok() { count } else { 0 };
        self.moved(0);
        Ok(answer)
    }

    fn tell(&self, start: u64, count: u64, layout: RawLayout, hear: &mut Hear<'_>) -> Result<(), Interruption> {
        for (lba, bytes) in (start..start + count).zip(self.scratch.chunks_exact(layout.frame())) {
            let (main, rest) = bytes.split_at(FRAME);
            let clean = layout != RawLayout::MainC2 || rest[..C2].iter().all(|bits| *bits == 0);
            hear(lba, Ok(Frame { main, clean, sub: (layout == RawLayout::MainSub).then_some(rest) }))?;
        }
        Ok(())
    }

    /// The device itself, for commands that read no frames.
    pub fn device(&mut self) -> &mut dyn crate::optical::OpticalDevice {
        self.reader.device()
    }

    /// Errors that the drive reported as recovered.
    pub fn recovered(&self) -> u64 {
        self.reader.recovered()
    }

    /// Bytes that came from the disc.
    pub fn bytes(&self) -> u64 {
        self.reader.bytes()
    }

    /// # Errors
    /// When the run shall end.
    pub fn check(&self) -> Result<(), Interruption> {
        self.stop.check()
    }

    /// Another phase with so many bytes to do, of which some are done.
    pub fn phase(&mut self, phase: Phase, size_total: u64, size_processed: u64) {
        self.reporter.phase(phase);
        self.progress = WorkerProgress { size_total, size_processed, ..self.progress };
        self.moved(0);
    }

    /// More bytes are done.
    pub fn moved(&mut self, bytes: u64) {
        self.progress.size_processed = (self.progress.size_processed + bytes).min(self.progress.size_total);
        let progress = self.progress;
        self.reporter.moved(|| progress);
    }

    /// Frames that were given up.
    pub fn lost(&mut self, start: u64, count: u64, sense: Option<Sense>) {
        self.progress.bad_sectors += count;
        self.reporter.say(WorkerMessage::BadRange { start: Lba(start), count, sense });
    }
}
