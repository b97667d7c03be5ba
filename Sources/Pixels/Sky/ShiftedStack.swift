/// By how many whole pixels a frame lies from the others.
public struct PixelShift: Sendable, Hashable {
  /// Columns to the right.
  public var x: Int
  /// Rows up.
  public var y: Int

  /// A shift of whole pixels.
  public init(x: Int, y: Int) {
    self.x = x
    self.y = y
  }
}

/// Where frames of one shape lie on the canvas that holds them all.
public struct ShiftedFrames: Sendable, Equatable {
  /// Pixels in a row of each frame.
  public let width: Int
  /// Rows of each frame.
  public let height: Int
  /// The window of the canvas that each frame covers.
  public let windows: [PixelWindow]
  /// Pixels in a row of the canvas.
  public let canvasWidth: Int
  /// Rows of the canvas.
  public let canvasHeight: Int

  /// - Parameter shifts: where the first pixel of each frame lies, counted from anywhere.
  /// - Precondition: there is at least one.
  public init(width: Int, height: Int, shifts: [PixelShift]) {
    let (xs, ys) = (shifts.map(\.x), shifts.map(\.y))
    let (left, bottom) = (xs.min() ?? 0, ys.min() ?? 0)
    self.width = width
    self.height = height
    windows = shifts.map { PixelWindow(x0: $0.x - left, y0: $0.y - bottom, width: width, height: height) }
    canvasWidth = (xs.max() ?? 0) - left + width
    canvasHeight = (ys.max() ?? 0) - bottom + height
  }

  /// The canvas over one frame's pixels.
  public var growth: Double {
    Double(canvasWidth * canvasHeight) / Double(max(width * height, 1))
  }

  /// Frames moved by whole pixels and combined, read in bands of rows. Pixels that no frame covers are NaN and
  /// `DO_NOT_USE`.
  ///
  /// - Parameters:
  ///   - options: how samples are combined.
  ///   - rowsPerBand: rows of the canvas held of each frame at a time.
  ///   - read: gives rows of a frame.
  /// - Throws: `PixelsError` for options that do not fit, and what `read` throws.
  public func combined(
    _ options: CombineOptions, rowsPerBand: Int = 128,
    reading read: (_ frame: Int, _ rows: Range<Int>) throws -> Measured
  ) throws -> Combined {
    try combine(
      frameCount: windows.count, width: canvasWidth, height: canvasHeight, rowsPerBand: rowsPerBand,
      options: options
    ) { i, rows, room in
      room.value.update(repeating: .nan)
      room.error.update(repeating: .nan)
      room.quality.update(repeating: DQ.doNotUse)
      let window = windows[i]
      let (low, high) = (max(rows.lowerBound - window.y0, 0), min(rows.upperBound - window.y0, height))
      guard low < high else { return }
      let band = try read(i, low..<high)
      let first = window.y0 + low - rows.lowerBound
      place(band.value, at: first, window.x0, in: room.value)
      place(band.error, at: first, window.x0, in: room.error)
      place(band.quality, at: first, window.x0, in: room.quality)
    }
  }

  private func place<T: PixelScalar>(
    _ band: Plane<T>, at row: Int, _ column: Int, in room: UnsafeMutableBufferPointer<T>
  ) {
    band.withUnsafeBuffer { source in
      guard let source = source.baseAddress, let target = room.baseAddress else { return }
      for y in 0..<band.height {
        (target + (row + y) * canvasWidth + column).update(from: source + y * width, count: width)
      }
    }
  }

  /// The part of a mask of the canvas that lies in a frame, counted there.
  public func mask(_ canvas: PixelMask, inFrame i: Int) -> PixelMask {
    canvas.moved(
      from: PixelWindow(x0: 0, y0: 0, width: canvasWidth, height: canvasHeight), to: windows[i])
  }
}
