"""The proofs on software drives: kinds of discs and faults that QEMU's drives do not know. Data; audio is in cd_proofs.py.

The drive is a program, but kernel, udev and service talk to it as to hardware: sr binds to it, commands go through SCSI's
mid-layer with its time limits, retries and error handling.
"""

import hashlib
import pathlib
import time

from check import Failed, eventually, eventually_equal, expect
from emulated_drives import read_map
from service import Refused
from software_drives import DISCS

SECTOR = 2048
# What udev calls a medium of this profile.
UDEV = {0x08: "CD", 0x09: "CD_R", 0x10: "DVD", 0x1B: "DVD_PLUS_R", 0x40: "BD", 0x41: "BD_R"}
WEDGED_AFTER_SECONDS = 20


def proofs(service, drives, discs):
    """`drives` are two, plugged in when the first proof asks for them."""
    return {
        "g": lambda: data_discs(service, drives(), discs),
        "h": lambda: nothing_to_read(service, drives()[0], discs),
        "i": lambda: run_out_tail(service, drives()[0], discs["run_out"]),
        "j": lambda: two_sessions(service, drives()[0], discs["multi_session"]),
        "k": lambda: chosen_sense_codes(service, drives()[0], discs["senses"]),
        "l": lambda: weak_sectors(service, drives()[0], discs["weak"]),
        "m": lambda: lying_capacity(service, drives()[0], discs["lying"]),
        "n": lambda: medium_change(service, drives()[0], discs),
        "o": lambda: eject_refused(service, drives()[0], discs["stuck"]),
        "x": lambda: rescue_and_scan(service, drives()[0], discs["senses"]),
        "p": lambda: hanging_read(service, drives(), discs),
    }


def data_discs(service, drives, discs):
    names = ["data_cd", "data_dvd", "data_bd", "dvd_video", "bd_video"]
    for name in names:
        job = image(service, drives[0], discs[name])
        check_complete(service, job, discs[name])
    return ", ".join(names)


def nothing_to_read(service, drive, discs):
    drive.insert(discs["blank"])
    eventually_equal(f"reason of {drive.path} with a blank disc", "blank", lambda: service.drive(drive.path)["reason"])
    eventually_equal("udev's state of the blank disc", "blank", lambda: drive.properties().get("ID_CDROM_MEDIA_STATE"))
    no_image_of(service, drive)
    drive.insert(discs["unreadable"])
    eventually_equal(f"state of {drive.path} with an unreadable disc", "error", lambda: service.drive(drive.path)["state"])
    expect("its reason", "unreadable", service.drive(drive.path)["reason"])
    return "blank and unreadable, by their names and without an image"


def no_image_of(service, drive):
    """A job for a disc with nothing on it is refused or waits for another disc."""
    before = len(service.get("/isos"))
    try:
        uuid = service.post("/jobs", {"device": drive.path, "mode": "standard"})["uuid"]
        eventually_equal("reason of the job", "waiting_for_disc", lambda: service.job(uuid)["reason"])
        service.request("DELETE", f"/jobs/{uuid}")
    except Refused as answer:
        expect("status of the refusal", 409, answer.status)
    expect("number of images", before, len(service.get("/isos")))


def run_out_tail(service, drive, disc):
    job = image(service, drive, disc)
    check_image(service, job, disc, "complete_trimmed")
    return f"complete_trimmed, {disc['size'] // SECTOR} of {disc['size'] // SECTOR + 2} sectors, as the source"


def two_sessions(service, drive, disc):
    job = image(service, drive, disc)
    expect("status", "completed", job["status"])
    expect("verdict", "complete", job["verdict"])
    path = pathlib.Path(service.image_of(job["uuid"])["filepath"])
    with path.open("rb") as file:
        for piece in disc["pieces"]:
            file.seek(piece["start"] * SECTOR)
            content = file.read(piece["sectors"] * SECTOR)
            expect(f"SHA-256 of the session at sector {piece['start']}", piece["sha256"], hashlib.sha256(content).hexdigest())
    return f"sessions at sectors {' and '.join(str(piece['start']) for piece in disc['pieces'])}, as their sources"


