//! Raw frames of a CD: 2352 bytes, of which a data sector is a part (ECMA-130 sections 14 and 20, annexes A and B; "CD-ROM XA").
//!
//! ```text
//! mode 1          sync 12, header 4, data 2048, EDC 4, zeros 8, ECC P 172, ECC Q 104
//! mode 2 form 1   sync 12, header 4, sub-header 8, data 2048, EDC 4, ECC P 172, ECC Q 104
//! mode 2 form 2   sync 12, header 4, sub-header 8, data 2324, EDC 4 (zeros: not used)
//! ```

/// Bytes of one raw frame.
pub const FRAME: usize = 2352;
/// Bytes of user data in a mode 2 form 2 frame.
pub const FORM2_DATA: usize = 2324;
/// The frame of sector 0 is called 00:02:00.
pub const MSF_OFFSET: u64 = 150;

const SYNC: [u8; 12] = [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0];
const HEADER: usize = 12;
const SUB_HEADER: usize = 16;
const MODE1_EDC: usize = 2064;
const FORM1_EDC: usize = 2072;
const FORM2_EDC: usize = 2348;
const ECC_P: usize = 2076;
const ECC_Q: usize = 2248;
/// Bit of the sub-mode byte that says form 2.
const FORM2_BIT: u8 = 0x20;

/// What is in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// 2048 bytes with error correction.
    Mode1,
    /// 2048 bytes with a sub-header and error correction.
    Mode2Form1,
    /// 2324 bytes with a sub-header and without error correction.
    Mode2Form2,
}

/// Two digits in one byte; numbers above 99 lose their hundreds.
pub const fn bcd(number: u8) -> u8 {
    ((number / 10 % 10) << 4) | (number % 10)
}

/// The number that two digits say; `None` if they are no digits.
pub const fn from_bcd(byte: u8) -> Option<u8> {
    if byte >> 4 > 9 || byte & 0x0f > 9 { None } else { Some((byte >> 4) * 10 + (byte & 0x0f)) }
}

/// Minute, second and frame of a sector. Positions from 100 minutes on, which a disc cannot write down, become 99:59:74.
pub fn msf(lba: u64) -> [u8; 3] {
    let frames = lba.saturating_add(MSF_OFFSET).min(100 * 60 * 75 - 1);
    let part = |value: u64| u8::try_from(value).unwrap_or(99);
    [part(frames / (60 * 75)), part(frames / 75 % 60), part(frames % 75)]
}

/// Makes a mode 1 frame. Shorter data is filled up with zeros, longer data is cut to 2048 bytes.
pub fn encode_mode1(lba: u64, data: &[u8]) -> [u8; FRAME] {
    let mut frame = begin(lba, 1);
    fill(&mut frame[SUB_HEADER..MODE1_EDC], data);
    let edc = edc(&frame[..MODE1_EDC]);
    frame[MODE1_EDC..MODE1_EDC + 4].copy_from_slice(&edc.to_le_bytes());
    write_ecc(&mut frame);
    frame
}

/// Makes a mode 2 form 1 frame; `sub_header` is file, channel, sub-mode, coding, and written twice.
pub fn encode_mode2_form1(lba: u64, sub_header: [u8; 4], data: &[u8]) -> [u8; FRAME] {
    let [file, channel, sub_mode, coding] = sub_header;
    let mut frame = begin_xa(lba, [file, channel, sub_mode & !FORM2_BIT, coding]);
    fill(&mut frame[SUB_HEADER + 8..FORM1_EDC], data);
    let edc = edc(&frame[SUB_HEADER..FORM1_EDC]);
    frame[FORM1_EDC..FORM1_EDC + 4].copy_from_slice(&edc.to_le_bytes());
    // The error correction of XA leaves the header out, so that frames can be moved.
    let header: [u8; 4] = [frame[12], frame[13], frame[14], frame[15]];
    frame[HEADER..SUB_HEADER].fill(0);
    write_ecc(&mut frame);
    frame[HEADER..SUB_HEADER].copy_from_slice(&header);
    frame
}

/// Makes a mode 2 form 2 frame, with its error detection code.
pub fn encode_mode2_form2(lba: u64, sub_header: [u8; 4], data: &[u8]) -> [u8; FRAME] {
    let [file, channel, sub_mode, coding] = sub_header;
    let mut frame = begin_xa(lba, [file, channel, sub_mode | FORM2_BIT, coding]);
    fill(&mut frame[SUB_HEADER + 8..FORM2_EDC], data);
    let edc = edc(&frame[SUB_HEADER..FORM2_EDC]);
    frame[FORM2_EDC..].copy_from_slice(&edc.to_le_bytes());
    frame
}

/// What kind of data frame this is; `None` for audio, for modes without user data and for anything that is not 2352 bytes.
pub fn kind(frame: &[u8]) -> Option<FrameKind> {
    if frame.len() != FRAME || frame[..HEADER] != SYNC {
        return None;
    }
    match frame[15] & 0x03 {
        1 => Some(FrameKind::Mode1),
        2 if frame[SUB_HEADER + 2] & FORM2_BIT != 0 => Some(FrameKind::Mode2Form2),
        2 => Some(FrameKind::Mode2Form1),
        _ => None,
    }
}

