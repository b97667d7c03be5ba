/// Sixteen neighbouring pixels of an image, the unit in which kernels work.
typealias Lanes = SIMD16<Float>
/// Half of them, where sixteen are more than the processor's registers have room for.
typealias HalfLanes = SIMD8<Float>
/// The flags of sixteen neighbouring pixels.
typealias FlagLanes = SIMD16<UInt32>
/// Which of sixteen pixels.
typealias LaneMask = SIMDMask<SIMD16<Int32>>

extension UnsafePointer where Pointee: SIMDScalar {
  /// The sixteen values from index `i` on.
  @inline(__always)
  func lanes(_ i: Int) -> SIMD16<Pointee> {
    UnsafeRawPointer(self + i).loadUnaligned(as: SIMD16<Pointee>.self)
  }

  /// The `count` values from index `i` on, zeros after them; nothing beyond is read.
  func lanes(_ i: Int, count: Int) -> SIMD16<Pointee> where Pointee: ExpressibleByIntegerLiteral {
    var lanes = SIMD16<Pointee>(repeating: 0)
    for lane in 0..<count { lanes[lane] = self[i + lane] }
    return lanes
  }
}

extension UnsafeMutablePointer where Pointee: SIMDScalar {
  /// The sixteen values from index `i` on.
  @inline(__always)
  func lanes(_ i: Int) -> SIMD16<Pointee> {
    UnsafeRawPointer(self + i).loadUnaligned(as: SIMD16<Pointee>.self)
  }

  /// Replaces the sixteen values from index `i` on.
  @inline(__always)
  func store(_ lanes: SIMD16<Pointee>, at i: Int) {
    UnsafeMutableRawPointer(self + i).storeBytes(of: lanes, as: SIMD16<Pointee>.self)
  }
}

extension SIMD16<Float> {
  /// Where a value is NaN or infinite.
  @inline(__always) var isNotFinite: LaneMask { (self - self) .!= Lanes.zero }
}

extension SIMD16<UInt32> {
  /// Where any of `flags` is set. (Compared with a vector: a scalar on the right compiles to a loop over
  /// lanes.)
  @inline(__always)
  func has(_ flags: UInt32) -> LaneMask { (self & FlagLanes(repeating: flags)) .!= FlagLanes.zero }

  /// These flags, with `flags` raised where `mask` says.
  @inline(__always)
  func raising(_ flags: UInt32, where mask: LaneMask) -> FlagLanes {
    self | FlagLanes.zero.replacing(with: flags, where: mask)
  }
}

extension SIMD16<UInt8> {
  /// Whether any of `flags` is set anywhere.
  @inline(__always)
  func hasAny(_ flags: UInt8) -> Bool {
    let words = unsafeBitCast(self, to: SIMD2<UInt64>.self)
    return (words.x | words.y) & (UInt64(flags) &* 0x0101_0101_0101_0101) != 0
  }
}

/// One where `mask` is true, zero elsewhere.
@inline(__always)
func ones(where mask: LaneMask) -> Lanes { Lanes.zero.replacing(with: 1, where: mask) }

/// Whether any lane of `mask` is true.
@inline(__always)
func anyLane(_ mask: LaneMask) -> Bool {
  let words = unsafeBitCast(mask, to: SIMD8<UInt64>.self)
  let four = words.lowHalf | words.highHalf
  let two = four.lowHalf | four.highHalf
  return (two.x | two.y) != 0
}

/// Read-only pixels that several threads share.
///
/// `@unchecked Sendable`: whoever makes one keeps the memory alive and unwritten until all bands are done.
struct SharedPixels<Element>: @unchecked Sendable {
  let base: UnsafePointer<Element>
  init?(_ buffer: UnsafeBufferPointer<Element>) {
    guard let base = buffer.baseAddress else { return nil }
    self.base = base
  }
}

/// Pixels that several threads fill.
///
/// `@unchecked Sendable`: bands are disjoint, so no two threads write the same pixel.
struct FilledPixels<Element>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Element>
}

extension Plane {
  /// The plane's memory for a kernel that works in lanes of sixteen.
  ///
  /// Storage is always allocated in multiples of 64 bytes, so a kernel may read (and, in a plane that it is
  /// filling, write) up to the next multiple of sixteen 4-byte pixels past `count`. The caller holds the
  /// plane.
  var laneBase: SharedPixels<Element> {
    SharedPixels(base: UnsafePointer(storage.base))
  }
}

extension SharedPixels {
  init(base: UnsafePointer<Element>) { self.base = base }
}

/// Calls `body` with three planes to fill (sixteen pixels at a time, see `Plane.laneBase`) and returns the
/// image.
func makeMeasured(
  width: Int, height: Int,
  _ body: (FilledPixels<Float>, FilledPixels<Float>, FilledPixels<UInt32>) throws -> Void
) rethrows -> Measured {
  let value = PixelStorage<Float>(uninitialized: width * height)
  let error = PixelStorage<Float>(uninitialized: width * height)
  let quality = PixelStorage<UInt32>(uninitialized: width * height)
  try body(FilledPixels(base: value.base), FilledPixels(base: error.base), FilledPixels(base: quality.base))
  return Measured(
    value: Plane(width: width, height: height, storage: value),
    error: Plane(width: width, height: height, storage: error),
    quality: Plane(width: width, height: height, storage: quality))
}
