"""What every case needs: programs, timed children, medians, rows of the table."""

import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time


class BenchFailure(Exception):
    """A case whose result would be worth nothing."""


@dataclasses.dataclass
class Child:
    """A finished child process: seconds from its start to its end, seconds of processor, the most memory it held."""

    seconds: float
    processor_seconds: float
    peak_bytes: int
    output: str


@dataclasses.dataclass
class Row:
    """One line of the table. `ours` and `peer` are samples of the same unit; lower is better unless `higher`."""

    case: str
    ours: list
    peer: list = dataclasses.field(default_factory=list)
    unit: str = "s"
    higher: bool = False
    aim: str = ""
    met: object = None
    peak_bytes: int = 0
    peer_peak_bytes: int = 0
    peer_name: str = ""
    fault: str = ""

    @staticmethod
    def failed(case, fault):
        return Row(case=case, ours=[], fault=fault)

    @property
    def our_median(self):
        return statistics.median(self.ours)

    @property
    def peer_median(self):
        return statistics.median(self.peer)

    @property
    def ratio(self):
        """Ours over the peer's, as the aims are written for costs; for rates as well."""
        return self.our_median / self.peer_median if self.peer else None

    def cells(self):
        if self.fault:
            return [self.case, "FAILED", self.fault[:60], "", "", "failed", ""]
        peer = f"{figure(self.peer_median)} {self.unit} ({self.peer_name})" if self.peer else ""
        ratio = f"{self.ratio:.3g}" if self.peer else ""
        met = "" if self.met is None else "yes" if self.met else "no"
        memory = f"{self.peak_bytes / 1e6:.0f} MB" if self.peak_bytes else ""
        if self.peer_peak_bytes:
            memory += f" / {self.peer_peak_bytes / 1e6:.0f} MB"
        return [self.case, f"{figure(self.our_median)} {self.unit}", peer, ratio, self.aim, met, memory]

    def raw(self):
        return dataclasses.asdict(self)


def figure(value):
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


class Bench:
    def __init__(self, options, scratch, here):
        self.options = options
        self.scratch = scratch
        self.here = here
        self.notes = []
        self.children = []

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    def program(self, name):
        return str((self.options.programs / name).resolve())

    def peer(self, script, *arguments):
        """The command line of a peer; its interpreter is the environment's, links left as they are."""
        python = os.path.abspath(self.options.peers) if "/" in str(self.options.peers) else str(self.options.peers)
        return [python, "-B", "-E", "-s", str(self.here / "peers" / script), *map(str, arguments)]

    def run(self, arguments, accepted=(0,), cwd=None):
        """Runs a child to its end and tells what it cost; a failure ends the case."""
        log = self.scratch / "child.log"
        with open(log, "wb") as err, open(self.scratch / "child.out", "w+b") as out:
            start = time.perf_counter()
            child = subprocess.Popen([str(a) for a in arguments], stdout=out, stderr=err, cwd=cwd)
            _, status, usage = os.wait4(child.pid, 0)
            seconds = time.perf_counter() - start
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            text = out.read().decode(errors="replace")
        if child.returncode not in accepted:
            tail = log.read_text(errors="replace").strip().splitlines()[-3:]
            name = pathlib.Path(str(arguments[0])).name
            raise BenchFailure(f"{name} {arguments[1]} ended with {child.returncode}: {' / '.join(tail)}")
        return Child(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, text)

    def json(self, arguments, accepted=(0,)):
        child = self.run(arguments, accepted)
        try:
            return json.loads(child.output), child
        except json.JSONDecodeError as error:
            raise BenchFailure(f"{arguments[0]}: no JSON in its answer ({error})") from error

    def folder(self, name):
        path = self.scratch / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def clean(self):
        for path in self.scratch.iterdir():
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()

    def stop(self):
        """Ends what was started and not ended, by its own id."""
        for child in self.children:
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(20)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
        self.children = []

    def filesystem(self):
        best = ("", "unknown")
        for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
            _, point, kind = line.split()[:3]
            inside = str(self.scratch) == point or str(self.scratch).startswith(point.rstrip("/") + "/")
            if inside and len(point) >= len(best[0]):
                best = (point, kind)
        return f"{best[1]} at {best[0]}"

    def documented(self, case):
        """A figure from the project's documents: measured on another day, so never called this run's."""
        figures = json.loads((self.here / "peers" / "documented.json").read_text())
        return figures["cases"][case]

def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
