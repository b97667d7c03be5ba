import FITSStructure
import Foundation

/// What a file's header says about its exposure, whichever generation of keywords it was written in.
///
/// Values are looked for in the primary header, then in the first image extension; of repeated keywords the
/// first counts. Reading never fails: a value of the wrong type reads as nil, and `problems` reports it.
public struct FrameMetadata: Sendable {
  /// The schema that gives keywords their paths and types.
  public let schema: KeywordSchema
  private var primary: [String: Card.Value]
  private var image: [String: Card.Value]

  /// - Parameters:
  ///   - primary: cards of the primary header.
  ///   - extensions: cards of the extensions, in order; only the first image among them is used.
  public init(primary: [Card], extensions: [[Card]] = [], schema: KeywordSchema = .standard) {
    self.schema = schema
    self.primary = Self.index(primary)
    image = extensions.first(where: Self.isImage).map(Self.index) ?? [:]
  }

  /// The value at a metadata path such as `exposure.time`, converted to the schema's type.
  ///
  /// Nil when the header has none of the path's keywords, or when the value is of the wrong type.
  public subscript(_ path: String) -> MetadataValue? {
    guard let definition = schema.definition(path: path) else { return nil }
    return found(definition).flatMap { Self.convert($0.value, definition) }
  }

  /// The raw value of a keyword by its own name: primary header first, then the first image extension.
  public func value(of keyword: String) -> Card.Value? {
    primary[keyword] ?? image[keyword]
  }

  /// The keywords that the header carries, in no order.
  public var keywords: [String] { Array(Set(primary.keys).union(image.keys)) }

  /// The keyword of a definition that the header carries, and its raw value.
  func found(_ definition: KeywordDefinition) -> (keyword: String, value: Card.Value)? {
    for cards in [primary, image] {
      if let value = cards[definition.keyword] { return (definition.keyword, value) }
      for alias in definition.aliases {
        if let value = cards[alias] { return (alias, value) }
      }
    }
    return nil
  }

  /// The same metadata with other keywords read in place of missing ones, and constants put in.
  ///
  /// - Parameters:
  ///   - aliases: our keyword -> the keyword that stands for it; used only where ours is absent.
  ///   - constants: keyword -> text that replaces whatever the header has.
  public func adapted(aliases: [String: String], constants: [String: String] = [:]) -> FrameMetadata {
    var copy = self
    for (ours, theirs) in aliases where value(of: ours) == nil {
      if let value = value(of: theirs) { copy.primary[ours] = value }
    }
    for (keyword, text) in constants { copy.primary[keyword] = .string(text) }
    return copy
  }

  /// The same metadata with some values put in, over whatever the header has.
  public func adapted(_ values: [String: Card.Value]) -> FrameMetadata {
    var copy = self
    copy.primary.merge(values) { $1 }
    return copy
  }

  private static func index(_ cards: [Card]) -> [String: Card.Value] {
    var values = [String: Card.Value](minimumCapacity: cards.count)
    for card in cards where values[card.keyword] == nil {
      guard let value = card.value, value != .undefined else { continue }
      values[card.keyword] = value
    }
    return values
  }

  private static func isImage(_ cards: [Card]) -> Bool {
    guard let kind = cards.first(where: { $0.keyword == "XTENSION" })?.string else { return true }
    return kind.hasPrefix("IMAGE") || cards.contains { $0.keyword == "ZIMAGE" && $0.logical == true }
  }
}

// MARK: - Typed access by path

extension FrameMetadata {
  /// Text at a path, canonically spelled; nil when absent, blank or of the wrong type.
  public func string(_ path: String) -> String? {
    if case .string(let text)? = self[path], !text.isEmpty { text } else { nil }
  }

  /// A finite number at a path.
  public func double(_ path: String) -> Double? {
    switch self[path] {
    case .double(let number)? where number.isFinite: number
    case .integer(let number)?: Double(number)
    default: nil
    }
  }

  /// An integer at a path; nil outside the schema's range, and outside +-10^9 where the schema gives none, so
  /// that a sum of some, or the product of two, never overflows. `problems` reports what is out of range.
  public func integer(_ path: String) -> Int? {
    guard let definition = schema.definition(path: path), case .integer(let number)? = self[path],
      Self.plausible.contains(number), definition.range?.contains(Double(number)) ?? true
    else { return nil }
    return Int(number)
  }

  private static let plausible: ClosedRange<Int64> = -1_000_000_000...1_000_000_000

  /// A yes or no, nil when it is absent or something else.
  public func logical(_ path: String) -> Bool? {
    if case .logical(let flag)? = self[path] { flag } else { nil }
  }

  /// An instant (UTC), nil when it is absent or no date.
  public func date(_ path: String) -> Date? {
    if case .date(let date)? = self[path] { date } else { nil }
  }
}
