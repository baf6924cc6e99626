//! Numbers and texts in descriptors. Reading past the end gives 0 or nothing, never a panic.

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $type:ty, $from:ident) => {
        $(#[$doc])*
        pub(super) fn $name(bytes: &[u8], at: usize) -> $type {
            let end = at.saturating_add(size_of::<$type>());
            bytes.get(at..end).and_then(|field| field.try_into().ok()).map_or(0, <$type>::$from)
        }
    };
}

number!(
    /// Little-endian 16 bits.
    le16, u16, from_le_bytes
);
number!(
    /// Little-endian 32 bits.
    le32, u32, from_le_bytes
);
number!(
    /// Little-endian 64 bits.
    le64, u64, from_le_bytes
);
number!(
    /// Big-endian 16 bits.
    be16, u16, from_be_bytes
);
number!(
    /// Big-endian 32 bits.
    be32, u32, from_be_bytes
);
number!(
    /// Big-endian 64 bits.
    be64, u64, from_be_bytes
);

/// One byte.
pub(super) fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// The bytes of a field, as many as there are.
pub(super) fn field(bytes: &[u8], at: usize, length: usize) -> &[u8] {
    let end = at.saturating_add(length).min(bytes.len());
    bytes.get(at..end).unwrap_or_default()
}

/// Big-endian UTF-16 (Joliet, UDF with 16 bits, HFS+).
pub(super) fn utf16_be(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// One byte per character (ISO 9660, UDF with 8 bits).
pub(super) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// A number that must fit into memory sizes; what does not is as big as can be.
pub(super) fn size(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
