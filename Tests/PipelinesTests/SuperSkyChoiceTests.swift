import DataModels
import FITSStructure
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Testing

/// When the super sky serves, and when the skies of the association do.
@Suite struct SuperSkyChoiceTests {
  /// A frame of 100 with a dark of 10 in it, a super sky of median 1, a dark, and skies.
  private struct Session {
    let bench: Bench
    let science: String
    let references: [ResolvedReference]

    init() throws {
      bench = try Bench()
      science = try bench.frame("science.fits", value: 100, width: 64, height: 48)
      let sky = try bench.frame("sky.fits", value: 1, error: 0.01, unit: "", width: 64, height: 48) { model in
        for x in 0..<64 { model.science[x, 5] = 1.1 }
        model.science[3, 3] = .nan
      }
      let dark = try bench.frame("dark.fits", value: 10, error: 0, width: 64, height: 48)
      references = [Bench.reference("sky", sky), Bench.reference("dark", dark)]
    }

    func run(_ skies: [Float], least: Int = 1, references chosen: [ResolvedReference]? = nil) throws -> (
      RunReport, ImageModel
    ) {
      let files = try skies.enumerated().map {
        try bench.frame("background\($0).fits", value: $1, width: 64, height: 48)
      }
      let report = try bench.run(
        .imagerLevel2, [(science, .science)] + files.map { ($0, .background) },
        references: chosen ?? references, settings: ["bkg_subtract.min_skies": "\(least)"],
        skip: ["flat_field"])
      return (report, try bench.product())
    }
  }

  @Test func servesWithoutASky() throws {
    let (report, product) = try Session().run([])
    #expect(product.header.double("SKYSCALE") == 90)
    #expect(abs(product.science[20, 20]) < 1e-5)
    #expect(abs(product.science[20, 5] + 9) < 1e-4)
    #expect(product.science[3, 3].isNaN)
    #expect((product.quality?[3, 3] ?? 0) & DQ.doNotUse != 0)
    let error = Float(1 + 90 * 90 * 0.01 * 0.01).squareRoot()
    #expect(abs((product.error?[20, 20] ?? 0) - error) < 1e-4)
    #expect(report.degraded == ["a super sky serves for the sky of the night: 0 backgrounds"])
    #expect(report.references.contains { $0.reference.type == "sky" && $0.reference.path != nil })
  }

  @Test func skiesOfTheAssociationComeFirst() throws {
    let (report, product) = try Session().run([40])
    #expect(product.science[20, 20] == 60)
    #expect(product.header.double("SKYSCALE") == nil)
    #expect(report.notes.contains { $0.contains("not the super sky sky.fits") })
  }

  @Test func tooFewSkiesGiveWay() throws {
    let (report, product) = try Session().run([40], least: 3)
    #expect(product.header.double("SKYSCALE") == 90)
    #expect(report.degraded == ["a super sky serves for the sky of the night: 1 background"])
  }

  /// Too few skies are better than none where there is no super sky.
  @Test func fewSkiesServeWithoutASuperSky() throws {
    let session = try Session()
    let (_, product) = try session.run([40], least: 3, references: [session.references[1]])
    #expect(product.science[20, 20] == 60)
  }

  @Test func aSkyInCountsIsRefused() throws {
    let session = try Session()
    let raw = try session.bench.frame("raw.fits", value: 90, width: 64, height: 48)
    let report = try session.bench.run(
      .imagerLevel2, [(session.science, .science)], references: [Bench.reference("sky", raw)],
      skip: ["flat_field"], product: "no.fits")
    #expect(report.error?.code == "unit-mismatch")
    #expect(report.error?.hint?.contains("create_supersky") == true)
  }
}
