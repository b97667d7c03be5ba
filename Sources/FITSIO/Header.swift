import FITSStructure

/// A header under construction: ordered cards, duplicates kept.
public struct Header: Sendable, Hashable {
  /// The cards in order.
  public var cards: [Card]

  /// Starts from cards, or empty.
  public init(_ cards: [Card] = []) { self.cards = cards }

  /// The value of the first card of that keyword; `nil` when it is missing.
  public subscript(_ keyword: String) -> Card.Value? { card(keyword)?.value }

  /// The first card of that keyword; letter case does not matter.
  public func card(_ keyword: String) -> Card? {
    let name = keyword.uppercased()
    return cards.first { $0.keyword == name }
  }

  /// The value when it is a string.
  public func string(_ keyword: String) -> String? { card(keyword)?.string }

  /// The value when it is a number.
  public func double(_ keyword: String) -> Double? { card(keyword)?.double }

  /// The value when it is a whole number.
  public func integer(_ keyword: String) -> Int64? { card(keyword)?.integer }

  /// The value when it is a logical.
  public func logical(_ keyword: String) -> Bool? { card(keyword)?.logical }

  /// Replaces the value of the first card of that keyword where it stands, or appends one.
  ///
  /// - Parameters:
  ///   - keyword: letter case does not matter.
  ///   - value: `nil` leaves the card without value, as commentary has none.
  ///   - comment: `nil` keeps the comment that is there.
  public mutating func set(_ keyword: String, _ value: Card.Value?, comment: String? = nil) {
    let name = keyword.uppercased()
    if let index = cards.firstIndex(where: { $0.keyword == name }) {
      cards[index].value = value
      if let comment { cards[index].comment = comment }
    } else {
      cards.append(Card(keyword, value, comment: comment ?? ""))
    }
  }

  /// Removes every card of that keyword.
  public mutating func remove(_ keyword: String) {
    let name = keyword.uppercased()
    cards.removeAll { $0.keyword == name }
  }

  /// Appends a `HISTORY` card; long text goes on in further records.
  public mutating func append(history text: String) { cards.append(.commentary("HISTORY", text)) }

  /// Appends a card, also when there is one of that keyword.
  public mutating func append(_ card: Card) { cards.append(card) }
}
