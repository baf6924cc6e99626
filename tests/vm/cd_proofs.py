"""The proofs on CDs with audio: the service, cdrdao and cd-paranoia read the same drive, and must agree with the source."""

import hashlib
import pathlib
import re
import subprocess
import zlib

from check import expect
from software_proofs import identified, image

SECTOR, FRAME = 2048, 2352
SYNC = b"\0" + b"\xff" * 10 + b"\0"
JUDGES = pathlib.Path("/run/judges")


def proofs(service, drives, discs):
    return {
        "q": lambda: audio(service, drives()[0], discs["audio"]),
        "r": lambda: other_readers_agree(service, drives()[0], discs["audio"]),
        "s": lambda: mixed(service, drives()[0], discs["mixed_mode"]),
        "t": lambda: mixed(service, drives()[0], discs["cd_extra"]),
        "u": lambda: clone(service, drives()[0], discs["audio"]),
        "w": lambda: other_engines(service, drives()[0], discs["audio"]),
    }


def audio(service, drive, disc):
    files = raw_image(service, image(service, drive, disc), disc)
    cue = files["cue"].read_text()
    for text in ["CATALOG 4012345678901", "ISRC DEABC0700001", "ISRC DEABC0700003", 'TITLE "Soft Album"', 'TITLE "Second Movement"', 'PERFORMER "Soft Band"']:
        expect(f"{text} in {files['cue'].name}", True, text in cue)
    expect("audio tracks in the cue sheet", disc["tracks"], len(re.findall(r"TRACK \d\d AUDIO", cue)))
    # cdrdao understands the table of contents that was written, with the file that it names.
    shown = subprocess.run(["cdrdao", "show-toc", files["toc"].name], cwd=files["toc"].parent, capture_output=True, text=True)
    expect(f"cdrdao on {files['toc'].name}: {shown.stderr.strip()[-300:]}", 0, shown.returncode)
    return f"{disc['audio']['size'] // FRAME} raw sectors as the source, CD-Text, catalogue number and recording codes"


def other_readers_agree(service, drive, disc):
    """What the source is, two other programs find in the same drive."""
    identified(service, drive, disc)
    JUDGES.mkdir(exist_ok=True)
    run("cdrdao", "read-cd", "--device", drive.path, "--datafile", "cdrdao.bin", "--read-raw", "cdrdao.toc")
    swapped = bytearray(len(big := (JUDGES / "cdrdao.bin").read_bytes()))
    # cdrdao stores the high byte of a sample first.
    swapped[0::2], swapped[1::2] = big[1::2], big[0::2]
    expect("SHA-256 of what cdrdao read", disc["audio"]["sha256"], hashlib.sha256(swapped).hexdigest())
    toc = (JUDGES / "cdrdao.toc").read_text()
    for text in ['CATALOG "4012345678901"', 'ISRC "DEABC0700002"', '"Third Movement"']:
        expect(f"{text} in cdrdao's table of contents", True, text in toc)
    run("cd-paranoia", "--quiet", "--force-cdrom-device", drive.path, "--output-raw-little-endian", "1-", "paranoia.bin")
    read = (JUDGES / "paranoia.bin").read_bytes()
    expect("SHA-256 of what cd-paranoia read", disc["audio"]["sha256"], hashlib.sha256(read).hexdigest())
    return "cdrdao and cd-paranoia read the same bytes, cdrdao the same texts and codes"


