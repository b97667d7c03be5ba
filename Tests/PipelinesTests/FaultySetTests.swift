import DataModels
import FITSStructure
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Testing

/// Aborted and BAD frames of a set are left out before any step looks at the others.
@Suite struct FaultySetTests {
  private static let aborted = [Card("ABORTED", true)]

  private func flats(_ bench: Bench, _ count: Int) throws -> [(String, MemberType)] {
    try (0..<count).map { index in
      let file = try bench.frame(
        "f\(index).fits", value: 1000, width: 64, height: 64, cards: [Card("IFRAME", index)])
      return (file, .flat)
    }
  }

  private func darks(_ bench: Bench, cards: [Card] = []) throws -> [(String, MemberType)] {
    try (0..<5).map { j in
      let file = try bench.frame(
        "d\(j).fits", value: 1, error: 0.1, width: 64, height: 64, cards: [Card("IFRAME", j)] + cards
      ) { model in
        for i in 0..<64 * 64 { model.science[i % 64, i / 64] += 0.01 * Float((i * 7 + j * 13) % 11) }
      }
      return (file, .dark)
    }
  }

  /// One flat of two is faulty and dark in a column, which would be LOW_QE.
  @Test(arguments: [Card("ABORTED", true), Card("DATAQUAL", "BAD")])
  func aMaskIsMadeOfGoodFrames(_ fault: Card) throws {
    let bench = try Bench()
    let cut = try bench.frame(
      "cut.fits", value: 1000, width: 64, height: 64, cards: [fault]
    ) { model in for y in 0..<64 { model.science[30, y] = 0 } }
    let report = try bench.run(.createMask, try darks(bench) + [(cut, .flat)] + flats(bench, 1))
    #expect(report.status == .succeeded, "\(String(describing: report.error))")
    let words = fault.keyword == "ABORTED" ? "aborted" : "flagged BAD"
    #expect(report.degraded == ["cut.fits is \(words) and was left out"])
    let mask = try ReferenceModel(reading: bench.path + "/out/product.fits", expecting: "MASK")
    #expect(mask.image.quality?.elements.allSatisfy { $0 == 0 } == true)
  }

  /// A frame without light cannot be scaled: of a frame that is no good that is no reason to stop.
  @Test(arguments: ["create_supersky", "flat_from_sky"])
  func aSkyIsMadeOfGoodFrames(_ name: String) throws {
    guard case .pipeline(let pipeline) = try PipelineCatalog.registry.target(named: name) else { return }
    let bench = try Bench()
    var members: [(String, MemberType)] = []
    for index in 0..<4 {
      let value = index == 1 ? -5 : 100 + Float(index)
      let file = try bench.frame(
        "s\(index).fits", value: value, width: 64, height: 64, cards: index == 1 ? Self.aborted : [])
      members.append((file, .background))
    }
    if name == "flat_from_sky" { members = members.map { ($0.0, .science) } }
    let report = try bench.run(pipeline, members, skip: ["dark_current"])
    #expect(report.status == .succeeded, "\(String(describing: report.error))")
    #expect(report.degraded.filter { $0.contains("s1.fits") } == ["s1.fits is aborted and was left out"])
    #expect(try bench.product().header.integer("NFRAMES") == 3)
    let none = try bench.run(pipeline, [members[1]], product: "none.fits")
    #expect(none.error?.code == "too-few-frames")
  }

  /// A faulty first frame is no reference of a mosaic, not even for its unit.
  @Test(arguments: [Card("ABORTED", true), Card("DATAQUAL", "BAD")])
  func aMosaicIsMadeOfGoodFrames(_ fault: Card) throws {
    let bench = try Bench()
    let place = [Card("XOFFSET", 0.0), Card("YOFFSET", 0.0), Card("PA", 0.0), Card("SCALE", "0.004")]
    var members: [(String, MemberType)] = []
    for index in 0..<4 {
      let isFaulty = index == 0
      let file = try bench.frame(
        "m\(index).fits", value: isFaulty ? 9000 : 100, unit: isFaulty ? "electron/s" : "adu/s", width: 64,
        height: 48, cards: place + (isFaulty ? [fault] : []))
      members.append((file, .science))
    }
    let skip = ["scaled_sky_imager", "tweakreg", "skymatch", "outlier_detection", "source_catalog"]
    let report = try bench.run(.imagerLevel3, members, skip: skip)
    #expect(report.status == .succeeded, "\(String(describing: report.error))")
    let words = fault.keyword == "ABORTED" ? "aborted" : "flagged BAD"
    #expect(report.degraded.filter { $0.contains("m0.fits") } == ["m0.fits is \(words) and was left out"])
    let mosaic = try bench.product()
    #expect(mosaic.header.integer("NFRAMES") == 3 && abs(mosaic.science[30, 20] - 100) < 1e-3)
    let none = try bench.run(.imagerLevel3, [members[0]], skip: skip, product: "none.fits")
    #expect(none.error?.code == "too-few-frames" && none.error?.hint != nil)
  }

  /// The border of an H4RG sees no light: it is neither dead nor a part of any level, rows and columns alike.
  @Test func referencePixelsAreNotJudged() throws {
    let bench = try Bench()
    let place = [
      Card("SUBARRAY", "CUSTOM"), Card("SUBSTRT1", 1), Card("SUBSTRT2", 1), Card("SUBSIZE1", 64),
      Card("SUBSIZE2", 64), Card("DETXSIZE", 4096), Card("DETYSIZE", 4096),
    ]
    let flat = try bench.frame("f.fits", value: 1000, width: 64, height: 64, cards: place) { model in
      for i in 0..<64 { for k in 0..<4 { (model.science[i, k], model.science[k, i]) = (0, 0) } }
      model.science[9, 8] = 0
    }
    let report = try bench.run(.createMask, try darks(bench, cards: place) + [(flat, .flat)])
    #expect(report.status == .succeeded, "\(String(describing: report.error))")
    let mask = try ReferenceModel(reading: bench.path + "/out/product.fits", expecting: "MASK")
    let quality = try #require(mask.image.quality)
    for y in 0..<64 {
      for x in 0..<64 {
        let wanted =
          x < 4 || y < 4
          ? DQ.referencePixel | DQ.doNotUse : (x, y) == (9, 8) ? DQ.dead | DQ.doNotUse : DQ.none
        #expect(quality[x, y] == wanted, "\(x), \(y)")
      }
    }
  }

  @Test func flatsWithoutTheirDarkAreNamed() throws {
    let bench = try Bench()
    let other = try bench.frame("long.fits", value: 1000, width: 64, height: 64) {
      $0.header.set("EXPTIME", .real(30))
    }
    let report = try bench.run(.createMask, try darks(bench) + flats(bench, 1) + [(other, .flat)])
    #expect(report.status == .succeeded)
    #expect(report.notes.filter { $0.contains("has no dark") }.count == 1)
    #expect(report.notes.contains { $0.hasPrefix("long.fits has no dark of its exposure time") })
  }
}
