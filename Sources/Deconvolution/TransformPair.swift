import CFFTW
import Pixels
import Synchronization

/// Real transforms of one size to and fro, in place, by FFTW in single precision.
///
/// FFTW plans under a lock of its users; plans are run by any thread on any scratch memory of the same
/// alignment. It starts no threads and keeps no wisdom: plans are estimated, so that results do not depend on
/// what the machine did before.
final class TransformPair: @unchecked Sendable {
  // @unchecked: plans never change after `init`, and FFTW runs them from any thread.
  let width: Int
  let height: Int
  /// Floats from one row to the next: a row's spectrum has width / 2 + 1 complex numbers.
  let stride: Int
  private let forwardPlan: fftwf_plan
  private let backwardPlan: fftwf_plan
  private let spare = Mutex<[Scratch]>([])

  private static let planning = Mutex(())

  /// - Throws: `fftw-plan` when FFTW has none, as for want of memory.
  init(width: Int, height: Int) throws(DeconvolutionError) {
    self.width = width
    self.height = height
    stride = 2 * (width / 2 + 1)
    let scratch = Scratch(count: stride * height)
    let plans = Self.planning.withLock { _ in
      scratch.withComplex { real, complex in
        let size = (Int32(height), Int32(width))
        let flags = UInt32(FFTW_ESTIMATE)
        return PlanPair(
          forward: fftwf_plan_dft_r2c_2d(size.0, size.1, real, complex, flags),
          backward: fftwf_plan_dft_c2r_2d(size.0, size.1, complex, real, flags))
      }
    }
    guard let forward = plans.forward, let backward = plans.backward else {
      throw DeconvolutionError(
        code: "fftw-plan", message: "FFTW has no plan for \(width) x \(height)", subject: "FFTW")
    }
    forwardPlan = forward
    backwardPlan = backward
  }

  deinit {
    Self.planning.withLock { _ in
      fftwf_destroy_plan(forwardPlan)
      fftwf_destroy_plan(backwardPlan)
    }
  }

  /// What FFTW made; it leaves the lock once, to the one who asked.
  private struct PlanPair: @unchecked Sendable {
    let forward: fftwf_plan?
    let backward: fftwf_plan?
  }

  func forward(_ scratch: Scratch) {
    scratch.withComplex { real, complex in fftwf_execute_dft_r2c(forwardPlan, real, complex) }
  }

  /// The inverse, times width x height.
  func backward(_ scratch: Scratch) {
    scratch.withComplex { real, complex in fftwf_execute_dft_c2r(backwardPlan, complex, real) }
  }

  /// Calls `body` with scratch memory of zeros that no other thread has.
  func withScratch<R>(_ body: (Scratch) -> R) -> R {
    let scratch = spare.withLock { $0.popLast() } ?? Scratch(count: stride * height)
    scratch.base.initialize(repeating: 0, count: scratch.count)
    defer { spare.withLock { $0.append(scratch) } }
    return body(scratch)
  }

  /// The smallest length of at least `length` that FFTW is fast at: a multiple of 32, and of no prime above 7.
  static func goodLength(atLeast length: Int) -> Int {
    var candidate = max(1, (length + 31) / 32) * 32
    while !isSmooth(candidate) { candidate += 32 }
    return candidate
  }

  private static func isSmooth(_ number: Int) -> Bool {
    var rest = number
    for prime in [2, 3, 5, 7] { while rest % prime == 0 { rest /= prime } }
    return rest == 1
  }
}

/// Memory for one transform in place, aligned as FFTW wants it.
///
/// `@unchecked Sendable`: it goes from hand to hand, one user at a time (`TransformPair.withScratch`).
final class Scratch: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  let count: Int

  init(count: Int) {
    self.count = count
    base = UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<Float>.stride, alignment: 64)
      .bindMemory(to: Float.self, capacity: count)
    base.initialize(repeating: 0, count: count)
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }

  /// The same memory as real and as complex numbers.
  func withComplex<R>(
    _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<fftwf_complex>) -> R
  ) -> R {
    let complex = UnsafeMutableRawPointer(base).assumingMemoryBound(to: fftwf_complex.self)
    return body(base, complex)
  }
}
