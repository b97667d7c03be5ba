import Pixels

/// A few numbers about an image, from a sample of its pixels: level, noise, flagged fraction.
struct QualityNumbers {
  let values: [String: Double]

  /// - Parameter limit: pixels looked at, at most; evenly spread.
  init(_ image: Measured, limit: Int = 1 << 16) {
    let step = max(1, image.count / limit)
    var good: [Float] = []
    var errors: [Float] = []
    var flagged = 0
    var seen = 0
    image.value.withUnsafeBuffer { values in
      image.error.withUnsafeBuffer { sigmas in
        image.quality.withUnsafeBuffer { flags in
          for i in stride(from: 0, to: values.count, by: step) {
            seen += 1
            if flags[i] & DQ.doNotUse != 0 || values[i].isNaN { flagged += 1 } else { good.append(values[i]) }
            if sigmas[i].isFinite, flags[i] & DQ.doNotUse == 0 { errors.append(sigmas[i]) }
          }
        }
      }
    }
    var numbers = ["flagged_fraction": seen == 0 ? 0 : Double(flagged) / Double(seen)]
    if let level = Self.median(good) {
      numbers["median"] = Double(level)
      numbers["noise"] = Self.median(good.map { abs($0 - level) }).map { Double($0) * 1.4826 }
    }
    numbers["median_error"] = Self.median(errors).map(Double.init)
    values = numbers
  }

  private static func median(_ values: [Float]) -> Float? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
  }
}
