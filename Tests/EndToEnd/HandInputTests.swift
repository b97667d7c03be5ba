import Foundation
import Testing

/// What `tmtrun` makes of its inputs, its rules and its own place by hand.
@Suite struct HandInputTests {
  @Test func aDamagedInputIsRefusedAndNothingWritten() async throws {
    let session = try await HandSession("hand-damaged")
    var data = try Data(contentsOf: URL(fileURLWithPath: session.path("sky_cal.fits")))
    // One bit of the first image, far from any header: FITS itself sees nothing wrong.
    data[2880 * 4 + 100] ^= 1
    try data.write(to: URL(fileURLWithPath: session.path("sky_cal.fits")))
    let association = try session.association([("sci_sci.fits", "science"), ("sky_cal.fits", "background")])
    let run = try await session.tmtrun("imager_level2", association)
    #expect(run.exit == 65)
    #expect(
      run.talk.contains("HDU 1 (SCI): the data are not those that its DATASUM was taken of"), "\(run.talk)")
    #expect(run.talk.contains("— \(session.path("sky_cal.fits"))"))
    #expect(session.products == [])
  }

  /// A copy of the program far from any rules runs, and says what it did without.
  @Test func aCopiedProgramSaysThatItHasNoReferenceRules() async throws {
    let session = try await HandSession("hand-copied")
    let copy = session.path("tmtrun")
    try FileManager.default.copyItem(atPath: Programs.tmtrun, toPath: copy)
    let run = try await Command.run(
      "/bin/sh", ["-c", #"cd "$1" && ./tmtrun imager_level2 sci_sci.fits"#, "sh", session.folder])
    #expect(run.exit == 0, "\(run.talk)")
    #expect(run.talk.contains("no reference rules were found"))
    #expect(run.talk.contains("set CRDS_PATH to a CRDS cache, or give --override type=file"))
    #expect(run.talk.contains("No DARK reference file: there are no reference rules."))
    let shown = try await Command.run(
      Programs.irisarchive, ["header", session.path("sci_cal.fits"), "--keys", "DEGRADED,S_DARK"])
    #expect(shown.out.contains("\tT\tSKIPPED") || shown.out.contains("\ttrue\tSKIPPED"), "\(shown.out)")
    // The association rules are inside.
    let made = try await Command.run(
      copy,
      ["make-asn", session.path("sci_sci.fits"), "--rule", "imager-level2", "-o", session.path("asn.json")])
    #expect(made.exit == 0, "\(made.talk)")
  }

  /// A session with the example's cache, and a dark of `start` in it.
  private func sessionWithDark(_ start: String) async throws -> (HandSession, dark: String) {
    let session = try await HandSession("hand-windows")
    let cache = session.path("crds")
    let example =
      (#filePath as NSString).deletingLastPathComponent + "/../../config/examples/documented-session/crds"
    try FileManager.default.copyItem(atPath: example, toPath: cache)
    try FileManager.default.createDirectory(
      atPath: cache + "/references/tmt/iris", withIntermediateDirectories: true)
    let dark = cache + "/references/tmt/iris/tmt_iris_dark_0001.fits"
    try await Command.succeed(
      Programs.irissim,
      [
        "frame", "--obsname", "IMG1-DRK", "--start", start, "--exptime", "20", "--detector-size", "32", "-o",
        dark,
      ])
    return (session, dark)
  }

  private func reduce(_ session: HandSession) async throws -> CommandResult {
    let run = try await session.tmtrun(
      "imager_level2", session.path("sci_sci.fits"),
      environment: ["CRDS_PATH": session.path("crds"), "CRDS_CONTEXT": "tmt_0001.pmap"])
    #expect(run.exit == 0, "\(run.talk)")
    return run
  }

  /// MATCHING.md §2: the windows in time widen the quality level.
  @Test(arguments: ["2026-07-15T02:00:00": 0, "2026-07-10T02:00:00": 1, "2026-02-15T02:00:00": 3])
  func windowsInTimeAreJudged(start: String, level: Int) async throws {
    let run = try await reduce(try await sessionWithDark(start).0)
    #expect(run.talk.contains("DARK was chosen by tmt_iris_dark_0001.rmap ('IRIS1', 'FULL')"), "\(run.talk)")
    #expect(run.talk.contains("quality level \(level)."), "\(run.talk)")
    #expect(run.talk.contains("Using DARK reference file"))
  }

  @Test func aReferenceBeyondTheLastWindowIsNone() async throws {
    let run = try await reduce(try await sessionWithDark("2026-01-01T02:00:00").0)
    #expect(run.talk.contains("was taken 195 d from the frame, more than 180 d"), "\(run.talk)")
    #expect(run.talk.contains("--override dark=FILE"))
    #expect(!run.talk.contains("Using DARK reference file"))
  }

  /// One that does not say when it was taken, as in published caches, cannot be judged.
  @Test func anUndatedReferenceIsUsed() async throws {
    let (session, dark) = try await sessionWithDark("2026-01-01T02:00:00")
    var editor = try FITSEditor(dark)
    editor.remove("DATE-OBS", "DATE-BEG", "DATE-END", "MJD-OBS", "CHECKSUM", "DATASUM")
    try editor.data.write(to: URL(fileURLWithPath: dark))
    let run = try await reduce(session)
    #expect(run.talk.contains("Using DARK reference file"), "\(run.talk)")
    #expect(run.talk.contains("of tmt_0001.pmap.\n"))
  }
}
