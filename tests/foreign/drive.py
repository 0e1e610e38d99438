#!/usr/bin/python3
"""Programs of others burn on the virtual drive: cdrskin and xorriso (libburn), growisofs, wodim and cdrdao. They are put in front of
it by a preloaded shim that answers for one device path (drive/shim.cc). What they wrote is read back by them, compared with the
image byte for byte, and verified by verify. Each cell is one medium and one program; the count of cells is printed."""
import contextlib
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
from scenario import BIN, BURN, MKIMAGE, VERIFY, Skipped, good, in_scratch, main, run, write  # noqa: E402

DEVICE = "/dev/sr7"
SHIM = os.path.join(os.path.dirname(BIN), "tests", "libdrive_shim.so")
SECTOR = 2048


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skipped(f"{program} is not here")


class Drive:
    """A virtual drive with a blank medium, served on a socket while a `with` lasts."""

    def __init__(self, scratch, medium):
        self.state, self.socket = os.path.join(scratch, "state-" + medium), os.path.join(scratch, medium + ".sock")
        self.env = dict(os.environ, DISCPRESS_STATE_DIR=self.state)
        self.transcript = os.path.join(scratch, medium + ".transcript")
        good(BURN, "virtual", "add", "it", "--media", medium, env=self.env)

    @contextlib.contextmanager
    def served(self):
        server = subprocess.Popen([os.path.join(BIN, "drive_server"), "it", self.socket], stdout=subprocess.PIPE,
                                  env=dict(self.env, DISCPRESS_TRANSCRIPT=self.transcript))
        try:
            assert server.stdout.readline() == b"ready\n", "the server of the drive did not start"
            yield
        finally:
            server.terminate()
            server.wait()
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.socket)

    def foreign(self, *command, expect=0, **more):
        """Runs a program that takes DEVICE for its drive."""
        env = dict(self.env, LD_PRELOAD=SHIM, SHIM_DEVICE=DEVICE, SHIM_SOCKET=self.socket, LC_ALL="C")
        done = run(*command, env=env, timeout=120, **more)
        if done.returncode != expect:
            with open(self.transcript, encoding="utf-8") as lines:
                tail = "".join(lines.readlines()[-12:])
            said = (done.stdout.decode("utf-8", "replace") + done.stderr)[-1500:]
            raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{said}\nthe drive was asked:\n{tail}")
        return done

    def content(self, scratch):
        out = os.path.join(scratch, "disc.iso")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(out)
        good(BURN, "virtual", "export", "it", out, env=self.env)
        with open(out, "rb") as file:
            return file.read()

    def verify(self):
        good(VERIFY, "--drive", "it", env=self.env)


def tree(scratch, name, files):
    folder = os.path.join(scratch, name)
    for i in range(files):
        write(f"{folder}/{name}{i}", os.urandom(3000 + 977 * i))
    return folder


def image_of(scratch):
    path = os.path.join(scratch, "image.iso")
    if not os.path.exists(path):
        good(MKIMAGE, "-q", "-o", path, tree(scratch, "first", 40))
    with open(path, "rb") as file:
        return path, file.read()


def holds(drive, scratch, image):
    content = drive.content(scratch)
    assert content[:len(image)] == image, "what is on the disc is not what was written"
    drive.verify()


cells = 0


def cell(scratch, medium, test):
    global cells
    folder = os.path.join(scratch, f"{test.__name__}-{medium}")
    os.mkdir(folder)
    path, image = image_of(scratch)
    drive = Drive(folder, medium)
    try:
        test(drive, folder, path, image)
    except AssertionError as fault:
        raise AssertionError(f"{medium}, {test.__name__}: {fault}") from None
    cells += 1
    shutil.rmtree(folder)


# -- libburn ---------------------------------------------------------------------------------------------------------

APPENDABLE = ("cd-r", "cd-rw", "dvd-r", "dvd-rw", "dvd+r", "dvd+r-dl", "bd-r")
OVERWRITABLE = ("dvd+rw", "dvd-ram", "bd-re")
ERASABLE = ("cd-rw", "dvd-rw")


