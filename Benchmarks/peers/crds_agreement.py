"""Inserts references with `tmtrun refs insert`, loads the mappings in the published client, and compares choices."""

import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import numpy
from astropy.io import fits

import crds_headers

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TYPES = ["dark", "flat", "mask"]


def reference(rng, kind, path, old_detector):
    """A small reference file with random match keys."""
    size = rng.choice([8, 16])
    full = rng.random() < 0.6
    cards = {
        "TELESCOP": "TMT", "INSTRUME": "IRIS", "REFTYPE": kind.upper(), "PEDIGREE": "GROUND", "AUTHOR": "benchmark",
        "DESCRIP": f"random {kind}",
        "USEAFTER": f"20{rng.randrange(14, 27):02d}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d} "
        f"{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}",
        "DETECTOR": "IRIS1" if old_detector else rng.choice(["IMG1", "IMG2", "IMG3", "IFU"]),
        "FILTER": rng.choice(["K", "H", "J", "Z|Y", "KN1"]), "PUPIL": rng.choice(["CLEAR", "COLD"]),
        "SCALE": rng.choice([0.004, 0.009, 0.05]), "INSTMODE": rng.choice(["IMG", "SLICER"]),
        "GRATING": rng.choice(["R4000", "NONE"]), "READMODE": rng.choice(["UTR", "CDS", "MCDS"]),
        "NGROUPS": rng.choice([2, 8, 16]), "NREADS": 1, "NCOADDS": rng.choice([1, 2]),
        "EXPTIME": rng.choice([1.5, 10, 60, 100, 300]), "SUBARRAY": "FULL" if full else "CUSTOM",
        "SUBARRID": 0 if full else 1, "SUBSTRT1": 1 if full else 101, "SUBSTRT2": 1 if full else 201, "SUBSIZE1": size,
        "SUBSIZE2": size, "DATE-OBS": "2026-07-14", "TIME-OBS": "09:12:44",
    }
    primary = fits.PrimaryHDU()
    primary.header.update(cards)
    shape = (size, size)
    quality = fits.ImageHDU(numpy.zeros(shape, numpy.int32), name="DQ")
    planes = [quality]
    if kind != "mask":
        planes = [fits.ImageHDU(numpy.ones(shape, numpy.float32), name=name) for name in ("SCI", "ERR")] + planes
        for plane in planes[:2]:
            plane.header["BUNIT"] = "adu/s" if kind == "dark" else "1"
    fits.HDUList([primary, *planes]).writeto(path, checksum=True)


def insert(options, rng, cache, folder, kinds, old_detector):
    """Several calls of `refs insert`; returns the last context."""
    environment = os.environ | {"CRDS_PATH": str(cache), "CRDS_CONTEXT": "latest"}
    context = None
    for turn in range(options.inserts):
        files = []
        for number in range(rng.randrange(1, 6)):
            kind = rng.choice(kinds)
            path = folder / f"tmt_iris_{kind}_b{turn:02d}{number}.fits"
            reference(rng, kind, path, old_detector)
            files.append(path)
        done = subprocess.run(
            [options.programs / "tmtrun", "refs", "insert", "--format", "json", *files], env=environment,
            capture_output=True, text=True)
        if done.returncode == 65 and "USEAFTER of" in done.stderr:
            continue  # two of this call have one row and one date: refused, as it should be
        if done.returncode:
            sys.exit(f"refs insert ended with {done.returncode}: {done.stderr}")
        context = json.loads(done.stdout)[0]["context"]
    return context


def header_values(cache, context):
    """Values of all the rows of the context's rmaps, by parkey."""
    values = {}
    mappings = cache / "mappings" / "tmt"
    for path in mappings.glob("*.rmap"):
        text = path.read_text()
        head, _, body = text.partition("selector = ")
        names = eval(head.partition("'parkey' : ")[2].splitlines()[0].rstrip(","))[0]  # our own files
        for name, known in crds_headers.rows(body, names).items():
            values.setdefault(name, set()).update(known)
    return {name: sorted(known) for name, known in values.items()}


