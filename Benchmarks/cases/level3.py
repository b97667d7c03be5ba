"""Imager level 3: nine dithers of one detector to a mosaic and a catalog, and what SExtractor and SWarp make of level 2."""

import json
import shutil
import statistics

from .bench_run import BenchFailure, Row

DITHERS = 9
AIM_SECONDS = 60.0


def run(bench):
    frames = make_frames(bench)
    output, seconds, peaks = bench.scratch / "mosaic", [], []
    association = write_association(bench, frames)
    for turn in range(bench.options.repeats):
        shutil.rmtree(output, ignore_errors=True)
        child = bench.run([bench.program("tmtrun"), "imager_level3", association, "-o", output])
        made = {kind: sorted(output.glob(f"*_{kind}.fits")) for kind in ("i2d", "cat")}
        if any(len(found) != 1 for found in made.values()):
            raise BenchFailure(f"imager_level3 wrote {sum(map(len, made.values()))} products")
        seconds.append(child.seconds)
        peaks.append(child.peak_bytes)
        bench.say(f"  {turn + 1}: {child.seconds:.1f} s")
    shutil.rmtree(output, ignore_errors=True)
    median = statistics.median(seconds)
    return [
        Row(
            f"level 3 of {DITHERS} dithers of {bench.options.size}², by hand", seconds, aim=f"< {AIM_SECONDS:.0f} s, < 4 GB",
            met=median < AIM_SECONDS and max(peaks) < 4e9, peak_bytes=max(peaks))
    ]


def make_frames(bench):
    """Level 2 of each position: sky subtracted, with world coordinates."""
    raw, reduced = bench.folder("dithers"), bench.folder("reduced")

    def frame(kind, number, *more):
        path = raw / f"{kind.lower()}_{number}_rate.fits"
        bench.run(
            [bench.program("irissim"), "frame", "--obsname", f"IMG1-{kind}", "--detector-size", bench.options.size,
             "--expnum", number, "--readmode", "CDS", "-o", path, *more])
        return path

    sky = frame("SKY", 100)
    step = 0.1 * 0.004 * bench.options.size
    for number in range(DITHERS):
        east, north = step * (number % 3 - 1), step * (number // 3 - 1)
        science = frame("SCI", number + 1, "--dither", f"{number + 1}/{DITHERS}", f"--east={east}",
            f"--north={north}")
        association = bench.scratch / f"asn_{number}.json"
        association.write_text(json.dumps({"SCI": [str(science)], "SKY": [str(sky)]}))
        bench.run([bench.program("tmtrun"), "imager_level2", association, "--no-preview", "-o", reduced])
        science.unlink()
    sky.unlink()
    found = sorted(reduced.glob("*_cal.fits"))
    if len(found) != DITHERS:
        raise BenchFailure(f"imager_level2 wrote {len(found)} frames")
    return found


def write_association(bench, frames):
    path = bench.scratch / "mosaic.json"
    path.write_text(json.dumps({
        "asn_rule": "imager-level3",
        "products": [{
            "name": "mosaic", "members": [{"expname": str(frame), "exptype": "science"} for frame in frames]}],
    }))
    return path
