import ArgumentParser
import CSEP
import Foundation
import Pixels
import SourceExtraction

/// `irisbench detection`: background, search and sources of a frame, ours and SEP's own in turn.
struct DetectionTimes: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detection",
    abstract:
      "Background, search and sources of a frame, ours and the SEP library's own calls, in this process.")

  @Option(help: "Pixels along the side.") var size = 4096
  @Option(help: "Pixels along the side of a tile.") var box = 64
  @Option(help: "Stars in the frame.") var stars = 5000
  @Option(help: "Timed runs of each, in turn.") var repeats = 5

  private static let threshold: Float = 3

  func validate() throws {
    guard size > 0, box > 0, stars >= 0, repeats > 0 else {
      throw ValidationError("--size, --box, --stars or --repeats is out of range")
    }
  }

  private struct Answer: Encodable {
    var seconds: [String: [Double]] = [:]
    var sources: [String: Int] = [:]
    var peakBytes = 0
  }

  func run() throws {
    let frame = StarFrame(size: size, stars: stars).plane
    var answer = Answer()
    for turn in 0...repeats {
      // The library subtracts in place: the copy that it works on is not timed, ours is made within its time.
      var copy = frame
      copy.withUnsafeMutableBuffer { _ in }
      for (name, work) in [("peer", { try whole(&copy) }), ("ours", { try own(frame) })] {
        let run = try timed(work)
        answer.sources[name] = run.result
        // The first round touches the memory.
        if turn > 0 { answer.seconds[name, default: []].append(run.seconds) }
      }
    }
    answer.peakBytes = PeakMemory.bytes
    print(String(decoding: try JSONEncoder().encode(answer), as: UTF8.self))
  }

  private func own(_ frame: Plane<Float>) throws -> Int {
    let mesh = try meshBackground(of: frame, options: MeshOptions(boxWidth: box, boxHeight: box))
    let found = try extractSources(
      from: mesh.subtracted(from: frame), noise: .constant(mesh.globalNoise),
      options: DetectionOptions(threshold: Self.threshold))
    return found.sources.count
  }

  private func whole(_ frame: inout Plane<Float>) throws -> Int {
    var mesh: UnsafeMutablePointer<sep_bkg>?
    var found: UnsafeMutablePointer<sep_catalog>?
    let kernel: [Float] = [1, 2, 1, 2, 4, 2, 1, 2, 1]
    let options = DetectionOptions(threshold: Self.threshold)
    let status = frame.withUnsafeMutableBuffer { values -> Int32 in
      var input = sep_image()
      input.data = UnsafeRawPointer(values.baseAddress)
      input.dtype = Int32(SEP_TFLOAT)
      (input.w, input.h, input.gain) = (Int32(size), Int32(size), 1)
      let status = sep_background(&input, Int32(box), Int32(box), 3, 3, 0, &mesh)
      guard status == 0, let mesh else { return status }
      sep_bkg_subarray(mesh, values.baseAddress, Int32(SEP_TFLOAT))
      input.noiseval = Double(mesh.pointee.globalrms)
      input.noise_type = Int16(SEP_NOISE_STDDEV)
      sep_set_extract_pixstack(size * size)
      return sep_extract(
        &input, options.threshold, Int32(SEP_THRESH_REL), Int32(options.minimumArea), kernel, 3, 3,
        Int32(SEP_FILTER_CONV), Int32(options.deblendingLevels), options.deblendingContrast, 1,
        options.cleaning ?? 1, &found)
    }
    defer {
      if let mesh { sep_bkg_free(mesh) }
      if let found { sep_catalog_free(found) }
    }
    guard status == 0, let found else { throw ValidationError("the library ended with \(status)") }
    return Int(found.pointee.nobj)
  }
}
