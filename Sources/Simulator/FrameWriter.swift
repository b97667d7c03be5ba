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
  /// Of a single readout: its ramp and read, from 0, and what is wrong with it (the name of a `ReadFault`).
  public var ramp: Int?
  public var read: Int?
  public var fault: String?
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
  /// - Throws: `unknown-detector`, `read-window`, or `write-failed` about the file.
  @discardableResult
  public func writeFrame(
    _ exposure: Exposure, to folders: FrameFolders, replacing: Bool = false
  ) throws(SimulatorError) -> [DeliveredFile] {
    var nothing: PersistenceMemory?
    return try writeFrame(exposure, to: folders, replacing: replacing, memory: &nothing)
  }

  /// Simulates one exposure on a detector that remembers the exposures before it, and writes its files and its truth.
  ///
  /// - Parameters:
  ///   - late: the folder of readouts that come late; nil puts them beside the others.
  ///   - memory: brought on to the end of the exposure (of a level 1 frame it stays as it is).
  /// - Throws: `unknown-detector`, `read-window`, or `write-failed` about the file.
  @discardableResult
  public func writeFrame(
    _ exposure: Exposure, to folders: FrameFolders, late: String? = nil, replacing: Bool = false,
    memory: inout PersistenceMemory?
  ) throws(SimulatorError) -> [DeliveredFile] {
    let writer = try writer(for: exposure, replacing: replacing, memory: &memory)
    if let truth = folders.truth { try writer.writeTruth(to: "\(truth)/\(exposure.truthName)") }
    switch exposure.delivery {
    case .frame: return try writer.writeFrame(to: "\(folders.raw)/\(exposure.fileNames[0])")
    case .ramp: return try writer.writeRamp(to: "\(folders.raw)/\(exposure.fileNames[0])")
    case .readouts: return try writer.writeReadouts(in: folders.readouts, late: late)
    }
  }

  /// Simulates an exposure as far as its delivery needs it.
  func writer(
    for exposure: Exposure, replacing: Bool, memory: inout PersistenceMemory?
  ) throws(SimulatorError) -> FrameWriter {
    let scene = try instrument.scene(of: exposure)
    let detector = try instrument.detector(exposure.frameClass.detector)
    let (reads, truth): (SimulatedRamp?, RampTruth)
    if exposure.delivery == .frame {
      reads = nil
      truth = instrument.truth(exposure, detector, try instrument.simulator(exposure, memory: memory))
    } else {
      let made = try instrument.simulatedRamp(of: exposure, scene: scene, memory: &memory)
      (reads, truth) = (made, made.truth)
    }
    return FrameWriter(
      exposure: exposure, instrument: instrument, scene: scene,
      headers: FrameHeader(exposure: exposure, instrument: instrument, detector: detector),
      reads: reads, truth: truth, replacing: replacing)
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
  /// nil of a level 1 frame, which is fitted while it is read.
  let reads: SimulatedRamp?
  let truth: RampTruth
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
    guard let files else { return [] }
    try Self.writing(path) { try files.writeRamp(to: path) }
    return [DeliveredFile(path: path, ready: ready)]
  }

  func writeReadouts(in folder: String, late: String? = nil) throws(SimulatorError) -> [DeliveredFile] {
    try files?.writeReadouts(in: folder, late: late) ?? []
  }

  /// What writes the reads; nil of a level 1 frame, which has none.
  private var files: RampFileWriter? {
    reads.map {
      RampFileWriter(
        exposure: exposure, headers: headers, reads: $0,
        times: exposure.timing(size: instrument.size).readTimes, replacing: replacing)
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
