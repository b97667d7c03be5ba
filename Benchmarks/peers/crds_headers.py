"""Random headers for the rows of mappings, and random mappings; everything follows from a seed."""

import itertools
import random
import re

DATES = ["2014-01-01", "2018-06-30", "2026-02-28", "2026-04-15", "2026-07-14", "2031-12-31"]
ODD = ["N/A", "ANY", "*", "UNDEFINED", "GENERIC", "", " K ", "k", "0", "-1.5", "1e3", "NOT_APPLICABLE", "K|H", "TRUE"]


def header(rng, values, instrument="IRIS"):
    """One header: mostly values that rows name, some that none does, some missing."""
    result = {"META.INSTRUMENT.NAME": instrument}
    for name, known in values.items():
        chance = rng.random()
        if chance < 0.82 and known:
            result[name] = rng.choice(known)
        elif chance < 0.92:
            result[name] = rng.choice(ODD)
        elif chance < 0.96:
            result[name] = f"{rng.uniform(-1, 200):.4g}"
    if rng.random() < 0.97:
        result["META.OBSERVATION.DATE"] = rng.choice(DATES)
    if rng.random() < 0.97:
        result["META.OBSERVATION.TIME"] = f"{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}"
    return result


def values(selector_text, parkeys):
    """Values that rows of a mapping's text name, by parkey: what is quoted, split at bars, with numbers inside ranges."""
    words = set()
    for quoted in re.findall(r"'([^'\n]*)'", selector_text):
        if re.fullmatch(r"\d{4}-.*|.*\.fits", quoted):
            continue
        between = re.fullmatch(r"between (\S+) (\S+)", quoted)
        if between:
            low, high = map(float, between.groups())
            words.update(map(str, (low, high, (low + high) / 2, low - 1e-3, high + 1e-3)))
        else:
            words.update(part.strip("{}() ") for part in quoted.split("|"))
    return {name: sorted(words) for name in parkeys}


def rows(selector_text, parkeys):
    """Values by parkey and place in the row's tuple."""
    found = {name: set() for name in parkeys}
    for line in selector_text.splitlines():
        match = re.match(r"\s*(\(.*\)|'[^']*') : ", line)
        if not match or re.match(r"\s*'\d{4}-", line):
            continue
        fields = re.findall(r"'([^']*)'", match.group(1))
        for name, field in itertools.zip_longest(parkeys, fields[: len(parkeys)]):
            between = re.fullmatch(r"between (\S+) (\S+)", field or "")
            if between:
                low, high = map(float, between.groups())
                found[name].update(map(str, (low, high, round((low + high) / 2, 4), low - 1e-3)))
            elif field and field.startswith("#"):
                found[name].update(re.findall(r"\d+", field))
            elif field:
                found[name].update(part.strip("{}() ") for part in field.split("|"))
    return {name: sorted(words) for name, words in found.items()}


def big_rmap(rng, rows_wanted=500):
    """Rules of 500 rows and 5 parkeys, three dates each, with wildcards, alternatives and ranges."""
    parkeys = ["META.INSTRUMENT.DETECTOR", "META.INSTRUMENT.FILTER", "META.INSTRUMENT.PUPIL", "META.EXPOSURE.READMODE",
               "META.EXPOSURE.EXPOSURE_TIME"]
    keys = {}
    while len(keys) < rows_wanted:
        seconds = rng.choice([1, 5, 10, 30, 60, 100, 300, 600])
        key = (
            rng.choice(["IMG1", "IMG2", "IMG3", "IMG4"]), rng.choice(["J", "H", "K", "Y", "Z|J", "N/A", "KN*"]),
            rng.choice(["CLEAR", "COLD", "MASK|CLEAR", "N/A"]), rng.choice(["UTR", "CDS", "MCDS", "N/A"]),
            rng.choice([str(seconds), f"between {seconds - 0.01} {seconds + 0.01}", "N/A", f"#>{seconds}#", f"# >={seconds} AND <600 #",
                        f"#<{seconds} OR >200#"]))
        keys.setdefault(key, len(keys))
    lines = [
        "header = {", "    'derived_from' : 'NONE',", "    'filekind' : 'FLAT',", "    'instrument' : 'IRIS',",
        "    'mapping' : 'REFERENCE',", "    'name' : 'tmt_iris_flat_0500.rmap',", "    'observatory' : 'TMT',",
        f"    'parkey' : ({tuple(parkeys)!r}, ('META.OBSERVATION.DATE', 'META.OBSERVATION.TIME')),",
        "    'sha1sum' : '',", "}", "", "selector = Match({"]
    for key, number in keys.items():
        dates = "".join(
            f"        '{year}-0{1 + number % 9}-01 00:00:00' : 'r{number}_{year}.fits',\n" for year in (2015, 2020, 2025))
        lines.append(f"    {key!r} : UseAfter({{\n{dates}    }}),")
    return "\n".join(lines + ["})", ""]), parkeys


SELECTORS = """\
header = {
    'derived_from' : 'NONE',
    'filekind' : 'WAVESOL',
    'instrument' : 'IRIS',
    'mapping' : 'REFERENCE',
    'name' : 'tmt_iris_wavesol_0001.rmap',
    'observatory' : 'TMT',
    'parkey' : (('META.INSTRUMENT.DETECTOR', 'META.INSTRUMENT.FILTER'), ('META.WAVE',), ('META.SW',),
        ('META.OBSERVATION.DATE', 'META.OBSERVATION.TIME')),
    'sha1sum' : '',
}

selector = Match({
    ('IMG1', 'K') : GeometricallyNearest({
        1.2 : SelectVersion({
            '<5' : UseAfter({ '2015-01-01 00:00:00' : 'a1.fits', '2026-03-01 00:00:00' : 'a2.fits' }),
            '=6' : 'b.fits',
            'default' : ClosestTime({ '2017-04-24 00:00:00' : 'c1.fits', '2026-06-01 00:00:00' : 'c2.fits' }),
        }),
        5.5 : 'd.fits',
        40 : SelectVersion({ '<=20' : 'e.fits' }),
    }),
    ('IMG1', 'H|J') : Bracket({
        1.5 : 'f.fits',
        20.0 : VersionAfter({ '1' : 'g1.fits', '1.5' : 'g2.fits', '10.0' : 'g3.fits' }),
        100.0 : 'f.fits',
    }),
    ('N/A', 'K') : Bracket({ 1.0 : 'h.fits', 2.0 : 'i.fits' }),
    ('IMG2', 'N/A') : VersionAfter({ '2' : GeometricallyNearest({ 3.0 : 'k.fits', 2.0 : 'l.fits' }), '6.1' : 'm.fits' }),
    ('IMG3', 'N/A') : 'N/A',
    ('IMG4', 'N/A') : 'OMIT',
})
"""

SELECTOR_VALUES = {
    "META.INSTRUMENT.DETECTOR": ["IMG1", "IMG1", "IMG2", "IMG3", "IMG4", "IFU"],
    "META.INSTRUMENT.FILTER": ["K", "H", "J", "Y"],
    "META.WAVE": ["1.0", "1.2", "1.3", "2.5", "3.35", "5.5", "20", "22.75", "99", "200", "-3", "K"],
    "META.SW": ["1", "1.5", "2.25", "4.9", "5", "6", "6.1", "19", "20", "25", "default", "v7"],
}
