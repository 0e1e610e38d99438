#!/usr/bin/python3
"""A burner behind the real kernel: the guest sees tgtd's DVD+R as /dev/sr0 and /dev/sg0, burn writes it through SG_IO, the guest
mounts the result, and growisofs' disc of the same image is the same.

Needs DISCPRESS_BIN. Exit: 0 good, 1 not, 77 what it takes is not here (1 where CI=true)."""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "foreign"))
import guest  # noqa: E402
import tgt  # noqa: E402

BIN = os.path.abspath(os.environ["DISCPRESS_BIN"])
SECTOR = 2048

# /dev/sr0 is burned by burn, /dev/sr1 by growisofs, /dev/sr2 by burn through its generic node and from a pipe.
SCRIPT = """
export DISCPRESS_STATE_DIR=/tmp/state
burn={bin}/burn
$burn list --json > $OUT/list.json
$burn info --drive /dev/sr0 --json > $OUT/info.json
$burn doctor > $OUT/doctor 2>&1 || true
$burn --drive /dev/sr0 --json {image} > $OUT/report.json 2> $OUT/burn.err
growisofs -use-the-force-luke=tty -dvd-compat -Z /dev/sr1={image} > $OUT/growisofs.log 2>&1 < /dev/null
generic=$(ls /sys/block/sr2/device/scsi_generic)
cat {image} | $burn --drive /dev/$generic 2> $OUT/sg.err
# The kernel looks at a disc when it is put in; growisofs does that itself.
for n in 0 2; do $burn eject --drive /dev/sr$n; $burn load --drive /dev/sr$n; done
for n in 0 1 2; do
  mkdir /mnt/d$n
  mount -t iso9660 -o ro /dev/sr$n /mnt/d$n
  (cd /mnt/d$n && find . -type f -print0 | sort -z | xargs -0 sha256sum) > $OUT/sums$n
done
# Mounted: refused, with the place.
rc=0; $burn --drive /dev/sr0 {image} > $OUT/mounted 2>&1 || rc=$?
echo $rc >> $OUT/mounted
umount /mnt/d0
{bin}/verify --drive /dev/sr0 > $OUT/verify 2>&1
# Another program owns it: refused, by whom.
(exec 9< /dev/sr0; flock 9; sleep 20) & sleep 1
rc=0; $burn eject --drive /dev/sr0 > $OUT/busy 2>&1 || rc=$?
echo $rc >> $OUT/busy
"""


def check(failures, condition, what):
    if not condition:
        failures.append(what)


def text(out, name):
    with open(os.path.join(out, name), encoding="utf-8", errors="replace") as file:
        return file.read()


def main():
    tools = [tool for tool in ("growisofs",) if not shutil.which(tool)]
    lacking = tgt.missing() or (tools[0] if tools else None)
    if lacking:
        raise guest.GuestMissing(f"{lacking} is not here")
    failures = []
    with tempfile.TemporaryDirectory(prefix="guest-drive-", dir=os.path.dirname(BIN)) as work:
        tree = os.path.join(os.path.dirname(HERE), "foreign")
        image = os.path.join(work, "image.iso")
        subprocess.run([os.path.join(BIN, "mkimage"), "-o", image, tree], check=True, stderr=subprocess.PIPE)
        with tgt.Tgt(work, discs=3) as target:
            more = ["-device", "virtio-scsi-pci"]
            for number in (1, 2, 3):
                more += ["-drive", f"if=none,id=cd{number},format=raw,file={target.url(number)}", "-device", f"scsi-generic,drive=cd{number}"]
            with guest.run(SCRIPT.format(bin=BIN, image=image), more=more, timeout=900) as out:
                expected = subprocess.run("find . -type f -print0 | sort -z | xargs -0 sha256sum", shell=True, cwd=tree, check=True,
                                          stdout=subprocess.PIPE, text=True).stdout
                for number in range(3):
                    check(failures, text(out, f"sums{number}") == expected, f"/dev/sr{number}, mounted, has not the files that were burned")
                mounted = text(out, "mounted")
                check(failures, mounted.endswith("4\n") and "mounted at /mnt/d0" in mounted, f"a mounted disc was not refused: {mounted}")
                busy = text(out, "busy")
                check(failures, busy.endswith("4\n") and "sleep" in busy, f"a drive in use was not refused with its user's name: {busy}")
                check(failures, '"virtual": false' in text(out, "list.json"), "burn list does not show the real drive")
                check(failures, "sr0" in text(out, "doctor"), "burn doctor does not speak of sr0")
                check(failures, ": ok" in text(out, "verify"), "verify: " + text(out, "verify"))
                print(text(out, "doctor"))
                print(text(out, "sg.err").strip())
        with open(image, "rb") as file:
            want = file.read()
        discs = []
        for number in (1, 2, 3):
            with open(os.path.join(work, f"disc{number}"), "rb") as file:
                discs.append(file.read())
        for number, disc in enumerate(discs):
            check(failures, disc[: len(want)] == want and not disc[len(want) :].strip(b"\0"), f"disc {number} differs from the image")
        check(failures, len({disc.rstrip(b"\0") for disc in discs}) == 1, "growisofs' disc differs from ours")
        print(f"image {len(want) // SECTOR} sectors; burn {len(discs[0]) // SECTOR}, growisofs {len(discs[1]) // SECTOR}, burn by sg from a pipe {len(discs[2]) // SECTOR}")
    for failure in failures:
        print("FAILED:", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except guest.GuestMissing as error:
        print(f"guest: SKIPPED: {error}")
        sys.exit(1 if os.environ.get("CI") == "true" else 77)
    except guest.GuestFailed as error:
        print(f"guest: FAILED: {error}")
        sys.exit(1)
