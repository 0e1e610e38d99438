"""wodim: CD in every way of writing, and DVD."""
import os
import re

from cells import CD, DEVICE, DVD_MINUS, DVD_PLUS_R, cell, extracted, holds, is_tree, tree, waited
from sound import audio_holds, audio_tracks, cue_sheet

PROGRAMS = ("wodim", "genisoimage", "xorriso", "readom", "cdrdao")


def wodim(drive, *arguments, **more):
    said = drive.run("wodim", "dev=" + DEVICE, "gracetime=2", "-v", *arguments, **more)
    assert "Drive returns wrong" not in said, said
    return said


@cell(*CD, *DVD_MINUS, *DVD_PLUS_R)
def wodim_burns(drive):
    """On DVD it reserves a track and writes it at once, whatever it is told."""
    with drive.served():
        wodim(drive, "-tao", "-data", drive.image)
    holds(drive)


@cell("cd-r", "dvd-r", "dvd+r")
def wodim_waits_for_a_slow_drive(drive):
    drive.slow_one()
    with drive.served():
        wodim(drive, "-sao", "-data", drive.image)
    holds(drive)
    waited(drive)


@cell(*CD, *DVD_MINUS, *DVD_PLUS_R)
def wodim_burns_at_once(drive):
    with drive.served():
        wodim(drive, "-sao", "-data", drive.image)
    holds(drive)


@cell(*CD)
def wodim_burns_raw(drive):
    """The host makes every bit, lead-in and subchannel and all."""
    with drive.served():
        for how in ("-raw16", "-raw96r"):
            wodim(drive, how, "-data", drive.image)
            if drive.medium == "cd-r":
                break
            if how == "-raw16":
                wodim(drive, "blank=fast")
    holds(drive)


@cell(*CD, "dvd-r", "dvd-rw")
def wodim_simulates(drive):
    with drive.served():
        if drive.medium in CD:
            wodim(drive, "-dummy", "-tao", "-data", drive.image)
        wodim(drive, "-dummy", "-sao", "-data", drive.image)
        assert "is blank" in drive.run("xorriso", "-outdev", DEVICE, "-toc")
        wodim(drive, "-sao", "-data", drive.image)
    holds(drive)


@cell(*CD)
def wodim_appends(drive):
    append(drive, "-data")


@cell(*CD)
def wodim_appends_in_mode_2(drive):
    """XA form 1: what it takes for more than one session unless it is told otherwise."""
    append(drive)


def append(drive, *how):
    one, two = tree(drive, "one"), tree(drive, "two")
    with drive.served():
        for i, path in enumerate((one, two)):
            link = ["-C", re.search(r"^\d+,\d+$", wodim(drive, "-msinfo"), re.M)[0], "-M", DEVICE] if i else []
            iso = drive.path("session.iso")
            drive.run("genisoimage", "-quiet", "-R", "-pad", "-graft-points", *link, "-o", iso, f"{os.path.basename(path)}={path}")
            wodim(drive, "-multi", "-tao", *how, iso)
        is_tree(extracted(drive), one, two)


@cell("cd-rw", "dvd-rw")
def wodim_blanks(drive):
    with drive.served():
        for how in ("fast", "all"):
            wodim(drive, "-sao", "-data", drive.image)
            wodim(drive, "blank=" + how)
        wodim(drive, "-sao", "-data", drive.image)
    holds(drive)


@cell("dvd+rw")
def wodim_is_refused_on_the_unformatted(drive):
    """It formats only who asks for it. 5/30/10: MMC-6 annex F, MEDIUM NOT FORMATTED."""
    with drive.served():
        said = wodim(drive, "-sao", "-data", drive.image, expect=254)
        assert "medium not formatted" in said, said


@cell("dvd+rw")
def wodim_formats(drive):
    with drive.served():
        wodim(drive, "-format")
        wodim(drive, "-sao", "-data", drive.image)
    holds(drive)


@cell(*CD)
def wodim_burns_audio(drive):
    with drive.served():
        wodim(drive, "-tao", "-audio", "-pad", *audio_tracks(drive))
    audio_holds(drive, gap=150 + 2, tail=2)  # the pause, and the two run-out blocks that end every track at once


@cell(*CD)
def wodim_burns_audio_at_once(drive):
    with drive.served():
        wodim(drive, "-sao", "-audio", "-pad", *audio_tracks(drive))
    audio_holds(drive)


@cell(*CD)
def wodim_burns_a_cue_sheet(drive):
    with drive.served():
        wodim(drive, "-sao", "-text", "cuefile=" + cue_sheet(drive))
    audio_holds(drive, text=True)