def xorriso_sessions(drive, folder, path, image):
    """Three sessions of a growing tree, each added to the one before; all of them are in the last one's tree."""
    with drive.served():
        for i, name in enumerate(("one", "two", "three")):
            more = tree(folder, name, 5)
            drive.foreign("xorriso", "-outdev" if i == 0 else "-dev", DEVICE, "-map", more, "/" + name, "-commit")
        found = drive.foreign("xorriso", "-indev", DEVICE, "-find", "/", "-type", "f").stdout.decode()
        assert found.count("'/") == 15, found
        out = os.path.join(folder, "out")
        drive.foreign("xorriso", "-osirrox", "on", "-indev", DEVICE, "-extract", "/", out)
        for name in ("one", "two", "three"):
            subprocess.run(["diff", "-r", os.path.join(folder, name), os.path.join(out, name)], check=True)


def cdrskin_writes(drive, folder, path, image):
    with drive.served():
        drive.foreign("cdrskin", "dev=" + DEVICE, "-v", path)
    holds(drive, folder, image)


def cdrskin_tao(drive, folder, path, image):
    with drive.served():
        drive.foreign("cdrskin", "dev=" + DEVICE, "-tao", "-multi", path)
        drive.foreign("cdrskin", "dev=" + DEVICE, "-tao", path)
    holds(drive, folder, image)


def cdrskin_sao(drive, folder, path, image):
    with drive.served():
        drive.foreign("cdrskin", "dev=" + DEVICE, "-sao", path)
    holds(drive, folder, image)


def xorriso_blanks(drive, folder, path, image):
    """Written, blanked both ways, and written again each time."""
    with drive.served():
        for how in ("fast", "all"):
            drive.foreign("cdrskin", "dev=" + DEVICE, path)
            drive.foreign("xorriso", "-outdev", DEVICE, "-blank", how)
            said = drive.foreign("xorriso", "-outdev", DEVICE, "-toc").stderr
            assert "is blank" in said, said
        drive.foreign("cdrskin", "dev=" + DEVICE, path)
    holds(drive, folder, image)


def xorriso_formats(drive, folder, path, image):
    with drive.served():
        drive.foreign("xorriso", "-outdev", DEVICE, "-format", "as_needed")
        drive.foreign("cdrskin", "dev=" + DEVICE, path)
    holds(drive, folder, image)


def xorriso_reads(drive, folder, path, image):
    """What burn wrote, xorriso reads."""
    good(BURN, "--drive", "it", path, env=drive.env)
    with drive.served():
        out = os.path.join(folder, "out")
        drive.foreign("xorriso", "-osirrox", "on", "-indev", DEVICE, "-extract", "/", out)
    subprocess.run(["diff", "-r", os.path.join(os.path.dirname(path), "first"), out], check=True)


@in_scratch
def libburn(scratch):
    need("xorriso", "cdrskin")
    for medium in APPENDABLE + OVERWRITABLE:
        cell(scratch, medium, xorriso_sessions)
        cell(scratch, medium, xorriso_reads)
        cell(scratch, medium, cdrskin_writes)
    for medium in ("cd-r", "cd-rw", "dvd-r", "dvd+r"):
        cell(scratch, medium, cdrskin_tao)
    for medium in ("cd-r", "cd-rw", "dvd-r", "dvd-rw"):
        cell(scratch, medium, cdrskin_sao)
    for medium in ERASABLE:
        cell(scratch, medium, xorriso_blanks)
    for medium in ("dvd-rw", "dvd+rw", "dvd-ram", "bd-re", "bd-r"):
        cell(scratch, medium, xorriso_formats)


# -- growisofs -------------------------------------------------------------------------------------------------------

def growisofs_writes(drive, folder, path, image):
    """An image, then a session added to it: genisoimage reads the first one from the drive."""
    with drive.served():
        drive.foreign("growisofs", "-Z", f"{DEVICE}={path}")
    holds(drive, folder, image)


def growisofs_sessions(drive, folder, path, image):
    with drive.served():
        drive.foreign("growisofs", "-Z", DEVICE, "-R", "-J", "-quiet", tree(folder, "one", 5))
        drive.foreign("growisofs", "-M", DEVICE, "-R", "-J", "-quiet", tree(folder, "two", 5))
        found = drive.foreign("xorriso", "-indev", DEVICE, "-find", "/", "-type", "f").stdout.decode()
        assert found.count("'/") == 10, found


def growisofs_closes(drive, folder, path, image):
    with drive.served():
        drive.foreign("growisofs", "-dvd-compat", "-Z", f"{DEVICE}={path}")
    holds(drive, folder, image)


