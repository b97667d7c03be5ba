import Foundation
import JobContract

/// Reports as files: a temporary name, fsync, rename, fsync of the folder.
public struct ReportFile: Sendable {
  let directory: String

  /// `report.json` in an attempt's folder.
  public init(directory: String) { self.directory = directory }

  /// - Throws: `EngineError` `write-failed`.
  public func write(_ report: RunReport) throws(EngineError) {
    try Self.write(report, of: report.job, to: RunReport.fileName, in: directory)
  }

  /// Writes the reports of a run by hand where a person wants them: one as it is, several as a list. A file that is
  /// there makes way.
  /// - Throws: `EngineError` `write-failed`.
  public static func write(_ reports: [RunReport], to path: String) throws(EngineError) {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let (name, directory) = (fileName(of: path), folder.isEmpty ? "/" : folder)
    if reports.count == 1 {
      try write(reports[0], of: path, to: name, in: directory)
    } else {
      try write(reports, of: path, to: name, in: directory)
    }
  }

  /// Tells before a run that its report could not be written.
  /// - Parameter made: a folder that the run makes itself.
  /// - Throws: `EngineError` `output-folder`.
  public static func checkFolder(of path: String, made: String) throws(EngineError) {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    if folder == made { return }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.isEmpty ? "/" : folder, isDirectory: &isFolder),
      isFolder.boolValue
    else {
      throw EngineError(
        "output-folder", "the folder for the report is not there", subject: path, hint: "mkdir -p \(folder)")
    }
  }

  private static func write(
    _ content: some Encodable, of subject: String, to name: String, in directory: String
  ) throws(EngineError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let data = try? encoder.encode(content) else {
      throw EngineError("internal", "the report cannot be written as JSON", subject: subject)
    }
    try AtomicFile.write(
      [UInt8](data), to: name, in: directory, what: "the report", replacing: true)
  }
}