def chosen_sense_codes(service, drive, disc):
    job = image(service, drive, disc)
    bad = disc["bad_sectors"]
    expect("verdict", "degraded", job["verdict"])
    expect("error_count", len(bad), job["error_count"])
    path = pathlib.Path(job["output_path"])
    by_status = read_map(path.with_suffix(".map"), disc["size"])
    expect("unreadable sectors in the map", bad, by_status.pop("-", []))
    expect("statuses in the map besides -", ["+"], sorted(by_status))
    expect("sectors that differ from the source", [], differing(path, DISCS / disc["image"], bad))
    codes = " ".join(f"{fault.get('key', 3):x}/{fault.get('asc', 0x11):02x}/{fault.get('ascq', 5):02x}" for fault in disc["faults"])
    return f"{codes}: exactly those sectors"


def rescue_and_scan(service, drive, disc):
    """GNU ddrescue from the first sector on, and the surface without an image: both find what the source says."""
    bad = disc["bad_sectors"]
    job = image(service, drive, disc, name="rescued", mode="rescue")
    expect("verdict of mode rescue", "degraded", job["verdict"])
    path = pathlib.Path(job["output_path"])
    expect("unreadable sectors in ddrescue's map", bad, read_map(path.with_suffix(".map"), disc["size"]).pop("-", []))
    expect("sectors that differ from the source", [], differing(path, DISCS / disc["image"], bad))
    made = service.request("GET", f"/isos/{service.image_of(job['uuid'])['id']}")
    expect("programs that read", True, "ddrescue" in [tool["tool"] for tool in made["tools"]])
    job = image(service, drive, disc, mode="scan")
    expect("status of mode scan", "completed", job["status"])
    scan = service.request("GET", f"/jobs/{job['uuid']}/scan")
    expect("sectors that the scan finds", len(bad), scan["bad_sectors"])
    return f"{len(bad)} sectors by ddrescue and by the scan, everything else as the source"


def weak_sectors(service, drive, disc):
    """Slow ones, some that are read at the second attempt, and some that the drive has to correct."""
    check_complete(service, image(service, drive, disc), disc)
    return "slow, corrected and read at the second attempt: complete"


def lying_capacity(service, drive, disc):
    check_complete(service, image(service, drive, disc), disc)
    return f"all {disc['size'] // SECTOR} sectors, though READ CAPACITY says {disc['claimed']}"


def medium_change(service, drive, discs):
    disc, other = discs["swapped"], discs["data_dvd"]
    identified(service, drive, disc)
    uuid = service.post("/jobs", {"device": drive.path, "mode": "standard", "filename": disc["name"]})["uuid"]
    job = service.ended(uuid, {"paused", "failed", "completed", "cancelled"})
    expect("status after the disc was changed in mid-read", "paused medium_removed", f"{job['status']} {job['reason']}")
    expect("images of it", [], [image["filename"] for image in service.get("/isos") if image["job_uuid"] == uuid])
    eventually_equal("label of the disc in the drive", other["label"], lambda: (service.drive(drive.path)["media"] or {}).get("label"))
    drive.insert({**disc, "faults": []})
    check_image(service, service.ended(uuid), disc, "complete")
    return "paused, the other disc recognised, and with the right one back complete"


def eject_refused(service, drive, disc):
    identified(service, drive, disc)
    try:
        service.post(f"/disks/{service.drive(drive.path)['id']}/eject")
        raise Failed("eject of a tray that stays shut", "drive_refused", "success")
    except Refused as answer:
        expect("code of the refusal", "409 drive_refused", f"{answer.status} {answer.code}")
    check_complete(service, image(service, drive, disc, inserted=True), disc)
    drive.script({**disc, "script": {}})
    return "told as drive_refused, and the disc was imaged all the same"


