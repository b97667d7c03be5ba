import FITSStructure

// What makes a header contradict itself or the instrument.
extension Classifier {
  /// A frame of another instrument needs an adapter.
  func checkInstrument(
    _ frame: FrameMetadata, _ adapter: ClassificationTable.Adapter?, _ findings: inout Findings
  ) {
    guard adapter == nil, let name = frame.string("instrument.name"),
      !table.instruments.contains(name.uppercased())
    else { return }
    findings.hold(
      "INSTRUME is \(shown(name)), expected \(table.instruments.joined(separator: " or ")) or an "
        + "instrument with an adapter in config/classification.yaml", ["INSTRUME"])
  }

  /// A detector that the table does not know holds the file; combinations may say `MULTIPLE`.
  func checkDetector(_ frame: FrameMetadata, level: Int, _ findings: inout Findings) {
    guard let detector = frame.detector, table.detectors[detector] == nil else { return }
    if level == 3, ["MULTIPLE", "N/A"].contains(detector) { return }
    let known = table.detectors.keys.sorted().joined(separator: ", ")
    findings.hold("DETECTOR is \(Card.Value.string(detector).shown), expected one of \(known)", ["DETECTOR"])
  }

  func checkContradictions(
    _ frame: FrameMetadata, _ name: FrameName, hint: FrameShape?, _ findings: inout Findings
  ) {
    checkClass(frame, name, &findings)
    checkSetup(frame, name, &findings)
    if let level = frame.level, level > 0, let axes = hint?.axes, axes.count >= 4 {
      findings.hold(
        "DATALVL is \(level), but the image has \(axes.count) axes, which is a ramp (level 0)",
        ["DATALVL", "NAXIS"])
    }
  }

  /// `OBSTYPE` and `IMTYPE` against `OBSNAME`.
  private func checkClass(_ frame: FrameMetadata, _ name: FrameName, _ findings: inout Findings) {
    guard let obsName = name.obsName, let expected = name.obsType else { return }
    if let written = Self.known(frame.obsType), written != expected {
      findings.hold(
        "OBSTYPE '\(written)' contradicts \(origin(name)) '\(obsName)', which is \(expected)"
          + meaning(obsName),
        ["OBSTYPE", "OBSNAME"])
    }
    guard !name.derived, let text = frame.imageType else { return }
    let types = Set(codes(forImageType: text).compactMap { table.codes[$0]?.obstype })
    if !types.isEmpty, !types.contains(expected) {
      findings.hold(
        "IMTYPE \(Card.Value.string(text).shown) contradicts OBSNAME '\(obsName)', which is \(expected)"
          + meaning(obsName), ["IMTYPE", "EXP_TYPE", "OBSNAME"])
    }
  }

  /// `DETECTOR`, `DET_ID` and `INSTMODE` against each other and against `OBSNAME`.
  private func checkSetup(_ frame: FrameMetadata, _ name: FrameName, _ findings: inout Findings) {
    let written = frame.string("instrument.detector")
    let mode = frame.string("instrument.mode")
    let readout = frame.readoutDetectorID.map { ($0, ReadoutDetector($0)) }
    if let (id, stands) = readout, let written, written != stands.detector {
      findings.hold("DET_ID '\(id)' contradicts DETECTOR \(shown(written))", ["DET_ID", "DETECTOR"])
    }
    if let (id, stands) = readout, let mode, let other = stands.mode, other != mode {
      findings.hold("DET_ID '\(id)' contradicts INSTMODE \(shown(mode))", ["DET_ID", "INSTMODE"])
    }
    if let detector = frame.detector, let known = table.detectors[detector], let mode,
      !known.modes.contains(mode)
    {
      findings.hold(
        "INSTMODE \(shown(mode)) contradicts DETECTOR '\(detector)', which is used in "
          + known.modes.joined(separator: " or "), ["INSTMODE", "DETECTOR"])
    }
    checkPrefix(frame, name, mode: mode, &findings)
  }

  private func checkPrefix(
    _ frame: FrameMetadata, _ name: FrameName, mode: String?, _ findings: inout Findings
  ) {
    guard let obsName = name.obsName, let prefix = table.prefixes[String(obsName.prefix { $0 != "-" })]
    else { return }
    if let detector = frame.detector, detector != prefix.detector {
      findings.hold(
        "DETECTOR \(shown(frame.detectorLiteral ?? detector)) contradicts \(origin(name)) '\(obsName)', "
          + "which is \(prefix.detector)", ["DETECTOR", "OBSNAME"])
    }
    if let mode, mode != prefix.mode {
      findings.hold(
        "INSTMODE \(shown(mode)) contradicts \(origin(name)) '\(obsName)', which is \(prefix.mode)",
        ["INSTMODE", "OBSNAME"])
    }
  }

  private func shown(_ text: String) -> String { Card.Value.string(text).shown }

  private func origin(_ name: FrameName) -> String { name.derived ? "the derived OBSNAME" : "OBSNAME" }

  private func meaning(_ obsName: String) -> String {
    let code = obsName.split(separator: "-", maxSplits: 1).last.map(String.init) ?? ""
    return table.codes[code].map { " (\($0.what))" } ?? ""
  }
}
