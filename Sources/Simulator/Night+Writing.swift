import Foundation

extension Night {
  /// Writes the whole night below `root`: `<UT date>/raw`, `<UT date>/readouts`, `truth` and `night.json`.
  ///
  /// - Parameters:
  ///   - replacing: whether files of an earlier night may be replaced; else their existence is an error.
  ///   - progress: is told each exposure before it is simulated.
  /// - Returns: what `night.json` says.
  /// - Throws: `write-failed` about the file or folder.
  @discardableResult
  public func write(
    to root: String, replacing: Bool = false, progress: (Exposure) -> Void = { _ in }
  ) throws(SimulatorError) -> NightManifest {
    var manifest = NightManifest(seed: seed, detectorSize: size, exposures: exposures.count, files: [])
    var last: SimulatedTime?
    var memories: [String: PersistenceMemory] = [:]
    for exposure in exposures {
      progress(exposure)
      let folders = try makeFolders(for: exposure, in: root)
      let name = exposure.frameClass.detector
      let files = try writeFrame(
        exposure, to: folders, replacing: replacing, memory: &memories[name])
      for delivered in files {
        manifest.files.append(entry(exposure, delivered, root: root, after: last))
        last = delivered.ready
      }
    }
    let path = "\(root)/night.json"
    try FrameWriter.writing(path) {
      try manifest.json().write(to: URL(fileURLWithPath: path), options: .atomic)
    }
    return manifest
  }

  private func makeFolders(for exposure: Exposure, in root: String) throws(SimulatorError) -> FrameFolders {
    let night = "\(root)/\(exposure.begin.compactDate)"
    let folders = FrameFolders(raw: "\(night)/raw", readouts: "\(night)/readouts", truth: "\(root)/truth")
    for folder in [folders.raw, folders.readouts, "\(root)/truth"] {
      try FrameWriter.writing(folder) {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      }
    }
    return folders
  }

  private func entry(
    _ exposure: Exposure, _ delivered: DeliveredFile, root: String, after last: SimulatedTime?
  ) -> NightManifest.File {
    NightManifest.File(
      file: String(delivered.path.dropFirst(root.count + 1)), obsname: exposure.frameClass.obsName,
      level: exposure.level, detector: exposure.frameClass.detector, exposure: exposure.number,
      order: exposure.order, truth: "truth/\(exposure.truthName)", ready: delivered.ready.iso,
      delay: last.map { delivered.ready.seconds(since: $0) } ?? 0)
  }
}
