//! Blu-ray video is UDF 2.50: its folders lie in a metadata file. No tool here writes that with files in it, so a disc of
//! genisoimage is rebuilt: its folders are declared to lie in a metadata file of two extents, in which each is one block off.

use super::support::{assert_holds, iso, list_in, look_at, tree};

const SECTOR: usize = 2048;
const FILES: &[&str] = &["BDMV/index.bdmv", "CERTIFICATE/id.bdmv"];

fn le32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

/// Makes the tag's checksum right again.
fn seal(sector: &mut [u8]) {
    sector[4] = 0;
    sector[4] = sector[..16].iter().fold(0, |sum, byte| sum.wrapping_add(*byte));
}

fn id(sector: &[u8]) -> u16 {
    u16::from_le_bytes([sector[0], sector[1]])
}

fn at(bytes: &mut [u8], lba: usize) -> &mut [u8] {
    &mut bytes[lba * SECTOR..(lba + 1) * SECTOR]
}

/// Raises a long allocation descriptor by one block and points it into the metadata file (partition reference 1).
fn redirect(sector: &mut [u8], offset: usize) -> usize {
    let block = le32(sector, offset + 4);
    put(sector, offset + 4, &(block + 1).to_le_bytes());
    put(sector, offset + 8, &1_u16.to_le_bytes());
    seal(sector);
    block as usize
}

#[test]
fn the_root_folder_is_found_in_a_metadata_file() {
    let (_keep, image) = iso("genisoimage", &["-quiet", "-udf", "-V", "FILM"], FILES);
    let mut bytes = std::fs::read(&image).unwrap();
    bytes[16 * SECTOR..18 * SECTOR].fill(0);
    let last = bytes.len() / SECTOR;
    bytes.resize((last + 1) * SECTOR, 0);

    let sequence = le32(at(&mut bytes, 256), 20) as usize;
    let find = |bytes: &mut [u8], tag: u16| (sequence..sequence + 16).find(|lba| id(at(bytes, *lba)) == tag).unwrap();
    let (partition, logical) = (find(&mut bytes, 5), find(&mut bytes, 6));
    let start = le32(at(&mut bytes, partition), 188) as usize;
    // The file entry of the metadata file becomes the last block. The file's first block is that one, the others are the
    // partition from its start on.
    let blocks = (last + 1 - start) as u32;
    put(at(&mut bytes, partition), 192, &blocks.to_le_bytes());
    let entry = at(&mut bytes, last);
    put(entry, 0, &261_u16.to_le_bytes());
    put(entry, 56, &(u64::from(blocks) * 2048).to_le_bytes());
    put(entry, 172, &16_u32.to_le_bytes());
    put(entry, 176, &2048_u32.to_le_bytes());
    put(entry, 180, &(blocks - 1).to_le_bytes());
    put(entry, 184, &((blocks - 1) * 2048).to_le_bytes());
    seal(entry);

    let volume = at(&mut bytes, logical);
    put(volume, 264, &70_u32.to_le_bytes());
    put(volume, 268, &2_u32.to_le_bytes());
    put(volume, 446, &[2, 64]);
    put(volume, 451, b"*UDF Metadata Partition");
    put(volume, 446 + 40, &(blocks - 1).to_le_bytes());
    let file_set = start + redirect(volume, 248);
    let root = start + redirect(at(&mut bytes, file_set), 400);
    let folder = at(&mut bytes, root);
    assert_eq!((id(folder), folder[34] & 7), (261, 0), "genisoimage writes short allocation descriptors");
    let allocation = 176 + le32(folder, 168) as usize;
    let block = le32(folder, allocation + 4);
    put(folder, allocation + 4, &(block + 1).to_le_bytes());

    std::fs::write(&image, &bytes).unwrap();
    let listing = list_in(&image, 0);
    assert!(listing.complete, "{listing:?}");
    let source = tree(FILES);
    assert_eq!(assert_holds(&image, &listing, source.path()), Vec::<String>::new());

    let found = look_at(&bytes);
    assert_eq!(found.root_names, ["BDMV", "CERTIFICATE"]);
    assert_eq!(found.udf.unwrap().end_sector, last as u64 + 1);
}
