/// What the matcher knows of a frame: its identity, its times and the fields that rules compare.
public struct Exposure: Sendable, Equatable {
  public var id: Int64
  public var name: String
  /// `obsname kind level detector filter pupil grating scale instmode subarray readmode reads coadds exptime program
  /// observation object sequence position count exposure …` as text; absent when the header does not say.
  public var fields: [String: String]
  /// Start and end, seconds since 1970 UTC.
  public var start: Double
  public var end: Double
  /// When it arrived, seconds since 1970 UTC: waits run on this clock, not on the header's.
  public var arrivedAt: Double

  public init(
    id: Int64, name: String, fields: [String: String], start: Double, end: Double, arrivedAt: Double
  ) {
    self.id = id
    self.name = name
    self.fields = fields
    self.start = start
    self.end = end
    self.arrivedAt = arrivedAt
  }

  /// The value of a field, nil when the header does not say.
  public subscript(_ field: String) -> String? { fields[field] }

  /// The field as a number, nil when it is absent or none.
  public func number(_ field: String) -> Double? { fields[field].flatMap(Double.init) }

  /// The field as a whole number.
  public func integer(_ field: String) -> Int? { fields[field].flatMap(Int.init) }

  /// Gap between the end of one exposure and the start of the other, seconds; 0 when they touch or overlap.
  public func gap(to other: Exposure) -> Double {
    max(0, max(other.start - end, start - other.end))
  }
}
