import DataModels
import Foundation
import Pixels
import Simulator
import Testing

/// Reduces simulated nights in the plainest way and compares with the truth.
@Suite struct TruthTests {
  /// A mean of frames with its variance.
  private struct Stack {
    var value: [Double]
    var variance: [Double]

    init(_ frames: [ImageModel]) throws {
      let n = Double(frames.count)
      value = [Double](repeating: 0, count: frames[0].science.count)
      variance = value
      for frame in frames {
        let (science, error) = (frame.science.elements, try #require(frame.error).elements)
        for i in value.indices {
          value[i] += Double(science[i]) / n
          variance[i] += Double(error[i]) * Double(error[i]) / (n * n)
        }
      }
    }

    func minus(_ other: Stack) -> Stack {
      var out = self
      for i in value.indices {
        out.value[i] -= other.value[i]
        out.variance[i] += other.variance[i]
      }
      return out
    }

    func over(_ other: Stack) -> Stack {
      var out = self
      for i in value.indices {
        let ratio = value[i] / other.value[i]
        out.value[i] = ratio
        out.variance[i] =
          (variance[i] + ratio * ratio * other.variance[i]) / (other.value[i] * other.value[i])
      }
      return out
    }

    func pulls(_ truth: Plane<Float>, good: [Bool]) -> [Double] {
      let truth = truth.elements
      return value.indices.filter { good[$0] }.map {
        (value[$0] - Double(truth[$0])) / variance[$0].squareRoot()
      }
    }
  }

  private func deviation(_ pulls: [Double]) -> Double {
    (pulls.reduce(0) { $0 + $1 * $1 } / Double(pulls.count)).squareRoot()
  }

  @Test func `reduced science, darks and flats differ from the truth by their own errors`() throws {
    var (science, darks, flats): ([Double], [Double], [Double]) = ([], [], [])
    for seed in 1...20 {
      let night = try Night.imagerOnly(seed: UInt64(seed), size: 64)
      let frames = try night.exposures.map { try night.frame($0) }
      func stack(_ name: String, seconds: Double) throws -> Stack {
        let chosen = zip(night.exposures, frames).filter {
          $0.0.frameClass.obsName == name && $0.0.exposureSeconds == seconds
        }
        return try Stack(chosen.map(\.1))
      }
      let detector = try night.instrument.detector("IMG1")
      let good = detector.flags.elements.map { $0 & DQ.dead == 0 }
      let dark = try stack("IMG1-DRK", seconds: 60)
      let lamp = try stack("IMG1-NFF", seconds: 10).minus(try stack("IMG1-DRK", seconds: 10))
      let flat = try normalised(lamp, good: good)
      let product = try stack("IMG1-SCI", seconds: 60).minus(try stack("IMG1-SKY", seconds: 60)).over(flat)
      func truth(_ name: String) throws -> Plane<Float> {
        try night.instrument.scene(of: try #require(night.exposures(named: name).last)).truth
      }
      darks += dark.pulls(try truth("IMG1-DRK"), good: good)
      flats += flat.pulls(try truth("IMG1-NFF"), good: good)
      science += product.pulls(try truth("IMG1-SCI"), good: good)
    }
    // 81,500 pixels: the deviation is known to 0.25 %; hot pixels, rounding and the drift of the sky add
    // below 2 %.
    #expect(abs(deviation(science) - 1) < 0.04)
    #expect(abs(deviation(darks) - 1) < 0.04)
    #expect(abs(deviation(flats) - 1) < 0.04)
  }

  private func normalised(_ lamp: Stack, good: [Bool]) throws -> Stack {
    let sorted = lamp.value.indices.filter { good[$0] }.map { lamp.value[$0] }.sorted()
    let median = sorted[sorted.count / 2]
    var out = lamp
    for i in out.value.indices {
      out.value[i] /= median
      out.variance[i] /= median * median
    }
    return out
  }

  @Test func `the truth of a dark is its dark current, of a flat its response`() throws {
    let night = try Night.plan(seed: 3, size: 64)
    let detector = try night.instrument.detector("IMG1")
    let dark = try night.instrument.scene(of: night.exposures(named: "IMG1-DRK")[0]).truth
    let flat = try night.instrument.scene(of: night.exposures(named: "IMG1-NFF")[0]).truth
    for y in stride(from: 0, to: 64, by: 7) {
      for x in 0..<64 {
        #expect(dark[x, y] == detector.dark[x, y] / 3.04)
        #expect(abs(flat[x, y] - detector.response[x, y]) < 1e-4)
      }
    }
    let living = detector.response.elements.filter { $0 > 0 }.sorted()
    #expect(abs(living[living.count / 2] - 1) < 1e-4)
  }

  @Test func `a spectrograph's science minus its sky is its truth`() throws {
    for (channel, size) in [("LEN", 96), ("SLI", 96)] {
      let night = try Night.plan(seed: 5, size: size)
      let exposure = night.exposures(named: "\(channel)-SCI")[1]
      let science = try night.instrument.scene(of: exposure)
      let sky = try night.instrument.scene(of: night.exposures(named: "\(channel)-SKY")[1])
      let gain = Float(3.04)
      let flat = try night.instrument.scene(of: night.exposures(named: "SLI-NFF")[0]).truth
      var (checked, peak) = (0, Float(0))
      for y in 0..<size {
        for x in 0..<size {
          let scale = channel == "SLI" ? flat[x, y] : 1
          guard scale > 0 else {
            #expect(science.truth[x, y].isNaN)
            continue
          }
          let found = (science.expected[x, y] - sky.expected[x, y]) / gain / scale
          // The sky drifts by at most 0.2 % between the two.
          let drift = 0.003 * sky.expected[x, y] / gain / scale
          #expect(abs(found - science.truth[x, y]) < drift + 1e-3)
          peak = max(peak, science.truth[x, y])
          checked += 1
        }
      }
      #expect(checked > size * size / 2 && peak > 1)
    }
  }
}
