import Foundation
import Glibc
import JobContract

/// The folder of one attempt (`work/<job>/<attempt>/`): `job.json` in, products, `report.json` and `job.log` out.
///
/// What lies in it was written by another process, so it is read with bounds, without following links, and believed
/// only where it repeats the attempt's secret.
public struct AttemptFolder: Sendable {
  /// `report.json` beyond this is not read.
  static let largestReport = 64 << 20

  public let path: String

  public init(path: String) {
    self.path = path
  }

  /// Path of the job's description.
  public var jobPath: String { path + "/job.json" }
  /// Path of the run's report.
  public var reportPath: String { path + "/" + RunReport.fileName }
  /// Path of the log of the run's standard output and error.
  public var logPath: String { path + "/job.log" }

  /// Writes `job.json` as a whole or not at all: temporary name, fsync, rename, fsync of the folder.
  ///
  /// - Throws: ``ExecutorError`` `attempt-folder` when `spec` belongs elsewhere, `job-unwritable` when the disk
  ///   refuses.
  public func write(_ spec: JobSpec) throws(ExecutorError) {
    guard spec.outputDirectory == path else {
      throw ExecutorError(
        code: "attempt-folder", message: "job \(spec.job) belongs in \(spec.outputDirectory)", subject: path)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let temporary = jobPath + ".tmp"
    do {
      try encoder.encode(spec).write(to: URL(fileURLWithPath: temporary))
      try sync(temporary)
      guard rename(temporary, jobPath) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
      try sync(path)
    } catch {
      throw ExecutorError(
        code: "job-unwritable", message: "cannot write the job: \(error.localizedDescription)",
        subject: jobPath, hint: "check space and permissions of the work folder", underlying: error)
    }
  }

  /// The attempt's report, checked; nil when it has not written one.
  ///
  /// The report must be of this version, repeat job, attempt, token and pipeline, agree with itself about success, and
  /// name products that lie in this folder with the size it says.
  ///
  /// - Parameter partlyTaken: products may be gone from here, because somebody died while moving them into the archive;
  ///   whoever takes the report up again checks them by content where they went.
  /// - Throws: ``ExecutorError`` when there is a report that cannot be believed.
  public func report(for spec: JobSpec, partlyTaken: Bool = false) throws(ExecutorError) -> RunReport? {
    guard let data = try contents(of: reportPath) else { return nil }
    let report: RunReport
    do {
      report = try JSONDecoder().decode(RunReport.self, from: data)
    } catch {
      throw ExecutorError(
        code: "report-malformed", message: "the report is not one this program can read: \(error)",
        subject: reportPath, underlying: error)
    }
    try check(report, answers: spec)
    for product in report.products { try check(product, mayBeGone: partlyTaken) }
    return report
  }

  /// What the files below a folder take on the disk; links are not followed.
  public static func bytesOnDisk(_ folder: String) -> UInt64 {
    let names = FileManager.default.enumerator(atPath: folder)
    var bytes: UInt64 = 0
    while let name = names?.nextObject() as? String {
      var status = stat()
      if lstat(folder + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
        bytes += UInt64(status.st_blocks) * 512
      }
    }
    return bytes
  }

  /// The last `bytes` bytes of the log, or nothing.
  public func logTail(bytes: Int = 4096) -> String {
    guard let file = FileHandle(forReadingAtPath: logPath), let size = try? file.seekToEnd() else {
      return ""
    }
    let start = size > UInt64(bytes) ? size - UInt64(bytes) : 0
    guard (try? file.seek(toOffset: start)) != nil, let data = try? file.read(upToCount: bytes) else {
      return ""
    }
    return String(decoding: data, as: UTF8.self)
  }

  private func check(_ report: RunReport, answers spec: JobSpec) throws(ExecutorError) {
    let differing: [(String, Bool)] = [
      ("version", report.version != RunReport.currentVersion), ("job", report.job != spec.job),
      ("attempt", report.attempt != spec.attempt), ("token", report.token != spec.token),
      ("pipeline", report.pipeline != spec.pipeline),
    ]
    let names = differing.filter(\.1).map(\.0)
    guard names.isEmpty else {
      throw ExecutorError(
        code: "report-foreign",
        message: "the report is not of this attempt: different \(names.joined(separator: ", "))",
        subject: reportPath)
    }
    guard (report.status == .succeeded) == (report.exitCode == 0) else {
      throw ExecutorError(
        code: "report-inconsistent",
        message: "the report says \(report.status.rawValue) with exit code \(report.exitCode)",
        subject: reportPath)
    }
  }

  private func check(_ product: ProductReport, mayBeGone: Bool) throws(ExecutorError) {
    let name = product.fileName
    guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/"), !name.utf8.contains(0) else {
      throw ExecutorError(
        code: "report-inconsistent", message: "a product's name must be a plain file name, not \(name)",
        subject: reportPath)
    }
    var status = stat()
    let file = path + "/" + name
    if mayBeGone && access(file, F_OK) != 0 && errno == ENOENT { return }
    guard lstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ExecutorError(
        code: "report-inconsistent", message: "a reported product is not there", subject: file)
    }
    guard UInt64(status.st_size) == product.bytes else {
      throw ExecutorError(
        code: "report-inconsistent",
        message: "a product of \(status.st_size) bytes was reported as \(product.bytes)", subject: file)
    }
  }

  /// The whole of a regular file that is no link and not too large; nil when there is none.
  private func contents(of file: String) throws(ExecutorError) -> Data? {
    let descriptor = open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    if descriptor < 0 && errno == ENOENT { return nil }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_size <= Self.largestReport
    else {
      throw ExecutorError(
        code: "report-unreadable", message: "not a plain file of reasonable size", subject: file)
    }
    do {
      return try handle.readToEnd() ?? Data()
    } catch {
      throw ExecutorError(
        code: "report-unreadable", message: "cannot be read: \(error.localizedDescription)", subject: file,
        underlying: error)
    }
  }

  private func sync(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    defer { if descriptor >= 0 { close(descriptor) } }
    guard descriptor >= 0, fsync(descriptor) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
  }
}
