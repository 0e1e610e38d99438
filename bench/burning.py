#!/usr/bin/python3
"""What burn costs: an image into a virtual drive that takes whatever it is given, from a warm file and from `mkimage |`.

    burning.py [--full] [--rounds N] [--work DIR] [--json FILE]

At least 1.5 GB/s in the best round and at most one second of the processors per GB in burn itself, the median of the rounds. `cat` of
the same image into a file is the yardstick, in the same rounds; a round before them counts for nothing, since the host of a virtual
machine may have to find the memory first. What was burned is verified each time. The image and the drive's disc lie in --work, a memory file system where there is one. Without --full
the tree is a tenth, too small for the figures to be judged. Exit 1 when one is missed.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import trees

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.environ.get("DISCPRESS_BIN", os.path.join(ROOT, "build", "release", "bin"))
LEAST_GB_PER_SECOND, MOST_CPU_PER_GB = 1.5, 1.0


def timed(note, script, env):
    """Wall and processor seconds of what `script` runs as $T ..., the last of a pipe."""
    subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], env={**env, "T": f"/usr/bin/time -f %e:%U:%S -o {note}"}, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    with open(note, encoding="utf-8") as text:
        wall, user, system = (float(word) for word in text.read().split()[-1].split(":"))
    return wall, user + system


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="3 GiB")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", help="where the tree, the image and the disc are made")
    parser.add_argument("--json", help="write the figures to this file")
    args = parser.parse_args()
    work = tempfile.mkdtemp(prefix="discpress-bench-", dir=args.work or ("/dev/shm" if os.path.isdir("/dev/shm") else None))
    source = tempfile.mkdtemp(prefix="discpress-bench-")
    env = dict(os.environ, DISCPRESS_STATE_DIR=os.path.join(work, "state"))
    tree, image, note = os.path.join(source, "tree"), os.path.join(work, "image.iso"), os.path.join(work, "note")
    try:
        trees.make("big", tree, scale=1.0 if args.full else 0.1)
        subprocess.run([f"{BIN}/mkimage", "-q", "-o", image, tree], check=True)
        gigabytes = os.path.getsize(image) / 1e9
        scripts = {
            "burn, file": f"$T {BIN}/burn --drive fast {image}",
            "burn, mkimage |": f"{BIN}/mkimage -q {tree} | $T {BIN}/burn --drive fast",
            "cat": f"$T cat {image} > {work}/copy",
        }
        figures = {name: [] for name in scripts}
        for turn in range(args.rounds + 1):
            for name, script in scripts.items():
                subprocess.run([f"{BIN}/burn", "virtual", "add", "fast", "--media", "bd-re"], env=env, check=True)
                figure = timed(note, script, env)
                if turn > 0:
                    figures[name].append(figure)
                if name != "cat":
                    subprocess.run([f"{BIN}/verify", "--drive", "fast"], env=env, check=True, stdout=subprocess.DEVNULL)
                subprocess.run([f"{BIN}/burn", "virtual", "remove", "fast"], env=env, check=True)
                if os.path.exists(f"{work}/copy"):
                    os.unlink(f"{work}/copy")
    finally:
        shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(source, ignore_errors=True)
    rows, missed = {}, []
    print(f"\nburning {gigabytes:.2f} GB, {args.rounds} rounds\n  {'':18} {'best GB/s':>10} {'median':>8} {'CPU s per GB':>13} {'median':>8}")
    for name, runs in figures.items():
        walls = [wall for wall, _ in runs]
        row = rows[name] = {"best": gigabytes / min(walls), "median": gigabytes / statistics.median(walls),
                            "cpu_best": min(cpu for _, cpu in runs) / gigabytes, "cpu_per_gb": statistics.median(cpu for _, cpu in runs) / gigabytes}
        good = row["best"] >= LEAST_GB_PER_SECOND and row["cpu_per_gb"] <= MOST_CPU_PER_GB
        judged = args.full and name != "cat"
        missed += [name] if judged and not good else []
        print(f"  {name:18} {row['best']:10.2f} {row['median']:8.2f} {row['cpu_best']:13.2f} {row['cpu_per_gb']:8.2f}  {('pass' if good else 'FAIL') if judged else 'not judged'}")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=2)
    if missed:
        print("burning: too slow or too costly: " + ", ".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
