import Pixels

/// A few numbers about an image, from an even sample of its pixels: level, noise, flagged fraction.
struct QualityNumbers {
  let values: [String: Double]

  /// - Parameter limit: about so many pixels are looked at.
  init(_ image: Measured, limit: Int = 1 << 16) {
    let step = SampleStride.of(image.count, width: image.width, samples: limit)
    var good: [Float] = []
    var errors: [Float] = []
    var seen = 0
    image.value.withUnsafeBuffer { values in
      image.error.withUnsafeBuffer { sigmas in
        image.quality.withUnsafeBuffer { flags in
          for i in stride(from: 0, to: values.count, by: step) {
            seen += 1
            guard flags[i] & DQ.doNotUse == 0, values[i].isFinite else { continue }
            good.append(values[i])
            if sigmas[i].isFinite { errors.append(sigmas[i]) }
          }
        }
      }
    }
    let sample = Plane(width: good.count, height: 1, elements: good)
    let clipped = clippedStatistics(of: sample)
    let numbers = [
      "flagged_fraction": seen == 0 ? 0 : 1 - Double(good.count) / Double(seen),
      "median": Double(median(of: sample)), "background": clipped.median, "noise": clipped.madSigma,
      "median_error": Double(median(of: Plane(width: errors.count, height: 1, elements: errors))),
    ]
    values = numbers.filter { $0.value.isFinite }
  }
}
