import FITSIO
import FITSStructure
import Foundation
import Testing

@Suite struct WriterTests {
  /// A product with every kind of HDU the writer knows.
  static func product(_ path: String, observing: ((UnsafeRawBufferPointer) -> Void)? = nil) throws
    -> WrittenFile
  {
    var writer = try FITSWriter(path: path, observing: observing)
    let longText = String(repeating: "it's a long 'string' & more; ", count: 8) + "end"
    var header = Header([
      Card("OBJECT", "M 31", comment: "target"), Card("EXPTIME", 12.5, comment: "[s]"),
      Card("LONGTEXT", longText),
      Card("LONGPLAN", String(repeating: "without quotes & long; ", count: 8) + "end"),
      Card("ESO DET X", 5, comment: "HIERARCH"), Card("EMPTY", .undefined, comment: "no value"),
      Card("ACCENT", "Andr\u{E9}"), Card("BIG", .integer(.max)), Card("TINY", 1.2345678901234567e-300),
      .commentary("COMMENT", String(repeating: "long comment ", count: 12)), Card("CPLX", .complex(1.5, -2)),
      Card("OBJECT", "again"),
    ])
    header.append(history: "dark_current done")
    header.append(history: "flat_field done")
    try writer.appendPrimary(header)
    let axes = [37, 21]
    let count = axes[0] * axes[1]
    let unit = Header([Card("BUNIT", "adu/s")])
    try [Float](
      unsafeUninitializedCapacity: count,
      initializingWith: { buffer, n in
        for i in 0..<count { buffer[i] = i == 5 ? .nan : Float(i) * 0.37 - 100 }
        n = count
      }
    ).withUnsafeBufferPointer { try writer.appendImage(unit, name: "SCI", axes: axes, pixels: $0) }
    try (0..<count).map { UInt32(truncatingIfNeeded: $0 &* 2_654_435_761) }.withUnsafeBufferPointer {
      try writer.appendImage(Header([Card("EXTVER", 2)]), name: "DQ", axes: axes, pixels: $0)
    }
    try (0..<count).map { UInt16(truncatingIfNeeded: $0 &* 40_503) }.withUnsafeBufferPointer {
      try writer.appendImage(Header(), name: "SUBARR_MAP", axes: axes, pixels: $0)
    }
    try (0..<count).map { Double($0) * 1e-9 }.withUnsafeBufferPointer {
      try writer.appendImage(Header(), name: "COEFFS", axes: [37, 3, 7], pixels: $0)
    }
    try (0..<count).map { Int64($0) << 33 - 7 }.withUnsafeBufferPointer {
      try writer.appendImage(Header(), name: "I64", axes: [count], pixels: $0)
    }
    try (0..<count).map { Int32($0) * 1_000_003 }.withUnsafeBufferPointer {
      try writer.appendImage(Header(), name: "I32", axes: axes, pixels: $0)
    }
    try (0..<count).map { Int16(truncatingIfNeeded: $0 &* 977) }.withUnsafeBufferPointer {
      try writer.appendImage(Header(), name: "I16", axes: axes, pixels: $0)
    }
    try (0..<count).map { UInt8(truncatingIfNeeded: $0) }.withUnsafeBufferPointer {
      try writer.appendImage(Header(), name: "GROUPDQ", axes: axes, pixels: $0)
    }
    try writer.appendImage(
      Header(), name: "NOTHING", axes: [], pixels: UnsafeBufferPointer<Float>(start: nil, count: 0))
    try writer.appendTable(Header([Card("AUTHOR", "tests")]), name: "PROVENANCE", columns: columns)
    try writer.appendTable(Header(), name: "NOROWS", columns: [TableColumn("NAME", .strings([]))])
    return try writer.commit()
  }

  static let columns = [
    TableColumn("ROLE", .strings(["dark", "", "it's\nodd"])),
    TableColumn("NUMBER", .integers([1, -2, .max])),
    TableColumn("SHORT", .shortIntegers([7, -8, .min])),
    TableColumn("SECONDS", .doubles([0.1, -2e300, .nan]), unit: "s"),
    TableColumn("RATE", .floats([1.5, 2.5, -3.5]), unit: "adu/s"),
    TableColumn("FLAG", .logicals([true, false, nil])),
    TableColumn("PAIR", .doubles([1, 2, 3, 4, 5, 6]), elementsPerRow: 2),
  ]

