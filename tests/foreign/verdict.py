"""Compares two views. A difference is either forced by a format or a reader, under a reason that is written down
and counted, or it is a failure. Nothing is left out in silence.
"""
import collections
import hashlib
import re

from view import FIELDS


def short(value):
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:70]} ... {text[-60:]} ({len(value)})"


class Difference:
    """One thing on which two views disagree. field is 'missing', 'extra' or the name of a field of Entry."""

    def __init__(self, path, field, expected, actual, entry):
        self.path, self.field, self.expected, self.actual, self.entry = path, field, expected, actual, entry

    def __str__(self):
        return f"{short(self.path)}: {self.field}: expected {short(self.expected)}, read {short(self.actual)}"


class Forced:
    """A difference that cannot be otherwise: why, and how to recognise it. `holds` is asked for each difference."""

    def __init__(self, reason, holds):
        self.reason, self.holds = reason, holds


def differences(expected, actual):
    for path in sorted(expected.keys() - actual.keys()):
        yield Difference(path, "missing", expected[path].kind, None, expected[path])
    for path in sorted(actual.keys() - expected.keys()):
        yield Difference(path, "extra", None, actual[path].kind, actual[path])
    for path in sorted(expected.keys() & actual.keys()):
        want, got = expected[path], actual[path]
        for field in FIELDS:
            a, b = getattr(want, field), getattr(got, field)
            if a != b and a is not None and b is not None:
                yield Difference(path, field, a, b, want)


class Verdict:
    def __init__(self, name):
        self.name = name
        self.entries = 0
        self.forced = collections.Counter()
        self.failures = []

    def show(self, limit=15):
        state = "agrees" if not self.failures else f"DISAGREES: {len(self.failures)} differences"
        print(f"{self.name}: {self.entries} entries, {state}")
        for reason, count in sorted(self.forced.items()):
            print(f"    forced {count:7d}  {reason}")
        for failure in self.failures[:limit]:
            print(f"    FAILED  {failure}")
        if len(self.failures) > limit:
            print(f"    ... and {len(self.failures) - limit} more", flush=True)


def compare(name, expected, actual, forced):
    verdict = Verdict(name)
    verdict.entries = len(actual)
    if len(actual) < 2 < len(expected):
        verdict.failures.append("the reader shows an empty tree")
    for difference in differences(expected, actual):
        for rule in forced:
            if rule.holds(difference):
                verdict.forced[rule.reason] += 1
                break
        else:
            verdict.failures.append(difference)
    return verdict


# Joliet: names that do not fit change, so entries are paired by what they hold.

JOLIET_UNITS = 103
JOLIET_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f*/:;?\\]")


def joliet_legal(name):
    """Whether a name read from a Joliet tree (as UTF-8 bytes) obeys the rules."""
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return text not in (".", "..") and 0 < len(text.encode("utf-16-be")) // 2 <= JOLIET_UNITS and not JOLIET_FORBIDDEN.search(text)


def joliet_must_stay(name):
    """Whether a name of the source has no reason at all to change: legal, in the basic plane, nothing that readers eat."""
    return joliet_legal(name) and all(ord(c) < 0x10000 for c in name.decode()) and not name.endswith((b".", b" "))


def shapes(view):
    """For each path a digest of what lies there without its name: bytes of files, and for folders what is in them."""
    children = collections.defaultdict(list)
    out = {}
    for path in sorted(view, key=lambda p: (p.count(b"/") + (p != b""), p), reverse=True):
        entry = view[path]
        if entry.kind == "folder":
            out[path] = "d" + hashlib.sha256("".join(sorted(children[path])).encode()).hexdigest()
        else:
            out[path] = f"{entry.kind} {entry.size} {entry.sha256}"
        if path:
            children[path.rpartition(b"/")[0]].append(out[path])
    return out


class JolietNames:
    """What a format's names are like: whether a name read is legal, whether one of the source must be there as it is, and
    how to fold names that may not be there twice."""
    format = "Joliet"
    legal = staticmethod(joliet_legal)
    must_stay = staticmethod(joliet_must_stay)
    fold = staticmethod(str.casefold)


def rename_by_contents(expected, actual, verdict, names=JolietNames):
    """Gives the entries of `actual` whose names had to change the source's names back, folder by folder, by equal contents.
    A name with no reason to change is left alone, so that a needless change shows as a difference."""
    want_shape, got_shape = shapes(expected), shapes(actual)
    want_children, got_children = collections.defaultdict(dict), collections.defaultdict(dict)
    for view, children in ((expected, want_children), (actual, got_children)):
        for path in view:
            if path:
                folder, _, name = path.rpartition(b"/")
                children[folder][name] = path
    renamed = {b"": actual[b""]}
    pending = [(b"", b"")]
    while pending:
        want_folder, got_folder = pending.pop()
        wants, gots = want_children[want_folder], got_children[got_folder]
        folded = collections.Counter(names.fold(name.decode("utf-8", "replace")) for name in wants)
        stays = {name for name in wants if names.must_stay(name) and folded[names.fold(name.decode("utf-8"))] == 1}
        pairs = {name: name for name in wants.keys() & gots.keys()
                 if name in stays or want_shape[wants[name]] == got_shape[gots[name]]}
        left = collections.defaultdict(list)
        for name in sorted(gots.keys() - pairs.values()):
            left[got_shape[gots[name]]].append(name)
            if not names.legal(name):
                verdict.failures.append(f"{short(gots[name])}: not a legal {names.format} name")
        for name in sorted(wants.keys() - pairs.keys()):
            if name not in stays and left[want_shape[wants[name]]]:
                pairs[name] = left[want_shape[wants[name]]].pop(0)
                verdict.forced[f"{names.format}: a name that does not fit has changed"] += 1
        for name in set(gots) - set(pairs.values()):
            renamed[gots[name]] = actual[gots[name]]
        for want_name, got_name in pairs.items():
            path = wants[want_name]
            renamed[path] = actual[gots[got_name]]
            if actual[gots[got_name]].kind == "folder":
                pending.append((path, gots[got_name]))
    return renamed
