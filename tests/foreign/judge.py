#!/usr/bin/python3
"""Makes a tree, lets mkimage make an image of it, and asks the foreign readers, or with --guest the kernel, whether they agree.

    judge.py doc | nasty | nasty-full [--guest] [MKIMAGE OPTION]...

doc is /usr/share/doc of this machine; nasty leaves out the sparse file of 5 GiB and the 70,000 directories that
nasty-full has. Exit: as agree.py.
"""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, folder) for folder in ("bench", "tests/guest", "tests/scenario")]

import agree  # noqa: E402
import guest  # noqa: E402
import trees  # noqa: E402
from scenario import CI, MKIMAGE, VERIFY  # noqa: E402


def judge(tree, image, options, in_guest):
    subprocess.run([MKIMAGE, "-q", *options, "-o", image, tree], check=True)
    subprocess.run([VERIFY, image], check=True, stdout=subprocess.DEVNULL)
    joliet = not any(option.startswith("iso") and "joliet" not in option for option in options)
    if not in_guest:
        passed, failed, skipped = agree.agree(tree, image, joliet=joliet, scratch=os.path.dirname(image))
    else:
        try:
            good = guest.agree(tree, image, joliet)
            passed, failed, skipped = int(good), int(not good), 0
        except guest.GuestMissing as error:
            print(f"guest: SKIPPED: {error}")
            passed, failed, skipped = 0, 0, 1
        except guest.GuestFailed as error:
            print(f"guest: FAILED: {error}")
            passed, failed, skipped = 0, 1, 0
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    if failed or (skipped and CI):
        return 1
    return 0 if passed else 77


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in ("doc", "nasty", "nasty-full"):
        sys.exit(__doc__)
    in_guest = "--guest" in sys.argv
    options = [word for word in sys.argv[2:] if word != "--guest"]
    with tempfile.TemporaryDirectory(prefix="discpress-foreign-") as scratch:
        tree = "/usr/share/doc"
        if sys.argv[1] != "doc":
            tree = os.path.join(scratch, "tree")
            trees.make("nasty", tree, without=() if sys.argv[1] == "nasty-full" else ("sparse", "leafdirs"))
        return judge(tree, os.path.join(scratch, "image.iso"), options, in_guest)


if __name__ == "__main__":
    sys.exit(main())
