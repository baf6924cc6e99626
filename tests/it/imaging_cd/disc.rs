//! A CD in memory with everything that is on it, and a drive that reads it as badly as it is told.

use disk2iso::{
    domain::{
        disc::{DiscKind, Fingerprint, MediaProfile, Medium, SizeClaims, Toc, Track, frame},
        drive::TrayStatus,
        ids::Lba,
    },
    filesystems::IdentifyFailure,
    imaging::StopFlag,
    optical::{DeviceError, DeviceIdentity, DeviceStatus, OpticalDevice, RawLayout, Sense},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

pub const FRAME: usize = 2352;

/// What happens once, before the n-th request of the whole story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Stop,
    Vanish,
    Exchange,
}

/// What a track consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Audio,
    Mode1,
    /// Form 1, and every third sector form 2.
    Xa,
}

#[derive(Debug)]
pub struct State {
    pub toc: Toc,
    frames: Vec<Vec<u8>>,
    /// What the drive makes of them: audio comes late by its offset.
    given: Vec<Vec<u8>>,
    /// Frames between sessions, which nobody may ask for.
    forbidden: Vec<Range<u64>>,
    bad: BTreeSet<u64>,
    /// Frames that fail so many times before they can be read.
    flaky: BTreeMap<u64, u32>,
    /// Frames that come out wrong so many times (each time differently) before they are right.
    wrong: BTreeMap<u64, u32>,
    /// Frames that never give the same bytes twice.
    unstable: BTreeSet<u64>,
    /// Frames that C2 marks, together with wrong bytes that are always the same, so many times.
    marked: BTreeMap<u64, u32>,
    /// Frames that were read wrongly and come from the cache until so many others were read.
    sticky: BTreeMap<u64, (u64, Option<u64>)>,
    read_offset: i64,
    refuses: Vec<RawLayout>,
    overreads: bool,
    events: BTreeMap<u64, Event>,
    exchanged: bool,
    pub requests: u64,
    pub delivered: u64,
    max_transfer: u32,
    pub speed: Option<u32>,
}

/// The disc, shared by all drives that it is put into.
#[derive(Debug, Clone)]
pub struct Disc(pub Arc<Mutex<State>>);

