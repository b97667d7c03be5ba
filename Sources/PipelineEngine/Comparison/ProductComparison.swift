import DataModels
import FITSIO
import FITSStructure
import Pixels

/// Compares two products: HDUs, shapes, units, values, flags, tables, keywords.
public struct ProductComparison: Sendable {
  /// Keywords that tell when, where and by what a file was written, not what is in it.
  public static let ignoredKeywords: Set<String> = [
    "DATE", "FILENAME", "CHECKSUM", "DATASUM", "HISTORY", "COMMENT", "", "ORIGIN", "DRSVER", "CRDS_VER",
    "LONGSTRN",
  ]

  private static let bandPixels = 1 << 20
  private let sigma: Double?
  private let ignored: Set<String>

  /// - Parameters:
  ///   - sigma: count pixels that differ by more than so many ERR of the first file.
  ///   - ignoring: further keywords to pass over, upper case.
  public init(sigma: Double? = nil, ignoring: Set<String> = []) {
    self.sigma = sigma
    ignored = Self.ignoredKeywords.union(ignoring)
  }

  /// One row for each image and table, and one for each difference elsewhere; HDUs are paired by name and version.
  /// - Throws: `FITSError` for what cannot be read.
  public func compare(_ pathA: String, _ pathB: String) throws -> [ComparisonRow] {
    let a = try FITSFile(reading: pathA)
    let b = try FITSFile(reading: pathB)
    let (inA, inB) = (try Self.units(of: a), try Self.units(of: b))
    var rows: [ComparisonRow] = []
    for unit in inA {
      guard let other = inB.first(where: { $0.name == unit.name }) else {
        rows.append(ComparisonRow(unit.name, "hdu", isSame: false, detail: "only in \(fileName(of: pathA))"))
        continue
      }
      rows += keywords(unit, other)
      guard unit.isTable == other.isTable else {
        rows.append(
          ComparisonRow(unit.name, "hdu", isSame: false, detail: "an image in one, a table in the other"))
        continue
      }
      if unit.isTable {
        rows.append(Self.tables(try a.table(of: unit.index), try b.table(of: other.index), unit.name))
      } else {
        rows += try images(a, unit, b, other, errors: inA.first { $0.name == "ERR" }?.index)
      }
    }
    for unit in inB where !inA.contains(where: { $0.name == unit.name }) {
      rows.append(ComparisonRow(unit.name, "hdu", isSame: false, detail: "only in \(fileName(of: pathB))"))
    }
    return rows
  }

  // MARK: HDUs

  private struct Unit {
    var index: Int
    var name: String
    var isTable: Bool
    var cards: [Card]
  }

  private static func units(of file: borrowing FITSFile) throws -> [Unit] {
    var units: [Unit] = []
    for index in 0..<(try file.hduCount()) {
      let cards = try file.cards(of: index)
      func text(_ keyword: String) -> String? { cards.first { $0.keyword == keyword }?.string }
      let isTable = text("XTENSION") == "BINTABLE" && cards.first { $0.keyword == "ZIMAGE" } == nil
      var name = index == 0 ? "primary" : (text("EXTNAME") ?? "HDU \(index)")
      let version = cards.first { $0.keyword == "EXTVER" }?.integer ?? 1
      if version != 1 { name += ",\(version)" }
      if units.contains(where: { $0.name == name }) { name += " at \(index)" }
      units.append(Unit(index: index, name: name, isTable: isTable, cards: cards))
    }
    return units
  }

  // MARK: keywords

  private func keywords(_ a: Unit, _ b: Unit) -> [ComparisonRow] {
    let (inA, inB) = (values(a.cards), values(b.cards))
    return Set(inA.keys).union(inB.keys).sorted().compactMap { keyword in
      let (x, y) = (inA[keyword], inB[keyword])
      if x == y { return nil }
      return ComparisonRow(
        a.name, "keyword", isSame: false,
        detail: "\(keyword): \(x.map(Self.text) ?? "absent") | \(y.map(Self.text) ?? "absent")")
    }
  }

  private func values(_ cards: [Card]) -> [String: [Card.Value?]] {
    let kept = cards.filter { !ignored.contains($0.keyword) && !Self.isStructural($0.keyword) }
    return Dictionary(grouping: kept, by: \.keyword).mapValues { $0.map(\.value) }
  }

  /// Shapes and kinds are compared as such.
  private static func isStructural(_ keyword: String) -> Bool {
    ["BITPIX", "NAXIS", "BUNIT", "PCOUNT"].contains(keyword)
      || (keyword.hasPrefix("NAXIS") && keyword.dropFirst(5).allSatisfy(\.isNumber))
  }

  private static func text(_ values: [Card.Value?]) -> String {
    values.map { value in
      switch value {
      case .string(let text): text
      case .text(let text): text
      case .logical(let flag): flag ? "T" : "F"
      case .integer(let number): "\(number)"
      case .real(let number): "\(number)"
      case .complex(let re, let im): "(\(re), \(im))"
      case .undefined, nil: "undefined"
      }
    }.joined(separator: ", ")
  }

  // MARK: images

