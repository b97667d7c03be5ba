"""SExtractor's positions on level 2 products, and SWarp's mosaic of them, beside ours.

usage: extractor_agreement.py PROGRAMS   PROGRAMS is the folder of tmtrun and irissim
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from astropy.io import ascii, fits
from astropy.wcs import WCS

SIZE = 1024
LEAST = 0.05
PARAMETERS = "XWIN_IMAGE YWIN_IMAGE ALPHAWIN_J2000 DELTAWIN_J2000 FLUX_AUTO FLAGS".split()
SEXTRACTOR = pathlib.Path("/usr/share/source-extractor")


def run(*words, cwd):
    asked = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True)
    if asked.returncode:
        sys.exit(f"error: {words[0]} {words[1]} ended with {asked.returncode}\n{asked.stderr[-1000:]}")


def main(programs, folder):
    irissim, tmtrun = programs / "irissim", programs / "tmtrun"

    def frame(kind, number, *more):
        path = folder / f"{kind.lower()}{number}_rate.fits"
        run(irissim, "frame", "--obsname", f"IMG1-{kind}", "--detector-size", SIZE, "--expnum", number, "--readmode",
            "CDS", "-o", path, *more, cwd=folder)
        return path

    darks = [frame("DRK", number, "--frame", f"{number}/3") for number in (1, 2, 3)]
    run(tmtrun, "create_dark", *darks, "--no-preview", "-o", folder, cwd=folder)
    dark = next(folder.glob("*_dark.fits"))
    run(tmtrun, "create_distortion", frame("PIN", 1), "--override", f"dark={dark}", "-o", folder, cwd=folder)
    distortion = next(folder.glob("*_distortion.fits"))
    sky = frame("SKY", 1)
    products = []
    for number in (1, 2):
        science = frame("SCI", number, f"--east={0.3 * number - 0.45}")
        association = folder / f"asn{number}.json"
        association.write_text(json.dumps({"SCI": [str(science)], "SKY": [str(sky)]}))
        run(tmtrun, "imager_level2", association, "--no-preview", "--override", f"distortion={distortion}", "--override", f"dark={dark}", "--set",
            "assign_wcs.form=tpv", "-o", folder, cwd=folder)
        products.append(folder / f"sci{number}_cal.fits")
    worst = max(positions(tmtrun, product, folder) for product in products)
    worst = max(worst, mosaic(tmtrun, products, folder))
    print(f"largest median difference: {worst:.4f} pixel (at most {LEAST})")
    return 0 if worst <= LEAST else 1


def positions(tmtrun, product, folder):
    """The median distance of SExtractor's positions from those of our catalog: in pixels, and on the sky in pixels."""
    theirs = extract(product, 1, folder)
    ours = catalog(tmtrun, product, folder)
    pixel, sky = distances(ours, theirs)
    with fits.open(product) as file:
        kind = file["SCI"].header["CTYPE1"]
    print(f"{product.name}: {kind}, {len(pixel)} stars, {np.median(pixel):.4f} pixel, on the sky {np.median(sky):.4f} pixel")
    if "TPV" not in kind or len(pixel) < 30:
        sys.exit(f"error: {product.name} is no product that this compares: {kind}, {len(pixel)} stars")
    return max(np.median(pixel), np.median(sky))


def extract(image, hdu, folder, weights=True):
    """SExtractor's catalog, ERR as its RMS map."""
    stem = image.stem
    (folder / "columns").write_text("\n".join(PARAMETERS) + "\n")
    words = [
        "-c", "/dev/null", "-CATALOG_NAME", f"{stem}.sex", "-CATALOG_TYPE", "ASCII_HEAD", "-PARAMETERS_NAME", "columns",
        "-FILTER_NAME", SEXTRACTOR / "default.conv", "-STARNNW_NAME", SEXTRACTOR / "default.nnw", "-DETECT_THRESH", 5,
        "-ANALYSIS_THRESH", 5]
    if weights:
        with fits.open(image) as file:
            fits.PrimaryHDU(file["ERR"].data).writeto(folder / f"{stem}_rms.fits", overwrite=True)
        words += ["-WEIGHT_TYPE", "MAP_RMS", "-WEIGHT_IMAGE", f"{stem}_rms.fits"]
    run("source-extractor", f"{image.name}[{hdu}]" if hdu else image.name, *words, cwd=folder)
    return ascii.read(folder / f"{stem}.sex", format="sextractor")


def catalog(tmtrun, image, folder):
    output = folder / f"{image.stem}_ours"
    run(tmtrun, "source_catalog", image, "--no-preview", "-o", output, cwd=folder)
    found = sorted(output.glob("*_cat.fits"))
    return fits.getdata(found[0], "CATALOG")


def distances(ours, theirs):
    """Of stars that both have, alone within 5 pixels, bright and unflagged."""
    x, y = np.array(ours["X"]), np.array(ours["Y"])
    bright = (np.array(ours["SNR"]) > 50) & (np.array(ours["FLAGS"]) == 0)
    pixel, sky = [], []
    for row in theirs:
        if row["FLAGS"] != 0:
            continue
        apart = np.hypot(x - row["XWIN_IMAGE"], y - row["YWIN_IMAGE"])
        near = np.flatnonzero(apart < 5)
        if len(near) != 1 or not bright[near[0]]:
            continue
        i = near[0]
        pixel.append(apart[i])
        east = (ours["RA"][i] - row["ALPHAWIN_J2000"]) * np.cos(np.radians(ours["DEC"][i]))
        sky.append(np.hypot(east, ours["DEC"][i] - row["DELTAWIN_J2000"]) * 3600 / 0.004)
    return np.array(pixel), np.array(sky)


def mosaic(tmtrun, products, folder):
    """Stars of SWarp's mosaic against those of ours, on the sky in pixels."""
    run("SWarp", *[f"{product.name}[1]" for product in products], "-IMAGEOUT_NAME", "swarped.fits", "-SUBTRACT_BACK",
        "N", "-WRITE_XML", "N", "-RESAMPLING_TYPE", "LANCZOS3", "-COMBINE_TYPE", "AVERAGE", cwd=folder)
    run(tmtrun, "imager_level3", *products, "--no-preview", "--set", "tweakreg.align=wcs", "--set",
        "resample.kernel=lanczos3", "-o", folder / "mosaic", cwd=folder)
    ours = fits.getdata(next((folder / "mosaic").glob("*_cat.fits")), "CATALOG")
    theirs = extract(folder / "swarped.fits", None, folder, weights=False)
    system = WCS(fits.getheader(next((folder / "mosaic").glob("*_i2d.fits")), "SCI"))
    x, y = system.all_world2pix(theirs["ALPHAWIN_J2000"], theirs["DELTAWIN_J2000"], 1)
    theirs["XWIN_IMAGE"], theirs["YWIN_IMAGE"] = x, y
    pixel, _ = distances(ours, theirs)
    if len(pixel) < 30:
        sys.exit(f"error: {len(pixel)} stars in both mosaics")
    print(f"mosaic: {len(pixel)} stars, {np.median(pixel):.4f} pixel")
    return np.median(pixel)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as scratch:
        sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(scratch)))
