"""Imager level 3: nine dithers of one detector to a mosaic and a catalog, and what SExtractor and SWarp make of level 2."""

import json
import shutil
import statistics

from .bench_run import BenchFailure, Row

DITHERS = 9
FEW = 4
AIM_SECONDS = 60.0


def run(bench):
    frames = make_frames(bench)
    rows = [mosaic(bench, frames[:FEW])]
    seconds, peaks = [], []
    for turn in range(bench.options.repeats):
        child = reduced(bench, "imager_level3", write_association(bench, frames), ("i2d", "cat"))
        seconds.append(child.seconds)
        peaks.append(child.peak_bytes)
        bench.say(f"  {turn + 1}: {child.seconds:.1f} s")
    median = statistics.median(seconds)
    rows.append(Row(
        f"level 3 of {DITHERS} dithers of {bench.options.size}², by hand", seconds, aim=f"< {AIM_SECONDS:.0f} s, < 4 GB",
        met=median < AIM_SECONDS and max(peaks) < 4e9, peak_bytes=max(peaks)))
    return rows


def reduced(bench, pipeline, association, kinds, *more):
    """One run, with the products that it must make."""
    output = bench.scratch / "mosaic"
    shutil.rmtree(output, ignore_errors=True)
    child = bench.run([bench.program("tmtrun"), pipeline, association, "-o", output, *more])
    made = {kind: sorted(output.glob(f"*_{kind}.fits")) for kind in kinds}
    if any(len(found) != 1 for found in made.values()):
        raise BenchFailure(f"{pipeline} wrote {sum(map(len, made.values()))} products")
    shutil.rmtree(output)
    return child


def mosaic(bench, frames):
    """Some frames onto one grid by Lanczos-3: ours with errors, flags and context, SWarp's with neither."""
    association = write_association(bench, frames)
    program = shutil.which("SWarp") or shutil.which("swarp")
    if program is None:
        bench.note("swarp is not installed: no peer for the mosaic")
    ours, peers, memory, peer_memory = [], [], 0, 0
    for _ in range(bench.options.repeats):
        child = reduced(
            bench, "resample", association, ("resample",), "--no-preview", "--set", "resample.kernel=lanczos3")
        ours.append(child.seconds)
        memory = max(memory, child.peak_bytes)
        if program:
            child = swarp(bench, program, frames)
            peers.append(child.seconds)
            peer_memory = max(peer_memory, child.peak_bytes)
    met = statistics.median(ours) <= statistics.median(peers) if peers else None
    return Row(
        f"mosaic of {len(frames)} frames of {bench.options.size}², Lanczos-3, errors and flags", ours, peers,
        aim="<= 1 x", met=met, peak_bytes=memory, peer_peak_bytes=peer_memory, peer_name="SWarp, values alone")


def swarp(bench, program, frames):
    folder = bench.folder("swarp")
    child = bench.run(
        [program, *[f"{frame}[1]" for frame in frames], "-IMAGEOUT_NAME", "out.fits", "-WEIGHTOUT_NAME", "weight.fits",
         "-SUBTRACT_BACK", "N", "-WRITE_XML", "N", "-RESAMPLING_TYPE", "LANCZOS3", "-COMBINE_TYPE", "AVERAGE"],
        cwd=folder)
    if not (folder / "out.fits").is_file():
        raise BenchFailure("SWarp made no mosaic")
    shutil.rmtree(folder)
    return child


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
