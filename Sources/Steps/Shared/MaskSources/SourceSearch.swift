import PipelineEngine
import Pixels
import SourceExtraction

/// The parameters with which steps look for sources, declared once for all of them.
enum SourceSearch {
  static let parameters: [Parameter] = [
    .boxSize,
    .filterSize,
    .threshold(1.5),
    .minimumArea,
    .dilation,
    Parameter(
      "rounds", .integer(1...20), default: .integer(5),
      help: "rounds of background and search at most; it ends when a round adds less than 0.1 %"),
  ]

  static func options(_ parameters: ParameterSet) -> SourceMaskOptions {
    let box = parameters.integer("box_size") ?? 64
    let filter = parameters.integer("filter_size") ?? 3
    return SourceMaskOptions(
      mesh: MeshOptions(boxWidth: box, boxHeight: box, filterWidth: filter, filterHeight: filter),
      detection: DetectionOptions(
        threshold: Float(parameters.number("threshold") ?? 1.5),
        minimumArea: parameters.integer("min_area") ?? 5),
      dilation: parameters.number("dilation") ?? 4, maximumRounds: parameters.integer("rounds") ?? 5)
  }

  /// Looks for sources in an image, and says whose image it was when that fails.
  static func mask(
    _ image: Plane<Float>, excluding unusable: PixelMask, _ options: SourceMaskOptions, of name: String
  ) throws -> SourceMask {
    do {
      return try maskSources(in: image, excluding: unusable, options: options)
    } catch {
      throw EngineError(error.code, error.message, subject: name, hint: error.hint, underlying: error)
    }
  }
}

extension Plane where Element == Float {
  /// This over another, pixel by pixel; not finite where that is 0.
  func divided(by other: Plane<Float>) -> Plane<Float> { combined(with: other) { $0 / $1 } }

  /// This less a multiple of another; where that is not finite, this.
  func subtracting(_ other: Plane<Float>, times factor: Float) -> Plane<Float> {
    combined(with: other) { $0 - ($1.isFinite ? factor * $1 : 0) }
  }

  private func combined(
    with other: Plane<Float>, _ operation: @Sendable (Float, Float) -> Float
  ) -> Plane<Float> {
    precondition(other.width == width && other.height == height, "planes of different shapes")
    return Plane(uninitializedWidth: width, height: height) { out in
      withUnsafeBuffer { first in
        other.withUnsafeBuffer { second in
          // Bands are disjoint, so no two threads write the same pixel.
          nonisolated(unsafe) let (out, first, second) = (out, first, second)
          forEachRowBand(height: height, width: width) { rows in
            for i in rows.lowerBound * width..<rows.upperBound * width {
              out[i] = operation(first[i], second[i])
            }
          }
        }
      }
    }
  }
}
