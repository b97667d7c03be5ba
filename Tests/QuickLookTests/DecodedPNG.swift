import CZlib

/// A grey PNG read by another way than it was written: chunk by chunk, its check sums compared.
struct DecodedPNG {
  var width = 0
  var height = 0
  var rows: [[UInt8]] = []
  var transparentGrey: Int?
  var texts: [String: String] = [:]

  struct Broken: Error { let what: String }

  init(_ bytes: [UInt8]) throws {
    guard Array(bytes.prefix(8)) == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] else {
      throw Broken(what: "signature")
    }
    var data: [UInt8] = []
    var last = ""
    var at = 8
    while at + 12 <= bytes.count {
      let length = Self.number(bytes[at..<at + 4])
      last = String(decoding: bytes[at + 4..<at + 8], as: UTF8.self)
      let body = Array(bytes[at + 8..<at + 8 + length])
      let sum = crc32(0, Array(bytes[at + 4..<at + 8 + length]), uInt(length + 4))
      guard Int(sum) == Self.number(bytes[at + 8 + length..<at + 12 + length]) else {
        throw Broken(what: "check sum of \(last)")
      }
      if last == "IDAT" { data += body } else { try read(last, body) }
      at += 12 + length
    }
    guard last == "IEND", at == bytes.count else { throw Broken(what: "end") }
    try unpack(data)
  }

  private mutating func read(_ type: String, _ body: [UInt8]) throws {
    switch type {
    case "IHDR":
      (width, height) = (Self.number(body[0..<4]), Self.number(body[4..<8]))
      guard body[8...] == [8, 0, 0, 0, 0] else { throw Broken(what: "no 8-bit grey picture") }
    case "tRNS": transparentGrey = Self.number(body[0..<2])
    case "tEXt":
      let parts = body.split(separator: 0, maxSplits: 1).map { String(decoding: $0, as: UTF8.self) }
      texts[parts[0]] = parts[1]
    default: break
    }
  }

  private mutating func unpack(_ data: [UInt8]) throws {
    var raw = [UInt8](repeating: 0, count: (width + 1) * height)
    var count = uLong(raw.count)
    guard uncompress(&raw, &count, data, uLong(data.count)) == Z_OK, Int(count) == raw.count else {
      throw Broken(what: "data")
    }
    for y in 0..<height {
      let row = raw[y * (width + 1)..<(y + 1) * (width + 1)]
      guard row.first == 0 else { throw Broken(what: "filter") }
      rows.append(Array(row.dropFirst()))
    }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
}
