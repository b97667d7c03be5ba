/// How a frame is compared with what the other frames show there.
public struct OutlierOptions: Sendable, Equatable {
  /// Differences of this many errors begin an outlier.
  public var signalToNoise: Float
  /// Differences of this many errors beside one belong to it.
  public var neighbourSignalToNoise: Float
  /// What is added to the first threshold, in slopes of the expected image: a steep star is not expected as well.
  public var slope: Float
  /// The same for the second.
  public var neighbourSlope: Float
  /// Rounds of growth to neighbours.
  public var growth: Int

  /// Options with the defaults of the JWST pipeline (5, 4, 1.2, 0.7) and one round of growth.
  public init(
    signalToNoise: Float = 5, neighbourSignalToNoise: Float = 4, slope: Float = 1.2,
    neighbourSlope: Float = 0.7, growth: Int = 1
  ) {
    self.signalToNoise = signalToNoise
    self.neighbourSignalToNoise = neighbourSignalToNoise
    self.slope = slope
    self.neighbourSlope = neighbourSlope
    self.growth = growth
  }
}

/// The pixels of a frame that differ from an expected image by more than noise and slopes explain.
///
/// A pixel is an outlier when `|x - b| > slope d + snr s`, with s its error and d the largest difference of the expected
/// image b from its four neighbours; so is a neighbour (of eight) of an outlier by the second, lower pair of numbers.
/// Pixels where nothing is expected (NaN), without an error, or with `DO_NOT_USE` are none.
/// - Parameters:
///   - image: the frame.
///   - expected: what the other frames show at its pixels.
///   - options: the thresholds.
/// - Returns: 1 at outliers.
/// - Precondition: the shapes agree.
public func outliers(
  in image: Measured, expected: Plane<Float>, options: OutlierOptions = OutlierOptions()
) -> Plane<UInt8> {
  precondition(expected.width == image.width && expected.height == image.height, "images of different shapes")
  let (width, height) = (image.width, image.height)
  // 1: above the first threshold, 2: above the second.
  let levels = Plane<UInt8>(uninitializedWidth: width, height: height) { target in
    guard let base = target.baseAddress else { return }
    let room = FilledPixels(base: base)
    let (value, error) = (image.value.laneBase, image.error.laneBase)
    let (quality, blot) = (image.quality.laneBase, expected.laneBase)
    withExtendedLifetime((image, expected)) {
      forEachRowBand(height: height, width: width) { rows in
        for y in rows {
          for x in 0..<width {
            let i = y * width + x
            let b = blot.base[i]
            let difference = abs(value.base[i] - b)
            var slope: Float = 0
            // NaN compares false: a neighbour where nothing is expected has no say.
            if x > 0 { slope = steeper(slope, abs(blot.base[i - 1] - b)) }
            if x + 1 < width { slope = steeper(slope, abs(blot.base[i + 1] - b)) }
            if y > 0 { slope = steeper(slope, abs(blot.base[i - width] - b)) }
            if y + 1 < height { slope = steeper(slope, abs(blot.base[i + width] - b)) }
            let sigma = error.base[i]
            let first = difference > options.slope * slope + options.signalToNoise * sigma
            let second = difference > options.neighbourSlope * slope + options.neighbourSignalToNoise * sigma
            let isUsable = quality.base[i] & DQ.doNotUse == 0
            room.base[i] = isUsable ? (first ? 1 : 0) | (second ? 2 : 0) : 0
          }
        }
      }
    }
  }
  var found = levels.map { $0 & 1 }
  for _ in 0..<max(options.growth, 0) { found = grown(found, within: levels) }
  return found
}

@inline(__always) private func steeper(_ a: Float, _ b: Float) -> Float { b > a ? b : a }

/// The outliers with those of their eight neighbours that are above the second threshold.
private func grown(_ found: Plane<UInt8>, within levels: Plane<UInt8>) -> Plane<UInt8> {
  var result = found
  let (width, height) = (found.width, found.height)
  found.withUnsafeBuffer { old in
    levels.withUnsafeBuffer { levels in
      result.withUnsafeMutableBuffer { new in
        for i in old.indices where old[i] != 0 {
          let (x, y) = (i % width, i / width)
          for v in max(y - 1, 0)...min(y + 1, height - 1) {
            for u in max(x - 1, 0)...min(x + 1, width - 1) where levels[v * width + u] & 2 != 0 {
              new[v * width + u] = 1
            }
          }
        }
      }
    }
  }
  return result
}
