"""The guest's side of software drives (software_drive.py): plugs them in and is the hand that puts discs into them."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

from check import Failed, eventually, eventually_equal, expect
from processes import descendants
from service import HOME, SHARED

DRIVES = pathlib.Path("/run/drives")
# Where discs.py expects them.
DISCS = pathlib.Path("/run/discs")
CONFIG = pathlib.Path("/sys/kernel/config")


class SoftwareDrive:
    """A drive `/dev/srN` that `disk2iso scsi-target FOLDER` plays."""

    def __init__(self, number, service, program=HOME / "disk2iso"):
        self.program = program
        self.service = service
        self.name = f"drive{number}"
        self.folder = DRIVES / self.name
        self.folder.mkdir(parents=True)
        self.log = SHARED / f"{self.name}.log"
        if not (CONFIG / "target").exists():
            subprocess.run(["mount", "-t", "configfs", "configfs", CONFIG], check=True)
        command = [sys.executable, SHARED / "software_drive.py", str(number), self.log, program, "scsi-target", self.folder]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        # SCSI host, channel and target; the only unit there is 0.
        group = CONFIG / "target/loopback" / f"naa.5001405{number:09x}" / "tpgt_1"
        address = eventually(f"{self.name} attached", lambda: self.attached(group))
        block = pathlib.Path("/sys/bus/scsi/devices") / f"{address}:0" / "block"
        self.path = "/dev/" + eventually(f"a block device at {address}", lambda: block.exists() and os.listdir(block))[0]
        subprocess.run(["udevadm", "settle"], check=True)
        expect(f"{self.path} in the system", True, os.path.exists(self.path))

    def attached(self, group):
        expect(f"exit status of {self.name}'s process (see {self.log})", None, self.process.poll())
        return (group / "lun/lun_0" / self.name).is_symlink() and (group / "address").read_text().strip()

    def insert(self, disc):
        """Puts a disc in and closes the tray; what is in there comes out first. The disc's faults are the drive's script."""
        self.hand("--eject")
        # No hand is quicker, and the kernel looks at the tray every two seconds only.
        eventually_equal(f"reason of {self.path} with an open tray", "tray_open", lambda: self.service.drive(self.path)["reason"])
        self.script(disc)
        self.hand("--insert", DISCS / f"{disc['name']}.disc.toml")

    def script(self, disc):
        lines = [f"{key} = {json.dumps(value)}" for key, value in disc.get("script", {}).items()]
        for fault in disc["faults"]:
            lines += ["[[fault]]", *(f"{key} = {json.dumps(value)}" for key, value in fault.items())]
        (self.folder / "drive.toml").write_text("\n".join(lines) + "\n")

    def hand(self, *arguments):
        run = subprocess.run([self.program, "scsi-target", self.folder, *arguments], capture_output=True, text=True, timeout=60)
        if run.returncode:
            raise Failed(f"scsi-target {' '.join(map(str, arguments))}", "exit status 0", f"{run.returncode} {run.stderr.strip()}")

    def freeze(self):
        """From now on the drive answers nothing."""
        for process in descendants(self.process.pid):
            os.kill(process, signal.SIGSTOP)

    def thaw(self):
        for process in descendants(self.process.pid):
            os.kill(process, signal.SIGCONT)

    def properties(self):
        """What udev's database says."""
        text = subprocess.run(["udevadm", "info", "--query=property", self.path], capture_output=True, text=True, check=True).stdout
        return dict(line.split("=", 1) for line in text.splitlines())


def copy_discs():
    """The discs from the shared folder into memory, so that a drive is not as slow as that folder."""
    shutil.copytree(SHARED / "discs", DISCS)
