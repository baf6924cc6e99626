"""The host's side: runs the virtual machine, is the hand at its drives, and prints what its proofs found.

The guest (guest.py) asks for things that only happen outside it, such as another disc in a tray, through its second
serial port: one line of JSON there, one line back. The first serial port is the console, which the kernel writes to as
well. Drives are moved and watched through QMP, QEMU's control socket.
"""

import argparse
import hashlib
import json
import pathlib
import signal
import socket
import subprocess
import sys
import time

import discs as software_discs

# Sectors of 2048 bytes that cannot be read. Three places: a single sector, two neighbours, and one far off. All are inside
# the large file, and none is within the last 75, where the kernel takes an error for the end of the disc.
BAD_SECTORS = [1000, 4001, 4002, 7777]
# QEMU counts sectors of 512 bytes, so each place also tries another position within a disc's sector.
BAD_PARTS = [1000 * 4, 4001 * 4 + 3, 4002 * 4, 7777 * 4 + 1]
SLOW_BYTES_PER_SECOND = 4 * 1024 * 1024

PROOFS = {
    "a": "a disc that lies in the drive at start is imaged unasked",
    "b": "eject through the API opens the tray",
    "c": "a disc that is inserted again is recognised",
    "d": "unreadable sectors are named exactly, everything else is right",
    "e": "killed in mid-read, the image is the same",
}
SOFTWARE = {
    "g": "data on CD, DVD and Blu-ray is known for what it is and imaged byte for byte",
    "h": "a blank and an unreadable disc are called so",
    "i": "sectors that writing track at once leaves behind are no damage",
    "j": "a disc of two sessions is imaged with both",
    "k": "sectors are lost for whatever reason the drive gives, and no others",
    "l": "weak sectors are read",
    "m": "a READ CAPACITY that says too little cuts nothing off",
    "n": "another disc in mid-read never gets into the image",
    "o": "a tray that does not open is told, and nothing else suffers",
    "p": "a drive that hangs is given up in time and comes back",
    "q": "an audio CD is kept raw, with all that is on it",
    "r": "other programs read the same from the same drive",
    "s": "a CD of data and music in one session",
    "t": "a CD of music and, in a second session, data",
    "u": "a clone has the sub-channels",
    "v": "no more is lost than with GNU ddrescue alone",
    "w": "cd-paranoia and cdrdao read for the service",
    "x": "ddrescue rescues and a scan finds exactly what is bad",
}
PROOFS |= SOFTWARE
# Only when the test binary was given.
SUITE = {"f": "real drives pass the suite that virtual drives pass"}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--work", type=pathlib.Path, required=True)
    arguments.add_argument("--kernel", required=True)
    arguments.add_argument("--seconds", type=float, required=True)
    arguments.add_argument("--proofs", required=True, help="letters; empty for all")
    options = arguments.parse_args()

    # So that whoever ends this also ends the machine.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    started = time.monotonic()
    if (options.work / "shared" / "tests").exists():
        PROOFS.update(SUITE)
    for proof in PROOFS.keys() - set(options.proofs or PROOFS):
        del PROOFS[proof]
    write_plan(options.work)
    machine = Machine(options.work, options.kernel, started + options.seconds)
    try:
        trouble = machine.serve()
    finally:
        machine.stop()
    for proof, sentence in PROOFS.items():
        if proof not in machine.results:
            print(f"FAILED ({proof}) expected: {sentence}; got no result: {trouble or 'the guest left it out'}")
    failed = [proof for proof in PROOFS if not machine.results.get(proof)]
    if failed or trouble:
        print_end_of(options.work / "shared" / "guest.log", "the guest's own messages", 60)
        print_end_of(options.work / "qemu.log", "QEMU's messages", 20)
        print_end_of(options.work / "console.log", "the guest's console", 60)
        for log in sorted((options.work / "shared").glob("drive*.log")):
            print_end_of(log, f"commands to the software drive {log.stem}", 100)
        print_end_of(options.work / "shared" / "service.log", "the service's log", 400)
    seconds = time.monotonic() - started
    summary = f"{len(PROOFS) - len(failed)} of {len(PROOFS)} proofs on real /dev/sr* in {seconds:.0f} s"
    if failed or trouble:
        print(f"FAILED: {summary}" + (f"; {trouble}" if trouble else ""))
        sys.exit(1)
    print(f"ok: {summary}")


