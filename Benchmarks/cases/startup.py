"""What a person waits for before anything is reduced: the program's start, and the plan of a large association."""

import json
import os
import statistics

from .bench_run import BenchFailure, Row

AIM_START = 0.050
AIM_PLAN = 1.0
MEMBERS = 1000


def run(bench):
    return [start(bench), plan(bench)]


def start(bench):
    command = [bench.program("tmtrun"), "list"]
    if "imager_level2" not in bench.run(command).output:
        raise BenchFailure("tmtrun list does not name imager_level2")
    # A start is short: more of them, so that the median stands still.
    runs = [bench.run(command) for _ in range(10 * bench.options.repeats)]
    seconds = [child.seconds for child in runs]
    return Row(
        "tmtrun list", seconds, aim=f"<= {AIM_START * 1000:.0f} ms", met=statistics.median(seconds) <= AIM_START,
        peak_bytes=max(child.peak_bytes for child in runs))


def plan(bench):
    """One science frame and 999 skies: every member is opened for its header, none for its pixels."""
    folder = bench.folder("plan")
    members = [{"expname": frame(bench, folder, "SCI", 1), "exptype": "science"}]
    sky = frame(bench, folder, "SKY", 2)
    for number in range(2, MEMBERS + 1):
        name = f"sky_{number:04}.fits"
        os.link(folder / sky, folder / name)
        members.append({"expname": name, "exptype": "background"})
    association = folder / "asn.json"
    association.write_text(json.dumps(
        {"asn_rule": "imager-level2", "products": [{"name": "plan", "members": members}]}))
    command = [bench.program("tmtrun"), "plan", "imager_level2", association, "--format", "json"]
    json.loads(bench.run(command).output)
    runs = [bench.run(command) for _ in range(bench.options.repeats)]
    seconds = [child.seconds for child in runs]
    return Row(
        f"tmtrun plan, {MEMBERS} members", seconds, aim=f"<= {AIM_PLAN:.0f} s",
        met=statistics.median(seconds) <= AIM_PLAN, peak_bytes=max(child.peak_bytes for child in runs))


def frame(bench, folder, kind, number):
    name = f"{kind.lower()}_{number}_rate.fits"
    bench.run(
        [bench.program("irissim"), "frame", "--obsname", f"IMG1-{kind}", "--detector-size", 64, "--expnum", number,
         "--exptime", 60, "--readmode", "CDS", "-o", folder / name])
    return name
