"""What /proc knows about processes."""

import os
import pathlib


def descendants(process):
    """All that `process` has started, and what those have started."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                # The name in parentheses may contain spaces, so fields are counted from its end.
                parents[int(entry)] = int(pathlib.Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                pass  # It has ended meanwhile.
    found, generation = [], [process]
    while generation:
        generation = [child for child, parent in parents.items() if parent in generation]
        found += generation
    return found


def command_line(process):
    try:
        return pathlib.Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def is_alive(process):
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
