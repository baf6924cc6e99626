"""An optical drive that is a program: Linux sees /dev/srN, and every SCSI command for it goes to a process.

    software_drive.py NUMBER LOG COMMAND...     runs COMMAND as the drive, until this process is ended

The kernel's TCM in user space (target_core_user) hands the commands over through a ring in shared memory, its loopback
host (tcm_loop) makes a SCSI device of it that the sr driver binds to. Both are configured through configfs. The layout of
the ring is Documentation/target/tcmu-design.rst and include/uapi/linux/target_core_user.h in the kernel's sources.

COMMAND reads requests from its standard input and writes one answer to each to its standard output, little endian:
    request   u8 cdb_len, cdb, u32 data_in_max, u32 data_out_len, data_out
    answer    u8 scsi_status, u8 sense_len, sense, u32 data_in_len, data_in
"""

import mmap
import os
import pathlib
import struct
import subprocess
import sys
import threading
import time

CONFIG = pathlib.Path("/sys/kernel/config/target")
OP_PAD, OP_CMD = 0, 1
FLAG_CAN_READ_LENGTH = 1 << 1  # In the mailbox: the kernel knows answers that are shorter than the buffer.
UFLAG_UNKNOWN_OP, UFLAG_READ_LENGTH = 1, 2
SENSE_SIZE = 96
GOOD, CHECK_CONDITION = 0, 2
# Hardware error, internal target failure: what is left to say when the process has ended.
BROKEN_SENSE = bytes([0x70, 0, 4, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x44, 0, 0, 0, 0, 0])
# Length of a command by the upper three bits of its first byte (SPC); the kernel copies as much.
CDB_LENGTHS = [6, 10, 10, 12, 16, 12, 10, 10]
# The ring does not say which way the data goes. These take data: MODE SELECT, WRITE …, SEND …, SET STREAMING.
TAKES_DATA = {0x04, 0x0A, 0x15, 0x1D, 0x2A, 0x2E, 0x3B, 0x4C, 0x54, 0x55, 0x5D, 0x5F, 0xA3, 0xAA, 0xB6, 0xBF}


def main():
    number, log, *command = sys.argv[1:]
    sys.stdout = sys.stderr = open(log, "a", buffering=1)
    drive = Drive(int(number), command)
    drive.make_store()
    # The kernel asks the drive what it is while it is attached, so that somebody has to answer already.
    threading.Thread(target=drive.attach, daemon=True).start()
    drive.serve()


