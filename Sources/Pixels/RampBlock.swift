/// A run of neighbouring pixels of a ramp band with all their reads, as the kernels of the readout steps work on it.
///
/// Short enough that the planes of a reference of the same pixels stay in the processor's first cache while the reads
/// go by one after another.
struct RampBlock: @unchecked Sendable {
  // @unchecked Sendable: blocks are disjoint, and the band is held and not otherwise touched while they are worked on.
  private let samples: UnsafeMutablePointer<Float>
  private let group: UnsafeMutablePointer<UInt8>
  private let pixel: UnsafeMutablePointer<UInt32>
  private let planeCount: Int
  /// Ramps between resets.
  let integrations: Int
  /// Reads in each integration.
  let reads: Int
  /// The pixels of the block, counted in the band's planes.
  let pixels: Range<Int>

  /// The most pixels of a block.
  static let length = 1024

  init(
    _ samples: UnsafeMutablePointer<Float>, _ group: UnsafeMutablePointer<UInt8>,
    _ pixel: UnsafeMutablePointer<UInt32>, of shape: (integrations: Int, reads: Int, planeCount: Int),
    pixels: Range<Int>
  ) {
    self.samples = samples
    self.group = group
    self.pixel = pixel
    (integrations, reads, planeCount) = shape
    self.pixels = pixels
  }

  /// Calls `body` for each sixteen pixels with the index of the first in the plane, its place in the block in steps of
  /// sixteen, and how many of them exist.
  @inline(__always)
  func forEachLanes(_ body: (_ i: Int, _ place: Int, _ count: Int) -> Void) {
    var (i, place) = (pixels.lowerBound, 0)
    while i < pixels.upperBound {
      body(i, place, min(16, pixels.upperBound - i))
      i += 16
      place += 1
    }
  }

  @inline(__always)
  private func offset(_ integration: Int, _ read: Int, _ i: Int) -> Int {
    (integration * reads + read) * planeCount + i
  }

  /// Sixteen samples of a read; zeros after the first `count`.
  @inline(__always)
  func values(_ integration: Int, _ read: Int, _ i: Int, _ count: Int) -> Lanes {
    let pointer = samples + offset(integration, read, i)
    return count == 16 ? pointer.lanes(0) : UnsafePointer(pointer).lanes(0, count: count)
  }

  /// Replaces the first `count` of sixteen samples.
  @inline(__always)
  func set(_ values: Lanes, _ integration: Int, _ read: Int, _ i: Int, _ count: Int) {
    let pointer = samples + offset(integration, read, i)
    if count == 16 { return pointer.store(values, at: 0) }
    for lane in 0..<count { pointer[lane] = values[lane] }
  }

  /// The flags of sixteen reads; zeros after the first `count`.
  @inline(__always)
  func group(_ integration: Int, _ read: Int, _ i: Int, _ count: Int) -> SIMD16<UInt8> {
    let pointer = group + offset(integration, read, i)
    return count == 16 ? pointer.lanes(0) : UnsafePointer(pointer).lanes(0, count: count)
  }

  /// Whether any of sixteen reads has one of `flags`. What lies past `count` is not read.
  @inline(__always)
  func anyGroup(_ flags: UInt8, _ integration: Int, _ read: Int, _ i: Int, _ count: Int) -> Bool {
    group(integration, read, i, count).hasAny(flags)
  }

  /// Which of sixteen reads have one of `flags`.
  func hasGroup(_ flags: UInt8, _ integration: Int, _ read: Int, _ i: Int, _ count: Int) -> LaneMask {
    let pointer = group + offset(integration, read, i)
    var mask = LaneMask(repeating: false)
    for lane in 0..<count { mask[lane] = pointer[lane] & flags != 0 }
    return mask
  }

  /// Raises flags of reads where `mask` says.
  func raiseGroup(
    _ flags: UInt8, where mask: LaneMask, _ integration: Int, _ read: Int, _ i: Int, _ count: Int
  ) {
    let pointer = group + offset(integration, read, i)
    for lane in 0..<count where mask[lane] { pointer[lane] |= flags }
  }

  /// Raises flags of pixels where `mask` says.
  @inline(__always)
  func raisePixel(_ flags: UInt32, where mask: LaneMask, _ i: Int, _ count: Int) {
    guard anyLane(mask) else { return }
    for lane in 0..<count where mask[lane] { pixel[i + lane] |= flags }
  }

  /// ORs flags of sixteen pixels, of which `count` exist, into theirs.
  @inline(__always)
  func orPixel(_ flags: FlagLanes, _ i: Int, _ count: Int) {
    if count == 16 { return pixel.store(pixel.lanes(i) | flags, at: i) }
    for lane in 0..<count { pixel[i + lane] |= flags[lane] }
  }
}

extension RampBand {
  /// Calls `body` for blocks that cover the band, on all cores where it is large.
  mutating func forEachBlock(_ body: @Sendable (RampBlock) -> Void) {
    let shape = (integrations, reads, samples.planeCount)
    let count = samples.planeCount
    samples.withUnsafeMutableBuffer { samples in
      groupQuality.withUnsafeMutableBuffer { group in
        pixelQuality.withUnsafeMutableBuffer { pixel in
          guard let samples = samples.baseAddress, let group = group.baseAddress,
            let pixel = pixel.baseAddress
          else { return }
          let all = RampBlock(samples, group, pixel, of: shape, pixels: 0..<count)
          forEachPixelBand(count: count) { part in
            for start in stride(from: part.lowerBound, to: part.upperBound, by: RampBlock.length) {
              body(all.part(start..<min(start + RampBlock.length, part.upperBound)))
            }
          }
        }
      }
    }
  }
}

extension RampBlock {
  fileprivate func part(_ pixels: Range<Int>) -> RampBlock {
    RampBlock(samples, group, pixel, of: (integrations, reads, planeCount), pixels: pixels)
  }
}