def mixed(service, drive, disc):
    files = raw_image(service, image(service, drive, disc), disc)
    content = files["iso"].read_bytes()
    expect(f"SHA-256 of {files['iso'].name}", disc["sha256"], hashlib.sha256(content).hexdigest())
    raw = files["bin"].read_bytes()
    data_first = disc["audio"]["offset"] > 0
    offset = 0 if data_first else disc["audio"]["size"]
    for sector in range(0, disc["size"] // SECTOR, 7):
        frame = raw[offset + sector * FRAME :][:FRAME]
        expect(f"synchronisation and mode of data frame {sector}", SYNC + b"\1", frame[:12] + frame[15:16])
        expect(f"user data of data frame {sector}", zlib.crc32(content[sector * SECTOR :][:SECTOR]), zlib.crc32(frame[16 : 16 + SECTOR]))
    return f"{disc['size'] // SECTOR} sectors of data, {disc['audio']['size'] // FRAME} of music, as their sources"


def clone(service, drive, disc):
    """Raw with sub-channels: the Q sub-channel must tell each sector's own place."""
    job = image(service, drive, disc, name="cloned", mode="clone")
    files = raw_image(service, job, disc, allowed={"complete"})
    expect("programs that read", True, "cdrdao" in tools_of(service, job))
    sub = files["sub"].read_bytes()
    frames = disc["audio"]["size"] // FRAME
    expect("bytes of sub-channel", frames * 96, len(sub))
    told = 0
    for lba in range(frames):
        # P to W one after the other, 12 bytes each.
        q = sub[lba * 96 + 12 :][:12]
        expect(f"checksum of Q in sector {lba}", crc16(q[:10]) ^ 0xFFFF, int.from_bytes(q[10:], "big"))
        if q[0] & 0x0F == 1:
            told += 1
            minute, second, part = ((byte >> 4) * 10 + (byte & 15) for byte in q[7:10])
            expect(f"place that Q tells in sector {lba}", lba + 150, (minute * 60 + second) * 75 + part)
    expect("most sectors tell their place", True, told > frames * 0.9)
    return f"{frames} sectors with sub-channels, each Q with its checksum and place"


def other_engines(service, drive, disc):
    """The first reading by cd-paranoia or cdrdao, the second by the service: what both agree on is the source."""
    for engine, program in [("cd_paranoia", "cd-paranoia"), ("cdrdao", "cdrdao")]:
        job = image(service, drive, disc, name=f"by {engine}", options={"engine": engine})
        raw_image(service, job, disc)
        expect(f"programs that read with engine {engine}", True, program in tools_of(service, job))
    return "cd-paranoia and cdrdao under the service, their readings as the source"


def tools_of(service, job):
    made = service.image_of(job["uuid"])
    return [tool["tool"] for tool in service.request("GET", f"/isos/{made['id']}")["tools"]]


def raw_image(service, job, disc, allowed=("complete",)):
    """The files of a raw image by their role, after the checks that all of them share."""
    expect(f"status of {disc['name']}", "completed", job["status"])
    expect(f"verdict of {disc['name']}", set(allowed), job["verdict"], among=True)
    made = service.image_of(job["uuid"])
    folder = pathlib.Path(made["filepath"]).parent
    files = {}
    for file in service.request("GET", f"/isos/{made['id']}")["files"]:
        path = folder / file["name"]
        expect(f"size of {path.name}", file["size"], path.stat().st_size)
        expect(f"SHA-256 of {path.name}", file["hashes"]["sha256"], hashlib.sha256(path.read_bytes()).hexdigest())
        files[file["role"]] = path
    for role in ["bin", "cue", "toc"]:
        expect(f"a file {role} of {disc['name']}", True, role in files)
    music = disc["audio"]
    content = files["bin"].read_bytes()[music["offset"] :][: music["size"]]
    expect(f"SHA-256 of the music in {files['bin'].name}", music["sha256"], hashlib.sha256(content).hexdigest())
    return files


def run(*command):
    done = subprocess.run(command, cwd=JUDGES, capture_output=True, text=True, errors="replace", timeout=120)
    print(done.stdout, done.stderr)
    expect(f"{command[0]}: {done.stderr.strip()[-300:]}", 0, done.returncode)


def crc16(content):
    """CRC-16 CCITT, as the Q sub-channel has it (inverted there)."""
    crc = 0
    for byte in content:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc
