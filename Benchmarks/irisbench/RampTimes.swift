import ArgumentParser
import CReadoutLoops
import Foundation
import Pixels

/// `irisbench ramp`: the kernels of the readout steps on one ramp in memory, and the C readout library's loops, in turn.
struct RampTimes: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ramp", abstract: "Fits, linearity and jumps of a ramp in memory, and the C library's loops."
  )

  @Option(help: "Pixels along the side.") var size = 2048
  @Option(help: "Reads.") var reads = 10
  @Option(help: "Timed runs of each, in turn.") var repeats = 5
  @Option(help: "Also write the ramp, as raw int32 (read, y, x), into this file.") var write: String?

  func validate() throws {
    guard size > 0, reads > 4, repeats > 0 else {
      throw ValidationError("--size, --reads or --repeats is out of range")
    }
  }

  func run() throws {
    let ramp = RampScene(size: size, reads: reads).ramp()
    if let write {
      let data = ramp.withUnsafeBuffer { Data(buffer: $0) }
      try data.write(to: URL(fileURLWithPath: write))
    }
    let bench = RampKernels(ramp: ramp)
    var times: [String: [Double]] = [:]
    // The first round touches the memory.
    for turn in 0...repeats {
      for (name, work) in bench.cases {
        let seconds = try timed(work).seconds
        if turn > 0 { times[name, default: []].append(seconds) }
      }
    }
    let lists = times.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ")
    let differences = bench.differences().map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ")
    print("{\(lists), \"differences\": {\(differences)}, \"peak_bytes\": \(PeakMemory.bytes)}")
  }
}

/// A ramp of rates from 0 to 1000 e-/s with photon-like and read noise and a cosmic ray in one pixel of a hundred; the
/// same in every run.
private struct RampScene {
  let size: Int
  let reads: Int
  /// Seconds between reads, electrons per number, electrons.
  static let step = 4
  static let gain: Float = 3
  static let readNoise: Float = 12

  func ramp() -> Ramp<Int32> {
    var random = SplitMix(state: 7)
    let pixels = size * size
    return Ramp(uninitializedIntegrations: 1, reads: reads, height: size, width: size) { out in
      for i in 0..<pixels {
        let rate = 1000 * random.uniform() * random.uniform()
        let hit = random.uniform() < 0.01 ? 1 + Int(random.uniform() * Float(reads - 1)) : reads
        var electrons = Float(6000)
        for j in 0..<reads {
          let added = rate * Float(Self.step)
          electrons += added + added.squareRoot() * random.normal() + (j == hit ? 3000 : 0)
          out[j * pixels + i] = Int32((electrons + Self.readNoise * random.normal()) / Self.gain)
        }
      }
    }
  }
}

/// What is timed.
private final class RampKernels {
  private let ramp: Ramp<Int32>
  private let counts: Ramp<UInt16>
  private let band: RampBand
  private let coefficients: LinearityCoefficients
  private let seconds: [Int32]
  private var slopes: [Float]
  private var groups: [Float]
  private var straight: [Float]
  private var ours: [String: RampFit] = [:]
  private var linear: RampBand

  init(ramp: Ramp<Int32>) {
    self.ramp = ramp
    counts = ramp.map { UInt16(clamping: $0) }
    band = RampBand(samples: ramp.map { Float($0) })
    seconds = (0..<ramp.reads).map { Int32(($0 + 1) * RampScene.step) }
    slopes = [Float](repeating: 0, count: ramp.planeCount)
    groups = slopes
    straight = [Float](repeating: 0, count: ramp.count)
    let values: [Float] = [0, 1e-6, 1e-12, 1e-17, 1e-22]
    coefficients = LinearityCoefficients(
      form: .factor,
      planes: values.map { Plane(width: ramp.width, height: ramp.height, repeating: $0) })
    linear = band
  }

  private func options(_ method: RampFitOptions.Method) -> RampFitOptions {
    RampFitOptions(
      method: method, times: [seconds.map { Double($0) }], gain: RampScene.gain,
      readNoise: RampScene.readNoise, saturation: 65_535)
  }

  /// Our case and its peer's stand side by side.
  var cases: [(String, () throws -> Void)] {
    [
      ("utr_ours", { self.ours["utr"] = fitRamp(self.ramp, options: self.options(.utr)) }),
      ("utr_peer", utrPeer),
      ("utr_uint16", { self.ours["utr_uint16"] = fitRamp(self.counts, options: self.options(.utr)) }),
      ("mcds_ours", { self.ours["mcds"] = fitRamp(self.ramp, options: self.options(.mcds(numCoadd: 3))) }),
      ("mcds_peer", mcdsPeer),
      ("gls_ours", { self.ours["gls"] = fitRamp(self.ramp, options: self.options(.gls)) }),
      ("linearity_ours", linearityOurs), ("linearity_peer", linearityPeer),
      ("two_point_and_utr", { self.jumpAndFit(.twoPoint, .utr) }),
      ("likelihood_and_gls", { self.jumpAndFit(.likelihood, .gls) }),
    ]
  }

  private func utrPeer() {
    ramp.withUnsafeBuffer {
      readout_loop_utr($0.baseAddress, seconds, Int32(ramp.reads), ramp.planeCount, &slopes)
    }
  }

  private func mcdsPeer() {
    ramp.withUnsafeBuffer {
      readout_loop_mcds($0.baseAddress, Int32(ramp.reads), ramp.planeCount, 3, &groups)
    }
  }

  private func linearityOurs() {
    // The samples are written over: what is timed includes bringing them there, as the library's output does.
    linear = band
    linearise(&linear, with: coefficients)
  }

  private func linearityPeer() {
    let planes = coefficients.planes.map { $0.elements }
    planes[0].withUnsafeBufferPointer { c0 in
      planes[1].withUnsafeBufferPointer { c1 in
        planes[2].withUnsafeBufferPointer { c2 in
          planes[3].withUnsafeBufferPointer { c3 in
            planes[4].withUnsafeBufferPointer { c4 in
              let list = [c0.baseAddress, c1.baseAddress, c2.baseAddress, c3.baseAddress, c4.baseAddress]
              ramp.withUnsafeBuffer {
                readout_loop_linearity($0.baseAddress, Int32(ramp.reads), ramp.width, list, &straight)
              }
            }
          }
        }
      }
    }
  }

  private func jumpAndFit(_ method: JumpOptions.Method, _ fit: RampFitOptions.Method) {
    var flagged = band
    detectJumps(
      in: &flagged,
      options: JumpOptions(
        method: method, times: [seconds.map { Double($0) }], gain: RampScene.gain,
        readNoise: RampScene.readNoise))
    ours["jump"] = fitRamp(flagged.samples, options: options(fit), groupQuality: flagged.groupQuality)
  }

  /// The largest relative differences of ours from the loops'.
  func differences() -> [String: Double] {
    let span = Float(seconds[seconds.count - 1] - seconds[0])
    let between = Float(ramp.reads - 3) * Float(RampScene.step)
    return [
      "utr": largest(ours["utr"]?.measured.value.elements.map { $0 * span }, slopes),
      "mcds": largest(ours["mcds"]?.measured.value.elements.map { $0 * between }, groups),
      "linearity": largest(linear.samples.elements, straight),
    ]
  }

  private func largest(_ a: [Float]?, _ b: [Float]) -> Double {
    zip(a ?? [], b).reduce(a == nil ? .infinity : 0) { worst, pair in
      max(worst, Double(abs(pair.0 - pair.1) / max(abs(pair.1), 1000)))
    }
  }
}
