import CfgFormat
import Foundation
import JobContract

/// Reads an association in JWST's form or as `{"SCI": […], "SKY": […]}`; members are found beside the association.
///
/// A member given twice is taken once; one whose exptype no pipeline here uses is left out as JWST's pipelines leave
/// it out. Both are said in the group's notes.
struct AssociationReader {
  let groups: [InputList.Group]

  /// - Throws: `EngineError` `input-missing` when the file is absent, `bad-association` for any other fault.
  init(path: String) throws(EngineError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw EngineError("input-missing", "cannot read the association", subject: path)
    }
    groups = try Self.groups(of: Self.file(data, path), path: path)
  }

  /// Either form as JWST's; the dictionary form has one product without a name.
  private static func file(_ data: Data, _ path: String) throws(EngineError) -> AssociationFile {
    do {
      return try JSONDecoder().decode(AssociationFile.self, from: data)
    } catch {
      if let lists = try? JSONDecoder().decode([String: Names].self, from: data) {
        return AssociationFile(products: [try product(of: lists, path)])
      }
      throw bad(
        "neither a JWST association nor {\"SCI\": […], \"SKY\": […]}: \(sentence(error))", path,
        hint: "tmtrun make-asn writes one from FITS files")
    }
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
      guard !product.members.isEmpty else {
        throw bad(product.name.isEmpty ? "it has no member" : "product '\(product.name)' has no member", path)
      }
      var group = InputList.Group(
        product: product.name.isEmpty ? nil : product.name, members: [], table: fileName(of: path),
        pool: file.asnPool, rule: file.asnRule)
      group.take(product.members, beside: path)
      guard !group.members.isEmpty else {
        throw bad("none of its members is used: \(group.notes.joined(separator: "; "))", path)
      }
      groups.append(group)
    }
    return groups
  }

  // MARK: the dictionary form

  /// One name or several.
  private struct Names: Decodable {
    let all: [String]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      all = try (try? container.decode(String.self)).map { [$0] } ?? container.decode([String].self)
    }
  }

  private static let roles: [String: MemberType] = [
    "SCI": .science, "SKY": .background, "BKG": .background, "DARK": .dark, "DRK": .dark, "FLAT": .flat,
    "NFF": .flat,
  ]

  private static func product(of lists: [String: Names], _ path: String) throws(EngineError)
    -> AssociationFile.Product
  {
    var members: [AssociationFile.Member] = []
    for (key, names) in lists.sorted(by: { $0.key < $1.key }) {
      guard let role = roles[key.uppercased()] else {
        let known = roles.keys.sorted()
        throw bad(
          "'\(key)' is no kind of member", path,
          hint: nearMatchHint(of: key.uppercased(), in: known) ?? "kinds: \(known.joined(separator: ", "))")
      }
      members += names.all.map { AssociationFile.Member(expname: $0, exptype: role) }
    }
    return AssociationFile.Product(name: "", members: members)
  }

  private static func bad(_ message: String, _ path: String, hint: String? = nil) -> EngineError {
    EngineError("bad-association", "the association cannot be used: \(message)", subject: path, hint: hint)
  }
}

extension InputList.Group {
  /// Adds members, science first, each once.
  fileprivate mutating func take(_ listed: [AssociationFile.Member], beside association: String) {
    var seen: Set<AssociationFile.Member> = []
    for var member in listed {
      member.exptype = member.exptype.lowercased()
      guard seen.insert(member).inserted else {
        notes.append("\(member.expname) is listed twice as \(member.exptype): taken once")
        continue
      }
      guard let type = member.type else {
        notes.append(Self.unused(member))
        continue
      }
      members.append(
        Member(
          name: fileName(of: member.expname), path: Self.beside(association, member.expname), exptype: type))
    }
    members = members.filter { $0.exptype == .science } + members.filter { $0.exptype != .science }
  }

  private static func unused(_ member: AssociationFile.Member) -> String {
    let names = MemberType.allCases.map(\.rawValue)
    let near = member.isKnown ? nil : nearMatchHint(of: member.exptype, in: names)
    return "\(member.expname) is not used: "
      + (member.isKnown
        ? "no pipeline takes the exptype '\(member.exptype)'"
        : "'\(member.exptype)' is no exptype\(near.map { ", \($0)" } ?? "")")
  }

  private static func beside(_ association: String, _ name: String) -> String {
    if name.hasPrefix("/") { return name }
    let folder = association.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return folder.isEmpty ? name : folder.joined(separator: "/") + "/" + name
  }
}
