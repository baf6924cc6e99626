#!/usr/bin/env python3
"""What the running service costs and how fast it answers. Prints one table; everything is measured in this run.

service.py [BINARY [lists_and_start|idle|eight_drives …]]      default: target/release/disk2iso, all. Needs python3 alone, 6 GB in
BENCH_DIR (discs and databases; default /dev/shm) and 6 GB in BENCH_OUTPUT (images; default target/bench-images).
"""
import http.client
import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/disk2iso").resolve()
FOLDER = Path(tempfile.mkdtemp(prefix="disk2iso-bench-", dir=os.environ.get("BENCH_DIR", "/dev/shm")))
# Images go to a real disk, discs come from memory: a drive has no disk of ours to share.
OUTPUT = Path(os.environ.get("BENCH_OUTPUT", ROOT / "target/bench-images"))
SPEED = 72_000_000
SECTORS = 350_000  # 717 MB: ten seconds at 72 MB/s
ROWS = []
RUNNING = []


def row(what, measured, limit, good):
    ROWS.append((what, measured, limit, "yes" if good else "NO"))
    print(f"{what}: {measured} (limit {limit})", flush=True)


class Service:
    def __init__(self, name, drives, port=18765, auto=False):
        self.folder, self.port = FOLDER / name, port
        self.drives = [self.folder / f"drive{number}" for number in range(drives)]
        for drive in self.drives:
            drive.mkdir(parents=True, exist_ok=True)
        settings = {
            "DISK2ISO_LISTEN": f"127.0.0.1:{port}",
            "DISK2ISO_STATE_DIR": self.folder / "state",
            "DISK2ISO_OUTPUT_DIR": OUTPUT / name,
            "DISK2ISO_VIRTUAL_DRIVES": ",".join(map(str, self.drives)),
            "DISK2ISO_REAL_DRIVES": "0",
            "DISK2ISO_AUTO": "1" if auto else "0",
            "DISK2ISO_AUTH": "off",
        }
        self.output = settings["DISK2ISO_OUTPUT_DIR"]
        self.environment = {**os.environ, **{key: str(value) for key, value in settings.items()}}
        self.process = None

    def start(self):
        """Starts it; gives the seconds until it was ready."""
        log = open(self.folder / "log", "ab")
        begun = time.perf_counter()
        self.process = subprocess.Popen([BINARY, "serve"], env=self.environment, stdout=log, stderr=log)
        RUNNING.append(self.process)
        while True:
            try:
                if self.get("/health/ready")[0] == 200:
                    return time.perf_counter() - begun
            except OSError:
                pass
            if self.process.poll() is not None or time.perf_counter() - begun > 60:
                sys.exit("the service does not start:\n" + (self.folder / "log").read_text())
            time.sleep(0.002)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def get(self, path):
        return self.request("GET", path)

    def items(self, path):
        return json.loads(self.get(path)[1])["items"]

    def rss(self):
        """Resident memory in MiB: of it, and the peak of each of its workers."""
        return status(self.process.pid, "VmRSS")

    def cpu(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def workers(self):
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for child in children for pid in child.read_text().split()]


def status(pid, key):
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(key + ":")), 0.0)


def fill(service, start, end):
    """Old jobs straight into the database, as years of use would leave them."""
    database = sqlite3.connect(service.folder / "state/disk2iso.db")
    database.execute(
        """WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2),
           j AS (SELECT i, strftime('%Y-%m-%d %H:%M:%f', '2020-01-01', '+' || i || ' minutes') AS at,
                 CASE WHEN i % 20 = 0 THEN 'failed' ELSE 'completed' END AS status, 'DISC ' || i AS label FROM n)
           INSERT INTO jobs (id, kind, mode, origin, options, priority, device, drive_id, media_session, medium, disk_label, disk_type,
             output_dir, output_path, status, verdict, attempts, size_total, size_processed, speed, error_count, created_at, updated_at,
             revision, label_key, search)
           SELECT '00000000-0000-7000-8000-' || substr('000000000000' || i, length('' || i) + 1), 'image', 'standard', 'auto', '{}', i % 10,
             '/dev/sr' || (i % 8), 'bus-' || (i % 8), i, NULL, label, CASE WHEN i % 3 = 0 THEN 'data_cd' ELSE 'data_dvd' END, '/srv/images',
             '/srv/images/' || label || '.iso', status, CASE status WHEN 'completed' THEN 'complete' END, 0, 4700000000, 4700000000, 1.0e7, 0,
             at, at, 1, lower(label), lower(label) || char(10) || '/dev/sr' || (i % 8) || char(10) || '/srv/images/' || label || '.iso' FROM j""",
        (start, end),
    )
    database.commit()
    database.close()


def median_ms(service, path, count=300):
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        times.append((time.perf_counter() - begun) * 1000)
        assert answer.status == 200, body
    return statistics.median(times)