def write_plan(work):
    """Tells the guest what is right. The hashes are made here, from the sources, so that nothing in the guest can bend them."""
    discs = {}
    for name, label in [("a", "VM_DISC_A"), ("b", "VM_DISC_B"), ("damaged", "VM_DAMAGED"), ("slow", "VM_SLOW")]:
        source = work / f"{name}.iso"
        content = source.read_bytes()
        discs[name] = {
            "label": label,
            "source": str(source),
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "bad_sectors": BAD_SECTORS if name == "damaged" else [],
        }
    last_sector = discs["damaged"]["size"] // 2048 - 1
    assert max(BAD_SECTORS) < last_sector - 75, "the damage must not look like a disc's end"
    software = software_discs.make_all(work / "shared" / "discs")
    (work / "shared" / "plan.json").write_text(json.dumps({"discs": discs, "software_discs": software, "proofs": PROOFS}))


def print_end_of(path, title, lines):
    if not path.exists():
        print(f"--- {title}: none")
        return
    text = path.read_text(errors="replace").splitlines()
    print(f"--- {title}" + (f" (last {lines} of {len(text)} lines)" if len(text) > lines else ""))
    print("\n".join(text[-lines:]))
    print(f"--- end of {title}")


class Machine:
    """The running virtual machine. Drives are called dev0 (/dev/sr0 in the guest) and dev1 (/dev/sr1)."""

    def __init__(self, work, kernel, deadline):
        self.work = work
        self.deadline = deadline
        self.results = {}
        self.read_before_insert = {}
        self.process = subprocess.Popen(
            qemu_command(work, kernel),
            stdin=subprocess.DEVNULL,
            stdout=open(work / "qemu.log", "w"),
            stderr=subprocess.STDOUT,
        )
        self.qmp = None

    def serve(self):
        """Answers the guest until it has finished. Returns what went wrong with the machine itself, or None."""
        try:
            self.qmp = Qmp(self.connect("qmp.sock"))
            guest = self.connect("guest.sock")
            for request in self.lines(guest):
                if request.get("call") == "end":
                    return None
                guest.sendall((json.dumps(self.answer(request)) + "\n").encode())
            return "the virtual machine stopped before its proofs were done"
        except TimeoutError:
            return "the time was up (DISK2ISO_VM_SECONDS gives more)"
        except MachineError as error:
            return str(error)

    def connect(self, name):
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self.work / name))
                return connection
            except OSError:
                connection.close()
            if self.process.poll() is not None:
                raise MachineError("QEMU did not start: " + (self.work / "qemu.log").read_text().strip())
            if time.monotonic() > self.deadline:
                raise TimeoutError
            time.sleep(0.05)

    def lines(self, guest):
        buffer = b""
        while True:
            guest.settimeout(max(0.01, self.deadline - time.monotonic()))
            received = guest.recv(65536)
            if not received:
                return
            *complete, buffer = (buffer + received).split(b"\n")
            for line in complete:
                # A serial port may bring noise while the machine starts.
                if line.startswith(b"{"):
                    yield json.loads(line)

    def answer(self, request):
        calls = {
            "report": self.report,
            "insert": self.insert,
            "close_tray": lambda drive: self.qmp.execute("blockdev-close-tray", id=drive),
            "tray": self.tray,
            "bytes_read": self.bytes_read,
        }
        try:
            return {"value": calls[request.pop("call")](**request)}
        except (QmpError, KeyError, TypeError) as error:
            return {"error": f"{type(error).__name__}: {error}"}

    def report(self, proof, passed, text):
        self.results[proof] = passed
        print(f"{'ok' if passed else 'FAILED'} ({proof}) {text}", flush=True)

    def insert(self, drive, disc):
        """What a person does: open the tray, change the disc, close it. If an earlier proof has failed the guest may have the
        tray locked; force keeps that from spoiling this proof."""
        if not self.tray(drive)["open"]:
            self.qmp.execute("blockdev-open-tray", id=drive, force=True)
            # The kernel looks every two seconds, and must have seen the tray open.
            time.sleep(3)
        if self.drive(drive).get("inserted"):
            self.qmp.execute("blockdev-remove-medium", id=drive)
        self.qmp.execute("blockdev-insert-medium", id=drive, **{"node-name": f"disc-{disc}"})
        self.read_before_insert[drive] = self.total_read(drive)
        self.qmp.execute("blockdev-close-tray", id=drive)

    def tray(self, drive):
        state = self.drive(drive)
        return {"open": state["tray_open"], "locked": state["locked"], "disc": "inserted" in state}

    def bytes_read(self, drive):
        """What the drive has delivered of the disc that lies in it, as QEMU counts."""
        return self.total_read(drive) - self.read_before_insert.get(drive, 0)

    def drive(self, drive):
        return next(state for state in self.qmp.execute("query-block") if state.get("qdev") == drive)

    def total_read(self, drive):
        state = next(state for state in self.qmp.execute("query-blockstats") if state.get("qdev") == drive)
        return state["stats"]["rd_bytes"]

    def stop(self):
        try:
            self.process.wait(timeout=10 if len(self.results) == len(PROOFS) else 1)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class MachineError(Exception):
    """The virtual machine, not what is tested in it, does not work."""


