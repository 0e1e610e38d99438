#!/usr/bin/python3
"""Images that others make, with as many of their options as we know: does verify raise a false alarm?

    peers.py [NAME]...

Each image is verified: exit 0, and notes and warnings only. Images of UDF alone must be seen as such. Exit: 0 none is wrongly
accused, 1 one is, 77 nothing could be made here.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
from scenario import CI, VERIFY, good, run, write  # noqa: E402

ISOLINUX, ISOHYBRID = "/usr/lib/ISOLINUX/isolinux.bin", "/usr/lib/ISOLINUX/isohdpfx.bin"
GRUB = "/usr/lib/grub/i386-pc"
BULK = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def make_tree(root):
    """A bit of everything that makers differ in; boot images in /boot."""
    for number in range(70):
        write(f"{root}/many/file number {number}.txt", bytes(range(256)) * (number * 97 // 256))
    write(root + "/README", b"read\n")
    write(root + "/a.b.c/x.tar.gz", b"z" * 70_000)
    write(root + "/a.b.c/no extension.", b"z")
    write(root + "/a.b.c/.hidden", b"h")
    write(root + "/a.b.c/UPPER.TXT", b"h")
    write(root + "/zeros", bytes(300_000))
    write(root + "/text", b"compress me " * 20_000)
    write(root + "/\u00dcnicode \u20ac.txt", b"euro")
    write(root + "/\u65e5\u672c\u8a9e/\u6587\u66f8.txt", b"words")
    write(f"{root}/{'n' * 180}.bin", b"n" * 100_000)
    write(root + "/1/2/3/4/5/6/7/8/9/10/11/12/deep", b"deep")
    write(root + "/1/2/3/4/5/6/7/other/deep too", b"deep")
    os.makedirs(root + "/empty folder")
    write(root + "/empty file")
    os.symlink("many/file number 1.txt", root + "/link")
    os.symlink("/a/../b/" + "x" * 90 + "/" + "y" * 90, root + "/long link")
    os.link(root + "/README", root + "/hard")
    os.link(root + "/README", root + "/many/hard")
    os.makedirs(root + "/boot")
    fresh_boot_file(root)
    if os.path.exists(GRUB + "/cdboot.img"):
        with open(GRUB + "/cdboot.img", "rb") as boot, open(GRUB + "/diskboot.img", "rb") as disk, open(GRUB + "/kernel.img", "rb") as kernel:
            write(root + "/boot/grub.img", boot.read() + disk.read() + kernel.read())
    boot_sector = b"\xeb\x3c\x90" + bytes(507) + b"\x55\xaa"
    write(root + "/boot/floppy.img", boot_sector + bytes(1474560 - 512))
    partition = bytes([0x80, 1, 1, 0, 6, 0, 63, 15]) + (63).to_bytes(4, "little") + (945).to_bytes(4, "little")
    write(root + "/boot/disk.img", b"\xfa" + bytes(445) + partition + bytes(48) + b"\x55\xaa" + bytes(512 * 1007))
    if shutil.which("mformat"):
        good("mformat", "-i", root + "/boot/efi.img", "-C", "-T", "2880", "-h", "2", "-s", "18", "::")
        good("mmd", "-i", root + "/boot/efi.img", "::/EFI")
    os.chmod(root, 0o755)


def fresh_boot_file(tree):
    """genisoimage patches the boot-info table into the file of the source."""
    if os.path.exists(ISOLINUX):
        shutil.copy(ISOLINUX, tree + "/boot/isolinux.bin")


XORRISO = "xorriso -as mkisofs -quiet -o {image} "
GENISO = "genisoimage -quiet -o {image} "
BIOS = "-b boot/isolinux.bin -c boot/boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table "
MANY = "-r -J -joliet-long "

# name, command
MAKERS = [
    # xorriso
    ("xorriso plain", XORRISO + "{tree}"),
    ("xorriso level 1", XORRISO + "-iso-level 1 {tree}"),
    ("xorriso level 2, no Rock Ridge", "xorriso -compliance iso_9660_level=2 -rockridge off -outdev stdio:{image} -map {tree} / -commit"),
    ("xorriso level 4", XORRISO + "-iso-level 4 {tree}"),
    ("xorriso level 4 and Joliet", XORRISO + "-iso-level 4 -R -J {tree}"),
    ("xorriso deep", XORRISO + "-D -R {tree}"),
    ("xorriso Joliet in UTF-16", "xorriso -compliance joliet_utf16:joliet_long_names -joliet on -outdev stdio:{image} -map {tree} / -commit"),
    ("xorriso relaxed names", XORRISO + "-U -allow-lowercase -relaxed-filenames -allow-multidot -l -d -N {tree}"),
    ("xorriso with MD5 and hard links", "xorriso -md5 on -hardlinks on -joliet on -outdev stdio:{image} -map {tree} / -commit"),
    ("xorriso names as they are, ACL", "xorriso -compliance lowercase:full_ascii:no_force_dots:omit_version -acl on -xattr on -outdev stdio:{image} -map {tree} / -commit"),
    ("xorriso HFS+", XORRISO + MANY + "-hfsplus {tree}"),
    ("xorriso zisofs", "xorriso -outdev stdio:{image} -map {tree} / -set_filter_r --zisofs / -- -commit"),
    ("xorriso zisofs 2", "xorriso -zisofs version_2=on -outdev stdio:{image} -map {tree} / -set_filter_r --zisofs / -- -commit"),
    ("xorriso grown", "xorriso -outdev stdio:{image} -map {tree}/many /many -commit && xorriso -dev stdio:{image} -map {tree} / -rm_r /many/hard -- -commit"),
    ("xorriso grown three times, with MD5", "xorriso -md5 on -outdev stdio:{image} -map {tree}/many /many -commit && xorriso -md5 on -dev stdio:{image} -map {tree}/a.b.c /abc "
     "-commit && xorriso -md5 on -dev stdio:{image} -joliet on -map {tree} / -commit"),
    ("xorriso grown bootable", XORRISO + BIOS + MANY + "{tree} && xorriso -boot_image any keep -dev stdio:{image} -map {tree}/many /again -commit"),
    ("xorriso BIOS", XORRISO + BIOS + MANY + "{tree}"),
    ("xorriso BIOS, hidden catalog", XORRISO + BIOS + "--boot-catalog-hide {tree}"),
    ("xorriso floppy emulation", XORRISO + "-b boot/floppy.img -c boot/boot.cat {tree}"),
    ("xorriso hard disk emulation", XORRISO + "-b boot/disk.img -c boot/boot.cat -hard-disk-boot {tree}"),
    ("xorriso EFI alone", XORRISO + "-R -e boot/efi.img -no-emul-boot {tree}"),
    ("xorriso BIOS and EFI", XORRISO + BIOS + MANY + "-eltorito-alt-boot -e boot/efi.img -no-emul-boot {tree}"),
    ("xorriso four entries", XORRISO + BIOS + "-eltorito-alt-boot -b boot/floppy.img -eltorito-alt-boot -e boot/efi.img -no-emul-boot "
     "-eltorito-alt-boot -b boot/grub.img -no-emul-boot -boot-load-size 4 {tree}"),
    ("xorriso isohybrid", XORRISO + f"-isohybrid-mbr {ISOHYBRID} " + BIOS + "-R {tree}"),
    ("xorriso isohybrid, EFI in the tree, GPT", XORRISO + f"-isohybrid-mbr {ISOHYBRID} " + BIOS +
     "-R -eltorito-alt-boot -e boot/efi.img -no-emul-boot -isohybrid-gpt-basdat {tree}"),
    ("xorriso isohybrid, EFI in the tree, GPT and APM", XORRISO + f"-isohybrid-mbr {ISOHYBRID} " + BIOS +
     "-R -eltorito-alt-boot -e boot/efi.img -no-emul-boot -isohybrid-gpt-hfsplus -isohybrid-apm-hfsplus {tree}"),
    ("xorriso isohybrid, EFI in the tree, MBR", XORRISO + f"-isohybrid-mbr {ISOHYBRID} " + BIOS + "-R -eltorito-alt-boot -e boot/efi.img -no-emul-boot {tree}"),
    ("xorriso isohybrid, EFI appended, GPT", XORRISO + f"-isohybrid-mbr {ISOHYBRID} -partition_offset 16 " + BIOS + "-R -append_partition 2 0xef {tree}/boot/efi.img "
     "-appended_part_as_gpt -eltorito-alt-boot -e --interval:appended_partition_2:all:: -no-emul-boot {tree}"),
    ("xorriso isohybrid, EFI appended, MBR", XORRISO + f"-isohybrid-mbr {ISOHYBRID} " + BIOS + "-R -append_partition 2 0xef {tree}/boot/efi.img "
     "-eltorito-alt-boot -e --interval:appended_partition_2:all:: -no-emul-boot {tree}"),
    ("xorriso appended and in the tree", XORRISO + f"-isohybrid-mbr {ISOHYBRID} " + BIOS + "-R -append_partition 2 0xef {tree}/boot/efi.img "
     "-appended_part_as_gpt -eltorito-alt-boot -e boot/efi.img -no-emul-boot {tree}"),
    ("xorriso GRUB 2 with MBR", XORRISO + f"-R -b boot/grub.img -no-emul-boot -boot-load-size 4 -boot-info-table --grub2-boot-info --grub2-mbr {GRUB}/boot_hybrid.img " + "{tree}"),
    ("xorriso GRUB 2, protective MBR, EFI image as partition", XORRISO + f"-R -b boot/grub.img -no-emul-boot -boot-load-size 4 -boot-info-table --grub2-boot-info --grub2-mbr {GRUB}/boot_hybrid.img "
     "--protective-msdos-label -efi-boot-part --efi-boot-image --efi-boot boot/efi.img {tree}"),
    ("xorriso partition offset", XORRISO + "-R -partition_offset 16 {tree}"),
    ("xorriso MBR of its own", XORRISO + "-R --protective-msdos-label {tree}"),
    ("xorriso padding of its own", XORRISO + "-R -no-pad {tree}"),
    ("xorriso section above 4 GiB", "truncate -s 4400000000 {big} && xorriso -as mkisofs -quiet -iso-level 3 -R -J -o - -graft-points big={big} /={tree}/many | dd of={image} bs=1M conv=sparse iflag=fullblock"),
    ("grub-mkrescue", "grub-mkrescue -o {image} {tree}/many"),
    ("grub-mkrescue, BIOS alone", f"grub-mkrescue -d {GRUB} " + "-o {image} {tree}/many"),
    # genisoimage
    ("genisoimage plain", GENISO + "{tree}"),
    ("genisoimage level 2", GENISO + "-iso-level 2 {tree}"),
    ("genisoimage level 3", GENISO + "-iso-level 3 {tree}"),
    ("genisoimage level 4", GENISO + "-iso-level 4 {tree}"),
    ("genisoimage Rock Ridge", GENISO + "-R {tree}"),
    ("genisoimage rational and Joliet", GENISO + MANY + "{tree}"),
    ("genisoimage Joliet alone", GENISO + "-J {tree}"),
    ("genisoimage deep", GENISO + "-R -D {tree}"),
    ("genisoimage hidden rr_moved", GENISO + "-R -hide-rr-moved -J {tree}"),
    ("genisoimage relaxed names", GENISO + "-U -l -L -d -N -allow-multidot -allow-lowercase -relaxed-filenames -no-iso-translate {tree}"),
    ("genisoimage TRANS.TBL", GENISO + "-T -R {tree}"),
    ("genisoimage UDF", GENISO + "-udf {tree}"),
    ("genisoimage UDF bridge", GENISO + MANY + "-udf {tree}"),
    ("genisoimage UDF and Rock Ridge", GENISO + "-R -udf -hide-rr-moved {tree}"),
    ("genisoimage UDF, deep", GENISO + "-udf -D -iso-level 4 -J -joliet-long {tree}"),
    ("genisoimage as for Windows", GENISO + "-udf -iso-level 4 -J -joliet-long -l -D -N -relaxed-filenames -no-emul-boot -b boot/grub.img -boot-load-size 8 "
     "-eltorito-alt-boot -eltorito-boot boot/efi.img -no-emul-boot {tree}"),
    ("genisoimage UDF above 4 GiB", "truncate -s 4400000000 {big} && genisoimage -quiet -allow-limited-size -udf -iso-level 3 -R -J -graft-points big={big} /={tree}/many | dd of={image} bs=1M conv=sparse iflag=fullblock"),
    ("genisoimage HFS", GENISO + "-hfs -R {tree}"),
    ("genisoimage Apple extensions", GENISO + "-apple -R {tree}"),
    ("genisoimage zisofs", "mkzftree {tree} {more} && " + GENISO + "-z -R {more}"),
    ("genisoimage hides", GENISO + "-R -J -hide README -hide-joliet text {tree}"),
    ("genisoimage BIOS", GENISO + BIOS + MANY + "{tree}"),
    ("genisoimage BIOS and EFI", GENISO + BIOS + MANY + "-eltorito-alt-boot -b boot/efi.img -no-emul-boot {tree}"),
    ("genisoimage BIOS, UDF", GENISO + BIOS + MANY + "-udf {tree}"),
    ("genisoimage floppy emulation", GENISO + "-b boot/floppy.img -c boot/boot.cat {tree}"),
    ("genisoimage hard disk emulation", GENISO + "-b boot/disk.img -hard-disk-boot -c boot/boot.cat {tree}"),
    ("genisoimage inode cache", GENISO + "-R -cache-inodes {tree}"),
    ("genisoimage no inode cache", GENISO + "-R -no-cache-inodes {tree}"),
    ("genisoimage no padding", GENISO + "-R -no-pad {tree}"),
    ("genisoimage second session", GENISO + "-R -J {tree}/many && genisoimage -quiet -R -J -C 0,$(( ($(stat -c %s {image}) / 2048 + 31) / 32 * 32 )) -M {image} "
     "-o {more} {tree}/a.b.c && truncate -s %65536 {image} && cat {more} >> {image}"),
    # bsdtar
    ("bsdtar", "bsdtar -cf {image} --format iso9660 -C {tree} ."),
    ("bsdtar, no Joliet", "bsdtar -cf {image} --format iso9660 --options !joliet -C {tree} ."),
    ("bsdtar, Joliet alone", "bsdtar -cf {image} --format iso9660 --options !rockridge -C {tree} many zeros a.b.c"),
    ("bsdtar, strict Rock Ridge, long Joliet", "bsdtar -cf {image} --format iso9660 --options rockridge=strict,joliet=long -C {tree} ."),
    ("bsdtar, level 4", "bsdtar -cf {image} --format iso9660 --options iso-level=4 -C {tree} many zeros a.b.c"),
    ("bsdtar, level 1, no padding", "bsdtar -cf {image} --format iso9660 --options iso-level=1,\\!pad -C {tree} ."),
    ("bsdtar, zisofs", "bsdtar -cf {image} --format iso9660 --options zisofs=direct -C {tree} ."),
    ("bsdtar, bootable", "bsdtar -cf {image} --format iso9660 --options boot=boot/isolinux.bin,boot-type=no-emulation,boot-load-size=4,boot-info-table -C {tree} ."),
    ("bsdtar, floppy", "bsdtar -cf {image} --format iso9660 --options boot=boot/floppy.img,boot-type=fd -C {tree} ."),
    # makefs
    ("makefs", "makefs -t cd9660 -o allow-deep-trees {image} {tree}/many"),
    ("makefs Rock Ridge", "makefs -t cd9660 -o rockridge {image} {tree}"),
    ("makefs level 1", "makefs -t cd9660 -o isolevel=1,allow-deep-trees {image} {tree}/many"),
    ("makefs relaxed names", "makefs -t cd9660 -o isolevel=2,allow-lowercase,allow-multidot,allow-max-name,allow-deep-trees {image} {tree}/many"),
    ("makefs bootable", "makefs -t cd9660 -o rockridge,'bootimage=i386;{tree}/boot/isolinux.bin,no-emul-boot' {image} {tree}"),
    ("makefs floppy", "makefs -t cd9660 -o rockridge,'bootimage=i386;{tree}/boot/floppy.img' {image} {tree}"),
]

# mkudffs makes no files, but everything around them, for every medium. newfs_udf is NetBSD's other writer, of udfclient.
for medium, revision, more in (("hd", "1.02", "-b 2048"), ("hd", "1.50", "-b 2048"), ("hd", "2.00", "-b 2048"), ("hd", "2.01", "-b 2048 --space=freedbitmap"),
                               ("hd", "2.01", "-b 2048 --strategy=4096"), ("hd", "2.01", "-b 2048 --ad=long --noefe"),
                               ("hd", "2.01", "-b 512"), ("hd", "2.01", "-b 4096"), ("hd", "2.01", "-b 2048 --bootarea=mbr"), ("dvd", "1.02", ""), ("dvd", "2.01", "--ad=short"),
                               ("dvdram", "2.01", ""), ("dvdrw", "2.01", ""), ("dvdr", "2.01", ""), ("dvdr", "1.50", "--closed"), ("cd", "1.02", ""),
                               ("cdrw", "1.50", ""), ("cdrw", "2.01", ""), ("cdr", "1.50", ""), ("cdr", "2.01", ""), 
                               ("bdr", "2.50", ""), ("bdr", "2.60", "")):
    MAKERS.append((f"mkudffs {medium} {revision} {more}".rstrip(), f"mkudffs --utf8 --new-file -m {medium} -r {revision} {more} -l '\u00dcber' {{image}} 6400"))


# What is really wrong with an image by others, and would be held against us otherwise: name, command, what verify has to say.
ACCUSED = [
    # Without Rock Ridge it records links as files that have a length and no data: they begin with the next file's.
    ("makefs, links without Rock Ridge", "makefs -t cd9660 -o allow-deep-trees {image} {tree}", "extents overlap without being the same"),
]


def tool_of(command):
    """The programs of a command line, as far as they can be missing."""
    words = [part.split()[0] for part in command.replace("&&", "|").split("|")]
    return [word for word in words if word not in ("truncate", "dd", "cat")]


def verdict(name, command, accusation, folder, tree):
    missing = [tool for tool in tool_of(command) if not shutil.which(tool)]
    missing += [part for part in (ISOHYBRID, GRUB + "/boot_hybrid.img", GRUB) if part in command and not os.path.exists(part)]
    missing += [part for part in ("boot/isolinux.bin", "boot/grub.img", "boot/efi.img") if part in command and not os.path.exists(os.path.join(tree, part))]
    if missing:
        return "skipped", f"{', '.join(missing)} not here"
    fresh_boot_file(tree)
    image = os.path.join(folder, "image")
    paths = {"image": image, "tree": tree, "big": folder + "/big", "more": folder + "/more"}
    made = subprocess.run(["bash", "-c", "set -e -o pipefail; " + command.format(**paths)], capture_output=True, stdin=subprocess.DEVNULL, timeout=600, check=False)
    if made.returncode != 0 or not os.path.exists(image):
        return "failed", f"it could not be made: {made.stderr.decode(errors='replace')[-500:]}"
    done = run(VERIFY, "--json", image)
    if done.returncode not in (0, 3):
        return "failed", f"verify: exit {done.returncode}: {done.stderr}"
    report = json.loads(done.stdout)
    if name.startswith("mkudffs") and "UDF" not in report["file_systems"]:
        return "failed", f"the file system is not seen: {report['file_systems']}"
    said = [f"{i['severity']}: LBA {i.get('first_lba')}: {i['what']}: {i.get('detail', '')} [{i.get('clause', '')}] "
            f"{[p['path'] for p in i.get('paths', [])][:2]} +{i.get('more', 0)}" for i in report["issues"] if i["severity"] != "note"]
    if accusation:
        faults = {i["what"] for i in report["issues"] if i["severity"] == "error"}
        return ("ok" if faults == {accusation} and done.returncode == 3 else "failed"), f"rightly accused: {', '.join(faults)}"
    if done.returncode != 0:
        return "failed", "FALSE ALARM\n    " + "\n    ".join(said[:12])
    kinds = sorted({i["what"] for i in report["issues"] if i["severity"] == "warning"})
    return "ok", f"{', '.join(report['file_systems'])}; {report['files']} files" + "".join(f"\n    warning: {kind}" for kind in kinds)


def main():
    wanted = sys.argv[1:]
    counts = {"ok": 0, "failed": 0, "skipped": 0}
    with tempfile.TemporaryDirectory(prefix="discpress-peers-", dir=BULK) as scratch:
        tree = os.path.join(scratch, "tree")
        make_tree(tree)
        for name, command, accusation in [(*maker, None) for maker in MAKERS] + ACCUSED:
            if wanted and name not in wanted:
                continue
            began = time.monotonic()
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                state, text = verdict(name, command, accusation, folder, tree)
            counts[state] += 1
            print(f"{name}: {state}: {text} ({time.monotonic() - began:.1f} s)", flush=True)
    print(f"{counts['ok']} images by others raise no alarm, {counts['failed']} failed, {counts['skipped']} skipped")
    if counts["failed"] or (CI and counts["skipped"]):
        return 1
    return 0 if counts["ok"] else 77


if __name__ == "__main__":
    sys.exit(main())
