"""Arrival to catalog: files moved into the watched tree of a running daemon."""

import json
import os
import pathlib
import shutil
import signal
import sqlite3
import statistics
import subprocess
import threading
import time

from .bench_run import BenchFailure, Row

AIM_RATE = 1500.0
AIM_P99 = 0.250


def burst(bench):
    """All files at once; beside it a peer that reads primary headers and MD5 into one SQLite transaction."""
    files = pristine(bench, bench.options.files)
    rates, peer_rates, p50, p99, peaks, processor = [], [], [], [], [], []
    for turn in range(bench.options.repeats):
        with Watched(bench, f"burst-{turn}", files) as watched:
            arrived = watched.move(interval=0)
            rates.append(len(files) / arrived.seconds)
            p50.append(arrived.percentile(50))
            p99.append(arrived.percentile(99))
            processor.append(processor_seconds(watched.daemon.pid) / len(files))
            peaks.append(watched.finish(len(files)))
        answer, _ = bench.json(bench.peer("ingest_astropy.py", files[0].parent, bench.scratch / "peer.sqlite"))
        peer_rates.append(answer["files"] / answer["seconds"])
        bench.say(f"  {turn + 1}: {rates[-1]:.0f} files/s, peer {peer_rates[-1]:.0f}; p99 {p99[-1]:.3f} s")
    label = f"burst of {len(files)} files"
    busy = 1000 * statistics.median(processor)
    bench.note(f"{label}: the daemon took {busy:.2f} ms of processor per file, its start included, on all cores")
    return [
        Row(
            label, rates, peer_rates, unit="files/s", higher=True, aim=f">= {AIM_RATE:.0f} files/s",
            met=statistics.median(rates) >= AIM_RATE, peak_bytes=max(peaks),
            peer_name="astropy, MD5, one transaction"),
        Row(f"{label}: close to catalog, p50", p50),
        Row(f"{label}: close to catalog, p99", p99),
    ]


def steady(bench):
    """Fifty files a second for twenty seconds."""
    rate, seconds = 50, 4 if bench.options.quick else 20
    files = pristine(bench, rate * seconds)
    samples = {50: [], 95: [], 99: [], 100: []}
    peaks, told = [], []
    for turn in range(min(bench.options.repeats, 3)):
        with Watched(bench, f"steady-{turn}", files) as watched:
            arrived = watched.move(interval=1 / rate)
            for percent, values in samples.items():
                values.append(arrived.percentile(percent))
            told.append(watched.close_to_catalog())
            peaks.append(watched.finish(len(files)))
        bench.say(f"  {turn + 1}: p50 {samples[50][-1]:.4f} p99 {samples[99][-1]:.4f} max {samples[100][-1]:.4f} s")
    own = ", ".join(f"{name} {1000 * told[-1][name]:.1f} ms" for name in ("p50", "p95", "p99"))
    bench.note(f"`irisarchive status` says of the last steady run: close to catalog {own} ({told[-1]['count']} files)")
    label = f"{rate} files/s for {seconds} s: close to catalog"
    rows = [Row(f"{label}, p{percent}", samples[percent]) for percent in (50, 95)]
    rows.append(
        Row(
            f"{label}, p99", samples[99], aim=f"<= {AIM_P99} s", met=statistics.median(samples[99]) <= AIM_P99,
            peak_bytes=max(peaks)))
    rows.append(Row(f"{label}, worst", samples[100]))
    return rows


def pristine(bench, count):
    folder = bench.scratch / f"small-{count}"
    bench.run([bench.program("irisbench"), "make-small", "--count", count, "-o", folder])
    return sorted(folder.glob("*.fits"))


