"""A virtual drive in front of which a program of others is put, and the cells of what is tried on it: one cell is one medium and one way
of using one program. A cell is a function of a drive, registered by @cell with the media it is for; it fails by an assertion. All cells
of a run are tried, whatever becomes of the others."""
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scenario"))
from scenario import BIN, BURN, MKIMAGE, VERIFY, good, run, write  # noqa: E402

DEVICE = "/dev/sr7"
SHIM = os.path.join(os.path.dirname(BIN), "tests", "libdrive_shim.so")
SECTOR = 2048

CD = ("cd-r", "cd-rw")
DVD_MINUS = ("dvd-r", "dvd-rw", "dvd-r-dl")
DVD_PLUS_R = ("dvd+r", "dvd+r-dl")
BD_R = ("bd-r", "bd-r-dl", "bd-r-xl", "bd-r-xl-quad")
BD_RE = ("bd-re", "bd-re-dl", "bd-re-xl")
OVERWRITTEN = "dvd-rw-overwrite"  # a DVD-RW that was formatted for restricted overwrite
DVD = (*DVD_MINUS, OVERWRITTEN, *DVD_PLUS_R, "dvd+rw", "dvd-ram")
ALL = (*CD, *DVD, *BD_R, *BD_RE)
SEQUENTIAL = (*CD, *DVD_MINUS, *DVD_PLUS_R, *BD_R)
OVERWRITABLE = tuple(medium for medium in ALL if medium not in SEQUENTIAL)


class Drive:
    """A virtual drive with a medium as it is bought, in a folder of its own; served on a socket while a `with` lasts."""

    def __init__(self, folder, medium, image):
        self.folder, self.medium, self.image, self.faster = folder, medium, image, []
        self.socket, self.transcript = os.path.join(folder, "sock"), os.path.join(folder, "transcript")
        self.env = dict(os.environ, DISCPRESS_STATE_DIR=os.path.join(folder, "state"))
        self.new("dvd-rw" if medium == OVERWRITTEN else medium)
        if medium == OVERWRITTEN:
            good(BURN, "format", "--drive", "it", env=self.env)

    def new(self, medium, *options):
        """Another drive takes the place of this one."""
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.env["DISCPRESS_STATE_DIR"])
        good(BURN, "virtual", "add", "it", "--media", medium, *options, env=self.env)

    def slow_one(self):
        """A drive takes its place that writes slowly and has a small buffer, so that a program must wait for it: not even a busy machine
        sends 13 MB a second slower than that."""
        self.faster = ["10"]
        self.new(self.medium, "--speed", "4" if self.medium in CD else "1", "--buffer", "256k")

    def path(self, name):
        return os.path.join(self.folder, name)

    @contextlib.contextmanager
    def served(self):
        server = subprocess.Popen([os.path.join(BIN, "drive_server"), "it", self.socket, *self.faster], stdout=subprocess.PIPE,
                                  env=dict(self.env, DISCPRESS_TRANSCRIPT=self.transcript))
        try:
            assert server.stdout.readline() == b"ready\n", "the server of the drive did not start"
            yield
        finally:
            server.terminate()
            server.wait()
            server.stdout.close()
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.socket)

    def run(self, *command, expect=0, **more):
        """Runs a program that takes DEVICE for its drive. What it said on both channels, as text."""
        env = dict(self.env, LD_PRELOAD=SHIM, SHIM_DEVICE=DEVICE, SHIM_SOCKET=self.socket, LC_ALL="C")
        done = run(*command, env=env, timeout=60, cwd=self.folder, **more)
        said = (done.stdout or b"").decode("utf-8", "replace") + done.stderr
        if done.returncode != expect:
            with open(self.transcript, encoding="utf-8") as lines:
                tail = "".join(lines.readlines()[-12:])
            raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{said[-1500:]}\nthe drive was asked:\n{tail}")
        return said

    def export(self):
        out = self.path("disc.iso")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(out)
        good(BURN, "virtual", "export", "it", out, env=self.env)
        with open(out, "rb") as file:
            return file.read()


def same(found, expected, what):
    if found == expected:
        return
    at = next((i for i, (x, y) in enumerate(zip(found, expected)) if x != y), min(len(found), len(expected)))
    raise AssertionError(f"{what}: {len(found)} bytes instead of {len(expected)}, the first difference at byte {at}")


def holds(drive, complete=True):
    """The image is on the disc: a program of others reads it back byte for byte, so do we, and verify accepts it. readom believes
    READ CAPACITY, which knows only complete sessions; the kernel, and so dd, looks for the end of the last track."""
    with open(drive.image, "rb") as file:
        image = file.read()
    with drive.served():
        if complete:
            drive.run("readom", "dev=" + DEVICE, "f=" + drive.path("back"), f"sectors=0-{len(image) // SECTOR}")
        else:
            drive.run("dd", "if=" + DEVICE, "of=" + drive.path("back"), f"bs={SECTOR}", f"count={len(image) // SECTOR}")
    with open(drive.path("back"), "rb") as file:
        same(file.read(), image, "what was read back")
    same(drive.export()[:len(image)], image, "the exported disc")
    good(VERIFY, "--drive", "it", env=drive.env)


def waited(drive):
    """Was the buffer full at some time, so that the drive said so?"""
    with open(drive.transcript, encoding="utf-8") as lines:
        assert "-> 2/04/08" in lines.read(), "nobody had to wait for the drive"


def tree(drive, name, files=5):
    folder = drive.path(name)
    for i in range(files):
        write(f"{folder}/{name}{i}", os.urandom(3000 + 977 * i))
    return folder


def is_tree(folder, *trees):
    """Is the folder made of these trees, each under its own name, or of one as it is?"""
    for path in trees:
        found = os.path.join(folder, os.path.basename(path)) if len(trees) > 1 else folder
        diff = run("diff", "-r", path, found)
        assert diff.returncode == 0, diff.stdout.decode() + diff.stderr


def extracted(drive, source=DEVICE):
    """The newest tree of the disc, read by xorriso while the drive is served."""
    out = drive.path("out")
    drive.run("xorriso", "-osirrox", "on", "-indev", source, "-extract", "/", out)
    return out


registry = []


def cell(*media):
    def register(test):
        registry.extend((test, medium) for medium in media)
        return test
    return register


def run_cells(wanted):
    """Runs those of the registered cells in whose name a wanted word is, all of them without one. Returns how many failed."""
    failed, ran, began = 0, 0, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="discpress-") as scratch:
        first = os.path.join(scratch, "first")
        for i in range(40):
            write(f"{first}/file{i}", os.urandom(3000 + 977 * i))
        image = os.path.join(scratch, "image.iso")
        good(MKIMAGE, "-q", "-o", image, first)
        for test, medium in registry:
            name = f"{test.__module__} {test.__name__} {medium}"
            if wanted and not any(word in name for word in wanted):
                continue
            folder = os.path.join(scratch, f"{test.__name__}-{medium}")
            os.mkdir(folder)
            ran += 1
            try:
                test(Drive(folder, medium, image))
            except Exception as fault:  # a cell may fail in any way
                failed += 1
                if not isinstance(fault, AssertionError):
                    traceback.print_exc()
                print(f"{name}: FAILED: {fault}\n", flush=True)
            shutil.rmtree(folder)
    print(f"{ran} cells of medium and program, {failed} failed ({time.monotonic() - began:.0f} s)")
    return failed if ran else 1
