import Foundation
import JobContract

/// What a person handed to `tmtrun`: files or associations, turned into the members of products.
public struct InputList: Sendable, Equatable {
  /// Members of one product to be, science first.
  public struct Group: Sendable, Equatable {
    /// Name of the product when an association gives one; else the first file's stem is used.
    public var product: String?
    public var members: [Member]
    /// Bare file name of the association (`ASNTABLE`), its pool and its rule.
    public var table: String?
    public var pool: String?
    public var rule: String?
    /// Sentences about members that were left out.
    public var notes: [String] = []
  }

  public var groups: [Group]

  /// Reads associations and checks that every member is there.
  /// - Parameters:
  ///   - arguments: FITS files and association JSON, mixed.
  ///   - intake: `.set`, `.mosaic`, `.subarrays` and `.ramp` make one group of all files; `.exposure` one group per file.
  /// - Throws: `EngineError` `input-missing` naming every missing file at once; `bad-association`.
  public init(arguments: [String], intake: Pipeline.Intake) throws(EngineError) {
    groups = []
    var files: [String] = []
    var missing: [String] = []
    for argument in arguments {
      if !argument.lowercased().hasSuffix(".json") {
        files.append(argument)
      } else if FileManager.default.fileExists(atPath: argument) {
        groups += try AssociationReader(path: argument).groups
      } else {
        missing.append(argument)
      }
    }
    let members = files.map { Member(name: fileName(of: $0), path: $0, exptype: .science) }
    switch intake {
    case .exposure: groups += members.map { Group(members: [$0]) }
    case .set, .mosaic, .subarrays, .ramp: if !members.isEmpty { groups.append(Group(members: members)) }
    }
    try checkPresence(missing)
  }

  /// - Parameter missing: associations that are not there.
  private func checkPresence(_ missing: [String]) throws(EngineError) {
    var missing = missing
    var inAssociation: String?
    var seen: Set<String> = []
    for group in groups {
      for member in group.members where seen.insert(member.path).inserted {
        if FileManager.default.fileExists(atPath: member.path) { continue }
        missing.append(member.path)
        inAssociation = inAssociation ?? group.table
      }
    }
    guard !missing.isEmpty else { return }
    throw EngineError(
      "input-missing", missing.count == 1 ? "no such file" : "\(missing.count) files are not there",
      subject: missing.joined(separator: ", "),
      hint: inAssociation.map { "members are looked for in the folder of \($0)" })
  }
}
