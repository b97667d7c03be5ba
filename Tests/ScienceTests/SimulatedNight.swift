import DataModels
import FITSIO
import Foundation
import JobContract
import Logging
import PipelineEngine
import Pipelines
import Pixels
import Simulator

/// One small simulated night on disk, its masters made by our own pipelines.
final class SimulatedNight {
  static let size = 64
  let night: Night
  let path: String
  private let dark: String
  private let flat: String

  init(seed: UInt64) throws {
    night = try Night.imagerOnly(seed: seed, size: Self.size, darks: 9, flats: 5, skies: 3, science: 1)
    let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    path = "\(base)/irisarchive-science-\(UUID().uuidString)"
    for folder in ["raw", "truth", "out"] {
      try FileManager.default.createDirectory(atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
    }
    let folders = FrameFolders(raw: path + "/raw", readouts: path + "/raw", truth: path + "/truth")
    for exposure in night.exposures { try night.writeFrame(exposure, to: folders) }
    (dark, flat) = ("\(path)/out/dark60.fits", "\(path)/out/flat.fits")
    try makeMasters()
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  private func makeMasters() throws {
    let short = "\(path)/out/dark10.fits"
    try run(.createDark, files("IMG1-DRK", seconds: 10), .dark, to: short, references: [])
    try run(.createDark, files("IMG1-DRK", seconds: 60), .dark, to: dark, references: [])
    try run(.processFlatfield, files("IMG1-NFF", seconds: 10), .flat, to: flat, references: [("dark", short)])
  }

  private func files(_ obsName: String, seconds: Double) -> [String] {
    night.exposures(named: obsName).filter { $0.exposureSeconds == seconds }
      .map { "\(path)/raw/\($0.fileNames[0])" }
  }

  private func run(
    _ pipeline: Pipeline, _ inputs: [String], _ type: MemberType, to product: String,
    references: [(String, String)], backgrounds: [String] = []
  ) throws {
    let members =
      inputs.map { Member(name: ($0 as NSString).lastPathComponent, path: $0, exptype: type) }
      + backgrounds.map { Member(name: ($0 as NSString).lastPathComponent, path: $0, exptype: .background) }
    let request = RunRequest(
      configuration: try RunConfiguration(pipeline), members: members,
      references: references.map { ResolvedReference(type: $0.0, origin: .override, path: $0.1) },
      outputDirectory: path + "/out", productFileName: (product as NSString).lastPathComponent)
    let services = RunServices(
      now: { Date(timeIntervalSince1970: 1_784_000_000) },
      logger: { Logger(label: $0) { _ in SwiftLogNoOpLogHandler() } }, version: "test")
    let report = PipelineRunner(request: request, services: services).run()
    guard report.degraded.isEmpty else {
      throw EngineError("degraded", report.degraded.joined(separator: "; "), subject: product)
    }
    if let error = report.error { throw EngineError(error.code, error.message, subject: error.subject) }
  }

  /// The reduced science frame and its truth.
  func reduce() throws -> (product: ImageModel, truth: Plane<Float>) {
    let science = night.exposures(named: "IMG1-SCI")[0]
    let product = path + "/out/cal.fits"
    try run(
      .imagerLevel2, ["\(path)/raw/\(science.fileNames[0])"], .science, to: product,
      references: [("dark", dark), ("flat", flat)], backgrounds: files("IMG1-SKY", seconds: 60))
    return (
      try ImageModel(reading: product), try ImageModel(reading: "\(path)/truth/\(science.truthName)").science
    )
  }

  /// Pulls of the master dark against the detector's own dark current.
  func darkPulls() throws -> [Double] {
    let detector = try night.instrument.detector("IMG1")
    let gain = Float(detector.gain)
    return PullTests.pulls(try ImageModel(reading: dark), truth: detector.dark.map { $0 / gain })
  }

  /// Pulls of the master flat against the detector's response, for living pixels.
  func flatPulls() throws -> [Double] {
    let detector = try night.instrument.detector("IMG1")
    return PullTests.pulls(try ImageModel(reading: flat), truth: detector.response)
  }
}
