import Foundation
import Pixels

extension ReadoutScenario {
  /// Writes the scenario below `root`: `readouts`, `late`, `frames` (of bare readouts), `truth` and `readouts.json`.
  ///
  /// - Parameter replacing: whether files of an earlier run may be replaced; else their existence is an error.
  /// - Returns: what `readouts.json` says.
  /// - Throws: `write-failed` about the file or folder.
  @discardableResult
  public func write(to root: String, replacing: Bool = false) throws(SimulatorError) -> ReadoutManifest {
    let folders = try makeFolders(root)
    var manifest = ReadoutManifest(
      seed: options.seed, detectorSize: options.detectorSize, exposures: [], readouts: [])
    var memories: [String: PersistenceMemory] = [:]
    var delivered: [(file: DeliveredFile, entry: ReadoutManifest.Readout)] = []
    for exposure in night.exposures {
      let name = exposure.frameClass.detector
      let files = try night.writeFrame(
        exposure, to: folders, late: "\(root)/late", replacing: replacing, memory: &memories[name])
      delivered += try entries(exposure, files, root)
      let frame = try writeFrame(exposure, root, replacing)
      manifest.exposures.append(try entry(exposure, frame: frame))
    }
    manifest.readouts = ordered(delivered) + night.exposures.flatMap(missing)
    let path = "\(root)/readouts.json"
    try FrameWriter.writing(path) {
      try manifest.json().write(to: URL(fileURLWithPath: path), options: .atomic)
    }
    return manifest
  }

  private func makeFolders(_ root: String) throws(SimulatorError) -> FrameFolders {
    for name in ["readouts", "late", "truth"] + (options.isBare ? ["frames"] : []) {
      try FrameWriter.writing("\(root)/\(name)") {
        try FileManager.default.createDirectory(
          atPath: "\(root)/\(name)", withIntermediateDirectories: true)
      }
    }
    return FrameFolders(raw: "\(root)/frames", readouts: "\(root)/readouts", truth: "\(root)/truth")
  }

  /// The detector server's own frame, for readouts that do not say what they are.
  private func writeFrame(
    _ exposure: Exposure, _ root: String, _ replacing: Bool
  ) throws(SimulatorError) -> String? {
    guard options.isBare else { return nil }
    var frame = exposure
    frame.delivery = .frame
    let name = "frames/\(frame.fileNames[0])"
    try night.writeFrame(frame, toFile: "\(root)/\(name)", replacing: replacing)
    return name
  }

  // MARK: entries

  private func entry(
    _ exposure: Exposure, frame: String?
  ) throws(SimulatorError) -> ReadoutManifest.Exposure {
    let name = exposure.frameClass.detector
    let spoiled: Set = ["missing", "corrupted", "truncated", "incomplete"]
    let usable = (0..<exposure.ramps).map { ramp in
      (0..<options.reads).filter { exposure.fault(ramp: ramp, read: $0, among: spoiled) == nil }
    }
    return ReadoutManifest.Exposure(
      index: exposure.order, obsname: exposure.frameClass.obsName, detector: name,
      detID: exposure.readoutDetectorID, number: exposure.number,
      firstReset: exposure.reset(ramp: 0, size: options.detectorSize).microseconds, ramps: exposure.ramps,
      reads: options.reads, usable: usable, meanRate: try meanRate(exposure),
      truth: "truth/\(exposure.truthName)", frame: frame)
  }

  private func meanRate(_ exposure: Exposure) throws(SimulatorError) -> Double {
    let scene = try night.instrument.scene(of: exposure)
    let flags = try night.instrument.detector(exposure.frameClass.detector).flags
    var (sum, count) = (0.0, 0)
    for (rate, flag) in zip(scene.expected.elements, flags.elements) where flag == DQ.none {
      sum += Double(rate)
      count += 1
    }
    return count == 0 ? 0 : sum / Double(count)
  }

  private func entries(
    _ exposure: Exposure, _ files: [DeliveredFile], _ root: String
  ) throws(SimulatorError) -> [(file: DeliveredFile, entry: ReadoutManifest.Readout)] {
    let instrument = night.instrument
    let detector = try instrument.detector(exposure.frameClass.detector)
    let quality = detector.readout.map {
      exposure.readQuality(least: $0.options.leastQuality, stream: instrument.stream(of: exposure, detector))
    }
    return files.map { file in
      let (ramp, read) = (file.ramp ?? 0, file.read ?? 0)
      return (
        file,
        ReadoutManifest.Readout(
          file: String(file.path.dropFirst(root.count + 1)), exposure: exposure.order, ramp: ramp, read: read,
          fault: file.fault, ready: file.ready.iso, quality: quality?[ramp][read])
      )
    }
  }

  private func missing(_ exposure: Exposure) -> [ReadoutManifest.Readout] {
    exposure.faults.filter { $0.kind == .missing }.map {
      ReadoutManifest.Readout(
        file: nil, exposure: exposure.order, ramp: $0.ramp, read: $0.read, fault: $0.name)
    }
  }

  /// In time, or in random order; those that come late behind the others.
  private func ordered(
    _ delivered: [(file: DeliveredFile, entry: ReadoutManifest.Readout)]
  ) -> [ReadoutManifest.Readout] {
    var files = delivered.sorted { ($0.file.ready, $0.file.path) < ($1.file.ready, $1.file.path) }
    if options.isShuffled {
      var random = RandomStream(options.seed, 0x54ff)
      files.shuffle(using: &random)
    }
    return files.filter { $0.file.fault != "late" }.map(\.entry)
      + files.filter { $0.file.fault == "late" }.map(\.entry)
  }
}
