import Associations
import CatalogStore
import JobContract
import Synchronization

/// Associations that will still make something, as they are at the beginning of a turn: read once, however many
/// associations are planned in it, and looked up by what is asked of them.
///
/// What the turn itself settles without a job is taken out (``forget(_:)``); what ends meanwhile the next turn sees.
package final class PendingWork: Sendable {
  package struct Item: Sendable, Equatable {
    package var association: AssociationRecord
    /// Its first member, or what that will be reduced to.
    package var first: Exposure
  }

  private struct State {
    var all: [String: [Item]]?
    /// By the rules that make them: for each detector in order of the exposures.
    var exposures: [[String]: [String: Line]] = [:]
    /// By rule.
    var makers: [String: [Item]] = [:]
    /// By rule and bucket.
    var products: [String: [String: [Item]]] = [:]
    var forgotten: Set<Int64> = []
  }

  /// Exposures of one detector by the times at which they begin.
  private struct Line {
    var items: [Item]
    /// Seconds of the longest.
    var longest: Double
  }

  private let reader: CatalogReader
  private let rules: [AssociationRule]
  private let state = Mutex(State())

  package init(reader: CatalogReader, rules: [AssociationRule]) {
    self.reader = reader
    self.rules = rules
  }

  /// An association that nothing will come of any more.
  package func forget(_ association: Int64) {
    state.withLock { _ = $0.forgotten.insert(association) }
  }

  /// The nearest exposure of the same detector that begins before this one, ended no longer ago than `window`, and is
  /// still to be reduced.
  ///
  /// - Parameters:
  ///   - rules: names of those whose members count.
  ///   - association: that of the exposure itself.
  package func exposure(
    before exposure: Exposure, within window: Double, rules: [String], except association: Int64
  ) throws(CatalogError) -> Item? {
    guard let detector = exposure["detector"] else { return nil }
    return try state.withLock { state throws(CatalogError) in
      if state.exposures[rules] == nil { state.exposures[rules] = Self.lines(try items(of: rules, &state)) }
      guard let line = state.exposures[rules]?[detector] else { return nil }
      var index = line.items.partitioningIndex { $0.first.start >= exposure.start }
      while index > 0 {
        index -= 1
        let item = line.items[index]
        if exposure.start - item.first.start > window + line.longest { return nil }
        if item.association.id != association, !state.forgotten.contains(item.association.id),
          exposure.start - item.first.end <= window
        {
          return item
        }
      }
      return nil
    }
  }

  private static func lines(_ items: [Item]) -> [String: Line] {
    Dictionary(grouping: items) { $0.first["detector"] ?? "" }.mapValues { items in
      Line(
        items: items.sorted { ($0.first.start, $0.association.id) < ($1.first.start, $1.association.id) },
        longest: items.lazy.map { $0.first.end - $0.first.start }.max() ?? 0)
    }
  }

  /// Associations that will make the calibration of a rule, and frames on their way to become a member of one: these as
  /// what they will be.
  package func makers(_ rule: AssociationRule) throws(CatalogError) -> [Item] {
    try state.withLock { state throws(CatalogError) in
      if state.makers[rule.name] == nil {
        let frames = try items(of: sources(of: rule), &state).map { Self.asMember($0, of: rule) }
        let own = try items(of: [rule.name], &state)
        state.makers[rule.name] = own + frames.filter { rule.selector.matches($0.first) }
      }
      let forgotten = state.forgotten
      return (state.makers[rule.name] ?? []).filter { !forgotten.contains($0.association.id) }
    }
  }

  /// What is on its way, as the products that a rule for mosaics gathers, of the bucket of an exposure.
  package func products(for rule: AssociationRule, like exposure: Exposure) throws(CatalogError) -> [Item] {
    try state.withLock { state throws(CatalogError) in
      if state.products[rule.name] == nil {
        let products = try items(of: sources(of: rule), &state).map { Self.asMember($0, of: rule) }
        state.products[rule.name] = Dictionary(
          grouping: products.filter { rule.selector.matches($0.first) }, by: { rule.bucket(of: $0.first) })
      }
      let forgotten = state.forgotten
      return (state.products[rule.name]?[rule.bucket(of: exposure)] ?? []).filter {
        !forgotten.contains($0.association.id)
      }
    }
  }

  /// Rules that make frames of frames, which another rule may gather.
  private func sources(of rule: AssociationRule) -> [String] {
    rules.filter { $0.serves == nil && !$0.isCombination && $0.name != rule.name }.map(\.name)
  }

  private static func asMember(_ item: Item, of rule: AssociationRule) -> Item {
    Item(association: item.association, first: asMember(item.first, of: rule))
  }

  /// A frame as its product will be, once it is reduced to what a rule gathers.
  static func asMember(_ frame: Exposure, of rule: AssociationRule) -> Exposure {
    var product = frame
    for field in ["level", "kind"] {
      if let value = rule.selector.patterns[field]?.first { product.fields[field] = value }
    }
    if product["level"] == "1", rule.selector.patterns["kind"] == nil { product.fields["kind"] = "rate" }
    return product
  }

  private func items(of names: [String], _ state: inout State) throws(CatalogError) -> [Item] {
    if state.all == nil {
      let pending = try reader.pending(rules: rules.map(\.name))
      state.all = Dictionary(
        grouping: pending.map { Item(association: $0.association, first: Exposure($0.first)) },
        by: \.association.rule)
    }
    return names.flatMap { state.all?[$0] ?? [] }.sorted { $0.association.id < $1.association.id }
  }
}

extension [PendingWork.Item] {
  /// The first index at which a condition holds that holds from there on.
  fileprivate func partitioningIndex(where holds: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = low + (high - low) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