/// The user data: 2048 bytes (mode 1, mode 2 form 1) or 2324 (mode 2 form 2); `None` as in [`kind`].
pub fn user_data(frame: &[u8]) -> Option<&[u8]> {
    Some(match kind(frame)? {
        FrameKind::Mode1 => &frame[SUB_HEADER..MODE1_EDC],
        FrameKind::Mode2Form1 => &frame[SUB_HEADER + 8..FORM1_EDC],
        FrameKind::Mode2Form2 => &frame[SUB_HEADER + 8..FORM2_EDC],
    })
}

/// Whether the error detection code fits the data. A form 2 frame may have none (zeros), which says nothing against it.
/// `false` for what is no data frame.
pub fn edc_ok(frame: &[u8]) -> bool {
    let (from, at) = match kind(frame) {
        Some(FrameKind::Mode1) => (0, MODE1_EDC),
        Some(FrameKind::Mode2Form1) => (SUB_HEADER, FORM1_EDC),
        Some(FrameKind::Mode2Form2) if frame[FORM2_EDC..] == [0; 4] => return true,
        Some(FrameKind::Mode2Form2) => (SUB_HEADER, FORM2_EDC),
        None => return false,
    };
    frame[at..at + 4] == edc(&frame[from..at]).to_le_bytes()
}

/// Sector number in the frame's header; `None` for what is no data frame and for headers that are no time.
pub fn header_lba(frame: &[u8]) -> Option<u64> {
    kind(frame)?;
    let [minute, second, part] = [from_bcd(frame[12])?, from_bcd(frame[13])?, from_bcd(frame[14])?];
    let frames = (u64::from(minute) * 60 + u64::from(second)) * 75 + u64::from(part);
    (second < 60 && part < 75).then(|| frames.checked_sub(MSF_OFFSET)).flatten()
}

/// CRC-16 of the Q sub-channel and of CD-Text packs: x^16 + x^12 + x^5 + 1, from zeros, written inverted (ECMA-130 section 22.3.6).
pub fn crc16(bytes: &[u8]) -> u16 {
    let sum = bytes.iter().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 })
    });
    !sum
}

fn begin(lba: u64, mode: u8) -> [u8; FRAME] {
    let mut frame = [0; FRAME];
    frame[..HEADER].copy_from_slice(&SYNC);
    let [minute, second, part] = msf(lba).map(bcd);
    frame[HEADER..SUB_HEADER].copy_from_slice(&[minute, second, part, mode]);
    frame
}

fn begin_xa(lba: u64, sub_header: [u8; 4]) -> [u8; FRAME] {
    let mut frame = begin(lba, 2);
    frame[SUB_HEADER..SUB_HEADER + 4].copy_from_slice(&sub_header);
    frame[SUB_HEADER + 4..SUB_HEADER + 8].copy_from_slice(&sub_header);
    frame
}

fn fill(place: &mut [u8], data: &[u8]) {
    let count = data.len().min(place.len());
    place[..count].copy_from_slice(&data[..count]);
}

/// (x^16 + x^15 + x^2 + 1)(x^16 + x^2 + x + 1), least significant bit first (ECMA-130 section 14.3).
const EDC_POLYNOMIAL: u32 = 0xd801_8001;
const EDC_TABLE: [u32; 256] = edc_table();

const fn edc_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut value = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ EDC_POLYNOMIAL } else { value >> 1 };
            bit += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
}

fn edc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum: u32, byte| (sum >> 8) ^ EDC_TABLE[usize::from(sum.to_le_bytes()[0] ^ byte)])
}

/// Multiplication by α in GF(2^8) over x^8 + x^4 + x^3 + x^2 + 1.
const fn times_alpha(value: u8) -> u8 {
    if value & 0x80 == 0 { value << 1 } else { (value << 1) ^ 0x1d }
}

/// Division by α + 1.
const OVER_ALPHA_PLUS_1: [u8; 256] = over_alpha_plus_1();

const fn over_alpha_plus_1() -> [u8; 256] {
    let mut table = [0; 256];
    let mut value: u8 = 255;
    while value > 0 {
        table[(times_alpha(value) ^ value) as usize] = value;
        value -= 1;
    }
    table
}

/// The two parity bytes of one code word: all bytes add up to zero, and so they do when each is weighted with the power of
/// α that is its distance from the end.
fn parity(code_word: impl Iterator<Item = u8>) -> (u8, u8) {
    let (sum, weighted) = code_word.fold((0, 0), |(sum, weighted), byte| (sum ^ byte, times_alpha(weighted) ^ byte));
    let first = OVER_ALPHA_PLUS_1[usize::from(sum ^ times_alpha(times_alpha(weighted)))];
    (first, sum ^ first)
}