class QmpError(Exception):
    """QEMU refused a command."""


class Qmp:
    def __init__(self, connection):
        self.stream = connection.makefile("rwb")
        self.next_message()
        self.execute("qmp_capabilities")

    def execute(self, command, **arguments):
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        self.stream.flush()
        while True:
            message = self.next_message()
            if "return" in message:
                return message["return"]
            if "error" in message:
                raise QmpError(f"{command}: {message['error']['desc']}")

    def next_message(self):
        line = self.stream.readline()
        if not line:
            raise MachineError("QEMU closed its control socket")
        return json.loads(line)


def qemu_command(work, kernel):
    def disc(name, **layer):
        file = {"driver": "file", "filename": str(work / f"{name}.iso"), "read-only": True}
        return {"driver": "raw", "read-only": True, "file": {**layer, "image": file} if layer else file}

    faults = [{"event": "none", "errno": 5, "sector": part, "once": False} for part in BAD_PARTS]
    nodes = [
        {**disc("a"), "node-name": "disc-a"},
        {**disc("b"), "node-name": "disc-b"},
        {**disc("damaged", driver="blkdebug", **{"inject-error": faults}), "node-name": "disc-damaged"},
        {"driver": "throttle", "throttle-group": "slow", "file": disc("slow"), "read-only": True, "node-name": "disc-slow"},
    ]
    speed = {"qom-type": "throttle-group", "id": "slow", "limits": {"bps-read": SLOW_BYTES_PER_SECOND}}
    command = ["qemu-system-x86_64", "-accel", "tcg", "-smp", "2", "-m", "2048", "-no-reboot", "-nic", "none"]
    command += ["-display", "none", "-vga", "none", "-no-user-config", "-nodefaults"]
    command += ["-kernel", kernel, "-initrd", str(work / "initramfs.cpio")]
    command += ["-append", "console=ttyS0 quiet loglevel=4 panic=-1"]
    command += ["-serial", f"file:{work}/console.log"]
    command += ["-chardev", f"socket,id=guest,path={work}/guest.sock,server=on,wait=off", "-serial", "chardev:guest"]
    command += ["-qmp", f"unix:{work}/qmp.sock,server=on,wait=off"]
    command += ["-object", json.dumps(speed)]
    for node in nodes:
        command += ["-blockdev", json.dumps(node)]
    command += ["-device", "virtio-scsi-pci", "-device", "scsi-cd,id=dev0,drive=disc-a", "-device", "scsi-cd,id=dev1"]
    share = "security_model=none,multidevs=remap"
    command += ["-virtfs", f"local,path=/,mount_tag=host,readonly=on,{share}"]
    command += ["-virtfs", f"local,path={work}/shared,mount_tag=work,{share}"]
    return command


main()
