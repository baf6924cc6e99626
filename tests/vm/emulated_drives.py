"""The proofs on the drives that QEMU emulates: /dev/sr0 and /dev/sr1, data discs only."""

import fcntl
import grp
import hashlib
import os
import pathlib
import shutil
import subprocess
import time

from check import PATIENCE, eventually, eventually_equal, expect
from service import HOME, SHARED

SECTOR = 2048
CDROM_DRIVE_STATUS, CDSL_CURRENT = 0x5326, 0x7FFFFFFF
TRAY_OPEN, DISC_OK = 2, 4
DRIVES = {"dev0": "/dev/sr0", "dev1": "/dev/sr1"}


def proofs(service, host, discs):
    return {
        "a": lambda: disc_present_at_start(service, discs["a"]),
        "b": lambda: eject_opens_the_tray(service, host),
        "c": lambda: known_disc_is_recognised(service, host, discs["b"]),
        "d": lambda: unreadable_sectors_are_named(service, host, discs["damaged"]),
        "e": lambda: survives_a_kill(service, host, discs["slow"]),
        "f": lambda: real_drives_pass_the_suite(service, host, discs),
    }


def disc_present_at_start(service, disc):
    for path in DRIVES.values():
        check_permissions(path)
    service.start()
    for path in DRIVES.values():
        drive = eventually(f"a drive {path} in the API", lambda: service.drive(path))
        expect(f"type of {path}", "scsi", drive["type"])
    check_good_image(service, disc)
    return f"{disc['size'] // SECTOR} sectors, SHA-256 as the source's"


def eject_opens_the_tray(service, host):
    expect("tray of dev0 before (host's view)", False, host.call("tray", drive="dev0")["open"])
    expect("status of /dev/sr0 before (CDROM_DRIVE_STATUS)", DISC_OK, drive_status("/dev/sr0"))
    eject(service, host, "dev0")
    expect("status of /dev/sr0 after (CDROM_DRIVE_STATUS)", TRAY_OPEN, drive_status("/dev/sr0"))
    return "seen by the host (QMP) and by the kernel (CDROM_DRIVE_STATUS)"


def known_disc_is_recognised(service, host, disc):
    host.call("insert", drive="dev1", disc="b")
    check_good_image(service, disc)
    eject(service, host, "dev1")
    # No hand is quicker, and the kernel looks at the tray every two seconds only.
    time.sleep(3)
    host.call("close_tray", drive="dev1")
    eventually_equal("reason of /dev/sr1", "already_archived", lambda: (service.drive("/dev/sr1") or {}).get("reason"))
    # Long enough for a second job to appear if one were to.
    time.sleep(5)
    expect(f"number of image jobs for {disc['label']}", 1, len(service.jobs(disc)))
    eject(service, host, "dev1")
    return "imaged when inserted, then already_archived without a second job"


def unreadable_sectors_are_named(service, host, disc):
    host.call("insert", drive="dev0", disc="damaged")
    job = service.finished_job(disc)
    expect("verdict", {"degraded", "incomplete"}, job["verdict"], among=True)
    image = pathlib.Path(job["output_path"] or "no output_path")
    expect(f"image {image} kept", True, image.is_file())
    expect("size of the image", disc["size"], image.stat().st_size)
    sectors_by_status = read_map(image.with_suffix(".map"), disc["size"])
    expect("unreadable sectors in the map", disc["bad_sectors"], sectors_by_status.pop("-", []))
    expect("statuses in the map besides -", ["+"], sorted(sectors_by_status))
    expect("error_count", len(disc["bad_sectors"]), job["error_count"])
    expect("sectors that differ from the source", [], differing_sectors(image, disc))
    return f"{job['verdict']}, sectors {' '.join(map(str, disc['bad_sectors']))}"


def survives_a_kill(service, host, disc):
    host.call("insert", drive="dev1", disc="slow")
    # Past the beginning, where a service could have written nothing yet, and with most of the disc still to come.
    progress = eventually(
        f"reading of {disc['label']} past 10 %", lambda: (share := service.share_done(disc)) and share > 0.10 and share
    )
    workers = service.kill()
    delivered = host.call("bytes_read", drive="dev1")
    expect("a read-worker among the killed processes", True, any("read-worker" in command for command in workers))
    expect("progress at the kill between 1 % and 99 %", True, 0.01 < progress < 0.99)
    # The drive's own count, which does not depend on what the service says about itself.
    expect(f"bytes delivered at the kill less than {disc['size']}", True, delivered < disc["size"])
    whole = [path.name for path in service.output.rglob("*.iso") if path.stat().st_size == disc["size"]]
    expect("images of the whole disc at the kill", [], whole)
    service.start()
    check_good_image(service, disc)
    again = host.call("bytes_read", drive="dev1") - delivered
    return f"killed at {progress:.0%}, {again / disc['size']:.0%} of the disc read after the restart"


