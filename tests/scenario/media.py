#!/usr/bin/env python3
"""Every family of media and everything that can be done with it, through the tools, on virtual drives: blank, format, write
from a file, write from a pipe of unknown length, append a second and a third session, close, verify, eject. The disc read
back is the source, byte for byte. Prints how many cells of the matrix were shown. Needs DISCPRESS_BIN."""

import json
import os
import random
import subprocess
import sys
import tempfile

from scenario import BURN, MKIMAGE, VERIFY, main

SECTOR = 2048
CELLS = []


class Family:
    def __init__(self, media, erase=(), formats=(), append=None, simulate=False, prepare=(), at_once=False, stream=True):
        self.media = media
        self.erase = erase          # ways of `burn erase`
        self.formats = formats      # argument lists of `burn format`
        self.append = append        # "sessions", "overwrite" or None
        self.simulate = simulate
        self.prepare = prepare      # what comes before the first burn
        self.at_once = at_once      # takes --disc-at-once
        self.stream = stream        # takes a stream of unknown length


FAMILIES = [
    Family("cd-r", append="sessions"),
    Family("cd-rw", erase=("--quick", "--full"), append="sessions"),
    Family("dvd+r", append="sessions"),
    Family("bd-r", append="sessions"),
    Family("bd-r-dl", append="sessions"),
    Family("bd-r-xl", append="sessions"),
]


class Bench:
    """A state directory of its own, and the tools in it."""

    def __init__(self, directory):
        self.directory = directory
        self.env = dict(os.environ, DISCPRESS_STATE_DIR=os.path.join(directory, "state"), LC_ALL="C.UTF-8")

    def tool(self, tool, *args, stdin=None, code=0):
        done = subprocess.run([tool, *args], input=stdin if stdin is not None else b"", env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=300)
        assert done.returncode == code, f"{os.path.basename(tool)} {' '.join(args)}: exit {done.returncode}: {done.stdout.decode()}{done.stderr.decode()}"
        return done.stdout.decode()

    def burn(self, *args, **more):
        return self.tool(BURN, *args, **more)

    def image(self, name, start=0, files=5, seed=1):
        """An image of mkimage with something in it."""
        tree = os.path.join(self.directory, f"tree-{name}")
        os.makedirs(tree, exist_ok=True)
        for i in range(files):
            with open(os.path.join(tree, f"{name}-{i}.bin"), "wb") as out:
                out.write(random.Random(seed * 100 + i).randbytes(100_000 + 7777 * i))
        file = os.path.join(self.directory, f"{name}-{start}.iso")
        self.tool(MKIMAGE, "--session-start", str(start), "-o", file, tree)
        with open(file, "rb") as made:
            return file, made.read()

    def info(self):
        return json.loads(self.burn("info", "--drive", "d", "--json"))["medium"]

    def disc(self):
        file = os.path.join(self.directory, "disc.img")
        if os.path.exists(file):
            os.remove(file)
        self.burn("virtual", "export", "d", file)
        with open(file, "rb") as made:
            return made.read()

    def expect(self, data, start=0):
        disc = self.disc()
        assert disc[start * SECTOR : start * SECTOR + len(data)] == data, f"the disc is not the source, from LBA {start}"

    def fresh(self, family):
        """A new disc, prepared for the first burn."""
        if os.path.isdir(os.path.join(self.directory, "state", "drives", "d")):
            self.burn("virtual", "remove", "d")
        self.burn("virtual", "add", "d", "--media", family.media)
        for step in family.prepare:
            self.burn(*step, "--drive", "d")


def cell(family, action):
    CELLS.append((family.media, action))


def write_from_file(bench, family):
    bench.fresh(family)
    file, data = bench.image("file")
    bench.burn("--drive", "d", file)
    bench.expect(data)
    assert bench.info()["state"] in ("closed", "rewritable"), bench.info()["state"]
    cell(family, "write from file, close")
    bench.tool(VERIFY, "--drive", "d")
    cell(family, "verify")
    bench.burn("eject", "--drive", "d")
    assert "tray is open" in bench.burn("info", "--drive", "d")
    bench.burn("load", "--drive", "d")
    bench.expect(data)
    cell(family, "eject, load")


def write_from_pipe(bench, family):
    """Neither the size nor a volume that tells it."""
    for sectors in (1, 33, 1003):
        bench.fresh(family)
        data = random.Random(sectors).randbytes(sectors * SECTOR)
        bench.burn("--drive", "d", stdin=data, code=0 if family.stream else 4)
        if family.stream:
            bench.expect(data)
    cell(family, "write from a pipe of unknown length" if family.stream else "refuse a pipe of unknown length")
    bench.fresh(family)
    _, data = bench.image("file")
    bench.burn("--drive", "d", "-", stdin=data)
    bench.expect(data)
    cell(family, "write from a pipe that tells its length")


def append(bench, family):
    bench.fresh(family)
    burned = []
    for session in (1, 2, 3):
        medium = bench.info()
        start = medium["next_writable"] if session > 1 else 0
        assert start % medium["write_unit"] == 0
        file, data = bench.image(f"s{session}", start, seed=session)
        last = session == 3
        args = ["--drive", "d", *([] if last else ["--multi"])]
        if session == 2:
            bench.burn(*args, stdin=data)
        else:
            bench.burn(*args, file)
        burned.append((start, data))
        for at, earlier in burned:
            if family.append == "sessions":
                bench.expect(earlier, at)
            else:  # the newest volume descriptors are also at the start, which is all that may have changed
                disc = bench.disc()
                assert disc[(at + 32) * SECTOR : at * SECTOR + len(earlier)] == earlier[32 * SECTOR :]
        bench.tool(VERIFY, "--drive", "d")
        if family.append == "sessions":
            medium = bench.info()
            assert medium["state"] == ("closed" if last else "appendable"), medium
            assert medium["sessions"] == session, medium
        cell(family, "write, leave open" if session == 1 else f"append session {session}")
        cell(family, f"verify session {session}")
    return burned


def erase(bench, family):
    for way in family.erase:
        bench.fresh(family)
        file, data = bench.image("file")
        bench.burn("--drive", "d", file)
        report = json.loads(bench.burn("erase", way, "--drive", "d", "--json"))
        assert report["after"]["state"] in ("blank", "rewritable"), report
        if family.append == "overwrite":
            assert report["after"].get("volume_sectors") is None, report
        bench.tool(VERIFY, "--drive", "d", code=4 if report["after"]["state"] == "blank" else 3)
        bench.burn("--drive", "d", file)
        bench.expect(data)
        bench.tool(VERIFY, "--drive", "d")
        cell(family, f"erase {way}, write again")
    if not family.erase:
        bench.fresh(family)
        file, data = bench.image("file")
        bench.burn("--drive", "d", file)
        bench.burn("erase", "--drive", "d", code=4)
        bench.expect(data)
        cell(family, "refuse to erase")


def matrix(family):
    def scenario():
        with tempfile.TemporaryDirectory(prefix="discpress-media-") as directory:
            bench = Bench(directory)
            write_from_file(bench, family)
            write_from_pipe(bench, family)
            if family.append:
                append(bench, family)
            erase(bench, family)
    scenario.__name__ = family.media
    return scenario


if __name__ == "__main__":
    code = main([matrix(family) for family in FAMILIES])
    print(f"{len(CELLS)} cells of the matrix, {len(set(media for media, _ in CELLS))} families")
    sys.exit(code)
