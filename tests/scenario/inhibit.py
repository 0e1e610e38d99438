#!/usr/bin/python3
"""burn keeps the machine awake for exactly the length of a burn: a logind that is none, on a bus of its own, says what is held
and when it is let go. And burn does without a bus, without logind, with one that forbids or hangs. Needs DISCPRESS_BIN."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BURN = os.path.join(os.environ["DISCPRESS_BIN"], "burn")
HERE = os.path.dirname(os.path.abspath(__file__))

LOGIND = '''
import os, select, sys, threading, time
import dbus, dbus.service, dbus.mainloop.glib
from gi.repository import GLib
mode = sys.argv[1]
log = open(sys.argv[2], "a", buffering=1)
class Denied(dbus.DBusException):
    _dbus_error_name = "org.freedesktop.DBus.Error.AccessDenied"
class Manager(dbus.service.Object):
    @dbus.service.method("org.freedesktop.login1.Manager", in_signature="ssss", out_signature="h")
    def Inhibit(self, what, who, why, how):
        log.write(f"asked {what}|{who}|{why}|{how}\\n")
        if mode == "hang":
            threading.Event().wait()  # no answer, ever
        if mode == "deny" or (mode == "deny-lid" and "lid" in what):
            raise Denied("no")
        ours, theirs = os.pipe()
        def wait():
            os.read(ours, 1)  # ends when the last descriptor of the other end is closed
            log.write("released\\n")
        threading.Thread(target=wait, daemon=True).start()
        log.write(f"held {what}\\n")
        fd = dbus.types.UnixFd(theirs)
        os.close(theirs)
        return fd
dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
name = dbus.service.BusName("org.freedesktop.login1", bus)
Manager(bus, "/org/freedesktop/login1")
log.write("ready\\n")
GLib.MainLoop().run()
'''

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"""


class Inhibit(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="discpress-inhibit-")
        self.addCleanup(self.dir.cleanup)
        self.bus = os.path.join(self.dir.name, "bus")
        self.log = os.path.join(self.dir.name, "log")
        self.env = dict(os.environ, DISCPRESS_STATE_DIR=os.path.join(self.dir.name, "state"), DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={self.bus}", LC_ALL="C.UTF-8")
        subprocess.run([BURN, "virtual", "add", "d", "--media", "dvd+r"], env=self.env, check=True)

    def start(self, mode):
        config = os.path.join(self.dir.name, "bus.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(path=self.bus))
        self.run_until_end([ "dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"])
        self.wait(lambda: os.path.exists(self.bus))
        if mode is None:
            return
        self.run_until_end(["/usr/bin/python3", "-c", LOGIND, mode, self.log])
        self.wait(lambda: "ready" in self.lines())

    def run_until_end(self, command):
        process = subprocess.Popen(command, env=self.env, stdout=subprocess.DEVNULL)
        def end():
            process.kill()
            process.wait()
        self.addCleanup(end)

    def wait(self, condition):
        for _ in range(2400):  # the bound of a test that fails; one that succeeds waits for the event alone
            if condition():
                return
            time.sleep(0.05)
        self.fail(f"waited in vain: {self.lines()}")

    def lines(self):
        if not os.path.exists(self.log):
            return []
        with open(self.log, encoding="utf-8") as file:
            return file.read().splitlines()

    def burn(self, *args):
        return subprocess.Popen([BURN, "--drive", "d", *args], env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self, process, data=b"x" * 2048 * 100, code=0):
        _, err = process.communicate(data, timeout=120)
        self.assertEqual(process.returncode, code, err)

    def test_held_while_burning_and_released_after(self):
        self.start("grant")
        process = self.burn("--buffer", "1M", "--progress=json")
        process.stdin.write(b"x" * 2048 * 3000)
        process.stdin.flush()
        for line in process.stderr:  # until it is in the middle of the disc
            event = json.loads(line)
            if event["phase"] == "writing" and event["sectors"] > 0:
                break
        self.assertIn("held shutdown:sleep:idle:handle-lid-switch", self.lines())
        asked = self.lines()[1]
        self.assertRegex(asked, r"asked shutdown:sleep:idle:handle-lid-switch\|burn\|burning standard input on DVD\+R in virtual:d\|block")
        self.assertNotIn("released", self.lines())
        self.finish(process)
        self.wait(lambda: "released" in self.lines())
        self.assertEqual(len(self.lines()), 4, self.lines())

    def test_released_when_refused_killed_or_interrupted(self):
        self.start("grant")
        for how in (signal.SIGINT, signal.SIGKILL):
            before = self.lines().count("released")
            process = self.burn()
            process.stdin.write(b"x" * 2048 * 1000)
            process.stdin.flush()
            self.wait(lambda: self.lines().count("held shutdown:sleep:idle:handle-lid-switch") == before + 1)
            process.send_signal(how)
            process.wait(timeout=120)  # before the pipe ends: an end of the stream that is seen first is an end like any other
            self.finish(process, b"", 130 if how == signal.SIGINT else -9)
            self.wait(lambda: self.lines().count("released") == before + 1)

    def test_less_is_held_where_the_lid_is_forbidden(self):
        self.start("deny-lid")
        self.finish(self.burn())
        self.wait(lambda: "released" in self.lines())
        self.assertIn("held shutdown:sleep:idle", self.lines())

    def test_burns_without(self):
        for mode in ("no bus", None, "deny", "hang"):
            with self.subTest(mode=mode):
                if mode != "no bus":
                    self.start(mode)
                self.finish(self.burn("--multi"))  # ends although the one that hangs never answers
                if mode == "hang":
                    self.assertTrue(self.lines()[-1].startswith("asked "), self.lines())
                subprocess.run([BURN, "virtual", "insert", "d", "--media", "dvd+r"], env=self.env, check=True, stderr=subprocess.PIPE)
                self.doCleanups_but_directory()

    def doCleanups_but_directory(self):
        keep = self._cleanups[:1]
        while len(self._cleanups) > 1:
            function, args, kwargs = self._cleanups.pop()
            function(*args, **kwargs)
        self._cleanups = keep
        for name in (self.bus, self.log):
            if os.path.exists(name):
                os.remove(name)


if __name__ == "__main__":
    try:
        import dbus  # noqa: F401
        import gi  # noqa: F401
        subprocess.run(["dbus-daemon", "--version"], check=True, stdout=subprocess.DEVNULL)
    except (ImportError, OSError) as error:
        print(f"inhibit: SKIPPED: {error}")
        sys.exit(1 if os.environ.get("CI") == "true" else 77)
    unittest.main(verbosity=1)
