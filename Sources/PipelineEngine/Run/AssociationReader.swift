import Foundation
import JobContract

/// Reads an association in JWST's form or as `{"SCI": […], "SKY": […]}`; members are found beside the association.
struct AssociationReader {
  let groups: [InputList.Group]

  /// - Throws: `EngineError` `input-missing` when the file is absent, `bad-association` for any other fault.
  init(path: String) throws(EngineError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw EngineError("input-missing", "cannot read the association", subject: path)
    }
    let file: AssociationFile
    do {
      file = try JSONDecoder().decode(AssociationFile.self, from: data)
    } catch {
      guard let lists = try? JSONDecoder().decode([String: [String]].self, from: data) else {
        throw Self.bad(
          "neither a JWST association nor {\"SCI\": […], \"SKY\": […]}: \(Self.sentence(error))", path)
      }
      groups = [try Self.group(of: lists, path: path)]
      return
    }
    groups = try Self.groups(of: file, path: path)
  }

  /// What the decoder did not understand, and where: `products[0].members[1].exptype: …`.
  private static func sentence(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    switch error {
    case .keyNotFound(let key, let context): return "\(place(context.codingPath + [key])) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      let place = place(context.codingPath)
      return place.isEmpty ? context.debugDescription : "\(place): \(context.debugDescription)"
    @unknown default: return "\(error)"
    }
  }

  private static func place(_ path: [any CodingKey]) -> String {
    path.reduce(into: "") { text, key in
      if let index = key.intValue {
        text += "[\(index)]"
      } else {
        text += (text.isEmpty ? "" : ".") + key.stringValue
      }
    }
  }

  private static func groups(of file: AssociationFile, path: String) throws(EngineError) -> [InputList.Group]
  {
    guard !file.products.isEmpty else { throw bad("it has no product", path) }
    var groups: [InputList.Group] = []
    for product in file.products {
      guard !product.members.isEmpty else { throw bad("product '\(product.name)' has no member", path) }
      let members = product.members.map {
        Member(name: fileName(of: $0.expname), path: beside(path, $0.expname), exptype: $0.exptype)
      }
      groups.append(
        InputList.Group(
          product: product.name, members: scienceFirst(members), table: fileName(of: path),
          pool: file.asnPool, rule: file.asnRule))
    }
    return groups
  }

  private static let roles: [String: MemberType] = [
    "SCI": .science, "SKY": .background, "DARK": .dark, "DRK": .dark, "FLAT": .flat, "NFF": .flat,
  ]

  private static func group(of lists: [String: [String]], path: String) throws(EngineError) -> InputList.Group
  {
    var members: [Member] = []
    for (key, names) in lists.sorted(by: { $0.key < $1.key }) {
      guard let role = roles[key.uppercased()] else {
        throw bad("'\(key)' is no kind of member (\(roles.keys.sorted().joined(separator: ", ")))", path)
      }
      members += names.map { Member(name: fileName(of: $0), path: beside(path, $0), exptype: role) }
    }
    guard !members.isEmpty else { throw bad("it has no member", path) }
    return InputList.Group(members: scienceFirst(members), table: fileName(of: path))
  }

  private static func scienceFirst(_ members: [Member]) -> [Member] {
    members.filter { $0.exptype == .science } + members.filter { $0.exptype != .science }
  }

  private static func beside(_ association: String, _ name: String) -> String {
    if name.hasPrefix("/") { return name }
    let folder = association.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return folder.isEmpty ? name : folder.joined(separator: "/") + "/" + name
  }

  private static func bad(_ message: String, _ path: String) -> EngineError {
    EngineError("bad-association", "the association cannot be used: \(message)", subject: path)
  }
}