def real_drives_pass_the_suite(service, host, discs):
    service.kill()
    tests = HOME / "tests"
    shutil.copy(SHARED / "tests", tests)
    tests.chmod(0o755)
    host.call("insert", drive="dev1", disc="b")
    run_tests(tests, "/dev/sr1", discs["b"], "optical::conformance::a_real_drive_conforms")
    host.call("insert", drive="dev1", disc="b")
    run_tests(tests, "/dev/sr1", discs["b"], "optical::hotplug::a_real_drive_is_found_and_its_tray_wakes_us")
    host.call("insert", drive="dev0", disc="damaged")
    damaged = "optical::real::a_damaged_disc_in_a_real_drive_fails_where_it_is_damaged_and_nowhere_else"
    run_tests(tests, "/dev/sr0", discs["damaged"], damaged)
    return "conformance, hot-plug, damage"


def run_tests(tests, drive, disc, name):
    environment = {
        **os.environ,
        "DISK2ISO_TEST_SR": drive,
        "DISK2ISO_TEST_SR_IMAGE": disc["source"],
        "DISK2ISO_TEST_SR_BAD": " ".join(map(str, disc["bad_sectors"])),
    }
    run = subprocess.run([tests, "--include-ignored", "--exact", name], env=environment, capture_output=True, text=True, timeout=PATIENCE * 2)
    print(run.stdout, run.stderr)
    expect(f"exit status of {name}", 0, run.returncode)
    # A name that matches nothing passes, too.
    expect(f"{name} was run", True, "1 passed" in run.stdout)


def check_permissions(path):
    """The udev rule's work: the service's group may use the block device and its SCSI generic twin, and changes are noticed."""
    name = os.path.basename(path)
    expect(f"{path} in the system", True, os.path.exists(path))
    generic = os.listdir(f"/sys/block/{name}/device/scsi_generic")[0]
    for node in [path, f"/dev/{generic}"]:
        state = os.stat(node)
        expect(f"group and mode of {node}", "cdrom 660", f"{grp.getgrgid(state.st_gid).gr_name} {state.st_mode & 0o777:o}")
    expect(f"events_poll_msecs of {path}", "2000", pathlib.Path(f"/sys/block/{name}/events_poll_msecs").read_text().strip())


def check_good_image(service, disc):
    """The job of an undamaged disc ended well, and its image is the source: as the service says and as the file is."""
    job = service.finished_job(disc)
    expect("status", "completed", job["status"])
    expect("verdict", "complete", job["verdict"])
    expect("error_count", 0, job["error_count"])
    images = eventually(f"an image of {disc['label']} in the API", lambda: service.images(disc))
    expect(f"number of images of {disc['label']}", 1, len(images))
    image = images[0]
    expect("size in the API", disc["size"], image["size"])
    expect("sha256sum in the API", disc["sha256"], image["sha256sum"])
    with open(image["filepath"], "rb") as file:
        expect(f"SHA-256 of {image['filepath']}", disc["sha256"], hashlib.file_digest(file, "sha256").hexdigest())


def eject(service, host, drive):
    service.post(f"/disks/{service.drive(DRIVES[drive])['id']}/eject")
    eventually_equal(f"tray of {drive} (host's view)", True, lambda: host.call("tray", drive=drive)["open"])


def drive_status(path):
    device = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return fcntl.ioctl(device, CDROM_DRIVE_STATUS, CDSL_CURRENT)
    finally:
        os.close(device)


def read_map(path, size):
    """GNU ddrescue's mapfile as {status: [sector, ...]}. Fails if it does not account for each byte up to `size`."""
    expect(f"map {path} kept", True, path.is_file())
    lines = [line.split() for line in path.read_text().splitlines() if line and not line.startswith("#")]
    sectors, end = {}, 0
    for position, length, status in lines[1:]:  # The first line is where ddrescue would go on, and in which pass.
        position, length = int(position, 0), int(length, 0)
        expect("next position in the map", end, position)
        expect(f"map's range at {position} in whole sectors", (0, 0), (position % SECTOR, length % SECTOR))
        end = position + length
        sectors.setdefault(status, []).extend(range(position // SECTOR, end // SECTOR))
    expect("end of the map", size, end)
    return sectors


def differing_sectors(image, disc):
    """Sectors with other content than the source's, the unreadable ones left out."""
    content, source = image.read_bytes(), pathlib.Path(disc["source"]).read_bytes()
    readable = (sector for sector in range(len(source) // SECTOR) if sector not in disc["bad_sectors"])
    return [
        sector
        for sector in readable
        if content[sector * SECTOR : (sector + 1) * SECTOR] != source[sector * SECTOR : (sector + 1) * SECTOR]
    ]