class Arrived:
    """When each file was moved, and when a reader of the catalog first saw it."""

    def __init__(self, moved, seen):
        self.delays = sorted(seen[name] - moved[name] for name in moved)
        self.seconds = max(seen.values()) - min(moved.values())

    def percentile(self, percent):
        """Nearest rank."""
        rank = -(-percent * len(self.delays) // 100)
        return self.delays[min(max(int(rank), 1), len(self.delays)) - 1]


class Watched:
    """A fresh archive with a daemon that watches it, and copies of the files on the same disk beside it."""

    def __init__(self, bench, name, files):
        self.bench = bench
        self.root = bench.scratch / name
        self.night = self.root / "incoming" / "2026-07-14"
        self.staged = bench.scratch / f"{name}-staged"
        self.files = files
        self.daemon = None

    def __enter__(self):
        self.bench.run([self.bench.program("irisarchive"), "init", self.root])
        self.night.mkdir(parents=True)
        shutil.copytree(self.files[0].parent, self.staged)
        self.log = open(self.bench.scratch / "daemon.log", "wb")
        self.daemon = subprocess.Popen(
            [self.bench.program("irisarchive"), "watch", "--root", str(self.root)], stdout=self.log, stderr=self.log)
        self.bench.children.append(self.daemon)
        self.wait_until_watching()
        return self

    def __exit__(self, *_):
        self.bench.stop()
        self.log.close()
        for folder in (self.root, self.staged):
            shutil.rmtree(folder, ignore_errors=True)

    def wait_until_watching(self):
        give_up = time.monotonic() + 30
        while time.monotonic() < give_up:
            if self.daemon.poll() is not None:
                raise BenchFailure(f"the daemon ended with {self.daemon.returncode}: {self.last_words()}")
            if self.state() == "watching":
                return
            time.sleep(0.05)
        raise BenchFailure(f"the daemon does not say that it watches: {self.last_words()}")

    def state(self):
        try:
            with self.catalog() as catalog:
                row = catalog.execute("SELECT value FROM fact WHERE name = 'daemon'").fetchone()
            return json.loads(row[0])["state"] if row else None
        except (sqlite3.OperationalError, KeyError, ValueError):
            return None

    def catalog(self):
        path = self.root / "catalog" / "catalog.sqlite"
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)

    def last_words(self):
        text = (self.bench.scratch / "daemon.log").read_text(errors="replace")
        return " / ".join(text.strip().splitlines()[-3:])

    def move(self, interval):
        """Moves every file in; `interval` seconds from one to the next, on a fixed time-table."""
        observer = Observer(self, len(self.files), pause=0.002 if interval else 0.02)
        observer.start()
        moved = {}
        start = time.time()
        for number, file in enumerate(self.files):
            due = start + number * interval - time.time()
            if interval and due > 0:
                time.sleep(due)
            moved[file.name] = time.time()
            os.rename(self.staged / file.name, self.night / file.name)
        observer.join()
        missing = moved.keys() - observer.seen.keys()
        if missing:
            raise BenchFailure(f"{len(missing)} of {len(moved)} files never came into the catalog ({min(missing)})")
        return Arrived(moved, observer.seen)

    def close_to_catalog(self):
        """What the archive itself says about its delays."""
        command = [self.bench.program("irisarchive"), "status", "--root", self.root, "--format", "json"]
        answer, _ = self.bench.json(command)
        found = answer.get("close_to_catalog_s")
        if not isinstance(found, dict):
            raise BenchFailure("status tells no close-to-catalog percentiles")
        return found

    def finish(self, count):
        """Checks that all are there, none twice, all classified; stops the daemon; tells its peak memory."""
        command = [self.bench.program("irisarchive"), "query", "--root", self.root, "--limit", "0", "--format", "json"]
        rows, _ = self.bench.json(command)
        names = [row["name"] for row in rows]
        products = [row["name"] for row in rows if row["state"] in ("current", "stale")]
        if products:
            raise BenchFailure(f"jobs ran beside the arrivals and made {products[0]}: the figures would be theirs too")
        if len(names) != count or len(set(names)) != count:
            raise BenchFailure(f"{len(names)} rows of {len(set(names))} names for {count} files")
        states = {row["state"] for row in rows}
        if states != {"classified"}:
            odd = next(row for row in rows if row["state"] != "classified")
            raise BenchFailure(f"{odd['name']} is {odd['state']}: {odd.get('reason')}")
        peak = peak_memory(self.daemon.pid)
        self.daemon.send_signal(signal.SIGTERM)
        code = self.daemon.wait(30)
        if code not in (0, -signal.SIGTERM):
            raise BenchFailure(f"the daemon ended with {code}: {self.last_words()}")
        return peak


class Observer(threading.Thread):
    """A reader of the catalog that notes when each name is first seen."""

    def __init__(self, watched, expected, pause):
        super().__init__(daemon=True)
        self.watched = watched
        self.expected = expected
        self.pause = pause
        self.seen = {}

    def run(self):
        catalog = self.watched.catalog()
        last, quiet_since = 0, time.monotonic()
        # Gives up when nothing new has been seen for a while.
        while len(self.seen) < self.expected and time.monotonic() - quiet_since < 30:
            found = catalog.execute(
                "SELECT id, name FROM frame WHERE origin = 'raw' AND id > ? ORDER BY id", (last,)).fetchall()
            now = time.time()
            for last, name in found:
                self.seen.setdefault(name, now)
                quiet_since = time.monotonic()
            time.sleep(self.pause)
        catalog.close()


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0