def ask(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)["choices"]


def compare(options, name, headers, source, folder):
    """Prints and returns the number of headers for which any type differs."""
    path = folder / "headers.json"
    path.write_text(json.dumps(headers))
    ours = ask([options.programs / "irisbench", "lookups", *source, path])
    theirs = ask([sys.executable, "-B", HERE / "crds_lookups.py", *source, path])
    wrong = [i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b]
    found = sum(any(word.endswith(".fits") for word in choice.values()) for choice in theirs)
    print(f"{name}: {len(headers)} headers, {found} of them with a reference, {len(wrong)} disagreements", flush=True)
    for i in wrong[:5]:
        print(f"  {headers[i]}\n    ours {ours[i]}\n    client {theirs[i]}")
    if found < len(headers) // 20:
        sys.exit(f"{name}: so few references were chosen that the comparison says little")
    return len(wrong)


def detectors(headers, mapping_text):
    """The client knows one name of a detector; ours tries the other one too, where no row names the header's own."""
    for header in headers:
        name = header.get("META.INSTRUMENT.DETECTOR")
        other = {"IMG1": "IRIS1", "IRIS1": "IMG1"}.get((name or "").strip().upper())
        if other and f"'{other}'" in mapping_text:
            header["META.INSTRUMENT.DETECTOR"] = other
    return headers


def main():
    parser = argparse.ArgumentParser(prog="sh Benchmarks/crds_agreement.sh")
    parser.add_argument("--programs", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--headers", type=int, default=10_000)
    parser.add_argument("--inserts", type=int, default=12)
    parser.add_argument("--seed", type=int, default=20260714)
    options = parser.parse_args()
    options.programs = options.programs.resolve()
    rng = random.Random(options.seed)
    disagreements = 0
    with tempfile.TemporaryDirectory(prefix="crds-agreement-") as scratch:
        scratch = pathlib.Path(scratch)
        caches = {"project rules": (ROOT / "crds", TYPES, False), "published rules": (
            ROOT / "Tests/Golden/crds/cache", TYPES, True)}
        for name, (source, kinds, old) in caches.items():
            cache = scratch / name.split()[0]
            shutil.copytree(source, cache)
            files = scratch / f"{cache.name}-files"
            files.mkdir()
            context = insert(options, rng, cache, files, kinds, old)
            sums = subprocess.run(
                [options.programs / "tmtrun", "refs", "checksum"], env=os.environ | {"CRDS_PATH": str(cache)},
                capture_output=True, text=True)
            if sums.returncode:
                sys.exit(f"{name}: {sums.stdout}")
            values = header_values(cache, context)
            headers = [crds_headers.header(rng, values, rng.choice(["IRIS"] * 20 + ["iris", "NIRC2"]))
                       for _ in range(options.headers)]
            text = "\n".join(path.read_text() for path in (cache / "mappings/tmt").glob("*.rmap"))
            headers = detectors(headers, text)
            disagreements += compare(
                options, f"{name}, {context}", headers, ["--cache", cache, "--context", context], scratch)
        text, parkeys = crds_headers.big_rmap(rng)
        for name, text, values in [
            ("500 rows x 5 parkeys", text, crds_headers.rows(text.partition("selector = ")[2], parkeys)),
            ("other selectors", crds_headers.SELECTORS, crds_headers.SELECTOR_VALUES),
        ]:
            path = scratch / "tmt_iris_random_0001.rmap"
            path.write_text(text)
            subprocess.run([options.programs / "tmtrun", "refs", "checksum", "--update", path], check=True,
                           capture_output=True)
            headers = [crds_headers.header(rng, values) for _ in range(options.headers)]
            disagreements += compare(options, name, headers, ["--rmap", path], scratch)
    print(f"disagreements: {disagreements}")
    return 1 if disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
