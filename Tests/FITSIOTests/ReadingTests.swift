import CCFITSIO
import FITSIO
import FITSStructure
import Foundation
import Testing

/// Files made by CFITSIO itself, read through this room.
@Suite struct ReadingTests {
  /// Creates a file with CFITSIO; every call's status is checked at the end.
  private func make(_ path: String, _ body: (UnsafeMutablePointer<fitsfile>, inout Int32) -> Void) throws
    -> String
  {
    var file: UnsafeMutablePointer<fitsfile>?
    var status: Int32 = 0
    ffdkinit(&file, path, &status)
    let open = try #require(file)
    body(open, &status)
    ffclos(open, &status)
    #expect(status == 0)
    return path
  }

  private static let count = 40 * 30

  @Test func everyBitpixWithScaling() throws {
    let scratch = try Scratch()
    let values = (0..<Self.count).map { Double($0 % 100) }
    for (bitpix, scale, zero) in [
      (8, 1.0, 0.0), (16, 1, 0), (32, 1, 0), (64, 1, 0), (-32, 1, 0), (-64, 1, 0), (16, 0.5, 10), (8, 2, -3),
      (-32, 3, 1), (32, 0.25, 100),
    ] {
      let path = try make(scratch.path("s\(bitpix)_\(scale).fits")) { file, status in
        var axes = [40, 30]
        var stored = values
        ffcrim(file, Int32(bitpix), 2, &axes, &status)
        ffppr(file, TDOUBLE, 1, Int64(Self.count), &stored, &status)
        if scale != 1 || zero != 0 {
          ffukyd(file, "BSCALE", scale, -15, nil, &status)
          ffukyd(file, "BZERO", zero, -15, nil, &status)
        }
      }
      let file = try FITSFile(reading: path)
      let expected = values.map { $0 * scale + zero }
      #expect(try file.pixels(of: 0, as: Double.self) == expected, "BITPIX \(bitpix)")
      #expect(try file.pixels(of: 0, as: Float.self) == expected.map { Float($0) }, "BITPIX \(bitpix)")
      #expect(try file.image(of: 0).scaled == (scale != 1))
      if scale == 1 {
        #expect(try file.pixels(of: 0, as: UInt32.self) == values.map { UInt32($0) })
        #expect(try file.pixels(of: 0, as: UInt8.self) == values.map { UInt8($0) })
        #expect(try file.pixels(of: 0, as: Int64.self) == values.map { Int64($0) })
      }
    }
  }

  /// The least number of 32 bits as BZERO has no absolute value among them.
  @Test(arguments: [8, 16]) func theLeastOffset(bitpix: Int) throws {
    let scratch = try Scratch()
    let values = (0..<Self.count).map { Double($0 % 100) }
    let path = try make(scratch.path("least.fits")) { file, status in
      var axes = [40, 30]
      var stored = values
      ffcrim(file, Int32(bitpix), 2, &axes, &status)
      ffppr(file, TDOUBLE, 1, Int64(Self.count), &stored, &status)
      ffukyd(file, "BSCALE", 1, -15, nil, &status)
      ffukyd(file, "BZERO", Double(Int32.min), -15, nil, &status)
    }
    let file = try FITSFile(reading: path)
    let expected = values.map { $0 + Double(Int32.min) }
    #expect(try file.pixels(of: 0, as: Double.self) == expected)
    #expect(try file.pixels(of: 0, as: Float.self) == expected.map { Float($0) })
  }

  /// A few columns of some rows, of a plain file and of a compressed one.
  @Test(arguments: [false, true]) func runsAtEqualDistances(compressed: Bool) throws {
    let scratch = try Scratch()
    let values = (0..<Self.count).map { Double($0) }
    let path = try make(scratch.path("runs.fits")) { file, status in
      var axes = [40, 30]
      var stored = values.map { UInt16($0) }
      if compressed { fits_set_compression_type(file, RICE_1, &status) }
      ffcrim(file, USHORT_IMG, 2, &axes, &status)
      ffppr(file, TUSHORT, 1, Int64(Self.count), &stored, &status)
    }
    let file = try FITSFile(reading: path)
    let hdu = try file.hduCount() - 1
    func runs(_ first: Int, _ length: Int, _ distance: Int, _ count: Int) throws -> [Float] {
      var pixels = [Float](repeating: -1, count: length * count)
      try pixels.withUnsafeMutableBufferPointer {
        try file.readPixels(of: hdu, into: $0, startingAt: first, runsOf: length, every: distance)
      }
      return pixels
    }
    let found = try runs(7, 4, 40, 30)
    #expect(found == (0..<30).flatMap { y in (7..<11).map { Float(y * 40 + $0) } })
    #expect(throws: FITSError.self) { try runs(37, 4, 40, 30) }
    #expect(throws: FITSError.self) { try runs(0, 5, 4, 3) }
  }

