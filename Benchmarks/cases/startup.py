"""Start-up of `tmtrun`, and the plan of an association with a thousand members: what a person waits for."""

import json
import shutil

from .bench_run import BenchFailure, Row

LIST_AIM = 0.05
PLAN_AIM = 1.0


def run(bench):
    members = 1000 if not bench.options.quick else 20
    association = write_association(bench, members)
    listing, planning = [], []
    for _ in range(-1, 4 * bench.options.repeats):
        listing.append(bench.run([bench.program("tmtrun"), "list"]).seconds)
    for _ in range(-1, bench.options.repeats):
        plans, child = bench.json(
            [bench.program("tmtrun"), "plan", "imager_level2", association, "--format", "json"])
        if len(plans) != 1 or len(plans[0]["members"]) != members:
            raise BenchFailure("the plan has not the members of the association")
        planning.append(child.seconds)
    # The first of each warms the page cache.
    rows = [Row("tmtrun list", listing[1:], aim=f"< {LIST_AIM} s"),
            Row(f"tmtrun plan, {members} members", planning[1:], aim=f"< {PLAN_AIM:.0f} s")]
    for row, aim in zip(rows, (LIST_AIM, PLAN_AIM)):
        row.met = row.our_median < aim
    return rows


def write_association(bench, members):
    folder = bench.folder("startup")
    bench.run([
        bench.program("irissim"), "frame", "--obsname", "IMG1-SCI", "--detector-size", "64", "--seed", "1",
        "-o", folder / "science.fits"])
    entries = [{"expname": "science.fits", "exptype": "science"}]
    for number in range(1, members):
        shutil.copyfile(folder / "science.fits", folder / f"sky{number:04}.fits")
        entries.append({"expname": f"sky{number:04}.fits", "exptype": "background"})
    path = folder / "asn.json"
    path.write_text(json.dumps({"products": [{"name": "large", "members": entries}]}))
    return path
