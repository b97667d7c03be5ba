"""Imager level 2, dark + flat + sky, from file to file, beside reading and writing the same planes with CFITSIO."""

import json
import shutil
import statistics

from .bench_run import BenchFailure, Row, sha256

AIM_RATIO = 1.5
AIM_FASTER = 40.0


def run(bench):
    inputs = make_inputs(bench)
    job = write_job(bench, inputs)
    check(bench, inputs, job)
    ours, by_hand, peer, peaks, peer_peaks, processor = [], [], [], [], [], []
    for turn in range(-1, bench.options.repeats):
        product, hand, copy = reduce(bench, job), reduce_by_hand(bench, inputs), copy_with_cfitsio(bench, inputs)
        bench.say(f"  {turn + 1}: {product.seconds:.3f} s, by hand {hand.seconds:.3f} s, CFITSIO {copy.seconds:.3f} s")
        if turn < 0:
            continue  # warms the page cache
        ours.append(product.seconds)
        by_hand.append(hand.seconds)
        peer.append(copy.seconds)
        peaks.append(product.peak_bytes)
        peer_peaks.append(copy.peak_bytes)
        processor.append((product.processor_seconds, copy.processor_seconds))
    ratio = statistics.median(ours) / statistics.median(peer)
    label = f"level 2, {bench.options.size}²"
    busy = [statistics.median(times) for times in zip(*processor)]
    bench.note(f"{label}: {busy[0]:.2f} s of processor on all cores, CFITSIO {busy[1]:.2f} s on one")
    rows = [
        Row(
            f"{label}, tmtrun --job", ours, peer, aim=f"<= {AIM_RATIO} x", met=ratio <= AIM_RATIO,
            peak_bytes=max(peaks), peer_peak_bytes=max(peer_peaks), peer_name="CFITSIO read + write"),
        Row(f"{label}, by hand (hashes its inputs)", by_hand, peer, peer_name="CFITSIO read + write"),
    ]
    if bench.options.size == 4096:
        rows.append(against_documents(bench, label, ours))
    return rows


def against_documents(bench, label, ours):
    documented = bench.documented("level2")
    faster = documented["minimum"] / statistics.median(ours)
    bench.note(
        f"reference pipeline, level 2 process: {documented['minimum']} s is from {documented['source']}, "
        f"not from this run; by it ours is {faster:.0f} times faster")
    return Row(
        f"{label}, against the documents' figure", ours, [documented["minimum"]], aim=f"{AIM_FASTER:.0f} x faster",
        met=faster >= AIM_FASTER, peer_name="reference pipeline, not this run")


def make_inputs(bench):
    """A science frame, a sky, and masters made by our own pipelines of three simulated frames each."""
    raw, masters = bench.folder("raw"), bench.folder("masters")

    # Short flats, so that they do not saturate.
    def frame(kind, number, of=None, seconds=60):
        path = raw / f"{kind.lower()}_{number}_rate.fits"
        bench.run(
            [bench.program("irissim"), "frame", "--obsname", f"IMG1-{kind}", "--detector-size", bench.options.size,
             "--expnum", number, "--frame", f"{number}/{of}" if of else "1/1", "--exptime", seconds,
             "--readmode", "CDS", "-o", path])
        return path

    def master(pipeline, kind, frames, *more):
        bench.run([bench.program("tmtrun"), pipeline, *frames, "-o", masters, *more])
        found = sorted(masters.glob(f"*_{kind}.fits"))
        if len(found) != 1:
            raise BenchFailure(f"{pipeline} wrote {len(found)} files named *_{kind}.fits")
        return found[0]

    dark = master("create_dark", "dark", [frame("DRK", number, 3) for number in (1, 2, 3)])
    flats = [frame("NFF", number, 3, seconds=5) for number in (1, 2, 3)]
    flat = master("process_flatfield", "flat", flats, "--override", f"dark={dark}")
    for path in list(raw.glob("drk_*")) + list(raw.glob("nff_*")):
        path.unlink()
    return {"science": frame("SCI", 1), "background": frame("SKY", 2), "dark": dark, "flat": flat}


def write_job(bench, inputs):
    output = bench.scratch / "job" / "1"
    members = [
        {"name": inputs[role].name, "path": str(inputs[role]), "sha256": sha256(inputs[role]), "exptype": role}
        for role in ("science", "background")
    ]
    references = [
        {"type": kind, "origin": "context", "path": str(inputs[kind]), "sha256": sha256(inputs[kind]),
         "context": "tmt_0001.pmap", "rule": "benchmark", "lastResort": False}
        for kind in ("dark", "flat")
    ]
    references.append({"type": "mask", "origin": "none", "reason": "no mask in this benchmark", "lastResort": False})
    job = {
        "version": 1, "job": "J000001", "attempt": 1, "token": "benchmark", "pipeline": "imager_level2",
        "parameters": {}, "skip": [], "association": "benchmark", "associationRule": "imager-level2",
        "inputs": members, "references": references, "context": "tmt_0001.pmap", "outputDirectory": str(output),
        "fileNames": {"cal": "benchmark_cal.fits"}, "degraded": [], "limits": {},
    }
    path = bench.scratch / "job.json"
    path.write_text(json.dumps(job))
    association = {
        "asn_rule": "imager-level2",
        "products": [{
            "name": "benchmark",
            "members": [{"expname": str(inputs[role]), "exptype": role} for role in ("science", "background")],
        }],
    }
    (bench.scratch / "asn.json").write_text(json.dumps(association))
    return path, output


def reduce(bench, job):
    path, output = job
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    child = bench.run([bench.program("tmtrun"), "--job", path])
    report = json.loads((output / "report.json").read_text())
    if report["status"] != "succeeded":
        raise BenchFailure(f"the job failed: {report.get('error')}")
    return child


def reduce_by_hand(bench, inputs):
    output = bench.scratch / "hand"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()
    overrides = [word for kind in ("dark", "flat") for word in ("--override", f"{kind}={inputs[kind]}")]
    return bench.run(
        [bench.program("tmtrun"), "imager_level2", bench.scratch / "asn.json", "-o", output, *overrides])


def copy_with_cfitsio(bench, inputs):
    output = bench.scratch / "copy.fits"
    output.unlink(missing_ok=True)
    order = [inputs[role] for role in ("flat", "dark", "background", "science")]
    return bench.run([bench.program("irisbench"), "cfitsio-copy", "-o", output, *order])


def check(bench, inputs, job):
    """What is timed must be right: the product against the same arithmetic in numpy, and its checksums."""
    reduce(bench, job)
    product = job[1] / "benchmark_cal.fits"
    roles = [inputs[role] for role in ("science", "background", "dark", "flat")]
    answer, _ = bench.json(bench.peer("check_level2.py", product, *roles))
    if not answer["ok"]:
        raise BenchFailure(f"the product is wrong: {answer['reason']}")
    bench.say(f"  product agrees with numpy within {answer['worst']:.2g} of the noise over {answer['pixels']} pixels")
