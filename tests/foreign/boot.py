#!/usr/bin/python3
"""Do images of ours boot, as a disc and as a USB stick, and do others read the boot set-up as it was asked for?

QEMU (software emulation) with SeaBIOS and OVMF starts isolinux, GRUB, an EFI system partition made of a folder, and
emulated floppies and hard disks; a line on the serial port proves it. Other people's boot loaders come from the
distribution: isolinux, syslinux-common, grub-pc-bin, grub-efi-amd64-bin, grub-common, ovmf, mtools.
"""
import hashlib
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
from scenario import MKIMAGE, VERIFY, Skipped, good, in_scratch, main, run, sha256, write  # noqa: E402

ISOLINUX = "/usr/lib/ISOLINUX/isolinux.bin"
ISOHYBRID = "/usr/lib/ISOLINUX/isohdpfx.bin"
LDLINUX = "/usr/lib/syslinux/modules/bios/ldlinux.c32"
GRUB_PC = "/usr/lib/grub/i386-pc"
GRUB_EFI = "/usr/lib/grub/x86_64-efi"
GRUB_MBR = GRUB_PC + "/boot_hybrid.img"
OVMF = [("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"), ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd")]
SAID = b"DISCPRESS-BOOTED"
CURSOR = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")  # SeaBIOS moves about where nothing moved
PATIENCE = 600  # seconds, on a busy machine


def need(*things):
    for thing in things:
        if not (os.path.exists(thing) if thing.startswith("/") else shutil.which(thing)):
            raise Skipped(f"{thing} is not here")


def boots(scratch, firmware, how, image, says=SAID):
    """Starts a machine that has nothing but the image, and waits for its line."""
    need("qemu-system-x86_64")
    name = f"{os.path.basename(image)} with {firmware} as {how}"
    serial = os.path.join(scratch, "serial")
    # graphics=off: SeaBIOS shows what is written to the screen on the serial port.
    command = ["qemu-system-x86_64", "-accel", "tcg", "-machine", "q35,graphics=off", "-m", "256", "-nodefaults", "-display", "none", "-monitor", "none",
               "-no-reboot", "-serial", "file:" + serial]
    if firmware == "ovmf":
        found = [pair for pair in OVMF if all(map(os.path.exists, pair))]
        if not found:
            raise Skipped("OVMF is not here")
        variables = shutil.copy(found[0][1], os.path.join(scratch, "vars.fd"))
        os.chmod(variables, 0o600)
        command += ["-drive", f"if=pflash,format=raw,readonly=on,file={found[0][0]}", "-drive", f"if=pflash,format=raw,file={variables}"]
    drive = f"if=none,id=it,format=raw,readonly=on,file={image}"
    if how == "disc":
        command += ["-drive", drive + ",media=cdrom", "-device", "ide-cd,drive=it,bootindex=1"]
    else:
        command += ["-drive", drive, "-device", "qemu-xhci", "-device", "usb-storage,drive=it,bootindex=1"]
    open(serial, "wb").close()
    machine = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + PATIENCE
        while True:
            gone = machine.poll() is not None
            with open(serial, "rb") as stream:
                text = CURSOR.sub(b"", stream.read())
            if says in text:
                return
            assert not gone, f"{name}: the machine ended: {machine.stderr.read()!r} {text[-400:]!r}"
            assert time.monotonic() < end, f"{name}: no line after {PATIENCE} s: {text[-400:]!r}"
            time.sleep(0.3)
    finally:
        machine.kill()
        machine.wait()
        machine.stderr.close()


def stick(scratch, image):
    """The image on a USB stick that is larger than it."""
    path = shutil.copy(image, os.path.join(scratch, "stick"))
    os.truncate(path, os.path.getsize(path) + (32 << 20))
    return path


def image_of(scratch, tree, *options, name="image.iso"):
    """Made twice, to a file and to a pipe, with equal bytes; verify finds it whole."""
    image = os.path.join(scratch, name)
    environment = dict(os.environ, SOURCE_DATE_EPOCH="1700000000")
    good(MKIMAGE, "-q", "-V", "BOOT", *options, "-o", image, tree, env=environment)
    piped = good(MKIMAGE, "-q", "-j3", "-V", "BOOT", *options, tree, env=environment)
    assert hashlib.sha256(piped.stdout).hexdigest() == sha256(image), "file and pipe differ"
    good(VERIFY, image)
    return image


def isolinux_tree(scratch):
    need(ISOLINUX, LDLINUX)
    tree = os.path.join(scratch, "tree")
    os.makedirs(tree + "/isolinux")
    shutil.copy(ISOLINUX, tree + "/isolinux")
    shutil.copy(LDLINUX, tree + "/isolinux")
    write(tree + "/isolinux/isolinux.cfg", b"SAY " + SAID + b"\nPROMPT 1\nTIMEOUT 0\n")
    for name in os.listdir(tree + "/isolinux"):
        os.chmod(f"{tree}/isolinux/{name}", 0o444)  # nothing is written to the sources
    return tree


def grub(scratch, platform, modules):
    """A GRUB that knows nothing but to find a file on what it was started from and say what is in it."""
    need("grub-mkimage", f"/usr/lib/grub/{platform}")
    early = write(os.path.join(scratch, "early.cfg"),
                  b"serial --unit=0 --speed=115200\nterminal_output serial\nsearch --file --set=root /line.txt\ncat /line.txt\nhalt\n")
    core = os.path.join(scratch, "core." + platform)
    good("grub-mkimage", "-O", platform, "-p", "/boot/grub", "-c", early, "-o", core, "serial", "terminal", "search", "cat", "halt", "iso9660",
         "part_gpt", "part_msdos", *modules)
    return core


def grub_tree(scratch):
    core = grub(scratch, "i386-pc", ["biosdisk"])
    tree = os.path.join(scratch, "tree")
    with open(core, "rb") as stream, open(GRUB_PC + "/cdboot.img", "rb") as boot:
        write(tree + "/boot/grub/eltorito.img", boot.read() + stream.read())
    write(tree + "/line.txt", SAID + b"\n")
    return tree


def efi_folder(scratch):
    core = grub(scratch, "x86_64-efi", ["fat"])
    folder = os.path.join(scratch, "efi")
    os.makedirs(folder + "/EFI/BOOT")
    shutil.copy(core, folder + "/EFI/BOOT/BOOTX64.EFI")
    return folder


ISOLINUX_BOOT = ("--boot", "isolinux/isolinux.bin,info-table")
GRUB_BOOT = ("--boot", "boot/grub/eltorito.img,info-table,grub2")


@in_scratch
def isolinux(scratch):
    need(ISOHYBRID)
    image = image_of(scratch, isolinux_tree(scratch), *ISOLINUX_BOOT, "--hybrid", "mbr=" + ISOHYBRID)
    boots(scratch, "seabios", "disc", image)
    boots(scratch, "seabios", "stick", image)
    boots(scratch, "seabios", "stick", stick(scratch, image))


@in_scratch
def isolinux_beside_efi(scratch):
    need(ISOHYBRID, "mformat")
    tree, folder = isolinux_tree(scratch), efi_folder(scratch)
    write(tree + "/line.txt", SAID + b"\n")
    for hybrid in ("mbr=" + ISOHYBRID, f"mbr={ISOHYBRID},gpt"):
        image = image_of(scratch, tree, *ISOLINUX_BOOT, "--efi-dir", folder, "--hybrid", hybrid)
        for how in ("disc", "stick"):
            boots(scratch, "seabios", how, image)
            boots(scratch, "ovmf", how, image)


@in_scratch
def grub_beside_efi(scratch):
    need(GRUB_MBR, "mformat")
    tree, folder = grub_tree(scratch), efi_folder(scratch)
    image = image_of(scratch, tree, *GRUB_BOOT, "--efi-dir", folder, "--hybrid", f"mbr={GRUB_MBR},gpt")
    for how in ("disc", "stick"):
        boots(scratch, "seabios", how, image)
        boots(scratch, "ovmf", how, image)
    boots(scratch, "seabios", "stick", stick(scratch, image))
    boots(scratch, "ovmf", "stick", stick(scratch, image))
    # Beside UDF, whose second anchor makes room for the backup table.
    image = image_of(scratch, tree, "--udf", *GRUB_BOOT, "--efi-dir", folder, "--hybrid", f"mbr={GRUB_MBR},gpt")
    for firmware in ("seabios", "ovmf"):
        for how in ("disc", "stick"):
            boots(scratch, firmware, how, image)


@in_scratch
def grub_alone(scratch):
    need(GRUB_MBR)
    image = image_of(scratch, grub_tree(scratch), *GRUB_BOOT, "--hybrid", "mbr=" + GRUB_MBR)
    boots(scratch, "seabios", "disc", image)
    boots(scratch, "seabios", "stick", image)


@in_scratch
def efi_image_in_the_tree(scratch):
    """The partition as a file that both the tree and the catalog name; and the same as a file of this machine."""
    need("mformat", "mcopy")
    folder = efi_folder(scratch)
    partition = os.path.join(scratch, "efi.img")
    good("mformat", "-i", partition, "-C", "-T", "4096", "-h", "64", "-s", "32", "::")
    good("mcopy", "-s", "-i", partition, folder + "/EFI", "::/")
    tree = os.path.join(scratch, "tree")
    write(tree + "/line.txt", SAID + b"\n")
    with open(partition, "rb") as stream:
        write(tree + "/boot/efi.img", stream.read())
    image = image_of(scratch, tree, "--boot", "boot/efi.img,platform=efi", "--hybrid", "gpt")
    boots(scratch, "ovmf", "disc", image)
    boots(scratch, "ovmf", "stick", image)
    os.remove(tree + "/boot/efi.img")
    image = image_of(scratch, tree, "--boot", f"@{partition},platform=efi")
    boots(scratch, "ovmf", "disc", image)


# Machine code that says the line on the first serial port and stops; at 7C00, as a BIOS starts a boot sector.
#   xor ax,ax; mov ds,ax; mov si,text; next: lodsb; or al,al; jz stop; mov dx,3F8; out dx,al; jmp next; stop: hlt; jmp stop
SPEAK = bytes.fromhex("31c0 8ed8 be167c ac 08c0 7406 baf803 ee ebf5 f4 ebfd".replace(" ", ""))


def speaking(size, base=0x7C00):
    code = SPEAK.replace(b"\x16\x7c", struct.pack("<H", base + len(SPEAK))) + SAID + b"\n\0"
    return bytearray(code.ljust(510, b"\0") + b"\x55\xaa" + bytes(size - 512))


@in_scratch
def emulated_drives(scratch):
    """Floppies of each size, and a hard disk with its one partition; started by SeaBIOS as drives."""
    tree = os.path.join(scratch, "tree")
    for size, media in ((1228800, "1.2"), (1474560, "1.44"), (2949120, "2.88")):
        write(tree + "/floppy", bytes(speaking(size)))
        image = image_of(scratch, tree, "--boot", "floppy,emulation=floppy")
        entry = catalog_of(image)[1][0]
        assert entry["media"] == {"1.2": 1, "1.44": 2, "2.88": 3}[media] and entry["blocks"] == 1, entry
        boots(scratch, "seabios", "disc", image)
        assert catalog_of(image_of(scratch, tree, "--boot", "floppy"))[1][0]["media"] == entry["media"], "a floppy's size is a floppy"
    disk = speaking(16 * 63 * 512 * 2)
    disk[446:462] = struct.pack("<B3sB3sII", 0x80, b"\x01\x01\0", 0x06, b"\x0f\x3f\x01", 63, 16 * 63 * 2 - 63)
    write(tree + "/disk", bytes(disk))
    image = image_of(scratch, tree, "--boot", "disk,emulation=hd")
    entry = catalog_of(image)[1][0]
    assert entry["media"] == 4 and entry["system"] == 6 and entry["blocks"] == 1, entry
    boots(scratch, "seabios", "disc", image)


@in_scratch
def no_emulation_loads_what_it_says(scratch):
    """A program that is longer than a sector finds all of itself in memory, at the segment that was asked for."""
    tree = os.path.join(scratch, "tree")
    far = speaking(4096)
    jump = b"\xe9" + struct.pack("<H", 3072 - 3)  # over to code in the second sector
    code = SPEAK.replace(b"\x16\x7c", struct.pack("<H", 0x7C00 + 3072 + len(SPEAK))) + SAID + b"\n\0"
    far[0:len(jump)] = jump
    far[3072:3072 + len(code)] = code
    write(tree + "/far", bytes(far))
    image = image_of(scratch, tree, "--boot", "far,emulation=none")
    assert catalog_of(image)[1][0]["blocks"] == 8
    boots(scratch, "seabios", "disc", image)
    # mov ax,cs; mov ds,ax instead of zero: the text lies at the segment's start plus the length of the code.
    code = SPEAK.replace(b"\x31\xc0", b"\x8c\xc8").replace(b"\x16\x7c", struct.pack("<H", len(SPEAK))) + SAID + b"\n\0"
    write(os.path.join(scratch, "at"), code.ljust(2048, b"\0"))
    image = image_of(scratch, tree, "--boot", f"@{scratch}/at,load-segment=0x2000")
    assert catalog_of(image)[1][0]["segment"] == 0x2000
    boots(scratch, "seabios", "disc", image)


def catalog_of(image):
    """The catalog's sector and its entries, read here from the bytes."""
    with open(image, "rb") as stream:
        stream.seek(17 * 2048)
        record = stream.read(2048)
        assert record[:39] == b"\0CD001\1EL TORITO SPECIFICATION".ljust(39, b"\0"), record[:40]
        sector = struct.unpack_from("<I", record, 71)[0]
        stream.seek(sector * 2048)
        catalog = stream.read(2048)
    assert sum(struct.unpack_from("<16H", catalog)) % 65536 == 0 and catalog[30:32] == b"\x55\xaa", "validation entry"
    entries, platform, ident, at = [], catalog[1], catalog[4:28], 32
    while at < 2048 and catalog[at]:
        if catalog[at] in (0x90, 0x91):
            platform, ident = catalog[at + 1], catalog[at + 4:at + 32]
        else:
            _, media, segment, system, _, blocks, lba = struct.unpack_from("<BBHBBHI", catalog, at)
            entries.append({"platform": platform, "media": media, "segment": segment, "system": system, "blocks": blocks, "lba": lba,
                            "id": ident.rstrip(b"\0").decode()})
        at += 32
    return sector, entries


@in_scratch
def many_entries(scratch):
    """Every reader sees the entries as they were asked for, BIOS first, the catalog hidden or in the tree."""
    tree = os.path.join(scratch, "tree")
    asked = [("efi", 0xEF, 5000), ("bios", 0, 2048), ("efi", 0xEF, 4096), ("mac", 2, 2048), ("bios", 0, 3000)]
    options, data = [], []
    for i, (word, platform, size) in enumerate(asked):
        # UEFI's are FAT file systems: as far as their first sector goes.
        start = b"\xeb\x3c\x90TESTTEST" + struct.pack("<HBHBHHBH", 512, 1, 1, 1, 16, size // 512, 0xF8, 1)
        data.append((start.ljust(510, b"\0") + b"\x55\xaa" if platform == 0xEF else b"").ljust(size, bytes([65 + i])))
        write(f"{tree}/boot/{i}.img", data[i])
        options += ["--boot", f"boot/{i}.img,platform={word},id=ENTRY {i}"]
    for catalog in ((), ("--boot-catalog", "/boot/boot.cat")):
        image = image_of(scratch, tree, *options, *catalog)
        sector, entries = catalog_of(image)
        order = [1, 0, 2, 3, 4]
        assert [e["platform"] for e in entries] == [asked[i][1] for i in order], entries
        assert [e["id"] for e in entries] == [f"ENTRY {i}" for i in order], entries
        expected = [4, 10, 8, 4, 8]  # BIOS: whole sectors; others: exact
        assert [e["blocks"] for e in entries] == expected, entries
        with open(image, "rb") as stream:
            for i, entry in zip(order, entries):
                stream.seek(entry["lba"] * 2048)
                assert stream.read(asked[i][2]) == data[i], f"entry {i} points elsewhere"
        said = good("xorriso", "-indev", image, "-report_el_torito", "plain").stdout.decode()
        assert f"El Torito catalog  : {sector}  1" in said, said
        assert re.findall(r"boot img :\s+\d+\s+(\S+)\s+y\s+none\s+0x0000\s+0x00\s+(\d+)\s+(\d+)", said) == [
            ({0: "BIOS", 0xEF: "UEFI", 2: "Mac"}[e["platform"]], str(e["blocks"]), str(e["lba"])) for e in entries], said
        assert ("El Torito cat path : /boot/boot.cat" in said) == bool(catalog), said
        assert "El Torito img path :   1  /boot/1.img" in said, said
        told = good("isoinfo", "-d", "-i", image).stdout.decode()
        assert f"boot catalog is in sector {sector}\n" in told, told
        assert re.search(rf"Bootoff [0-9A-F]+ {entries[0]['lba']}\b", told), told
        if shutil.which("dumpet"):
            dumped = good("dumpet", "-i", image)
            text = dumped.stdout.decode() + dumped.stderr
            assert [int(lba) for lba in re.findall(r"Load LBA: (\d+)", text)] == [e["lba"] for e in entries], text
        pycdlib_agrees(image, sector, entries)


def pycdlib_agrees(image, sector, entries):
    try:
        import pycdlib
    except ImportError:
        raise Skipped("pycdlib is not here") from None
    iso = pycdlib.PyCdlib()
    iso.open(image)
    try:
        catalog = iso.eltorito_boot_catalog
        assert catalog.extent_location() == sector
        found = [catalog.initial_entry] + [entry for section in catalog.sections for entry in section.section_entries]
        assert [e.get_rba() for e in found] == [e["lba"] for e in entries]
        assert [e.sector_count for e in found] == [e["blocks"] for e in entries]
    finally:
        iso.close()


@in_scratch
def patched_in_the_image_only(scratch):
    """The boot-info table is right in the image, the source is as it was, and files that only look alike are not patched."""
    tree = isolinux_tree(scratch)
    source = os.path.join(tree, "isolinux/isolinux.bin")
    with open(source, "rb") as stream:
        before = stream.read()
    shutil.copy(source, tree + "/copy.bin")
    os.link(source, tree + "/isolinux/link.bin")
    for options in ((), ("--dedupe",)):
        image = image_of(scratch, tree, *ISOLINUX_BOOT, *options)
        with open(source, "rb") as stream:
            assert stream.read() == before, "the source was written to"
        lba = catalog_of(image)[1][0]["lba"]
        with open(image, "rb") as stream:
            stream.seek(lba * 2048)
            inside = stream.read(len(before))
        total = sum(struct.unpack(f"<{(len(before) - 64) // 4}I", before[64:])) & 0xFFFFFFFF
        assert inside == before[:8] + struct.pack("<IIII", 16, lba, len(before), total) + bytes(40) + before[64:], inside[:64].hex()
        out = os.path.join(scratch, "out" + "".join(options))
        good("xorriso", "-osirrox", "on", "-indev", image, "-extract", "/", out)
        for name, expected in (("copy.bin", before), ("isolinux/link.bin", inside), ("isolinux/isolinux.bin", inside)):
            with open(f"{out}/{name}", "rb") as stream:
                assert stream.read() == expected, name
        said = good("xorriso", "-indev", image, "-report_el_torito", "plain").stdout.decode()
        assert "boot-info-table isohybrid-suitable" in said, said


@in_scratch
def partition_tables(scratch):
    """xorriso, sgdisk and fdisk read the tables as they were asked for; verify finds a changed byte in the backup behind the manifest."""
    need("mformat", ISOHYBRID, GRUB_MBR)
    tree, folder = grub_tree(scratch), efi_folder(scratch)
    image = image_of(scratch, tree, *GRUB_BOOT, "--efi-dir", folder, "--hybrid", f"mbr={GRUB_MBR},gpt")
    efi = catalog_of(image)[1][1]
    assert efi["platform"] == 0xEF and efi["lba"] % 512 == 0, efi
    blocks = os.path.getsize(image) // 512
    said = good("xorriso", "-indev", image, "-report_system_area", "plain").stdout.decode()
    assert "grub2-mbr" in said and "GPT" in said and "protective-msdos-label" in said, said
    assert re.search(rf"GPT lba range      :\s+64\s+{blocks - 34}\s+{blocks - 1}", said), said
    assert re.search(rf"GPT start and size :   2  {efi['lba'] * 4}  {efi['blocks']}\b", said), said
    assert "28732ac11ff8d211ba4b00a0c93ec93b" in said, said
    if shutil.which("sgdisk"):
        assert "No problems found" in good("sgdisk", "-v", image).stdout.decode()
    if shutil.which("fsck.vfat"):
        with open(image, "rb") as stream:
            stream.seek(efi["lba"] * 2048)
            partition = write(os.path.join(scratch, "esp"), stream.read(efi["blocks"] * 512))
        good("fsck.vfat", "-n", partition)
        with open(folder + "/EFI/BOOT/BOOTX64.EFI", "rb") as stream:
            assert good("mtype", "-i", partition, "::/EFI/BOOT/BOOTX64.EFI").stdout == stream.read()
    with open(image, "r+b") as stream:
        stream.seek(-512 + 40, os.SEEK_END)
        stream.write(b"\xff")
    done = run(VERIFY, image)
    assert done.returncode == 3 and b"damaged" in done.stdout, done

    image = image_of(scratch, isolinux_tree(os.path.join(scratch, "two")), *ISOLINUX_BOOT, "--hybrid", "mbr=" + ISOHYBRID)
    said = good("xorriso", "-indev", image, "-report_system_area", "plain").stdout.decode()
    assert "MBR isohybrid" in said and re.search(r"MBR partition      :   1   0x80  0x17            0\s+", said), said


if __name__ == "__main__":
    sys.exit(main([isolinux, isolinux_beside_efi, grub_alone, grub_beside_efi, efi_image_in_the_tree, emulated_drives, no_emulation_loads_what_it_says,
                   many_entries, patched_in_the_image_only, partition_tables]))
