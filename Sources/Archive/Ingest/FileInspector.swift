import CatalogStore
import Crypto
import FITSStructure
import Foundation
import Metadata

/// Reads one arriving file, from one descriptor: structure, cards, checksums and sha256 in a single pass.
struct FileInspector: Sendable {
  let describer: FrameDescriber

  /// - Parameter arrivedAt: when it was seen, seconds since 1970 UTC.
  func inspect(_ path: String, arrivedAt: Double) -> Inspection {
    // A device must not even be opened: that alone can do something (a tape rewinds).
    var named = stat()
    guard lstat(path, &named) == 0 else { return .gone }
    guard named.st_mode & S_IFMT == S_IFREG else {
      return .notAFile(sentence: OddFile.sentence(named.st_mode))
    }
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { return unopened(path, errno, arrivedAt) }
    defer { close(descriptor) }
    var before = stat()
    guard fstat(descriptor, &before) == 0 else { return .gone }
    guard before.st_mode & S_IFMT == S_IFREG else {
      return .notAFile(sentence: OddFile.sentence(before.st_mode))
    }
    if WriterCheck.hasWriter(descriptor) { return .busy }
    return read(descriptor, path, before, arrivedAt)
  }

  private func unopened(_ path: String, _ number: Int32, _ arrivedAt: Double) -> Inspection {
    var status = stat()
    guard lstat(path, &status) == 0 else { return .gone }
    guard status.st_mode & S_IFMT == S_IFREG else {
      return .notAFile(sentence: OddFile.sentence(status.st_mode))
    }
    let place = Self.place(path, status)
    let reason = "unreadable: \(String(cString: strerror(number))); make it readable for the archive's user"
    return .ready(
      NewFrame(place: place, sha256: nil, state: "quarantined", reason: reason, arrivedAt: arrivedAt))
  }

  private func read(_ descriptor: Int32, _ path: String, _ before: stat, _ arrivedAt: Double) -> Inspection {
    var hash = SHA256()
    let structure: FileStructure
    let verdicts: [ChecksumVerdict]
    do {
      (structure, verdicts) = try FileStructure.readVerifying(descriptor: descriptor, hasWriter: false) {
        hash.update(bufferPointer: $0)
      }
    } catch {
      let frame = NewFrame(
        place: Self.place(path, before), sha256: nil, state: "quarantined",
        reason: "unreadable: \(error.message)",
        arrivedAt: arrivedAt)
      return Self.agrees(descriptor, path, before) ? .ready(frame) : .changed
    }
    guard Self.agrees(descriptor, path, before) else { return .changed }
    var frame = NewFrame(
      place: Self.place(path, before), sha256: Self.hexadecimal(hash.finalize()), state: "received",
      reason: nil,
      headers: structure.hdus.map { .init(name: $0.name, text: $0.header.text) }, arrivedAt: arrivedAt)
    return judge(&frame, structure, verdicts)
  }

  private func judge(
    _ frame: inout NewFrame, _ structure: FileStructure, _ verdicts: [ChecksumVerdict]
  ) -> Inspection {
    var note: String?
    switch structure.completeness {
    case .complete: break
    case .trailingBytes(let count): note = "\(count) bytes follow the last HDU and belong to none"
    case .stillGrowing(let have, let need):
      describe(&frame, structure, keepState: true)
      return incomplete(&frame, "truncated: \(have) of at least \(need) bytes")
    case .truncated(let have, let need, let place):
      // What its header says is worth knowing: a readout that is damaged is a read that is missing.
      describe(&frame, structure, keepState: true)
      return incomplete(
        &frame,
        have == 0
          ? "empty file: 0 bytes, nothing was ever written"
          : "truncated: \(have) of at least \(need) bytes, in \(place); send the file again")
    case .notFITS(let reason):
      quarantine(&frame, "not FITS: \(reason)")
      return .ready(frame)
    }
    let isDataOnly = describer.checksumRule(headers: structure.hdus.map(\.header)) == .dataOnly
    if let wrong = verdicts.first(where: {
      $0.datasum == .wrong || $0.checksum == .wrong && !(isDataOnly && $0.datasum == .correct)
    }) {
      let name = wrong.hdu < structure.hdus.count ? structure.hdus[wrong.hdu].name : ""
      let keyword = wrong.datasum == .wrong ? "DATASUM" : "CHECKSUM"
      quarantine(
        &frame,
        "bad checksum: \(keyword) of HDU \(wrong.hdu)\(name.isEmpty ? "" : " (\(name))") does not "
          + "match its bytes; send the file again")
      describe(&frame, structure, keepState: true)
      return .ready(frame)
    }
    describe(&frame, structure, keepState: false)
    if frame.reason == nil { frame.reason = note }
    return .ready(frame)
  }

  private func incomplete(_ frame: inout NewFrame, _ reason: String) -> Inspection {
    quarantine(&frame, reason)
    return .incomplete(asIs: frame)
  }

  private func quarantine(_ frame: inout NewFrame, _ reason: String) {
    frame.state = "quarantined"
    frame.reason = reason
  }

  private func describe(_ frame: inout NewFrame, _ structure: FileStructure, keepState: Bool) {
    let described = describer.describe(
      headers: structure.hdus.map(\.header), shape: FrameShape(structure.hdus))
    frame.description = described.description
    if keepState { return }
    frame.state = described.state
    frame.reason = described.reason
  }

  /// The descriptor before and after, and the path, are one and the same unchanged file.
  private static func agrees(_ descriptor: Int32, _ path: String, _ before: stat) -> Bool {
    var after = stat()
    var named = stat()
    guard fstat(descriptor, &after) == 0, lstat(path, &named) == 0 else { return false }
    return same(before, after) && same(before, named)
  }

  private static func same(_ a: stat, _ b: stat) -> Bool {
    a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size
      && TreeScan.nanoseconds(a.st_mtim) == TreeScan.nanoseconds(b.st_mtim)
  }

  static func place(_ path: String, _ status: stat) -> NewFrame.Place {
    let entry = TreeScan.entry(path, status)
    return NewFrame.Place(
      path: path, device: entry.device, inode: entry.inode, bytes: entry.bytes,
      modifiedNanoseconds: entry.modifiedNanoseconds, changedNanoseconds: entry.changedNanoseconds)
  }

  static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(64)
    for byte in digest {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
