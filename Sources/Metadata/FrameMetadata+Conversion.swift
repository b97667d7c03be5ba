import FITSStructure
import Foundation

extension FrameMetadata {
  /// A header value as the schema's type, or nil when it is of another type.
  static func convert(_ value: Card.Value, _ definition: KeywordDefinition) -> MetadataValue? {
    switch definition.type {
    case .string:
      if case .string(let text) = value { .string(definition.canonical(text)) } else { nil }
    case .label:
      value.label.map { .string(definition.canonical($0)) }
    case .integer:
      integer(value).map(MetadataValue.integer)
    case .double:
      value.number.map(MetadataValue.double)
    case .logical:
      logical(value).map(MetadataValue.logical)
    case .datetime:
      text(value).flatMap(FITSDate.parse).map(MetadataValue.date)
    case .time:
      text(value).flatMap { FITSDate.timeOfDay($0) == nil ? nil : .string($0) }
    case .ra:
      angle(value, hours: true).map(MetadataValue.double)
    case .dec:
      angle(value, hours: false).map(MetadataValue.double)
    }
  }

  private static func text(_ value: Card.Value) -> String? {
    if case .string(let text) = value { text } else { nil }
  }

  /// Integers, and reals that are whole numbers (some writers store counts as reals).
  private static func integer(_ value: Card.Value) -> Int64? {
    switch value {
    case .integer(let number): number
    case .real(let number): Int64(exactly: number)
    default: nil
    }
  }

  private static func logical(_ value: Card.Value) -> Bool? {
    switch value {
    case .logical(let flag): flag
    case .integer(0): false
    case .integer(1): true
    default: nil
    }
  }

  /// Degrees, or sexagesimal text: hours for a right ascension, degrees for a declination.
  private static func angle(_ value: Card.Value, hours: Bool) -> Double? {
    if let number = value.number { return number }
    guard let text = text(value)?.trimmingCharacters(in: .whitespaces) else { return nil }
    let parts = text.split(whereSeparator: { $0 == ":" || $0 == " " })
    guard parts.count == 3, let first = Double(parts[0]), let minutes = Double(parts[1]),
      let seconds = Double(parts[2]), (0..<60).contains(minutes), (0..<60.001).contains(seconds)
    else { return nil }
    let size = abs(first) + minutes / 60 + seconds / 3600
    return (text.hasPrefix("-") ? -size : size) * (hours ? 15 : 1)
  }
}
