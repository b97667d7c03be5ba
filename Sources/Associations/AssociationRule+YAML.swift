import JobContract
import Yams

extension AssociationRule {
  private struct Form: Decodable {
    struct Members: Decodable {
      var exptype: MemberType
      var select: [String: [String]]
      var equal: [String]?
      var within: [String: Double]?
      var prefer: [String]?
      var windows: [Double]?
    }
    struct Sequence: Decodable {
      var position: String
      var count: String
    }
    var rule: String
    var summary: String
    var pipeline: String
    var gathers: Members?
    var anchors: Members?
    var combines: Members?
    var backgrounds: Members?
    var sequence: Sequence?
    var minimum: Int?
    var good: Int?
    var serves: String?
    var priority: Int?
    var rerun: Bool?
    var promote: Bool?
    var skip: [String]?
  }

  private static let knownKeys: Set<String> = [
    "rule", "summary", "pipeline", "gathers", "anchors", "combines", "backgrounds", "sequence", "minimum",
    "good", "serves", "priority", "rerun", "promote", "skip",
  ]

  /// Reads one rule file.
  ///
  /// - Parameter path: only for messages.
  /// - Throws: ``AssociationsError`` `rule-syntax`, `rule-unknown-key`, `rule-shape`.
  public init(yaml: String, path: String) throws(AssociationsError) {
    let form = try Self.form(yaml, path)
    name = form.rule
    summary = form.summary
    pipeline = form.pipeline
    position = form.sequence?.position
    count = form.sequence?.count
    minimum = form.minimum ?? 1
    good = form.good ?? (form.minimum ?? 1)
    serves = form.serves
    priority = form.priority ?? 50
    reruns = form.rerun ?? false
    promotes = form.promote ?? false
    skips = form.skip ?? []
    shape = try Self.shape(form, path)
  }

  private static func form(_ yaml: String, _ path: String) throws(AssociationsError) -> Form {
    do {
      if let keys = try Yams.compose(yaml: yaml)?.mapping?.keys {
        for key in keys where !knownKeys.contains(key.string ?? "") {
          throw AssociationsError(
            code: "rule-unknown-key", message: "unknown key '\(key.string ?? "")' in an association rule",
            subject: "\(path):\(key.mark?.line ?? 0)",
            hint: "known: \(knownKeys.sorted().joined(separator: " "))")
        }
      }
      return try YAMLDecoder().decode(Form.self, from: yaml)
    } catch let error as AssociationsError {
      throw error
    } catch {
      throw AssociationsError(
        code: "rule-syntax", message: "not a readable association rule: \(error)", subject: path,
        hint: "compare with the rules that irisarchive init lays down", underlying: error)
    }
  }

  private static func shape(_ form: Form, _ path: String) throws(AssociationsError) -> Shape {
    switch (form.gathers, form.anchors, form.combines) {
    case (let members?, nil, nil):
      return .gathers(
        Selector(patterns: members.select, exptype: members.exptype),
        FieldMatch(equal: members.equal ?? [], within: members.within ?? [:]))
    case (nil, let anchor?, nil):
      let backgrounds = form.backgrounds.map { members in
        Backgrounds(
          selector: Selector(patterns: members.select, exptype: members.exptype),
          match: FieldMatch(equal: members.equal ?? [], within: members.within ?? [:]),
          prefer: members.prefer ?? [], windows: members.windows ?? [600])
      }
      return .anchors(Selector(patterns: anchor.select, exptype: anchor.exptype), backgrounds)
    case (nil, nil, let members?):
      return .combines(
        Selector(patterns: members.select, exptype: members.exptype),
        FieldMatch(equal: members.equal ?? [], within: members.within ?? [:]))
    default:
      throw AssociationsError(
        code: "rule-shape", message: "a rule has one of `gathers`, `anchors` and `combines`",
        subject: "\(path) (\(form.rule))",
        hint: "keep one of the three")
    }
  }
}