@in_scratch
def growisofs(scratch):
    need("growisofs", "genisoimage", "xorriso")
    for medium in ("dvd-r", "dvd-rw", "dvd+r", "dvd+r-dl", "dvd+rw", "dvd-ram", "bd-r", "bd-re"):
        cell(scratch, medium, growisofs_writes)
        cell(scratch, medium, growisofs_sessions)
    for medium in ("dvd-r", "dvd+r", "bd-r"):
        cell(scratch, medium, growisofs_closes)


# -- wodim -----------------------------------------------------------------------------------------------------------

def wodim_writes(drive, folder, path, image):
    with drive.served():
        drive.foreign("wodim", "dev=" + DEVICE, "-tao", "-data", "gracetime=2", path)
    holds(drive, folder, image)


def wodim_at_once(drive, folder, path, image):
    with drive.served():
        drive.foreign("wodim", "dev=" + DEVICE, "-sao", "-data", "gracetime=2", path)
    holds(drive, folder, image)


def wodim_sessions(drive, folder, path, image):
    with drive.served():
        drive.foreign("wodim", "dev=" + DEVICE, "-tao", "-multi", "-data", "gracetime=2", path)
        drive.foreign("wodim", "dev=" + DEVICE, "-tao", "-data", "gracetime=2", path)
    holds(drive, folder, image)


def wodim_blanks(drive, folder, path, image):
    with drive.served():
        for how in ("fast", "all"):
            drive.foreign("wodim", "dev=" + DEVICE, "-tao", "-data", "gracetime=2", path)
            drive.foreign("wodim", "dev=" + DEVICE, "gracetime=2", "blank=" + how)
        drive.foreign("wodim", "dev=" + DEVICE, "-tao", "-data", "gracetime=2", path)
    holds(drive, folder, image)


@in_scratch
def wodim(scratch):
    need("wodim")
    for medium in ("cd-r", "cd-rw"):
        cell(scratch, medium, wodim_writes)
        cell(scratch, medium, wodim_at_once)
        cell(scratch, medium, wodim_sessions)
    cell(scratch, "cd-rw", wodim_blanks)


# -- cdrdao ----------------------------------------------------------------------------------------------------------

def cdrdao_audio(drive, folder, path, image):
    """Two audio tracks with CD-TEXT and ISRC at once; cdrdao reads back what it wrote."""
    sound = os.urandom(2352 * 75 * 8)
    write(os.path.join(folder, "a.raw"), sound)
    toc = os.path.join(folder, "disc.toc")
    with open(toc, "w", encoding="ascii") as file:
        file.write('CD_DA\nCATALOG "4006381333931"\n'
                   'TRACK AUDIO\nISRC "DEAAA0400001"\nAUDIOFILE "a.raw" 0 00:04:00\n'
                   'TRACK AUDIO\nPREGAP 00:02:00\nAUDIOFILE "a.raw" 00:04:00 00:04:00\n')
    with drive.served():
        drive.foreign("cdrdao", "write", "--device", DEVICE, "--driver", "generic-mmc", "-n", toc, cwd=folder)
        drive.foreign("cdrdao", "read-cd", "--device", DEVICE, "--driver", "generic-mmc", "--datafile", "back.raw", "back.toc", cwd=folder)
    with open(os.path.join(folder, "back.raw"), "rb") as file:
        back = file.read()
    gap = bytes(2352 * 150)
    expected = sound[:2352 * 300] + gap + sound[2352 * 300:2352 * 600]
    assert len(back) >= len(expected), (len(back), len(expected))
    swapped = bytearray(back)
    swapped[0::2], swapped[1::2] = back[1::2], back[0::2]
    assert expected in (back[:len(expected)], bytes(swapped[:len(expected)])), "the sound read back differs"


def cdrdao_data(drive, folder, path, image):
    toc = os.path.join(folder, "disc.toc")
    with open(toc, "w", encoding="ascii") as file:
        file.write(f'CD_ROM\nTRACK MODE1\nDATAFILE "{path}"\n')
    with drive.served():
        drive.foreign("cdrdao", "write", "--device", DEVICE, "--driver", "generic-mmc", "-n", toc)
    holds(drive, folder, image)


@in_scratch
def cdrdao(scratch):
    need("cdrdao")
    for medium in ("cd-r", "cd-rw"):
        cell(scratch, medium, cdrdao_audio)
        cell(scratch, medium, cdrdao_data)


def count():
    print(f"    {cells} cells of medium and program")


if __name__ == "__main__":
    if not os.path.exists(SHIM):
        print(f"{SHIM} is not built; ./dev build")
        sys.exit(1)
    sys.exit(main([libburn, growisofs, wodim, cdrdao, count]))