class Drive:
    def __init__(self, number, command):
        self.name = f"drive{number}"
        self.number = number
        self.store = CONFIG / "core" / f"user_{number}" / self.name
        self.engine = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sys.stderr)
        self.last = {}

    def make_store(self):
        """Makes the store, which is what commands are sent to, and maps its ring."""
        self.store.mkdir(parents=True)
        # The size is for disks; drives answer READ CAPACITY themselves. No event has to be confirmed over netlink.
        settings = f"dev_config=disk2iso/{self.name},dev_size=1048576,hw_block_size=2048,nl_reply_supported=-1,max_data_area_mb=16"
        for setting in settings.split(","):
            (self.store / "control").write_text(setting)
        (self.store / "enable").write_text("1")
        # A drive that hangs is one of the things to prove; how long it does is not the ring's business.
        (self.store / "attrib" / "cmd_time_out").write_text("0")
        uio = next(path for path in pathlib.Path("/sys/class/uio").iterdir() if f"/{self.name}/" in (path / "name").read_text())
        size = int((uio / "maps/map0/size").read_text(), 0)
        node = pathlib.Path("/dev") / uio.name
        while not node.exists():
            time.sleep(0.05)
        self.uio = os.open(node, os.O_RDWR)
        self.ring = memoryview(mmap.mmap(self.uio, size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE))
        self.version, self.flags, self.ring_start, self.ring_size = struct.unpack_from("=HHII", self.ring, 0)
        print(f"{self.name}: {node}, ring version {self.version}, flags {self.flags:#x}")

    def attach(self):
        """Plugs the drive in: a SCSI host of its own, with this one unit."""
        identity = f"naa.5001405{self.number:09x}"
        group = CONFIG / "loopback" / identity / "tpgt_1"
        unit = group / "lun" / "lun_0"
        # One level at a time: configfs makes the levels in between itself.
        for folder in [CONFIG / "loopback", group.parent, group, unit]:
            folder.mkdir(exist_ok=True)
            if folder == group:
                (group / "nexus").write_text(identity)
        (unit / self.name).symlink_to(self.store)
        print(f"{self.name}: attached at {(group / 'address').read_text().strip()}")

    def serve(self):
        # Single words of four bytes, because the kernel reads them while they are written.
        head, tail = self.ring[12:16].cast("I"), self.ring[64:68].cast("I")
        while True:
            os.read(self.uio, 4)
            while tail[0] != head[0]:
                position = self.ring_start + tail[0]
                length_and_kind = struct.unpack_from("=I", self.ring, position)[0]
                if length_and_kind & 7 == OP_CMD:
                    self.answer(position)
                elif length_and_kind & 7 != OP_PAD:
                    self.ring[position + 7] |= UFLAG_UNKNOWN_OP
                tail[0] = (tail[0] + (length_and_kind & ~7)) % self.ring_size
                os.write(self.uio, b"\1\0\0\0")

    def answer(self, entry):
        """Has the process execute the command at `entry`, and puts its answer there."""
        pieces, cdb = self.command(entry)
        room = sum(length for _, length in pieces)
        takes = cdb[0] in TAKES_DATA
        sent = b"".join(self.ring[start : start + length] for start, length in pieces) if takes else b""
        started = time.monotonic()
        status, sense, data = self.execute(cdb, 0 if takes else room, sent)
        took = time.monotonic() - started
        self.note(cdb, status, sense, took)
        rest = data
        for start, length in pieces:
            part, rest = rest[:length], rest[length:]
            self.ring[start : start + len(part)] = part
        # The answer lies where the command was. Without a length, data that come with sense (recovered errors) would get lost.
        partial = len(data) < room if status == GOOD else len(data) > 0
        uflags = UFLAG_READ_LENGTH if partial and not takes and self.flags & FLAG_CAN_READ_LENGTH else 0
        self.ring[entry + 7] = uflags
        struct.pack_into("=BBHI", self.ring, entry + 8, status, 0, 0, len(data))
        self.ring[entry + 16 : entry + 16 + SENSE_SIZE] = sense[:SENSE_SIZE].ljust(SENSE_SIZE, b"\0")

    def command(self, entry):
        """The pieces of the data's buffer as (start, length) in the ring, and the command's bytes."""
        count, _, _, _, cdb_start = struct.unpack_from("=IIIIQ", self.ring, entry + 8)
        pieces = [struct.unpack_from("=QQ", self.ring, entry + 48 + 16 * piece) for piece in range(count)]
        return pieces, bytes(self.ring[cdb_start : cdb_start + CDB_LENGTHS[self.ring[cdb_start] >> 5]])

    def execute(self, cdb, room, sent):
        try:
            self.engine.stdin.write(bytes([len(cdb)]) + cdb + struct.pack("<II", room, len(sent)) + sent)
            self.engine.stdin.flush()
            status, sense_length = self.receive(2)
            sense = self.receive(sense_length)
            (length,) = struct.unpack("<I", self.receive(4))
            data = self.receive(length)
        except (OSError, EOFError) as error:
            print(f"{self.name}: {cdb.hex()}: the process has ended: {error!r}, {self.engine.poll()}")
            return CHECK_CONDITION, BROKEN_SENSE, b""
        if length > room:
            print(f"{self.name}: {cdb.hex()}: {length} bytes for a buffer of {room}")
        return status, sense, data[:room]

    def receive(self, length):
        received = self.engine.stdout.read(length)
        if len(received) < length:
            raise EOFError(f"{len(received)} of {length} bytes")
        return received

    def note(self, cdb, status, sense, took):
        """One line for each command that is not answered as the last of its kind was, and for each that took long: the log is
        read when a proof has failed."""
        answer = (status, sense[2:3], sense[12:14])
        if self.last.get(cdb[0]) != answer or took > 1:
            self.last[cdb[0]] = answer
            print(f"{time.monotonic():.3f} {cdb.hex()} -> {status} {sense.hex()} ({took:.3f} s)")


if __name__ == "__main__":
    main()
