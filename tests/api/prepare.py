#!/usr/bin/env python3
"""Waits for the service, gives it something to ask about, and writes its OpenAPI document with ids that exist as examples.

prepare.py URL FOLDER open|token [DOCUMENT]
"""
import json
import pathlib
import re
import struct
import sys
import time
import urllib.error
import urllib.request

url, folder, name = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
document = sys.argv[4] if len(sys.argv) > 4 and sys.argv[4] else None
token = None


def ask(method, path, body=None, headers=None, form=None):
    data = json.dumps(body).encode() if body is not None else form
    head = {"content-type": "application/json" if form is None else "application/x-www-form-urlencoded", **(headers or {})}
    if token:
        head["authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url + path, data=data, method=method, headers=head)
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def wait(what, look):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            found = look()
            if found:
                return found
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.1)
    sys.exit(f"prepare.py: waited in vain for {what}")


def disc(path):
    """A small disc: a descriptor with a label and a size, and bytes."""
    sector, sectors = 2048, 300
    data = bytearray(bytes(range(256)) * 8 * sectors)
    data[: 18 * sector] = bytes(18 * sector)
    at = 16 * sector
    data[at : at + 7] = b"\x01CD001\x01"
    data[at + 40 : at + 72] = b"SCHEMA".ljust(32)
    data[at + 80 : at + 88] = struct.pack("<I", sectors) + struct.pack(">I", sectors)
    data[at + 128 : at + 132] = bytes([0, 8, 8, 0])
    data[at + sector : at + sector + 7] = b"\xffCD001\x01"
    path.write_bytes(data)
    return path


wait("the service", lambda: ask("GET", "/health/live"))
if name == "token":
    import sign_in

    token = sign_in.token(url, folder / "log")
    (folder / "token").write_text(token)
wait("the drives", lambda: len(ask("GET", "/api/v1/disks")["items"]) == 2)
for number in (0, 1):
    drive = f"virtual-drive{number}"
    wait("an empty drive", lambda: ask("GET", f"/api/v1/disks/{drive}")["state"] == "waiting_for_media")
    ask("POST", f"/api/v1/disks/{drive}/insert", {"image": str(disc(folder / f"{drive}.img"))})
    wait("the disc to be known", lambda: ask("GET", f"/api/v1/disks/{drive}")["state"] == "idle")
job = ask("POST", "/api/v1/jobs", {"device": "virtual-drive0", "mode": "standard"})["uuid"]
wait("an image", lambda: ask("GET", f"/api/v1/jobs/{job}")["status"] == "completed")
image = ask("GET", "/api/v1/isos")["items"][0]["id"]

text = pathlib.Path(document).read_text() if document else json.dumps(ask("GET", "/openapi.json"))
# The examples' ids, in the document's own words.
text = text.replace("0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44", job).replace("0198a2c4-9b20-7d11-8c40-13d5b0a7f9e2", image)
text = re.sub(r'"/dev/sr0"', '"virtual-drive1"', text).replace("/srv/samples/photos.iso", str(folder / "virtual-drive1.img"))
(folder / "openapi.json").write_text(text)
