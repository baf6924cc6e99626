"""The host's side of software drives: makes discs with known content, and says what is right about each.

Content is random, because a reader that returns another sector's data must not go unnoticed, but the same in every run.
A disc is a description (NAME.disc.toml) with the files of its tracks beside it. What is right is taken from those files,
here, so that nothing in the guest can bend it.
"""

import hashlib
import json
import math
import pathlib
import random
import struct
import subprocess

SECTOR, FRAME = 2048, 2352
# Between the first session's lead-out and the next one's first sector: lead-out, lead-in and pre-gap (Orange Book).
FIRST_SESSION_GAP = 11400
# Between tracks of different kinds.
PRE_GAP = 150
CD_ROM, CD_R, DVD_ROM, DVD_PLUS_R, BD_ROM, BD_R = 0x08, 0x09, 0x10, 0x1B, 0x40, 0x41
CATALOGUE_NUMBER = "4012345678901"
RECORDING_CODES = ["DEABC0700001", "DEABC0700002", "DEABC0700003"]
TITLES = ["First Movement", "Second Movement", "Third Movement"]

# Where the discs lie in the guest.
IN_GUEST = pathlib.PurePath("/run/discs")
# Each another way to say that a sector is lost: no seek complete, uncorrectable, no synchronisation, hardware error.
SENSES = [
    {"kind": "sense", "lba": lba, "count": 1, "key": key, "asc": asc, "ascq": ascq}
    for lba, key, asc, ascq in [(300, 3, 0x02, 0), (555, 3, 0x11, 0x05), (800, 3, 0x16, 0), (1001, 4, 0x3E, 0x02)]
]
WEAK = [
    {"kind": "slow", "lba": 200, "count": 8, "milliseconds": 150},
    {"kind": "flaky", "lba": 500, "count": 3, "times": 1},
    {"kind": "recovered", "lba": 700, "count": 5},
]
# Scratches, which take a drive its time.
SCRATCHES = [
    fault
    for lba, count in [(250, 12), (600, 1), (700, 20)]
    for fault in [{"kind": "slow", "lba": lba, "count": count, "milliseconds": 50}, {"kind": "bad", "lba": lba, "count": count}]
]


def make_all(folder):
    """All discs, as {name: what is right}."""
    folder.mkdir()
    makers = [data_cd, data_dvd, data_bd, dvd_video, bd_video, run_out, multi_session, audio, mixed_mode, cd_extra, blank, unreadable]
    made = [make(folder) for make in makers]
    # Discs on which something goes wrong, each with a file system of its own: a job knows its disc by that.
    made += [
        faulty(folder, "senses", SENSES),
        faulty(folder, "weak", WEAK),
        faulty(folder, "lying", read_capacity=1000),
        faulty(folder, "swapped", [{"kind": "swap", "lba": 700, "image": str(IN_GUEST / "data_dvd.disc.toml")}]),
        faulty(folder, "stuck", script={"eject_refused": True}),
        faulty(folder, "scratched", SCRATCHES),
        # Slow, so that it hangs in mid-read.
        faulty(folder, "hanging", script={"speed_bytes_per_second": 250_000}),
    ]
    return {disc["name"]: disc for disc in made}


def data_cd(folder):
    image = iso(folder, "SOFT_CD", 3000)
    return disc(folder, "data_cd", "data_cd", [track("mode1", image)], profile=CD_ROM, image=image, label="SOFT_CD")


def data_dvd(folder):
    image = iso(folder, "SOFT_DVD", 5000)
    return disc(folder, "data_dvd", "data_dvd", [track("mode1", image)], profile=DVD_PLUS_R, image=image, label="SOFT_DVD")


def data_bd(folder):
    image = iso(folder, "SOFT_BD", 5000)
    return disc(folder, "data_bd", "data_bd", [track("mode1", image)], profile=BD_R, image=image, label="SOFT_BD")


def dvd_video(folder):
    image = iso(folder, "SOFT_VIDEO", 800, ["VIDEO_TS/VIDEO_TS.IFO", "VIDEO_TS/VTS_01_0.IFO", "VIDEO_TS/VTS_01_1.VOB"])
    return disc(folder, "dvd_video", "dvd_video", [track("mode1", image)], profile=DVD_ROM, image=image, label="SOFT_VIDEO")


def bd_video(folder):
    image = iso(folder, "SOFT_BDMV", 800, ["BDMV/index.bdmv", "BDMV/MovieObject.bdmv", "BDMV/STREAM/00000.m2ts"])
    return disc(folder, "bd_video", "bd_video", [track("mode1", image)], profile=BD_ROM, image=image, label="SOFT_BDMV")


def run_out(folder):
    """Written track-at-once: two sectors after the data count and cannot be read."""
    image = iso(folder, "SOFT_TAO", 2000)
    tracks = [track("mode1", image, run_out=2)]
    return disc(folder, "run_out", "data_cd", tracks, profile=CD_R, image=image, label="SOFT_TAO")


def multi_session(folder):
    """Two sessions, the second of which goes on with the first one's file system."""
    first = iso(folder, "SOFT_MS1", 1000, ["one.bin"])
    start = sectors(first) + FIRST_SESSION_GAP
    second = iso(folder, "SOFT_MS2", 1000, ["two.bin"], after=(first, start))
    tracks = [track("mode1", first), track("mode1", second, session=2)]
    made = disc(folder, "multi_session", "data_cd", tracks, profile=CD_R, label="SOFT_MS2")
    pieces = [(0, first), (start, second)]
    return {**made, "pieces": [{"start": at, "sectors": sectors(file), "sha256": hash_of(file)} for at, file in pieces]}


