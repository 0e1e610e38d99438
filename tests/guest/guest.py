#!/usr/bin/python3
"""A small Linux guest as an oracle: what does the kernel see in an image?

    guest.py TREE IMAGE [--no-joliet] [--limit SECONDS]

The guest runs in QEMU by software emulation, as any user. It has the distribution's kernel (downloaded once, unpacked,
never installed) and, read-only over 9p, the file system of this machine: so a script in the guest finds every program
that is here. run() is for other tests. Exit: 0 the kernel agrees, 1 not, 77 what it takes is not here (1 where CI=true).
"""
import argparse
import fcntl
import glob
import gzip
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "foreign"))

from verdict import Forced, Verdict, compare, rename_by_contents  # noqa: E402
from readers import JOLIET_UNTOLD, LAST_SECOND, ROCK_RIDGE  # noqa: E402
from view import load, walk_source  # noqa: E402

CACHE = os.environ.get("DISCPRESS_GUEST_CACHE", os.path.join(ROOT, "build", "guest"))
MODULES = ["virtio_pci", "virtio_blk", "virtio_scsi", "9pnet_virtio", "9p", "isofs", "udf", "nls_utf8", "loop", "sr_mod", "sg", "crc-itu-t"]
META = {"debian": "linux-image-amd64", "ubuntu": "linux-image-generic"}


class GuestFailed(Exception):
    pass


class GuestMissing(Exception):
    """What a guest takes is not on this machine."""


def output(*args, **more):
    return subprocess.run(args, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more).stdout


def distribution():
    with open("/etc/os-release", encoding="utf-8") as facts:
        words = dict(line.rstrip("\n").split("=", 1) for line in facts if "=" in line)
    for name in [words.get("ID", "")] + words.get("ID_LIKE", "").strip('"').split():
        if name.strip('"') in META:
            return name.strip('"')
    raise GuestMissing("no kernel package is known for this distribution")


def download(into):
    """The kernel's packages, with those that hold its modules. The concrete package is named by the meta package."""
    meta = META[distribution()]
    wanted = [line.split()[1] for line in output("apt-cache", "depends", meta).splitlines() if "Depends: linux-image-" in line][:1]
    if not wanted:
        raise GuestMissing(f"apt knows no package behind {meta}; run apt-get update")
    release = wanted[0].removeprefix("linux-image-")
    known = output("apt-cache", "pkgnames", "linux-modules").split()
    wanted += [name for name in (f"linux-modules-{release}", f"linux-modules-extra-{release}") if name in known]
    output("apt-get", "download", *wanted, cwd=into)
    return release


def plain_module(path):
    """The bytes of a module, whatever the distribution packed it with."""
    if path.endswith(".xz"):
        return lzma.open(path).read()
    if path.endswith(".zst"):
        return subprocess.run(["zstd", "-dcq", path], check=True, stdout=subprocess.PIPE).stdout
    with open(path, "rb") as module:
        return module.read()