  @Test func unsignedConventions() throws {
    let scratch = try Scratch()
    for (type, imageType, top) in [
      (PixelType.uint16, USHORT_IMG, 65_535.0), (.uint32, ULONG_IMG, 4_294_967_295),
    ] {
      let path = try make(scratch.path("\(type).fits")) { file, status in
        var axes = [4]
        var values = [0, 1, 30_000, top]
        ffcrim(file, imageType, 1, &axes, &status)
        ffppr(file, TDOUBLE, 1, 4, &values, &status)
      }
      let file = try FITSFile(reading: path)
      #expect(try file.image(of: 0).storedType == type)
      #expect(try file.pixels(of: 0, as: Double.self) == [0, 1, 30_000, top])
      #expect(try file.pixels(of: 0, as: UInt32.self) == [0, 1, 30_000, UInt32(top)])
      #expect(throws: FITSError.self) { try file.pixels(of: 0, as: Int16.self) }  // does not fit
    }
  }

  @Test func blankBecomesNaN() throws {
    let scratch = try Scratch()
    let path = try make(scratch.path("b.fits")) { file, status in
      var axes = [4]
      var values: [Int16] = [1, -99, 3, 4]
      ffcrim(file, SHORT_IMG, 1, &axes, &status)
      ffppr(file, TSHORT, 1, 4, &values, &status)
      ffukyj(file, "BLANK", -99, nil, &status)
    }
    let file = try FITSFile(reading: path)
    let floats: [Float] = try file.pixels(of: 0)
    #expect(floats[1].isNaN && floats[0] == 1 && floats[3] == 4)
    let doubles: [Double] = try file.pixels(of: 0)
    #expect(doubles[1].isNaN && doubles[2] == 3)
    #expect(try file.image(of: 0).blank == -99)
  }

