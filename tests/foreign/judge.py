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


def make_image(tree, image, options):
    made = subprocess.run([MKIMAGE, "-q", *options, "-o", image, tree], stderr=subprocess.PIPE)
    if made.returncode:
        sys.exit(f"mkimage: exit {made.returncode}: {made.stderr.decode('utf-8', 'replace')[-1000:]}")
    subprocess.run([VERIFY, image], check=True, stdout=subprocess.DEVNULL)


def ask_kernel(tree, image, joliet):
    try:
        good = guest.agree(tree, image, joliet)
        return int(good), int(not good), 0
    except guest.GuestMissing as error:
        print(f"guest: SKIPPED: {error}")
        return 0, 0, 1
    except guest.GuestFailed as error:
        print(f"guest: FAILED: {error}")
        return 0, 1, 0


def ask_readers(scratch, tree, image, options, joliet, without):
    passed, failed, skipped, gave_up = agree.agree(tree, image, joliet=joliet, scratch=scratch)
    if gave_up and tree.startswith(scratch):
        print("\nWithout long symbolic links and long paths, for the readers that give up on them:")
        tree, image = os.path.join(scratch, "milder"), os.path.join(scratch, "milder.iso")
        trees.make("nasty", tree, without=(*without, "longlinks", "longpaths"))
        make_image(tree, image, options)
        more = agree.agree(tree, image, wanted=gave_up, joliet=joliet, scratch=scratch)
        passed, failed, skipped = passed + more[0], failed + more[1] + len(more[3]), skipped + more[2]
    else:
        failed += len(gave_up)
    return passed, failed, skipped


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in ("doc", "nasty", "nasty-full"):
        sys.exit(__doc__)
    in_guest = "--guest" in sys.argv
    options = [word for word in sys.argv[2:] if word != "--guest"]
    joliet = "--fs" not in options or "joliet" in options[options.index("--fs") + 1]
    without = () if sys.argv[1] == "nasty-full" else ("sparse", "leafdirs")
    with tempfile.TemporaryDirectory(prefix="discpress-foreign-") as scratch:
        tree, image = "/usr/share/doc", os.path.join(scratch, "image.iso")
        if sys.argv[1] != "doc":
            tree = os.path.join(scratch, "tree")
            trees.make("nasty", tree, without=without)
        make_image(tree, image, options)
        if in_guest:
            passed, failed, skipped = ask_kernel(tree, image, joliet)
        else:
            passed, failed, skipped = ask_readers(scratch, tree, image, options, joliet, without)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    if failed or (skipped and CI):
        return 1
    return 0 if passed else 77


if __name__ == "__main__":
    sys.exit(main())
