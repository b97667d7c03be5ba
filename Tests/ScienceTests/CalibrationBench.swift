import DataModels
import Foundation
import JobContract
import Logging
import PipelineEngine
import Pipelines
import Pixels
import Simulator

/// Simulated calibration exposures on disk, and pipelines run over them.
final class CalibrationBench {
  let path: String
  let instrument: Instrument
  private var count = 0

  init(seed: UInt64, size: Int, detectors: [String] = ["IMG1"], options: DetectorModel.Options) throws {
    instrument = Instrument(seed: seed, size: size, detectors: detectors, options: options)
    let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    path = "\(base)/irisarchive-calibration-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Simulates `frames` exposures of one kind; `edit` changes each before it is taken.
  func expose(
    _ obsName: String, _ frames: Int, seconds: Double, sampling: Sampling,
    edit: (inout Exposure, Int) -> Void = { _, _ in }
  ) throws -> [String] {
    guard let frameClass = FrameClass(obsName: obsName) else { return [] }
    let night = Night(instrument: instrument, exposures: [])
    return try (0..<frames).map { index in
      count += 1
      var exposure = Exposure(
        frameClass, seconds: seconds, sampling: sampling,
        begin: Night.defaultStart.advanced(by: Double(count) * (seconds + 10)))
      exposure.number = count
      edit(&exposure, index)
      let file = "\(path)/raw\(count).fits"
      try night.writeFrame(exposure, toFile: file)
      return file
    }
  }

  /// Runs a pipeline; the report and the path of the product.
  func run(
    _ pipeline: Pipeline, _ inputs: [(String, MemberType)], references: [(String, String)] = [],
    settings: [String: String] = [:], product: String
  ) throws -> (report: RunReport, path: String) {
    var configuration = try RunConfiguration(pipeline)
    for (key, value) in settings { try configuration.set(key, value, from: .commandLine) }
    let request = RunRequest(
      configuration: configuration,
      members: inputs.map { Member(name: ($0.0 as NSString).lastPathComponent, path: $0.0, exptype: $0.1) },
      references: references.map { ResolvedReference(type: $0.0, origin: .override, path: $0.1) },
      outputDirectory: path, productFileName: product)
    let services = RunServices(
      now: { Date(timeIntervalSince1970: 1_784_000_000) },
      logger: { Logger(label: $0) { _ in SwiftLogNoOpLogHandler() } }, version: "test")
    let report = PipelineRunner(request: request, services: services).run()
    if let error = report.error { throw EngineError(error.code, error.message, subject: error.subject) }
    return (report, "\(path)/\(product)")
  }

  /// A detector without defects and without spread.
  static func perfect(dark: Double = 0.01, scatter: Double = 0) -> DetectorModel.Options {
    var options = DetectorModel.Options()
    (options.darkCurrent, options.darkSpread) = (dark, 0)
    (options.hotFraction, options.deadFraction) = (0, 0)
    (options.responseScatter, options.vignetting) = (scatter, 0)
    return options
  }

  /// Distinct places (from 0), at least `apart` pixels from each other and from the edge, by a seeded generator.
  static func places(_ count: Int, size: Int, seed: UInt64, apart: Int = 1) -> [(x: Int, y: Int)] {
    var state = seed
    var taken: Set<Int> = []
    var result: [(x: Int, y: Int)] = []
    while result.count < count {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let (x, y) = (
        Int(state >> 33) % size / apart * apart, Int(state >> 13 & 0xfffff) % size / apart * apart
      )
      guard x >= apart, y >= apart, x < size - apart, y < size - apart else { continue }
      if taken.insert(y * size + x).inserted { result.append((x, y)) }
    }
    return result
  }

  /// Root mean square of a list.
  static func rms(_ values: [Double]) -> Double {
    (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
  }
}
