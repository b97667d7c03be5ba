import Foundation
import Pixels
import Simulator
import Testing

/// Each effect of a detector against its truth.
@Suite struct ReadoutPhysicsTests {
  private let gain = 3.04
  private let noise = 12.0 / 3.04

  @Test func `differences of reads have the variance of photons, two reads and two roundings`() throws {
    let made = try DetailedDetector { _ in }
    let exposure = DetailedDetector.exposure(leak: 300, seconds: 20, reads: 5)
    let ramp = try made.ramp(of: exposure).samples
    let rate = 300 + 0.02
    for k in 1..<5 {
      let found = statistics(ramp.difference(k, k - 1))
      #expect(abs(found.mean - rate * 5 / gain) < 5 * (found.variance / 16_384).squareRoot())
      let expected = rate * 5 / (gain * gain) + 2 * noise * noise + 2.0 / 12
      // Sigma of the variance of 16384 differences is 1.1 %.
      #expect(abs(found.variance / expected - 1) < 0.05)
    }
    // Photons add up, reads do not: neighbouring differences share one read.
    let (a, b) = (ramp.difference(1, 0), ramp.difference(2, 1))
    let (ma, mb) = (statistics(a).mean, statistics(b).mean)
    let covariance = zip(a, b).reduce(0) { $0 + ($1.0 - ma) * ($1.1 - mb) } / 16_383
    #expect(abs(covariance + noise * noise + 1.0 / 12) < 3)
  }

  @Test func `pedestals are the superbias, with the noise of each reset`() throws {
    let made = try DetailedDetector {
      ($0.channels, $0.channelOffset, $0.oddEvenOffset) = (16, 120, 30)
      ($0.pedestalScatter, $0.resetNoise) = (40, 60)
    }
    var exposure = DetailedDetector.exposure(leak: 0, seconds: 2, reads: 2)
    exposure.ramps = 8
    let ramp = try made.ramp(of: exposure).samples
    let superbias = made.model.superbias.elements.map(Double.init)
    let resets = (0..<8).map { i in
      zip(ramp.plane(integration: i, read: 0).elements, superbias).map { Double($0) - $1 }
    }
    let expected = pow(60 / gain, 2) + noise * noise + 1.0 / 12
    for reset in resets {
      let found = statistics(reset)
      #expect(abs(found.mean) < 5 * (expected / 16_384).squareRoot())
      #expect(abs(found.variance / expected - 1) < 0.06)
    }
    // Another reset, another noise; within a ramp the noise of the reset cancels.
    let product = zip(resets[0], resets[1]).reduce(0) { $0 + $1.0 * $1.1 } / 16_384
    #expect(abs(product) < 5 * expected / 128)
    #expect(abs(statistics(ramp.difference(1, 0)).variance / (2 * noise * noise + 1.0 / 6) - 1) < 0.06)
    // Outputs differ by much more than their pixels' mean can.
    let means = (0..<16).map { stripe in
      statistics(
        (0..<16_384).filter { $0 % 128 / 8 == stripe }.map { superbias[$0] }
      ).mean
    }
    #expect(statistics(means).variance.squareRoot() > 60)
  }

