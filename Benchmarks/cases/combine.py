"""Nine frames into one, clipped and not, from memory and from files in bands, beside numpy on the same stack."""

import statistics

from .bench_run import BenchFailure, Row

AIM_NUMPY = 2.0
AIM_REFERENCE = 40.0
FRAMES = 9


def run(bench):
    stack = bench.scratch / "stack"
    bench.run(
        [bench.program("irisbench"), "make-stack", "--frames", FRAMES, "--size", bench.options.size, "-o", stack])
    frames = sorted(stack.glob("*.fits"))
    check(bench, frames)
    kinds = {
        "median": ("--method", "median", "--no-clip"),
        "median, clipped": ("--method", "median"),
        "mean, clipped": ("--method", "mean"),
        "median, clipped, from files": ("--method", "median", "--source", "files"),
        "mean, clipped, from files": ("--method", "mean", "--source", "files"),
    }
    peers = {"numpy median": ("median",), "astropy sigma_clip + mean": ("clipped-mean",)}
    ours = {name: Samples() for name in kinds}
    theirs = {name: Samples() for name in peers}
    for turn in range(bench.options.repeats):
        # Each in a process of its own, one after the other, so that what else the machine does meets them alike.
        for name, options in kinds.items():
            ours[name].add(bench.json([bench.program("irisbench"), "combine", *options, *frames])[0])
        for name, options in peers.items():
            if name == "numpy median" or turn < 2:
                theirs[name].add(bench.json(bench.peer("combine_numpy.py", *options, *frames))[0])
        bench.say(f"  {turn + 1}: " + ", ".join(f"{k} {v.seconds[-1]:.3f}" for k, v in (ours | theirs).items()))
    return rows(bench, ours, theirs)


class Samples:
    def __init__(self):
        self.seconds, self.with_reading, self.peaks = [], [], []

    def add(self, answer):
        self.seconds += answer["seconds"]
        self.with_reading += answer.get("seconds_with_reading", [])
        self.peaks.append(answer["peak_bytes"])


def rows(bench, ours, theirs):
    label = f"combine {FRAMES} x {bench.options.size}²"
    numpy = theirs["numpy median"]
    result = []
    for name, samples in ours.items():
        # Where ours reads its files within the time, so does the peer (values alone; ours reads errors and flags too).
        reads = name.endswith("from files")
        theirs_seconds = numpy.with_reading if reads else numpy.seconds
        faster = statistics.median(theirs_seconds) / statistics.median(samples.seconds)
        result.append(
            Row(
                f"{label}, {name}", samples.seconds, theirs_seconds, aim=f"{AIM_NUMPY:.0f} x faster",
                met=faster >= AIM_NUMPY, peak_bytes=max(samples.peaks), peer_peak_bytes=max(numpy.peaks),
                peer_name="numpy median + reading" if reads else "numpy median"))
    mean, clip = ours["mean, clipped"], theirs["astropy sigma_clip + mean"]
    result.append(
        Row(
            f"{label}, mean, clipped", mean.seconds, clip.seconds, peak_bytes=max(mean.peaks),
            peer_peak_bytes=max(clip.peaks), peer_name="astropy sigma_clip + mean"))
    if bench.options.size == 4096:
        for name, figure in (("mean, clipped", "combine-mean"), ("median", "combine-median")):
            result.append(against_documents(bench, label, name, ours[name], numpy, bench.documented(figure)))
    return result


def against_documents(bench, label, name, samples, numpy, documented):
    """The aim is judged by the figure as it stands; the note carries it over to now by numpy's median."""
    ours, here = statistics.median(samples.seconds), min(numpy.seconds)
    there = bench.documented("numpy-median")["figures"]
    faster = documented["minimum"] / ours
    carried = sorted(documented["minimum"] * here / seconds / ours for seconds in there)
    bench.note(
        f"reference pipeline, warm call, {name}: {documented['minimum']} s is from {documented['source']}, not from "
        f"this run; by it ours is {faster:.0f} times faster. numpy's median took {' or '.join(map(str, there))} s "
        f"then and {here:.2f} s now: carried over by that, ours is {carried[0]:.0f} to {carried[-1]:.0f} times faster")
    return Row(
        f"{label}, {name}, against the documents' figure", samples.seconds, [documented["minimum"]],
        aim=f"{AIM_REFERENCE:.0f} x faster", met=faster >= AIM_REFERENCE,
        peer_name="reference pipeline, not this run")


def check(bench, frames):
    """What is timed must be right: both sources against numpy on the first rows, flagged samples left out."""
    for source in ("memory", "files"):
        result = bench.scratch / f"{source}.f32"
        bench.run(
            [bench.program("irisbench"), "combine", "--no-clip", "--method", "median", "--source", source, "--warm",
             0, "--write", result, *frames])
        answer, _ = bench.json(bench.peer("check_combine.py", result, *frames))
        result.unlink()
        if not answer["ok"]:
            raise BenchFailure(f"the median from {source} is wrong: {answer['reason']}")
    bench.say("  medians from memory and from files agree with numpy")
