import FITSStructure
import Foundation

/// A frame with light on it that should not be there: what makes a bad calibration.
enum LightLeak {
  /// Copies a frame and adds `light` to every pixel of its float32 `SCI`.
  static func copy(_ path: String, to target: String, adding light: Float) throws {
    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    defer { try? handle.close() }
    let structure = try FileStructure.read(descriptor: handle.fileDescriptor, hasWriter: false)
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    for hdu in structure.hdus where hdu.name == "SCI" && hdu.bitpix == -32 {
      let start = Int(hdu.dataOffset)
      for offset in stride(from: start, to: start + Int(hdu.dataBytes), by: 4) {
        let bits = data[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let lit = (Float(bitPattern: bits) + light).bitPattern
        for i in 0..<4 { data[offset + i] = UInt8(truncatingIfNeeded: lit >> UInt32(24 - 8 * i)) }
      }
      forgetChecksums(&data, Int(hdu.headerOffset)..<start)
    }
    try data.write(to: URL(fileURLWithPath: target))
  }

  private static func forgetChecksums(_ data: inout Data, _ header: Range<Int>) {
    for card in stride(from: header.lowerBound, to: header.upperBound, by: FITSEditor.record) {
      let keyword = String(decoding: data[card..<card + 8], as: UTF8.self)
      guard keyword == "CHECKSUM" || keyword == "DATASUM " else { continue }
      data.replaceSubrange(card..<card + 8, with: Data("COMMENT ".utf8))
    }
  }
}
