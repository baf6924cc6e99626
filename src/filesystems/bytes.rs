//! Numbers and texts in descriptors. Reading past the end gives 0 or nothing, never a panic.

/// Little-endian 16 bits.
pub(super) fn le16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at.saturating_add(2)).and_then(|field| field.try_into().ok()).map_or(0, u16::from_le_bytes)
}

/// Little-endian 32 bits.
pub(super) fn le32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at.saturating_add(4)).and_then(|field| field.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// Little-endian 64 bits.
pub(super) fn le64(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at.saturating_add(8)).and_then(|field| field.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// The bytes of a field, as many as there are.
pub(super) fn field(bytes: &[u8], at: usize, length: usize) -> &[u8] {
    let end = at.saturating_add(length).min(bytes.len());
    bytes.get(at..end).unwrap_or_default()
}

/// Big-endian UTF-16 (Joliet, UDF with 16 bits).
pub(super) fn utf16_be(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// One byte per character (ISO 9660, UDF with 8 bits).
pub(super) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}
