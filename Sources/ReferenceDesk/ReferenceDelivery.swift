import Metadata
import References

/// A reference file that a person wants in the rules: its type, its row's header and its date.
public struct ReferenceDelivery: Sendable {
  public let path: String
  /// Bare name it will have in the cache.
  public var name: String
  /// Lower case.
  public let type: String
  /// What its row is made of.
  public let header: [String: String]
  /// `yyyy-mm-dd hh:mm:ss`
  public let useAfter: String

  /// - Throws: `unknown-type`, `not-certified` without a type or a date.
  public init(_ headers: FileHeaders, type: String? = nil) throws(ReferenceDeskError) {
    guard let type = type ?? headers.text("REFTYPE") else {
      throw ReferenceDeskError(
        "unknown-type", "the file has no REFTYPE, so nothing says what it is", headers.path,
        hint: "say it with --type")
    }
    guard let useAfter = headers.text("USEAFTER").flatMap(canonicalUseAfter) else {
      throw ReferenceDeskError(
        "not-certified", "the file has no USEAFTER date", headers.path, hint: "set it in its header")
    }
    path = headers.path
    name = headers.name
    self.type = type.lowercased()
    header = CRDSHeader(headers.metadata).values
    self.useAfter = useAfter
  }
}

extension RulesContext {
  /// The new content of every row that some deliveries belong in; a reference of the same date is replaced.
  ///
  /// - Throws: `reference-collision` when two of them have one row and one date; `unknown-type`.
  public func updates(for deliveries: [ReferenceDelivery]) throws(ReferenceDeskError) -> [RowUpdate] {
    var updates: [RowUpdate] = []
    var dates: [String: String] = [:]
    for delivery in deliveries {
      guard let rules = rules(type: delivery.type) else {
        throw ReferenceDeskError(
          "unknown-type", "\(name) has no rmap for this type, so nothing says what it matches on",
          delivery.type, hint: "types: \(types.joined(separator: ", "))")
      }
      let row = rules.matchValues(header: delivery.header)
      let key = ([delivery.type] + row + [delivery.useAfter]).joined(separator: "\u{1F}")
      if let other = dates.updateValue(delivery.name, forKey: key) {
        throw ReferenceDeskError(
          "reference-collision", "has the row and the USEAFTER of \(other)", delivery.path,
          hint: "give one of them another USEAFTER, or leave it out")
      }
      let reference = DatedReference(useAfter: delivery.useAfter, file: delivery.name)
      if let place = updates.firstIndex(where: { $0.type == delivery.type && $0.matchValues == row }) {
        updates[place].references.removeAll { $0.useAfter == reference.useAfter }
        updates[place].references.append(reference)
      } else {
        let others = rules.references(matchValues: row).filter { $0.useAfter != reference.useAfter }
        updates.append(
          RowUpdate(type: delivery.type, matchValues: row, references: others + [reference]))
      }
    }
    return updates
  }
}
