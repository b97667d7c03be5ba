import ArgumentParser
import Foundation
import Pixels

/// `irisbench cosmic-rays`: times the search for cosmic rays in a frame of float32 electrons without a header.
struct CosmicRayTimes: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cosmic-rays",
    abstract: "Make a frame with stars and cosmic rays, or search one, in this process.")

  @Option(help: "Pixels along the side.") var size = 4096
  @Option(help: "Frame to make, float32 without a header; nothing is searched then.") var make: String?
  @Option(help: "Frame to search.") var image: String?
  @Option(help: "Where the mask of the rays goes, a byte a pixel.") var mask: String?
  @Option(help: "Timed runs.") var repeats = 1
  @Flag(help: "Medians of squares, not along rows and columns.") var full = false

  func validate() throws {
    guard size > 0, repeats > 0, (make == nil) != (image == nil) else {
      throw ValidationError("--size or --repeats is out of range, or not one of --make and --image is given")
    }
  }

  func run() throws {
    if let make {
      try CosmicRayFrame(size: size).pixels.withUnsafeBuffer { pixels in
        try Data(buffer: pixels).write(to: URL(filePath: make))
      }
    } else if let image {
      try search(image)
    }
  }

  private func search(_ path: String) throws {
    let frame = try rawImage(path, size: size)
    // What the peer does by default.
    let options = CosmicRayOptions(
      medians: full ? .full : .separable, saturation: 65_536, repairsMasked: false)
    var times: [Double] = []
    var found: CosmicRays?
    for _ in 0..<repeats {
      let run = try timed {
        try findCosmicRays(in: frame, noise: .counts(readNoise: 6.5), options: options)
      }
      found = run.result
      times.append(run.seconds)
    }
    if let mask, let found { try Data(found.mask.plane.elements).write(to: URL(filePath: mask)) }
    print(
      "{\"seconds\": \(times), \"rounds\": \(found?.found ?? []), \"peak_bytes\": \(PeakMemory.bytes)}")
  }
}
