"""Makes astrometry.json with astropy: pixels of FITS headers and their sky positions, both ways of counting."""
import json

import astropy
from astropy.io import fits
from astropy.wcs import WCS

S = 0.004 / 3600
TAN = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CUNIT1": "deg", "CUNIT2": "deg"}
AT = {"CRPIX1": 2048.5, "CRPIX2": 2048.5, "CRVAL1": 250.42342944444442, "CRVAL2": 36.46122944444445}
CD = {"CD1_1": -S, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": S}
TURN = {"CD1_1": -0.8 * S, "CD1_2": 0.6 * S, "CD2_1": 0.6 * S, "CD2_2": 0.8 * S}
SIP = {
    "A_ORDER": 3, "B_ORDER": 3, "A_2_0": 2.1e-6, "A_1_1": -1.3e-6, "A_0_2": 4.4e-7, "A_3_0": 3.0e-10,
    "A_1_2": -2.2e-10, "B_2_0": -5.1e-7, "B_1_1": 1.9e-6, "B_0_2": -2.6e-6, "B_0_3": 1.1e-10, "B_2_1": 4.0e-10,
    "AP_ORDER": 2, "BP_ORDER": 2, "AP_2_0": -2.1e-6, "BP_0_2": 2.6e-6,
}
CASES = {
    "tan_cd": {**TAN, **AT, **CD, "RADESYS": "ICRS"},
    "tan_cd_rotated": {**TAN, **AT, **TURN, "RADESYS": "ICRS"},
    "tan_cd_over_ra_zero": {**TAN, **AT, **CD, "CRVAL1": 359.9999, "CRVAL2": -0.0001, "CD1_1": -1e-6},
    "tan_cd_near_pole": {**TAN, **AT, **TURN, "CRVAL2": 89.999, "RADESYS": "ICRS"},
    "tan_pc": {**TAN, **AT, "CDELT1": -S, "CDELT2": 1.1 * S, "PC1_1": 0.8, "PC1_2": -0.6, "PC2_1": 0.6, "PC2_2": 0.8},
    "tan_cdelt": {**TAN, **AT, "CDELT1": S, "CDELT2": S},
    "tan_crota": {**TAN, **AT, "CDELT1": -S, "CDELT2": 1.3 * S, "CROTA2": 33.0, "EQUINOX": 2000.0},
    "tan_latitude_first": {**TAN, **AT, **CD, "CTYPE1": "DEC--TAN", "CTYPE2": "RA---TAN", "CRVAL1": -12.5,
                           "CRVAL2": 80.25, "CD1_1": 0.0, "CD1_2": S, "CD2_1": -S, "CD2_2": 0.0},
    "tan_lonpole": {**TAN, **AT, **CD, "LONPOLE": 150.0},
    "sip": {**TAN, **AT, **TURN, **SIP, "CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP"},
    "sip_wide": {**TAN, **AT, **SIP, "CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", "CD1_1": -1e-4,
                 "CD1_2": 1e-5, "CD2_1": 2e-5, "CD2_2": 1.1e-4},
    "tpv": {**TAN, **AT, **CD, "CTYPE1": "RA---TPV", "CTYPE2": "DEC--TPV", "PV1_0": 0.0, "PV1_1": 1.0, "PV1_4": 0.3,
            "PV2_1": 1.0, "PV2_5": -0.2},
    "sin": {**TAN, **AT, "CTYPE1": "RA---SIN", "CTYPE2": "DEC--SIN", "CD1_1": -1e-3, "CD1_2": 0.0, "CD2_1": 0.0,
            "CD2_2": 1e-3},
    "fk5_arc": {**TAN, **AT, **TURN, "CTYPE1": "RA---ARC", "CTYPE2": "DEC--ARC", "RADESYS": "FK5",
                "EQUINOX": 2015.5},
}
PIXELS = [(x, y) for x in (0.5, 1, 512.25, 2048.5, 3000, 4096.5) for y in (0.5, 1, 1777.75, 2048.5, 4096.5)]

out = {"astropy": astropy.__version__, "pixels": PIXELS, "cases": []}
for name, header in CASES.items():
    cards = fits.Header()
    cards["NAXIS"] = 2
    for key, value in header.items():
        cards[key] = value
    wcs = WCS(cards)
    x, y = zip(*PIXELS)
    lng, lat = wcs.all_pix2world(x, y, 1)
    if name == "tan_latitude_first":
        lng, lat = lat, lng
    out["cases"].append({"name": name, "header": header, "sky": [[float(a), float(b)] for a, b in zip(lng, lat)]})
with open("astrometry.json", "w") as file:
    json.dump(out, file, indent=0)
