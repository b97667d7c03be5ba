/// The boxes that an image is divided into.
struct BoxGrid: Sendable {
  let width: Int
  let height: Int
  let boxWidth: Int
  let boxHeight: Int
  let columns: Int
  let rows: Int

  init(width: Int, height: Int, options: BoxBackgroundOptions) {
    self.width = width
    self.height = height
    boxWidth = min(options.boxWidth, max(width, 1))
    boxHeight = min(options.boxHeight, max(height, 1))
    switch options.edge {
    case .pad:
      columns = (width + boxWidth - 1) / boxWidth
      rows = (height + boxHeight - 1) / boxHeight
    case .crop:
      columns = width / boxWidth
      rows = height / boxHeight
    }
  }

  /// Level and standard deviation of every box, NaN where too few samples are left.
  func statistics(
    of image: Plane<Float>, excluding marks: Plane<UInt8>?, _ options: BoxBackgroundOptions
  ) -> BoxMesh {
    let least = (1 - options.excludePercentile / 100) * Double(boxWidth * boxHeight)
    var mesh = BoxMesh(columns: columns, rows: rows)
    let source = image.laneBase
    let excluded = marks?.laneBase
    mesh.level.withUnsafeMutableBufferPointer { level in
      mesh.noise.withUnsafeMutableBufferPointer { noise in
        // Every box is written by one thread only.
        nonisolated(unsafe) let (level, noise) = (level, noise)
        withExtendedLifetime((image, marks)) {
          forEachRowBand(height: rows, width: boxHeight * width) { band in
            var samples = SortedSamples(capacity: boxWidth * boxHeight)
            for k in band.lowerBound * columns..<band.upperBound * columns {
              samples.removeAll()
              gather(k, source.base, excluded?.base, into: &samples)
              samples.sort()
              let used = samples.clipped(options.clipping)
              let isEnough = Double(used.count) > least && !used.isEmpty
              level[k] = isEnough ? Float(samples.level(used, options.estimator)) : .nan
              noise[k] = isEnough ? Float(samples.moments(used).std) : .nan
            }
          }
        }
      }
    }
    return mesh
  }

  private func gather(
    _ k: Int, _ values: UnsafePointer<Float>, _ marks: UnsafePointer<UInt8>?,
    into samples: inout SortedSamples
  ) {
    let (x0, y0) = (k % columns * boxWidth, k / columns * boxHeight)
    for y in y0..<min(y0 + boxHeight, height) {
      for i in y * width + x0..<y * width + min(x0 + boxWidth, width) {
        if let marks, marks[i] != 0 { continue }
        if values[i].isFinite { samples.append(values[i]) }
      }
    }
  }
}

/// Levels and standard deviations of boxes, row by row.
struct BoxMesh: Sendable {
  let columns: Int
  let rows: Int
  var level: [Float]
  var noise: [Float]

  init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
    level = [Float](repeating: .nan, count: columns * rows)
    noise = level
  }

  /// Gives boxes without a level that of their neighbours: the 10 nearest, weighed by 1 / distance. Which of several
  /// equally far are taken is left open by the definition; here it is the last in row order.
  mutating func fill() {
    let known = KnownCells(columns: columns, isKnown: level.map { !$0.isNaN })
    guard known.count < level.count else { return }
    let (oldLevel, oldNoise) = (level, noise)
    for k in level.indices where oldLevel[k].isNaN {
      let near = known.nearest(to: k, 10)
      var (sum, levels, noises) = (0.0, 0.0, 0.0)
      for neighbour in near {
        let weight = 1 / Double(neighbour.squared).squareRoot()
        sum += weight
        levels += weight * Double(oldLevel[neighbour.cell])
        noises += weight * Double(oldNoise[neighbour.cell])
      }
      level[k] = Float(levels / sum)
      noise[k] = Float(noises / sum)
    }
  }

  /// The median over a window about each box, of those inside the mesh; only where the level is above
  /// `threshold` when there is one.
  mutating func filter(width: Int, height: Int, threshold: Float?) {
    guard width > 1 || height > 1 else { return }
    let (oldLevel, oldNoise) = (level, noise)
    for k in level.indices {
      if let threshold, !(oldLevel[k] > threshold) { continue }
      let (x, y) = (k % columns, k / columns)
      var window: [Int] = []
      for j in max(0, y - height / 2)...min(rows - 1, y + height / 2) {
        for i in max(0, x - width / 2)...min(columns - 1, x + width / 2) { window.append(j * columns + i) }
      }
      level[k] = Float(SampleStatistics.median(window.map { Double(oldLevel[$0]) }))
      noise[k] = Float(SampleStatistics.median(window.map { Double(oldNoise[$0]) }))
    }
  }
}
