"""The service beside GNU ddrescue alone: the same damaged disc in the same drive."""

import pathlib
import subprocess
import time

from check import eventually, expect
from emulated_drives import read_map
from service import FINISHED
from software_drives import DISCS
from software_proofs import differing, identified

SECTOR = 2048


def proofs(service, drives, discs):
    return {"v": lambda: no_more_is_lost(service, drives()[0], discs["scratched"])}


def no_more_is_lost(service, drive, disc):
    identified(service, drive, disc)
    began = time.monotonic()
    uuid = service.post("/jobs", {"device": drive.path, "mode": "standard", "filename": disc["name"]})["uuid"]
    first = eventually("the end of the first pass", lambda: past_first_pass(service.job(uuid)) and time.monotonic() - began)
    job = service.ended(uuid)
    ours_took = time.monotonic() - began
    ours = pathlib.Path(job["output_path"])
    our_map = read_map(ours.with_suffix(".map"), disc["size"])

    theirs = pathlib.Path("/run/ddrescue.iso")
    passes = [["--no-scrape", "--no-trim"], ["--retry-passes=1"]]
    times = []
    for more in passes:
        began = time.monotonic()
        command = ["ddrescue", "--quiet", "--sector-size=2048", "--idirect", *more, drive.path, theirs, theirs.with_suffix(".map")]
        expect("exit status of ddrescue", 0, subprocess.run(command, timeout=240).returncode)
        times.append(time.monotonic() - began)
    their_map = read_map(theirs.with_suffix(".map"), disc["size"])

    bad = disc["bad_sectors"]
    source = DISCS / disc["image"]
    expect("sectors lost by the service", bad, our_map.get("-", []))
    expect("sectors of the service that differ from the source", [], differing(ours, source, bad))
    expect("statuses in the map besides -", ["+"], sorted(set(our_map) - {"-"}))
    lost = sum(len(sectors) for status, sectors in their_map.items() if status != "+")
    expect(f"sectors lost by the service at most ddrescue's {lost}", True, len(our_map.get("-", [])) <= lost)
    return (
        f"lost {len(bad)} here, {lost} with ddrescue; first pass {first:.1f} s and {times[0]:.1f} s, "
        f"all {ours_took:.1f} s and {sum(times):.1f} s"
    )


def past_first_pass(job):
    return job["status"] in FINISHED or job["phase"] not in {None, "analyzing", "reading"}
