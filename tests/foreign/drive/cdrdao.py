"""cdrdao: CD at once, of every kind of track, audio with its codes and CD-TEXT, sessions, and reading all of it back."""
import os
import re

from cells import CD, DEVICE, SECTOR, cell, holds, is_tree, extracted, same, tree, waited
from sound import FRAME, ISRCS, MCN, TITLES, TRACKS, audio_holds, cue_sheet, samples, swapped

PROGRAMS = ("cdrdao", "readom", "genisoimage", "xorriso")


def cdrdao(drive, command, *arguments, driver="generic-mmc:0x10", **more):
    return drive.run("cdrdao", command, "--device", DEVICE, "--driver", driver, *arguments, **more)


def toc_file(drive, text):
    path = drive.path("disc.toc")
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def data_toc(drive, mode="MODE1", image=None):
    kind = "CD_ROM_XA" if mode.startswith("MODE2") else "CD_ROM"
    return toc_file(drive, f'{kind}\nTRACK {mode}\nDATAFILE "{image or drive.image}"\n')


def audio_toc(drive):
    """With everything that a toc file can say of audio."""
    sound = samples(drive)
    with open(drive.path("disc.raw"), "wb") as out:
        out.write(swapped(sound))  # as on the disc, the high byte first
    text = f'CD_DA\nCATALOG "{MCN}"\nCD_TEXT {{\n LANGUAGE_MAP {{ 0: EN }}\n LANGUAGE 0 {{ TITLE "The whole" PERFORMER "Somebody" }}\n}}\n'
    for number, (title, isrc, frames) in enumerate(zip(TITLES, ISRCS, TRACKS)):
        at = sum(TRACKS[:number])
        time = [f"{n // 4500:02}:{n // 75 % 60:02}:{n % 75:02}" for n in (at, frames)]
        text += (f'TRACK AUDIO\nISRC "{isrc}"\nCD_TEXT {{ LANGUAGE 0 {{ TITLE "{title}" PERFORMER "Nobody" }} }}\n'
                 + ("PREGAP 00:02:00\n" if number else "") + f'AUDIOFILE "disc.raw" {time[0]} {time[1]}\n')
    return toc_file(drive, text)


@cell(*CD)
def cdrdao_burns(drive):
    with drive.served():
        cdrdao(drive, "write", "-n", data_toc(drive))
    holds(drive)


@cell("cd-r")
def cdrdao_waits_for_a_slow_drive(drive):
    drive.slow_one()
    with drive.served():
        cdrdao(drive, "write", "-n", data_toc(drive))
    holds(drive)
    waited(drive)


@cell(*CD)
def cdrdao_burns_raw_sectors(drive):
    """The host sends whole sectors of 2352 bytes."""
    with drive.served():
        cdrdao(drive, "write", "-n", data_toc(drive))
        cdrdao(drive, "read-cd", "--read-raw", "--datafile", "raw.bin", "raw.toc")
    drive.new(drive.medium)
    with drive.served():
        cdrdao(drive, "write", "-n", drive.path("raw.toc"))
    holds(drive)


@cell(*CD)
def cdrdao_burns_with_its_own_subchannel(drive):
    with drive.served():
        cdrdao(drive, "write", "-n", data_toc(drive), driver="generic-mmc-raw")
    holds(drive)


@cell(*CD)
def cdrdao_simulates(drive):
    with drive.served():
        cdrdao(drive, "simulate", "-n", data_toc(drive))
        said = cdrdao(drive, "disk-info")
        assert "CD-R empty           : yes" in said, said
        cdrdao(drive, "write", "-n", data_toc(drive))
    holds(drive)


@cell(*CD)
def cdrdao_burns_audio(drive):
    with drive.served():
        cdrdao(drive, "write", "-n", audio_toc(drive))
    audio_holds(drive, text=True, gap=150)


@cell(*CD)
def cdrdao_burns_audio_with_its_own_subchannel(drive):
    with drive.served():
        cdrdao(drive, "write", "-n", audio_toc(drive), driver="generic-mmc-raw")
    audio_holds(drive, text=True, gap=150)


@cell(*CD)
def cdrdao_burns_a_cue_sheet(drive):
    with drive.served():
        cdrdao(drive, "write", "-n", cue_sheet(drive))
    audio_holds(drive)


@cell(*CD)
def cdrdao_appends(drive):
    one, two = tree(drive, "one", 40), tree(drive, "two", 40)
    with drive.served():
        for i, path in enumerate((one, two)):
            link = ["-C", re.search(r"^\d+,\d+$", cdrdao(drive, "msinfo"), re.M)[0], "-M", DEVICE] if i else []
            iso = drive.path("session.iso")
            drive.run("genisoimage", "-quiet", "-R", "-graft-points", *link, "-o", iso, f"{os.path.basename(path)}={path}")
            cdrdao(drive, "write", "-n", "--multi", data_toc(drive, "MODE2_FORM1", iso))
        is_tree(extracted(drive), one, two)


@cell("cd-rw")
def cdrdao_blanks(drive):
    with drive.served():
        for how in ("minimal", "full"):
            cdrdao(drive, "write", "-n", data_toc(drive))
            cdrdao(drive, "blank", "--blank-mode", how)
        cdrdao(drive, "write", "-n", data_toc(drive))
    holds(drive)


@cell(*CD)
def cdrdao_copies_an_image(drive):
    """A disc read as it is makes a second disc that is the same."""
    with drive.served():
        cdrdao(drive, "write", "-n", audio_toc(drive))
        cdrdao(drive, "read-cd", "--read-raw", "--paranoia-mode", "0", "--datafile", "copy.bin", "copy.toc")
    drive.new(drive.medium)
    with drive.served():
        cdrdao(drive, "write", "-n", drive.path("copy.toc"))
    audio_holds(drive, text=True, gap=150)


@cell(*CD)
def cdrdao_reads_data(drive):
    with drive.served():
        cdrdao(drive, "write", "-n", data_toc(drive))
        cdrdao(drive, "read-cd", "--datafile", "back.bin", "back.toc")
        cdrdao(drive, "read-cd", "--read-raw", "--datafile", "raw.bin", "raw.toc")
    with open(drive.image, "rb") as file:
        image = file.read()
    with open(drive.path("back.bin"), "rb") as file:
        same(file.read()[:len(image)], image, "read-cd")
    with open(drive.path("raw.bin"), "rb") as file:
        raw = file.read()
    same(b"".join(raw[at + 16:at + 16 + SECTOR] for at in range(0, len(image) // SECTOR * FRAME, FRAME)), image, "read-cd --read-raw")
