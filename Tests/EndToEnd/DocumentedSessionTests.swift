import DataModels
import Foundation
import Pixels
import Testing

/// The session of the documents, run by the example's own script from a clean folder.
@Suite struct DocumentedSessionTests {
  private static let size = 128
  private static let script = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent(
      "../../config/examples/documented-session/run.sh"
    ).standardizedFileURL.path

  /// Runs the script once; the folder and the lines that the two documented commands logged, without their times.
  private func session() async throws -> (folder: String, log: [String]) {
    let folder = Workspace.name("session")
    let run = try await Command.succeed(
      Self.script, [folder],
      environment: ["IRISDEMO_BIN": Programs.folder, "IRISDEMO_SIZE": "\(Self.size)"])
    let lines = run.talk.split(separator: "\n").map(String.init)
    let calls = lines.filter { $0.hasPrefix("+ ") }
    #expect(
      calls == [
        "+ tmtrun iris_pipeline.pipeline.PreprocessFlatfield raw_flat_frame_cal.fits",
        "+ mv raw_flat_frame_flat.fits flat.fits", "+ tmtrun image2_iris.cfg asn_subtract_bg_flat.json",
      ])
    let form = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - (stpipe\..*)/
    let start = lines.firstIndex { $0.hasPrefix("+ ") } ?? 0
    return (folder, lines[start...].compactMap { try? form.wholeMatch(in: $0).map { String($0.1) } })
  }

  /// The documents' log, to the letter but for its times, folders and image size.
  private func documented(_ folder: String) -> [String] {
    let dark = "\(folder)/crds_cache/references/tmt/iris/tmt_iris_dark_0001.fits"
    func model(_ file: String) -> String { "<IRISImageModel(\(Self.size), \(Self.size)) from \(file)>" }
    let (flat, science) = (model("raw_flat_frame_cal.fits"), model("raw_science_frame_sci.fits"))
    let first = [
      " - INFO - PreprocessFlatfield instance created.",
      ".dark_current - INFO - DarkCurrentStep instance created.",
      ".normalize - INFO - NormalizeStep instance created.",
      " - INFO - Step PreprocessFlatfield running with args ('raw_flat_frame_cal.fits',).",
      " - INFO - Prefetching reference files for dataset: 'raw_flat_frame_cal.fits' reftypes = ['dark']",
      " - INFO - Prefetch for DARK reference file is '\(dark)'.",
      " - INFO - Starting preprocess flatfield ...",
      " - INFO - Processing product raw_flat_frame",
      " - INFO - Working on input raw_flat_frame_cal.fits ...",
      ".dark_current - INFO - Step dark_current running with args (\(flat),).",
      ".dark_current - INFO - Using DARK reference file \(dark)",
      ".dark_current - INFO - Step dark_current done",
      ".normalize - INFO - Step normalize running with args (\(flat),).",
      ".normalize - INFO - Step normalize done",
      " - INFO - Finished processing product raw_flat_frame",
      " - INFO - ... ending preprocess flatfield",
      " - INFO - Saved model in raw_flat_frame_flat.fits",
      " - INFO - Step PreprocessFlatfield done",
    ]
    let references = ["raw_science_frame_sci.fits", "raw_background_frame_cal.fits"].flatMap { name in
      [
        " - INFO - Prefetching reference files for dataset: '\(name)' reftypes = ['dark']",
        " - INFO - Prefetch for DARK reference file is '\(dark)'.",
        " - INFO - Override for FLAT reference file is '\(folder)/flat.fits'.",
      ]
    }
    let created = [
      ("bkg_subtract", "BackgroundStep"), ("assign_wcs", "AssignWcsStep"),
      ("dark_current", "DarkCurrentStep"),
      ("flat_field", "FlatFieldStep"), ("photom", "PhotomStep"), ("resample", "ResampleStep"),
    ].map { ".\($0.0) - INFO - \($0.1) instance created." }
    let background = "\(science), ['raw_background_frame_cal.fits']"
    let second =
      [" - INFO - Image2Pipeline instance created."] + created
      + [" - INFO - Step Image2Pipeline running with args ('asn_subtract_bg_flat.json',)."] + references + [
        " - INFO - Starting calwebb_image2 ...",
        " - INFO - Processing product test_iris_subtract_bg_flat",
        " - INFO - Working on input raw_science_frame_sci.fits ...",
        ".bkg_subtract - INFO - Step bkg_subtract running with args (\(background)).",
        ".bkg_subtract - INFO - Step bkg_subtract done",
        ".assign_wcs - INFO - Step assign_wcs running with args (\(science),).",
        ".assign_wcs - INFO - Step skipped.",
        ".assign_wcs - INFO - Step assign_wcs done",
        ".dark_current - INFO - Step dark_current running with args (\(science),).",
        ".dark_current - INFO - Using DARK reference file \(dark)",
        ".dark_current - INFO - Step dark_current done",
        ".flat_field - INFO - Step flat_field running with args (\(science),).",
        ".flat_field - INFO - Step flat_field done",
        ".photom - INFO - Step photom running with args (\(science),).",
        ".photom - INFO - Step skipped.",
        ".photom - INFO - Step photom done",
        " - INFO - Finished processing product test_iris_subtract_bg_flat",
        " - INFO - ... ending calwebb_image2",
        " - INFO - Saved model in test_iris_subtract_bg_flat_cal.fits",
        " - INFO - Step Image2Pipeline done",
      ]
    return first.map { "stpipe.PreprocessFlatfield" + $0 } + second.map { "stpipe.Image2Pipeline" + $0 }
  }

  @Test func theScriptRunsItToTheLetter() async throws {
    let (folder, log) = try await session()
    var rest = log[...]
    for line in documented(folder) {
      guard let index = rest.firstIndex(of: line) else {
        Issue.record("not logged, or not in its place: \(line)")
        continue
      }
      rest = rest[(index + 1)...]
    }
    #expect(!FileManager.default.fileExists(atPath: folder + "/raw_flat_frame_flat.fits"))
    try checkPixels(folder)
  }

  /// flat = (raw flat - dark) / NORMLEVL, and product x flat = science - background: both hold one dark.
  private func checkPixels(_ folder: String) throws {
    func read(_ name: String) throws -> ImageModel { try ImageModel(reading: "\(folder)/\(name)") }
    let product = try read("test_iris_subtract_bg_flat_cal.fits")
    let flat = try read("flat.fits")
    let (science, sky) = (try read("raw_science_frame_sci.fits"), try read("raw_background_frame_cal.fits"))
    let raw = try read("raw_flat_frame_cal.fits")
    let dark = try read("crds_cache/references/tmt/iris/tmt_iris_dark_0001.fits")
    let level = try #require(flat.header.double("NORMLEVL"))
    let quality = try #require(product.quality)
    var good = 0
    for y in 0..<Self.size {
      for x in 0..<Self.size where quality[x, y] == 0 {
        good += 1
        let ratio = Double(raw.science[x, y] - dark.science[x, y]) / level
        let difference = Double(science.science[x, y] - sky.science[x, y])
        // Float32 all along: a few units in the last place of the largest term.
        #expect(abs(Double(flat.science[x, y]) - ratio) < 1e-6 * ratio.magnitude)
        let tolerance = 1e-6 * (difference.magnitude + Double(science.science[x, y].magnitude))
        #expect(abs(Double(product.science[x, y]) * ratio - difference) < tolerance, "(\(x), \(y))")
      }
    }
    #expect(good > Self.size * Self.size * 9 / 10)
    #expect(product.header.string("R_FLAT") == "flat.fits")
    #expect(product.header.string("R_DARK") == "tmt_iris_dark_0001.fits")
    #expect(product.header.string("CRDS_CTX") == "tmt_0001.pmap")
    #expect(product.header.string("ASNTABLE") == "asn_subtract_bg_flat.json")
    #expect(product.header.string("ASNPOOL") == "pool")
  }
}
