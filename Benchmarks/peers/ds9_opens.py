"""DS9 opens a mosaic and its catalog, and places the sources where the catalog has them.

usage: ds9_opens.py MOSAIC CATALOG   needs ds9 and xvfb-run (Debian saods9, xvfb, xauth)

DS9 takes a catalog's positions for FK5 unless it is told, some 25 mas from the ICRS that ours are in.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
from astropy.io import fits

LEAST = 0.01


def main(mosaic, catalog):
    table = fits.getdata(catalog, "CATALOG")
    with tempfile.TemporaryDirectory() as folder:
        regions, picture = (pathlib.Path(folder) / name for name in ("sources.reg", "view.png"))
        subprocess.run(
            ["xvfb-run", "-a", "-s", "-screen 0 1280x1024x24", "ds9", mosaic, "-zscale", "-catalog", "import", "fits",
             catalog, "-catalog", "sky", "icrs", "-catalog", "regions", "-regions", "system", "physical", "-regions", "save", regions, "-export",
             "png", picture, "-exit"], check=True, timeout=120)
        places = re.findall(r"^point\(([^,]+),([^)]+)\)", regions.read_text(), re.MULTILINE)
        bytes_drawn = picture.stat().st_size
    found = np.array(places, dtype=float)
    if len(found) != len(table) or bytes_drawn < 10_000:
        sys.exit(f"error: {len(found)} of {len(table)} sources, a picture of {bytes_drawn} bytes")
    apart = np.hypot(
        found[:, None, 0] - np.array(table["X"])[None], found[:, None, 1] - np.array(table["Y"])[None]).min(axis=1)
    print(f"DS9: {len(found)} sources, at most {apart.max():.4f} pixel from the catalog's places (at most {LEAST})")
    return 0 if apart.max() <= LEAST else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) == 3 else __doc__)
