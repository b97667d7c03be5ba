import Foundation
import Glibc

/// Where things are in an archive, all absolute. Incoming, products, work and logs may lie on other disks.
public struct ArchiveLayout: Sendable, Equatable {
  public var root: String
  public var incoming: String
  public var products: String
  public var work: String
  public var logs: String
  /// The CRDS cache.
  public var rules: String

  public init(root: String, incoming: String, products: String, work: String, logs: String, rules: String) {
    self.root = root
    self.incoming = incoming
    self.products = products
    self.work = work
    self.logs = logs
    self.rules = rules
  }

  public var catalog: String { root + "/catalog/catalog.sqlite" }
  public var lock: String { root + "/catalog/daemon.lock" }
  public var hooks: String { root + "/hooks" }
  public var associationRules: String { root + "/config/associations" }
  public var classification: String { root + "/config/classification.yaml" }
  /// Stars of known magnitude.
  public var standards: String { root + "/config/standards.csv" }

  /// Where a pipeline's cfg lies, if there is one.
  func placeOfConfiguration(_ pipeline: String) -> String { root + "/config/pipelines/\(pipeline).cfg" }

  /// The archive's own cfg of a pipeline, nil when there is none.
  func pipelineConfiguration(_ pipeline: String) -> String? {
    let path = placeOfConfiguration(pipeline)
    return access(path, R_OK) == 0 ? path : nil
  }

  /// Folder of one attempt.
  func attempt(_ job: String, _ attempt: Int) -> String { "\(work)/\(job)/\(attempt)" }

  /// Log of one attempt, kept after the attempt's folder is gone.
  public func log(_ job: String, _ attempt: Int) -> String { "\(logs)/jobs/\(job)-\(attempt).log" }

  /// Text of a file of the archive's own configuration.
  static func text(_ path: String) throws(ArchiveError) -> String {
    do {
      return try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      throw ArchiveError(
        code: "configuration-unreadable", message: "cannot be read", subject: path,
        hint: "irisarchive init ROOT lays missing files down again", underlying: error)
    }
  }
}
