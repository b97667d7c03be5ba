import ArgumentParser
import Foundation
import Pixels

/// `irisbench drizzle`: times drizzle of an image of float32 without a header, turned by three degrees.
struct DrizzleTimes: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drizzle", abstract: "Make an image, or drop one on a turned grid, in this process.")

  @Option(help: "Pixels along the side.") var size = 4096
  @Option(help: "Image to make, float32 without a header; nothing is timed then.") var make: String?
  @Option(help: "Image to drop.") var image: String?
  @Option(help: "square, turbo or point.") var kernel = "square"
  @Option(help: "Where the result goes, float32.") var result: String?
  @Option(help: "How many times the image is dropped in a run, as that many frames.") var images = 4
  @Option(help: "Timed runs.") var repeats = 1

  func validate() throws {
    guard size > 0, repeats > 0, (1...100).contains(images), (make == nil) != (image == nil),
      ResampleOptions.Kernel(rawValue: kernel) != nil
    else {
      throw ValidationError(
        "--size, --images, --repeats or --kernel is out of range, or not one of --make and --image is given")
    }
  }

  func run() throws {
    if let make {
      var random = SplitMix(state: 9)
      let pixels = (0..<size * size).map { _ in 100 + 10 * random.normal() }
      try pixels.withUnsafeBytes { try Data($0).write(to: URL(filePath: make)) }
    } else if let image {
      try drop(image)
    }
  }

  private func drop(_ path: String) throws {
    let frame = Measured(
      value: try rawImage(path, size: size), error: Plane(width: size, height: size, repeating: 10),
      quality: Plane(width: size, height: size, repeating: 0))
    let input = ResampleInput(frame, map: map)
    let options = ResampleOptions(
      kernel: ResampleOptions.Kernel(rawValue: kernel) ?? .square, pixfrac: 1,
      turboSide: kernel == "turbo" ? 1 : nil)
    var times: [Double] = []
    var mosaic: Mosaic?
    for turn in 0...repeats {
      mosaic = nil
      let run = try timed {
        try resample(Array(repeating: input, count: images), width: size, height: size, options: options)
      }
      mosaic = run.result
      // The first round touches the memory.
      if turn > 0 { times.append(run.seconds) }
    }
    if let result, let mosaic {
      try mosaic.measured.value.withUnsafeBuffer { try Data(buffer: $0).write(to: URL(filePath: result)) }
    }
    print("{\"seconds\": \(times), \"peak_bytes\": \(PeakMemory.bytes)}")
  }

  /// Where every pixel comes to lie: turned by three degrees about the middle. Given to both, made by neither in time.
  private var map: PixelMap {
    let (middle, angle) = (Double(size - 1) / 2, 3 * Double.pi / 180)
    let (c, s) = (cos(angle), sin(angle))
    func plane(_ place: (_ x: Double, _ y: Double) -> Double) -> Plane<Double> {
      Plane<Double>(uninitializedWidth: size, height: size) { out in
        for i in out.indices { out[i] = place(Double(i % size) - middle, Double(i / size) - middle) + middle }
      }
    }
    return .pixels(x: plane { x, y in c * x - s * y }, y: plane { x, y in s * x + c * y })
  }
}
