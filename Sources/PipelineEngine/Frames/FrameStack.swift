import Pixels

/// Frames of one shape that become one: read in bands of rows, so that a stack of any length fits in memory.
public struct FrameStack: Sendable {
  public let frames: [Frame]

  public init(_ frames: [Frame]) { self.frames = frames }

  /// Combines pixel by pixel; every operation of a frame is done on each band as it is read.
  /// - Throws: `PixelsError` for options that do not fit the stack, and what reading throws.
  public func combine(_ options: CombineOptions) throws -> Combined {
    guard let first = frames.first else {
      throw EngineError("no-frames", "there is nothing to combine", subject: "frames")
    }
    return try Pixels.combine(
      frameCount: frames.count, width: first.width, height: first.height, options: options
    ) { index, rows, room in
      let band = try frames[index].rows(rows)
      band.value.withUnsafeBuffer { _ = room.value.update(fromContentsOf: $0) }
      band.error.withUnsafeBuffer { _ = room.error.update(fromContentsOf: $0) }
      band.quality.withUnsafeBuffer { _ = room.quality.update(fromContentsOf: $0) }
    }
  }
}
