import Glibc

/// Brings frames onto each other, all at once: of every two that overlap the stars are matched, and the maps
/// of all frames are those of least squares over all matches, so that frames that overlap in chains only come
/// out right too.
///
/// Fixed is the catalog where there is one, else the frame `reference`. Frames that no stars connect with what is
/// fixed, those of another detector for instance, are brought onto each other in groups of their own, in each of
/// which the first frame stays (`AlignedFrame.group`).
/// - Throws: `fit-underdetermined` when matches do not determine the maps of the frames connected with what is fixed.
public func alignFrames(
  _ frames: [StarList], to catalog: StarList? = nil, reference: Int = 0, options: FrameAlignmentOptions
) throws(AstrometryError) -> [AlignedFrame] {
  var alignment = FrameAlignment(frames + (catalog.map { [$0] } ?? []), options)
  try alignment.solve(fixing: catalog == nil ? reference : frames.count)
  alignment.solveOthers()
  return frames.indices.map { alignment.result(of: $0) }
}

/// Frames, the matches between them and the maps they lead to.
private struct FrameAlignment {
  let lists: [StarList]
  let options: FrameAlignmentOptions
  /// The frame of the group at hand that stays where it is.
  private var fixed = 0
  private var maps: [PlaneTransform]
  private var pairs: [Pair] = []
  /// Frames of the group at hand.
  private var connected: Set<Int> = []
  /// The solved group that each frame belongs to: 0 is that of what is fixed for all.
  private var groups: [Int?]

  private struct Pair {
    let frames: (Int, Int)
    let stars: (Int, Int)
    let weight: Double
    var isUsed = true
  }

  init(_ lists: [StarList], _ options: FrameAlignmentOptions) {
    self.lists = lists
    self.options = options
    maps = [PlaneTransform](repeating: .identity, count: lists.count)
    groups = [Int?](repeating: nil, count: lists.count)
    matchAll()
  }

  private mutating func matchAll() {
    let boxes = lists.map { Box($0.positions, margin: options.match.search) }
    for i in lists.indices {
      for j in lists.indices where j > i && boxes[i].meets(boxes[j]) {
        for match in options.match.pairs(lists[i].positions, lists[j].positions) {
          let (a, b) = (error(i, match.first), error(j, match.second))
          pairs.append(
            Pair(frames: (i, j), stars: (match.first, match.second), weight: 1 / (a * a + b * b)))
        }
      }
    }
  }

  private func error(_ frame: Int, _ star: Int) -> Double {
    let given = lists[frame].errors[star]
    return given.isFinite ? max(given, options.leastError) : options.leastError
  }

  /// Solves the group of what is fixed for all, which may have no other member.
  mutating func solve(fixing frame: Int) throws(AstrometryError) {
    try solveGroup(fixing: frame)
    for i in connected { groups[i] = 0 }
  }

  /// Solves what no stars connect with that, group by group; frames whose matches determine nothing stay alone.
  mutating func solveOthers() {
    var number = 1
    for frame in lists.indices where groups[frame] == nil {
      do throws(AstrometryError) { try solveGroup(fixing: frame) } catch { continue }
      guard connected.count > 1 else { continue }
      for i in connected { groups[i] = number }
      number += 1
    }
  }

  private mutating func solveGroup(fixing frame: Int) throws(AstrometryError) {
    fixed = frame
    for i in lists.indices where groups[i] == nil { maps[i] = .identity }
    for k in pairs.indices where isOpen(pairs[k]) { pairs[k].isUsed = true }
    for _ in 0..<max(options.rounds, 1) {
      connect()
      guard connected.count > 1 else { return }
      let change = try step()
      let rejected = reject()
      if change < 1e-7, !rejected { break }
    }
    connect()
  }

  /// Whether both of its frames still are in no group.
  private func isOpen(_ pair: Pair) -> Bool { groups[pair.frames.0] == nil && groups[pair.frames.1] == nil }

  /// Frames that enough stars connect with the fixed one, by way of others perhaps.
  private mutating func connect() {
    var counts: [[Int]: Int] = [:]
    for pair in pairs where pair.isUsed && isOpen(pair) {
      counts[[pair.frames.0, pair.frames.1], default: 0] += 1
    }
    let strong = counts.filter { $0.value >= max(options.match.minimum, (options.geometry.unknowns + 1) / 2) }
      .keys
    connected = [fixed]
    var grew = true
    while grew {
      grew = false
      for link in strong where connected.contains(link[0]) != connected.contains(link[1]) {
        connected.formUnion(link)
        grew = true
      }
    }
  }

  private func counts(_ pair: Pair) -> Bool {
    pair.isUsed && connected.contains(pair.frames.0) && connected.contains(pair.frames.1)
  }

  /// One linear step of all maps; returns the greatest change of a position.
  private mutating func step() throws(AstrometryError) -> Double {
    let free = connected.subtracting([fixed]).sorted()
    let place = Dictionary(uniqueKeysWithValues: free.enumerated().map { ($1, $0) })
    let n = options.geometry.unknowns
    let centres = lists.map { Box($0.positions, margin: 0) }
    var equations = NormalEquations(unknowns: n * free.count)
    for pair in pairs where counts(pair) {
      let (i, j) = pair.frames
      let (p, q) = (position(pair, first: true), position(pair, first: false))
      for axis in 0..<2 {
        var terms: [(index: Int, factor: Double)] = []
        if let k = place[i] { terms += terms0(centres[i].unit(p), axis).map { (n * k + $0.0, $0.1) } }
        if let k = place[j] { terms += terms0(centres[j].unit(q), axis).map { (n * k + $0.0, -$0.1) } }
        equations.add(terms, equals: axis == 0 ? q.x - p.x : q.y - p.y, weight: pair.weight)
      }
    }
    let solution = try equations.solved()
    var change = 0.0
    for (k, i) in free.enumerated() {
      let values = Array(solution[n * k..<n * k + n])
      maps[i] = maps[i].then(increment(values, centres[i]))
      change = max(change, values.map { abs($0) }.max() ?? 0)
    }
    return change
  }

