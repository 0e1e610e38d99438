#!/usr/bin/python3
"""mkimage against its peers: the same tree, equal work, one interleaved run, a warm cache; and the ratios.

    compare.py [--full] [--rounds N] [--trees big,small,million] [--json FILE] [--work DIR]

Equal work: ISO 9660 with Rock Ridge and Joliet; mkimage has its manifest on. bsdtar writes both by default, makefs has no
Joliet and so does less. tar and cat are yardsticks. Programs take turns (A B C, A B C, ...); a figure is the fastest of
its rounds and the median stands beside it. First every output is read by a foreign reader (bsdtar) and must hold every
file with its bytes. A lone absolute time says nothing, so each is divided by the fastest peer's.
Without --full the trees are a tenth. What UDF adds is measured in pairs, with it and without, on processor time, which other work
on the machine disturbs least: at most 25 % on small, and less than a third more memory on million (judged with --full alone).
A full verification of the image of big is measured too: verify_speed.py.
Exit 1 when an output is wrong, mkimage is slower than the fastest peer, UDF costs more, or verify misses its aims (with --full).
"""
import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import trees
import verify_speed

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.environ.get("DISCPRESS_BIN", os.path.join(ROOT, "build", "release", "bin"))
PATH = os.environ["PATH"] + ":/usr/sbin"


def programs(tree, out):
    """name: (command, role). Roles: ours, peer, yardstick."""
    quoted = f"'{tree}'"
    return {
        "mkimage": ([f"{BIN}/mkimage", "-q", "--fs", "iso9660,rockridge,joliet", "-o", out, tree], "ours"),
        "genisoimage": (["genisoimage", "-quiet", "-R", "-J", "-o", out, tree], "peer"),
        "xorriso": (["xorriso", "-as", "mkisofs", "-quiet", "-R", "-J", "-o", out, tree], "peer"),
        "bsdtar": (["bsdtar", "-cf", out, "--format=iso9660", "-C", tree, "."], "peer"),
        "makefs": (["makefs", "-t", "cd9660", "-o", "rockridge", out, tree], "peer"),
        "tar": (["tar", "-cf", out, "-C", tree, "."], "yardstick"),
        "cat": (["sh", "-c", f"find {quoted} -type f -print0 | xargs -0 cat > '{out}'"], "yardstick"),
    }


def pipes(tree, out):
    """The same into a pipe that a reader empties."""
    return {name: (["sh", "-c", " ".join(f"'{a}'" for a in command) + " | cat > /dev/null"], role) for name, (command, role) in {
        "mkimage, pipe": ([f"{BIN}/mkimage", "-q", "--fs", "iso9660,rockridge,joliet", tree], "ours"),
        "genisoimage, pipe": (["genisoimage", "-quiet", "-R", "-J", tree], "peer"),
        "xorriso, pipe": (["xorriso", "-as", "mkisofs", "-quiet", "-R", "-J", tree], "peer"),
    }.items()}


