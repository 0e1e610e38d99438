"""growisofs and dvd+rw-format: DVD and BD. On DVD-RAM growisofs writes through the block device, as the kernel lets it. On a BD-R it leaves
the session open, for pseudo-overwrite."""
import os
import subprocess

from cells import BD_R, BD_RE, CD, DEVICE, DVD, OVERWRITTEN, cell, extracted, holds, is_tree, same, tree, waited

MEDIA = tuple(medium for medium in (*DVD, *BD_R, *BD_RE) if medium != "dvd-r-dl")
PROGRAMS = ("growisofs", "dvd+rw-format", "genisoimage", "xorriso", "readom")


def growisofs(drive, *arguments, **more):
    return drive.run("growisofs", "-use-the-force-luke=tty", *arguments, **more)  # no questions


@cell(*MEDIA)
def growisofs_burns(drive):
    with drive.served():
        growisofs(drive, "-Z", f"{DEVICE}={drive.image}")
    holds(drive, complete=drive.medium not in BD_R)


@cell(*MEDIA)
def growisofs_burns_a_stream(drive):
    with drive.served(), open(drive.image, "rb") as image:
        source = subprocess.Popen(["cat"], stdin=image, stdout=subprocess.PIPE)
        growisofs(drive, "-Z", DEVICE + "=/dev/fd/0", stdin=source.stdout)
        source.wait()
    holds(drive, complete=drive.medium not in BD_R)


@cell(*MEDIA)
def growisofs_closes(drive):
    with drive.served():
        growisofs(drive, "-dvd-compat", "-Z", f"{DEVICE}={drive.image}")
    holds(drive, complete=drive.medium not in BD_R)


@cell(*MEDIA)
def growisofs_appends(drive):
    """Three sessions of a growing tree; genisoimage reads the one before from the drive."""
    trees = [tree(drive, name) for name in ("one", "two", "three")]
    with drive.served():
        for i, path in enumerate(trees):
            growisofs(drive, "-M" if i else "-Z", DEVICE, "-R", "-J", "-quiet", "-graft-points", f"{os.path.basename(path)}={path}")
        if drive.medium in BD_R:  # xorriso believes READ CAPACITY as well
            drive.run("dd", "if=" + DEVICE, "of=" + drive.path("disc"), "bs=2048")
            is_tree(extracted(drive, source="disc"), *trees)
        else:
            is_tree(extracted(drive), *trees)


@cell("dvd-r", "dvd-rw", "dvd+r", "dvd+rw", "bd-r")
def growisofs_waits_for_a_slow_drive(drive):
    drive.slow_one()
    with drive.served():
        growisofs(drive, "-Z", f"{DEVICE}={drive.image}")
    holds(drive, complete=drive.medium not in BD_R)
    waited(drive)


@cell("dvd-r-dl")
def growisofs_refuses_what_fits_one_layer(drive):
    """It finds the size of a layer in READ DISC STRUCTURE 10 and will not waste the other. The drive refuses nothing."""
    with drive.served():
        said = growisofs(drive, "-Z", f"{DEVICE}={drive.image}", expect=252)
        assert "more than 50% of space will be *wasted*" in said, said


@cell("dvd-r-dl")
def growisofs_burns_what_it_does_not_know(drive):
    """Of what is no file system it cannot tell the size."""
    data = os.urandom(700 * 2048)
    with open(drive.path("data"), "wb") as out:
        out.write(data)
    with drive.served():
        source = subprocess.Popen(["cat", drive.path("data")], stdout=subprocess.PIPE)
        growisofs(drive, "-Z", DEVICE + "=/dev/fd/0", stdin=source.stdout)
        source.wait()
        drive.run("readom", "dev=" + DEVICE, "f=back", "sectors=0-700")
    with open(drive.path("back"), "rb") as back:
        same(back.read(), data, "readom")


@cell("dvd-r", "dvd-rw")
def growisofs_burns_at_once(drive):
    with drive.served():
        growisofs(drive, "-use-the-force-luke=dao", "-Z", f"{DEVICE}={drive.image}")
    holds(drive)


@cell(*BD_R)
def growisofs_burns_without_spares(drive):
    with drive.served():
        growisofs(drive, "-use-the-force-luke=spare:none", "-Z", f"{DEVICE}={drive.image}")
    holds(drive)


@cell("dvd-rw", OVERWRITTEN)
def dvd_rw_format_blanks(drive):
    with drive.served():
        for how in ("-blank", "-blank=full"):
            growisofs(drive, "-Z", f"{DEVICE}={drive.image}")
            drive.run("dvd+rw-format", how, DEVICE)
        growisofs(drive, "-Z", f"{DEVICE}={drive.image}")
    holds(drive)


@cell("dvd-rw", OVERWRITTEN, "dvd+rw", "dvd-ram", *BD_RE)
def dvd_rw_format_formats(drive):
    with drive.served():
        for how in ("-force", "-force=full"):
            drive.run("dvd+rw-format", how, DEVICE)
            growisofs(drive, "-Z", f"{DEVICE}={drive.image}")
    holds(drive)


@cell(*BD_RE, *BD_R)
def dvd_rw_format_sets_spares_aside(drive):
    with drive.served():
        for how in ("-ssa=min",) if drive.medium in BD_R else ("-ssa=default", "-ssa=max", "-ssa=min", "-ssa=none"):
            drive.run("dvd+rw-format", "-force", how, DEVICE)
        growisofs(drive, "-Z", f"{DEVICE}={drive.image}")
    holds(drive, complete=drive.medium not in BD_R)


@cell("dvd+rw", OVERWRITTEN)
def dvd_rw_format_writes_a_lead_out(drive):
    with drive.served():
        growisofs(drive, "-Z", f"{DEVICE}={drive.image}")
        drive.run("dvd+rw-format", "-lead-out", DEVICE)
    holds(drive)


@cell(*CD)
def growisofs_refuses(drive):
    """It is for DVD and BD: profile 0009 or 000A is the end."""
    with drive.served():
        said = growisofs(drive, "-Z", f"{DEVICE}={drive.image}", expect=252)
        assert "media is not recognized as recordable DVD" in said, said
