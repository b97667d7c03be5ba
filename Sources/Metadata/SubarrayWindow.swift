/// The window of the detector that a file holds.
public struct SubarrayWindow: Sendable, Hashable, Codable, CustomStringConvertible {
  /// `SUBARRID`; 0 is the full frame.
  public let id: Int
  /// First column, 0-based.
  public let x0: Int
  /// First row, 0-based.
  public let y0: Int
  public let width: Int
  public let height: Int

  public init(id: Int, x0: Int, y0: Int, width: Int, height: Int) {
    self.id = id
    self.x0 = x0
    self.y0 = y0
    self.width = width
    self.height = height
  }

  /// In FITS section form, 1-based and inclusive: `[1:512,1:512]`.
  public var description: String { "[\(x0 &+ 1):\(x0 &+ width),\(y0 &+ 1):\(y0 &+ height)]" }
}
