/// The border of reference pixels of a detector: pixels that see no light.
public struct ReferenceBorder: Sendable, Equatable {
  /// Pixels of the detector without its border.
  let light: PixelWindow

  /// - Parameters:
  ///   - width: columns of the detector.
  ///   - height: rows of the detector.
  ///   - pixels: how wide the border is on each side.
  public init(width: Int, height: Int, pixels: Int) {
    light = PixelWindow(
      x0: pixels, y0: pixels, width: max(0, width - 2 * pixels), height: max(0, height - 2 * pixels))
  }

  /// The border of the detector that a frame was read from; nil for detectors of another size than an H4RG's, which have
  /// none that we know of, and for a border of 0 pixels.
  /// - Parameters:
  ///   - detector: columns and rows of the detector as the header says; nil where it does not. A frame that is no
  ///     subarray is as large as its detector.
  ///   - window: the frame's place on the detector.
  ///   - isSubarray: whether the frame is a part of the detector.
  ///   - pixels: how wide the border is on each side.
  public init?(
    detector: (width: Int64?, height: Int64?), window: PixelWindow, isSubarray: Bool, pixels: Int
  ) {
    let width = detector.width.map(Int.init) ?? (isSubarray ? 0 : window.width)
    let height = detector.height.map(Int.init) ?? (isSubarray ? 0 : window.height)
    guard pixels > 0, width == Self.detectorSize, height == Self.detectorSize else { return nil }
    self.init(width: width, height: height, pixels: pixels)
  }

  /// Pixels along the side of the detectors that have reference pixels (H4RG).
  private static let detectorSize = 4096

  /// Raises `REFERENCE_PIXEL | DO_NOT_USE` where the border lies in a window of the detector.
  /// - Parameters:
  ///   - quality: flags of `window`, or of `rows` of it.
  ///   - window: the frame's place on the detector.
  ///   - rows: which rows of the frame `quality` holds.
  public func raise(in quality: inout Plane<UInt32>, window: PixelWindow, rows: Range<Int>) {
    let (left, right) = (light.x0 - window.x0, light.x0 + light.width - window.x0)
    let width = quality.width
    quality.withUnsafeMutableBuffer { flags in
      for row in rows {
        let y = window.y0 + row
        let start = (row - rows.lowerBound) * width
        let isDark = y < light.y0 || y >= light.y0 + light.height
        for x in 0..<(isDark ? width : min(max(left, 0), width)) { flags[start + x] |= Self.flags }
        guard !isDark else { continue }
        for x in min(max(right, 0), width)..<width { flags[start + x] |= Self.flags }
      }
    }
  }

  private static let flags = DQ.referencePixel | DQ.doNotUse

  /// Which parts of a window of the detector are border: rows and columns counted in the window, each possibly empty.
  public func parts(of window: PixelWindow) -> Parts {
    let low = min(max(light.y0 - window.y0, 0), window.height)
    let high = min(max(light.y0 + light.height - window.y0, low), window.height)
    let left = min(max(light.x0 - window.x0, 0), window.width)
    let right = min(max(light.x0 + light.width - window.x0, left), window.width)
    return Parts(
      bottom: 0..<low, top: high..<window.height, left: 0..<left, right: right..<window.width)
  }

  /// The four sides of the border as far as they lie in a window.
  public struct Parts: Sendable, Equatable {
    /// Rows at the low end.
    public let bottom: Range<Int>
    /// Rows at the high end.
    public let top: Range<Int>
    /// Columns at the low end.
    public let left: Range<Int>
    /// Columns at the high end.
    public let right: Range<Int>

    /// Whether nothing of the border is in the window.
    public var isEmpty: Bool { bottom.isEmpty && top.isEmpty && left.isEmpty && right.isEmpty }
  }
}
