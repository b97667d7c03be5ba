import DataModels
import FITSIO
import FITSStructure
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Testing

/// Products that go through a pipeline again, and what they say of their references.
@Suite struct RepeatTests {
  @Test func productsReducedAgainStayAsTheyAre() throws {
    let bench = try Bench()
    var input = try bench.frame("sci.fits", value: 100)
    let sky = try bench.frame("sky.fits", value: 40)
    let dark = try bench.frame("dark.fits", value: 10)
    let flat = try bench.frame("flat.fits", value: 0.5, unit: "")
    for round in 1...3 {
      let report = try bench.run(
        .imagerLevel2, [(input, .science), (sky, .background)],
        references: [Bench.reference("dark", dark), Bench.reference("flat", flat)],
        product: "round\(round).fits")
      #expect(report.status == .succeeded)
      #expect(report.degraded == [])
      input = "\(bench.path)/out/round\(round).fits"
      let product = try ImageModel(reading: input)
      #expect(product.science[0, 0] == 120, "round \(round)")
      for keyword in ["S_DARK", "S_BKDSUB", "S_FLAT"] {
        #expect(product.header.string(keyword) == "COMPLETE", "\(keyword) of round \(round)")
      }
      #expect(product.header.string("R_DARK") == "dark.fits")
    }
  }

  @Test func skippedStepsClaimNoReference() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100)
    let dark = try bench.frame("dark.fits", value: 10)
    let flat = try bench.frame("flat.fits", value: 0.5, unit: "")
    let report = try bench.run(
      .imagerLevel2, [(science, .science)],
      references: [Bench.reference("dark", dark), Bench.reference("flat", flat)], skip: ["flat_field"])
    #expect(try bench.product().header.string("R_DARK") == "dark.fits")
    #expect(try bench.product().header.string("R_FLAT") == "N/A")
    let uses = Dictionary(
      report.references.map { ($0.reference.type, $0.reference) }, uniquingKeysWith: { a, _ in a })
    #expect(uses["flat"]?.path == nil && uses["flat"]?.sha256 == nil)
    #expect(uses["dark"]?.path == dark)
  }

  @Test func rawDarksThatServeAreNamedAndDegrade() throws {
    let bench = try Bench()
    let flat = try bench.frame("flat.fits", value: 2110)
    let darks = try ["d1.fits", "d2.fits"].map { try bench.frame($0, value: 10) }
    let report = try bench.run(.processFlatfield, [(flat, .flat)] + darks.map { ($0, .dark) })
    #expect(report.status == .succeeded)
    #expect(report.degraded.contains { $0.contains("raw darks") })
    #expect(try bench.product().header.string("R_DARK") == "d1.fits,d2.fits")
    let uses = report.references.map(\.reference).filter { $0.type == "dark" }
    #expect(uses.map(\.origin) == [.single, .single])
    #expect(uses.allSatisfy { $0.sha256?.count == 64 })
  }

  @Test(arguments: [("EXPTIME", Card.Value.real(20)), ("READMODE", .string("UTR"))])
  func darksOfAnotherKindServeAsTheLastResort(_ keyword: String, _ value: Card.Value) throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100, cards: [Card("READMODE", "CDS")])
    let dark = try bench.frame("dark.fits", value: 10, cards: [Card("READMODE", "CDS")]) {
      $0.header.set(keyword, value)
    }
    let report = try bench.run(
      .imagerLevel2, [(science, .science)], references: [Bench.reference("dark", dark)],
      skip: ["flat_field", "bkg_subtract"])
    #expect(report.degraded.contains { $0.contains("last resort") })
    #expect((try bench.product().quality?[0, 0] ?? 0) & DQ.unreliableDark != 0)
  }

  @Test func flatsThatWereNotNormalisedAreRefused() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100)
    let raw = try bench.frame("raw.fits", value: 2000, unit: "adu/s")
    let bare = try Self.withoutUnit(bench, "bare.fits", value: 2000)
    let one = try Self.withoutUnit(bench, "one.fits", value: 0.9)
    let cases: [(String, String?)] = [(raw, "unit-mismatch"), (bare, "unit-mismatch"), (one, nil)]
    for (index, (flat, code)) in cases.enumerated() {
      let report = try bench.run(
        .imagerLevel2, [(science, .science)], references: [Bench.reference("flat", flat)],
        product: "p\(index).fits")
      #expect(report.error?.code == code)
      if code != nil { #expect(report.error?.hint?.contains("tmtrun process_flatfield") == true) }
    }
  }

  private static func withoutUnit(_ bench: Bench, _ name: String, value: Float) throws -> String {
    let path = "\(bench.path)/\(name)"
    var writer = try FITSWriter(path: path)
    try writer.appendPrimary(Header([Card("DETECTOR", "IMG1")]))
    try [Float](repeating: value, count: 32).withUnsafeBufferPointer {
      try writer.appendImage(Header(), name: "SCI", axes: [8, 4], pixels: $0)
    }
    _ = try writer.commit()
    return path
  }

  @Test(arguments: [("ABORTED", Card.Value.logical(true), "aborted"), ("DATAQUAL", .string("BAD"), "BAD")])
  func faultyScienceAndSkyDegrade(_ keyword: String, _ value: Card.Value, _ word: String) throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100) { $0.header.set(keyword, value) }
    let sky = try bench.frame("sky.fits", value: 40) { $0.header.set(keyword, value) }
    let report = try bench.run(.imagerLevel2, [(science, .science), (sky, .background)])
    for name in ["sci.fits", "sky.fits"] {
      #expect(report.degraded.contains { $0.contains(name) && $0.contains(word) })
    }
  }

  @Test func rawDarksWithoutErrorsAreNotNoiseless() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100, error: 1)
    let noise = [Card("GAIN", 2.0), Card("READNOIS", 10.0), Card("READMODE", "CDS")]
    let known = try bench.frame("known.fits", value: 10, error: nil, cards: noise)
    _ = try bench.run(
      .imagerLevel2, [(science, .science)], references: [Bench.reference("dark", known)],
      skip: ["flat_field", "bkg_subtract"], product: "known.fits")
    let variance = 1 + 10.0 / 10 / 2 + 2 * 100.0 / 4 / 100
    #expect(abs(Double(try bench.product("known.fits").error?[0, 0] ?? 0) - variance.squareRoot()) < 1e-5)
    let unknown = try bench.frame("unknown.fits", value: 10, error: nil) { model in
      for y in 0..<4 { for x in 0..<8 { model.science[x, y] += x % 2 == 0 ? 1 : -1 } }
    }
    _ = try bench.run(
      .imagerLevel2, [(science, .science)], references: [Bench.reference("dark", unknown)],
      skip: ["flat_field", "bkg_subtract"], product: "unknown.fits")
    let product = try bench.product("unknown.fits")
    #expect((product.error?[0, 0] ?? 0) > 1.1)
    #expect((product.quality?[0, 0] ?? 0) & DQ.unreliableError != 0)
  }
}
