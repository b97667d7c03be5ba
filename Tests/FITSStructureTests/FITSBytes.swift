import FITSStructure
import Foundation
import Glibc

/// Hand-made FITS bytes, independent of the code under test.
enum FITSBytes {
  static func record(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    return Array((bytes + [UInt8](repeating: 0x20, count: max(0, 80 - bytes.count))).prefix(80))
  }

  static func header(_ records: [String], end: Bool = true) -> [UInt8] {
    padded(records.flatMap(record) + (end ? record("END") : []), with: 0x20)
  }

  static func padded(_ bytes: [UInt8], with fill: UInt8 = 0) -> [UInt8] {
    bytes + [UInt8](repeating: fill, count: (2880 - bytes.count % 2880) % 2880)
  }

  static func primary(_ more: [String] = [], bitpix: Int = 8, axes: [Int] = []) -> [UInt8] {
    let shape = axes.enumerated().map { "NAXIS\($0.offset + 1)  = \($0.element)" }
    return header(["SIMPLE  = T", "BITPIX  = \(bitpix)", "NAXIS   = \(axes.count)"] + shape + more)
  }

  static func image(_ more: [String] = [], bitpix: Int, axes: [Int]) -> [UInt8] {
    let shape = axes.enumerated().map { "NAXIS\($0.offset + 1)  = \($0.element)" }
    return header(
      ["XTENSION= 'IMAGE   '", "BITPIX  = \(bitpix)", "NAXIS   = \(axes.count)"] + shape + [
        "PCOUNT  = 0", "GCOUNT  = 1",
      ] + more)
  }

  static func data(_ count: Int) -> [UInt8] {
    padded((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) })
  }

  /// Two HDUs, the second an image of 8 x 5 16-bit pixels named SCI.
  static var twoHDUs: [UInt8] {
    primary(["OBJECT  = 'M 31'"]) + image(["EXTNAME = 'SCI'", "EXTVER  = 3"], bitpix: 16, axes: [8, 5])
      + data(80)
  }
}

/// Bytes behind a descriptor that belongs to no name.
final class MemoryFile {
  let descriptor: Int32

  init(_ bytes: [UInt8]) throws {
    let directory = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm/" : NSTemporaryDirectory()
    var name = Array((directory + "irisarchive-XXXXXX").utf8CString)
    descriptor = mkstemp(&name)
    unlink(name)
    guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress! + offset, bytes.count - offset, off_t(offset))
      }
      guard count > 0 else { throw POSIXError(.EIO) }
      offset += count
    }
  }

  deinit { close(descriptor) }

  func structure(hasWriter: Bool = false, limits: Limits = .init()) throws -> FileStructure {
    try FileStructure.read(descriptor: descriptor, hasWriter: hasWriter, limits: limits)
  }

  /// The structure in one pass, the verdicts, and the bytes that were shown.
  func verified(limits: Limits = .init()) throws -> (FileStructure, [ChecksumVerdict], [UInt8]) {
    var seen: [UInt8] = []
    let (structure, verdicts) = try FileStructure.readVerifying(
      descriptor: descriptor, hasWriter: false, limits: limits
    ) { seen.append(contentsOf: $0) }
    return (structure, verdicts, seen)
  }
}

/// splitmix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
