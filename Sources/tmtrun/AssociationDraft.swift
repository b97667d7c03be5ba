import Associations
import Foundation
import JobContract
import Metadata
import PipelineEngine
import Pipelines

/// Associations on their way to files: what each holds and what it is called.
struct AssociationDraft {
  /// Product name, members in order, and what makes it less than complete.
  var product: String
  var members: [(file: ExposureFile, exptype: MemberType)]
  var degraded: String?
  var rule: String
  var type: String
  var constraints: String?

  /// Rules of JWST's own tools that ask nothing of the headers.
  enum Plain: String, CaseIterable {
    /// A product of each file.
    case level2 = "DMS_Level2_Base"
    /// One product of all files.
    case level3 = "DMS_Level3_Base"
  }

  static func drafts(_ plain: Plain, _ files: [ExposureFile]) -> [AssociationDraft] {
    let sets = plain == .level2 ? files.map { [$0] } : [files]
    return sets.map { set in
      AssociationDraft(
        product: productName(of: set[0]), members: set.map { ($0, .science) }, rule: plain.rawValue,
        type: "None")
    }
  }

  static func drafts(
    _ rule: AssociationRule, _ plan: AssociationPlanner.Plan, _ files: [ExposureFile]
  ) -> [AssociationDraft] {
    plan.associations.map { planned in
      let members = planned.members.map { (file: files[Int($0.exposure.id)], exptype: $0.exptype) }
      return AssociationDraft(
        product: productName(of: members[0].file), members: members, degraded: planned.degraded,
        rule: rule.name, type: rule.pipeline, constraints: constraints(of: rule, members[0].file.exposure))
    }
  }

  /// The first member's stem without its last word, as products by hand are named.
  private static func productName(of file: ExposureFile) -> String {
    let stem = ProductName.safeStem(of: file.path)
    return stem.lastIndex(of: "_").map { String(stem[..<$0]) } ?? stem
  }

  /// What the members have in common: `detector=IMG1, filter=H …`.
  private static func constraints(of rule: AssociationRule, _ exposure: Exposure) -> String {
    let match: FieldMatch? =
      switch rule.shape {
      case .gathers(_, let match), .combines(_, let match): match
      case .anchors(_, let backgrounds): backgrounds?.match
      }
    let fields = (match?.equal ?? []) + (match?.within.keys.sorted() ?? [])
    let known = fields.compactMap { field in exposure[field].map { "\(field)=\($0)" } }
    return known.isEmpty ? "No constraints" : known.joined(separator: ", ")
  }

  /// The association as it is written into `folder`: members in or below it are named from there, others absolutely.
  /// - Parameter number: from 1, of the associations of one call.
  func file(in folder: String, number: Int) -> AssociationFile {
    let first = members[0].file
    var file = AssociationFile(products: [
      .init(
        name: product,
        members: members.map { .init(expname: Self.name($0.file.path, from: folder), exptype: $0.exptype) })
    ])
    file.asnType = type
    file.asnRule = rule
    file.codeVersion = PipelineCatalog.version
    file.degradedStatus = degraded
    file.program = first.program
    file.constraints = constraints
    file.asnID = "a\(3000 + number)"
    file.target = first.object
    return file
  }

  private static func name(_ path: String, from folder: String) -> String {
    let place = absolute(path)
    let base = absolute(folder)
    let prefix = base.hasSuffix("/") ? base : base + "/"
    return place.hasPrefix(prefix) ? String(place.dropFirst(prefix.count)) : place
  }

  private static func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
  }
}
