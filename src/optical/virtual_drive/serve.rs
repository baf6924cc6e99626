//! A virtual drive at the end of a pipe, for a program that hands a kernel's SCSI commands over.
//!
//! ```text
//! request   u8 length of the command, the command, u32 most bytes to answer with, u32 number of bytes sent along, those bytes
//! response  u8 SCSI status, u8 length of sense data, sense data, u32 number of bytes, those bytes
//! ```
//! Numbers are little-endian. A command of length 0 ends the conversation; a drive that hangs leaves it unanswered until it
//! does no more.

use super::target::SoftTarget;
use crate::optical::DeviceError;
use std::{
    io::{self, Read, Write},
    path::Path,
};

/// Most bytes in one command, either way: more than any host sends.
const MAX_BYTES: u32 = 32 << 20;
/// Longest command.
const MAX_CDB: usize = 260;

/// Answers commands from `input` on `output` until there are no more.
///
/// # Errors
/// [`DeviceError::Gone`] if there is no such drive; [`DeviceError::Other`] if the other side breaks the rules or goes away in the middle.
pub fn serve(folder: &Path, input: &mut impl Read, output: &mut impl Write) -> Result<(), DeviceError> {
    let mut target = Some(SoftTarget::open(folder)?);
    let failed = |error: io::Error| DeviceError::Other(format!("the other side of the pipe: {error}"));
    while let Some((cdb, most, out)) = request(input).map_err(failed)? {
        let mut data = vec![0; most];
        let answer = match &mut target {
            Some(target) => target.perform(&cdb, &out, &mut data),
            None => SoftTarget::open(folder).and_then(|opened| target.insert(opened).perform(&cdb, &out, &mut data)),
        };
        let (status, sense, transferred) = match answer {
            Ok(reply) => (reply.status, reply.sense, reply.transferred.min(most)),
            Err(error) => {
                eprintln!("disk2iso scsi-target: {error}");
                // A drive that vanished is another one when it is back. Until then: hardware error, internal target failure.
                target = target.filter(|_| error != DeviceError::Gone);
                (2, vec![0x70, 0, 4, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x44, 0, 0, 0, 0, 0], 0)
            }
        };
        let mut response = vec![status, u8::try_from(sense.len()).unwrap_or(0)];
        response.extend(&sense);
        response.extend(u32::try_from(transferred).unwrap_or(0).to_le_bytes());
        response.extend(&data[..transferred]);
        output.write_all(&response).and_then(|()| output.flush()).map_err(failed)?;
    }
    Ok(())
}

/// Command, most bytes to answer with, bytes that came along.
type Request = (Vec<u8>, usize, Vec<u8>);

/// The next command, the room for its answer, and the bytes that come with it; `None` at the end.
fn request(input: &mut impl Read) -> io::Result<Option<Request>> {
    let mut length = [0];
    if input.read(&mut length)? == 0 || length[0] == 0 {
        return Ok(None);
    }
    let mut cdb = vec![0; usize::from(length[0]).min(MAX_CDB)];
    input.read_exact(&mut cdb)?;
    let mut number = || {
        let mut bytes = [0; 4];
        input.read_exact(&mut bytes)?;
        match u32::from_le_bytes(bytes) {
            number if number <= MAX_BYTES => Ok(usize::try_from(number).unwrap_or(0)),
            number => Err(io::Error::other(format!("{number} bytes in one command; at most {MAX_BYTES} are possible"))),
        }
    };
    let (most, sent) = (number()?, number()?);
    let mut out = vec![0; sent];
    input.read_exact(&mut out)?;
    Ok(Some((cdb, most, out)))
}
