import DataModels
import FITSStructure
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Testing

@Suite struct MasterTests {
  @Test func aMasterDarkIsTheClippedMedian() throws {
    let bench = try Bench()
    let files = try (0..<5).map { index in
      try bench.frame(
        "dark\(index).fits", value: 10 + Float(index), error: 2, cards: [Card("IFRAME", index + 1)])
    }
    let report = try bench.run(.createDark, files.map { ($0, .dark) })
    #expect(report.status == .succeeded)
    let master = try bench.product(extras: ["SCATTER", "NFRAMES"])
    #expect(master.science[0, 0] == 12)
    #expect(abs((master.error?[0, 0] ?? 0) - 2 / Float(5).squareRoot() * 1.196) < 1e-4)
    #expect(master.header.string("REFTYPE") == "DARK")
    #expect(master.header.integer("NFRAMES") == 5)
    #expect(master.extraPlanes.map(\.name) == ["SCATTER", "NFRAMES"])
    #expect(report.products.map(\.kind) == ["dark"])
  }

  @Test func fewDarksAreRefusedOrDegraded() throws {
    let bench = try Bench()
    let files = try (0..<4).map { try bench.frame("dark\($0).fits", value: 10) }
    let four = try bench.run(.createDark, files.map { ($0, .dark) })
    #expect(four.degraded == ["made of 4 frames, 5 are wanted"])
    let two = try bench.run(.createDark, files.prefix(2).map { ($0, .dark) }, product: "two.fits")
    #expect(two.error?.code == "too-few-frames")
  }

  @Test func aMasterWithoutAUsablePixelIsRefused() throws {
    let bench = try Bench()
    let members = try (1...5).map {
      (
        try bench.frame("d\($0)_rate.fits", value: .nan, cards: [Card("OBSNAME", "IMG1-DRK")]),
        MemberType.dark
      )
    }
    let report = try bench.run(.createDark, members)
    #expect(report.error?.code == "no-usable-pixel" && report.products.isEmpty)
  }

  @Test func darksOfDifferentExposureTimesAreRefused() throws {
    let bench = try Bench()
    let files = try [10, 10.004, 10, 12].enumerated().map { index, seconds in
      try bench.frame("dark\(index).fits", value: 10) { $0.header.set("EXPTIME", .real(seconds)) }
    }
    let mixed = try bench.run(.createDark, files.map { ($0, .dark) })
    #expect(mixed.error?.code == "mixed-frames")
    #expect(mixed.error?.subject == "dark3.fits")
    let same = try bench.run(.createDark, files.prefix(3).map { ($0, .dark) })
    #expect(same.status == .succeeded)
  }

  @Test func abortedFramesNeverEnterAMaster() throws {
    let bench = try Bench()
    var files = try (0..<5).map { try bench.frame("dark\($0).fits", value: 10) }
    files.append(try bench.frame("cut.fits", value: 90, cards: [Card("ABORTED", true)]))
    let report = try bench.run(.createDark, files.map { ($0, .dark) })
    #expect(report.degraded == ["cut.fits is aborted and was left out"])
    #expect(try bench.product().header.integer("NFRAMES") == 5)
  }

  @Test func flatsAreDarkSubtractedScaledAndNormalised() throws {
    let bench = try Bench()
    let files = try [1, 2, 4].map { level in
      try bench.frame("flat\(Int(level)).fits", value: 0, error: 1) { model in
        for y in 0..<4 {
          for x in 0..<8 { model.science[x, y] = 10 + Float(level) * 100 * (x < 4 ? 0.8 : 1.2) }
        }
        model.science[0, 0] += 20 * Float(level)
        model.science[7, 3] -= 20 * Float(level)
      }
    }
    let dark = try bench.frame("dark.fits", value: 10, error: 0)
    let report = try bench.run(
      .processFlatfield, files.map { ($0, .flat) }, references: [Bench.reference("dark", dark)])
    #expect(report.status == .succeeded)
    let flat = try bench.product(extras: ["SCATTER"])
    #expect(flat.extraPlanes.map(\.unit) == [""])
    #expect(abs(flat.science[7, 0] - 1.2) < 1e-5)
    #expect(abs(flat.science[1, 0] - 0.8) < 1e-5)
    #expect(abs(flat.science[0, 0] - 1.0) < 1e-5)
    #expect(flat.unit == "")
    #expect(flat.header.string("S_NORMAL") == "COMPLETE")
    #expect(
      report.steps.map(\.name) == [
        "dq_init", "dark_current", "select_flats", "combine_frames", "slicer_response", "normalize",
      ])
  }

  @Test func darksOfTheAssociationServeWithoutAReference() throws {
    let bench = try Bench()
    let flat = try bench.frame("flat.fits", value: 110)
    let dark = try bench.frame("d.fits", value: 10)
    let report = try bench.run(.processFlatfield, [(flat, .flat), (dark, .dark)])
    #expect(report.status == .succeeded)
    #expect(try bench.product().header.double("NORMLEVL") == 100)
  }
}