/// The product code over bytes 12 to 2075: 1032 pairs of bytes, each half by itself (ECMA-130 annex A). P runs down the 43 columns,
/// Q along the 26 diagonals, which P's parities are part of.
fn write_ecc(frame: &mut [u8; FRAME]) {
    for half in 0..2 {
        let at = |pair: usize| HEADER + 2 * pair + half;
        for column in 0..43 {
            let (first, second) = parity((0..24).map(|row| frame[at(43 * row + column)]));
            frame[ECC_P + 2 * column + half] = first;
            frame[ECC_P + 86 + 2 * column + half] = second;
        }
        for diagonal in 0..26 {
            let (first, second) = parity((0..43).map(|step| frame[at((44 * step + 43 * diagonal) % 1118)]));
            frame[ECC_Q + 2 * diagonal + half] = first;
            frame[ECC_Q + 52 + 2 * diagonal + half] = second;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(count: usize) -> Vec<u8> {
        (0..count).map(|index| (index * 7 + index / 256 * 13) as u8).collect()
    }

    /// Sums of a code word by the definition: each byte times α to its distance from the end.
    fn syndromes(word: &[u8]) -> (u8, u8) {
        let power = |byte: u8, exponent: usize| (0..exponent).fold(byte, |value, _| times_alpha(value));
        let weighted = word.iter().enumerate().fold(0, |sum, (index, byte)| sum ^ power(*byte, word.len() - 1 - index));
        (word.iter().fold(0, |sum, byte| sum ^ byte), weighted)
    }

    fn ecc_is_right(frame: &[u8]) -> bool {
        let pair = |index: usize, half: usize| frame[12 + 2 * index + half];
        (0..2).all(|half| {
            let columns = (0..43).all(|n| {
                let word: Vec<u8> = (0..26).map(|m| pair(43 * m + n, half)).collect();
                syndromes(&word) == (0, 0)
            });
            let diagonals = (0..26).all(|n| {
                let mut word: Vec<u8> = (0..43).map(|m| pair((44 * m + 43 * n) % 1118, half)).collect();
                word.extend([pair(1118 + n, half), pair(1118 + 26 + n, half)]);
                syndromes(&word) == (0, 0)
            });
            columns && diagonals
        })
    }

    #[test]
    fn known_sums() {
        // The empty form 2 sectors that fill PlayStation discs end in these bytes.
        assert_eq!(encode_mode2_form2(0, [0, 0, 0x20, 0], &[])[2348..], [0x3f, 0x13, 0xb0, 0xbe]);
        // Check value of CRC-16/GSM: the same polynomial, start and inversion.
        assert_eq!(crc16(b"123456789"), 0xce3c);
    }

    #[test]
    fn a_mode_1_frame_is_what_the_standard_says() {
        let data = bytes(2048);
        let frame = encode_mode1(16, &data);
        assert_eq!(frame[..16], [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0x00, 0x02, 0x16, 1]);
        assert_eq!((kind(&frame), user_data(&frame), header_lba(&frame)), (Some(FrameKind::Mode1), Some(&data[..]), Some(16)));
        assert_eq!(frame[2068..2076], [0; 8]);
        assert!(edc_ok(&frame) && ecc_is_right(&frame));
        assert_eq!(encode_mode1(333_000, &data)[12..15], [0x74, 0x02, 0x00]);
    }

    #[test]
    fn xa_frames_know_their_form() {
        let data = bytes(2324);
        let form1 = encode_mode2_form1(1000, [1, 2, 0x28, 3], &data);
        assert_eq!((kind(&form1), user_data(&form1)), (Some(FrameKind::Mode2Form1), Some(&data[..2048])));
        assert_eq!(form1[16..24], [1, 2, 8, 3, 1, 2, 8, 3]);
        let mut without_header = form1;
        without_header[12..16].fill(0);
        assert!(edc_ok(&form1) && ecc_is_right(&without_header));
        let mut form2 = encode_mode2_form2(1000, [1, 2, 0, 3], &data);
        assert_eq!((kind(&form2), user_data(&form2), edc_ok(&form2)), (Some(FrameKind::Mode2Form2), Some(&data[..]), true));
        form2[2348..].fill(0);
        assert!(edc_ok(&form2), "the code of form 2 is optional");
    }

    #[test]
    fn each_wrong_byte_is_noticed_and_audio_is_no_data() {
        let frame = encode_mode1(0, &bytes(2048));
        for at in 12..2068 {
            let mut wrong = frame;
            wrong[at] ^= 0x10;
            assert!(!edc_ok(&wrong), "byte {at}");
        }
        assert_eq!((kind(&[0; FRAME]), user_data(&bytes(FRAME)), edc_ok(&[0; FRAME])), (None, None, false));
        assert_eq!(user_data(&frame[..2351]), None);
    }

    #[test]
    fn times_are_bounded() {
        assert_eq!(msf(0), [0, 2, 0]);
        assert_eq!(msf(u64::MAX), [99, 59, 74]);
        assert_eq!((bcd(59), from_bcd(0x59), from_bcd(0x5a), from_bcd(0xa0)), (0x59, Some(59), None, None));
        let mut frame = encode_mode1(0, &[]);
        frame[13] = 0x01;
        assert_eq!(header_lba(&frame), None, "before sector 0");
    }
}
