"""verify against its peers: a full verification of a warm image by each, in turns, and the ratios.

verify compares every sector with the manifest and checks all structures; checkisomd5 and xorriso check the sums of their own kind,
which mkimage put into a second image of the same tree. cat into nowhere is the yardstick. Aims: at most 1.15 times cat, at least five
times as fast as either peer.
"""
import os
import statistics
import subprocess
import sys

MOST_OF_CAT, LEAST_TO_PEER = 1.15, 5.0


def programs(tools, plain, summed):
    """name: command. The peers read the image with their sums."""
    return {
        "verify": [f"{tools}/verify", "-q", plain],
        "cat": ["sh", "-c", f"cat '{plain}' > /dev/null"],
        "checkisomd5": ["checkisomd5", summed],
        "xorriso": ["xorriso", "-md5", "on", "-indev", f"stdio:{summed}", "-check_md5_r", "sorry", "/", "--"],
    }


def measure(tools, tree, work, rounds, timed, present, judged):
    """The rows, and who missed an aim. `timed(command)` gives seconds, `present(program)` whether it is here."""
    plain, summed = os.path.join(work, "plain.iso"), os.path.join(work, "summed.iso")
    table = {name: command for name, command in programs(tools, plain, summed).items() if name in ("verify", "cat") or present(command[0])}
    missing = sorted(set(programs(tools, plain, summed)) - set(table))
    if missing:
        print(f"  verify: not here, left out: {', '.join(missing)}")
    seconds = {name: [] for name in table}
    try:
        subprocess.run([f"{tools}/mkimage", "-q", "-o", plain, tree], check=True)
        subprocess.run([f"{tools}/mkimage", "-q", "--implant", "isomd5,libisofs", "-o", summed, tree], check=True)
        os.sync()
        for image in (plain, summed):
            subprocess.run(["cat", image], check=True, stdout=subprocess.DEVNULL)
        for turn in range(rounds):
            names = list(table)
            for name in names[turn % len(names):] + names[:turn % len(names)]:  # nobody is always first
                seconds[name].append(timed(table[name]))
        os.truncate(plain, os.path.getsize(plain) - 2048)
        if subprocess.run([f"{tools}/verify", "-q", plain], stdout=subprocess.DEVNULL, check=False).returncode != 3:
            raise SystemExit("verify_speed: verify does not notice that the last sector is missing")
    finally:
        for image in (plain, summed):
            if os.path.exists(image):
                os.unlink(image)
    fastest = {name: min(figures) for name, figures in seconds.items()}
    rows, fails = [], []
    print(f"\nverify: a full verification ({rounds} rounds)")
    print(f"  {'program':20} {'x cat':>8} {'x verify':>9} {'min s':>8} {'median s':>9}")
    for name, figures in seconds.items():
        row = {"program": name, "to_cat": fastest[name] / fastest["cat"], "to_verify": fastest[name] / fastest["verify"], "min": fastest[name],
               "median": statistics.median(figures)}
        aim = ""
        if name != "cat":
            right = row["to_cat"] <= MOST_OF_CAT if name == "verify" else row["to_verify"] >= LEAST_TO_PEER
            state = "not judged" if not judged else "pass" if right else "FAIL"
            aim = f"  {f'at most {MOST_OF_CAT} x cat' if name == 'verify' else f'at least {LEAST_TO_PEER:.0f} x verify'}: {state}"
            fails += [name] if state == "FAIL" else []
        print(f"  {name:20} {row['to_cat']:8.2f} {row['to_verify']:9.2f} {row['min']:8.2f} {row['median']:9.2f}{aim}")
        rows.append(row)
    sys.stdout.flush()
    return rows, fails
