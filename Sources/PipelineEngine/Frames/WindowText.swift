import Pixels

extension PixelWindow {
  /// The window as people read it, 1-based and inclusive: `[1025:1536, 513:1024]` (x first).
  package var sectionText: String { "[\(x0 + 1):\(x0 + width), \(y0 + 1):\(y0 + height)]" }
}
