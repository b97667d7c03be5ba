/// One thing that is wrong with a header, said so that it can be mended.
public struct ValidationProblem: Sendable, Hashable, Codable, CustomStringConvertible {
  /// The keyword as the header has it (or as it should have it, when it is missing).
  public let keyword: String
  /// What the schema asks for.
  public let expected: String
  /// What the header has.
  public let found: String

  public init(keyword: String, expected: String, found: String) {
    self.keyword = keyword
    self.expected = expected
    self.found = found
  }

  /// `EXPTIME is -3, expected a number from 0 to 1000000 s`.
  public var message: String { "\(keyword) is \(found), expected \(expected)" }
  public var description: String { message }
}
