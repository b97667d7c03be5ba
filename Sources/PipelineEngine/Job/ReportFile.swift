import Foundation
import Glibc
import JobContract

/// `report.json` in an attempt's folder: a temporary name, fsync, rename, fsync of the folder.
public struct ReportFile: Sendable {
  let directory: String

  public init(directory: String) { self.directory = directory }

  /// - Throws: `EngineError` `write-failed`.
  public func write(_ report: RunReport) throws(EngineError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let data = try? encoder.encode(report) else {
      throw EngineError("internal", "the report cannot be written as JSON", subject: report.job)
    }
    let temporary = "\(directory)/.\(RunReport.fileName).\(getpid()).tmp"
    let final = "\(directory)/\(RunReport.fileName)"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failed(temporary) }
    let isWritten = data.withUnsafeBytes { Self.writeAll($0, to: descriptor) } && fsync(descriptor) == 0
    guard close(descriptor) == 0, isWritten, rename(temporary, final) == 0 else {
      let error = failed(final)
      unlink(temporary)
      throw error
    }
    let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  private static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    return true
  }

  private func failed(_ path: String) -> EngineError {
    EngineError("write-failed", "cannot write the report: \(String(cString: strerror(errno)))", subject: path)
  }
}
