import FITSStructure
import Glibc
import Testing

@Suite struct StructureTests {
  private func read(_ bytes: [UInt8], hasWriter: Bool = false, limits: Limits = .init()) throws
    -> FileStructure
  {
    try MemoryFile(bytes).structure(hasWriter: hasWriter, limits: limits)
  }

  @Test func extentsOfTwoHDUs() throws {
    let found = try read(FITSBytes.twoHDUs)
    #expect(found.completeness == .complete)
    #expect(found.hdus.map(\.headerOffset) == [0, 2880])
    #expect(found.hdus.map(\.dataOffset) == [2880, 5760])
    #expect(found.hdus.map(\.dataBytes) == [0, 80])
    #expect(found.hdus.map(\.endOffset) == [2880, 8640])
    #expect(found.hdus.map(\.name) == ["", "SCI"])
    #expect(found.hdus[1].version == 3)
    #expect(found.hdus[1].axes == [8, 5])
    #expect(found.hdus[1].bitpix == 16)
    #expect(found.hdus[1].xtension == "IMAGE")
    #expect(found.hdus[0].header.cards.last == Card("OBJECT", "M 31"))
    #expect(found.fileBytes == 8640)
    #expect(!found.isGzipped)
  }

  @Test func tablesCountTheirHeapAndGroupsTheirParameters() throws {
    let table = FITSBytes.header([
      "XTENSION= 'BINTABLE'", "BITPIX  = 8", "NAXIS   = 2", "NAXIS1  = 10", "NAXIS2  = 3", "PCOUNT  = 5000",
      "GCOUNT  = 1", "TFIELDS = 1", "ZIMAGE  = T",
    ])
    let found = try read(FITSBytes.primary() + table + FITSBytes.data(5030))
    #expect(found.completeness == .complete)
    #expect(found.hdus[1].dataBytes == 5030)
    #expect(found.hdus[1].isCompressedImage)
    let groups = FITSBytes.primary(
      ["GROUPS  = T", "PCOUNT  = 6", "GCOUNT  = 100"], bitpix: -32, axes: [0, 4, 3])
    let grouped = try read(groups + FITSBytes.data(4 * 100 * (6 + 12)))
    #expect(grouped.completeness == .complete)
    #expect(grouped.hdus[0].dataBytes == 7200)
    let noGroups = try read(
      FITSBytes.primary(["PCOUNT  = 6", "GCOUNT  = 100"], bitpix: -32, axes: [0, 4, 3]))
    #expect(noGroups.hdus[0].dataBytes == 0)
  }

  @Test func everyCutIsNoticed() throws {
    let whole = FITSBytes.twoHDUs
    for cut in stride(from: 1, to: whole.count, by: 37) where cut != 2880 {
      let found = try read(Array(whole[..<cut]))
      guard case .truncated(let have, let need, let place) = found.completeness else {
        Issue.record("cut at \(cut): \(found.completeness)")
        continue
      }
      #expect(have == UInt64(cut))
      #expect(need > have && need <= UInt64(whole.count))
      let expected =
        cut < 2880
        ? "header (no END) of HDU 0"
        : cut < 5760
          ? "header (no END) of HDU 1"
          : cut < 5840 ? "data of HDU 1" : "padding of HDU 1"
      #expect(place == expected)
      let growing = try read(Array(whole[..<cut]), hasWriter: true)
      #expect(growing.completeness == .stillGrowing(have: have, need: need))
    }
    #expect(try read([]).completeness == .notFITS(reason: "the file is empty"))
    #expect(try read([], hasWriter: true).completeness == .stillGrowing(have: 0, need: 2880))
    #expect(try read(Array(whole[..<2880])).completeness == .complete)
  }

