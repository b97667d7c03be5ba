import ArgumentParser
import Foundation
import Pixels

/// `irisbench local-median`: times the 31-pixel local median of a bad-pixel mask on a noisy flat.
struct LocalMedian: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "local-median", abstract: "Time the local median of a square flat.")

  @Option(help: "Pixels along the side.") var size = 4096
  @Option(help: "Half the window's side, less a half.") var radius = 15
  @Option(help: "Runs.") var rounds = 3

  func run() throws {
    var state: UInt64 = 1
    let plane = Plane<Float>(uninitializedWidth: size, height: size) { out in
      for i in out.indices {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        out[i] = 0.95 + 0.1 * Float(state >> 40) * 0x1p-24
      }
    }
    for _ in 0..<rounds {
      let start = DispatchTime.now().uptimeNanoseconds
      let result = localMedian(
        of: plane, range: 0...4, options: LocalMedianOptions(radius: radius, bins: 8192))
      let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
      print("local-median \(size) radius \(radius): \(seconds) s, middle \(result[size / 2, size / 2])")
    }
  }
}
