import Pixels

/// Frames of one shape that become one: read in bands of rows, so that a stack of any length fits in memory.
public struct FrameStack: Sendable {
  public let frames: [Frame]

  public init(_ frames: [Frame]) { self.frames = frames }

  /// Combines pixel by pixel; every operation of a frame is done on each band as it is read.
  ///
  /// The error `sigma` of a master that frames share (`SharedError`, `f_i` times in frame i of weight `w_i`) is not
  /// averaged away: `var += (sum w_i f_i / sum w_i)² sigma²`, for medians too and without their factor, since the
  /// same error moves all samples. Which samples a pixel's clipping left is not asked.
  /// - Throws: `PixelsError` for options that do not fit the stack, and what reading throws.
  public func combine(_ options: CombineOptions) throws -> Combined {
    guard let first = frames.first else {
      throw EngineError("no-frames", "there is nothing to combine", subject: "frames")
    }
    var combined = try Pixels.combine(
      frameCount: frames.count, width: first.width, height: first.height, options: options
    ) { index, rows, room in
      let band = try frames[index].ownRows(rows)
      band.value.withUnsafeBuffer { _ = room.value.update(fromContentsOf: $0) }
      band.error.withUnsafeBuffer { _ = room.error.update(fromContentsOf: $0) }
      band.quality.withUnsafeBuffer { _ = room.quality.update(fromContentsOf: $0) }
    }
    for error in sharedErrors(options) {
      error.add(to: &combined.measured, rows: 0..<combined.measured.height)
    }
    return combined
  }

  /// What each master's error amounts to in the combined frame, by the masters' names.
  private func sharedErrors(_ options: CombineOptions) -> [SharedError] {
    var weights = [Float](repeating: 1, count: frames.count)
    let isWeighted = options.method == .wmean || options.method == .wmedian
    if isWeighted, case .frames(let given) = options.weights { weights = given }
    let total = weights.reduce(0, +)
    var order: [SharedError] = []
    var sums: [String: Float] = [:]
    for (frame, weight) in zip(frames, weights) {
      guard let error = frame.sharedError else { continue }
      if sums[error.name] == nil { order.append(error) }
      sums[error.name, default: 0] += weight / total * error.factor
    }
    return order.map { $0.with(factor: sums[$0.name] ?? 0) }
  }
}
