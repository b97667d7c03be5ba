"""Peer of the arrival case: primary header and MD5 of every file into SQLite, in one transaction."""

import hashlib
import json
import pathlib
import sqlite3
import sys
import time

from astropy.io import fits

KEYWORDS = (
    "OBSTYPE OBSNAME DETECTOR INSTMODE FILTER PUPIL SCALE OBJECT PROGRAM SEMID OBSERVTN OBS_ID SEQ_ID DITHNUM EXPTIME "
    "EXPNUM READMODE NGROUPS NCOADDS SUBARRAY SUBARRID DATE-OBS AIRMASS RA DEC"
).split()


def row(path):
    header = fits.getheader(path, 0)
    digest = hashlib.md5(path.read_bytes()).hexdigest()
    return (str(path), digest, header.tostring(), *(header.get(keyword) for keyword in KEYWORDS))


def main():
    folder, database = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    database.unlink(missing_ok=True)
    paths = sorted(folder.glob("*.fits"))
    start = time.perf_counter()
    connection = sqlite3.connect(database)
    columns = ", ".join(f'"{keyword}"' for keyword in KEYWORDS)
    connection.execute(f"CREATE TABLE file (path TEXT PRIMARY KEY, md5 TEXT, header TEXT, {columns})")
    marks = ", ".join("?" * (3 + len(KEYWORDS)))
    with connection:
        connection.executemany(f"INSERT INTO file VALUES ({marks})", map(row, paths))
    connection.close()
    print(json.dumps({"files": len(paths), "seconds": time.perf_counter() - start}))


main()
