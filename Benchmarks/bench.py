"""Runs the benchmark cases, ours and peers in turn, and prints one table. Only the standard library is used here."""

import argparse
import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from cases import arrivals, background, combine, cosmics, detection, level2, level3, readout, references, resample, sky, startup  # noqa: E402
from cases.bench_run import Bench, BenchFailure, Row  # noqa: E402

CASES = {
    "arrivals": arrivals.burst, "steady": arrivals.steady, "level2": level2.run, "level3": level3.run, "combine": combine.run,
    "background": background.run, "cosmics": cosmics.run, "detection": detection.run, "drizzle": resample.run, "sky": sky.run, "ramps": readout.kernels, "readout": readout.files, "references": references.run, "startup": startup.run,
}


def arguments():
    parser = argparse.ArgumentParser(prog="sh Benchmarks/run.sh", description="Benchmarks with their peers.")
    parser.add_argument("case", nargs="*", help=f"of {' '.join(CASES)}; all of them without any")
    parser.add_argument("--programs", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--peers", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, for correctness: no figure means anything")
    parser.add_argument("--repeats", type=int, default=5, help="timed rounds of each case (median; default 5)")
    parser.add_argument("--size", type=int, default=4096, help="pixels along the side (default 4096)")
    parser.add_argument("--files", type=int, default=2000, help="files of the burst (default 2000)")
    parser.add_argument("--tmp", type=pathlib.Path, help="scratch folder (default /dev/shm with room, else TMPDIR)")
    parser.add_argument("--record", metavar="NOTE", help="add the table to Benchmarks/RESULTS.md with this note")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder")
    options = parser.parse_args()
    unknown = [name for name in options.case if name not in CASES]
    if unknown:
        parser.error(f"unknown case {unknown[0]}; known: {' '.join(CASES)}")
    if options.quick:
        options.size, options.files, options.repeats = 256, 200, 2
    return options


def scratch_parent(options):
    """Memory where there is room: the page cache of a disk is warm here, but its journal is not ours to measure."""
    if options.tmp:
        return options.tmp
    need = 40 * options.size * options.size * 4 + (1 << 30)
    shared = pathlib.Path("/dev/shm")
    if shared.is_dir() and os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > need:
        return shared
    return pathlib.Path(tempfile.gettempdir())


def machine():
    model = "unknown processor"
    memory = 0
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal"):
            memory = int(line.split()[1])
    load = os.getloadavg()[0]
    return (
        f"{len(os.sched_getaffinity(0))} cores of {model}, {memory / (1 << 20):.0f} GiB, Linux "
        f"{platform.release()}; load average at the start {load:.1f}"
    )


def commit():
    asked = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=HERE)
    return asked.stdout.strip() if asked.returncode == 0 else "not from a checkout"


def table(rows):
    head = ["case", "ours", "peer", "ratio", "aim", "met", "memory"]
    body = [row.cells() for row in rows]
    widths = [max(len(line[i]) for line in [head] + body) for i in range(len(head))]
    lines = [head, ["-" * width for width in widths]] + body
    return "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(line, widths)) + " |" for line in lines)


def record(options, where, text, notes):
    words = sys.argv[5:]
    if "--record" in words:
        del words[words.index("--record"):][:2]
    command = "sh Benchmarks/run.sh " + " ".join(words)
    path = HERE / "RESULTS.md"
    old = path.read_text() if path.exists() else "# Measured\n\nNewest first; what each case is: README.md.\n"
    head, _, rest = old.partition("\n## ")
    section = f"## {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC\n\n"
    section += f"{options.record}\n\n- machine: {where}\n- command: `{command.strip()}`\n"
    section += f"- source: {commit()}\n\n{text}\n"
    section += "".join(f"\n- {note}" for note in notes) + ("\n" if notes else "")
    path.write_text(head.rstrip() + "\n\n" + section + (f"\n## {rest}" if rest else ""))


def main():
    options = arguments()
    where = machine()
    print(where, file=sys.stderr)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parent = scratch_parent(options)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="irisbench-", dir=parent))
    bench = Bench(options=options, scratch=scratch, here=HERE)
    rows, failed = [], False
    try:
        for name in options.case or CASES:
            bench.say(f"{name}:")
            try:
                rows += CASES[name](bench)
            except BenchFailure as failure:
                failed = True
                rows.append(Row.failed(name, str(failure)))
                bench.say(f"{name} failed: {failure}")
            if not options.keep:
                bench.clean()
    except KeyboardInterrupt:
        return 130
    finally:
        bench.stop()
        if not options.keep:
            shutil.rmtree(scratch, ignore_errors=True)
    if options.quick:
        for row in rows:
            row.met = None
        bench.note("--quick: the sizes are tiny, so no figure here means anything")
    text = table(rows)
    print(text)
    notes = bench.notes + [f"scratch: {bench.filesystem()}; {options.repeats} rounds, medians"]
    for note in notes:
        print(f"- {note}")
    results = pathlib.Path(".build/bench-results.json")
    results.parent.mkdir(exist_ok=True)
    results.write_text(json.dumps({"machine": where, "rows": [row.raw() for row in rows], "notes": notes}, indent=1))
    if options.record:
        record(options, where, text, notes)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
