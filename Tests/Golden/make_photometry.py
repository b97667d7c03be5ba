"""Writes photometry.json: apertures of the golden catalog's sources by the Python face of SEP.

The image is background_in.fits less BACK of sep_out.fits, its mask as it is, errors of 1.007588267326355 in every
pixel but for those of x > 200, which are three times as large; segmentation SEG. Needs sep and astropy.
"""
import json
import os

import numpy as np
import sep
from astropy.io import fits

here = os.path.dirname(os.path.abspath(__file__))


def native(name, extension, kind):
    return np.ascontiguousarray(fits.getdata(os.path.join(here, name), extension).astype(kind))


image = native("background_in.fits", "DATA", "f4") - native("sep_out.fits", "BACK", "f4")
mask = native("background_in.fits", "MASK", "u1") != 0
segmentation = native("sep_out.fits", "SEG", "i4")
error = np.full(image.shape, 1.007588267326355, "f4")
error[:, 201:] *= 3
sources = json.load(open(os.path.join(here, "sep_catalog.json")))
rows = []
for index, s in enumerate(sources):
    x, y, a, b, theta = (np.array([s[k]]) for k in ("x", "y", "a", "b", "theta"))
    row = {}
    for name, radius in (("r3", 3.0), ("r5", 5.5)):
        row[name] = [float(v[0]) for v in sep.sum_circle(image, x, y, radius, err=error, mask=mask, subpix=0)]
    row["annulus"] = [float(v[0]) for v in sep.sum_circann(image, x, y, 6.0, 9.0, err=error, mask=mask, subpix=0)]
    own = dict(mask=mask, segmap=segmentation, seg_id=np.array([index + 1], "i4"))
    kron, flag = sep.kron_radius(image, x, y, a, b, theta, 6.0, **own)
    row["kron"] = [float(kron[0]), int(flag[0])]
    radius = max(2.5 * float(kron[0]), 3.5)
    row["auto"] = [
        float(v[0]) for v in sep.sum_ellipse(image, x, y, a, b, theta, np.array([radius]), err=error, subpix=0, **own)]
    radii, flag = sep.flux_radius(
        image, x, y, 6.0 * a, [0.5, 0.8], normflux=np.array([row["auto"][0]]), subpix=5, mask=mask)
    row["half"] = [float(radii[0][0]), float(radii[0][1]), int(flag[0])]
    sigma = 2 / 2.35 * max(float(radii[0][0]), 0.5)
    row["sigma"] = sigma
    row["window"] = [float(v[0]) for v in sep.winpos(image, x, y, np.array([sigma]), subpix=11, mask=mask)]
    rows.append(row)
with open(os.path.join(here, "photometry.json"), "w") as out:
    json.dump({"sep": sep.__version__, "sources": rows}, out, indent=0)
    out.write("\n")
