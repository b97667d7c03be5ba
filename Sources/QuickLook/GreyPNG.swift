import CPNG
import CZlib

/// Writes 8-bit grey PNG pictures with libpng.
enum GreyPNG {
  /// A picture as a file's bytes.
  ///
  /// - Parameters:
  ///   - pixels: `width * height` greys, top row first; 0 is transparent (and black where that is not known).
  ///   - texts: text chunks; printable ASCII is kept, other characters become `?`.
  /// - Throws: `QuickLookError` `encoding-failed`.
  static func encode(
    _ pixels: [UInt8], width: Int, height: Int, texts: [(keyword: String, text: String)], subject: String
  ) throws(QuickLookError) -> [UInt8] {
    var output = cpng_output()
    output.capacity = 1 << 20
    output.bytes = malloc(output.capacity)?.assumingMemoryBound(to: UInt8.self)
    if output.bytes == nil { output.capacity = 0 }
    defer { free(output.bytes) }
    let status = withStrings(texts.map(\.keyword)) { keywords in
      withStrings(texts.map(\.text)) { values in
        // Noise hardly compresses: level 1 with runs only is as small as level 6 within some per cent.
        cpng_write_grey(
          pixels, UInt32(width), UInt32(height), keywords, values, Int32(texts.count), 1, Z_RLE,
          PNG_FILTER_NONE, &output)
      }
    }
    guard status == 0 else {
      let why = withUnsafeBytes(of: output.message) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      throw QuickLookError("encoding-failed", "the picture cannot be made: \(why)", subject: subject)
    }
    return Array(UnsafeBufferPointer(start: output.bytes, count: output.count))
  }

  private static func withStrings<R>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> R
  ) -> R {
    var pointers = strings.map { UnsafePointer<CChar>?(strdup(ascii($0))) }
    defer { for pointer in pointers { free(UnsafeMutablePointer(mutating: pointer)) } }
    pointers.append(nil)
    return body(pointers)
  }

  private static func ascii(_ text: String) -> String {
    String(
      decoding: text.unicodeScalars.map { (32..<127).contains($0.value) ? UInt8($0.value) : 63 },
      as: UTF8.self)
  }
}
