import ArgumentParser
import CSEP
import Pixels
import SourceExtraction

/// `irisbench mesh-background`: the background mesh of a frame and its subtraction, ours and SEP's own in turn.
struct MeshBackgroundTimes: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mesh-background",
    abstract: "Background mesh of a frame, ours and the SEP library's whole-frame call, in this process.")

  @Option(help: "Pixels along the side.") var size = 4096
  @Option(help: "Pixels along the side of a tile.") var box = 64
  @Option(help: "Stars in the frame.") var stars = 5000
  @Option(help: "Timed runs of each, in turn.") var repeats = 5

  func validate() throws {
    guard size > 0, box > 0, stars >= 0, repeats > 0 else {
      throw ValidationError("--size, --box, --stars or --repeats is out of range")
    }
  }

  func run() throws {
    let frame = StarFrame(size: size, stars: stars).plane
    var times: [String: [Double]] = [:]
    var farthest: Float = 0
    for turn in 0...repeats {
      // The library subtracts in place: the copy that it works on is not timed, ours is made within its time.
      var copy = frame
      copy.withUnsafeMutableBuffer { _ in }
      let peer = try timed {
        try whole(&copy)
        return copy
      }
      let ours = try timed {
        try meshBackground(of: frame, options: MeshOptions(boxWidth: box, boxHeight: box))
          .subtracted(from: frame)
      }
      let boxes = try timed {
        try boxBackground(
          of: frame, options: BoxBackgroundOptions(estimator: .biweight, boxWidth: box, boxHeight: box)
        ).levelImage()
      }
      farthest = max(farthest, largestDifference(peer.result, ours.result))
      // The first round touches the memory.
      guard turn > 0 else { continue }
      times["peer", default: []].append(peer.seconds)
      times["ours", default: []].append(ours.seconds)
      times["boxes", default: []].append(boxes.seconds)
    }
    let lists = times.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ")
    print("{\(lists), \"largest_difference\": \(farthest), \"peak_bytes\": \(PeakMemory.bytes)}")
  }

  /// SEP's own: one call over the whole frame, and one that subtracts.
  private func whole(_ frame: inout Plane<Float>) throws {
    var mesh: UnsafeMutablePointer<sep_bkg>?
    let status = frame.withUnsafeBuffer { values in
      var input = sep_image()
      input.data = UnsafeRawPointer(values.baseAddress)
      input.dtype = Int32(SEP_TFLOAT)
      (input.w, input.h) = (Int32(size), Int32(size))
      return sep_background(&input, Int32(box), Int32(box), 3, 3, 0, &mesh)
    }
    guard status == 0, let mesh else { throw ValidationError("sep_background ended with \(status)") }
    defer { sep_bkg_free(mesh) }
    frame.withUnsafeMutableBuffer { _ = sep_bkg_subarray(mesh, $0.baseAddress, Int32(SEP_TFLOAT)) }
  }

  private func largestDifference(_ a: Plane<Float>, _ b: Plane<Float>) -> Float {
    a.withUnsafeBuffer { a in
      b.withUnsafeBuffer { b in a.indices.reduce(0) { max($0, abs(a[$1] - b[$1])) } }
    }
  }
}
