import CatalogStore
import Crypto
import FITSStructure
import Foundation
import Glibc

/// Compares one file with its record.
struct FileVerification {
  /// What is wrong, as a word and as a sentence.
  struct Problem: Equatable {
    var code: String
    var sentence: String
  }

  let reader: CatalogReader

  func problems(of frame: FrameRecord) throws -> [Problem] {
    var problems = try content(frame)
    if frame.origin == .product {
      let gaps = try reader.provenanceGaps(product: frame.id)
      problems += gaps.map { Problem(code: "provenance", sentence: $0) }
    }
    return problems
  }

  /// A record whose file made way for another that is there, or was pruned: told, but no problem.
  func isReplaced(_ frame: FrameRecord) throws -> Bool {
    if frame.path == nil, frame.state == "superseded" { return true }
    guard frame.path == nil, frame.state == "missing" else { return false }
    if frame.reason?.hasPrefix("replaced at its place") != true { return false }
    return try reader.subjects(named: frame.name).contains { subject in
      guard case .frame(let other) = subject, let path = other.path else { return false }
      return access(path, F_OK) == 0
    }
  }

  private func content(_ frame: FrameRecord) throws -> [Problem] {
    guard let path = frame.path else {
      return [
        Problem(code: "missing", sentence: "the file is gone: \(frame.reason ?? "its place is not known")")
      ]
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
    guard descriptor >= 0 else {
      let why = String(cString: strerror(errno))
      return [Problem(code: errno == ENOENT ? "missing" : "unreadable", sentence: "cannot be opened: \(why)")]
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return [Problem(code: "unreadable", sentence: "is no regular file any more")]
    }
    var problems: [Problem] = []
    if let bytes = frame.bytes, bytes != status.st_size {
      problems.append(
        Problem(code: "size", sentence: "has \(status.st_size) bytes where \(bytes) were recorded"))
    }
    return problems + bytes(descriptor, frame)
  }

  /// One pass over the bytes: sha256 and the file's own checksums.
  private func bytes(_ descriptor: Int32, _ frame: FrameRecord) -> [Problem] {
    var hash = SHA256()
    do {
      let (_, verdicts) = try FileStructure.readVerifying(descriptor: descriptor, hasWriter: false) { bytes in
        hash.update(bufferPointer: bytes)
      }
      let sha256 = hash.finalize().map { Self.hexadecimal($0) }.joined()
      var problems: [Problem] = []
      if let recorded = frame.sha256, recorded != sha256 {
        problems.append(
          Problem(code: "sha256", sentence: "has sha256 \(sha256) where \(recorded) was recorded"))
      }
      // A file that came with a wrong checksum is quarantined for it: no news.
      if frame.state != "quarantined" { problems += verdicts.flatMap(Self.problems) }
      return problems
    } catch {
      return [Problem(code: "unreadable", sentence: error.message)]
    }
  }

  private static func problems(_ verdict: ChecksumVerdict) -> [Problem] {
    var problems: [Problem] = []
    if verdict.checksum == .wrong {
      problems.append(Problem(code: "checksum", sentence: "CHECKSUM of HDU \(verdict.hdu) does not agree"))
    }
    if verdict.datasum == .wrong {
      problems.append(Problem(code: "datasum", sentence: "DATASUM of HDU \(verdict.hdu) does not agree"))
    }
    return problems
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return byte < 16 ? "0" + digits : digits
  }
}
