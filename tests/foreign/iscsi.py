#!/usr/bin/python3
"""burn and verify over iSCSI, on a drive that is not ours (tgtd's DVD+R): burned from file and pipe, read back, compared;
a target that refuses, is not there, or dies in the middle. Needs DISCPRESS_BIN."""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tgt  # noqa: E402

BURN = os.path.join(os.environ["DISCPRESS_BIN"], "burn")
VERIFY = os.path.join(os.environ["DISCPRESS_BIN"], "verify")
MKIMAGE = os.path.join(os.environ["DISCPRESS_BIN"], "mkimage")
SECTOR = 2048


def burn(*args, **more):
    return subprocess.run([BURN, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, **more)


class Remote(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="discpress-iscsi-")
        self.addCleanup(self.dir.cleanup)
        self.tgt = tgt.Tgt(self.dir.name, discs=2)
        self.addCleanup(self.tgt.stop)
        self.image = os.path.join(self.dir.name, "image.iso")
        subprocess.run([MKIMAGE, "-o", self.image, os.path.dirname(os.path.abspath(__file__))], check=True, stderr=subprocess.PIPE)

    def line(self, done, code, words):
        self.assertEqual(done.returncode, code, done)
        text = done.stderr.decode()
        self.assertEqual(text.count("\n"), 1, text)
        self.assertRegex(text, words)

    def same(self, disc):
        with open(self.image, "rb") as a, open(disc, "rb") as b:
            want, got = a.read(), b.read()
        self.assertEqual(got[: len(want)], want)
        self.assertEqual(got[len(want) :].strip(b"\0"), b"")
        self.assertLess(len(got) - len(want), 16 * SECTOR)

    def test_burn_and_read_back(self):
        info = burn("info", "--drive", self.tgt.url())
        self.assertIn(b"DVD+R, blank", info.stdout)
        done = burn("--drive", self.tgt.url(), self.image)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.same(self.tgt.disc())
        done = subprocess.run([VERIFY, "--drive", self.tgt.url()], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 0, done)
        # What is on the disc now is closed, and that is told.
        self.line(burn("--drive", self.tgt.url(), self.image), 4, "burn: iscsi://.*DVD-ROM")

    def test_pipe_of_unknown_length_to_the_second_unit(self):
        with open(self.image, "rb") as image:
            cat = subprocess.Popen(["cat"], stdin=image, stdout=subprocess.PIPE)
            done = burn("--drive", self.tgt.url(2), stdin=cat.stdout)
            cat.stdout.close()
            cat.wait()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.same(self.tgt.disc(2))

    def test_addresses_that_lead_nowhere(self):
        self.line(burn("info", "--drive", "iscsi://nowhere"), 2, "iscsi://HOST")
        self.line(burn("info", "--drive", "iscsi://u%p@127.0.0.1/x/1"), 2, "password")
        self.line(burn("info", "--drive", f"iscsi://127.0.0.1:{tgt.free_port()}/{tgt.TARGET}/1"), 4, "no answer")
        self.line(burn("info", "--drive", self.tgt.url().replace(tgt.TARGET, "iqn.2026-01.test:nobody")), 4, "target refuses.*not found")
        self.line(burn("info", "--drive", self.tgt.url(7)), 4, "no drive for optical discs|not supported|logical unit")

    def test_target_dies_while_burning(self):
        process = subprocess.Popen([BURN, "--drive", self.tgt.url(), "--buffer", "1M", "--progress=json"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        data = bytearray(random.Random(1).randbytes(1500 * SECTOR))
        data[16 * SECTOR : 16 * SECTOR + 7] = b"\x01CD001\x01"
        data[16 * SECTOR + 80 : 16 * SECTOR + 88] = struct.pack("<I", 100_000) + struct.pack(">I", 100_000)
        process.stdin.write(data)
        process.stdin.flush()
        # Until something is written: more than it had in its buffer when the last such line came.
        for line in process.stderr:
            event = json.loads(line)
            if event["phase"] == "writing" and event["sectors"] > 0:
                break
        self.assertGreater(os.path.getsize(self.tgt.disc()), 0)
        self.tgt.process.kill()
        self.tgt.process.wait()
        try:
            while process.poll() is None:
                process.stdin.write(data[: 64 * SECTOR])
                process.stdin.flush()
        except BrokenPipeError:
            pass
        process.stdin.close()
        self.assertEqual(process.wait(timeout=120), 1)
        text = "".join(line for line in process.stderr.read().decode().splitlines(True) if not line.startswith("{"))
        process.stderr.close()
        self.assertEqual(text.count("\n"), 1, text)
        self.assertRegex(text, r"burn: iscsi://.*writing at LBA \d+: the drive is gone.*sectors were written.*could not be ended")


if __name__ == "__main__":
    if tool := tgt.missing():
        print(f"iscsi: SKIPPED: {tool} is not here")
        sys.exit(1 if os.environ.get("CI") == "true" else 77)
    unittest.main(verbosity=1)
