/// The part of a detector that is read.
public struct ReadWindow: Sendable, Hashable {
  /// First column and row, from 0.
  public let x: Int
  public let y: Int
  /// Columns and rows.
  public let width: Int
  public let height: Int

  /// Creates a window; whether it fits is told by `fits`.
  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// All of a detector of `size` pixels.
  public static func full(_ size: Int) -> ReadWindow { ReadWindow(x: 0, y: 0, width: size, height: size) }

  /// Reads `x,y,width,height` with x and y from 1, as the keywords `SUBSTRT` and `SUBSIZE` count; nil when it is not.
  public init?(_ text: String) {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).compactMap { Int($0) }
    guard numbers.count == 4, text.filter({ $0 == "," }).count == 3 else { return nil }
    self.init(x: numbers[0] - 1, y: numbers[1] - 1, width: numbers[2], height: numbers[3])
  }

  /// Whether it lies on a detector of `size` pixels and is not empty.
  public func fits(_ size: Int) -> Bool {
    x >= 0 && y >= 0 && width > 0 && height > 0 && x <= size - width && y <= size - height
  }
}
