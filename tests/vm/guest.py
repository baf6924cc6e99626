"""The proofs, run inside the virtual machine next to the service: client, observer and, in one of them, killer.

Each proof asks only for what the service promises (its API, its files, the state of the drive) and compares with the
plan that the host made from the discs' sources. What only the host can do goes through `host` (see host.py).
"""

import json
import sys
import time
import traceback

import cd_proofs
import emulated_drives
import side_by_side
import software_proofs
from check import Failed, Host, eventually
from service import SHARED, Service
from software_drives import SoftwareDrive, copy_discs


def main():
    sys.stdout = sys.stderr = open(SHARED / "guest.log", "w", buffering=1)
    plan = json.loads((SHARED / "plan.json").read_text())
    host, service = Host(), Service()
    proofs = emulated_drives.proofs(service, host, plan["discs"])
    drives = SoftwareDrives(service)
    proofs |= software_proofs.proofs(service, drives, plan["software_discs"])
    proofs |= cd_proofs.proofs(service, drives, plan["software_discs"])
    proofs |= side_by_side.proofs(service, drives, plan["software_discs"])
    for name, sentence in plan["proofs"].items():
        started = time.monotonic()
        try:
            found = proofs[name]()
            took = time.monotonic() - started
            host.call("report", proof=name, passed=True, text=f"{sentence}: {found} ({took:.0f} s)")
        except Failed as failure:
            host.call("report", proof=name, passed=False, text=str(failure))
        except Exception as error:  # The proofs that follow still say something, so one that breaks must not end them.
            traceback.print_exc()
            host.call("report", proof=name, passed=False, text=f"expected: {sentence}; got {error!r}")
    service.kill()
    host.say({"call": "end"})


class SoftwareDrives:
    """Two software drives, plugged in while the service runs when they are needed first."""

    def __init__(self, service):
        self.service = service
        self.drives = None

    def __call__(self):
        if not self.drives:
            self.service.kill()
            self.service.start(DISK2ISO_AUTO="0", DISK2ISO_WEDGED_AFTER_SECONDS=str(software_proofs.WEDGED_AFTER_SECONDS))
            copy_discs()
            self.drives = [SoftwareDrive(number, self.service) for number in (2, 3)]
            for drive in self.drives:
                eventually(f"{drive.path} in the API", lambda: self.service.drive(drive.path))
        return self.drives


main()
