/// Images brought onto one grid and combined.
public struct Mosaic: Sendable {
  /// Value, one-sigma error of the single pixel, and flags: the OR of those of the pixels used. Where no frame
  /// contributes: NaN, `DO_NOT_USE` and `NON_SCIENCE`.
  public var measured: Measured
  /// The sum of the weights. Here and in the planes that follow a frame counts where it has a pixel, also where the
  /// clipping of a stack rejects it.
  public var weight: Plane<Float>
  /// How many frames contribute.
  public var coverage: Plane<UInt16>
  /// The sum of the exposure times of the frames that contribute, seconds.
  public var exposure: Plane<Float>
  /// Which frames contribute: bit `i % 32` of plane `i / 32` for frame i.
  public var context: [Plane<UInt32>]

  /// The memory of a mosaic while bands on several threads fill it.
  ///
  /// `@unchecked Sendable` is safe: bands are disjoint rows, so no two threads write the same pixel.
  final class Room: @unchecked Sendable {
    let width: Int
    let height: Int
    let value: PixelStorage<Float>
    let error: PixelStorage<Float>
    let quality: PixelStorage<UInt32>
    let weight: PixelStorage<Float>
    let coverage: PixelStorage<UInt16>
    let exposure: PixelStorage<Float>
    let context: [PixelStorage<UInt32>]

    init(width: Int, height: Int, frames: Int) {
      let pixels = width * height
      self.width = width
      self.height = height
      value = PixelStorage(uninitialized: pixels)
      error = PixelStorage(uninitialized: pixels)
      quality = PixelStorage(uninitialized: pixels)
      weight = PixelStorage(uninitialized: pixels)
      coverage = PixelStorage(uninitialized: pixels)
      exposure = PixelStorage(uninitialized: pixels)
      context = (0..<(frames + 31) / 32).map { _ in PixelStorage(uninitialized: pixels) }
    }

    /// The mosaic, once every band is filled.
    var mosaic: Mosaic {
      Mosaic(
        measured: Measured(
          value: Plane(width: width, height: height, storage: value),
          error: Plane(width: width, height: height, storage: error),
          quality: Plane(width: width, height: height, storage: quality)),
        weight: Plane(width: width, height: height, storage: weight),
        coverage: Plane(width: width, height: height, storage: coverage),
        exposure: Plane(width: width, height: height, storage: exposure),
        context: context.map { Plane(width: width, height: height, storage: $0) })
    }
  }
}

extension Mosaic {
  /// Which of some frames contribute, as numbers: the first of them has bit 0.
  ///
  /// - Precondition: at most 24 frames, which a float32 tells apart.
  public func contextBits(_ frames: Range<Int>) -> Plane<Float> {
    precondition(frames.count <= 24, "\(frames.count) frames in one plane of bits")
    let mask = UInt64(1) << UInt64(frames.count) - 1
    let (word, shift) = (frames.lowerBound / 32, UInt64(frames.lowerBound % 32))
    let low = context[min(word, context.count - 1)]
    guard word + 1 < context.count else { return low.map { Float(UInt64($0) >> shift & mask) } }
    let high = context[word + 1]
    return Plane<Float>(uninitializedWidth: low.width, height: low.height) { out in
      low.withUnsafeBuffer { low in
        high.withUnsafeBuffer { high in
          for i in out.indices {
            let bits = UInt64(low[i]) | UInt64(high[i]) << 32
            out.initializeElement(at: i, to: Float(bits >> shift & mask))
          }
        }
      }
    }
  }
}
