import Foundation

/// File names of products. Nothing read from a header reaches a name unchecked: each part must be safe.
public enum ProductName {
  /// Whether a text may stand in a file name: `[A-Za-z0-9][A-Za-z0-9.+-]{0,39}`.
  public static func isSafePart(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, bytes.count <= 40, isAlphanumeric(first) else { return false }
    return bytes.dropFirst().allSatisfy { isAlphanumeric($0) || $0 == 0x2B || $0 == 0x2D || $0 == 0x2E }
  }

  /// A text made safe: runs of other characters become one `-`, cut at 40 characters; nil when nothing is
  /// left.
  public static func slug(_ text: String) -> String? {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if isAlphanumeric(byte) || (byte == 0x2B || byte == 0x2E) && !bytes.isEmpty {
        bytes.append(byte)
      } else if !bytes.isEmpty, bytes.last != 0x2D {
        bytes.append(0x2D)
      }
    }
    bytes = Array(bytes.prefix(40))
    while let last = bytes.last, !isAlphanumeric(last) { bytes.removeLast() }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }

  /// The stem of a single exposure's product, without kind:
  /// `{SEMID}-{PROGNUM}-{OBSNUM}_IRIS_{DETECTOR}_{IMTYPE}_` `LVL{level}_{EXPNUM:04}[-{SUBARRID:02}]_{start}`;
  /// nil when a part is missing or not safe.
  ///
  /// Without `IMTYPE` the code of `OBSNAME` stands for it (`SCI` of `IMG1-SCI`).
  public static func stem(_ frame: FrameMetadata, level: Int, obsName: String? = nil) -> String? {
    let name = obsName ?? frame.obsName ?? ""
    let code = name.firstIndex(of: "-").map { String(name[name.index(after: $0)...]) }
    guard let semester = frame.semester, let program = frame.programNumber,
      let observation = frame.observationNumber, let detector = frame.detector,
      let type = frame.imageType ?? code, let number = frame.exposureNumber, number >= 0,
      let start = frame.dateBegin
    else { return nil }
    guard [semester, program, observation, detector, type].allSatisfy(isSafePart) else { return nil }
    let subarray = frame.subarrayID > 0 ? "-" + FITSDate.pad(frame.subarrayID, 2) : ""
    return "\(semester)-\(program)-\(observation)_IRIS_\(detector)_\(type)_LVL\(level)_"
      + "\(FITSDate.pad(number, 4))\(subarray)_\(FITSDate.compactText(of: start))"
  }

  /// File name of a single exposure's product; the raw file's stem + kind when the header lacks a part.
  public static func product(
    _ frame: FrameMetadata, level: Int, kind: String, rawFile: String, obsName: String? = nil,
    version: Int = 1
  ) -> String {
    let stem = stem(frame, level: level, obsName: obsName) ?? safeStem(of: rawFile)
    return file(stem, kind: kind, version: version)
  }

  /// File name of a combination:
  /// `{program}-{observation}_IRIS_{IMG|IFU}_{object slug}_{FILTER}_LVL3_{association id}_{kind}.fits`.
  ///
  /// Texts that are not safe are made so; a missing or blank one is written `unknown`.
  public static func combination(
    program: String?, observation: String?, isImager: Bool, object: String?, filter: String?,
    association: String,
    kind: String, version: Int = 1
  ) -> String {
    func part(_ text: String?) -> String { text.flatMap { isSafePart($0) ? $0 : slug($0) } ?? "unknown" }
    let stem =
      "\(part(program))-\(part(observation))_IRIS_\(isImager ? "IMG" : "IFU")_\(part(object.flatMap(slug)))_"
      + "\(part(filter))_LVL3_\(part(association))"
    return file(stem, kind: kind, version: version)
  }

  /// File name of a reference: `tmt_iris_{type}_{NNNN}.fits`. The type is lower-cased and made safe.
  public static func reference(type: String, number: Int) -> String {
    "tmt_iris_\(slug(type.lowercased()) ?? "unknown")_\(FITSDate.pad(number, 4)).fits"
  }

  /// File name of a product made by hand from a file: its stem without the last `_word`, + kind
  /// (`raw_flat_frame_cal.fits` -> `raw_flat_frame_flat.fits`).
  public static func byHand(inputFile: String, kind: String) -> String {
    let stem = safeStem(of: inputFile)
    let base = stem.lastIndex(of: "_").map { String(stem[..<$0]) } ?? stem
    return file(base, kind: kind)
  }

  /// File name of a product made by hand from an association: its product name + kind
  /// (`test_iris_subtract_bg_flat` -> `test_iris_subtract_bg_flat_cal.fits`).
  public static func byHand(productName: String, kind: String) -> String {
    file(safeStem(of: productName), kind: kind)
  }

  /// The same file name as version `version`: `_v02` before `.fits`; version 1 carries no suffix.
  public static func versioned(_ name: String, _ version: Int) -> String {
    let stem = name.hasSuffix(".fits") ? String(name.dropLast(5)) : name
    let parts = stem.split(separator: "_", omittingEmptySubsequences: false)
    let isVersioned =
      parts.last.map { $0.first == "v" && $0.count >= 3 && Int($0.dropFirst()) != nil } ?? false
    let base = isVersioned ? parts.dropLast().joined(separator: "_") : stem
    return (version > 1 ? "\(base)_v\(FITSDate.pad(version, 2))" : base) + ".fits"
  }

  /// A file's name without folder and FITS endings, each part between underscores made safe.
  public static func safeStem(of file: String) -> String {
    var name = file.split(separator: "/").last.map(String.init) ?? file
    for ending in [".gz", ".fz"] where name.lowercased().hasSuffix(ending) { name.removeLast(3) }
    for ending in [".fits", ".fit", ".fts"] where name.lowercased().hasSuffix(ending) {
      name.removeLast(ending.count)
      break
    }
    let parts = name.split(separator: "_").compactMap { part in
      isSafePart(String(part)) ? String(part) : slug(String(part))
    }
    return parts.isEmpty ? "frame" : String(parts.joined(separator: "_").prefix(180))
  }

  private static func file(_ stem: String, kind: String, version: Int = 1) -> String {
    versioned("\(stem)_\(slug(kind) ?? "product").fits", version)
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }
}