def hanging_read(service, drives, discs):
    hanging, other = drives
    disc = discs["hanging"]
    identified(service, other, discs["data_cd"])
    identified(service, hanging, disc)
    uuid = service.post("/jobs", {"device": hanging.path, "mode": "standard", "filename": "hanging"})["uuid"]
    eventually("the job past 10 %", lambda: service.job(uuid)["size_processed"] > disc["size"] / 10)
    began = time.monotonic()
    hanging.freeze()
    try:
        eventually_equal(f"reason of {hanging.path}", "wedged", lambda: service.drive(hanging.path)["reason"])
        noticed = time.monotonic() - began
        job = service.job(uuid)
        expect("the job meanwhile", "paused drive_wedged", f"{job['status']} {job['reason']}")
        expect("health/ready while a drive hangs", True, service.is_ready())
        check_complete(service, image(service, other, discs["data_cd"], name="meanwhile", inserted=True), discs["data_cd"])
        expect(f"reason of {hanging.path} after that", "wedged", service.drive(hanging.path)["reason"])
    finally:
        hanging.thaw()
    check_image(service, service.ended(uuid), disc, "complete")
    return f"wedged after {noticed:.0f} s, another disc imaged meanwhile; when it answered again, complete by itself"


def identified(service, drive, disc):
    """Puts a disc in. Kernel, udev and service must see what it is."""
    drive.insert(disc)

    # The service has seen the tray open (`insert` waits for that), so what it knows then is about this disc.
    def known():
        now = service.drive(drive.path)
        return now["media"] and now["state"] not in {"waiting_for_media", "media_detected", "analyzing"} and now

    state = eventually(f"{disc['name']} identified", known, lambda: service.drives())
    media = state["media"]
    expect(f"kind of {disc['name']}", disc["kind"], media["kind"])
    expect(f"profile of {disc['name']}", disc["profile"], media["profile"])
    expect(f"label of {disc['name']}", disc["label"], media["label"])
    # udev may still be at it.
    name = f"ID_CDROM_MEDIA_{UDEV[disc['profile']]}"
    eventually_equal(f"udev's {name} of {disc['name']}", "1", lambda: drive.properties().get(name))
    if disc["profile"] in {0x08, 0x09}:
        expect(f"udev's track count of {disc['name']}", str(disc["tracks"]), drive.properties().get("ID_CDROM_MEDIA_TRACK_COUNT"))
    return media


def image(service, drive, disc, name=None, mode="standard", options=None, inserted=False):
    """Images a disc through the API. The job that has ended."""
    if not inserted:
        identified(service, drive, disc)
    body = {"device": drive.path, "mode": mode, "filename": name or disc["name"], "options": options or {}}
    return service.ended(service.post("/jobs", body)["uuid"])


def check_complete(service, job, disc):
    expect(f"error_count of {disc['name']}", 0, job["error_count"])
    check_image(service, job, disc, "complete")


def check_image(service, job, disc, verdict):
    expect(f"status of {disc['name']}", "completed", job["status"])
    expect(f"verdict of {disc['name']}", verdict, job["verdict"])
    made = service.image_of(job["uuid"])
    expect(f"size of {disc['name']} in the API", disc["size"], made["size"])
    # Says which; the hashes below are the proof.
    wrong = differing(pathlib.Path(made["filepath"]), DISCS / disc["image"], [])
    expect(f"sectors of {disc['name']} that differ from the source", [], wrong)
    expect(f"sha256sum of {disc['name']} in the API", disc["sha256"], made["sha256sum"])
    with open(made["filepath"], "rb") as file:
        expect(f"SHA-256 of {made['filepath']}", disc["sha256"], hashlib.file_digest(file, "sha256").hexdigest())


def differing(path, source, bad):
    """Sectors with other content than the source's, the unreadable ones left out."""
    content, source = path.read_bytes(), source.read_bytes()
    piece = lambda data, sector: data[sector * SECTOR : (sector + 1) * SECTOR]
    return [sector for sector in range(len(source) // SECTOR) if sector not in bad and piece(content, sector) != piece(source, sector)]
