import DataModels
import FITSIO
import FITSStructure
import Foundation
import JobContract
import PipelineEngine
import Pipelines
import Testing

/// Products of raw frames that carry what FITS no longer wants: fitsverify finds nothing.
@Suite struct TidyHeaderTests {
  private static let program = "/usr/bin/fitsverify"

  private func verdict(_ path: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.program)
    process.arguments = [path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: output, as: UTF8.self)
  }

  private static let plain: [Card] = [
    Card("CTYPE1", "RA---TAN"), Card("CTYPE2", "DEC--TAN"), Card("CRPIX1", "4.5"), Card("CRPIX2", 2),
    Card("CRVAL1", 250.0), Card("CRVAL2", 36.5), Card("CDELT1", -1e-6), Card("CDELT2", 1e-6),
  ]
  /// What raw frames of several observatories and both generations carry.
  private static let obsolete: [Card] = [
    Card("EPOCH", 2000.0), Card("RADECSYS", "FK5"), Card("BLOCKED", true), Card("DATE-OBS", "14/07/96"),
    Card("DATE-BEG", "20260714091244"), Card("DATE-END", "2026-07-14 09:13:44"),
    Card("DATE-AVG", "2026-07-14T09:13:00Z"),
    Card("DATECRT", "yesterday"), Card("DATE-HAT", 12), Card("MJD-OBS", "61235.5"), Card("MJD-AVG", "N/A"),
    Card("OBJECT", 13), Card("WCSAXES", 3), Card("CROTA2", 12.0), Card("CTYPE3", "WAVE"), Card("CRVAL3", 1.6),
    Card("CTYPE1A", "LINEAR"), Card("CRPIX1A", 1.0),
  ]

  private static let sets: [(name: String, cards: [Card], inImage: [Card])] = [
    ("primary", plain + obsolete, []), ("image", obsolete, plain + obsolete),
    ("both", plain + obsolete, plain),
    ("late WCSAXES", plain + [Card("WCSAXES", 2)], []), ("partial", Array(plain.prefix(5)) + obsolete, []),
    ("partial in the image", obsolete, Array(plain.prefix(3))),
    ("both matrices", plain + [Card("CD1_1", 1e-6), Card("PC1_1", 1.0)], []),
    (
      "linear",
      [
        Card("CTYPE1", "LINEAR"), Card("CRPIX1", 1.0), Card("CRVAL1", 0.0), Card("CTYPE2", "LINEAR"),
        Card("CRPIX2", 1.0), Card("CRVAL2", 0.0),
      ], []
    ),
  ]

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: program), "fitsverify is not installed"))
  func productsOfObsoleteFramesPassFitsverify() throws {
    for (name, cards, inImage) in Self.sets {
      for skip in [[], ["assign_wcs"]] {
        let bench = try Bench()
        let science = try bench.frame("sci.fits", value: 100, cards: cards) {
          $0.scienceHeader.cards += inImage
        }
        let report = try bench.run(.imagerLevel2, [(science, .science)], skip: skip)
        #expect(report.status == .succeeded, "\(name): \(report.error?.message ?? "")")
        let text = try verdict(bench.path + "/out/product.fits")
        #expect(text.contains("found 0 warning(s) and 0 error(s)"), "\(name) \(skip)\n\(text)")
      }
    }
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: program), "fitsverify is not installed"))
  func mastersOfObsoleteFramesPassFitsverify() throws {
    let bench = try Bench()
    let darks = try (0..<5).map {
      try bench.frame("d\($0).fits", value: 10, cards: Self.plain + Self.obsolete)
    }
    let report = try bench.run(.createDark, darks.map { ($0, .dark) })
    #expect(report.status == .succeeded)
    let text = try verdict(bench.path + "/out/product.fits")
    #expect(text.contains("found 0 warning(s) and 0 error(s)"), "\(text)")
  }

  @Test func obsoleteCardsHaveTheirModernForm() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100, cards: Self.plain + Self.obsolete)
    _ = try bench.run(.imagerLevel2, [(science, .science)])
    let header = try bench.product().header
    #expect(header.double("EQUINOX") == 2000 && header["EPOCH"] == nil)
    #expect(header.string("RADESYS") == "FK5" && header["RADECSYS"] == nil)
    #expect(header.string("DATE-OBS") == "1996-07-14")
    #expect(header.string("DATE-BEG") == "2026-07-14T09:12:44")
    #expect(header.string("DATE-END") == "2026-07-14T09:13:44")
    #expect(header.string("DATE-AVG") == "2026-07-14T09:13:00")
    #expect(header.double("MJD-OBS") == 61235.5)
    #expect(header.string("OBJECT") == "13")
    let comments = header.cards.filter { $0.keyword == "COMMENT" }.map(\.comment).joined(separator: "\n")
    for word in ["BLOCKED", "DATECRT", "yesterday", "DATE-HAT", "MJD-AVG", "N/A"] {
      #expect(comments.contains(word), "\(word) is lost")
    }
  }

  /// An equinox that is there already is not replaced, and the epoch is not lost.
  @Test func modernCardsComeFirst() throws {
    let bench = try Bench()
    let science = try bench.frame(
      "sci.fits", value: 100,
      cards: [Card("EPOCH", 1996.5), Card("EQUINOX", 2000.0), Card("DATE-OBS", "2026-07-14T09:12:44.125")])
    _ = try bench.run(.imagerLevel2, [(science, .science)])
    let header = try bench.product().header
    #expect(header.double("EQUINOX") == 2000)
    #expect(header.string("DATE-OBS") == "2026-07-14T09:12:44.125")
    #expect(header.cards.contains { $0.keyword == "COMMENT" && $0.comment.contains("EPOCH   =") })
  }
}