  @Test func compressedAndGzipped() throws {
    let scratch = try Scratch()
    let values = (0..<Self.count).map { UInt16($0 % 1000) }
    for (name, code) in [("rice", RICE_1), ("gzip", GZIP_2)] {
      let path = try make(scratch.path("\(name).fits")) { file, status in
        var axes = [40, 30]
        var pixels = values
        fits_set_compression_type(file, code, &status)
        ffcrim(file, USHORT_IMG, 2, &axes, &status)
        ffppr(file, TUSHORT, 1, Int64(Self.count), &pixels, &status)
        ffukys(file, "OBJECT", "tiled", nil, &status)
      }
      let file = try FITSFile(reading: path)
      let image = try file.image(of: 1)
      #expect(
        image.isCompressed && image.axes == [40, 30] && image.bitpix == 16 && image.storedType == .uint16)
      #expect(try file.pixels(of: 1) == values)
      #expect(try file.pixels(of: 1) == values.map { Float($0) })
      let cards = try file.imageCards(of: 1)
      #expect(cards.first { $0.keyword == "NAXIS1" }?.integer == 40)
      #expect(cards.first { $0.keyword == "OBJECT" }?.string == "tiled")
      #expect(try file.cards(of: 1).contains { $0.keyword == "ZIMAGE" })
      #expect(try structure(path).0.hdus[1].isCompressedImage)
    }
    let plain = try WriterTests.product(scratch.path("p.fits")).path
    let sci: [Double] = try FITSFile(reading: plain).pixels(of: 4)
    #expect(try Judge.run("/usr/bin/gzip", ["-k", plain]).status == 0)
    let zipped = try FITSFile(reading: plain + ".gz")
    #expect(try zipped.pixels(of: 4) == sci)
    let table = try FITSFile(reading: plain).table(of: 10)
    #expect(try zipped.table(of: 10).columns.prefix(3) == table.columns.prefix(3))
  }

  /// CFITSIO refuses to read runs of pixels out of a compressed image of four axes.
  @Test func compressedImagesOfFourAxes() throws {
    let scratch = try Scratch()
    let axes = [7, 5, 3, 2]
    let values = (0..<210).map { UInt16(300 * $0) }
    let plain = scratch.path("plain.fits")
    var writer = try FITSWriter(path: plain)
    try writer.appendPrimary(Header())
    try values.withUnsafeBufferPointer {
      try writer.appendImage(Header(), name: "SCI", axes: axes, pixels: $0)
    }
    _ = try writer.commit()
    for packing in [TilePacking.rice, .gzip] {
      let path = scratch.path("\(packing).fits")
      try FITSFile.pack(plain, image: 1, as: packing, to: path)
      let file = try FITSFile(reading: path)
      #expect(try file.image(of: 1).isCompressed)
      #expect(try file.pixels(of: 1) == values)
      #expect(try file.pixels(of: 1) == values.map { Float($0) })
      for run in [0..<1, 3..<9, 30..<70, 34..<36, 6..<209, 105..<210, 41..<176] {
        var part = [UInt16](repeating: 0, count: run.count)
        try part.withUnsafeMutableBufferPointer {
          try file.readPixels(of: 1, into: $0, startingAt: run.lowerBound)
        }
        #expect(part == Array(values[run]), "\(run)")
      }
      #expect(try file.verifyChecksums().allSatisfy { $0.checksum == .correct && $0.datasum == .correct })
    }
    let thrown = #expect(throws: FITSError.self) {
      try FITSFile.pack(plain, image: 1, as: .rice, to: plain)
    }
    #expect(thrown?.code == "already-exists")
  }

  @Test func namesMeanExactlyTheirFile() throws {
    let scratch = try Scratch()
    let plain = try WriterTests.product(scratch.path("x.fits")).path
    #expect(try Judge.run("/usr/bin/gzip", [plain]).status == 0)
    func code(_ path: String) -> String? {
      do {
        _ = try FITSFile(reading: path)
        return nil
      } catch { return error.code }
    }
    #expect(code(plain) == "open-failed")  // only x.fits.gz is there
    #expect(code(plain + ".gz") == nil)
    #expect(code(scratch.folder) == "not-regular")
    #expect(code(scratch.path("a") + String(repeating: "/./", count: 2000)) == "open-failed")
    let odd = scratch.path(" ~x[1]\n';.fits")
    _ = try WriterTests.product(odd)
    #expect(code(odd) == nil)
    let deep = scratch.folder + String(repeating: "/.", count: 600) + "/ ~x[1]\n';.fits"
    #expect(deep.utf8.count > 1024 && code(deep) == nil)
    #expect(code(try scratch.write(Array("not FITS".utf8), "t.fits")) == "not-fits")
  }

  @Test func throughADescriptor() throws {
    let scratch = try Scratch()
    let path = try WriterTests.product(scratch.path("p.fits")).path
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    unlink(path)
    let file = try FITSFile(readingDescriptor: descriptor)
    #expect(try file.pixels(of: 8, as: UInt8.self)[7] == 7)
  }

  @Test func errorsSayWhere() throws {
    let scratch = try Scratch()
    let path = try WriterTests.product(scratch.path("p.fits")).path
    let file = try FITSFile(reading: path)
    func error(_ body: () throws -> Void) -> FITSError? {
      do {
        try body()
        return nil
      } catch { return error as? FITSError }
    }
    #expect(error { _ = try file.cards(of: 99) }?.code == "no-such-hdu")
    #expect(error { _ = try file.cards(of: -1) }?.code == "no-such-hdu")
    #expect(error { _ = try file.image(of: 10) }?.code == "not-an-image")
    #expect(error { _ = try file.table(of: 1) }?.code == "not-a-table")
    #expect(error { _ = try file.table(of: 1) }?.subject == "\(path), HDU 1")
    var pixels = [Float](repeating: 0, count: 10)
    #expect(
      error {
        try pixels.withUnsafeMutableBufferPointer {
          try file.readPixels(of: 1, into: $0, startingAt: 37 * 21 - 9)
        }
      }?.code == "out-of-range")
    let cut = try scratch.write(
      Array(try Data(contentsOf: URL(fileURLWithPath: path)).prefix(7000)), "cut.fits")
    let short = try FITSFile(reading: cut)
    #expect(error { _ = try short.pixels(of: 1, as: Float.self) }?.code == "truncated")
  }

  @Test func changesInPlace() throws {
    let scratch = try Scratch()
    let path = try WriterTests.product(scratch.path("p.fits")).path
    let longText = String(repeating: "a long 'quoted' text; ", count: 10) + "end"
    let file = try FITSFile(updating: path)
    try file.setCard(Card("OBJECT", "M 33", comment: "changed"), of: 0)
    try file.setCard(Card("ESO DET X", 6, comment: "changed"), of: 0)
    try file.setCard(Card("NEWKEY", 2.5), of: 1)
    try file.setCard(Card("LONGTEXT", longText), of: 0)
    try file.setCard(Card("LONGNEW", longText), of: 0)
    try file.setCard(.commentary("HISTORY", "changed"), of: 0)
    #expect(try file.pixels(of: 8, as: UInt8.self)[9] == 9)
    try file.updateChecksums()
    try file.close()
    let (found, verdicts, _) = try structure(path)
    #expect(found.completeness == .complete)
    #expect(verdicts.allSatisfy { $0.checksum == .correct && $0.datasum == .correct })
    let header = Header(found.hdus[0].header.cards)
    #expect(header.card("OBJECT") == Card("OBJECT", "M 33", comment: "changed"))
    #expect(header.cards.filter { $0.keyword == "ESO DET X" }.map(\.integer) == [6])
    #expect(header.string("LONGTEXT") == longText && header.string("LONGNEW") == longText)
    #expect(header.cards.last { $0.keyword == "HISTORY" }?.comment == "changed")
    #expect(Header(found.hdus[1].header.cards).double("NEWKEY") == 2.5)
  }

  @Test func columnsOfEveryKind() throws {
    let scratch = try Scratch()
    let names = [
      "I16", "U16", "SCALED", "VEC", "BITS", "NAMES", "VAR", "CPLX", "BYTE", "NULLS", "U64", "VARD",
    ]
    let forms = ["1I", "1I", "1I", "3E", "10X", "12A4", "1PJ(3)", "1C", "1B", "1J", "1K", "1PD(3)"]
    let path = try make(scratch.path("t.fits")) { file, status in
      var types: [UnsafeMutablePointer<CChar>?] = names.map { strdup($0) }
      var formats: [UnsafeMutablePointer<CChar>?] = forms.map { strdup($0) }
      defer { for string in types + formats { free(string) } }
      ffcrtb(file, BINARY_TBL, 2, Int32(names.count), &types, &formats, nil, "KINDS", &status)
      ffpkyj(file, "TZERO2", 32_768, nil, &status)
      ffpkyd(file, "TSCAL3", 0.5, -15, nil, &status)
      ffpkyd(file, "TZERO3", 10, -15, nil, &status)
      ffpkyj(file, "TNULL10", -1, nil, &status)
      ffprec(file, "TZERO11 =  9223372036854775808", &status)
      ffrdef(file, &status)
      func doubles(_ column: Int32, _ row: Int64, _ values: [Double]) {
        var copy = values
        ffpcld(file, column, row, 1, Int64(values.count), &copy, &status)
      }
      doubles(1, 1, [-5, 7])
      doubles(2, 1, [1, 65_535])
      doubles(3, 1, [11, 12.5])
      doubles(9, 1, [3, 255])
      doubles(10, 1, [-1, 8])
      doubles(4, 1, [1, 2, 3, 4, 5, 6])
      doubles(11, 1, [5, 6])
      doubles(12, 2, [0.5])
      var bits: [CChar] = [1, 0, 1, 0, 0, 0, 0, 0, 0, 1]
      ffpclx(file, 5, 2, 1, 10, &bits, &status)
      let words: [String] = ["ab", "cdef", "g", "h", "", "ij"]
      var strings: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
      ffpcls(file, 6, 1, 1, 6, &strings, &status)
      for string in strings { free(string) }
      var more: [Int32] = [7, 8, 9]
      ffpclk(file, 7, 1, 1, 3, &more, &status)
      var complex: [Float] = [1, 2, 3, 4]
      ffpclc(file, 8, 1, 1, 2, &complex, &status)
    }
    let table = try FITSFile(reading: path).table(of: 1)
    #expect(table["I16"]?.integers == [-5, 7])
    #expect(table["U16"]?.integers == [1, 65_535])
    #expect(table["SCALED"]?.doubles == [11, 12.5])
    #expect(table["VEC"]?.doubles == [1, 2, 3, 4, 5, 6] && table["VEC"]?.elementsPerRow == 3)
    #expect(
      table["BITS"]?.logicals?.suffix(10) == [
        true, false, true, false, false, false, false, false, false, true,
      ])
    #expect(
      table["NAMES"]?.strings == ["ab", "cdef", "g", "h", "", "ij"] && table["NAMES"]?.elementsPerRow == 3)
    #expect(table["VAR"]?.values == .integerArrays([[7, 8, 9], []]))
    #expect(table["VARD"]?.values == .doubleArrays([[], [0.5]]))
    #expect(table["CPLX"]?.doubles == [1, 2, 3, 4])
    #expect(table["BYTE"]?.integers == [3, 255])
    #expect(table["NULLS"]?.nullValue == -1 && table["NULLS"]?.doubles?[0].isNaN == true)
    #expect(table["U64"]?.doubles == [5, 6])
  }

  @Test func theLibraryIsTheOneWeKnow() {
    #expect(cfitsioVersion().split(separator: ".").count == 3)
    #expect(cfitsioVersion().hasPrefix("4.") || cfitsioVersion().hasPrefix("3."))
    #expect(cfitsioIsReentrant())
  }
}