def prepare():
    """Kernel and initial file system in the cache; made once. Returns their paths."""
    for tool in ("qemu-system-x86_64", "busybox", "cpio", "apt-get", "depmod", "modprobe"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/sbin:/usr/sbin"):
            raise GuestMissing(f"{tool} is not here")
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several guests may be wanted at the same time
        return make_both()


def make_both():
    kernel, initrd = os.path.join(CACHE, "vmlinuz"), os.path.join(CACHE, "initrd.gz")
    packages = os.path.join(CACHE, "packages")
    if not os.path.exists(kernel):
        shutil.rmtree(packages, ignore_errors=True)
        os.makedirs(packages)
        try:
            release = download(packages)
            for package in glob.glob(os.path.join(packages, "*.deb")):
                output("dpkg-deb", "-x", package, os.path.join(packages, "root"))
        except subprocess.CalledProcessError as error:
            raise GuestMissing(f"{' '.join(error.cmd[:2])}: {error.stderr.strip()}")
        with open(os.path.join(CACHE, "release"), "w", encoding="utf-8") as out:
            out.write(release)
        shutil.copy(glob.glob(os.path.join(packages, "root", "boot", "vmlinuz-*"))[0], kernel + ".new")
        os.rename(kernel + ".new", kernel)
    if not os.path.exists(initrd) or os.path.getmtime(initrd) < os.path.getmtime(__file__):
        make_initrd(os.path.join(packages, "root"), initrd)
    return kernel, initrd


INIT = """#!/busybox sh
/busybox mkdir -p /proc /sys /dev /host
/busybox mount -t proc proc /proc
/busybox mount -t sysfs sys /sys
/busybox mount -t devtmpfs dev /dev
for module in $(/busybox cat /modules/order); do /busybox insmod /modules/$module || echo "init: $module does not load"; done
/busybox mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 host /host || echo "init: no host"
for place in proc sys dev; do /busybox mount -o bind /$place /host/$place; done
/busybox mount -t tmpfs tmp /host/tmp
/busybox mount -t tmpfs mnt /host/mnt
/busybox mkdir /host/mnt/out
/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 out /host/mnt/out || echo "init: no out"
/busybox chroot /host /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 TZ=UTC OUT=/mnt/out /bin/sh -eu /mnt/out/script
echo $? > /host/mnt/out/status
/busybox sync
/busybox poweroff -f
"""


def make_initrd(root, initrd):
    with tempfile.TemporaryDirectory() as work:
        modules = os.path.join(work, "modules")
        os.mkdir(modules)
        base = os.path.join(root, "usr") if os.path.isdir(os.path.join(root, "usr", "lib", "modules")) else root
        version = os.listdir(os.path.join(base, "lib", "modules"))[0]
        environment = dict(os.environ, PATH=os.environ["PATH"] + ":/sbin:/usr/sbin")
        output("depmod", "-b", base, version, env=environment)
        order = []
        for name in MODULES:
            for line in output("modprobe", "-d", base, "-S", version, "--show-depends", name, env=environment).splitlines():
                if line.startswith("insmod "):
                    path = line.split()[1]
                    plain = os.path.basename(path).split(".ko")[0] + ".ko"
                    if plain not in order:
                        order.append(plain)
                        with open(os.path.join(modules, plain), "wb") as out:
                            out.write(plain_module(path))
        with open(os.path.join(modules, "order"), "w", encoding="utf-8") as out:
            out.write("\n".join(order))
        shutil.copy(shutil.which("busybox"), os.path.join(work, "busybox"))
        with open(os.path.join(work, "init"), "w", encoding="utf-8") as out:
            out.write(INIT)
        os.chmod(os.path.join(work, "init"), 0o755)
        names = "\n".join(os.path.relpath(os.path.join(folder, name), work) for folder, folders, files in os.walk(work) for name in folders + files)
        packed = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], input=names.encode(), cwd=work, check=True, stdout=subprocess.PIPE).stdout
        with gzip.open(initrd + ".new", "wb", compresslevel=1) as out:
            out.write(packed)
        os.rename(initrd + ".new", initrd)


def run(script, images=(), timeout=600, more=()):
    """Runs a shell script (text; sh -eu) in the guest as root, below this machine's own file system, read-only. The images
    are /dev/vda, /dev/vdb, ...; /mnt and /tmp are empty and writable; what the script leaves in $OUT is in the returned
    directory, a TemporaryDirectory of the caller. Raises GuestFailed with the console's end."""
    kernel, initrd = prepare()
    out = tempfile.TemporaryDirectory(prefix="discpress-guest-")
    with open(os.path.join(out.name, "script"), "w", encoding="utf-8") as text:
        text.write(script)
    command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024", "-nographic", "-nodefaults", "-serial",
               "stdio", "-no-reboot", "-kernel", kernel, "-initrd", initrd, "-append", "console=ttyS0 no_timer_check panic=1 quiet",
               "-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap",
               "-virtfs", f"local,path={out.name},mount_tag=out,security_model=none"]
    for image in images:
        command += ["-drive", f"if=virtio,format=raw,readonly=on,file={os.path.abspath(image)}"]
    try:
        done = subprocess.run([*command, *more], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)
        console = done.stdout.decode("utf-8", "replace")
    except subprocess.TimeoutExpired as error:
        raise GuestFailed(f"the guest did not end within {timeout} s:\n{(error.stdout or b'').decode('utf-8', 'replace')[-2000:]}")
    status = os.path.join(out.name, "status")
    if not os.path.exists(status) or open(status, encoding="utf-8").read().strip() != "0":
        raise GuestFailed("the script failed in the guest:\n" + console[-3000:])
    return out


