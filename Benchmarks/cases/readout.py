"""The readout steps: kernels in memory beside the C library's loops and stcal, and whole runs beside CFITSIO."""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import time

from .bench_run import BenchFailure, Row, sha256

READS = 10
LONG_READS = 16


def kernels(bench):
    """Fits, linearity and jumps of 10 reads in memory."""
    size = min(bench.options.size, 2048)
    path = bench.scratch / "ramp.raw"
    common = [bench.program("irisbench"), "ramp", "--size", size, "--reads", READS]
    ours, _ = bench.json([*common, "--repeats", bench.options.repeats, "--write", path])
    for name, worst in ours["differences"].items():
        if not worst < 2e-4:
            raise BenchFailure(f"{name} differs from the C library's loop by {worst:.2g}")
    peer = {"ols_c": [], "jump": []}
    for _ in range(bench.options.repeats):
        answer, _ = bench.json(bench.peer("ramp_stcal.py", path, size, READS))
        for name, seconds in peer.items():
            seconds += answer[name]
    path.unlink()
    both = [a + b for a, b in zip(peer["ols_c"], peer["jump"])]
    label = f"{READS} x {size}²"
    loop, stcal = "C library's loop, one thread", "stcal"

    def row(case, name, other, aim, peer_name, at_least=None):
        ratio = statistics.median(ours[name]) / statistics.median(other)
        words = f"{aim:g} x faster" if at_least else f"<= {aim:g} x"
        met = ratio <= (1 / aim if at_least else aim)
        return Row(f"{case}, {label}", ours[name], other, aim=words, met=met, peer_name=peer_name)

    return [
        row("utr, int32, errors and flags", "utr_ours", ours["utr_peer"], 1, loop),
        row("utr, uint16, errors and flags", "utr_uint16", ours["utr_peer"], 1, loop),
        row("utr, uint16, errors and flags", "utr_uint16", peer["ols_c"], 40, f"{stcal} OLS_C", at_least=True),
        # No aim: three additions without errors and flags are bound by memory alone.
        Row(f"mcds of 3, int32, errors and flags, {label}", ours["mcds_ours"], ours["mcds_peer"], peer_name=loop),
        row("generalised least squares", "gls_ours", peer["ols_c"], 15, f"{stcal} OLS_C", at_least=True),
        row("linearity, order 5", "linearity_ours", ours["linearity_peer"], 20, loop, at_least=True),
        row("jumps (two-point) + utr", "two_point_and_utr", both, 10, f"{stcal} jump + OLS_C", at_least=True),
        row("jumps (likelihood) + gls", "likelihood_and_gls", both, 10, f"{stcal} jump + OLS_C", at_least=True),
    ]


def files(bench):
    """A ramp of uint16 from file to file; and the same read by read, counted from the last read."""
    size = bench.options.size
    ramp = bench.scratch / "ramp.fits"
    bench.run(
        [bench.program("irissim"), "frame", "--real", "--obsname", "IMG1-SCI", "--detector-size", size, "--level",
         "0", "--readmode", f"UTR:{LONG_READS}", "-o", ramp])
    output, copy = bench.scratch / "out", bench.scratch / "copy.fits"
    ways = {
        ("gls", "tmtrun --job"): write_job(bench, ramp, output, "gls"),
        ("utr", "tmtrun --job"): write_job(bench, ramp, output, "utr"),
        ("gls", "by hand (hashes its input)"): by_hand(bench, ramp, output, "gls"),
    }
    ours, peer, peaks, peer_peaks = {way: [] for way in ways}, [], [], []
    for turn in range(-1, bench.options.repeats):
        for way, command in ways.items():
            shutil.rmtree(output, ignore_errors=True)
            output.mkdir()
            child = bench.run(command)
            if not list(output.glob("*_rate.fits")):
                raise BenchFailure(f"{command} made no frame")
            if turn >= 0:
                ours[way].append(child.seconds)
                peaks.append(child.peak_bytes)
        copy.unlink(missing_ok=True)
        child = bench.run([bench.program("irisbench"), "cfitsio-ramp-copy", "--sync", "-o", copy, ramp])
        if turn >= 0:
            peer.append(child.seconds)
            peer_peaks.append(child.peak_bytes)
    shutil.rmtree(output, ignore_errors=True)
    copy.unlink(missing_ok=True)
    ramp.unlink()
    rows = []
    for (method, way), seconds in ours.items():
        ratio = statistics.median(seconds) / statistics.median(peer)
        aims = {} if "hand" in way else {
            "aim": "<= 1.5 x, < 600 MB", "met": ratio <= 1.5 and max(peaks) < 600e6}
        rows.append(Row(
            f"readout ({method}) file to file, {LONG_READS} x {size}² uint16, {way}", seconds, peer,
            peak_bytes=max(peaks), peer_peak_bytes=max(peer_peaks), peer_name="CFITSIO read + write", **aims))
    return rows + [follow(bench, size)]


