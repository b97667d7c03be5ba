import Foundation
import JobContract
import Logging
import PipelineEngine
import Synchronization
import Testing

@Suite struct ReportingTests {
  @Test func logLinesAreStpipes() {
    let lines = Mutex<[String]>([])
    let date = Date(timeIntervalSince1970: 1_783_933_964.123)
    let services = RunServices.stpipe(
      now: { date }, write: { line in lines.withLock { $0.append(line) } }, version: "1")
    services.logger("stpipe.Image2Pipeline.dark_current").info("Using DARK reference file /a/b.fits")
    services.logger("stpipe.Image2Pipeline").warning("careful")
    services.logger("stpipe.Image2Pipeline").debug("not shown")
    #expect(
      lines.withLock { $0 } == [
        "2026-07-13 09:12:44,123 - stpipe.Image2Pipeline.dark_current - INFO - "
          + "Using DARK reference file /a/b.fits\n",
        "2026-07-13 09:12:44,123 - stpipe.Image2Pipeline - WARNING - careful\n",
      ])
  }

  @Test func timesBeforeTheEpochKeepTheirMilliseconds() {
    #expect(UTCTime.fits(Date(timeIntervalSince1970: -0.25)) == "1969-12-31T23:59:59.750")
    #expect(UTCTime.iso(Date(timeIntervalSince1970: 0)) == "1970-01-01T00:00:00.000Z")
  }

  @Test func hashOfAFileIsTheKnownOne() throws {
    let folder = try TestFolder()
    let path = try folder.write("abc", "abc")
    #expect(
      try ContentHash.ofFile(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(throws: EngineError.self) { try ContentHash.ofFile(folder.path + "/absent") }
  }

  @Test func reportsAreWrittenWholeAndReadBack() throws {
    let folder = try TestFolder()
    let report = RunReport(
      job: "J1", attempt: 2, token: "t", pipeline: "sample", status: .failed, exitCode: 65,
      error: ReportedError(EngineError("bad", "a sentence", subject: "x.fits", hint: "do this")),
      started: "a", ended: "b", seconds: 1.5, peakMemoryBytes: 7)
    try ReportFile(directory: folder.path).write(report)
    let data = try #require(FileManager.default.contents(atPath: folder.path + "/report.json"))
    #expect(try JSONDecoder().decode(RunReport.self, from: data) == report)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["report.json"])
  }
}
