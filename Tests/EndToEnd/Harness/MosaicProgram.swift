import Foundation
import Testing

extension TestArchive {
  /// Puts a program in the place of `tmtrun` that knows one pipeline more, or in other words: the jobs of
  /// `imager_level3` are done by a stand-in, which hands the first frame back as the mosaic. What the archive does
  /// around them is under test, not the pixels.
  func useStandInForMosaics() throws {
    let path = root + "/mosaic.py"
    try Self.standIn.write(toFile: path, atomically: true, encoding: .utf8)
    try useProgram(
      """
      python3 '\(path)' job "$JOB"
      code=$?
      [ $code = 99 ] || exit $code
      """, manifest: "\"$REAL\" manifest | python3 '\(path)' manifest; exit $?")
  }

  private static let standIn = #"""
    import hashlib, json, os, sys, time

    def headers(path):
        found = []
        with open(path, "rb") as file:
            text, size = "", 0
            while block := file.read(2880):
                for i in range(0, 2880, 80):
                    record = block[i:i + 80].decode("latin-1")
                    if record.startswith("END     "):
                        cards = {text[j:j + 8].strip(): text[j + 10:j + 80].split("/")[0].strip()
                                 for j in range(0, len(text), 80)}
                        naxis = int(cards.get("NAXIS", 0))
                        bytes = abs(int(cards.get("BITPIX", 8))) // 8 if naxis else 0
                        for n in range(1, naxis + 1):
                            bytes *= int(cards[f"NAXIS{n}"])
                        bytes = bytes + int(cards.get("PCOUNT", 0)) if naxis else 0
                        file.seek((bytes + 2879) // 2880 * 2880, 1)
                        found.append(text)
                        text = ""
                        break
                    text += record
        return found

    if sys.argv[1] == "manifest":
        manifest = json.load(sys.stdin)
        manifest["pipelines"] = [p for p in manifest["pipelines"] if p["name"] != "imager_level3"]
        manifest["pipelines"].append({
            "name": "imager_level3", "summary": "mosaic", "aliases": [], "steps": [], "products": ["i2d"],
            "level": 3, "referenceTypes": []})
        json.dump(manifest, sys.stdout)
        sys.exit(0)
    spec = json.load(open(sys.argv[2]))
    if spec["pipeline"] != "imager_level3":
        sys.exit(99)
    source = spec["inputs"][0]["path"]
    name = spec["fileNames"]["i2d"]
    # What follows the last HDU makes every run's file another one.
    content = open(source, "rb").read() + (spec["job"] + spec["token"]).encode().ljust(2880, b"\0")
    open(os.path.join(spec["outputDirectory"], name), "wb").write(content)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    report = {
        "version": 1, "job": spec["job"], "attempt": spec["attempt"], "token": spec["token"],
        "pipeline": spec["pipeline"], "status": "succeeded", "exitCode": 0, "started": now, "ended": now,
        "seconds": 0.1, "peakMemoryBytes": 1, "software": {}, "inputs": [], "references": [], "steps": [],
        "degraded": spec["degraded"], "notes": [],
        "products": [{
            "kind": "i2d", "fileName": name, "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content), "level": 3, "headers": headers(source), "quality": {}}]}
    path = os.path.join(spec["outputDirectory"], "report.json")
    json.dump(report, open(path + ".new", "w"))
    os.rename(path + ".new", path)
    """#
}
