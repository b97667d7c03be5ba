import DataModels
import FITSIO
import FITSStructure
import Pixels

/// A file of a night as it was written.
public struct DeliveredFile: Sendable, Hashable {
  /// The absolute path, or what was given.
  public let path: String
  /// When the detector server has it ready.
  public let ready: SimulatedTime
}

/// Where the files of an exposure go.
public struct FrameFolders: Sendable, Hashable {
  /// Folders of level 1 frames and ramps, of single readouts, and of truths; a nil truth folder writes none.
  public let raw: String
  public let readouts: String
  public let truth: String?

  /// Creates a set of folders, which must exist.
  public init(raw: String, readouts: String, truth: String?) {
    self.raw = raw
    self.readouts = readouts
    self.truth = truth
  }
}

extension Night {
  /// Simulates one exposure and writes its files and its truth.
  ///
  /// - Parameter replacing: whether files of the same names may be replaced; else their existence is an
  ///   error.
  /// - Returns: the files in the order the detector server would write them (the truth is not among them).
  /// - Throws: `unknown-detector`, or `write-failed` about the file.
  @discardableResult
  public func writeFrame(
    _ exposure: Exposure, to folders: FrameFolders, replacing: Bool = false
  ) throws(SimulatorError) -> [DeliveredFile] {
    let scene = try instrument.scene(of: exposure)
    let detector = try instrument.detector(exposure.frameClass.detector)
    let writer = FrameWriter(
      exposure: exposure, instrument: instrument, scene: scene,
      headers: FrameHeader(exposure: exposure, instrument: instrument, detector: detector),
      replacing: replacing)
    if let truth = folders.truth {
      try writer.writeTruth(to: "\(truth)/\(exposure.truthName)", flags: detector.flags)
    }
    switch exposure.delivery {
    case .frame: return try writer.writeFrame(to: "\(folders.raw)/\(exposure.fileNames[0])")
    case .ramp: return try writer.writeRamp(to: "\(folders.raw)/\(exposure.fileNames[0])")
    case .readouts: return try writer.writeReadouts(in: folders.readouts)
    }
  }

  /// The level 1 frame of an exposure in memory, with its headers: what `writeFrame` writes.
  ///
  /// - Throws: `unknown-detector`.
  public func frame(_ exposure: Exposure) throws(SimulatorError) -> ImageModel {
    let scene = try instrument.scene(of: exposure)
    let detector = try instrument.detector(exposure.frameClass.detector)
    let headers = FrameHeader(exposure: exposure, instrument: instrument, detector: detector)
    return FrameWriter.image(try instrument.rate(of: exposure, scene: scene), exposure, headers)
  }
}

/// Writes the files of one exposure.
struct FrameWriter {
  let exposure: Exposure
  let instrument: Instrument
  let scene: Scene
  let headers: FrameHeader
  let replacing: Bool

  private var ready: SimulatedTime { exposure.end(size: instrument.size).advanced(by: 1) }

  static func image(_ measured: Measured, _ exposure: Exposure, _ headers: FrameHeader) -> ImageModel {
    var model = ImageModel(
      header: headers.primary(), measured: measured, unit: "adu/s", scienceHeader: headers.science())
    if !exposure.carriesErrors {
      model.error = nil
      model.quality = nil
    }
    return model
  }

  @discardableResult
  func writeFrame(to path: String) throws(SimulatorError) -> [DeliveredFile] {
    let model = Self.image(try instrument.rate(of: exposure, scene: scene), exposure, headers)
    try Self.writing(path) { try model.write(to: path, replacing: replacing) }
    return [DeliveredFile(path: path, ready: ready)]
  }

  @discardableResult
  func writeRamp(to path: String) throws(SimulatorError) -> [DeliveredFile] {
    let ramp = try instrument.ramp(of: exposure, scene: scene)
    let times = exposure.timing(size: instrument.size).readTimes
    let model = RampModel(
      header: headers.primary(), samples: .uint16(ramp),
      times: Array(repeating: times, count: exposure.ramps), scienceHeader: headers.science())
    try Self.writing(path) { try model.write(to: path, replacing: replacing) }
    return [DeliveredFile(path: path, ready: ready)]
  }

  func writeReadouts(in folder: String) throws(SimulatorError) -> [DeliveredFile] {
    let ramp = try instrument.ramp(of: exposure, scene: scene)
    let times = exposure.timing(size: instrument.size).readTimes
    var files: [DeliveredFile] = []
    for index in 0..<ramp.integrations * ramp.reads {
      let (integration, read) = index.quotientAndRemainder(dividingBy: ramp.reads)
      let path = "\(folder)/\(exposure.fileNames[index])"
      let plane = ramp.plane(integration: integration, read: read)
      try writeReadout(plane, headers.readout(ramp: integration, read: read), to: path)
      let reset = exposure.reset(ramp: integration, size: instrument.size)
      files.append(DeliveredFile(path: path, ready: reset.advanced(by: times[read] + 0.1)))
    }
    return files
  }

  private func writeReadout(
    _ plane: Plane<UInt16>, _ header: Header, to path: String
  ) throws(SimulatorError) {
    var header = header
    header.set("FILENAME", .string(Self.baseName(path)))
    try Self.writing(path) {
      var writer = try FITSWriter(path: path)
      try writer.appendPrimary(header)
      let cards = Header([Card("BUNIT", "adu", comment: "Unit of the samples")])
      try plane.withUnsafeBuffer {
        try writer.appendImage(cards, name: "SCI", axes: [plane.width, plane.height], pixels: $0)
      }
      return try writer.commit(replacing: replacing)
    }
  }

  static func baseName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// Runs `body`; its errors become `write-failed` about `path`.
  static func writing<R>(_ path: String, _ body: () throws -> R) throws(SimulatorError) {
    do {
      _ = try body()
    } catch {
      throw SimulatorError(
        code: "write-failed", message: "the simulated file could not be written", subject: path,
        underlying: error)
    }
  }
}
