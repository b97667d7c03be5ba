"""Checks our level 2 product: checksums, and SCI against ((science - dark) - (sky - dark)) / flat in numpy."""

import json
import sys
import warnings

import numpy
from astropy.io import fits

DO_NOT_USE = 1
NO_FLAT_FIELD = 1 << 18


def rate(path):
    """SCI in adu/s, in double precision, and the flags."""
    with fits.open(path) as file:
        science = file["SCI"].data.astype(numpy.float64)
        unit = file["SCI"].header.get("BUNIT", "adu").strip().lower()
        if unit in ("adu", "dn", "ct"):
            science /= file[0].header["EXPTIME"]
        flags = file["DQ"].data if "DQ" in file else numpy.zeros(science.shape, numpy.uint32)
    return science, flags


def main():
    product, *inputs = sys.argv[1:]
    (science, _), (sky, _), (dark, _), (flat, _) = (rate(path) for path in inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # astropy warns of a wrong checksum
        with fits.open(product, checksum=True) as file:
            names = [hdu.name for hdu in file]
            found, error, flags = (file[name].data for name in ("SCI", "ERR", "DQ"))
            unit = file["SCI"].header["BUNIT"]
    good = (flags & (DO_NOT_USE | NO_FLAT_FIELD)) == 0
    with numpy.errstate(all="ignore"):
        expected = ((science - dark) - (sky - dark)) / flat
        worst = float(numpy.max(numpy.abs(found - expected)[good] / error[good]))
    reasons = []
    if unit != "adu/s":
        reasons.append(f"BUNIT is {unit}")
    if good.mean() < 0.9:
        reasons.append(f"only {good.mean():.3f} of the pixels are good")
    if not worst < 1e-3:
        reasons.append(f"SCI differs from numpy by {worst} sigma")
    if "PROVENANCE" not in names:
        reasons.append("no PROVENANCE")
    print(json.dumps({"ok": not reasons, "reason": "; ".join(reasons), "worst": worst, "pixels": int(good.sum())}))


main()
