import FITSStructure
import Foundation
import Metadata

/// The shipped tables, as an archive reads them.
func shippedClassifier() throws -> Classifier {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  return try Classifier(yaml: shippedTables(root))
}

func shippedTables() throws -> String {
  try shippedTables(
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent())
}

private func shippedTables(_ root: URL) throws -> String {
  try String(contentsOf: root.appending(path: "config/classification.yaml"), encoding: .utf8)
}

/// A header of text values.
func frame(_ texts: [String: String], _ cards: [Card] = []) -> FrameMetadata {
  FrameMetadata(primary: texts.map { Card($0.key, $0.value) } + cards)
}

/// The header of a good raw imager science frame of our own files.
func imagerScience() -> [Card] {
  [
    Card("TELESCOP", "TMT"), Card("INSTRUME", "IRIS"), Card("DETECTOR", "IMG1"), Card("INSTMODE", "IMG"),
    Card("OBSTYPE", "SCI"), Card("OBSNAME", "IMG1-SCI"), Card("DATALVL", 1), Card("SEMID", "2026B"),
    Card("PROGRAM", "P003"), Card("OBSERVTN", "012"), Card("EXPNUM", 7), Card("EXPTIME", 60.0),
    Card("DATE-OBS", "2026-07-14T09:12:44.7"), Card("FILTER", "K"), Card("PUPIL", "CLEAR"),
    Card("SCALE", 0.004),
    Card("READMODE", "MCDS"), Card("NINTS", 1), Card("NGROUPS", 16), Card("NCOADDS", 2),
    Card("SUBARRAY", "FULL"),
    Card("SUBSTRT1", 1), Card("SUBSTRT2", 1), Card("SUBSIZE1", 512), Card("SUBSIZE2", 512),
    Card("SUBARRID", 0),
    Card("RA", 250.4235), Card("DEC", 36.4613), Card("OBJECT", "M 13"),
  ]
}
