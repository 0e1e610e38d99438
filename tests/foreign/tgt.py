"""A drive that is not ours: tgtd's emulated DVD+R burner, on a port of its own, as any user. Not an oracle of the protocol (it
knows neither sequence nor sessions), but a real target for the transports."""
import os
import shutil
import socket
import subprocess
import time

TARGET = "iqn.2026-01.test:burner"


def missing():
    """The program that is not here, or None."""
    for tool in ("tgtd", "tgtadm", "tgtimg"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/sbin:/usr/sbin"):
            return tool
    return None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Tgt:
    """`discs` blank DVD+R, as logical units 1, 2, ... The discs are files in `directory`: disc1, disc2, ..."""

    def __init__(self, directory, discs=1):
        self.directory = directory
        self.environment = dict(os.environ, PATH=os.environ["PATH"] + ":/sbin:/usr/sbin")
        self.port = free_port()
        self.control = str(self.port % 30000)
        self.log = open(os.path.join(directory, "tgtd.log"), "w", encoding="utf-8")
        self.process = subprocess.Popen(["tgtd", "-f", "--control-port", self.control, "--iscsi", f"portal=127.0.0.1:{self.port}"],
                                        stdout=self.log, stderr=subprocess.STDOUT, env=self.environment)
        try:
            for attempt in range(600):
                try:
                    self.admin("--op", "new", "--mode", "target", "--tid", "1", "-T", TARGET)
                    break
                except subprocess.CalledProcessError:
                    if attempt == 599 or self.process.poll() is not None:
                        raise
                    time.sleep(0.1)
            for number in range(1, discs + 1):
                self.run("tgtimg", "--op", "new", "--device-type", "cd", "--type", "dvd+r", "--file", self.disc(number))
                self.admin("--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", str(number), "--device-type", "cd", "-b", self.disc(number))
            self.admin("--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL")
        except BaseException:
            self.stop()
            raise

    def disc(self, number=1):
        return os.path.join(self.directory, f"disc{number}")

    def url(self, number=1):
        return f"iscsi://127.0.0.1:{self.port}/{TARGET}/{number}"

    def run(self, *args):
        subprocess.run(args, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment, timeout=120)

    def admin(self, *args):
        self.run("tgtadm", "-C", self.control, "--lld", "iscsi", *args)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
