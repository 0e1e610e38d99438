"""Programs that only look: what they say of a disc that burn wrote, blank or not, and what they read of it."""
import os
import re
import wave

from cells import ALL, BD_R, BD_RE, BURN, CD, DEVICE, DVD, MKIMAGE, OVERWRITABLE, SECTOR, cell, good, is_tree, same, tree
from sound import MCN, TITLES, cue_sheet, samples

PROGRAMS = ("dvd+rw-mediainfo", "wodim", "readom", "cdrdao", "xorriso", "cdrskin", "isoinfo", "dd", "icedax", "cd-info", "mmc-tool")


def burned(drive, *options):
    good(BURN, "--drive", "it", *options, drive.image, env=drive.env)


@cell(*DVD, *BD_R, *BD_RE)
def mediainfo_tells(drive):
    """Of the new medium and of the written one."""
    name = {"dvd-rw-overwrite": "DVD-RW Restricted Overwrite", "dvd-rw": "DVD-RW Sequential", "dvd-r-dl": "DVD-R Dual Layer Sequential",
            "dvd+r-dl": "DVD+R Double Layer"}.get(drive.medium)
    name = name or ("BD-RE" if drive.medium in BD_RE else "BD-R SRM" if drive.medium in BD_R else drive.medium.upper())
    with drive.served():
        assert name in drive.run("dvd+rw-mediainfo", DEVICE)
    burned(drive)
    with drive.served():
        said = drive.run("dvd+rw-mediainfo", DEVICE)
        assert name in said and ("READ TRACK INFORMATION" in said or drive.medium == "dvd-ram"), said


@cell(*ALL)
def readom_reads(drive):
    burned(drive)
    with drive.served():
        drive.run("readom", "dev=" + DEVICE, "f=back.iso", f"sectors=0-{os.path.getsize(drive.image) // SECTOR}")
    compare(drive, "back.iso")


@cell(*ALL)
def the_block_device_reads(drive):
    """As dd, isoinfo and whoever else opens it without a SCSI command of his own."""
    burned(drive)
    size = os.path.getsize(drive.image) // SECTOR
    with drive.served():
        drive.run("dd", "if=" + DEVICE, "of=back.iso", "bs=2048", f"count={size}")
        said = drive.run("isoinfo", "-d", "-i", DEVICE)
        assert f"Volume size is: {size}" in said, said
    compare(drive, "back.iso")


@cell(*CD)
def wodim_tells(drive):
    with drive.served():
        assert "ATIP info from disk" in drive.run("wodim", "dev=" + DEVICE, "-atip")
    burned(drive)
    with drive.served():
        said = drive.run("wodim", "dev=" + DEVICE, "-toc")
        assert re.search(r"track: +1 lba: +0 ", said), said


@cell("cd-r", "dvd-r", "bd-r")
def wodim_tells_of_the_drive(drive):
    with drive.served():
        said = drive.run("wodim", "dev=" + DEVICE, "-prcap")
        for wanted in ("Does write CD-RW media", "Does write DVD-R media", "Does support test writing", "Does support Buffer-Underrun-Free"):
            assert wanted in said, said
        assert "DISCPRES" in drive.run("wodim", "dev=" + DEVICE, "-inq")
        drive.run("wodim", "dev=" + DEVICE, "-checkdrive")


@cell(*CD)
def cdrdao_tells(drive):
    with drive.served():
        said = drive.run("cdrdao", "disk-info", "--device", DEVICE, "--driver", "generic-mmc")
        assert "CD-R empty           : yes" in said, said
    burned(drive, "--multi")
    with drive.served():
        said = drive.run("cdrdao", "disk-info", "--device", DEVICE, "--driver", "generic-mmc")
        assert "Appendable           : yes" in said, said
        drive.run("cdrdao", "read-toc", "--device", DEVICE, "--driver", "generic-mmc", "disc.toc")
        with open(drive.path("disc.toc"), encoding="ascii") as file:
            assert "TRACK MODE1" in file.read()


@cell(*CD)
def cd_info_tells(drive):
    """libcdio: it asks the kernel for the table of contents, and the drive by the kernel's packet interface."""
    burned(drive, "--multi")
    size = os.path.getsize(drive.image) // SECTOR
    with drive.served():
        said = drive.run("cd-info", "--no-cddb", "-C", DEVICE)
    assert re.search(r"^  1: 00:02:00  000000 data ", said, re.M) and f"ISO 9660: {size} blocks" in said, said
    drive.new(drive.medium)
    good(BURN, "audio", "--drive", "it", cue_sheet(drive), env=drive.env)
    with drive.served():
        said = drive.run("cd-info", "--no-cddb", "-C", DEVICE)
    for wanted in (MCN, *TITLES, r"^  2: 00:07:00  000375 audio "):
        assert re.search(wanted, said, re.M), f"{wanted} is not there:\n{said}"


@cell("cd-r", "dvd-ram", "bd-re")
def mmc_tool_tells(drive):
    with drive.served():
        assert "DISCPRES" in drive.run("mmc-tool", "--inquiry", DEVICE)


@cell(*CD)
def icedax_reads(drive):
    """The sound that burn wrote, and its titles."""
    good(BURN, "audio", "--drive", "it", cue_sheet(drive), env=drive.env)
    with drive.served():
        said = drive.run("icedax", "-D", DEVICE, "-B", "-H", "-x", "-O", "wav", "track.wav")
        for title in TITLES:
            assert f"'{title}' recorded successfully" in said, said
    sound = b""
    for number in range(len(TITLES)):
        with wave.open(drive.path(f"track_{number + 1:02}.wav")) as track:
            sound += track.readframes(track.getnframes())
    same(sound, samples(drive), "icedax")


@cell(*ALL)
def xorriso_and_cdrskin_tell(drive):
    burned(drive)
    size = os.path.getsize(drive.image) // SECTOR
    with drive.served():
        said = drive.run("xorriso", "-indev", DEVICE, "-toc")
        assert re.search(rf"ISO session +: +1 , +0 , +{size}s", said), said
        said = drive.run("cdrskin", "dev=" + DEVICE, "-toc")
        assert re.search(r"track: +1 " if drive.medium not in OVERWRITABLE else "Media summary: 0 sessions", said), said
        drive.run("cdrskin", "dev=" + DEVICE, "-minfo")


def compare(drive, name):
    with open(drive.path(name), "rb") as back, open(drive.image, "rb") as image:
        same(back.read(), image.read(), name)
