/// A rectangle of pixels; x and y count from 0.
public struct PixelWindow: Sendable, Hashable, CustomStringConvertible {
  /// First column.
  public var x0: Int
  /// First row.
  public var y0: Int
  /// Columns.
  public var width: Int
  /// Rows.
  public var height: Int

  /// A window by its first pixel (from 0) and its size.
  public init(x0: Int, y0: Int, width: Int, height: Int) {
    self.x0 = x0
    self.y0 = y0
    self.width = width
    self.height = height
  }

  /// A window by the keywords `SUBSTRT1 SUBSTRT2` (from 1) and `SUBSIZE1 SUBSIZE2`.
  public init(subarrayStart1: Int, start2: Int, size1: Int, size2: Int) {
    self.init(x0: subarrayStart1 - 1, y0: start2 - 1, width: size1, height: size2)
  }

  /// The number of pixels.
  public var count: Int { width * height }

  /// The rows.
  public var rows: Range<Int> { y0..<y0 + height }

  /// The columns.
  public var columns: Range<Int> { x0..<x0 + width }

  /// A part of this window, which counts from the window's first pixel, in the window's own coordinates.
  public func place(of part: PixelWindow) -> PixelWindow {
    PixelWindow(x0: x0 + part.x0, y0: y0 + part.y0, width: part.width, height: part.height)
  }

  /// The window with some more columns and rows on each side, as far as `whole` has them.
  public func grown(by pixels: Int, within whole: PixelWindow) -> PixelWindow {
    PixelWindow(
      x0: x0 - pixels, y0: y0 - pixels, width: width + 2 * pixels, height: height + 2 * pixels
    ).intersection(whole) ?? self
  }

  /// Whether `other` is not empty and lies wholly inside.
  public func contains(_ other: PixelWindow) -> Bool {
    guard other.width > 0, other.height > 0, other.x0 >= x0, other.y0 >= y0 else { return false }
    return other.width <= width && other.height <= height
      && other.x0 - x0 <= width - other.width && other.y0 - y0 <= height - other.height
  }

  /// The part common to both, or nil when they do not touch.
  public func intersection(_ other: PixelWindow) -> PixelWindow? {
    let left = max(x0, other.x0)
    let bottom = max(y0, other.y0)
    let right = min(x0 + width, other.x0 + other.width)
    let top = min(y0 + height, other.y0 + other.height)
    guard right > left, top > bottom else { return nil }
    return PixelWindow(x0: left, y0: bottom, width: right - left, height: top - bottom)
  }

  /// As FITS sections are written, from 1: `[x1:x2,y1:y2]`.
  public var description: String { "[\(x0 + 1):\(x0 + width),\(y0 + 1):\(y0 + height)]" }
}
