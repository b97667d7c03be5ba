import PipelineEngine
import Pixels
import SourceExtraction

/// Backgrounds whose sources are left out of the sky that is made of them.
struct MaskedBackgrounds {
  /// The backgrounds, sources marked `DO_NOT_USE`.
  private(set) var frames: [Frame]
  /// Pixels that sources of the first background cover, where it is good otherwise.
  private var hidden: PixelMask?
  /// The background beside sources of each that was searched.
  private var meshes: [MeshBackground] = []

  /// Looks for sources in those backgrounds that the parameter `mask_sources` means.
  init(_ backgrounds: [Frame], in context: StepContext) throws {
    frames = backgrounds
    let choice = context.parameters.string("mask_sources")
    var uncovered: PixelMask?
    for i in frames.indices where choice == "always" || choice == "auto" && frames[i].isScience {
      let pixels = try frames[i].pixels()
      let unusable = PixelMask(unusable: pixels, flags: DQ.blind)
      guard unusable.count < pixels.count else { continue }
      let found = try SourceSearch.mask(
        pixels.value, excluding: unusable, SourceMaskOptions(), of: frames[i].member.name)
      try frames[i].apply(
        FrameOperation(.keepsErrors) { pixels, rows in
          found.sources.raise(DQ.doNotUse, in: &pixels.quality, rows: rows)
        })
      meshes.append(found.background)
      let share = 100 * Double(found.sources.count) / Double(pixels.count)
      context.note(
        "\(frames[i].member.name) is a science frame: \(found.sourceCount) sources (\(Float(share)) %) were left out of the sky"
      )
      let sources = found.sources.plane
      let bad = unusable.plane
      uncovered = uncovered ?? PixelMask(nonZero: sources.marked(without: bad))
    }
    hidden = meshes.isEmpty ? nil : uncovered
  }

  /// Puts the smooth background where sources of all backgrounds left none.
  func fill(_ sky: inout Measured) {
    guard let hidden, !hidden.isEmpty, !meshes.isEmpty else { return }
    let (level, noise, marks) = (meshes[0].levelImage(), meshes[0].noiseImage(), hidden.plane)
    let missing = marks.withUnsafeBuffer { marks in
      sky.quality.withUnsafeMutableBuffer { quality -> [Int] in
        var missing: [Int] = []
        for i in quality.indices where marks[i] != 0 && quality[i] & DQ.doNotUse != 0 {
          quality[i] = quality[i] & ~DQ.doNotUse | DQ.unreliableError
          missing.append(i)
        }
        return missing
      }
    }
    sky.value.replace(missing, with: level)
    sky.error.replace(missing, with: noise)
  }
}

extension Plane where Element == Float {
  /// Takes the pixels of some indices from another plane of this shape.
  fileprivate mutating func replace(_ indices: [Int], with other: Plane<Float>) {
    withUnsafeMutableBuffer { own in other.withUnsafeBuffer { for i in indices { own[i] = $0[i] } } }
  }
}

extension Plane where Element == UInt8 {
  /// 1 where this is and the other is not.
  fileprivate func marked(without other: Plane<UInt8>) -> Plane<UInt8> {
    other.withUnsafeBuffer { others in
      withUnsafeBuffer { own in
        Plane(uninitializedWidth: width, height: height) { out in
          for i in own.indices { out.initializeElement(at: i, to: own[i] != 0 && others[i] == 0 ? 1 : 0) }
        }
      }
    }
  }
}

extension Frame {
  /// Whether the frame was taken for what is in it, and serves as a background beside that.
  fileprivate var isScience: Bool {
    metadata.obsName?.hasSuffix("-SCI") == true && metadata.isSky != true
  }
}
