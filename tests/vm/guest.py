"""The proofs, run inside the virtual machine next to the service: client, observer and, in one of them, killer.

Each proof asks only for what the service promises (its API, its files, the state of the drive) and compares with the
plan that the host made from the discs' sources. What only the host can do goes through `host` (see host.py).
"""

import fcntl
import grp
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import tty
import urllib.error
import urllib.request

SHARED = pathlib.Path("/run/vm")
HOME = pathlib.Path("/run/disk2iso")
API = "http://127.0.0.1:8080"
SECTOR = 2048
# The service runs as an unprivileged user in the group cdrom, as its systemd unit has it. Root would hide what the udev
# rule and the unit forget. The number is nobody's: the service must not need an entry in /etc/passwd.
SERVICE_USER = 64738
CDROM_DRIVE_STATUS, CDSL_CURRENT = 0x5326, 0x7FFFFFFF
TRAY_OPEN, DISC_OK = 2, 4
FINISHED = {"completed", "failed", "cancelled"}
# Of wall-clock time, under an emulated processor: generous, because each is only used up when something is wrong.
PATIENCE = 90
DRIVES = {"dev0": "/dev/sr0", "dev1": "/dev/sr1"}


def main():
    sys.stdout = sys.stderr = open(SHARED / "guest.log", "w", buffering=1)
    plan = json.loads((SHARED / "plan.json").read_text())
    discs, host, service = plan["discs"], Host(), Service()
    proofs = {
        "a": lambda: disc_present_at_start(service, discs["a"]),
        "b": lambda: eject_opens_the_tray(service, host),
        "c": lambda: known_disc_is_recognised(service, host, discs["b"]),
        "d": lambda: unreadable_sectors_are_named(service, host, discs["damaged"]),
        "e": lambda: survives_a_kill(service, host, discs["slow"]),
    }
    if "f" in plan["proofs"]:
        proofs["f"] = lambda: real_drives_pass_the_suite(service, host, discs)
    for name, proof in proofs.items():
        started = time.monotonic()
        try:
            found = proof()
            took = time.monotonic() - started
            host.call("report", proof=name, passed=True, text=f"{plan['proofs'][name]}: {found} ({took:.0f} s)")
        except Failed as failure:
            host.call("report", proof=name, passed=False, text=str(failure))
        except Exception as error:  # The proofs that follow still say something, so one that breaks must not end them.
            import traceback

            traceback.print_exc()
            host.call("report", proof=name, passed=False, text=f"expected: {plan['proofs'][name]}; got {error!r}")
    service.kill()
    host.say({"call": "end"})


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


