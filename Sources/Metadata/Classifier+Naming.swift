import FITSStructure

/// The name that a classification arrived at.
struct FrameName {
  var obsType: String?
  var obsName: String?
  var mode: String?
  var derived = false
  var joins = true
}

extension Classifier {
  /// The frame's name: what `OBSNAME` says, else the adapter's class, else derived; nothing when none is
  /// safe.
  func name(
    _ frame: FrameMetadata, _ adapter: ClassificationTable.Adapter?, kind: String, _ findings: inout Findings
  ) -> FrameName {
    if adapter == nil, let written = frame.obsName { return declared(written, frame, &findings) }
    if let rule = adapter?.classes?.first(where: { fits($0.when, frame) }), let found = listed(rule.obsname) {
      return found.asDerived
    }
    return derived(frame, kind: kind, &findings)
  }

  /// The meaning of an `OBSNAME` that the tables know.
  func listed(_ name: String) -> FrameName? {
    let parts = name.uppercased().split(separator: "-", maxSplits: 1).map(String.init)
    guard parts.count == 2, let prefix = table.prefixes[parts[0]], let code = table.codes[parts[1]],
      code.modes.contains(prefix.mode)
    else { return nil }
    return FrameName(
      obsType: code.obstype, obsName: parts.joined(separator: "-"), mode: prefix.mode,
      joins: code.joins ?? true)
  }

  private func declared(
    _ written: String, _ frame: FrameMetadata, _ findings: inout Findings
  ) -> FrameName {
    if let found = listed(written) { return found }
    if frame.obsType == "ENG", ProductName.isSafePart(written) {
      return FrameName(obsType: "ENG", obsName: written, joins: false)
    }
    let shown = Card.Value.string(written).shown
    let prefixes = table.prefixes.keys.sorted().joined(separator: "/")
    let codes = table.codes.keys.sorted().joined(separator: " ")
    findings.hold(
      "OBSNAME is \(shown), expected \(prefixes) and a code that exists there (\(codes)), as listed in "
        + "config/classification.yaml", ["OBSNAME", "OBSTYPE"])
    return FrameName()
  }

  private func derived(
    _ frame: FrameMetadata, kind: String, _ findings: inout Findings
  ) -> FrameName {
    let isReference = frame.string("reference_file.type") != nil
    guard let text = frame.imageType ?? engineering(frame) ?? frame.string("reference_file.type"),
      let prefix = prefix(frame)
    else {
      if kind != "readout", !isReference { holdUnnamed(frame, &findings) }
      return FrameName()
    }
    let names = codes(forImageType: text).compactMap { listed("\(prefix)-\($0)") }
    if names.count == 1 { return names[0].asDerived }
    if kind != "readout", !isReference {
      findings.hold(
        "OBSNAME is missing, and IMTYPE (or EXP_TYPE) \(Card.Value.string(text).shown) of \(prefix) has no "
          + "single OBSNAME in config/classification.yaml", ["OBSNAME", "IMTYPE", "EXP_TYPE"])
    }
    return FrameName()
  }

  private func engineering(_ frame: FrameMetadata) -> String? {
    frame.obsType == "ENG" ? "ENG" : nil
  }

  /// The first part of the name, when detector and mode leave one choice.
  private func prefix(_ frame: FrameMetadata) -> String? {
    let fitting = table.prefixes.filter { _, meaning in
      meaning.detector == frame.detector && (frame.instrumentMode.map { $0 == meaning.mode } ?? true)
    }
    return fitting.count == 1 ? fitting.first?.key : nil
  }

  private func holdUnnamed(_ frame: FrameMetadata, _ findings: inout Findings) {
    var missing: [String] = []
    if frame.imageType == nil { missing.append("IMTYPE (or EXP_TYPE)") }
    if frame.detector == nil { missing.append("DETECTOR") }
    let modes = frame.detector.flatMap { table.detectors[$0]?.modes } ?? []
    if modes.count > 1, frame.instrumentMode == nil {
      missing.append("INSTMODE (one of \(modes.joined(separator: ", ")))")
    }
    let cause =
      missing.isEmpty
      ? "DETECTOR and INSTMODE fit no prefix in config/classification.yaml"
      : missing.joined(separator: " and ") + (missing.count == 1 ? " is missing too" : " are missing too")
    findings.hold(
      "OBSNAME is missing and cannot be derived: \(cause)",
      ["OBSNAME", "IMTYPE", "EXP_TYPE", "DETECTOR", "INSTMODE"])
  }
}

extension FrameName {
  fileprivate var asDerived: FrameName {
    var copy = self
    copy.derived = true
    return copy
  }
}
