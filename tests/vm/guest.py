"""The proofs, run inside the virtual machine next to the service: client, observer and, in one of them, killer.

Each proof asks only for what the service promises (its API, its files, the state of the drive) and compares with the
plan that the host made from the discs' sources. What only the host can do goes through `host` (see host.py).
"""

import json
import sys
import time
import traceback

import emulated_drives
from check import Failed, Host
from service import SHARED, Service


def main():
    sys.stdout = sys.stderr = open(SHARED / "guest.log", "w", buffering=1)
    plan = json.loads((SHARED / "plan.json").read_text())
    host, service = Host(), Service()
    proofs = emulated_drives.proofs(service, host, plan["discs"])
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


main()