def lists_and_start():
    service = Service("lists", 2)
    service.start()
    service.stop()
    fill(service, 1, 1_000)
    service.start()
    pages = {"first page": "/api/v1/jobs", "filtered page (status=failed)": "/api/v1/jobs?status=failed", "filtered page (q, many hits)": "/api/v1/jobs?q=disc+1",
             "filtered page (q, 1 and 111 hits)": "/api/v1/jobs?q=disc+777",
             "filtered page (device)": "/api/v1/jobs?device=/dev/sr3"}
    few = {name: median_ms(service, path) for name, path in pages.items()}
    service.stop()
    fill(service, 1_001, 100_000)
    ready = statistics.median([measure_start(service) for _ in range(5)])
    row("ready after start, 100,000 jobs", f"{ready * 1000:.0f} ms", "300 ms", ready <= 0.3)
    service.start()
    for name, path in pages.items():
        many = median_ms(service, path)
        ratio = many / few[name]
        row(f"GET /jobs {name}, 100,000 : 1,000 jobs", f"{many:.2f} : {few[name]:.2f} ms = {ratio:.2f}", "1.5", ratio <= 1.5)
    service.stop()


def measure_start(service):
    seconds = service.start()
    service.stop()
    return seconds


def idle():
    service = Service("idle", 2)
    service.start()
    time.sleep(5)
    before = service.cpu()
    time.sleep(60)
    share = (service.cpu() - before) / 60 * 100
    row("idle with two drives, memory", f"{service.rss():.1f} MiB RSS", "40 MiB", service.rss() <= 40)
    row("idle with two drives, CPU over 60 s", f"{share:.2f} %", "0.5 %", share < 0.5)
    service.stop()


def eight_drives():
    service = Service("eight", 8, auto=True)
    service.start()
    discs = []
    for number in range(8):
        disc = FOLDER / f"disc{number}.img"
        with open(disc, "wb") as file:
            block = os.urandom(1 << 20)
            for chunk in range(SECTORS * 2048 >> 20):
                file.write(chunk.to_bytes(8, "little") + number.to_bytes(8, "little") + block[16:])
            file.truncate(SECTORS * 2048)
        discs.append(disc)
        (service.drives[number] / "drive.toml").write_text(f"speed_bytes_per_second = {SPEED}\n")
    peaks, times, done = {}, [], threading.Event()

    def ask():
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
        while not done.is_set():
            begun = time.perf_counter()
            connection.request("GET", "/api/v1/jobs")
            connection.getresponse().read()
            times.append((time.perf_counter() - begun) * 1000)
            for worker in service.workers():
                peaks[worker] = max(peaks.get(worker, 0), status(worker, "VmHWM"))
            time.sleep(0.05)

    asker = threading.Thread(target=ask)
    for number, disc in enumerate(discs):
        answer = service.request("POST", f"/api/v1/disks/virtual-drive{number}/insert", {"image": str(disc)})
        assert answer[0] < 300, answer
    asker.start()
    while not (jobs := service.items("/api/v1/jobs")) or any(job["status"] in ("queued", "running") for job in jobs) or len(jobs) < 8:
        time.sleep(0.1)
    done.set()
    asker.join()
    assert all(job["verdict"] == "complete" for job in jobs), jobs
    events = {}
    for event in all_events(service):
        if event["kind"] in ("job.phase", "job.completed"):
            events.setdefault(event["job_uuid"], []).append(event)
    slowest = 1.0
    for happened in events.values():
        reading = next(at(event) for event in happened if "reading" in event["message"])
        end = next(at(event) for event in happened if "reading" not in event["message"])
        slowest = min(slowest, SECTORS * 2048 / (end - reading) / SPEED)
    times.sort()
    p99 = times[int(len(times) * 0.99) - 1]
    row("8 drives at 72 MB/s (Blu-ray 16x), slowest", f"{slowest * 100:.1f} % of its limit", "90 %", slowest >= 0.9)
    row("GET /jobs meanwhile, 99th percentile", f"{p99:.1f} ms of {len(times)}", "100 ms", p99 < 100)
    row("largest worker, peak memory", f"{max(peaks.values()):.1f} MiB", "48 MiB", max(peaks.values()) <= 48)
    service.stop()


def all_events(service):
    events, page = [], True
    while page:
        page = service.items(f"/api/v1/events?since={events[-1]['seq'] if events else 0}&limit=100")
        events += page
    return events


def at(event):
    from datetime import datetime

    return datetime.fromisoformat(event["at"].replace("Z", "+00:00")).timestamp()


def main():
    try:
        for section in sys.argv[2:] or ["lists_and_start", "idle", "eight_drives"]:
            globals()[section]()
    finally:
        for process in RUNNING:
            process.kill()
        shutil.rmtree(FOLDER, ignore_errors=True)
        shutil.rmtree(OUTPUT, ignore_errors=True)
    print("\n| what | measured | limit | met |\n|---|---|---|---|")
    for line in ROWS:
        print("| " + " | ".join(line) + " |")


main()
