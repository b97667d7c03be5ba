/// The fit of a ramp, put together by several threads from its bands of rows or sixteen pixels at a time.
///
/// `@unchecked Sendable` is safe: every thread writes its own pixels, and they are read when all are done.
public final class RampFitAssembly: @unchecked Sendable {
  private let width: Int
  private let height: Int
  private let value: PixelStorage<Float>
  private let error: PixelStorage<Float>
  private let quality: PixelStorage<UInt32>
  private let poisson: PixelStorage<Float>
  private let read: PixelStorage<Float>
  private let used: PixelStorage<UInt16>

  /// Room for a fit of `width` x `height` pixels.
  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
    let count = width * height
    value = PixelStorage(uninitialized: count)
    error = PixelStorage(uninitialized: count)
    quality = PixelStorage(uninitialized: count)
    poisson = PixelStorage(uninitialized: count)
    read = PixelStorage(uninitialized: count)
    used = PixelStorage(uninitialized: count)
  }

  /// Takes in the fit of some rows.
  ///
  /// - Precondition: no other band has a row of them, and the fit has their shape.
  public func store(_ fit: RampFit, rows: Range<Int>) {
    precondition(
      fit.measured.width == width && fit.measured.height == rows.count && rows.lowerBound >= 0
        && rows.upperBound <= height, "the fit of other rows")
    let first = rows.lowerBound * width
    copy(fit.measured.value, to: value, first)
    copy(fit.measured.error, to: error, first)
    copy(fit.measured.quality, to: quality, first)
    copy(fit.variancePoisson, to: poisson, first)
    copy(fit.varianceReadNoise, to: read, first)
    copy(fit.readsUsed, to: used, first)
  }

  /// Takes in the fit of the sixteen pixels from `i` on.
  @inline(__always)
  func store(_ result: RampResult, at i: Int) {
    value.base.store(result.rate, at: i)
    error.base.store(result.error, at: i)
    quality.base.store(result.flags, at: i)
    poisson.base.store(result.variancePoisson, at: i)
    read.base.store(result.varianceRead, at: i)
    let counts = unsafeBitCast(result.used + 0x1p23, to: SIMD16<Int32>.self)
    used.base.store(SIMD16<UInt16>(truncatingIfNeeded: counts), at: i)
  }

  /// The whole fit, once the bands that were stored cover all rows.
  public func fit() -> RampFit {
    RampFit(
      measured: Measured(value: plane(value), error: plane(error), quality: plane(quality)),
      variancePoisson: plane(poisson), varianceReadNoise: plane(read), readsUsed: plane(used))
  }

  private func copy<T>(_ part: Plane<T>, to target: PixelStorage<T>, _ first: Int) {
    part.withUnsafeBuffer { source in
      guard let base = source.baseAddress else { return }
      (target.base + first).update(from: base, count: source.count)
    }
  }

  private func plane<T>(_ storage: PixelStorage<T>) -> Plane<T> {
    Plane(width: width, height: height, storage: storage)
  }
}