  @Test func whatIsWrittenIsReadBack() throws {
    let scratch = try Scratch()
    let written = try Self.product(scratch.path("p.fits"))
    let file = try FITSFile(reading: written.path)
    #expect(try file.hduCount() == 12)
    let count = 37 * 21
    let sci: [Float] = try file.pixels(of: 1)
    #expect(sci[5].isNaN && sci[6] == 6 * 0.37 - 100 && sci[count - 1] == Float(count - 1) * 0.37 - 100)
    #expect(try file.pixels(of: 2) == (0..<count).map { UInt32(truncatingIfNeeded: $0 &* 2_654_435_761) })
    #expect(try file.pixels(of: 3) == (0..<count).map { UInt16(truncatingIfNeeded: $0 &* 40_503) })
    #expect(try file.pixels(of: 4) == (0..<count).map { Double($0) * 1e-9 })
    #expect(try file.pixels(of: 5) == (0..<count).map { Int64($0) << 33 - 7 })
    #expect(try file.pixels(of: 6) == (0..<count).map { Int32($0) * 1_000_003 })
    #expect(try file.pixels(of: 7) == (0..<count).map { Int16(truncatingIfNeeded: $0 &* 977) })
    #expect(try file.pixels(of: 8) == (0..<count).map { UInt8(truncatingIfNeeded: $0) })
    let image = try file.image(of: 2)
    #expect(image.axes == [37, 21] && image.storedType == .uint32 && image.scaled && image.bitpix == 32)
    #expect(try file.image(of: 1).unit == "adu/s")
    #expect(try file.image(of: 9).pixelCount == 0)
    #expect(try file.index(ofExtension: "dq") == 2)
    #expect(try file.index(ofExtension: "DQ", version: 2) == 2)
    #expect(try file.index(ofExtension: "DQ", version: 3) == nil)
    try file.close()
  }