class Service:
    """The process under test and its API."""

    def __init__(self):
        self.program = HOME / "disk2iso"
        self.output = HOME / "images"
        self.process = None
        for folder in [HOME, HOME / "state", self.output]:
            folder.mkdir()
            os.chown(folder, SERVICE_USER, SERVICE_USER)
        # Not run from the shared folder: a program that is paged in over 9p stalls when the host is busy.
        shutil.copy(SHARED / "disk2iso", self.program)
        self.program.chmod(0o755)

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "serve"],
            stdin=subprocess.DEVNULL,
            stdout=open(SHARED / "service.log", "a"),
            stderr=subprocess.STDOUT,
            cwd="/",
            user=SERVICE_USER,
            group=SERVICE_USER,
            extra_groups=[grp.getgrnam("cdrom").gr_gid],
            env={
                "PATH": os.environ["PATH"],
                "LANG": "C.UTF-8",
                "DISK2ISO_LISTEN": "127.0.0.1:8080",
                "DISK2ISO_STATE_DIR": str(HOME / "state"),
                "DISK2ISO_OUTPUT_DIR": str(self.output),
                "DISK2ISO_AUTO": "1",
                "DISK2ISO_AUTH": "off",
            },
        )
        eventually("the service ready", self.is_ready)

    def is_ready(self):
        status = self.process.poll()
        expect("exit status of the service", None, status)
        return any(self.answers(path) for path in ["/health/ready", "/api/v1/health/ready"])

    def answers(self, path):
        try:
            return urllib.request.urlopen(API + path, timeout=10).status == 200
        except OSError:
            return False

    def kill(self):
        """Ends the service and all it has started without giving them a chance to react. Returns the command lines of
        what it had started."""
        if not self.process or self.process.poll() is not None:
            return []
        workers = {child: command_line(child) for child in descendants(self.process.pid)}
        for process in [self.process.pid, *workers]:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                # The kernel ends a worker with its parent if the worker has asked for that.
                pass
        self.process.wait()
        eventually("no process of the service left", lambda: not any(is_alive(child) for child in workers))
        return list(workers.values())

    def get(self, path):
        return self.request("GET", path)["items"]

    def post(self, path):
        return self.request("POST", path)

    def request(self, method, path):
        request = urllib.request.Request(f"{API}/api/v1{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.loads(response.read() or b"null")
        except urllib.error.HTTPError as error:
            answer = f"{error.code} {error.read(500).decode(errors='replace')}"
            raise Failed(f"{method} {path}", "success", answer) from None
        except OSError as error:
            exit_status = self.process.poll()
            state = "runs" if exit_status is None else f"ended with {exit_status}"
            raise Failed(f"{method} {path}", "an answer", f"{error}; the service {state}") from None

    def drive(self, path):
        return next((drive for drive in self.get("/disks") if os.path.realpath(drive["path"]) == path), None)

    def jobs(self, disc):
        return [job for job in self.get("/jobs") if job["kind"] == "image" and job["disk_label"] == disc["label"]]

    def images(self, disc):
        jobs = {job["uuid"] for job in self.jobs(disc)}
        return [image for image in self.get("/isos") if image["job_uuid"] in jobs]

    def finished_job(self, disc):
        """The one job of a disc, when it has ended."""
        seen = []

        def finished():
            seen[:] = self.jobs(disc)
            return [job for job in seen if job["status"] in FINISHED]

        jobs = eventually(f"a finished job for {disc['label']}", finished, lambda: [summary(job) for job in seen] or self.drives())
        expect(f"number of image jobs for {disc['label']}", 1, len(seen))
        return jobs[0]

    def drives(self):
        return [f"{drive['path']} {drive['state']}/{drive['reason']}" for drive in self.get("/disks")]

    def share_done(self, disc):
        for job in self.jobs(disc):
            expect("status in mid-read", "running queued", job["status"], among=True)
            return (job["size_processed"] or 0) / disc["size"]
        return 0


def summary(job):
    return f"{job['status']} {job['phase']} {job['size_processed']}/{job['size_total']} verdict {job['verdict']}"


def descendants(process):
    """All that `process` has started, and what those have started."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                # The name in parentheses may contain spaces, so fields are counted from its end.
                parents[int(entry)] = int(pathlib.Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                pass  # It has ended meanwhile.
    found, generation = [], [process]
    while generation:
        generation = [child for child, parent in parents.items() if parent in generation]
        found += generation
    return found


def command_line(process):
    try:
        return pathlib.Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def is_alive(process):
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class Host:
    """Line-by-line conversation over the second serial port, which the kernel's messages do not use."""

    def __init__(self):
        port = os.open("/dev/ttyS1", os.O_RDWR | os.O_NOCTTY)
        tty.setraw(port)
        self.port = os.fdopen(port, "r+b", buffering=0)

    def say(self, request):
        self.port.write(json.dumps(request).encode() + b"\n")

    def call(self, name, **arguments):
        self.say({"call": name, **arguments})
        line = b""
        while not line.endswith(b"\n"):
            line += self.port.read(1)
        answer = json.loads(line)
        expect(f"host's answer to {name}", None, answer.get("error"))
        return answer["value"]


class Failed(Exception):
    def __init__(self, what, expected, got):
        super().__init__(f"{what}: expected {expected}, got {got}")


def expect(what, expected, got, among=False):
    if among:
        allowed = set(expected.split()) if isinstance(expected, str) else expected
        if got not in allowed:
            raise Failed(what, " or ".join(sorted(allowed)), got)
    elif got != expected:
        raise Failed(what, expected, shortened(got))


def shortened(value):
    text = str(value)
    return text if len(text) <= 300 else f"{text[:300]}… ({len(value) if hasattr(value, '__len__') else '?'} entries)"


def eventually(what, probe, description=None, expected="it"):
    """What `probe` returns, as soon as it is something. `description` says in a failure what there was instead."""
    deadline = time.monotonic() + PATIENCE
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"{what} within {PATIENCE} s", expected, shortened(description() if description else value))
        time.sleep(0.2)


def eventually_equal(what, expected, probe):
    last = []

    def matches():
        last[:] = [probe()]
        return last[0] == expected

    eventually(what, matches, lambda: last[0], expected)


main()
