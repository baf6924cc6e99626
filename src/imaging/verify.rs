//! Second looks: the image from storage, and the disc against the image.

use super::{
    interrupt::{Interruption, code},
    pipeline::Pipeline,
    protocol::{ImageHashes, WorkerProgress},
    reader::{Unreadable, bytes_of},
    session::Session,
};
use crate::domain::{
    ids::{Lba, SECTOR},
    sector_map::BlockStatus,
};
use std::{ops::Range, time::Duration};

/// How often a sector that differed is read again.
const TRIES: u32 = 3;

/// What comparing the disc with the image found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiscCheck {
    /// Sectors that two later reads agreed on, against the image; the image now has what they agreed on.
    pub patched: u64,
    /// Sectors whose content never came twice.
    pub unsettled: u64,
}

/// Hashes the stored image anew, from storage and not from memory where the system allows it.
///
/// # Errors
/// What the sink says, or a request to stop.
pub fn hash_from_storage(session: &mut Session<'_>, end: u64) -> Result<ImageHashes, Interruption> {
    session.pipeline.sink().sync_data()?;
    session.pipeline.sink().drop_cache();
    let Session { pipeline, reporter, stop, .. } = session;
    hash_image(pipeline, end, &mut |done| {
        reporter.moved(|| WorkerProgress { size_total: end, size_processed: done, ..WorkerProgress::default() });
        stop.check()
    })
}

/// Hashes the open file from 0 to `end`.
///
/// # Errors
/// What the sink says, or whatever `moved` returns.
pub fn hash_image(
    pipeline: &mut Pipeline,
    end: u64,
    moved: &mut dyn FnMut(u64) -> Result<(), Interruption>,
) -> Result<ImageHashes, Interruption> {
    if pipeline.hashed() > 0 {
        pipeline.finish_hashes()?;
    }
    pipeline.hash_stored(end, moved)?;
    pipeline.finish_hashes()
}

/// Reads every finished sector of the disc a second time and compares it with the image.
///
/// # Errors
/// What ends a run. Sectors that are unreadable now are unsettled, not errors.
pub fn compare_disc(session: &mut Session<'_>) -> Result<DiscCheck, Interruption> {
    let mut check = DiscCheck::default();
    let total: u64 = session.map.bytes(BlockStatus::Finished);
    let mut done = 0;
    for range in session.map.ranges(&[BlockStatus::Finished]) {
        let mut position = range.start / SECTOR;
        let end = range.end / SECTOR;
        while position < end {
            session.stop.check()?;
            let count = session.max_request().min(end - position);
            compare_request(session, position..position + count, &mut check)?;
            position += count;
            done += count * SECTOR;
            session.reporter.moved(|| WorkerProgress { size_total: total, size_processed: done, ..WorkerProgress::default() });
        }
    }
    Ok(check)
}

fn compare_request(session: &mut Session<'_>, range: Range<u64>, check: &mut DiscCheck) -> Result<(), Interruption> {
    let bytes = bytes_of(range.end - range.start);
    let mut stored = session.pipeline.buffer(0)?;
    let mut again = session.pipeline.buffer(0)?;
    let (stored, again) = (&mut stored.whole()[..bytes], &mut again.whole()[..bytes]);
    session.pipeline.sink().read_at(Lba(range.start).byte(), stored)?;
    let readable = second_read(session, range.start, again)?.is_ok();
    if readable && stored == again {
        return Ok(());
    }
    let size = bytes_of(1);
    for (index, sector) in range.enumerate() {
        let place = index * size..(index + 1) * size;
        let second = readable.then(|| &again[place.clone()]);
        if second != Some(&stored[place.clone()]) {
            settle(session, sector, &stored[place], second, check)?;
        }
    }
    Ok(())
}

/// Reads one sector until two reads agree on its content. `stored` counts as the first read.
fn settle(
    session: &mut Session<'_>,
    sector: u64,
    stored: &[u8],
    second: Option<&[u8]>,
    check: &mut DiscCheck,
) -> Result<(), Interruption> {
    let mut seen: Vec<Vec<u8>> = std::iter::once(stored).chain(second).map(<[u8]>::to_vec).collect();
    for _ in 0..TRIES {
        session.stop.check()?;
        let mut bytes = vec![0; bytes_of(1)];
        let read = second_read(session, sector, &mut bytes)?.is_ok();
        session.reporter.alive();
        if !read {
            continue;
        }
        if bytes == stored {
            return Ok(());
        }
        if seen.contains(&bytes) {
            check.patched += 1;
            return session.pipeline.patch(Lba(sector).byte(), &bytes);
        }
        seen.push(bytes);
    }
    check.unsettled += 1;
    Ok(())
}

/// Whether a published image without a map is of the disc in the drive: all of it is read and compared, the first difference
/// ends it. Fills the session's map with what the comparison showed.
///
/// # Errors
/// `name_taken` if the file is not a complete image of this disc.
pub fn prove(session: &mut Session<'_>, len: u64) -> Result<(), Interruption> {
    let foreign = || {
        let message =
            "a file with the final name exists and is not a complete image of this disc; choose another name or move it away";
        Interruption::failed(code::NAME_TAKEN, message)
    };
    let (mut position, end) = (0, len / SECTOR);
    while position < end {
        session.stop.check()?;
        let count = session.max_request().min(end - position);
        if !same(session, position, count)? {
            return Err(foreign());
        }
        session.map.set(Lba(position).byte()..Lba(position + count).byte(), BlockStatus::Finished);
        position += count;
        session.moved();
    }
    for sector in end..session.map.len() / SECTOR {
        // A trimmed image ends where the disc is unreadable, nowhere else.
        let mut bytes = vec![0; bytes_of(1)];
        if second_read(session, sector, &mut bytes)?.is_ok() {
            return Err(foreign());
        }
        session.map.set(Lba(sector).byte()..Lba(sector + 1).byte(), BlockStatus::Bad);
    }
    Ok(())
}

/// Whether these sectors of disc and image are the same; a request that fails is repeated sector by sector.
fn same(session: &mut Session<'_>, start: u64, count: u64) -> Result<bool, Interruption> {
    let bytes = bytes_of(count);
    let (mut stored, mut read) = (session.pipeline.buffer(0)?, session.pipeline.buffer(0)?);
    let (stored, read) = (&mut stored.whole()[..bytes], &mut read.whole()[..bytes]);
    session.pipeline.sink().read_at(Lba(start).byte(), stored)?;
    if second_read(session, start, read)?.is_ok() {
        return Ok(stored == read);
    }
    for (sector, (stored, read)) in (start..).zip(stored.chunks(bytes_of(1)).zip(read.chunks_mut(bytes_of(1)))) {
        let mut readable = false;
        for _ in 0..TRIES {
            readable = readable || second_read(session, sector, read)?.is_ok();
        }
        if !readable || stored != read {
            return Ok(false);
        }
    }
    Ok(true)
}

fn second_read(session: &mut Session<'_>, sector: u64, buffer: &mut [u8]) -> Result<Result<(), Unreadable>, Interruption> {
    let limit = Duration::from_millis(session.options.read_timeout_ms.max(1));
    let Session { reader, reporter, .. } = session;
    reader.read_again(Lba(sector), buffer, limit, &mut || reporter.alive())
}
