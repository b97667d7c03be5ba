/// The fit of a ramp, put together by several threads from its bands of rows or sixteen pixels at a time.
///
/// `@unchecked Sendable` is safe: every thread writes its own pixels, and they are read when all are done.
public final class RampFitAssembly: @unchecked Sendable {
  let width: Int
  let height: Int
  private let value: PixelStorage<Float>
  private let error: PixelStorage<Float>
  private let quality: PixelStorage<UInt32>
  private let poisson: PixelStorage<Float>
  private let read: PixelStorage<Float>
  private let used: PixelStorage<UInt16>?

  /// Room for a fit of `width` x `height` pixels.
  ///
  /// - Parameter countsReads: whether `RampFit.readsUsed` is wanted; else it is an empty plane.
  public init(width: Int, height: Int, countsReads: Bool = true) {
    self.width = width
    self.height = height
    let count = width * height
    value = PixelStorage(uninitialized: count)
    error = PixelStorage(uninitialized: count)
    quality = PixelStorage(uninitialized: count)
    poisson = PixelStorage(uninitialized: count)
    read = PixelStorage(uninitialized: count)
    used = countsReads ? PixelStorage(uninitialized: count) : nil
  }

  /// Has the system give all of the memory now, not when the pixels are stored.
  func touch() {
    for storage in [value, error, poisson, read] { storage.touch() }
    quality.touch()
    used?.touch()
  }

  /// Takes in the fit of the sixteen pixels from `i` on.
  @inline(__always)
  func store(_ result: RampResult, at i: Int) {
    value.base.store(result.rate, at: i)
    error.base.store(result.error, at: i)
    quality.base.store(result.flags, at: i)
    poisson.base.store(result.variancePoisson, at: i)
    read.base.store(result.varianceRead, at: i)
    guard let used else { return }
    let counts = unsafeBitCast(
      result.used.replacing(with: 65535, where: result.used .> 65535) + 0x1p23, to: SIMD16<Int32>.self)
    used.base.store(SIMD16<UInt16>(truncatingIfNeeded: counts), at: i)
  }

  /// Takes in the fit of the `count` pixels from `i` on: what lies behind them may belong to another thread.
  @inline(__always)
  func store(_ result: RampResult, at i: Int, count: Int) {
    guard count < 16 else { return store(result, at: i) }
    for k in 0..<count {
      value.base[i + k] = result.rate[k]
      error.base[i + k] = result.error[k]
      quality.base[i + k] = result.flags[k]
      poisson.base[i + k] = result.variancePoisson[k]
      read.base[i + k] = result.varianceRead[k]
      used?.base[i + k] = UInt16(min(result.used[k], 65535))
    }
  }

  /// The whole fit, once the bands that were stored cover all rows.
  public func fit() -> RampFit {
    RampFit(
      measured: Measured(value: plane(value), error: plane(error), quality: plane(quality)),
      variancePoisson: plane(poisson), varianceReadNoise: plane(read),
      readsUsed: used.map(plane) ?? Plane(width: 0, height: 0, repeating: 0))
  }

  private func plane<T>(_ storage: PixelStorage<T>) -> Plane<T> {
    Plane(width: width, height: height, storage: storage)
  }
}
