import DataModels
import FITSIO
import FITSStructure
import Foundation
import JobContract
import Logging
import PipelineEngine
import Pipelines
import Pixels

/// A folder in memory with small frames in it, and runs over them.
final class Bench: Sendable {
  let path: String

  init() throws {
    let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    path = "\(base)/irisarchive-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path + "/out", withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  static let services = RunServices(
    now: { Date(timeIntervalSince1970: 1_784_000_000) },
    logger: { Logger(label: $0) { _ in SwiftLogNoOpLogHandler() } }, version: "test")

  /// Writes a frame of one value and error.
  @discardableResult
  func frame(
    _ name: String, value: Float, error: Float? = 1, unit: String? = "adu/s", width: Int = 8, height: Int = 4,
    cards: [Card] = [], edit: (inout ImageModel) -> Void = { _ in }
  ) throws -> String {
    var model = ImageModel(
      header: Header(
        [
          Card("DETECTOR", "IMG1"), Card("INSTMODE", "IMG"), Card("EXPTIME", 10.0),
          Card("OBSNAME", "IMG1-SCI"),
        ]
          + cards), science: Plane(width: width, height: height, repeating: value), unit: unit ?? "adu",
      error: error.map { Plane(width: width, height: height, repeating: $0) },
      quality: error.map { _ in Plane(width: width, height: height, repeating: 0) })
    edit(&model)
    let file = "\(path)/\(name)"
    try model.write(to: file)
    return file
  }

  /// Runs a pipeline on members, with references by type, into `out`.
  func run(
    _ pipeline: Pipeline, _ members: [(String, MemberType)], references: [ResolvedReference] = [],
    settings: [String: String] = [:], skip: [String] = [], product: String = "product.fits"
  ) throws -> RunReport {
    var configuration = try RunConfiguration(pipeline)
    for (key, value) in settings { try configuration.set(key, value, from: .commandLine) }
    for step in skip { try configuration.skip(step, from: .commandLine) }
    let request = RunRequest(
      configuration: configuration,
      members: members.map { Member(name: ($0.0 as NSString).lastPathComponent, path: $0.0, exptype: $0.1) },
      references: references, association: "asn", outputDirectory: path + "/out", productFileName: product)
    return PipelineRunner(request: request, services: Self.services).run()
  }

  func product(_ name: String = "product.fits", extras: [String] = []) throws -> ImageModel {
    try ImageModel(reading: "\(path)/out/\(name)", extras: extras)
  }

  static func reference(_ type: String, _ path: String, lastResort: Bool = false) -> ResolvedReference {
    ResolvedReference(
      type: type, origin: .context, path: path, context: "tmt_0001.pmap", lastResort: lastResort)
  }
}
