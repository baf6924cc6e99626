"""The process under test and its client."""

import grp
import json
import os
import pathlib
import shutil
import signal
import subprocess
import urllib.error
import urllib.request

from check import Failed, eventually, expect
from processes import command_line, descendants, is_alive

SHARED = pathlib.Path("/run/vm")
HOME = pathlib.Path("/run/disk2iso")
API = "http://127.0.0.1:8080"
# The service runs as an unprivileged user in the group cdrom, as its systemd unit has it. Root would hide what the udev
# rule and the unit forget. The number is nobody's: the service must not need an entry in /etc/passwd.
SERVICE_USER = 64738
FINISHED = {"completed", "failed", "cancelled"}


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

    def start(self, **settings):
        """`settings` go over those that all proofs share, for example DISK2ISO_AUTO="0"."""
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
                **settings,
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

    def post(self, path, body=None):
        return self.request("POST", path, body)

    def request(self, method, path, body=None):
        request = urllib.request.Request(f"{API}/api/v1{path}", method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.loads(response.read() or b"null")
        except urllib.error.HTTPError as error:
            answer = error.read(2000).decode(errors="replace")
            raise Refused(f"{method} {path}", error.code, answer) from None
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

    def job(self, uuid):
        return self.request("GET", f"/jobs/{uuid}")

    def ended(self, uuid, statuses=FINISHED):
        """A job, when it has one of these statuses."""
        last = []

        def probe():
            last[:] = [self.job(uuid)]
            return last[0]["status"] in statuses and last[0]

        return eventually(f"job {uuid} {' or '.join(sorted(statuses))}", probe, lambda: f"{summary(last[0])} {last[0]['reason']} {last[0]['message']}")

    def image_of(self, uuid):
        images = [image for image in self.get("/isos") if image["job_uuid"] == uuid]
        expect(f"number of images of job {uuid}", 1, len(images))
        return images[0]

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


class Refused(Failed):
    """The service's answer was not a success."""

    def __init__(self, what, status, body):
        super().__init__(what, "success", f"{status} {body}")
        self.status = status
        # An error without a problem document fails the proof that asks for its code.
        self.code = json.loads(body).get("code") if body.startswith("{") else None


def summary(job):
    return f"{job['status']} {job['phase']} {job['size_processed']}/{job['size_total']} verdict {job['verdict']}"
