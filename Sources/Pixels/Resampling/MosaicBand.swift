/// The sums of a band of output rows, on one thread.
///
/// In double precision: a mosaic of a hundred frames on a bright sky loses nothing.
final class MosaicBand {
  let width: Int
  /// First row of the band in the output.
  private(set) var firstRow = 0
  private(set) var height = 0
  /// By pixel: sum of w x, sum of w, sum of w² variance, sum of w of the frame at work.
  let sums: UnsafeMutablePointer<SIMD4<Double>>
  /// By pixel: flags of the pixels used.
  let flags: UnsafeMutablePointer<UInt32>
  private let capacity: Int

  private var count: Int { width * height }

  /// Room for `rows` rows; nothing is in it before `move`.
  init(width: Int, rows: Int) {
    self.width = width
    capacity = width * rows
    sums = PixelMemory.take(capacity * MemoryLayout<SIMD4<Double>>.stride)
      .bindMemory(to: SIMD4<Double>.self, capacity: capacity)
    flags = PixelMemory.take(capacity * 4).bindMemory(to: UInt32.self, capacity: capacity)
  }

  deinit {
    PixelMemory.giveBack(sums, capacity * MemoryLayout<SIMD4<Double>>.stride)
    PixelMemory.giveBack(flags, capacity * 4)
  }

  /// Begins another band, with nothing in it.
  func move(to rows: Range<Int>) {
    firstRow = rows.lowerBound
    height = rows.count
    clear()
  }

  /// Forgets everything.
  func clear() {
    sums.initialize(repeating: .zero, count: count)
    flags.initialize(repeating: 0, count: count)
  }

  /// Adds a part of an input pixel to an output pixel.
  @inline(__always)
  func add(_ pixel: Int, weight: Double, _ value: Double, _ variance: Double, _ marks: UInt32) {
    sums[pixel] += weight * SIMD4(value, 1, weight * variance, 1)
    flags[pixel] |= marks
  }

  /// Notes which pixels the frame at work has reached, and makes ready for the next.
  func finishFrame(_ index: Int, exposure: Float, in room: Mosaic.Room) {
    let start = firstRow * width
    let (coverage, seconds) = (room.coverage.base + start, room.exposure.base + start)
    let context = room.context[index / 32].base + start
    let bit = UInt32(1) << UInt32(index % 32)
    for i in 0..<count where sums[i].w != 0 {
      sums[i].w = 0
      coverage[i] += 1
      seconds[i] += exposure
      context[i] |= bit
    }
  }

  /// The weighted means, their errors and weights into the mosaic.
  func finish(in room: Mosaic.Room) {
    let start = firstRow * width
    let (value, error) = (room.value.base + start, room.error.base + start)
    let (quality, weight) = (room.quality.base + start, room.weight.base + start)
    for i in 0..<count {
      let sum = sums[i]
      let isEmpty = !(sum.y > 0)
      let inverse = 1 / sum.y
      value[i] = isEmpty ? .nan : Float(sum.x * inverse)
      error[i] = isEmpty ? .nan : Float(sum.z.squareRoot() * inverse)
      quality[i] = isEmpty ? DQ.doNotUse | DQ.nonScience : Self.marks(flags[i], sum)
      weight[i] = isEmpty ? 0 : Float(sum.y)
    }
  }

  /// The flags of a pixel, with that of an error that is not known.
  @inline(__always)
  private static func marks(_ flags: UInt32, _ sum: SIMD4<Double>) -> UInt32 {
    sum.z.isFinite ? flags : flags | DQ.unreliableError
  }

  /// The frame at work by itself, for a stack; what it weighs is added to the mosaic's weights.
  func finishSamples(
    value: UnsafeMutablePointer<Float>, error: UnsafeMutablePointer<Float>,
    quality: UnsafeMutablePointer<UInt32>, in room: Mosaic.Room
  ) {
    let weight = room.weight.base + firstRow * width
    for i in 0..<count {
      let sum = sums[i]
      let isEmpty = !(sum.y > 0)
      let inverse = 1 / sum.y
      value[i] = isEmpty ? .nan : Float(sum.x * inverse)
      error[i] = isEmpty ? .nan : Float(sum.z.squareRoot() * inverse)
      quality[i] = isEmpty ? DQ.doNotUse : Self.marks(flags[i], sum)
      if !isEmpty { weight[i] += Float(sum.y) }
    }
  }
}
