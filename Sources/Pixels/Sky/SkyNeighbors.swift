/// For each frame, the others that tell its sky: those nearest in time, nearest first (of equal distance, the earlier
/// in order).
///
/// Sky drifts: of 23 frames, the nearest eight left half of the large-scale residual that all of them left
/// (ALGORITHMS 1.7).
/// - Parameters:
///   - times: when each frame was taken, in seconds from anywhere; a frame whose time is NaN counts as infinitely far.
///   - count: neighbours of a frame at most.
///   - window: only frames within this many seconds.
public func skyNeighbors(times: [Double], count: Int, within window: Double = .infinity) -> [[Int]] {
  times.indices.map { i in
    let others = times.indices.compactMap { j -> (index: Int, distance: Double)? in
      guard j != i else { return nil }
      let distance = abs(times[j] - times[i])
      return (j, distance.isNaN ? .infinity : distance)
    }
    let near = others.filter { $0.distance <= window }
      .sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }
    return near.prefix(max(count, 0)).map(\.index)
  }
}
