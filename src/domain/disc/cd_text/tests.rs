//! CD-Text: hand-made packs, round trips, hostile bytes.

use super::*;
use proptest::prelude::*;

/// A pack with its checksum.
fn packed(kind: u8, track: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut pack = vec![kind, track, 0, flags];
    pack.extend(payload);
    pack.resize(16, 0);
    let sum = crc16(&pack).to_be_bytes();
    pack.extend(sum);
    pack
}

fn sizes_pack(code: u8) -> Vec<u8> {
    packed(SIZE_INFO, 0, 0, &[code, 1, 2])
}

fn titles(packs: &[Vec<u8>]) -> Vec<String> {
    let text = parse_cd_text(&packs.concat()).unwrap_or_default();
    std::iter::once(&text.disc).chain(&text.tracks).map(|entry| entry.title.clone()).collect()
}

#[test]
fn the_checksum_is_that_of_the_standard() {
    // CRC-16/GENIBUS and XMODEM of "123456789" are well known: ours is XMODEM's, inverted.
    assert_eq!(crc16(b"123456789"), !0x31c3);
}

#[test]
fn a_text_goes_on_in_the_next_pack() {
    let packs = [packed(0x80, 0, 0, b"A long title"), packed(0x80, 0, 12, b" ends\0First\0"), packed(0x80, 2, 0, b"Second\0")];
    assert_eq!(titles(&packs), ["A long title ends", "First", "Second"]);
}

#[test]
fn a_tab_repeats_the_text_before_it() {
    assert_eq!(titles(&[packed(0x80, 0, 0, b"Sam\0\t\0\t\0New\0")]), ["Sam", "Sam", "Sam", "New"]);
}

#[test]
fn a_pack_with_a_wrong_checksum_is_as_if_it_were_not_there() {
    let mut packs =
        [packed(0x80, 0, 0, b"A long title"), packed(0x80, 0, 12, b" ends\0First\0"), packed(0x80, 2, 0, b"Second\0")];
    packs[0][5] ^= 1;
    assert_eq!(titles(&packs), ["", "First", "Second"]);
    packs[1][16] ^= 1;
    assert_eq!(titles(&packs), ["", "", "Second"]);
}

#[test]
fn other_languages_and_kinds_are_passed_over() {
    let packs = [
        packed(0x80, 0, 0x10, b"Autre\0"),
        packed(0x86, 0, 0, b"ID 1\0"),
        packed(0x81, 1, 0, b"Band\0"),
        packed(0x8e, 1, 0, b"GBUM70808708"),
    ];
    let text = parse_cd_text(&packs.concat()).expect("a performer");
    assert_eq!((text.disc.title.as_str(), text.tracks[0].performer.as_str()), ("", "Band"));
    assert_eq!(text.tracks[0].code, "", "its end did not come");
}

#[test]
fn texts_are_in_the_encoding_that_the_disc_says() {
    assert_eq!(titles(&[packed(0x80, 0, 0, b"Caf\xe9\0"), sizes_pack(0)]), ["Café"]);
    assert_eq!(titles(&[packed(0x80, 0, 0, b"Caf\xe9\0"), sizes_pack(1)]), ["Caf"]);
    assert_eq!(titles(&[packed(0x80, 0, 0x80, b"\x93\xfa\x96\x7b\0\0"), sizes_pack(0x80)]), ["日本"]);
    assert_eq!(parse_cd_text(&[packed(0x80, 0, 0x80, b"\x93\xfa\0\0"), sizes_pack(0x81)].concat()), None, "Korean is not known");
}

#[test]
fn what_is_no_text_does_no_harm() {
    assert_eq!(parse_cd_text(&[]), None);
    assert_eq!(parse_cd_text(&[0xff; 36]), None);
    assert_eq!(titles(&[packed(0x80, 0, 0, b"a\x1b[31m\0")]), ["a[31m"]);
    assert_eq!(parse_cd_text(&packed(0x80, 120, 0, b"far\0")), None, "no disc has so many tracks");
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[!-~¡-¬®-ÿ]([ -~¡-¬®-ÿ]{0,30}[!-~¡-¬®-ÿ])?"]
}

fn entry() -> impl Strategy<Value = CdTextEntry> {
    (text(), text(), text(), text()).prop_map(|(title, performer, composer, code)| CdTextEntry {
        title,
        performer,
        composer,
        code,
        ..CdTextEntry::default()
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(disc in entry(), mut tracks in prop::collection::vec(entry(), 0..10)) {
        while tracks.last().is_some_and(|entry| *entry == CdTextEntry::default()) { tracks.pop(); }
        let text = CdText { disc, tracks };
        let packs = encode_cd_text(&text, 10);
        prop_assert_eq!(packs.len() % PACK, 0);
        prop_assert_eq!(parse_cd_text(&packs), (text != CdText::default()).then_some(text));
    }

    #[test]
    fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..400), sums in any::<bool>()) {
        let mut bytes = bytes;
        if sums {
            for pack in bytes.chunks_exact_mut(PACK) {
                pack[3] &= 0x8f;
            }
            seal_cd_text(&mut bytes);
        }
        if let Some(text) = parse_cd_text(&bytes) {
            prop_assert!(text.tracks.len() <= MAX_TRACKS);
            prop_assert!(text.tracks.iter().flat_map(fields).all(|field| field.chars().count() <= MAX_TEXT));
        }
    }
}