def by_hand(bench, ramp, output, method):
    return [bench.program("tmtrun"), "readout", ramp, "--no-preview", "--set", f"ramp_fit.method={method}", "-o", output]


def write_job(bench, ramp, output, method):
    """As the archive starts it: it took the input's sha256 when the file came."""
    kinds = ("mask", "bias", "saturation", "nonlincoeff", "gain", "readnoise")
    job = {
        "version": 1, "job": "J000001", "attempt": 1, "token": "benchmark", "pipeline": "readout",
        "parameters": {"ramp_fit.method": method}, "skip": [], "association": "benchmark",
        "associationRule": "level1-ramp",
        "inputs": [{"name": ramp.name, "path": str(ramp), "sha256": sha256(ramp), "exptype": "science"}],
        "references": [
            {"type": kind, "origin": "none", "reason": "none in this benchmark", "lastResort": False}
            for kind in kinds
        ],
        "context": "tmt_0001.pmap", "outputDirectory": str(output), "fileNames": {"rate": "benchmark_rate.fits"},
        "degraded": [], "limits": {}, "preview": False,
    }
    path = bench.scratch / f"readout_{method}.json"
    path.write_text(json.dumps(job))
    return [bench.program("tmtrun"), "--job", path]


def follow(bench, size):
    """From the last read's name to the end of the run that took the others as they landed."""
    made, folder, output = bench.scratch / "reads", bench.scratch / "landing", bench.scratch / "out"
    bench.run(
        [bench.program("irissim"), "readouts", "--exposures", 1, "--reads", LONG_READS, "--detector-size", size,
         "-o", made])
    reads = sorted((made / "readouts").glob("*.fits"))
    if len(reads) != LONG_READS:
        raise BenchFailure(f"irissim readouts wrote {len(reads)} files")
    after = []
    for _ in range(max(2, bench.options.repeats // 2)):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(output, ignore_errors=True)
        folder.mkdir()
        after.append(one_exposure(bench, reads, folder, output))
    shutil.rmtree(made)
    return Row(
        f"readout (utr) as the reads land, after the last of {LONG_READS} x {size}²", after, aim="<= 0.5 s",
        met=statistics.median(after) <= 0.5)


def one_exposure(bench, reads, folder, output):
    log = bench.scratch / "follow.log"
    with open(log, "wb") as talk:
        run = subprocess.Popen(
            [bench.program("tmtrun"), "readout", "--follow", folder, "--no-preview", "--set", "ramp_fit.method=utr",
             "--wait", "60", "-o", output], stderr=talk, stdout=subprocess.DEVNULL)
        for path in reads[:-1]:
            os.link(path, folder / path.name)
        taken = f": {len(reads) - 1} taken"
        while taken not in log.read_text() and run.poll() is None:
            time.sleep(0.01)
        # The others are in: what counts from here is the last one's.
        start = time.perf_counter()
        os.link(reads[-1], folder / reads[-1].name)
        status = run.wait()
        seconds = time.perf_counter() - start
    if status != 0 or not list(pathlib.Path(output).glob("*_rate.fits")):
        raise BenchFailure(f"tmtrun --follow ended with {status}: {log.read_text()[-300:]}")
    return seconds
