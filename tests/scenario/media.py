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
    def __init__(self, media, label=None, erase=(), formats=(), append=None, simulate=False, prepare=(), at_once=False, stream_recording=False):
        self.media = media
        self.label = label or media
        self.erase = erase          # ways of `burn erase`
        self.formats = formats      # argument lists of `burn format`
        self.append = append        # "sessions", "overwrite" or None
        self.simulate = simulate
        self.prepare = prepare      # what comes before the first burn
        self.at_once = at_once      # takes --disc-at-once
        self.stream_recording = stream_recording  # has spare areas that writing can do without


RW_OVERWRITE = (("format",),)
FAMILIES = [
    Family("cd-r", append="sessions", simulate=True, at_once=True),
    Family("cd-rw", erase=("--quick", "--full"), append="sessions", simulate=True, at_once=True),
    Family("dvd-r", append="sessions", simulate=True, at_once=True),
    Family("dvd-rw", erase=("--quick", "--full"), formats=([], ["--full"]), append="sessions", simulate=True, at_once=True),
    Family("dvd-rw", label="dvd-rw restricted overwrite", prepare=RW_OVERWRITE, erase=("--quick", "--full"), formats=([], ["--full"]), append="overwrite"),
    Family("dvd-r-dl", append="sessions", simulate=True, at_once=True),
    Family("dvd+rw", erase=("--quick", "--full"), formats=([], ["--full"]), append="overwrite"),
    Family("dvd+r", append="sessions"),
    Family("dvd+r-dl", append="sessions"),
    Family("dvd-ram", erase=("--quick", "--full"), formats=([], ["--full"]), append="overwrite"),
    Family("bd-r", append="sessions"),
    Family("bd-r", label="bd-r with spares", prepare=(("format",),), append="sessions", stream_recording=True),
    Family("bd-r", label="bd-r with most spares", prepare=(("format", "--spare", "max"),), append="sessions"),
    Family("bd-r-dl", append="sessions"),
    Family("bd-r-xl", append="sessions"),
    Family("bd-r-xl-quad", append="sessions"),
    Family("bd-re", erase=("--quick",), formats=([], ["--full"], ["--spare", "none"], ["--spare", "min"], ["--spare", "max", "--full"]), append="overwrite",
           stream_recording=True),
    Family("bd-re-dl", erase=("--quick",), formats=([], ["--spare", "none"]), append="overwrite", stream_recording=True),
    Family("bd-re-xl", erase=("--quick",), formats=([],), append="overwrite"),
    Family("m-disc", append="sessions"),
    Family("m-disc-bd", append="sessions"),
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

    def expect(self, data, start=0):
        """The disc has this from that sector on."""
        file = os.path.join(self.directory, "disc.img")
        if os.path.exists(file):
            os.remove(file)
        self.burn("virtual", "export", "d", file)
        with open(file, "rb") as made:
            made.seek(start * SECTOR)
            assert made.read(len(data)) == data, f"the disc is not the source, from LBA {start}"

    def fresh(self, family):
        """A new disc, prepared for the first burn."""
        if os.path.isdir(os.path.join(self.directory, "state", "drives", "d")):
            self.burn("virtual", "remove", "d")
        self.burn("virtual", "add", "d", "--media", family.media)
        for step in family.prepare:
            self.burn(*step, "--drive", "d")


def cell(family, action):
    CELLS.append((family.label, action))


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
        bench.burn("--drive", "d", stdin=data)
        bench.expect(data)
    cell(family, "write from a pipe of unknown length")
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
                bench.expect(earlier[32 * SECTOR :], at + 32)
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
        bench.burn("--drive", "d", file, code=4)  # not blank
        report = json.loads(bench.burn("erase", way, "--drive", "d", "--json"))
        assert report["after"]["state"] == "blank" or report["after"]["looks_blank"], report
        bench.tool(VERIFY, "--drive", "d", code=4)
        bench.burn("--drive", "d", file)
        bench.expect(data)
        bench.tool(VERIFY, "--drive", "d")
        cell(family, f"erase {way}, write again")
    file, data = bench.image("file")
    if not family.erase:
        bench.fresh(family)
        bench.burn("--drive", "d", file)
        bench.burn("erase", "--drive", "d", code=4)
        bench.burn("--drive", "d", "--overwrite", file, code=2)
        bench.expect(data)
        cell(family, "refuse to erase and to overwrite")
        return
    other, data = bench.image("other", seed=7, files=2)
    bench.burn("--drive", "d", "--overwrite", other)
    bench.expect(data)
    bench.tool(VERIFY, "--drive", "d")
    cell(family, "overwrite")


def formats(bench, family):
    for words in family.formats:
        bench.fresh(family)
        report = json.loads(bench.burn("format", *words, "--drive", "d", "--json"))
        after = report["after"]
        assert after["state"] == "rewritable" and after["looks_blank"], report
        file, data = bench.image("file")
        bench.burn("--drive", "d", file)
        bench.expect(data)
        bench.tool(VERIFY, "--drive", "d")
        cell(family, "format " + " ".join(words))
    if not family.formats and not family.prepare:
        bench.fresh(family)
        bench.burn("format", "--drive", "d", *(["--full"] if family.media.startswith(("bd-r", "m-disc-bd")) else []), code=4)
        assert bench.info()["state"] == "blank"
        cell(family, "refuse to format")


def simulate(bench, family):
    bench.fresh(family)
    file, data = bench.image("file")
    if family.simulate:
        for more in ([], ["--disc-at-once"]) if family.at_once else ([],):
            bench.burn("--drive", "d", "--simulate", *more, file)
            assert bench.info()["state"] == "blank", bench.info()
            cell(family, " ".join(["simulate", *more]))
        bench.burn("--drive", "d", file)
        bench.expect(data)
    else:
        bench.burn("--drive", "d", "--simulate", file, code=4)
        cell(family, "refuse to simulate")


def special(bench, family):
    file, data = bench.image("file")
    if family.at_once:
        bench.fresh(family)
        bench.burn("--drive", "d", "--disc-at-once", file)
        bench.expect(data)
        bench.tool(VERIFY, "--drive", "d")
        assert bench.info()["state"] == "closed"
        cell(family, "disc at once")
        bench.fresh(family)
        bench.burn("--drive", "d", "--disc-at-once", stdin=os.urandom(1003 * SECTOR), code=4)
        bench.burn("--drive", "d", "--disc-at-once", "--multi", file, code=4)
        assert bench.info()["state"] == "blank"
        cell(family, "refuse disc at once")
    if family.stream_recording:
        bench.fresh(family)
        bench.burn("--drive", "d", "--stream-recording", file)
        bench.expect(data)
        cell(family, "stream recording")
    if family.media.startswith("dvd"):
        bench.fresh(family)
        bench.burn("--drive", "d", "--dvd-compat", file)
        bench.expect(data)
        bench.tool(VERIFY, "--drive", "d")
        cell(family, "most compatible")
    if family.media in ("dvd-r-dl", "dvd+r-dl"):
        bench.fresh(family)
        bench.burn("--drive", "d", "--layer-break", "1600", file)
        assert bench.info()["layer0_sectors"] == 1600
        bench.expect(data)
        cell(family, "layer break")


def matrix(family):
    def scenario():
        with tempfile.TemporaryDirectory(prefix="discpress-media-") as directory:
            bench = Bench(directory)
            write_from_file(bench, family)
            write_from_pipe(bench, family)
            if family.append:
                append(bench, family)
            erase(bench, family)
            formats(bench, family)
            simulate(bench, family)
            special(bench, family)
    scenario.__name__ = family.label.replace(" ", "_")
    return scenario


if __name__ == "__main__":
    code = main([matrix(family) for family in FAMILIES])
    print(f"{len(CELLS)} cells of the matrix, {len(set(media for media, _ in CELLS))} families")
    sys.exit(code)
