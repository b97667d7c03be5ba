import Associations
import CatalogStore
import Metadata

/// What is particular to the jobs of mosaics.
extension JobPlanner {
  /// `{program}-{observation}_IRIS_{IMG|IFU}_{object slug}_{FILTER}_LVL3_{association id}_{kind}` of a mosaic, by the
  /// number of its association in the catalog: two fields of one observation have names of their own.
  func combinationName(_ draft: Draft, kind: String, version: Int) -> String {
    let fields = draft.members[0].frame.fields
    let number = String(draft.association.id)
    let padded = String(repeating: "0", count: max(0, 4 - number.count)) + number
    return ProductName.combination(
      program: fields["program"], observation: fields["observation"],
      isImager: fields["detector"]?.hasPrefix("IMG") ?? (fields["instmode"] == "IMG"),
      object: fields["object"], filter: fields["filter"], association: "a" + padded, kind: kind,
      version: version)
  }

  /// What is on its way and would be a member, or is a member that is being made again: a mosaic waits for it, so that
  /// it is made once of final frames.
  func unfinishedMembers(
    _ association: AssociationRecord, _ members: [MemberRecord]
  ) throws(CatalogError) -> String? {
    guard let rule = associator.rule(named: association.rule),
      let matcher = CombinationMatcher(rule: rule)
    else { return nil }
    let own = members.map { Exposure($0.frame) }
    let expected = try pending.products(for: rule, like: own[0]).filter { item in
      own.contains { matcher.difference($0, item.first) == nil }
    }
    guard let first = expected.first?.association else { return nil }
    let more = expected.count > 1 ? " and \(expected.count - 1) more" : ""
    let why = first.reason.map { " (\($0))" } ?? ""
    return "waiting for level 2: \(first.name)\(more) is not done yet\(why)"
  }
}
