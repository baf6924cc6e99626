#!/usr/bin/env python3
"""The main job from start to end: a sample disc is put into a virtual drive, and the service does the rest by itself.

demo.py [--once]   without --once the dashboard stays up until Ctrl-C
"""
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = ROOT / "target/release/disk2iso"
FOLDER = Path(os.environ.get("DEMO_DIR", ROOT / "target/demo"))
PORT = int(os.environ.get("DEMO_PORT", "8080"))
URL = f"http://127.0.0.1:{PORT}"
# A Blu-ray drive at 16x; unlimited, the demo would be over before anybody saw it.
SPEED = 72_000_000
SIZE = 384 << 20
PATIENCE = 120


def fail(text):
    sys.exit(f"demo: {text}")


def request(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {} if body is None else {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(URL + path, data, headers), timeout=30) as answer:
        return json.load(answer)


def make_disc():
    """A few hundred MB of files that do not compress, always the same ones."""
    disc = FOLDER / "sample.iso"
    if disc.exists():
        return disc
    print("Making a sample disc …", flush=True)
    files = FOLDER / "files"
    shutil.rmtree(files, ignore_errors=True)
    noise = random.Random(2004)
    for number in range(48):
        picture = files / f"SUMMER_{2000 + number % 6}" / f"IMG_{1000 + number}.JPG"
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(noise.randbytes(SIZE // 48))
    (files / "README.TXT").write_text("A disc full of holidays.\n")
    unfinished = disc.with_suffix(".tmp")
    command = ["xorriso", "-as", "mkisofs", "-quiet", "-J", "-R", "-V", "HOLIDAYS", "-o", str(unfinished), str(files)]
    if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
        fail("xorriso could not make the sample disc")
    shutil.rmtree(files)
    unfinished.rename(disc)
    return disc


def start_service():
    for name in ("state", "images", "drive"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
    drive = FOLDER / "drive"
    drive.mkdir()
    (drive / "drive.toml").write_text(f"speed_bytes_per_second = {SPEED}\n")
    settings = {
        "DISK2ISO_LISTEN": f"127.0.0.1:{PORT}",
        "DISK2ISO_STATE_DIR": FOLDER / "state",
        "DISK2ISO_OUTPUT_DIR": FOLDER / "images",
        "DISK2ISO_VIRTUAL_DRIVES": drive,
        "DISK2ISO_REAL_DRIVES": "0",
        "DISK2ISO_AUTO": "1",
        "DISK2ISO_AUTH": "off",
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DISK2ISO_")}
    environment.update({name: str(value) for name, value in settings.items()})
    log = open(FOLDER / "service.log", "wb")
    service = subprocess.Popen([BINARY, "serve"], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    for _ in range(PATIENCE * 10):
        if service.poll() is not None:
            fail("the service did not start:\n" + (FOLDER / "service.log").read_text())
        try:
            request("/health/ready")
            return service
        except OSError:
            time.sleep(0.1)
    fail("the service is not ready; see " + str(FOLDER / "service.log"))


def human(size):
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def show(job, terminal):
    percent, speed, eta = job["progress"], job["speed"] or 0, job["eta_seconds"]
    filled = int(percent * 0.4)
    left = "" if eta is None else f", {eta} s left"
    line = f"[{'█' * filled}{'·' * (40 - filled)}] {percent:5.1f} %  {job['phase'] or job['status']}, {human(speed)}/s{left}"
    if terminal:
        print("\r\x1b[K" + line, end="", flush=True)
    else:
        print(line, flush=True)


def follow():
    """Watches the job that the service creates by itself."""
    terminal, shown, deadline = sys.stdout.isatty(), 0.0, time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        jobs = request("/api/v1/jobs")["items"]
        if jobs:
            job = jobs[0]
            over = job["status"] in ("completed", "failed", "cancelled")
            if over or terminal or time.monotonic() - shown >= 1:
                show(job, terminal)
                shown = time.monotonic()
            if over:
                print()
                return job
        time.sleep(0.1)
    fail(f"the job was not done within {PATIENCE} s; see {FOLDER / 'service.log'}")


def report(job, disc, seconds):
    if job["status"] != "completed":
        fail(f"the job is {job['status']}: {job.get('message')}")
    image = next((iso for iso in request("/api/v1/isos")["items"] if iso["job_uuid"] == job["uuid"]), None)
    if image is None:
        fail("the image is not in the catalogue")
    print(f"""
  image       {image['filepath']}
  size        {image['size']} bytes ({human(image['size'])})
  verdict     {image['verdict']}
  MD5         {image['md5sum']}
  SHA-256     {image['sha256sum']}
  throughput  {human(image['size'] / seconds)}/s (this virtual drive gives at most {human(SPEED)}/s)
""")
    source, copy = (hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in (disc, image["filepath"]))
    if image["verdict"] != "complete" or not source == copy == image["sha256sum"]:
        fail("the image is not what is on the disc")
    print("The image is byte for byte what is on the disc.")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    FOLDER.mkdir(parents=True, exist_ok=True)
    disc = make_disc()
    service = start_service()
    try:
        drive = request("/api/v1/disks")["items"][0]
        print(f"Putting the disc into {drive['name']} ({drive['path']}); the service does the rest by itself.", flush=True)
        started = time.monotonic()
        request(f"/api/v1/disks/{drive['id']}/insert", {"image": str(disc)})
        report(follow(), disc, time.monotonic() - started)
        if "--once" not in sys.argv[1:]:
            print(f"The dashboard is at {URL} (Ctrl-C ends it).", flush=True)
            service.wait()
    except KeyboardInterrupt:
        print()
    except urllib.error.HTTPError as error:
        fail(f"{error.url}: {error.code} {error.read().decode(errors='replace')}")
    finally:
        service.terminate()
        service.wait(30)


if __name__ == "__main__":
    main()
