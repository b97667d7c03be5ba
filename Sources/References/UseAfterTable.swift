/// `UseAfter({date : choice})`: the last entry at or before the header's date.
final class UseAfterTable: Sendable {
  struct Entry: Sendable {
    let stamp: UseAfterStamp
    /// As the rmap writes it.
    let text: String
    let choice: SelectorTree
  }

  /// Ascending.
  let entries: [Entry]
  let parameters: [HeaderName]

  let hasBracket: Bool

  init(entries: [Entry], parameters: [HeaderName]) {
    hasBracket = entries.contains { $0.choice.hasBracket }
    self.entries = entries
    self.parameters = parameters
  }

  /// Position of the last entry not after `stamp`, or nil.
  func index(notAfter stamp: UseAfterStamp) -> Int? {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].stamp <= stamp { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? nil : low - 1
  }
}

/// What a mapping's selector is made of.
indirect enum SelectorTree: Sendable {
  case match(MatchTable)
  case useAfter(UseAfterTable)
  /// One of the selectors by order other than `UseAfter`.
  case ordered(OrderedTable)
  /// A file name, `N/A` or `OMIT`.
  case file(String)
  /// Several files at once (old HST rules); never chosen by us.
  case several([String])

  /// A `Bracket` stands at its outside or below one; nothing else can choose two files at once.
  var hasBracket: Bool {
    switch self {
    case .ordered(let table): table.hasBracket
    case .match(let table): table.hasBracket
    case .useAfter(let table): table.hasBracket
    case .file, .several: false
    }
  }

  /// The text that the published client compares when two rows collide at one date.
  var fileText: String? {
    if case .file(let name) = self { name } else { nil }
  }
}
