import DataModels
import FITSIO
import FITSStructure
import Foundation
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Testing

@Suite struct PhotomTests {
  private static let skipped = ["bkg_subtract", "dark_current", "flat_field", "dq_init"]
  private static let band = [Card("FILTER", "H"), Card("PUPIL", "CLEAR"), Card("SCALE", "0.004")]

  private func calibrate(
    _ bench: Bench, cards: [Card] = band, settings: [String: String] = [:],
    references: [ResolvedReference] = [], unit: String = "adu/s"
  ) throws -> (report: RunReport, product: ImageModel) {
    let science = try bench.frame("sci.fits", value: 100, error: 3, unit: unit, cards: cards)
    let report = try bench.run(
      .imagerLevel2, [(science, .science)], references: references, settings: settings, skip: Self.skipped)
    return (report, try bench.product())
  }

  private func photom(_ report: RunReport) throws -> StepRun {
    try #require(report.steps.first { $0.name == "photom" })
  }

  @Test func withoutAZeroPointItIsSkippedAndSaysSo() throws {
    let (report, product) = try calibrate(Bench())
    let step = try photom(report)
    #expect(step.status == .skipped && step.reason?.contains("no photom reference") == true)
    #expect(product.header.string("S_PHOTOM") == "SKIPPED" && product.scienceHeader["ZPAB"] == nil)
  }

  /// 1 Jy is 8.9 mag AB to a thousandth: a zero point of 8.9 makes 1 adu/s one jansky.
  @Test func aParameterIsWritten() throws {
    let (report, product) = try calibrate(
      Bench(), cards: Self.band + [Card("AIRMASS", 1.5)],
      settings: [
        "photom.zero_point": "9.0", "photom.extinction": "0.0666666667", "photom.zero_point_error": "0.02",
      ])
    #expect(try photom(report).status == .complete)
    let header = product.scienceHeader
    #expect(abs((header.double("ZPAB") ?? 0) - 8.9) < 1e-9 && abs((header.double("ZPEXT") ?? 0) - 0.1) < 1e-9)
    #expect(abs((header.double("ZPVEGA") ?? 0) - (8.9 - 1.39)) < 1e-9 && header.double("ZPERR") == 0.02)
    #expect(abs((header.double("PHOTJY") ?? 0) - 1) < 1e-3)
    let area = pow(0.004 / 206_264.806247, 2)
    #expect(abs((header.double("PHOTMJSR") ?? 0) * area / 1e-6 / (header.double("PHOTJY") ?? 0) - 1) < 1e-6)
    let ratio = (header.double("PHOTUJA2") ?? 0) / (header.double("PHOTMJSR") ?? 1)
    #expect(abs(ratio - 23.504431) < 1e-5)
    #expect(product.science[0, 0] == 100 && product.pixelUnit.fits == "adu/s")
  }

  @Test func unitsAreTurnedWhenAskedFor() throws {
    let (_, product) = try calibrate(
      Bench(), settings: ["photom.zero_point": "25", "photom.units": "MJy/sr"])
    let factor = try #require(product.scienceHeader.double("PHOTMULT"))
    #expect(factor == product.scienceHeader.double("PHOTMJSR"))
    #expect(abs(Double(product.science[0, 0]) / (100 * factor) - 1) < 1e-6)
    #expect(abs(Double(product.error?[0, 0] ?? 0) / (3 * factor) - 1) < 1e-6)
    #expect(product.pixelUnit.fits == "MJy/sr")
  }

