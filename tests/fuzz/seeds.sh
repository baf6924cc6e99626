#!/usr/bin/env bash
# Writes the seeds of all fuzz targets below FOLDER: small discs made by the usual tools, sheets, maps and messages.
# Usage: tests/fuzz/seeds.sh SEEDS_PROGRAM FOLDER
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
program=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder"/{iso9660,udf,hfs,toc,cd_text,mapfile,sheets,worker_protocol}

tree=$work/tree
mkdir -p "$tree/VIDEO_TS" "$tree/a folder/deeper"
echo one >"$tree/one.txt"
head -c 9000 /dev/zero | tr '\0' x >"$tree/a folder/A file with a long name.bin"
ln -s one.txt "$tree/link"
echo boot >"$tree/boot.img"

seed() { "$program" "$work/$2" "$folder/$1"; }
genisoimage -quiet -V PLAIN -o "$work/plain" "$tree" 2>/dev/null && seed iso9660 plain
genisoimage -quiet -J -r -V JOLIET -b boot.img -no-emul-boot -o "$work/joliet" "$tree" 2>/dev/null && seed iso9660 joliet
xorriso -as mkisofs -quiet -J -R -iso-level 4 -V XORRISO -o "$work/xorriso" "$tree" 2>/dev/null && seed iso9660 xorriso
genisoimage -quiet -udf -J -V BRIDGE -o "$work/bridge" "$tree" 2>/dev/null && seed udf bridge
for revision in 1.02 1.50 2.01 2.50; do
  truncate -s 2M "$work/udf$revision"
  mkudffs --media-type=hd --blocksize=2048 --udfrev=$revision -l UDF "$work/udf$revision" >/dev/null 2>&1 && seed udf "udf$revision"
done
genisoimage -quiet -hfs -V APPLE -o "$work/hfs" "$tree" 2>/dev/null && seed hfs hfs
if command -v mkfs.hfsplus >/dev/null; then
  truncate -s 2M "$work/hfsplus"
  mkfs.hfsplus -v Plus "$work/hfsplus" >/dev/null 2>&1 && seed hfs hfsplus
fi
"$program" "$folder"

cat >"$folder/mapfile/ddrescue" <<'END'
# Mapfile. Created by GNU ddrescue version 1.27
# Command line: ddrescue -b 2048 -n /dev/sr0 disc.iso disc.map
# current_pos  current_status  current_pass
0x00020000     ?               1
#      pos        size  status
0x00000000  0x00010000  +
0x00010000  0x00000800  -
0x00010800  0x00000800  /
0x00011000  0x0000F000  *
0x00020000  0x00020000  ?
END
cat >"$folder/sheets/mixed.cue" <<'END'
CATALOG 0602517818866
TITLE "Disc"
REM COMPOSER "Somebody"
FILE "disc.bin" BINARY
  TRACK 01 MODE1/2352
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Two"
    FLAGS DCP PRE
    ISRC GBUM70808708
    PREGAP 00:01:00
    INDEX 00 00:06:00
    INDEX 01 00:08:00
    INDEX 02 00:09:00
    POSTGAP 00:00:10
REM SESSION 02
  TRACK 03 MODE2/2352
    INDEX 01 00:16:00
END
cat >"$folder/sheets/mixed.toc" <<'END'
CD_ROM_XA

CATALOG "0602517818866"

CD_TEXT {
  LANGUAGE_MAP {
    0: EN
  }
  LANGUAGE 0 {
    TITLE "A\351"
    SIZE_INFO { 0, 1, 13, 28 }
  }
}

// Track 1
TRACK MODE1_RAW
NO COPY
DATAFILE "data_1" #0 00:06:00 // length in bytes: 1058400
ZERO MODE1_RAW 00:02:00

// Track 2
TRACK AUDIO RW_RAW
COPY
NO PRE_EMPHASIS
TWO_CHANNEL_AUDIO
ISRC "GBUM70808708"
CD_TEXT {
  LANGUAGE 0 {
    TITLE "Two"
  }
}
SILENCE 00:01:00
FILE "data.bin" SWAP #1058400 0 00:10:00
START 00:02:00
INDEX 00:01:00
END
cat >"$folder/worker_protocol/run" <<'END'
{"type":"hello","version":"0.1.0"}
{"type":"phase","phase":"reading"}
{"type":"progress","size_total":8192000,"size_processed":4096,"speed":1000.5,"bad_sectors":1}
{"type":"bad_range","start":17,"count":2,"sense":{"key":3,"asc":17,"ascq":5}}
{"type":"done","outcome":"halted","halt":"loss","bad_sectors":2}
END
cat >"$folder/worker_protocol/done" <<'END'
{"type":"done","outcome":"imaged","path":"/a/b.iso","size":4096,"sectors_total":2,"judgement":{"verdict":"degraded","bad_sectors":1,"reasons":["unreadable_sectors"]},"verify":{"image_matches":true,"disc_unsettled":null},"hashes":{"md5":"00","sha256":"00","bytes":4096},"seconds":1.5,"bytes_per_second":2730.6}
{"task":"verify_image","image":"/a/b.iso"}
END
