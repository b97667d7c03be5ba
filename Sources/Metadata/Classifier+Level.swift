extension Classifier {
  /// `DATALVL`, else what model, steps and structure tell.
  func level(of frame: FrameMetadata, hint: FrameShape?) -> Int {
    if let level = frame.level, (0...3).contains(level) { return level }
    let model = frame.string("file.model")?.uppercased() ?? ""
    if frame.string("reference_file.type") != nil { return 2 }
    if model.contains("RAMP") || isReadoutFile(frame, hint) { return 0 }
    if let hint, hint.axes.count >= 4 || hint.has("TIMES") || hint.has("GROUPDQ") { return 0 }
    if ["dark_current", "flat_field", "bkg_subtract"].contains(where: {
      frame.string("step.\($0)") == "COMPLETE"
    }) {
      return 2
    }
    if model.contains("CUBE") || model.contains("SPECTRUM") || hint?.has("WAVELENGTH") == true { return 2 }
    if let hint, hint.axes.count == 3 { return isSpectralCube(frame) ? 2 : 0 }
    return 1
  }

  /// The kind suffix of a product of this level (DATA.md of the instrument: `_ramp`, `_rate`, `_cal` …).
  func kind(of frame: FrameMetadata, level: Int, hint: FrameShape?) -> String {
    if let reference = frame.string("reference_file.type") {
      let lower = reference.lowercased()
      return ProductName.isSafePart(lower) ? lower : "reference"
    }
    let model = frame.string("file.model")?.uppercased() ?? ""
    switch level {
    case 0: return isReadoutFile(frame, hint) ? "readout" : "ramp"
    case 1: return "rate"
    default:
      if model.contains("SPECTRUM") { return "x1d" }
      if model.contains("CUBE") || hint?.axes.count == 3 { return "s3d" }
      if model.contains("CATALOG") || (level == 3 && hint?.axes.isEmpty == true) { return "cat" }
      if let hint, hint.axes.count == 1 { return "x1d" }
      return level == 3 ? "i2d" : "cal"
    }
  }

  /// One file per readout: the header has a readout's numbers and the image is a single plane.
  private func isReadoutFile(_ frame: FrameMetadata, _ hint: FrameShape?) -> Bool {
    frame.isReadout && (hint.map { $0.axes.filter { $0 > 1 }.count <= 2 } ?? true)
  }

  private func isSpectralCube(_ frame: FrameMetadata) -> Bool {
    let type = frame.string("wcs.ctype3")?.uppercased() ?? ""
    return ["WAVE", "AWAV", "FREQ", "VELO", "VRAD"].contains { type.hasPrefix($0) }
  }
}
