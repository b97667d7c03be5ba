/// How two images of one shape differ: counts, the largest difference and its place, and the differences in sigmas.
///
/// Give it the images band by band, in order, with ``add(_:_:errors:)`` or ``add(_:_:)``; two NaN are equal, a NaN and
/// a number differ without having a difference.
public struct PixelDifference: Sendable, Equatable {
  /// Pixels seen.
  public private(set) var pixels = 0
  /// Pixels whose values are not the same.
  public private(set) var differing = 0
  /// Of those, the pixels where just one of the two is NaN.
  public private(set) var nanInOne = 0
  /// Largest |b - a| of two numbers, and its pixel counted from 0 in the order of the file; nil when none differ.
  public private(set) var largest: (difference: Double, pixel: Int)? = nil
  /// Pixels with an error above zero and two finite values: those that have a difference in sigmas.
  public private(set) var judged = 0
  /// Of those, the pixels beyond `sigma`.
  public private(set) var beyond = 0
  /// Bits that are in one of two flag images and not in the other, ORed over all pixels.
  public private(set) var bits: UInt64 = 0
  private var squares = 0.0
  /// The limit in sigmas.
  public let sigma: Double?

  public init(sigma: Double? = nil) {
    self.sigma = sigma
  }

  /// Root mean square of (b - a) / error; nil when no pixel has an error.
  public var rmsSigma: Double? { judged == 0 ? nil : (squares / Double(judged)).squareRoot() }

  /// Fraction of the judged pixels that differ by more than `sigma` errors; nil without a limit or errors.
  public var fractionBeyond: Double? {
    sigma == nil || judged == 0 ? nil : Double(beyond) / Double(judged)
  }

  /// Adds a band of values.
  /// - Parameter errors: one sigma, of the same pixels; nil or empty when there are none.
  /// - Precondition: equal counts.
  public mutating func add(
    _ a: UnsafeBufferPointer<Double>, _ b: UnsafeBufferPointer<Double>,
    errors: UnsafeBufferPointer<Double>? = nil
  ) {
    precondition(a.count == b.count && (errors.map { $0.count == a.count } ?? true))
    for i in a.indices {
      let (x, y) = (a[i], b[i])
      let delta = y - x
      // Equal infinities have no difference either: compare the values.
      if x != y && !(x.isNaN && y.isNaN) {
        differing += 1
        if x.isNaN != y.isNaN {
          nanInOne += 1
        } else if abs(delta) > largest?.difference ?? 0 {
          largest = (abs(delta), pixels + i)
        }
      }
      guard let errors, delta.isFinite, errors[i] > 0, errors[i].isFinite else { continue }
      let pull = delta / errors[i]
      judged += 1
      squares += pull * pull
      if let sigma, abs(pull) > sigma { beyond += 1 }
    }
    pixels += a.count
  }

  /// Adds a band of integers, such as flags.
  /// - Precondition: equal counts.
  public mutating func add(_ a: UnsafeBufferPointer<Int64>, _ b: UnsafeBufferPointer<Int64>) {
    precondition(a.count == b.count)
    for i in a.indices where a[i] != b[i] {
      differing += 1
      bits |= UInt64(bitPattern: a[i] ^ b[i])
      let delta = abs(Double(b[i]) - Double(a[i]))
      if delta > largest?.difference ?? 0 { largest = (delta, pixels + i) }
    }
    pixels += a.count
  }

  public static func == (a: PixelDifference, b: PixelDifference) -> Bool {
    a.pixels == b.pixels && a.differing == b.differing && a.nanInOne == b.nanInOne
      && a.largest?.difference == b.largest?.difference && a.largest?.pixel == b.largest?.pixel
      && a.judged == b.judged && a.beyond == b.beyond && a.bits == b.bits && a.squares == b.squares
  }
}