def audio(folder):
    """CD-Text, catalogue number and recording codes; the second track has a pause before it."""
    lengths, gaps = [600, 450, 750], [0, 75, 0]
    files = [samples(folder, f"audio{number}", length + gap) for number, (length, gap) in enumerate(zip(lengths, gaps), 1)]
    tracks = [
        track("audio", file, isrc=code, text={"title": title, "performer": "Soft Band"}, **({"pre_gap": gap, "pre_gap_in_file": True} if gap else {}))
        for file, gap, code, title in zip(files, gaps, RECORDING_CODES, TITLES)
    ]
    text = {"title": "Soft Album", "performer": "Soft Band"}
    return cd(folder, "audio", "audio_cd", tracks, raw=files, label="Soft Band - Soft Album", text=text, catalogue_number=CATALOGUE_NUMBER)


def mixed_mode(folder):
    """Data first, then music, in one session."""
    image = iso(folder, "SOFT_MIXED", 1500)
    files = [samples(folder, f"mixed{number}", length) for number, length in enumerate([400, 350], 1)]
    tracks = [track("mode1", image), *(track("audio", file) for file in files)]
    return cd(folder, "mixed_mode", "mixed_mode", tracks, image=image, raw=files, label="SOFT_MIXED")


def cd_extra(folder):
    """Music in the first session, data in the second."""
    files = [samples(folder, f"extra{number}", length) for number, length in enumerate([500, 400], 1)]
    start = sum(file.stat().st_size for file in files) // FRAME + FIRST_SESSION_GAP
    image = iso(folder, "SOFT_EXTRA", 1200, after=(None, start))
    tracks = [*(track("audio", file) for file in files), track("mode1", image, session=2)]
    return cd(folder, "cd_extra", "cd_extra", tracks, image=image, raw=files, label="SOFT_EXTRA")


def faulty(folder, name, faults=(), script=None, **keys):
    label = f"SOFT_{name.upper()}"
    image = iso(folder, label, 2600)
    made = disc(folder, name, "data_cd", [track("mode1", image)], faults, image=image, label=label, profile=CD_ROM, **keys)
    lost = {"bad", "sense"}
    bad = sorted(lba for fault in faults if fault["kind"] in lost for lba in range(fault["lba"], fault["lba"] + fault["count"]))
    return {**made, "script": script or {}, "bad_sectors": bad, "claimed": keys.get("read_capacity")}


def blank(folder):
    return disc(folder, "blank", "blank", [], profile=CD_R, state="empty")


def unreadable(folder):
    """A disc whose table of contents and first sectors are gone."""
    tracks = [track("mode1", None, sectors=2000)]
    faults = [{"kind": "bad", "lba": 0, "count": 2000}]
    return disc(folder, "unreadable", "unreadable", tracks, faults, profile=CD_ROM, unreadable_toc=True)


def track(kind, file, **keys):
    return {"kind": kind, **({"file": file.name} if file else {}), **keys}


def cd(folder, name, kind, tracks, raw, image=None, label="", **keys):
    """A disc with audio tracks; `raw` are the files of those, in the order of the disc."""
    made = disc(folder, name, kind, tracks, image=image, label=label, profile=CD_ROM, **keys)
    content = b"".join(file.read_bytes() for file in raw)
    # Where the music begins in an image of all tracks: after the data, if that comes first, and the pre-gap in between.
    before = sectors(image) + PRE_GAP if image and tracks[0]["kind"] != "audio" else 0
    return {**made, "audio": {"offset": before * FRAME, "size": len(content), "sha256": sha256(content), "files": [file.name for file in raw]}}


def disc(folder, name, kind, tracks, faults=(), image=None, label="", **keys):
    """Writes the description, and returns what is right."""
    lines = [f"{key} = {toml(value)}" for key, value in keys.items()]
    for one in tracks:
        lines += ["[[track]]", *(f"{key} = {toml(value)}" for key, value in one.items())]
    (folder / f"{name}.disc.toml").write_text("\n".join(lines) + "\n")
    right = {"name": name, "kind": kind, "label": label, "tracks": len(tracks), "faults": list(faults), "profile": keys["profile"]}
    if image:
        right |= {"image": image.name, "size": image.stat().st_size, "sha256": hash_of(image)}
    return right


def toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value)


def iso(folder, label, kilobytes, names=("random.bin",), after=None):
    """A file system: of a disc of its own, or of a session that begins at a sector and goes on from another image."""
    content = folder / f"{label}.content"
    for name in names:
        file = content / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(noise(f"{label}/{name}", kilobytes * 1024 // len(names)))
    image = folder / f"{label}.iso"
    command = ["xorriso", "-as", "mkisofs", "-quiet", "-V", label, "-J", "-R", "-o", image]
    if after:
        before, start = after
        command += [*(["-M", before] if before else []), "-C", f"0,{start}"]
    subprocess.run([*command, content], check=True, capture_output=True)
    return image


def samples(folder, name, length):
    """Samples as they are on the disc: 16 bits, little-endian, left and right. `length` in sectors. A tone with noise on it,
    because cd-paranoia finds out a drive's byte order from what sounds more like music."""
    tone = [round(9000 * math.sin(2 * math.pi * step / 420)) for step in range(420)]
    noisy = (tone[index // 2 % 420] + byte - 128 for index, byte in enumerate(noise(name, length * FRAME // 2)))
    file = folder / f"{name}.pcm"
    file.write_bytes(struct.pack(f"<{length * FRAME // 2}h", *noisy))
    return file


def noise(seed, size):
    return random.Random(seed).randbytes(size)


def sectors(image):
    return image.stat().st_size // SECTOR


def hash_of(file):
    return sha256(file.read_bytes())


def sha256(content):
    return hashlib.sha256(content).hexdigest()
