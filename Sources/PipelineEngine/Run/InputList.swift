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
  }

  public var groups: [Group]

  /// Reads associations and checks that every member is there.
  /// - Parameters:
  ///   - arguments: FITS files and association JSON, mixed.
  ///   - intake: `.set`, `.subarrays` and `.ramp` make one group of all files; `.exposure` one group per file.
  /// - Throws: `EngineError` `input-missing` naming every missing file at once; `bad-association`.
  public init(arguments: [String], intake: Pipeline.Intake) throws(EngineError) {
    groups = []
    var files: [String] = []
    for argument in arguments {
      if argument.lowercased().hasSuffix(".json") {
        groups += try AssociationReader(path: argument).groups
      } else {
        files.append(argument)
      }
    }
    let members = files.map { Member(name: fileName(of: $0), path: $0, exptype: .science) }
    switch intake {
    case .exposure: groups += members.map { Group(members: [$0]) }
    case .set, .subarrays, .ramp: if !members.isEmpty { groups.append(Group(members: members)) }
    }
    try checkPresence()
  }

  private func checkPresence() throws(EngineError) {
    let missing = groups.flatMap(\.members).filter { !FileManager.default.fileExists(atPath: $0.path) }
    guard let first = missing.first else { return }
    let names = missing.map(\.path).joined(separator: ", ")
    throw EngineError(
      "input-missing", missing.count == 1 ? "no such file" : "\(missing.count) files are not there",
      subject: missing.count == 1 ? first.path : names)
  }
}