/// One sample (left, right) of the music: noise, different everywhere, never silent.
fn sample(position: u64) -> [u8; 4] {
    let word = (position + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ word >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (u32::try_from(word >> 32).unwrap() | 1).to_le_bytes()
}

fn music(lba: u64) -> Vec<u8> {
    (lba * 588..(lba + 1) * 588).flat_map(sample).collect()
}

pub fn user_data(lba: u64) -> Vec<u8> {
    lba.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes().repeat(256)
}

impl Disc {
    /// Tracks with their kind, session and length in frames; each session begins 11,400 frames after the one before.
    pub fn new(tracks: &[(Kind, u8, u64)]) -> Self {
        let (mut list, mut frames, mut forbidden): (Vec<Track>, Vec<Vec<u8>>, Vec<Range<u64>>) =
            (Vec::new(), Vec::new(), Vec::new());
        let mut session = 1;
        for (number, (kind, of, len)) in (1..).zip(tracks.iter().copied()) {
            let mut start = frames.len() as u64;
            if of != session {
                session = of;
                forbidden.push(start..start + 11_400);
                frames.resize(frames.len() + 11_400, Vec::new());
                start += 11_400;
            }
            let audio = kind == Kind::Audio;
            // Where data changes to audio, the pre-gap of the audio track is silence.
            if audio && list.last().is_some_and(|last: &Track| last.data && last.session == of) {
                let end = frames.len();
                frames[end - 150..].iter_mut().for_each(|frame| *frame = vec![0; FRAME]);
            }
            list.push(if audio { Track::audio(number, of, start) } else { Track::data(number, of, start) });
            frames.extend((start..start + len).map(|lba| match kind {
                Kind::Audio => music(lba),
                Kind::Mode1 => frame::encode_mode1(lba, &user_data(lba)).to_vec(),
                Kind::Xa if lba % 3 == 2 => frame::encode_mode2_form2(lba, [1, 2, 0x20, 4], &user_data(lba)).to_vec(),
                Kind::Xa => frame::encode_mode2_form1(lba, [1, 2, 8, 0], &user_data(lba)).to_vec(),
            }));
        }
        let toc = Toc { tracks: list, lead_out: frames.len() as u64, sessions: Vec::new() };
        Self(Arc::new(Mutex::new(State {
            toc,
            given: frames.clone(),
            frames,
            forbidden,
            bad: BTreeSet::new(),
            flaky: BTreeMap::new(),
            wrong: BTreeMap::new(),
            unstable: BTreeSet::new(),
            marked: BTreeMap::new(),
            sticky: BTreeMap::new(),
            read_offset: 0,
            refuses: Vec::new(),
            overreads: false,
            events: BTreeMap::new(),
            exchanged: false,
            requests: 0,
            delivered: 0,
            max_transfer: 32,
            speed: None,
        })))
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn with(self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.lock());
        self
    }

    /// The first track begins here and not at 0: what is before is its pre-gap.
    pub fn first_start(self, start: u64) -> Self {
        self.with(|state| state.toc.tracks[0].start = start)
    }

    pub fn bad(self, range: Range<u64>) -> Self {
        self.with(|state| state.bad.extend(range))
    }

    pub fn flaky(self, range: Range<u64>, times: u32) -> Self {
        self.with(|state| state.flaky.extend(range.map(|lba| (lba, times))))
    }

    pub fn wrong(self, range: Range<u64>, times: u32) -> Self {
        self.with(|state| state.wrong.extend(range.map(|lba| (lba, times))))
    }

    pub fn unstable(self, range: Range<u64>) -> Self {
        self.with(|state| state.unstable.extend(range))
    }

    pub fn marked(self, range: Range<u64>, times: u32) -> Self {
        self.with(|state| state.marked.extend(range.map(|lba| (lba, times))))
    }

    pub fn sticky(self, lba: u64, others: u64) -> Self {
        self.with(|state| _ = state.sticky.insert(lba, (others, None)))
    }

    pub fn read_offset(self, samples: i64) -> Self {
        self.with(|state| {
            state.read_offset = samples;
            state.given = (0..state.toc.lead_out + 10).map(|lba| state.give(lba)).collect();
        })
    }

    pub fn overreads(self) -> Self {
        self.with(|state| state.overreads = true)
    }

    pub fn refuses(self, layout: RawLayout) -> Self {
        self.with(|state| state.refuses.push(layout))
    }

    pub fn max_transfer(self, sectors: u32) -> Self {
        self.with(|state| state.max_transfer = sectors)
    }

    pub fn event(self, request: u64, event: Event) -> Self {
        self.with(|state| _ = state.events.insert(request, event))
    }

    /// A sector whose error detection code does not fit, on the disc itself.
    pub fn broken_code(self, lba: u64) -> Self {
        self.with(|state| {
            let at = usize::try_from(lba).unwrap();
            state.frames[at][100] ^= 0xff;
            state.given[at][100] ^= 0xff;
        })
    }

    pub fn put_back(&self) {
        self.lock().exchanged = false;
    }

    pub fn medium(&self) -> Medium {
        let toc = self.lock().toc.clone();
        let kind = match (toc.has_data(), toc.has_audio(), toc.session_count()) {
            (true, true, 1) => DiscKind::MixedMode,
            (true, true, _) => DiscKind::CdExtra,
            (true, false, _) => DiscKind::Vcd,
            _ => DiscKind::AudioCd,
        };
        let size = SizeClaims { read_capacity: Some(toc.lead_out), ..SizeClaims::default() }.reconcile(MediaProfile::CD_ROM);
        let mut medium = Medium::new("MUSIC".to_owned(), kind, MediaProfile::CD_ROM, Fingerprint("cd".repeat(16)), size);
        medium.toc = Some(toc);
        medium
    }

    pub fn identify(&self, right: &Medium) -> Result<Medium, IdentifyFailure> {
        let mut medium = right.clone();
        if self.lock().exchanged {
            medium.fingerprint = Fingerprint("00".repeat(16));
        }
        Ok(medium)
    }

    /// Every frame of every track, gaps between sessions left out.
    pub fn content(&self) -> Vec<u8> {
        self.lock().frames.concat()
    }

    /// One frame.
    pub fn frame(&self, lba: u64) -> Vec<u8> {
        self.lock().frames[usize::try_from(lba).unwrap()].clone()
    }

    /// Raw sub-channel of a frame as the disc has it: bits of eight channels in every byte.
    pub fn sub(lba: u64) -> Vec<u8> {
        (0..96).map(|index| u8::try_from((lba * 31 + index * 7) % 251).unwrap()).collect()
    }
}

impl State {
    /// What the drive gives for a frame if nothing goes wrong: audio late by its offset.
    fn give(&self, lba: u64) -> Vec<u8> {
        let data = |lba: u64| self.toc.tracks.iter().rfind(|track| track.start <= lba).is_some_and(|track| track.data);
        let whole = self.frames.get(usize::try_from(lba).unwrap()).filter(|frame| !frame.is_empty());
        if lba < self.toc.lead_out && data(lba) {
            return whole.cloned().unwrap_or_else(|| vec![0; FRAME]);
        }
        let first = i64::try_from(lba).unwrap() * 588 - self.read_offset;
        (first..first + 588)
            .flat_map(|position| {
                let at = usize::try_from(position.div_euclid(588)).ok().filter(|at| !data(*at as u64));
                let frame = at.and_then(|at| self.frames.get(at)).filter(|frame| !frame.is_empty());
                let byte = usize::try_from(position.rem_euclid(588) * 4).unwrap();
                frame.map_or([0; 4], |frame| frame[byte..byte + 4].try_into().unwrap())
            })
            .collect()
    }
}

/// A drive with the disc in it.
pub struct MemoryDrive {
    disc: Disc,
    stop: StopFlag,
    gone: bool,
}

impl MemoryDrive {
    pub fn open(disc: &Disc, stop: StopFlag) -> Self {
        Self { disc: disc.clone(), stop, gone: false }
    }

    fn happen(&mut self, event: Event) -> Result<(), DeviceError> {
        match event {
            Event::Stop => {
                self.stop.raise();
                Ok(())
            }
            Event::Vanish => {
                self.gone = true;
                Err(DeviceError::Gone)
            }
            Event::Exchange => {
                self.disc.lock().exchanged = true;
                Err(DeviceError::MediumChanged)
            }
        }
    }
}

fn spoil(bytes: &mut [u8], mark: u64) {
    // Everywhere: of a frame at the edge of a track only a part is the track's.
    let mark = (mark.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1).to_le_bytes();
    bytes.chunks_exact_mut(8).for_each(|word| word.iter_mut().zip(mark).for_each(|(byte, mark)| *byte ^= mark));
}

fn sense(key: u8, asc: u8) -> Sense {
    Sense { key, asc, ascq: 0 }
}

fn refused<T>() -> Result<T, DeviceError> {
    Err(DeviceError::Refused("not here".to_owned()))
}

impl OpticalDevice for MemoryDrive {
    fn identity(&mut self) -> Result<DeviceIdentity, DeviceError> {
        Ok(DeviceIdentity::default())
    }
    fn status(&mut self) -> Result<DeviceStatus, DeviceError> {
        Ok(DeviceStatus { tray: TrayStatus::Loaded, insertion: None })
    }
    fn profile(&mut self) -> Result<MediaProfile, DeviceError> {
        Ok(MediaProfile::CD_ROM)
    }
    fn toc(&mut self) -> Result<Toc, DeviceError> {
        Ok(self.disc.lock().toc.clone())
    }
    fn capacity(&mut self) -> Result<u64, DeviceError> {
        Ok(self.disc.lock().toc.lead_out)
    }
    fn read(&mut self, _: Lba, _: &mut [u8], _: Duration) -> Result<(), DeviceError> {
        refused()
    }

    fn read_raw(&mut self, start: Lba, buffer: &mut [u8], layout: RawLayout, _: Duration) -> Result<(), DeviceError> {
        // Whoever looks at a buffer after an error sees rubbish.
        buffer.fill(0xee);
        if self.gone {
            return Err(DeviceError::Gone);
        }
        let event = {
            let mut state = self.disc.lock();
            state.requests += 1;
            let now = state.requests;
            state.events.remove(&now)
        };
        if let Some(event) = event {
            self.happen(event)?;
        }
        let mut guard = self.disc.lock();
        let state = &mut *guard;
        assert!(!state.exchanged, "nothing may be read from another disc");
        if state.refuses.contains(&layout) {
            return refused();
        }
        assert!(
            buffer.len() <= state.max_transfer as usize * 2048 || buffer.len() == layout.frame(),
            "more than the drive takes"
        );
        let range = start.0..start.0 + (buffer.len() / layout.frame()) as u64;
        assert!(
            !state.forbidden.iter().any(|gap| gap.start < range.end && range.start < gap.end),
            "read in the gap between sessions: {range:?}"
        );
        if range.end > state.toc.lead_out + if state.overreads { 10 } else { 0 } {
            return Err(DeviceError::OutOfRange(sense(5, 0x21)));
        }
        let mut failed = range.clone().any(|lba| state.bad.contains(&lba));
        for lba in range.clone() {
            if let Some(times) = state.flaky.get_mut(&lba).filter(|times| **times > 0) {
                *times -= 1;
                failed = true;
            }
        }
        if failed {
            return Err(DeviceError::Medium(sense(3, 0x11)));
        }
        for (lba, place) in range.zip(buffer.chunks_exact_mut(layout.frame())) {
            state.delivered += 1;
            let mut bytes = state.given.get(usize::try_from(lba).unwrap()).cloned().unwrap_or_else(|| vec![0; FRAME]);
            if let Some(times) = state.wrong.get_mut(&lba).filter(|times| **times > 0) {
                *times -= 1;
                spoil(&mut bytes, state.delivered);
            }
            if state.unstable.contains(&lba) {
                spoil(&mut bytes, state.delivered);
            }
            let delivered = state.delivered;
            if let Some((others, read)) = state.sticky.get_mut(&lba)
                && read.is_none_or(|read| delivered - read < *others)
            {
                read.get_or_insert(delivered);
                spoil(&mut bytes, 7);
            }
            let mut marked = false;
            if let Some(times) = state.marked.get_mut(&lba).filter(|times| **times > 0) {
                *times -= 1;
                marked = true;
                spoil(&mut bytes, 9);
            }
            place.fill(0);
            place[..FRAME].copy_from_slice(&bytes);
            match layout {
                RawLayout::Main => {}
                RawLayout::MainC2 => place[FRAME + 8] = if marked { 0xff } else { 0 },
                RawLayout::MainSub => place[FRAME..].copy_from_slice(&Disc::sub(lba)),
            }
        }
        Ok(())
    }

    fn isrc(&mut self, track: u8) -> Result<Option<String>, DeviceError> {
        Ok((track == 2).then(|| "GBUM70808708".to_owned()))
    }
    fn set_speed(&mut self, kilobytes: Option<u32>) -> Result<(), DeviceError> {
        self.disc.lock().speed = kilobytes;
        Ok(())
    }
    fn max_transfer(&self) -> u32 {
        self.disc.lock().max_transfer
    }
    fn eject(&mut self) -> Result<(), DeviceError> {
        Ok(())
    }
    fn close_tray(&mut self) -> Result<(), DeviceError> {
        Ok(())
    }
}
