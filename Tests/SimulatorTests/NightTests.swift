import Astrometry
import DataModels
import FITSIO
import Foundation
import Metadata
import Pixels
import Simulator
import Testing

@Suite struct NightTests {
  @Test func `a night has every class of frame, with its counts`() throws {
    let night = try Night.plan(seed: 1, size: 32)
    #expect(Set(night.exposures.map(\.frameClass)) == Set(FrameClass.all))
    for obsName in ["IMG1-NFF", "SLI-NFF"] { #expect(night.exposures(named: obsName).count == 5) }
    #expect(night.exposures(named: "IMG1-SCI").map(\.delivery) == [.frame, .ramp, .readouts, .frame, .ramp])
    // A master dark for every setting that something else was taken with.
    for exposure in night.exposures where exposure.frameClass.purpose != .dark {
      let darks = night.exposures.filter {
        $0.frameClass.purpose == .dark && $0.frameClass.detector == exposure.frameClass.detector
          && $0.sampling == exposure.sampling && $0.exposureSeconds == exposure.exposureSeconds
      }
      #expect(darks.count >= 5, "\(exposure.frameClass)")
    }
  }

  @Test func `times rise, numbers count, names are unique`() throws {
    let night = try Night.plan(seed: 1, size: 32)
    for (a, b) in zip(night.exposures, night.exposures.dropFirst()) { #expect(a.end(size: 32) < b.begin) }
    let names = night.exposures.flatMap { $0.fileNames + [$0.truthName] }
    #expect(Set(names).count == names.count)
    for detector in ["IMG1", "IFU"] {
      let numbers = night.exposures.filter { $0.frameClass.detector == detector }.map(\.number)
      #expect(numbers == Array(1...numbers.count))
    }
  }

  @Test func `the same seed gives the same bytes, another seed others`() throws {
    let first = try SimulatedNight(seed: 4, size: 32)
    let second = try SimulatedNight(seed: 4, size: 32)
    let other = try SimulatedNight(seed: 5, size: 32)
    let names = try first.files()
    #expect(names.count == 66 + 61 + 1)
    #expect(try names == second.files())
    var different = 0
    for name in names {
      #expect(try first.data(name) == second.data(name), "\(name)")
      if try first.data(name) != other.data(name) { different += 1 }
    }
    #expect(different == names.count)
  }

  @Test func `every file of a night passes fitsverify without a warning`() throws {
    let night = try SimulatedNight(seed: 6, size: 32)
    let paths = try night.files().filter { $0.hasSuffix(".fits") }.map { "\(night.path)/\($0)" }
    guard let lines = try fitsverify(paths) else { return }
    #expect(lines.count == paths.count)
    for line in lines { #expect(line.hasPrefix("verification OK"), "\(line)") }
  }

  @Test func `headers are valid, say their class and their counts`() throws {
    let night = try SimulatedNight(seed: 7, size: 32)
    var seen: Set<String> = []
    for entry in night.manifest.files {
      let file = try FITSFile(reading: "\(night.path)/\(entry.file)")
      let metadata = FrameMetadata(primary: try file.cards(of: 0), extensions: [try file.cards(of: 1)])
      let problems = metadata.problems(kind: entry.level == 1 ? "rate" : "ramp")
      #expect(problems.isEmpty, "\(entry.file) \(problems)")
      #expect(metadata.obsName == entry.obsname && metadata.level == entry.level)
      #expect(metadata.detector == entry.detector && metadata.exposureNumber == entry.exposure)
      #expect(metadata.gain == 3.04 && metadata.readNoise == 12 && !metadata.isAborted)
      let begin = try #require(metadata.dateBegin)
      #expect(try begin < #require(metadata.dateEnd))
      let counted = [
        (metadata.frameIndex, metadata.frameCount), (metadata.skyIndex, metadata.skyCount),
        (metadata.ditherPosition, metadata.ditherCount),
      ].contains { index, count in index != nil && count != nil && index! <= count! }
      #expect(counted)
      seen.insert(entry.obsname)
    }
    #expect(seen == Set(FrameClass.all.map(\.obsName)))
  }

  @Test func `readouts and ramps of a night are read back with their times`() throws {
    let night = try SimulatedNight(seed: 8, size: 32)
    let files = night.manifest.files.filter { $0.level == 0 }
    let readouts = files.filter { $0.file.contains("/readouts/") }.map { "\(night.path)/\($0.file)" }
    #expect(readouts.count == 6)
    let model = try RampSource(readouts: readouts.reversed())
    #expect(model.timesOrigin == "READTIME-RST_TIME" && model.missingReads.isEmpty)
    let ramp = try RampSource(
      reading: "\(night.path)/\(#require(files.first { $0.file.hasSuffix("_ramp.fits") }).file)")
    #expect(ramp.timesOrigin == "TIMES" && ramp.shape == model.shape)
    for (a, b) in zip(try #require(ramp.times)[0], try #require(model.times)[0]) {
      #expect(abs(a - b) < 2e-6)
    }
  }

  @Test func `the image moves against the telescope, and the world coordinates know it`() throws {
    let night = try Night.plan(seed: 9, size: 64)
    var sources: [[Source]] = []
    for exposure in night.exposures(named: "IMG1-SCI") {
      sources.append(try night.instrument.scene(of: exposure).sources)
      let wcs = try SkyWCS(cards: try night.frame(exposure).scienceHeader.cards)
      let seen = sources[sources.count - 1]
      let pixels = wcs.fitsPixels(of: seen.map(\.sky))
      for (source, pixel) in zip(seen, pixels) {
        #expect(abs(source.x - pixel.x) < 1e-5 && abs(source.y - pixel.y) < 1e-5)
      }
      let geometry = wcs.geometry(atFITSPixel: PixelPosition(x: 32, y: 32))
      #expect(geometry.isEastLeft && abs(geometry.positionAngle) < 1e-5)
      #expect(abs(geometry.scaleArcsec / exposure.scale - 1) < 1e-6)
    }
    let (first, second) = (night.exposures(named: "IMG1-SCI")[0], night.exposures(named: "IMG1-SCI")[1])
    #expect(second.east > first.east && second.north > first.north)
    #expect(sources[1][0].x > sources[0][0].x && sources[1][0].y < sources[0][0].y)
    // A star has one place on the sky, whatever the exposure.
    for dither in sources {
      for source in dither {
        let same = sources[0].first { $0.flux == source.flux }
        if let same { #expect(same.sky == source.sky) }
      }
    }
  }

  @Test func `impossible sizes are refused`() {
    #expect(
      #expect(throws: SimulatorError.self) { try Night.plan(seed: 1, size: 4) }?.code == "detector-size")
  }

  @Test func `dates are read and written`() throws {
    #expect(Night.defaultStart.iso == "2026-07-15T02:00:00.000")
    #expect(SimulatedTime("2024-02-29T23:59:59Z")?.advanced(by: 1.5).iso == "2024-03-01T00:00:00.500")
    let y2k = try #require(SimulatedTime("2000-01-01"))
    #expect(y2k.microseconds == 4_453_401_600_000_000)
    for bad in ["", "2023-02-29", "2024-13-01", "2024-01-01T25:00:00", "x"] {
      #expect(SimulatedTime(bad) == nil)
    }
  }
}