  private func images(
    _ a: borrowing FITSFile, _ unitA: Unit, _ b: borrowing FITSFile, _ unitB: Unit, errors: Int?
  ) throws -> [ComparisonRow] {
    let (imageA, imageB) = (try a.image(of: unitA.index), try b.image(of: unitB.index))
    guard imageA.axes == imageB.axes else {
      return [
        ComparisonRow(
          unitA.name, "shape", isSame: false,
          detail: "\(Self.shape(imageA.axes)) | \(Self.shape(imageB.axes))")
      ]
    }
    var rows: [ComparisonRow] = []
    if (imageA.unit ?? "") != (imageB.unit ?? "") {
      rows.append(
        ComparisonRow(
          unitA.name, "unit", isSame: false,
          detail: "\(imageA.unit ?? "absent") | \(imageB.unit ?? "absent")"))
    }
    guard imageA.pixelCount > 0 else { return rows }
    var errorHDU: Int?
    if let errors, unitA.name == "SCI", try a.image(of: errors).axes == imageA.axes { errorHDU = errors }
    let isWhole = Self.isWhole(imageA) && Self.isWhole(imageB)
    let difference = try difference(
      a, unitA.index, b, unitB.index, count: imageA.pixelCount, errorHDU, isWhole)
    rows.append(Self.row(difference, unitA.name, width: imageA.axes[0], isFlags: unitA.name.hasPrefix("DQ")))
    return rows
  }

  private static func isWhole(_ image: ImageHDU) -> Bool {
    image.bitpix > 0 && image.bscale == 1 && image.bzero == image.bzero.rounded() && image.blank == nil
  }

  private func difference(
    _ a: borrowing FITSFile, _ hduA: Int, _ b: borrowing FITSFile, _ hduB: Int, count: Int, _ errorHDU: Int?,
    _ isWhole: Bool
  ) throws -> PixelDifference {
    var difference = PixelDifference(sigma: sigma)
    for first in stride(from: 0, to: count, by: Self.bandPixels) {
      let band = first..<min(count, first + Self.bandPixels)
      if isWhole {
        let x: [Int64] = try Self.pixels(a, hduA, band, zero: 0)
        let y: [Int64] = try Self.pixels(b, hduB, band, zero: 0)
        x.withUnsafeBufferPointer { x in y.withUnsafeBufferPointer { difference.add(x, $0) } }
      } else {
        let x: [Double] = try Self.pixels(a, hduA, band, zero: 0)
        let y: [Double] = try Self.pixels(b, hduB, band, zero: 0)
        var errors: [Double]?
        if let errorHDU { errors = try Self.pixels(a, errorHDU, band, zero: 0) }
        x.withUnsafeBufferPointer { x in
          y.withUnsafeBufferPointer { y in
            guard let errors else { return difference.add(x, y) }
            errors.withUnsafeBufferPointer { difference.add(x, y, errors: $0) }
          }
        }
      }
    }
    return difference
  }

  private static func pixels<T: FITSPixel>(
    _ file: borrowing FITSFile, _ hdu: Int, _ band: Range<Int>, zero: T
  ) throws -> [T] {
    var pixels = [T](repeating: zero, count: band.count)
    var failure: FITSError?
    pixels.withUnsafeMutableBufferPointer { buffer in
      do throws(FITSError) {
        try file.readPixels(of: hdu, into: buffer, startingAt: band.lowerBound)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return pixels
  }

  private static func row(
    _ difference: PixelDifference, _ name: String, width: Int, isFlags: Bool
  ) -> ComparisonRow {
    var row = ComparisonRow(name, "image", isSame: difference.differing == 0)
    row.pixels = difference.pixels
    row.differing = difference.differing
    if !isFlags { row.maxAbsolute = difference.largest?.difference ?? 0 }
    row.rmsSigma = difference.rmsSigma
    row.beyond = difference.fractionBeyond
    var words: [String] = []
    if let largest = difference.largest, !isFlags {
      words.append("largest at pixel (\(largest.pixel % width + 1), \(largest.pixel / width + 1))")
    }
    if difference.nanInOne > 0 { words.append("NaN in one of the two at \(difference.nanInOne) pixels") }
    if isFlags, difference.bits != 0 {
      words.append("bits " + DQ.names(of: UInt32(truncatingIfNeeded: difference.bits)).joined(separator: " "))
    }
    row.detail = words.joined(separator: "; ")
    return row
  }

  private static func shape(_ axes: [Int]) -> String {
    axes.isEmpty ? "no data" : axes.map(String.init).joined(separator: " x ")
  }

  // MARK: tables

  private static func tables(_ a: TableHDU, _ b: TableHDU, _ name: String) -> ComparisonRow {
    let (columnsA, columnsB) = (a.columns.map(\.name), b.columns.map(\.name))
    guard columnsA == columnsB, a.rowCount == b.rowCount else {
      return ComparisonRow(
        name, "table", isSame: false,
        detail: "\(a.rowCount) rows of \(columnsA.joined(separator: " ")) | "
          + "\(b.rowCount) rows of \(columnsB.joined(separator: " "))")
    }
    let different = zip(a.columns, b.columns).filter { $0.values != $1.values || $0.unit != $1.unit }.map(
      \.0.name)
    var row = ComparisonRow(name, "table", isSame: different.isEmpty)
    row.detail = different.isEmpty ? "" : "columns that differ: \(different.joined(separator: ", "))"
    return row
  }
}
