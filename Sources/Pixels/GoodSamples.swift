import Synchronization

/// The good pixels of an image, gathered once so that statistics can go over them many times.
struct GoodSamples: Sendable {
  private let storage: PixelStorage<Float>
  let count: Int

  /// The finite pixels of `plane` without any of `flags` in `quality`.
  init(_ plane: Plane<Float>, _ quality: Plane<UInt32>?, excluding flags: UInt32) {
    let length = 1 << 17
    let bands = (plane.count + length - 1) / length
    let packed = PixelStorage<Float>(uninitialized: plane.count)
    let target = FilledPixels(base: packed.base)
    let source = plane.laneBase
    let marks = quality?.laneBase
    let counts = Mutex([Int](repeating: 0, count: bands))
    withExtendedLifetime((plane, quality)) {
      forEachPixelBand(count: plane.count, length: length) { band in
        var next = band.lowerBound
        for i in stride(from: band.lowerBound, to: band.upperBound, by: 16) {
          let x = source.base.lanes(i)
          var bad = x.isNotFinite
          if let marks { bad .|= marks.base.lanes(i).has(flags) }
          let rest = band.upperBound - i
          // Runs are packed in place: what is written never passes what is read, and stays in the band.
          if rest >= 16 && !anyLane(bad) {
            target.base.store(x, at: next)
            next += 16
            continue
          }
          for lane in 0..<min(rest, 16) where !bad[lane] {
            target.base[next] = x[lane]
            next += 1
          }
        }
        let found = next - band.lowerBound
        counts.withLock { $0[band.lowerBound / length] = found }
      }
    }
    count = GoodSamples.close(packed, counts.withLock { $0 }, length)
    storage = packed
  }

  /// The finite values of an array.
  init(_ values: [Float]) {
    let plane = Plane<Float>(width: values.count, height: 1, elements: values)
    self.init(plane, nil, excluding: 0)
  }

  var base: SharedPixels<Float> { SharedPixels(base: UnsafePointer(storage.base)) }

  /// Moves the runs of good pixels together; returns how many there are.
  private static func close(_ packed: PixelStorage<Float>, _ counts: [Int], _ length: Int) -> Int {
    var total = 0
    for (band, count) in counts.enumerated() {
      if total != band * length {
        (packed.base + total).update(from: packed.base + band * length, count: count)
      }
      total += count
    }
    return total
  }
}