  /// Factors of a frame's unknowns in the change of one coordinate at `z`, positions from the frame's middle
  /// over its size.
  private func terms0(_ z: PixelPosition, _ axis: Int) -> [(Int, Double)] {
    let shift = [(axis, 1.0)]
    return switch options.geometry {
    case .shift: shift
    case .rshift: shift + [(2, axis == 0 ? -z.y : z.x)]
    case .rscale: shift + [(2, axis == 0 ? -z.y : z.x), (3, axis == 0 ? z.x : z.y)]
    case .general: shift + (axis == 0 ? [(2, z.x), (3, z.y)] : [(4, z.x), (5, z.y)])
    }
  }

  /// The map of solved unknowns about the frame's middle; turns are made whole ones.
  private func increment(_ x: [Double], _ box: Box) -> PlaneTransform {
    let h = box.size
    var map = PlaneTransform()
    switch options.geometry {
    case .shift: break
    case .rshift: map = .turn(degrees: atan(x[2] / h) * 180 / .pi)
    case .rscale: map = PlaneTransform(a: 1 + x[3] / h, b: -x[2] / h, c: x[2] / h, d: 1 + x[3] / h)
    case .general: map = PlaneTransform(a: 1 + x[2] / h, b: x[3] / h, c: x[4] / h, d: 1 + x[5] / h)
    }
    let c = box.centre
    let moved = map(c)
    (map.s, map.t) = (c.x - moved.x + x[0], c.y - moved.y + x[1])
    return map
  }

  private func position(_ pair: Pair, first: Bool) -> PixelPosition {
    let frame = first ? pair.frames.0 : pair.frames.1
    return maps[frame](lists[frame].positions[first ? pair.stars.0 : pair.stars.1])
  }

  /// What is left between the two stars of a match.
  private func residual(_ pair: Pair) -> (x: Double, y: Double) {
    let (p, q) = (position(pair, first: true), position(pair, first: false))
    return (p.x - q.x, p.y - q.y)
  }

  /// Judges every match of the group anew against the scatter of all that count, each over its own error; whether
  /// that changed any.
  private mutating func reject() -> Bool {
    let pulls = pairs.map { pair in
      let (dx, dy) = residual(pair)
      return (dx * dx + dy * dy).squareRoot() * pair.weight.squareRoot()
    }
    let own = pairs.indices.filter {
      isOpen(pairs[$0]) && (connected.contains(pairs[$0].frames.0) || connected.contains(pairs[$0].frames.1))
    }
    let used = own.filter { counts(pairs[$0]) }.map { pulls[$0] }
    // The median length of a pair of normal coordinates is 1.1774 sigmas; 3 sigmas of one is 3.44 of a length
    // (0.27 %).
    let limit = options.kappa * 1.1466 * max(median(used) / 1.1774, 1e-6)
    var changed = false
    for i in own {
      let isUsed = pulls[i] <= limit
      changed = changed || (isUsed != pairs[i].isUsed && counts(pairs[i]) != isUsed)
      pairs[i].isUsed = isUsed
    }
    return changed
  }

  func result(of frame: Int) -> AlignedFrame {
    let group = groups[frame]
    let own = pairs.filter { $0.frames.0 == frame || $0.frames.1 == frame }
    let used = own.filter { $0.isUsed && group != nil && groups[$0.frames.0] == groups[$0.frames.1] }
    let stars = Set(used.map { $0.frames.0 == frame ? $0.stars.0 : $0.stars.1 })
    let squares = used.map(residual).reduce(0.0) { $0 + $1.x * $1.x + $1.y * $1.y }
    return AlignedFrame(
      map: group == nil ? nil : maps[frame], group: group, stars: stars.count,
      rejected: own.count - used.count,
      rms: used.isEmpty ? .nan : (squares / Double(2 * used.count)).squareRoot())
  }
}

/// The rectangle about positions, those left aside that are no place.
private struct Box {
  let low: PixelPosition
  let high: PixelPosition

  init(_ positions: [PixelPosition], margin: Double) {
    let known = positions.filter { $0.x.isFinite && $0.y.isFinite }
    let (xs, ys) = (known.map(\.x), known.map(\.y))
    low = PixelPosition(x: (xs.min() ?? 0) - margin / 2, y: (ys.min() ?? 0) - margin / 2)
    high = PixelPosition(x: (xs.max() ?? 0) + margin / 2, y: (ys.max() ?? 0) + margin / 2)
  }

  var centre: PixelPosition { PixelPosition(x: (low.x + high.x) / 2, y: (low.y + high.y) / 2) }
  var size: Double { max(high.x - low.x, high.y - low.y, 1) / 2 }

  func unit(_ p: PixelPosition) -> PixelPosition {
    PixelPosition(x: (p.x - centre.x) / size, y: (p.y - centre.y) / size)
  }

  func meets(_ other: Box) -> Bool {
    low.x <= other.high.x && other.low.x <= high.x && low.y <= other.high.y && other.low.y <= high.y
  }
}
