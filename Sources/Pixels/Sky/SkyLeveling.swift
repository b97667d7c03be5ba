/// The least squares of `matchSkies`.
struct SkyLeveling {
  let frames: [SkyBlocks]
  let overlaps: [SkyOverlap]
  let options: SkyMatchOptions

  private var terms: Int { options.surface == .plane ? 3 : 1 }

  func solved() -> SkyMatch {
    let groups = groups()
    var surfaces = self.surfaces(solution())
    for group in groups { anchor(group, &surfaces) }
    var (square, weight) = (0.0, 0.0)
    for overlap in overlaps {
      let left = left(of: overlap, surfaces)
      square += Double(overlap.count) * left * left
      weight += Double(overlap.count)
    }
    return SkyMatch(
      surfaces: surfaces,
      pairs: overlaps.map {
        SkyMatch.Pair(first: $0.i, second: $0.j, blocks: $0.count, difference: $0.median)
      },
      groups: groups, residual: weight > 0 ? (square / weight).squareRoot() : .nan)
  }

  /// The median difference that is left of an overlap without the surfaces.
  private func left(of overlap: SkyOverlap, _ surfaces: [SkyMatch.Surface]) -> Double {
    let (first, second) = (surfaces[overlap.i], surfaces[overlap.j])
    // Levels move all samples alike.
    guard terms == 3 else { return overlap.median - first.level + second.level }
    return SampleStatistics.median(
      overlap.samples.map {
        Double($0.difference) - first.value(at: place(of: $0, in: overlap))
          + second.value(at: SIMD2<Double>($0.second))
      })
  }

  /// Where a sample's block lies in the first frame.
  private func place(of sample: SkyOverlap.Sample, in overlap: SkyOverlap) -> SIMD2<Double> {
    frames[overlap.i].center(ofBlock: Int(sample.block))
  }

  private func center(_ i: Int) -> SIMD2<Double> {
    (SIMD2(Double(frames[i].columns), Double(frames[i].rows)) * Double(frames[i].size) - 1) / 2
  }

  /// A place in units of half the frame about its centre, and 1 before it: the terms of a surface.
  private func basis(_ i: Int, _ place: SIMD2<Double>) -> [Double] {
    guard terms == 3 else { return [1] }
    let u = (place - center(i)) / halfSize(i)
    return [1, u.x, u.y]
  }

  private func halfSize(_ i: Int) -> Double {
    Double(frames[i].size * max(frames[i].columns, frames[i].rows)) / 2
  }

  /// The coefficients of all frames. What differences do not tell (a sky that all frames share) is found by a ridge so
  /// small that it only keeps it at 0.
  private func solution() -> [Double] {
    let n = frames.count * terms
    var normal = SymmetricSystem(count: n)
    for overlap in overlaps {
      let (a, b) = (overlap.i * terms, overlap.j * terms)
      guard terms == 3 else {
        normal.add([(a, 1), (b, -1)], value: overlap.median, weight: Double(overlap.count))
        continue
      }
      for sample in overlap.clipped(Double(options.kappa)) {
        let (p, q) = (
          basis(overlap.i, place(of: sample, in: overlap)), basis(overlap.j, SIMD2<Double>(sample.second))
        )
        let row = p.indices.map { (a + $0, p[$0]) } + q.indices.map { (b + $0, -q[$0]) }
        normal.add(row, value: Double(sample.difference), weight: 1)
      }
    }
    return normal.solved(ridge: terms == 3 ? 1e-6 : 1e-10)
  }

  private func surfaces(_ solution: [Double]) -> [SkyMatch.Surface] {
    frames.indices.map { i in
      let slope =
        terms == 3
        ? SIMD2(solution[3 * i + 1], solution[3 * i + 2]) / halfSize(i) : SIMD2<Double>.zero
      return SkyMatch.Surface(level: solution[terms * i], slope: slope, center: center(i))
    }
  }

  private func anchor(_ group: [Int], _ surfaces: inout [SkyMatch.Surface]) {
    guard group.count > 1 else { return }
    let levels = group.map { surfaces[$0].level }
    let origin =
      switch options.anchor {
      case .mean: levels.reduce(0, +) / Double(levels.count)
      case .minimum: levels.min() ?? 0
      case .first: levels[0]
      }
    for i in group { surfaces[i].level -= origin }
  }

  /// Frames that hang together, each group in order, groups in the order of their first.
  private func groups() -> [[Int]] {
    var root = Array(frames.indices)
    func find(_ i: Int) -> Int { root[i] == i ? i : find(root[i]) }
    for overlap in overlaps {
      let (a, b) = (find(overlap.i), find(overlap.j))
      root[max(a, b)] = min(a, b)
    }
    return Dictionary(grouping: frames.indices, by: find).sorted { $0.key < $1.key }.map(\.value)
  }
}

/// Normal equations of a least-squares problem.
struct SymmetricSystem {
  private let count: Int
  private var matrix: [Double]
  private var right: [Double]

  init(count: Int) {
    self.count = count
    matrix = Array(repeating: 0, count: count * count)
    right = Array(repeating: 0, count: count)
  }

  /// Adds the equation `sum coefficient x = value`.
  mutating func add(_ row: [(index: Int, coefficient: Double)], value: Double, weight: Double) {
    for (i, a) in row {
      right[i] += weight * a * value
      for (j, b) in row { matrix[i * count + j] += weight * a * b }
    }
  }

  /// The solution with `ridge` times the mean of the diagonal added to it, by Cholesky's decomposition.
  func solved(ridge: Double) -> [Double] {
    let n = count
    guard n > 0 else { return [] }
    var l = matrix
    let trace = (0..<n).reduce(0) { $0 + l[$1 * n + $1] }
    let bottom = trace > 0 ? ridge * trace / Double(n) : 1
    for k in 0..<n { l[k * n + k] += bottom }
    for k in 0..<n {
      for i in k..<n {
        var sum = l[i * n + k]
        for m in 0..<k { sum -= l[i * n + m] * l[k * n + m] }
        l[i * n + k] = i == k ? max(sum, bottom * 1e-3).squareRoot() : sum / l[k * n + k]
      }
    }
    var x = right
    for i in 0..<n {
      for m in 0..<i { x[i] -= l[i * n + m] * x[m] }
      x[i] /= l[i * n + i]
    }
    for i in stride(from: n - 1, through: 0, by: -1) {
      for m in i + 1..<max(n, i + 1) { x[i] -= l[m * n + i] * x[m] }
      x[i] /= l[i * n + i]
    }
    return x
  }
}