  @Test(arguments: ReadoutOptions.possibleChannels)
  func `outputs drift as their truth says, reference pixels included`(channels: Int) throws {
    let made = try DetailedDetector(seed: 4) {
      ($0.channels, $0.channelDrift, $0.referenceBorder) = (channels, 2, 4)
    }
    let exposure = DetailedDetector.exposure(leak: 500, seconds: 20, reads: 3)
    let result = try made.ramp(of: exposure)
    let difference = result.samples.difference(2, 0)
    let columns = 128 / channels
    #expect(result.truth.channelDrifts[0].count == channels)
    for (channel, drift) in result.truth.channelDrifts[0].enumerated() {
      // The four lowest and the four highest rows see no light, but are read by the same output.
      let own = (0..<16_384).filter {
        $0 % 128 / columns == channel && ($0 / 128 < 4 || $0 / 128 >= 124)
      }.map { difference[$0] }
      let sigma = (2 * noise * noise + 1.0 / 6).squareRoot() / Double(own.count).squareRoot()
      #expect(abs(statistics(own).mean - 20 * drift) < 5 * sigma, "output \(channel)")
    }
    let flags = made.detector.flags
    #expect(
      flags[3, 64] == DQ.referencePixel && flags[4, 64] == DQ.none && flags[64, 127] == DQ.referencePixel)
    let light = (4..<124).map { difference[64 * 128 + $0] - 20 * result.truth.channelDrifts[0][$0 / columns] }
    #expect(abs(statistics(light).mean - 500.02 * 20 / gain) < 30)
  }

  @Test func `odd columns drift against even ones`() throws {
    let made = try DetailedDetector(seed: 6) { ($0.channels, $0.oddEvenDrift) = (1, 3) }
    let difference = try made.ramp(of: DetailedDetector.exposure(leak: 0, seconds: 20, reads: 2)).samples
      .difference(1, 0)
    let even = statistics(difference.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)).mean
    let odd = statistics(difference.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)).mean
    let level = statistics(difference).mean
    #expect(abs(even - odd) > 2 && abs((even + odd) / 2 - level) < 1e-6)
  }

  @Test func `the response curve and its polynomial undo each other`() throws {
    let made = try DetailedDetector { ($0.nonlinearity, $0.fullWell) = (0.05, 90_000) }
    let curve = made.model.curve
    let strength = 0.05 / 0.95
    let terms = curve.coefficients(strength: strength)
    for step in 0...100 {
      let signal = 90_000 / gain * Double(step) / 100
      let measured = curve.measured(signal, strength: strength)
      let polynomial = terms.reversed().reduce(0) { $0 * measured + $1 }
      #expect(abs(polynomial - signal) <= 1e-9 * max(signal, 1))
      #expect(abs(curve.trueSignal(measured, strength: strength) - signal) <= 1e-9 * max(signal, 1))
    }
    let full = curve.measured(90_000 / gain, strength: strength)
    #expect(abs(full / (90_000 / gain) - 0.95) < 1e-9)
  }

  @Test func `the coefficients make a bent ramp straight within 0.2 percent up to full well`() throws {
    let made = try DetailedDetector {
      ($0.nonlinearity, $0.nonlinearityScatter, $0.fullWell) = (0.05, 0.1, 90_000)
      $0.pedestalScatter = 40
    }
    let exposure = DetailedDetector.exposure(leak: 4400, seconds: 20, reads: 6)
    let ramp = try made.ramp(of: exposure).samples
    let references = DetectorReferences(detector: made.detector, name: "IMG1", useAfter: Night.defaultStart)
    let terms = try #require(references.coefficients()).map { $0.elements.map(Double.init) }
    let superbias = made.model.superbias.elements
    let times = exposure.timing(size: 128).readTimes
    var bent = 0.0
    for (k, time) in times.enumerated() {
      let measured = zip(ramp.plane(integration: 0, read: k).elements, superbias).map {
        Double($0) - Double($1)
      }
      let corrected = measured.indices.map { i in
        terms.reversed().reduce(0) { $0 * measured[i] + $1[i] }
      }
      let expected = 4400.02 * time / gain
      let tolerance = max(0.002 * expected, 0.2)
      #expect(abs(statistics(corrected).mean - expected) < tolerance, "read \(k)")
      bent = 1 - statistics(measured).mean / expected
    }
    #expect(bent > 0.045)
  }

  @Test func `full pixels stay at their well, and the threshold tells all of them`() throws {
    let made = try DetailedDetector {
      ($0.nonlinearity, $0.nonlinearityScatter) = (0.05, 0.1)
      ($0.fullWell, $0.fullWellScatter) = (90_000, 0.02)
      ($0.pedestalScatter, $0.resetNoise, $0.channelOffset, $0.channels) = (40, 30, 120, 16)
      ($0.commonFlicker, $0.channelFlicker, $0.channelShift, $0.channelDrift) = (4, 3, 8, 0.03)
    }
    let result = try made.ramp(of: DetailedDetector.exposure(leak: 8000, seconds: 20, reads: 11))
    let references = DetectorReferences(detector: made.detector, name: "IMG1", useAfter: Night.defaultStart)
    let threshold = try #require(references.saturation()).elements
    let first = result.truth.saturatedFrom[0].elements
    var counts = (full: 0, told: 0, early: 0)
    for k in 0..<11 {
      let samples = result.samples.plane(integration: 0, read: k).elements
      for i in samples.indices {
        let (isFull, isTold) = (k >= Int(first[i]), Float(samples[i]) >= threshold[i])
        counts.full += isFull ? 1 : 0
        counts.told += isFull && isTold ? 1 : 0
        // Just below full the threshold is crossed one read before; never earlier, a read being a sixth of the well.
        counts.early += isTold && k + 1 < Int(first[i]) ? 1 : 0
      }
    }
    #expect(counts.full > 16_384 * 4 && counts.told == counts.full && counts.early == 0)
    let last = statistics(result.samples.difference(10, 9))
    // What drifts is the output, by its slow octaves: 2 adu, one sigma.
    #expect(abs(last.mean) < 10)
    #expect(last.variance < 4 * noise * noise)
  }

  @Test func `the converter ends at sixteen bits`() throws {
    let made = try DetailedDetector { _ in }
    let result = try made.ramp(of: DetailedDetector.exposure(leak: 30_000, seconds: 10, reads: 3))
    let last = result.samples.plane(integration: 0, read: 2).elements
    #expect(last.allSatisfy { $0 == .max })
    #expect(result.truth.saturatedFrom[0].elements.allSatisfy { $0 == 2 })
  }

  @Test func `cosmic rays are found by plain differences, where and as large as the truth says`() throws {
    let made = try DetailedDetector(seed: 9) { $0.cosmicRate = 800 }
    let exposure = DetailedDetector.exposure(leak: 0, seconds: 60, reads: 6)
    let result = try made.ramp(of: exposure)
    let rays = result.truth.cosmicRays
    let events = Dictionary(grouping: rays, by: \.event)
    let last = try #require(exposure.timing(size: 128).readTimes.last)
    let expected = 800 * pow(128 * 10e-4, 2) * last
    #expect(abs(Double(events.count) - expected) < 5 * expected.squareRoot())
    let multiple = events.values.filter { $0.count > 1 }.count
    #expect(Double(multiple) > 0.1 * Double(events.count) && multiple < events.count)
    // What fell on a pixel between two reads.
    var charge: [[Int]: Double] = [:]
    for ray in rays where ray.read > 0 {
      charge[[ray.read, ray.y * 128 + ray.x], default: 0] += ray.electrons
    }
    let sigma = (2 * noise * noise + 1.0 / 6).squareRoot()
    var (found, large, wrong) = (0, 0, 0)
    // A ray along the layer can bring a pixel to the end of the converter: then nothing more is seen.
    let full = result.truth.saturatedFrom[0].elements
    for k in 1..<6 {
      for (i, difference) in result.samples.difference(k, k - 1).enumerated() where k < full[i] {
        let charged = (charge[[k, i]] ?? 0) / gain
        if charged > 10 * sigma { large += 1 }
        if charged > 10 * sigma && difference > 5 * sigma { found += 1 }
        if abs(difference - charged - 0.24 / gain) > 6 * sigma { wrong += 1 }
      }
    }
    #expect(large > 500 && found == large && wrong == 0)
  }

  @Test func `saturated pixels give back charge to the exposures after them`() throws {
    let made = try DetailedDetector(seed: 3) {
      ($0.fullWell, $0.persistence, $0.persistenceSeconds) = (90_000, 0.02, 40)
    }
    var memory: PersistenceMemory?
    var bright = DetailedDetector.exposure(leak: 9000, seconds: 20, reads: 3)
    bright.window = ReadWindow(x: 0, y: 0, width: 128, height: 64)
    #expect(try made.ramp(of: bright, after: &memory).truth.released == nil)
    var dark = DetailedDetector.exposure(leak: 0, seconds: 30, reads: 2, number: 2)
    dark.begin = bright.end(size: 128).advanced(by: 10)
    let result = try made.ramp(of: dark, after: &memory)
    let released = try #require(result.truth.released).elements
    #expect(released[..<8192].allSatisfy { $0 > 0 } && released[8192...].allSatisfy { $0 == 0 })
    // Trapped at the end of the bright exposure, 10 s of waiting, then between the two reads.
    let times = dark.timing(size: 128).readTimes
    let expected = 0.02 * 90_000 * exp(-10 / 40.0) * (exp(-times[0] / 40) - exp(-times[1] / 40)) / gain
    let difference = result.samples.difference(1, 0)
    #expect(abs(statistics(Array(difference[..<8192])).mean / expected - 1) < 0.01)
    #expect(abs(statistics(Array(difference[8192...])).mean) < 0.5)
    #expect(abs(Double(released[0]) - 0.02 * 90_000 * exp(-10 / 40.0) * (1 - exp(-times[1] / 40))) < 1)
    // An hour later nothing is left of it.
    var late = dark
    late.begin = dark.begin.advanced(by: 3600)
    #expect(try made.ramp(of: late, after: &memory).truth.released?.elements.allSatisfy { $0 < 1e-3 } == true)
  }

  @Test func `poor reads say so, and carry their glitch`() throws {
    let made = try DetailedDetector { _ in }
    var exposure = DetailedDetector.exposure(leak: 0, seconds: 10, reads: 4)
    exposure.ramps = 2
    exposure.faults = [ReadFault(ramp: 1, read: 2, kind: .poor(quality: 0.25, glitch: 500))]
    let result = try made.ramp(of: exposure)
    #expect(result.truth.readQuality[1][2] == 0.25)
    #expect(result.truth.readQuality.joined().filter { $0 < 0.85 }.count == 1)
    #expect(abs(statistics(result.samples.difference(2, 1, integration: 1)).mean - 500) < 1)
    #expect(abs(statistics(result.samples.difference(2, 1, integration: 0)).mean) < 1)
  }

  @Test func `the same seed gives the same reads on a detector with everything`() throws {
    func ramp(_ seed: UInt64) throws -> SimulatedRamp {
      var options = DetectorModel.Options()
      options.readout = ReadoutOptions()
      // Large enough for several bands of rows at once.
      let instrument = Instrument(seed: seed, size: 1024, detectors: ["IMG1"], options: options)
      let exposure = DetailedDetector.exposure(leak: 10, seconds: 5, reads: 2)
      var nothing: PersistenceMemory?
      return try instrument.simulatedRamp(
        of: exposure, scene: try instrument.scene(of: exposure), memory: &nothing)
    }
    let first = try ramp(5)
    let second = try ramp(5)
    #expect(first.samples == second.samples && first.truth.cosmicRays == second.truth.cosmicRays)
    #expect(try ramp(6).samples != first.samples)
  }
}