def timed(command, note):
    """(seconds, peak KiB). time(1) measures, for it is small: a child of this process would inherit its peak."""
    began = time.monotonic()
    done = subprocess.run(["/usr/bin/time", "-f", "%M", "-o", note, *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    seconds = time.monotonic() - began
    if done.returncode:
        raise SystemExit(f"compare: {' '.join(command[:3])} ...: exit {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-500:]}")
    with open(note, encoding="utf-8") as text:
        return seconds, int(text.read().split()[-1])


UDF_PAIRS = 7
UDF_LIMITS = {"small": ("cpu", 1.25), "million": ("peak", 4 / 3)}


def cost(command, note):
    """Seconds, seconds of the processors, KiB at the peak."""
    subprocess.run(["/usr/bin/time", "-f", "%e %U %S %M", "-o", note, *command], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    with open(note, encoding="utf-8") as text:
        wall, user, system, peak = (float(word) for word in text.read().split()[-4:])
    return {"wall": wall, "cpu": user + system, "peak": peak}


def udf_cost(name, tree, note, judged):
    """A row for each of ISO 9660 + Rock Ridge + Joliet with and without UDF 1.02, in turns, to memory where there is some."""
    place = tempfile.mkdtemp(prefix="discpress-bench-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    out = os.path.join(place, "output")
    runs = {"without": [], "with": []}
    try:
        for _ in range(UDF_PAIRS if name == "small" else 1):
            for which, systems in (("without", "iso9660,rockridge,joliet"), ("with", "iso9660,rockridge,joliet,udf")):
                runs[which].append(cost([f"{BIN}/mkimage", "-q", "--fs", systems, "-o", out, tree], note))
                os.unlink(out)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    what, limit = UDF_LIMITS[name]
    rows = {}
    for figure in ("wall", "cpu", "peak"):
        before, after = ([run[figure] for run in runs[which]] for which in ("without", "with"))
        rows[figure] = {"without": statistics.median(before), "with": statistics.median(after), "median_ratio": statistics.median(after) / statistics.median(before),
                        "min_ratio": min(after) / min(before)}
    ratio = rows[what]["median_ratio"]
    state = "not judged" if not judged else "pass" if ratio <= limit else "FAIL"
    print(f"\n{name}: what UDF adds ({len(runs['with'])} pairs)")
    for figure, row in rows.items():
        mark = f"  at most {limit:.2f}: {state}" if figure == what else ""
        print(f"  {figure:5} {row['without']:10.2f} {row['with']:10.2f}   median x {row['median_ratio']:.3f}, min x {row['min_ratio']:.3f}{mark}")
    sys.stdout.flush()
    return {**rows, "judged": what, "limit": limit, "state": state}


def contents_of_tree(tree):
    """Count, bytes and an order-free digest over (path, SHA-256) of every file."""
    rows = []
    for folder, _, names in os.walk(tree):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                rows.append((os.path.relpath(path, tree), os.path.getsize(path), hashlib.file_digest(file, "sha256").hexdigest()))
    return summary(rows)


def contents_of_image(image):
    listed = subprocess.run(["bsdtar", "-cf", "-", "--format=mtree", "--options", "mtree:!all,mtree:type,mtree:size,mtree:sha256", "@" + image],
                            check=True, stdout=subprocess.PIPE).stdout.decode()
    rows = []
    for line in listed.splitlines():
        path, *words = line.split(" ")
        said = dict(word.split("=", 1) for word in words if "=" in word)
        if said.get("type") == "file":
            rows.append((path.removeprefix("./"), int(said["size"]), said["sha256digest"]))
    return summary(rows)


def summary(rows):
    digest = hashlib.sha256("\n".join(sorted(f"{path} {sha}" for path, _, sha in rows)).encode()).hexdigest()
    return {"files": len(rows), "bytes": sum(size for _, size, _ in rows), "digest": digest}


def check_outputs(tree, table, out, name):
    want = contents_of_tree(tree)
    wrong = []
    for program, (command, role) in table.items():
        if role == "yardstick":
            continue
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        got = contents_of_image(out)
        state = "right" if got == want else f"WRONG: {got['files']} files, {got['bytes']} bytes; the source has {want['files']}, {want['bytes']}"
        print(f"  {name}: output of {program}: {state}", flush=True)
        if got != want:
            wrong.append(program)
        os.unlink(out)
    if os.path.exists(f"{BIN}/verify") and "mkimage" in table:
        subprocess.run(table["mkimage"][0], check=True)
        subprocess.run([f"{BIN}/verify", out], check=True, stdout=subprocess.DEVNULL)
        os.unlink(out)
    return wrong


def interleave(table, out, rounds, note):
    """{program: [(seconds, KiB), ...]}: every round runs each program once."""
    figures = {name: [] for name in table}
    for turn in range(rounds):
        names = list(table)
        for name in names[turn % len(names):] + names[:turn % len(names)]:  # nobody is always first
            if os.path.exists(out):
                os.unlink(out)
            os.sync()
            figures[name].append(timed(table[name][0], note))
    if os.path.exists(out):
        os.unlink(out)
    return figures


def report(name, table, figures, wrong):
    peers = {p: min(s for s, _ in figures[p]) for p, (_, role) in table.items() if role == "peer" and p not in wrong}
    if not peers:
        raise SystemExit(f"compare: {name}: no peer is here to compare with")
    best_peer = min(peers, key=peers.get)
    rows = []
    for program, (_, role) in table.items():
        seconds = [s for s, _ in figures[program]]
        rows.append({"program": program, "role": role, "min": min(seconds), "median": statistics.median(seconds), "to_fastest_peer": min(seconds) / peers[best_peer],
                     "peak_kib": max(k for _, k in figures[program]), "output": "wrong" if program in wrong else "right" if role != "yardstick" else "not read"})
    print(f"\n{name}: fastest peer {best_peer}")
    print(f"  {'program':20} {'x fastest peer':>15} {'min s':>8} {'median s':>9} {'peak MiB':>9}  output")
    for row in rows:
        print(f"  {row['program']:20} {row['to_fastest_peer']:15.2f} {row['min']:8.2f} {row['median']:9.2f} {row['peak_kib'] / 1024:9.0f}  {row['output']}")
    sys.stdout.flush()
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the trees in full size: 3 GiB, 100,000 and 1,000,000 files")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trees", default="big,small,million")
    parser.add_argument("--json", help="write the figures to this file")
    parser.add_argument("--work", help="where trees and images are made (a real disk); trees there are used again")
    args = parser.parse_args()
    scale = 1.0 if args.full else 0.1
    work = args.work or tempfile.mkdtemp(prefix="discpress-bench-")
    os.makedirs(work, exist_ok=True)
    out, note = os.path.join(work, "output"), os.path.join(work, "note")
    results, slower, wrong_ours, udf_fails, verify_fails = {"scale": scale, "rounds": args.rounds, "cpus": os.cpu_count()}, [], False, [], []
    try:
        for name in args.trees.split(","):
            tree = os.path.join(work, f"{name}-{scale}")
            if not os.path.isdir(tree):
                trees.make(name, tree + ".part", scale=scale)
                os.rename(tree + ".part", tree)
            for title, make in ((name, programs),) + (((f"{name} into a pipe", pipes),) if name == "big" else ()):
                table = {p: row for p, row in make(tree, out).items() if row[0][0] == "sh" or shutil.which(row[0][0], path=PATH)}
                missing = sorted(set(make(tree, out)) - set(table))
                if missing:
                    print(f"  {title}: not here, left out: {', '.join(missing)}")
                wrong = check_outputs(tree, table, out, title) if make is programs else []
                wrong_ours |= "mkimage" in wrong
                rows = results[title] = report(title, table, interleave(table, out, args.rounds, note), wrong)
                if title in UDF_LIMITS:
                    added = results[f"{title}, UDF"] = udf_cost(title, tree, note, args.full)
                    udf_fails += [title] if added["state"] == "FAIL" else []
                slower += [f"{title} ({row['to_fastest_peer']:.2f})" for row in rows if row["role"] == "ours" and row["to_fastest_peer"] > 1]
            if name == "big":
                results["verify"], verify_fails = verify_speed.measure(
                    BIN, tree, work, args.rounds, lambda command: timed(command, note)[0], lambda program: shutil.which(program, path=PATH), args.full)
    finally:
        if not args.work:
            shutil.rmtree(work, ignore_errors=True)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=2)
    if wrong_ours:
        print("compare: the output of mkimage is wrong")
    if slower:
        print("compare: slower than the fastest peer on: " + ", ".join(slower))
    if udf_fails:
        print("compare: UDF costs too much on: " + ", ".join(udf_fails))
    if verify_fails:
        print("compare: verify misses its aims beside: " + ", ".join(verify_fails))
    return 1 if slower or wrong_ours or udf_fails or verify_fails else 0


if __name__ == "__main__":
    sys.exit(main())