KERNEL = ROCK_RIDGE + [
    Forced("Linux: isofs counts seconds in 32 bits, a time after 2038 wraps round",
           lambda d: d.field == "mtime" and d.expected >= 2**31 and (min(d.expected, LAST_SECOND) - d.actual) % 2**32 == 0),
    Forced("Linux: isofs keeps 8 bits of a minor number", lambda d: d.field == "rdev" and d.expected[1] > 255 and d.actual == (d.expected[0], d.expected[1] & 255)),
    Forced("Linux: isofs takes the byte of a one-byte name for a signed number and does not find it from 0x80 on",
           lambda d: d.field == "kind" and d.actual == "listed but not found" and d.path.rpartition(b"/")[2] >= b"\x80" and len(d.path.rpartition(b"/")[2]) == 1),
]


def undo_cut(expected, actual, verdict):
    """isofs leaves out the part of a Rock Ridge name that would make it longer than 253 bytes; gives those names back."""
    reason = "Linux: isofs cuts Rock Ridge names of more than 253 bytes"
    renamed = {}
    for path in sorted(actual):
        folder, _, name = path.rpartition(b"/")
        folder = renamed.get(folder, folder)
        whole = os.path.join(folder, name)
        if whole not in expected and path:
            long = [other for other in expected if len(other.rpartition(b"/")[2]) > 253 and other.rpartition(b"/")[0] == folder
                    and other.rpartition(b"/")[2].startswith(name)]
            if len(long) == 1:
                whole = long[0]
                verdict.forced[reason] += 1
        renamed[path] = whole
    return {renamed[path]: entry for path, entry in actual.items()}


def kernel_views(image, joliet, limit):
    """What the kernel shows of an image, read through Rock Ridge and through Joliet."""
    walker = os.path.join(ROOT, "tests", "foreign", "view.py")
    # A Joliet tree is matched without regard to case unless told; names that differ only in case would be mixed up.
    script = f"mkdir /mnt/rr /mnt/jo\nmount -t iso9660 -o ro /dev/vda /mnt/rr\n/usr/bin/python3 {walker} /mnt/rr > $OUT/rr\n"
    if joliet:  # a second mount of a device that is mounted would share the first one's options
        script += f"umount /mnt/rr\nmount -t iso9660 -o ro,norock,utf8,check=strict /dev/vda /mnt/jo 2>&1 || (dmesg | tail -5; false)\n/usr/bin/python3 {walker} /mnt/jo > $OUT/jo\n"
    with run(script, [image], limit) as out:
        views = {}
        for name in ("rr", "jo") if joliet else ("rr",):
            with open(os.path.join(out, name), encoding="utf-8") as rows:
                views[name] = load(rows)
    return views


def judge_rock_ridge(expected, view, name="Linux, Rock Ridge"):
    for entry in view.values():
        entry.link = None  # isofs gives every directory record an inode number of its own; nlink tells the size of the group
    notes = Verdict(name)
    verdict = compare(name, expected, undo_cut(expected, view, notes), KERNEL)
    verdict.forced += notes.forced
    return verdict


def agree(tree, image, joliet=True, limit=900):
    expected = walk_source(tree)
    views = kernel_views(image, joliet, limit)
    verdicts = [judge_rock_ridge(expected, views["rr"])]
    if joliet:
        notes = Verdict("Linux, Joliet")
        for entry in views["jo"].values():
            for field in JOLIET_UNTOLD:
                setattr(entry, field, None)
        plain = {}
        for path, entry in expected.items():
            if entry.kind in ("file", "folder"):
                plain[path] = entry
            else:
                notes.forced[f"Joliet: holds no {entry.kind} entries"] += 1
        actual = rename_by_contents(plain, views["jo"], notes)
        verdict = compare(notes.name, plain, actual, KERNEL)
        verdict.forced += notes.forced
        verdict.failures += notes.failures
        verdicts.append(verdict)
    for verdict in verdicts:
        verdict.show()
    return all(not verdict.failures for verdict in verdicts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree")
    parser.add_argument("image")
    parser.add_argument("--no-joliet", action="store_true")
    parser.add_argument("--limit", type=float, default=900)
    args = parser.parse_args()
    began = time.monotonic()
    try:
        good = agree(args.tree, args.image, not args.no_joliet, args.limit)
    except GuestMissing as error:
        print(f"guest: SKIPPED: {error}")
        return 1 if os.environ.get("CI") == "true" else 77
    except GuestFailed as error:
        print(f"guest: FAILED: {error}")
        return 1
    print(f"{time.monotonic() - began:.1f} s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