  @Test func trailingBytes() throws {
    let whole = FITSBytes.twoHDUs
    #expect(try read(whole + [UInt8](repeating: 0, count: 2880)).completeness == .trailingBytes(2880))
    #expect(try read(whole + Array("XTENSIOX".utf8)).completeness == .trailingBytes(8))
    #expect(try read(whole + [0x20]).completeness == .trailingBytes(1))
    let cut = try read(whole + Array("XTENS".utf8)).completeness
    #expect(cut == .truncated(have: 8645, need: 11520, where: "header (no END) of HDU 2"))
  }

  @Test func notFITS() throws {
    let text = try read(Array("hello, this is a text named .fits\n".utf8))
    #expect(text.completeness == .notFITS(reason: "the file does not begin with SIMPLE: it is text"))
    #expect(try read([UInt8](repeating: 0, count: 5000)).hdus.isEmpty)
    for header in [
      FITSBytes.primary(bitpix: 7), FITSBytes.primary(axes: [-1]), FITSBytes.header(["SIMPLE  = T"]),
      FITSBytes.header(["SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 1000"]),
      FITSBytes.header(["SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 2", "NAXIS1  = 4"]),
      FITSBytes.primary(bitpix: 64, axes: [3_000_000_000, 3_000_000_000]),
      FITSBytes.primary(bitpix: 64, axes: [Int.max]),
    ] {
      guard case .notFITS(let reason) = try read(header).completeness else {
        Issue.record("accepted \(String(decoding: header.prefix(400), as: UTF8.self))")
        continue
      }
      #expect(reason.hasPrefix("HDU 0 at byte 0: "))
    }
  }

  @Test func headersAreBounded() throws {
    let endless = FITSBytes.header([String](repeating: "COMMENT x", count: 2000), end: false)
    let start = FITSBytes.record("SIMPLE  = T")
    let limited = try read(start + endless, limits: Limits(maxCardsPerHeader: 1000))
    guard case .notFITS(let reason) = limited.completeness else { return #expect(Bool(false)) }
    #expect(reason.contains("no END"))
    var many = FITSBytes.primary()
    for _ in 0..<20 { many += FITSBytes.image(bitpix: 8, axes: []) }
    #expect(try read(many).hdus.count == 21)
    let few = try read(many, limits: Limits(maxHDUs: 5))
    #expect(few.hdus.count == 5)
    #expect(few.completeness == .notFITS(reason: "it has more than 5 HDUs"))
  }

  @Test func longHeadersAndGarbageAfterEND() throws {
    var header = FITSBytes.header(
      ["SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 0"] + (0..<100).map { "KEY\($0)    = \($0)" })
    let end = header.count - 2880 + 80 * (104 % 36)
    for i in end..<header.count { header[i] = 0xFF }
    let found = try read(header)
    #expect(found.completeness == .complete)
    #expect(found.hdus[0].header.cards.count == 103)
  }

  @Test func onlyRegularFiles() {
    let directory = open("/", O_RDONLY)
    defer { close(directory) }
    #expect(throws: FITSStructureError.self) {
      try FileStructure.read(descriptor: directory, hasWriter: false)
    }
    #expect(throws: FITSStructureError.self) { try FileStructure.read(descriptor: -1, hasWriter: false) }
  }

  @Test func filesBeyondOneChunk() throws {
    let axes = [1500, 1000]
    var bytes = FITSBytes.primary()
    for name in ["SCI", "ERR"] {
      bytes += FITSBytes.image(["EXTNAME = '\(name)'"], bitpix: 16, axes: axes) + FITSBytes.data(3_000_000)
    }
    let file = try MemoryFile(bytes)
    let skipped = try file.structure()
    let (read, verdicts, seen) = try file.verified()
    #expect(seen == bytes)
    #expect(skipped.completeness == .complete)
    #expect(read.completeness == .complete)
    #expect(skipped.hdus.map(\.endOffset) == read.hdus.map(\.endOffset))
    #expect(skipped.hdus.map(\.header) == read.hdus.map(\.header))
    #expect(verdicts.map(\.checksum) == [.absent, .absent, .absent])
  }
}
