import CatalogStore
import Crypto
import Foundation
import Glibc

/// Brings catalogued files into a folder: a copy under a temporary name, compared with its recorded sha256, then put
/// in place without replacing anything.
struct FileFetch {
  enum Outcome: Equatable {
    case copied
    case linked
    /// The same file lies there.
    case present
    case failed(String)

    var word: String {
      switch self {
      case .copied: "copied"
      case .linked: "linked"
      case .present: "present"
      case .failed: "failed"
      }
    }

    var sentence: String {
      if case .failed(let why) = self { return why }
      return ""
    }

    var isFailure: Bool { if case .failed = self { true } else { false } }
  }

  /// Absolute.
  let folder: String
  let links: Bool

  func prepare() throws {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw CommandFailure(
        code: "failed", message: "the folder cannot be made: \(String(cString: strerror(errno)))",
        subject: folder, hint: "--to DIR that you may write to", underlying: error)
    }
  }

  /// A name for each file, all different: the own name, with night, with the record's number.
  static func names(_ frames: [FrameRecord]) -> [(FrameRecord, String)] {
    var taken: Set<String> = []
    return frames.map { frame in
      let own = frame.name.replacing("/", with: "_")
      let choices = [own] + [frame.night, "\(frame.id)"].compactMap { $0.map { "\($0)_\(own)" } }
      let name = choices.first { taken.insert($0).inserted } ?? "\(frame.id)_\(own)"
      return (frame, name)
    }
  }

  func fetch(_ frame: FrameRecord, as name: String) -> Outcome {
    guard let source = frame.path else { return .failed(frame.reason ?? "its place is not known") }
    let target = folder + "/" + name
    if links { return link(source, target) }
    let temporary = "\(folder)/.\(frame.id)-\(getpid()).part"
    defer { unlink(temporary) }
    do {
      let sha256 = try copy(source, temporary)
      if let recorded = frame.sha256, recorded != sha256 {
        return .failed("its content is not what was recorded: sha256 \(sha256), recorded \(recorded)")
      }
      // A hard link to a name that exists fails: nothing is ever replaced.
      if Glibc.link(temporary, target) == 0 { return .copied }
      if errno == EEXIST {
        return same(target, sha256) ? .present : .failed("another file of this name is there")
      }
      return rename(temporary, target)
    } catch {
      return .failed("cannot be copied: \(String(cString: strerror(error.number)))")
    }
  }

  /// For file systems without hard links: the name is taken first, by an empty file of our own.
  private func rename(_ temporary: String, _ target: String) -> Outcome {
    let own = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard own >= 0 else {
      return .failed(
        errno == EEXIST ? "another file of this name is there" : String(cString: strerror(errno)))
    }
    close(own)
    if Glibc.rename(temporary, target) == 0 { return .copied }
    return .failed("cannot be put in place: \(String(cString: strerror(errno)))")
  }

  private func link(_ source: String, _ target: String) -> Outcome {
    if access(source, F_OK) != 0 { return .failed("the file is gone from \(source)") }
    if symlink(source, target) == 0 { return .linked }
    let number = errno
    let there = try? FileManager.default.destinationOfSymbolicLink(atPath: target)
    if number == EEXIST && there == source { return .present }
    return .failed(
      number == EEXIST ? "another file of this name is there" : String(cString: strerror(number)))
  }

  private struct Failed: Error { var number: Int32 }

  /// Copies and hashes in one pass. Returns the sha256.
  private func copy(_ source: String, _ target: String) throws(Failed) -> String {
    let input = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard input >= 0 else { throw Failed(number: errno) }
    defer { close(input) }
    let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard output >= 0 else { throw Failed(number: errno) }
    defer { close(output) }
    var hash = SHA256()
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = read(input, &buffer, buffer.count)
      if count == 0 { break }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw Failed(number: errno)
      }
      hash.update(data: buffer[0..<count])
      try writeAll(output, buffer, count)
    }
    guard fsync(output) == 0 else { throw Failed(number: errno) }
    return Self.text(hash.finalize())
  }

  private func writeAll(_ output: Int32, _ buffer: [UInt8], _ count: Int) throws(Failed) {
    var done = 0
    while done < count {
      let written = buffer.withUnsafeBytes { bytes in
        Glibc.write(output, bytes.baseAddress.map { $0 + done }, count - done)
      }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw Failed(number: errno) }
      done += written
    }
  }

  private func same(_ path: String, _ sha256: String) -> Bool {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped) else {
      return false
    }
    return Self.text(SHA256.hash(data: data)) == sha256
  }

  private static func text(_ digest: some Sequence<UInt8>) -> String {
    digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
