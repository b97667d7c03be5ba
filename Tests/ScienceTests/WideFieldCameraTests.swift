import FITSIO
import Foundation
import Pixels
import Testing

/// A real ramp of another instrument: four samples up the ramp of a WFC3/IR calibration exposure (`ima`).
///
/// Its samples are rates since the first read, so that counts are the rate times `SAMPTIME`; the first read is 0.
@Suite struct WideFieldCameraTests {
  static let path =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path
    + "/shared/data/eureka_wfc3/iccz11q4q_ima.fits"
  /// Electrons of a single read (READNSEA to READNSED of the file).
  private let readNoise: Float = 20

  @Test(.enabled(if: FileManager.default.fileExists(atPath: path), "the WFC3 frame is not here"))
  func realSamplesThroughUTRAndCDSAgree() throws {
    let file = try FITSFile(reading: Self.path)
    var ramp = Ramp<Float>(integrations: 1, reads: 4, height: 266, width: 266, repeating: 0)
    var times: [Double] = []
    var isGood = [Bool](repeating: true, count: 266 * 266)
    // Version 1 is the last sample.
    for (read, version) in [4, 3, 2, 1].enumerated() {
      let science = try #require(try file.index(ofExtension: "SCI", version: version))
      let cards = try file.cards(of: science)
      let time = try #require(cards.first { $0.keyword == "SAMPTIME" }?.double)
      times.append(time)
      let rates: [Float] = try file.pixels(of: science)
      ramp.setPlane(
        Plane(width: 266, height: 266, elements: rates.map { $0 * Float(time) }), integration: 0, read: read)
      let quality: [Int16] = try file.pixels(
        of: try #require(try file.index(ofExtension: "DQ", version: version)))
      for i in isGood.indices where quality[i] != 0 { isGood[i] = false }
    }
    func fit(_ method: RampFitOptions.Method) -> RampFit {
      fitRamp(ramp, options: RampFitOptions(method: method, times: [times], gain: 1, readNoise: readNoise))
    }
    let (line, difference) = (fit(.utr), fit(.cds))
    let measured: [Float] = try file.pixels(of: try #require(try file.index(ofExtension: "SCI", version: 1)))
    let good = isGood.indices.filter { isGood[$0] }
    #expect(good.count > 60_000)
    let ours = difference.measured.value.elements
    // The last sample of the file is the rate since the first read: a CDS by definition.
    #expect(good.allSatisfy { abs(ours[$0] - measured[$0]) <= 1e-5 * max(abs(measured[$0]), 1) })
    // Both are linear in the reads: what they may differ by follows from their variances and their covariance, which for
    // equal weights against the ends is the variance of the line.
    let slopes = line.measured.value.elements
    let pulls = good.map { i -> Float in
      let read = difference.varianceReadNoise.elements[i] - line.varianceReadNoise.elements[i]
      return (slopes[i] - ours[i]) / read.squareRoot()
    }.sorted()
    let median = pulls[pulls.count / 2]
    let spread = 1.4826 * pulls.map { abs($0 - median) }.sorted()[pulls.count / 2]
    #expect(abs(median) < 0.1, "\(median)")
    // Half the read noise of the header is what the reads of this subarray have against each other.
    #expect(spread > 0.3 && spread < 1.1, "\(spread)")
  }
}
