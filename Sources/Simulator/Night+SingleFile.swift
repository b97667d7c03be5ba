extension Night {
  /// Simulates one exposure into the file `path` of any name, and its truth into the folder `truth` (named
  /// after the exposure) when that is given.
  ///
  /// - Throws: `unsupported-delivery` for an exposure of many files, `unknown-detector`, or `write-failed`.
  public func writeFrame(
    _ exposure: Exposure, toFile path: String, truth: String? = nil, replacing: Bool = false
  ) throws(SimulatorError) {
    var nothing: PersistenceMemory?
    let writer = try writer(for: exposure, replacing: replacing, memory: &nothing)
    switch exposure.delivery {
    case .frame: try writer.writeFrame(to: path)
    case .ramp: try writer.writeRamp(to: path)
    case .readouts:
      throw SimulatorError(
        code: "unsupported-delivery", message: "readouts are one file each and need a folder", subject: path)
    }
    if let truth {
      let stem = FrameWriter.baseName(path).split(separator: ".fits", maxSplits: 1).first.map(String.init)
      try writer.writeTruth(to: "\(truth)/\(stem ?? exposure.stem)_truth.fits")
    }
  }
}
