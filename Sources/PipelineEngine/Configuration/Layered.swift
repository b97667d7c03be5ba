/// A value that several layers may set, with the layer and the place it came from.
public struct Layered<Value: Sendable & Equatable>: Sendable, Equatable {
  public private(set) var value: Value
  public private(set) var origin = ParameterSet.Origin.default
  /// `file:line` when a file said so; nil for a default or the command line.
  public private(set) var place: String?

  public init(_ value: Value) { self.value = value }

  /// Sets the value; a weaker layer than the one that set it before changes nothing.
  mutating func set(_ value: Value, from origin: ParameterSet.Origin, at place: String?) {
    guard origin >= self.origin else { return }
    (self.value, self.origin, self.place) = (value, origin, place)
  }
}
