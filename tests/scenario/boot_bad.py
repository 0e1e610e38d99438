#!/usr/bin/python3
"""Boot set-ups that cannot be: each is one clear line that names the thing and says what to do, and leaves nothing behind."""
import os
import sys

from mkimage_bad import FAILED, USAGE, refuses
from scenario import MKIMAGE, Skipped, good, in_scratch, main, run, write

ISOHYBRID = "/usr/lib/ISOLINUX/isohdpfx.bin"
GRUB_MBR = "/usr/lib/grub/i386-pc/boot_hybrid.img"


def tree(scratch):
    folder = os.path.join(scratch, "tree")
    write(folder + "/boot/good.img", b"x" * 4096)
    write(folder + "/boot/empty.img")
    write(folder + "/boot/floppy.img", bytes(1474560))
    write(folder + "/boot/nearly.img", bytes(1474561))
    write(folder + "/boot/large.img", bytes(3 << 20))
    if not os.path.islink(folder + "/boot/link.img"):
        os.symlink("good.img", folder + "/boot/link.img")
    write(folder + "/boot.cat", b"an old catalog")
    return folder


@in_scratch
def images(scratch):
    t = tree(scratch)
    for entry, patterns in (
            ("boot/none.img", ["boot/none.img", "no such file", "@FILE"]),
            ("boot", ["not a regular file"]),
            ("boot/link.img", ["symbolic link"]),
            ("boot/empty.img", ["empty"]),
            ("boot/empty.img,platform=efi", ["empty"]),
            ("boot/nearly.img,emulation=floppy", ["1474561", "1474560"]),
            ("boot/large.img,emulation=floppy", ["too large", "emulation=hd"]),
            ("boot/good.img,emulation=hd", ["master boot record"]),
            ("boot/large.img", ["too large for a BIOS", "info-table"]),
            ("boot/good.img,load-size=0", ["load-size"]),
            ("boot/good.img,load-size=70000", ["65535"]),
            ("boot/good.img,platform=amiga", ["bios, efi"]),
            ("boot/good.img,emulation=tape", ["floppy, hd"]),
            ("boot/good.img,colour=red", ["colour=red", "info-table"]),
            ("boot/good.img,id=" + "x" * 25, ["24 bytes"]),
            ("", ["no boot image is named"]),
    ):
        refuses(scratch, USAGE, patterns, "--boot", entry, t)
    refuses(scratch, FAILED, ["gone.img", "No such file"], "--boot", f"@{scratch}/gone.img", t)
    refuses(scratch, FAILED, ["not a regular file"], "--boot", f"@{scratch}", t)
    refuses(scratch, USAGE, ["empty"], "--boot", "@" + write(scratch + "/nothing"), t)


@in_scratch
def catalogs(scratch):
    t = tree(scratch)
    refuses(scratch, USAGE, ["boot.cat", "old catalog", "--exclude"], "--boot", "boot/good.img", "--boot-catalog", "boot.cat", t)
    refuses(scratch, USAGE, ["--boot-catalog"], "--boot", "boot/good.img", "--boot-catalog", "a.cat", "--boot-catalog", "b.cat", t)
    refuses(scratch, USAGE, ["add --boot"], "--boot-catalog", "a.cat", t)
    good(MKIMAGE, "-q", "-o", scratch + "/fine.iso", "--exclude", "boot.cat", "--boot", "boot/good.img", "--boot-catalog", "boot.cat", t)


@in_scratch
def hybrids(scratch):
    t = tree(scratch)
    boot = ("--boot", "boot/good.img,info-table")
    refuses(scratch, USAGE, ["mbr=", "isohdpfx.bin", "boot_hybrid.img"], *boot, "--hybrid", "mbr", t)
    refuses(scratch, USAGE, ["gone.bin", "package isolinux", "grub-pc-bin"], *boot, "--hybrid", f"mbr={scratch}/gone.bin", t)
    refuses(scratch, USAGE, ["no boot code"], *boot, "--hybrid", f"mbr={t}/boot/good.img", t)
    refuses(scratch, USAGE, ["apm", "gpt"], *boot, "--hybrid", "apm", t)
    refuses(scratch, USAGE, ["EFI boot image", "--efi-dir"], *boot, "--hybrid", "gpt", t)
    if not os.path.exists(ISOHYBRID) or not os.path.exists(GRUB_MBR):
        raise Skipped("isolinux and GRUB are not here")
    refuses(scratch, USAGE, ["needs a BIOS boot image"], "--hybrid", "mbr=" + ISOHYBRID, t)
    refuses(scratch, USAGE, ["loads only isolinux.bin"], *boot, "--hybrid", "mbr=" + ISOHYBRID, t)
    refuses(scratch, USAGE, ["info-table,grub2"], *boot, "--hybrid", "mbr=" + GRUB_MBR, t)
    refuses(scratch, USAGE, ["no boot code"], *boot, "--hybrid", "mbr=/usr/lib/grub/i386-pc/boot.img", t)


@in_scratch
def efi_folders(scratch):
    t = tree(scratch)
    folder = os.path.join(scratch, "efi")
    refuses(scratch, FAILED, ["efi", "No such file"], "--efi-dir", folder, t)
    os.mkdir(folder)
    refuses(scratch, USAGE, ["empty"], "--efi-dir", folder, t)
    write(folder + "/EFI/BOOT/BOOTX64.EFI", b"x")
    refuses(scratch, FAILED, ["mformat is not installed", "mtools"], "--efi-dir", folder, t, env={"PATH": "/nonexistent"})
    write(folder + "/EFI/boot/other", b"x")
    refuses(scratch, USAGE, ["differ in case only"], "--efi-dir", folder, t)


@in_scratch
def presets(scratch):
    t = tree(scratch)
    refuses(scratch, USAGE, ["user-data", "meta-data"], "--preset", "cloud-init", t)
    refuses(scratch, USAGE, ["cloud-init, config-drive"], "--preset", "cloud", t)
    refuses(scratch, USAGE, ["cd-r"], "--for", "floppy", t)
    refuses(scratch, FAILED, ["sectors", "larger medium"], "--capacity", "100", t)
    refuses(scratch, USAGE, ["VIDEO_TS"], "--dvd-video", t)
    told = good(MKIMAGE, "--preset", "help").stdout.decode()
    for name in ("cloud-init", "config-drive", "windows-install", "dvd-video", "bd-data", "linux-live", "--volume-id cidata", "--no-udf"):
        assert name in told, told
    assert "--udf=2.50" in good(MKIMAGE, "--for=help").stdout.decode()
    seed = os.path.join(scratch, "seed")
    write(seed + "/user-data", b"#cloud-config\n")
    write(seed + "/meta-data", b"{}\n")
    image = os.path.join(scratch, "seed.iso")
    good(MKIMAGE, "-q", "--preset", "cloud-init", "-o", image, seed)
    with open(image, "rb") as stream:
        head = stream.read(64 * 2048)
    assert head[16 * 2048 + 40:16 * 2048 + 72] == b"cidata".ljust(32) and b"NSR0" not in head
    told = run(MKIMAGE, "-q", "--preset", "cloud-init", "-V", "CIDATA", "--dry-run", seed)
    assert told.returncode == 0 and '"CIDATA"' in told.stderr, told.stderr


if __name__ == "__main__":
    sys.exit(main([images, catalogs, hybrids, efi_folders, presets]))