  @Test func vegaNeedsAKnownBand() throws {
    let (report, product) = try calibrate(
      Bench(), settings: ["photom.zero_point": "25", "photom.system": "Vega"])
    #expect(
      try photom(report).status == .complete
        && abs((product.scienceHeader.double("ZPAB") ?? 0) - 26.39) < 1e-9)
    let (other, _) = try calibrate(
      Bench(), cards: [Card("FILTER", "HeI")], settings: ["photom.zero_point": "25", "photom.system": "Vega"])
    #expect(try photom(other).status == .skipped && other.degraded.contains { $0.contains("ab_vega") })
  }

  /// A table of two filters made by hand; the frame's row is taken, with its extinction.
  @Test func theReferencesRowIsTaken() throws {
    let bench = try Bench()
    let path = try Self.reference(bench, filters: ["J", "H"])
    let reference = Bench.reference("photom", path)
    let times = [Card("DATE-OBS", "2026-07-14T09:00:00"), Card("AIRMASS", 1.1)]
    let (report, product) = try calibrate(bench, cards: Self.band + times, references: [reference])
    #expect(try photom(report).status == .complete)
    #expect(abs((product.scienceHeader.double("ZPAB") ?? 0) - (27 - 0.055)) < 1e-9)
    #expect(product.header.string("R_PHOTOM") == "photom.fits")
    #expect(!report.degraded.contains { $0.contains("standard of the zero point") })
    // A day later and lower in the sky: worth less, and said.
    let late = [Card("DATE-OBS", "2026-07-15T09:00:00"), Card("AIRMASS", 1.9)]
    let (old, _) = try calibrate(Bench(), cards: Self.band + late, references: [reference])
    #expect(old.degraded.filter { $0.contains("standard of the zero point") }.count == 2)
    let (none, _) = try calibrate(Bench(), cards: [Card("FILTER", "Y")], references: [reference])
    #expect(try photom(none).reason?.contains("no zero point of FILTER Y") == true)
  }

  @Test func theOnlyRowOfAnotherFilterDegrades() throws {
    let bench = try Bench()
    let path = try Self.reference(bench, filters: ["J"])
    let (report, _) = try calibrate(bench, references: [Bench.reference("photom", path)])
    #expect(try photom(report).status == .complete)
    #expect(report.degraded.contains { $0.contains("FILTER J") })
  }

  /// Columns of several numbers a row are no zero points: a file may say anything.
  @Test func columnsOfVectorsAreRefused() throws {
    let bench = try Bench()
    let path = "\(bench.path)/vectors.fits"
    var writer = try FITSWriter(path: path)
    try writer.appendPrimary(Header([Card("REFTYPE", "PHOTOM"), Card("DETECTOR", "IMG1")]))
    try writer.appendTable(
      Header(), name: "PHOTOM",
      columns: [
        TableColumn("FILTER", .strings(["J", "H"])),
        TableColumn("ZPAB", .doubles([1, 2, 3, 4]), elementsPerRow: 2),
      ])
    _ = try writer.commit()
    let science = try bench.frame("sci.fits", value: 100, cards: Self.band)
    let report = try bench.run(
      .imagerLevel2, [(science, .science)], references: [Bench.reference("photom", path)], skip: Self.skipped)
    #expect(report.error?.code == "photom-columns")
  }

  private static func reference(_ bench: Bench, filters: [String]) throws -> String {
    let path = "\(bench.path)/photom.fits"
    var writer = try FITSWriter(path: path)
    try writer.appendPrimary(Header([Card("REFTYPE", "PHOTOM"), Card("DETECTOR", "IMG1")]))
    let count = filters.count
    try writer.appendTable(
      Header(), name: "PHOTOM",
      columns: [
        TableColumn("FILTER", .strings(filters)),
        TableColumn("PUPIL", .strings(filters.map { _ in "CLEAR" })),
        TableColumn("ZPAB", .doubles((0..<count).map { 26 + Double($0) }), unit: "mag"),
        TableColumn("EXTINCT", .doubles(filters.map { _ in 0.05 })),
        TableColumn("AIRMASS", .doubles(filters.map { _ in 1.2 })),
        TableColumn("MJD", .doubles(filters.map { _ in 61235.25 })),
      ])
    _ = try writer.commit()
    return path
  }

  // MARK: zero_point

  private func standard(_ bench: Bench, saturated: Bool = false) throws -> String {
    try bench.frame("std_cal.fits", value: 0, error: 1, width: 200, height: 200, cards: Self.band) { model in
      var state: UInt64 = 7
      for y in 0..<200 {
        for x in 0..<200 {
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          let noise = Float(Double(state >> 11) * 0x1p-53 - 0.5) * 2
          let (dx, dy) = (Double(x) - 100.3, Double(y) - 99.6)
          model.science[x, y] = noise + Float(10_000 * exp(-(dx * dx + dy * dy) / 8) / (8 * .pi) * 10)
        }
      }
      if saturated { model.quality?[100, 100] = DQ.saturated }
    }
  }

  /// 100,000 adu/s of magnitude 10: 22.5.
  @Test func aStandardGivesAReference() throws {
    let bench = try Bench()
    let report = try bench.run(
      .createPhotom, [(standard(bench), .science)], settings: ["zero_point.magnitude": "10"],
      product: "tmt_iris_photom_0001.fits")
    #expect(report.status == .succeeded, "\(String(describing: report.error))")
    let product = try #require(report.products.first)
    #expect(report.products.count == 1 && product.kind == "photom" && product.level == 0)
    #expect(abs((product.quality["zero_point_vega"] ?? 0) - 22.5) < 0.005)
    let path = "\(bench.path)/out/\(product.fileName)"
    #expect(try ContentHash.ofFile(path) == product.sha256)
    let file = try FITSFile(reading: path)
    let header = Header(try file.cards(of: 0))
    #expect(header.string("REFTYPE") == "PHOTOM" && header.string("DATAMODL") == "TMTPhotomModel")
    let hdu = try #require(try file.index(ofExtension: "PHOTOM"))
    let table = try file.table(of: hdu)
    #expect(table["FILTER"]?.strings == ["H"] && table.rowCount == 1)
    #expect(abs((table["ZPAB"]?.doubles?[0] ?? 0) - 23.89) < 0.005)
    #expect(try file.index(ofExtension: "PROVENANCE") != nil)
  }

  @Test func aSaturatedStandardIsRefused() throws {
    let bench = try Bench()
    let report = try bench.run(
      .createPhotom, [(standard(bench, saturated: true), .science)], settings: ["zero_point.magnitude": "10"])
    #expect(report.status == .failed && report.error?.code == "saturated")
  }

  @Test func aStandardOfUnknownBrightnessIsRefused() throws {
    let bench = try Bench()
    let frame = try standard(bench)
    let report = try bench.run(.createPhotom, [(frame, .science)])
    #expect(report.error?.code == "no-magnitude")
    let list = "\(bench.path)/standards.csv"
    try "name,filter,mag\nother,H,9\n".write(toFile: list, atomically: true, encoding: .utf8)
    let coloured = try bench.run(
      .createPhotom, [(frame, .science)],
      settings: ["zero_point.standards": list, "zero_point.colour_term": "True"])
    #expect(coloured.error?.code == "no-colours")
    let uneven = "\(bench.path)/uneven.csv"
    try "name,filter,mag\nother,9\n".write(toFile: uneven, atomically: true, encoding: .utf8)
    let refused = try bench.run(
      .createPhotom, [(frame, .science)], settings: ["zero_point.standards": uneven])
    #expect(refused.error?.code == "star-list" && refused.error?.message.contains("2 columns") == true)
    let gone = try bench.run(
      .createPhotom, [(frame, .science)], settings: ["zero_point.standards": "/nowhere/list.csv"])
    #expect(gone.error?.code == "input-missing")
    let unknown = try bench.run(
      .createPhotom, [(frame, .science)], settings: ["zero_point.standards": list])
    #expect(unknown.error?.code == "no-magnitude")
  }
}
