"""libburn: cdrskin and xorriso. They know every medium that the virtual drive has."""
import os
import re
import subprocess

from cells import (ALL, BD_R, BD_RE, BURN, CD, DEVICE, DVD_MINUS, OVERWRITABLE, OVERWRITTEN, SEQUENTIAL, VERIFY, cell, extracted, good,
                   holds, is_tree, same, tree, waited)
from sound import audio_holds, audio_tracks, cue_sheet

PROGRAMS = ("cdrskin", "xorriso", "readom", "genisoimage", "cdrdao")
MULTISESSION = tuple(medium for medium in SEQUENTIAL if medium != "dvd-r-dl")


def cdrskin(drive, *arguments, **more):
    return drive.run("cdrskin", "dev=" + DEVICE, *arguments, **more)


def needs_format(drive):
    return ["blank=format_if_needed"] if drive.medium in BD_RE else []


@cell(*ALL)
def cdrskin_burns(drive):
    with drive.served():
        cdrskin(drive, *needs_format(drive), drive.image)
    holds(drive)


@cell(*BD_RE)
def cdrskin_refuses_the_unformatted(drive):
    """Nothing can be written on a BD-RE before FORMAT UNIT; cdrskin sees that in READ FORMAT CAPACITIES, MMC-6 6.24: descriptor type 1."""
    with drive.served():
        said = cdrskin(drive, drive.image, expect=10)
        assert "Media not properly formatted" in said, said


@cell(*ALL)
def cdrskin_burns_a_stream(drive):
    """Of a length that nobody knows before."""
    with drive.served(), open(drive.image, "rb") as image:
        source = subprocess.Popen(["cat"], stdin=image, stdout=subprocess.PIPE)
        cdrskin(drive, "-tao", *needs_format(drive), "-", stdin=source.stdout)
        source.wait()
    holds(drive)


@cell("cd-r", "dvd-r", "dvd-rw", "dvd+r", "dvd+rw", "dvd-ram", "bd-r")
def cdrskin_waits_for_a_slow_drive(drive):
    drive.slow_one()
    with drive.served():
        cdrskin(drive, drive.image)
    holds(drive)
    waited(drive)


@cell(*CD)
def cdrskin_burns_audio(drive):
    with drive.served():
        cdrskin(drive, "-tao", "-audio", *audio_tracks(drive))
    audio_holds(drive, gap=150 + 2, tail=2)


@cell(*CD)
def cdrskin_burns_audio_at_once(drive):
    with drive.served():
        cdrskin(drive, "-sao", "-audio", *audio_tracks(drive))
    audio_holds(drive)


@cell(*CD)
def cdrskin_burns_a_cue_sheet(drive):
    """With its CD-TEXT, which cdrskin reads back as well."""
    with drive.served():
        cdrskin(drive, "-sao", "-text", "cuefile=" + cue_sheet(drive))
        said = cdrskin(drive, "cdtext_to_v07t=-", "-toc")
        assert re.search(r"^Track 01 Title += A first one$", said, re.M), said
    audio_holds(drive, text=True)


@cell(*CD, *DVD_MINUS)
def cdrskin_burns_at_once(drive):
    with drive.served():
        cdrskin(drive, "-sao", drive.image)
    holds(drive)


@cell(*CD, "dvd-r", "dvd-rw")
def cdrskin_simulates(drive):
    """A test write leaves the disc blank for the one in earnest."""
    with drive.served():
        cdrskin(drive, "-dummy", drive.image)
        cdrskin(drive, "-sao", "-dummy", drive.image)
        assert "is blank" in drive.run("xorriso", "-outdev", DEVICE, "-toc")
        cdrskin(drive, drive.image)
    holds(drive)


@cell(*MULTISESSION)
def cdrskin_appends(drive):
    """Sessions of a tree that grows; genisoimage reads the one before from the drive. On CD cdrskin asks for the next writable address
    in SAO mode, where it is the beginning of the pause, and does not know that."""
    one, two = tree(drive, "one"), tree(drive, "two")
    with drive.served():
        for i, path in enumerate((one, two)):
            link = []
            if i:
                first, at = re.search(r"^(\d+),(\d+)$", cdrskin(drive, "-msinfo"), re.M).groups()
                link = ["-C", f"{first},{int(at) + (150 if drive.medium in CD else 0)}", "-M", DEVICE]
            iso = drive.path("session.iso")
            drive.run("genisoimage", "-quiet", "-R", "-graft-points", *link, "-o", iso, f"{os.path.basename(path)}={path}")
            cdrskin(drive, "-multi", "-tao", "padsize=150s", iso)
        is_tree(extracted(drive), one, two)


@cell("dvd-r-dl")
def libburn_refuses_to_append(drive):
    """It knows DVD-R DL as a disc of one session, and asks nobody: no command of the drive is refused."""
    with drive.served():
        said = cdrskin(drive, "-multi", "-tao", drive.image, expect=10)
        assert "TAO: multi session capability lacking" in said, said
        said = drive.run("xorriso", "-outdev", DEVICE, "-map", tree(drive, "one"), "/one", "-commit", expect=5)
        assert 'DVD-R DL media can only be written with -close "on"' in said, said