  @Test func headersAreReadBack() throws {
    let scratch = try Scratch()
    let written = try Self.product(scratch.path("p.fits"))
    let file = try FITSFile(reading: written.path)
    let header = Header(try file.cards(of: 0))
    #expect(header.string("OBJECT") == "M 31")
    #expect(header.string("LONGTEXT")?.hasSuffix("more; end") == true)
    #expect(header.string("LONGTEXT")?.utf8.count == 29 * 8 + 3)
    #expect(header["ESO DET X"] == .integer(5))
    #expect(header["EMPTY"] == nil)  // kept as comments: what fitsverify warns of
    let comments = header.cards.filter { $0.keyword == "COMMENT" }.map(\.comment)
    #expect(comments.contains("EMPTY   =                      / no value"))
    #expect(comments.contains("OBJECT  = 'again   '"))
    #expect(header.string("ACCENT") == "Andr\\xE9")
    #expect(header.double("TINY") == 1.2345678901234567e-300)
    #expect(header["CPLX"] == .complex(1.5, -2))
    #expect(
      header.cards.filter { $0.keyword == "HISTORY" }.map(\.comment) == [
        "dark_current done", "flat_field done",
      ])
    #expect(
      comments.joined().contains(
        "comment long comment long comment long comment long comment long comment long "))
    for (hdu, text) in written.headerTexts.enumerated() { #expect(try file.cards(of: hdu) == text.cards) }
  }

  @Test func tablesAreReadBack() throws {
    let scratch = try Scratch()
    let path = try Self.product(scratch.path("p.fits")).path
    let file = try FITSFile(reading: path)
    let table = try file.table(of: 10)
    #expect(table.name == "PROVENANCE" && table.rowCount == 3)
    #expect(table.columns.map(\.format) == ["11A", "1K", "1J", "1D", "1E", "1L", "2D"])
    #expect(table["ROLE"]?.strings == ["dark", "", "it's\\x0Aodd"])
    #expect(table["NUMBER"]?.integers == [1, -2, .max])
    #expect(table["SHORT"]?.integers == [7, -8, Int64(Int32.min)])
    #expect(table["SECONDS"]?.unit == "s")
    let seconds = try #require(table["SECONDS"]?.doubles)
    #expect(seconds[0] == 0.1 && seconds[1] == -2e300 && seconds[2].isNaN)
    #expect(table["RATE"]?.doubles == [1.5, 2.5, -3.5])
    #expect(table["FLAG"]?.logicals == [true, false, nil])
    #expect(table["PAIR"]?.doubles == [1, 2, 3, 4, 5, 6])
    #expect(table["PAIR"]?.elementsPerRow == 2)
    #expect(try file.table(of: 11).rowCount == 0)
  }

  @Test func checksumsAreRightByBothReaders() throws {
    let scratch = try Scratch()
    let path = try Self.product(scratch.path("p.fits")).path
    let (found, verdicts, _) = try structure(path)
    #expect(found.completeness == .complete)
    #expect(verdicts.count == 12)
    #expect(verdicts.allSatisfy { $0.checksum == .correct && $0.datasum == .correct })
    #expect(try FITSFile(reading: path).verifyChecksums() == verdicts)
  }

  @Test func theObserverSeesTheFile() throws {
    let scratch = try Scratch()
    nonisolated(unsafe) var seen: [UInt8] = []
    let written = try Self.product(scratch.path("p.fits")) { seen.append(contentsOf: $0) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: written.path)) == Data(seen))
    #expect(written.bytes == UInt64(seen.count))
    let again = try Self.product(scratch.path("q.fits"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: again.path)) == Data(seen))
  }

  @Test func largeImagesPassThroughSeveralBuffers() throws {
    let scratch = try Scratch()
    let axes = [1201, 1003]
    let pixels = (0..<axes[0] * axes[1]).map { Float($0 % 7919) }
    let shorts = pixels.map { UInt16($0) }
    nonisolated(unsafe) var sum: UInt32 = 0
    var writer = try FITSWriter(
      path: scratch.path("l.fits"), observing: { sum = checksumAccumulate($0, into: sum) })
    try writer.appendPrimary(Header())
    try pixels.withUnsafeBufferPointer {
      try writer.appendImage(Header(), name: "SCI", axes: axes, pixels: $0)
    }
    try shorts.withUnsafeBufferPointer {
      try writer.appendImage(Header(), name: "RAW", axes: axes, pixels: $0)
    }
    let path = try writer.commit().path
    #expect(sum == 0 || sum == .max)
    let file = try FITSFile(reading: path)
    #expect(try file.pixels(of: 1) == pixels)
    #expect(try file.pixels(of: 2) == shorts)
    #expect(try file.pixels(of: 2, as: Double.self) == pixels.map { Double($0) })
    var part = [Float](repeating: 0, count: 1000)
    try part.withUnsafeMutableBufferPointer { try file.readPixels(of: 1, into: $0, startingAt: 200_000) }
    #expect(part == Array(pixels[200_000..<201_000]))
    #expect(
      try file.verifyChecksums().dropFirst().allSatisfy { $0.datasum == .correct && $0.checksum == .correct })
  }

  @Test func committingNeverReplacesUnlessTold() throws {
    let scratch = try Scratch()
    let path = try scratch.write([1, 2, 3], "p.fits")
    let error = #expect(throws: FITSError.self) { _ = try Self.product(path) }
    #expect(error?.code == "already-exists")
    #expect(try scratch.names() == ["p.fits"])
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1, 2, 3]))
    var writer = try FITSWriter(path: path)
    try writer.appendPrimary(Header())
    #expect(try scratch.names().count == 2)
    #expect(try writer.commit(replacing: true).bytes == 2880)
    #expect(try scratch.names() == ["p.fits"])
  }

  @Test func nothingIsLeftBehind() throws {
    let scratch = try Scratch()
    do {
      var writer = try FITSWriter(path: scratch.path("p.fits"), observing: { _ in })
      try writer.appendPrimary(Header())
      #expect(try scratch.names().first?.hasPrefix(".p.fits.") == true)
    }
    #expect(try scratch.names().isEmpty)
  }

  @Test func mistakesAreErrors() throws {
    let scratch = try Scratch()
    var writer = try FITSWriter(path: scratch.path("p.fits"))
    func code(_ body: () throws -> Void) -> String? {
      do {
        try body()
        return nil
      } catch { return (error as? FITSError)?.code }
    }
    let pixels: [Float] = [1, 2, 3]
    #expect(
      code {
        try pixels.withUnsafeBufferPointer {
          try writer.appendImage(Header(), name: "A", axes: [3], pixels: $0)
        }
      } == "out-of-order")
    try writer.appendPrimary(Header())
    #expect(code { try writer.appendPrimary(Header()) } == "out-of-order")
    #expect(
      code {
        try pixels.withUnsafeBufferPointer {
          try writer.appendImage(Header(), name: "A", axes: [4], pixels: $0)
        }
      } == "shape-mismatch")
    let uneven = [TableColumn("A", .integers([1, 2])), TableColumn("B", .integers([1]))]
    #expect(code { try writer.appendTable(Header(), name: "T", columns: uneven) } == "bad-column")
    #expect(code { _ = try FITSWriter(path: scratch.path("no/such/p.fits")) } == "write-failed")
  }

  @Test func `cards without a FITS form are kept as comments`() throws {
    let scratch = try Scratch()
    let path = scratch.path("odd.fits")
    var writer = try FITSWriter(path: path)
    try writer.appendPrimary(Header([Card("NANKEY", Double.nan, comment: "odd"), Card("GOOD", 1)]))
    _ = try writer.commit()
    let cards = try FITSFile(reading: path).cards(of: 0)
    #expect(cards.contains { $0.keyword == "COMMENT" && $0.comment.contains("NANKEY = nan / odd") })
    #expect(cards.contains { $0.keyword == "GOOD" && $0.value == .integer(1) })
  }

  @Test func copiedStructuralCardsAreLeftOut() throws {
    let scratch = try Scratch()
    var writer = try FITSWriter(path: scratch.path("p.fits"))
    try writer.appendPrimary(Header())
    let copied = Header([
      Card("XTENSION", "BINTABLE"), Card("BITPIX", 8), Card("NAXIS", 2), Card("NAXIS1", 99),
      Card("TFORM1", "1PB"),
      Card("ZIMAGE", true), Card("ZTILE1", 10), Card("BZERO", 5), Card("CHECKSUM", "x"),
      Card("EXTNAME", "OLD"),
      Card("CRPIX1", 4.5), Card("TFRAME", 2.0), Card("TGROUP", 4.0),
    ])
    try [Int32](repeating: 3, count: 4).withUnsafeBufferPointer {
      try writer.appendImage(copied, name: "NEW", axes: [4], pixels: $0)
    }
    let path = try writer.commit().path
    let file = try FITSFile(reading: path)
    #expect(
      try file.cards(of: 1).map(\.keyword) == [
        "XTENSION", "BITPIX", "NAXIS", "NAXIS1", "PCOUNT", "GCOUNT", "EXTNAME", "CRPIX1", "TFRAME", "TGROUP",
        "CHECKSUM", "DATASUM",
      ])
    #expect(try file.pixels(of: 1) == [Int32](repeating: 3, count: 4))
  }

  @Test(.enabled(if: Judge.hasFitsverify, "fitsverify is not installed"))
  func fitsverifyFindsNothing() throws {
    let scratch = try Scratch()
    let path = try Self.product(scratch.path("p.fits")).path
    let verdict = try Judge.run(Judge.fitsverify, [path])
    #expect(verdict.output.contains("0 warning(s) and 0 error(s)"), "\(verdict.output)")
  }

  @Test(.enabled(if: Judge.hasAstropy, "python3 with astropy is not installed"))
  func astropyOpensItWithChecksums() throws {
    let scratch = try Scratch()
    let path = try Self.product(scratch.path("p.fits")).path
    let script = """
      import sys, warnings, numpy as np
      warnings.simplefilter('error')
      from astropy.io import fits
      with fits.open(sys.argv[1], checksum=True) as f:
          f.verify('exception')
          n = 37 * 21
          assert len(f) == 12
          sci = f['SCI'].data
          assert sci.shape == (21, 37) and np.isnan(sci.flat[5])
          assert sci.flat[6] == np.float32(np.float32(6) * np.float32(0.37) - np.float32(100))
          dq = (np.arange(n, dtype=np.uint64) * 2654435761 % 2**32).astype(np.uint32)
          assert f['DQ', 2].data.dtype == np.uint32 and (f['DQ', 2].data.ravel() == dq).all()
          assert (f['SUBARR_MAP'].data.ravel() == (np.arange(n) * 40503 % 65536)).all()
          assert f['COEFFS'].data.shape == (7, 3, 37)
          # not LONGTEXT: astropy before 5.3 loses parts of long strings with quotes in them
          assert f[0].header['LONGPLAN'] == 'without quotes & long; ' * 8 + 'end'
          assert f[0].header['ESO DET X'] == 5
          t = f['PROVENANCE'].data
          assert list(t['NUMBER']) == [1, -2, 2**63 - 1] and t['ROLE'][0] == 'dark'
          assert f['PROVENANCE'].columns['SECONDS'].unit == 's'
          assert t['PAIR'].shape == (3, 2)
      print('fine')
      """
    let verdict = try Judge.run(Judge.python, ["-c", script, path])
    #expect(verdict.status == 0 && verdict.output.contains("fine"), "\(verdict.output)")
  }
}
