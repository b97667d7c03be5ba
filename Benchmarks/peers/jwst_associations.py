"""Associations of tmtrun in jwst, and of jwst in tmtrun: prints a verdict a line, ends with their number of noes.

usage: jwst_associations.py TMTRUN FOLDER   FOLDER holds sci_sci.fits, sky_cal.fits and what make_asn wrote: ours*.json
       jwst_associations.py --golden FOLDER   writes what asn_from_list makes, for Tests/Golden
"""

import glob
import json
import os
import subprocess
import sys

from jwst.associations import AssociationRegistry, load_asn
from jwst.associations.asn_from_list import asn_from_list
from jwst.associations.lib.rules_level2_base import DMSLevel2bBase
from jwst.associations.lib.rules_level3_base import DMS_Level3_Base
from jwst.associations.load_as_asn import LoadAsLevel2Asn

noes = 0


def say(what, is_good, detail=""):
    global noes
    noes += not is_good
    print(f"{'yes' if is_good else 'NO '}  {what}{': ' + detail if detail else ''}")


def level2(science, sky):
    items = [(science, "science")] + [(name, "background") for name in sky]
    asn = asn_from_list([items[0]], rule=DMSLevel2bBase, with_exptype=True)
    for name, exptype in items[1:]:
        asn["products"][0]["members"].append({"expname": name, "exptype": exptype})
    return asn.dump()[1]


def level3(names):
    return asn_from_list(names, rule=DMS_Level3_Base, product_name="theirs_l3").dump()[1]


def ours_in_jwst(path):
    written = json.load(open(path))
    members = [(m["expname"], m["exptype"]) for p in written["products"] for m in p["members"]]
    for name, registry in (("no registry", None), ("AssociationRegistry", AssociationRegistry)):
        try:
            with open(path) as file:
                asn = load_asn(file, registry=registry)
            found = [(m["expname"], m["exptype"]) for p in asn["products"] for m in p["members"]]
            say(f"{os.path.basename(path)} in load_asn, {name}", found == members, f"{len(found)} members")
        except Exception as error:
            say(f"{os.path.basename(path)} in load_asn, {name}", False, repr(error))
    asn = LoadAsLevel2Asn.load(path)
    say(f"{os.path.basename(path)} in LoadAsLevel2Asn", getattr(asn, "filename", "") == path)
    same = json.dumps(written, indent=4) + "\n" == open(path).read()
    say(f"{os.path.basename(path)} has the bytes of json.dumps(indent=4)", same)


def theirs_in_ours(tmtrun, folder, text):
    product = json.loads(text)["products"][0]
    members = [member["expname"] for member in product["members"]]
    path = f"{folder}/theirs.json"
    with open(path, "w") as file:
        file.write(text)
    run = subprocess.run(
        [tmtrun, "imager_level2", path, "-o", f"{folder}/out"], capture_output=True, text=True)
    is_good = run.returncode == 0 and os.path.exists(f"{folder}/out/{product['name']}_cal.fits")
    names = all(name in run.stderr for name in members)
    say(f"asn_from_list, {len(members)} members, in tmtrun", is_good and names, run.stderr[-300:] if not is_good else "")


if sys.argv[1] == "--golden":
    open(f"{sys.argv[2]}/level2_asn.json", "w").write(level2("sci_sci.fits", ["sky_cal.fits"]))
    open(f"{sys.argv[2]}/level3_asn.json", "w").write(level3(["a_cal.fits", "b_cal.fits", "c_cal.fits"]))
else:
    tmtrun, folder = sys.argv[1], sys.argv[2]
    ours = sorted(glob.glob(f"{folder}/ours*.json"))
    say("tmtrun make-asn wrote associations", len(ours) >= 2, ", ".join(map(os.path.basename, ours)))
    for path in ours:
        ours_in_jwst(path)
    theirs_in_ours(tmtrun, folder, level2("sci_sci.fits", ["sky_cal.fits"]))
    sys.exit(min(noes, 100))
