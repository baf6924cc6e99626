"""Expecting and waiting, and the line to the host: what all proofs use."""

import json
import os
import time
import tty

# Of wall-clock time, under an emulated processor: generous, because each is only used up when something is wrong.
PATIENCE = 180


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