@cell("cd-rw", "dvd-rw", OVERWRITTEN)
def cdrskin_blanks(drive):
    with drive.served():
        for how in ("fast", "all", "deformat_sequential", "deformat_sequential_quickest", "as_needed"):
            cdrskin(drive, drive.image)
            cdrskin(drive, "blank=" + how)
        assert "is blank" in drive.run("xorriso", "-outdev", DEVICE, "-toc")
        cdrskin(drive, drive.image)
    holds(drive)


@cell("dvd-rw", OVERWRITTEN)
def cdrskin_formats_for_overwrite(drive):
    with drive.served():
        for how in ("format_overwrite", "format_overwrite_quickest", "format_overwrite_full"):
            cdrskin(drive, "blank=deformat_sequential_quickest")
            cdrskin(drive, "blank=" + how)
            cdrskin(drive, drive.image)
    holds(drive)


@cell("dvd-ram", *BD_RE, *BD_R)
def cdrskin_formats_with_spares(drive):
    size = {"bd-re": 15, "bd-re-dl": 30}.get(drive.medium, 60)
    how = ("format_defectmgt_max", "format_defectmgt_min", f"format_defectmgt_payload_{size}g", "format_defectmgt")
    with drive.served():
        for one in how if drive.medium in BD_RE else how[-1:]:
            cdrskin(drive, "-force" if drive.medium not in BD_R else "-v", "blank=" + one)
        cdrskin(drive, drive.image)
    holds(drive)


@cell(*BD_RE)
def xorriso_formats_without_spares(drive):
    with drive.served():
        drive.run("xorriso", "-outdev", DEVICE, "-format", "without_spare")
        cdrskin(drive, drive.image)
    holds(drive)


@cell(*MULTISESSION, *OVERWRITABLE)
def xorriso_appends(drive):
    """Three sessions of a growing tree, each added to the one before; all of them are in the last one's tree."""
    trees = [tree(drive, name) for name in ("one", "two", "three")]
    with drive.served():
        if drive.medium in BD_RE:
            drive.run("xorriso", "-outdev", DEVICE, "-format", "as_needed")
        if drive.medium == OVERWRITTEN:  # what cannot be read yet is not blank to xorriso
            drive.run("xorriso", "-outdev", DEVICE, "-blank", "as_needed")
        for i, path in enumerate(trees):
            drive.run("xorriso", "-outdev" if i == 0 else "-dev", DEVICE, "-map", path, "/" + os.path.basename(path), "-commit")
        is_tree(extracted(drive), *trees)
        drive.run("xorriso", "-indev", DEVICE, "-check_media", "--")


@cell(*MULTISESSION, *OVERWRITABLE)
def xorriso_appends_to_what_burn_wrote(drive):
    more = tree(drive, "more")
    good(BURN, "--drive", "it", "--multi", drive.image, env=drive.env)
    with drive.served():
        drive.run("xorriso", "-dev", DEVICE, "-map", more, "/more", "-commit")
        out = extracted(drive)
    is_tree(os.path.join(out, "more"), more)
    for name in os.listdir(os.path.join(os.path.dirname(drive.image), "first")):
        with open(os.path.join(os.path.dirname(drive.image), "first", name), "rb") as old, open(os.path.join(out, name), "rb") as new:
            same(new.read(), old.read(), name)


@cell(*ALL)
def xorriso_reads(drive):
    """What burn wrote."""
    good(BURN, "--drive", "it", drive.image, env=drive.env)
    with drive.served():
        is_tree(extracted(drive), os.path.join(os.path.dirname(drive.image), "first"))
        drive.run("xorriso", "-indev", DEVICE, "-check_media", "use=indev", "data_to=" + drive.path("back"), "what=tracks", "--")
    with open(drive.path("back"), "rb") as back, open(drive.image, "rb") as image:
        expected = image.read()
        same(back.read()[:len(expected)], expected, "xorriso")
    good(VERIFY, "--drive", "it", env=drive.env)


@cell("cd-rw", "dvd-rw", OVERWRITTEN)
def xorriso_blanks(drive):
    """Written, blanked, and written again each time."""
    with drive.served():
        for how in ("fast", "all", "as_needed", "deformat"):
            drive.run("xorriso", "-as", "cdrecord", "-v", "dev=" + DEVICE, drive.image)
            drive.run("xorriso", "-outdev", DEVICE, "-blank", how)
            said = drive.run("xorriso", "-outdev", DEVICE, "-toc")
            assert "is blank" in said or (how == "as_needed" and "is overwriteable" in said), how + said
        drive.run("xorriso", "-as", "cdrecord", "-v", "dev=" + DEVICE, drive.image)
    holds(drive)


@cell("dvd-rw", *OVERWRITABLE, *BD_R)
def xorriso_formats(drive):
    with drive.served():
        for how in ("as_needed",) if drive.medium in BD_R else ("as_needed", "fast", "full"):
            drive.run("xorriso", "-outdev", DEVICE, "-format", how)
        said = drive.run("xorriso", "-outdev", DEVICE, "-list_formats")
        assert "Format status" in said, said
        drive.run("xorriso", "-as", "cdrecord", "dev=" + DEVICE, drive.image)
    holds(drive)
