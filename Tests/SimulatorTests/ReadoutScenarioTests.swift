import DataModels
import FITSIO
import Foundation
import Metadata
import Simulator
import Testing

/// Two hundred readouts of ten exposures, with everything that may go wrong.
@Suite final class ReadoutScenarioTests {
  private let folder: String

  init() throws {
    let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    folder = "\(base)/irisarchive-readouts-\(UUID().uuidString)"
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func options() -> ReadoutScenario.Options {
    var options = ReadoutScenario.Options()
    (options.seed, options.detectorSize) = (3, 32)
    (options.missing, options.corrupted, options.truncated) = (2, 1, 1)
    (options.incomplete, options.late, options.poor) = (1, 3, 2)
    options.isShuffled = true
    return options
  }

  @Test func `every readout is there, but for those that are to be missing`() throws {
    let manifest = try ReadoutScenario(options()).write(to: folder)
    #expect(manifest.exposures.count == 10 && manifest.readouts.count == 200)
    let files = manifest.readouts.compactMap(\.file)
    let onDisk = try ["readouts", "late"].flatMap { name in
      try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(name)").map { "\(name)/\($0)" }
    }
    #expect(files.count == 198 && Set(files) == Set(onDisk))
    #expect(files.filter { $0.hasPrefix("late/") }.count == 3)
    #expect(files.suffix(3).allSatisfy { $0.hasPrefix("late/") })
    for (fault, count) in [
      ("missing", 2), ("corrupted", 1), ("truncated", 1), ("incomplete", 1), ("late", 3), ("poor", 2),
    ] {
      #expect(manifest.readouts.filter { $0.fault == fault }.count == count, "\(fault)")
    }
    #expect(manifest.exposures.reduce(0) { $0 + $1.usable.joined().count } == 195)
    let identities = Set(manifest.exposures.map { "\($0.detID) \($0.number) \($0.firstReset)" })
    #expect(identities.count == 10)
    let text = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/readouts.json"))
    #expect(try ReadoutManifest(json: text) == manifest)
  }

  @Test func `exposures are interleaved, and shuffled when asked`() throws {
    var plain = options()
    plain.isShuffled = false
    let ordered = try ReadoutScenario(plain).write(to: "\(folder)-a")
    defer { try? FileManager.default.removeItem(atPath: "\(folder)-a") }
    let timely = ordered.readouts.filter { $0.file != nil && $0.fault != "late" }
    #expect(timely.map { $0.ready ?? "" } == timely.map { $0.ready ?? "" }.sorted())
    let switches = zip(timely, timely.dropFirst()).filter { $0.exposure != $1.exposure }.count
    #expect(switches > 100)
    let shuffled = try ReadoutScenario(options()).write(to: folder)
    #expect(shuffled.readouts.map(\.file) != ordered.readouts.map(\.file))
    #expect(Set(shuffled.readouts.map(\.file)) == Set(ordered.readouts.map(\.file)))
    // The bytes do not depend on the order.
    for file in try #require(timely.first?.file.map { [$0] }) {
      let (a, b) = ("\(folder)/\(file)", "\(folder)-a/\(file)")
      #expect(try Data(contentsOf: URL(fileURLWithPath: a)) == Data(contentsOf: URL(fileURLWithPath: b)))
    }
  }

  @Test func `damage is what it says`() throws {
    let manifest = try ReadoutScenario(options()).write(to: folder)
    func path(_ fault: String) throws -> String {
      "\(folder)/\(try #require(manifest.readouts.first { $0.fault == fault }?.file))"
    }
    let spoiled = try FITSFile(reading: try path("corrupted"))
    #expect(try spoiled.verifyChecksums().map(\.datasum) == [.correct, .wrong])
    let whole = try #require(manifest.readouts.first { $0.fault == nil }?.file)
    let size = { (path: String) in
      try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    }
    #expect(try size(try path("truncated")) < size("\(folder)/\(whole)"))
    let incomplete = try FITSFile(reading: try path("incomplete"))
    #expect(FrameMetadata(primary: try incomplete.cards(of: 0)).isReadoutComplete == false)
    let poor = try #require(manifest.readouts.first { $0.fault == "poor" })
    let cards = try FITSFile(reading: try path("poor")).cards(of: 0)
    #expect(cards.first { $0.keyword == "READQUAL" }?.double == poor.quality)
    #expect(try #require(poor.quality) < 0.5)
  }

  @Test func `the readouts of each exposure make its ramp`() throws {
    let manifest = try ReadoutScenario(options()).write(to: folder)
    for exposure in manifest.exposures {
      let spoiled: Set = ["corrupted", "truncated"]
      let own = manifest.readouts.filter {
        $0.exposure == exposure.index && $0.file != nil && !spoiled.contains($0.fault ?? "")
      }
      let model = try RampSource(readouts: own.compactMap(\.file).map { "\(folder)/\($0)" })
      #expect(model.metadata.readoutDetectorID == exposure.detID)
      #expect(model.metadata.readoutExposureNumber == exposure.number)
      #expect(model.metadata.expectedReads == 20 && model.shape.reads == own.count)
      #expect(model.missingReads.isEmpty == (exposure.usable[0].count == 20), "\(model.missingReads)")
    }
  }

  @Test func `bare readouts say no more than a readout is sure to say`() throws {
    var options = options()
    (options.isBare, options.exposures, options.reads, options.ramps) = (true, 3, 3, 2)
    let manifest = try ReadoutScenario(options).write(to: folder)
    #expect(manifest.readouts.count == 18)
    let file = try #require(manifest.readouts.first { $0.fault == nil }?.file)
    let cards = try FITSFile(reading: "\(folder)/\(file)").cards(of: 0)
    let structure: Set = ["SIMPLE", "BITPIX", "NAXIS", "EXTEND", "CHECKSUM", "DATASUM", "FILENAME"]
    let found = Set(cards.map(\.keyword)).subtracting(structure)
    #expect(
      found == [
        "DET_ID", "EXP_NO", "RAMP_NO", "READ_NO", "COMPLETE", "READTIME", "RST_TIME", "FRM_TIME", "SARRMODE",
        "XSTART", "YSTART", "XSIZE", "YSIZE", "READQUAL",
      ])
    for exposure in manifest.exposures {
      let frame = try FITSFile(reading: "\(folder)/\(try #require(exposure.frame))")
      let metadata = FrameMetadata(primary: try frame.cards(of: 0))
      #expect(metadata.exposureNumber == exposure.number && metadata.level == 1)
    }
  }

  @Test func `impossible scenarios are refused`() {
    var options = options()
    options.missing = 500
    #expect(#expect(throws: SimulatorError.self) { try ReadoutScenario(options) }?.code == "bad-scenario")
    options = self.options()
    options.channels = ["IMG7"]
    #expect(#expect(throws: SimulatorError.self) { try ReadoutScenario(options) }?.code == "bad-scenario")
  }
}
