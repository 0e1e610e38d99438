"""Audio for the cells that burn it: two tracks, a cue sheet of them, and how cdrdao reads them back."""
import os
import re
import wave

from cells import DEVICE, same

FRAME = 2352
TRACKS = (5 * 75, 6 * 75)  # frames
MCN, ISRCS = "4006381333931", ("DEAAA0400001", "DEAAA0400002")
TITLES = ("A first one", "Another")


def samples(drive):
    """Of both tracks, little-endian as they are in a WAVE file."""
    path = drive.path("samples")
    if not os.path.exists(path):
        with open(path, "wb") as file:
            file.write(os.urandom(FRAME * sum(TRACKS)))
    with open(path, "rb") as file:
        return file.read()


def as_wave(path, sound):
    with wave.open(path, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(44100)
        out.writeframes(sound)
    return path


def audio_tracks(drive):
    sound, paths, at = samples(drive), [], 0
    for number, frames in enumerate(TRACKS, 1):
        paths.append(as_wave(drive.path(f"{number}.wav"), sound[at:at + frames * FRAME]))
        at += frames * FRAME
    return paths


def cue_sheet(drive):
    as_wave(drive.path("disc.wav"), samples(drive))
    path = drive.path("disc.cue")
    with open(path, "w", encoding="ascii") as out:
        out.write(f'CATALOG {MCN}\nTITLE "The whole"\nPERFORMER "Somebody"\nFILE "disc.wav" WAVE\n')
        for number, (title, isrc) in enumerate(zip(TITLES, ISRCS), 1):
            at = sum(TRACKS[:number - 1])
            out.write(f'  TRACK {number:02} AUDIO\n    TITLE "{title}"\n    PERFORMER "Nobody"\n    ISRC {isrc}\n'
                      f"    INDEX 01 {at // 4500:02}:{at // 75 % 60:02}:{at % 75:02}\n")
    return path


def swapped(sound):
    out = bytearray(len(sound))
    out[0::2], out[1::2] = sound[1::2], sound[0::2]
    return bytes(out)


def audio_holds(drive, text=False, gap=0, tail=0):
    """cdrdao reads the tracks back as they were; with `text`, their codes and CD-TEXT too. `gap` and `tail`: frames of
    silence between them and at the end, where there are any."""
    for old in ("back.bin", "back.toc"):
        if os.path.exists(drive.path(old)):
            os.unlink(drive.path(old))
    with drive.served():
        drive.run("cdrdao", "read-cd", "--device", DEVICE, "--driver", "generic-mmc:0x10", "--paranoia-mode", "0", "--datafile", "back.bin",
                  "back.toc")
    with open(drive.path("back.bin"), "rb") as file:
        back = swapped(file.read())
    with open(drive.path("back.toc"), encoding="latin-1") as file:
        toc = file.read()
    assert toc.count("TRACK AUDIO") == 2, toc
    sound, first = samples(drive), FRAME * TRACKS[0]
    same(back, sound[:first] + bytes(gap * FRAME) + sound[first:] + bytes(tail * FRAME), "the sound")
    if text:
        for wanted in (MCN, *ISRCS, *TITLES, "The whole", "Somebody"):
            assert re.search(re.escape(f'"{wanted}"'), toc), f"{wanted} is not on the disc:\n{toc}"
