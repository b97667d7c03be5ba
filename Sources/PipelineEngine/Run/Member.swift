import JobContract

/// A file that takes part in a run.
public struct Member: Sendable, Equatable {
  /// Name in messages, in PROVENANCE and in the report: the bare file name.
  public var name: String
  public var path: String
  /// Lower-case hexadecimal sha256 where somebody took it already (a job); by hand it is taken during the run.
  public var sha256: String?
  public var exptype: MemberType
  /// Cards over those of its primary header, as 80-character records: what the archive's classification adds to a frame
  /// of a foreign instrument.
  public var cards: [String] = []

  public init(name: String, path: String, sha256: String? = nil, exptype: MemberType) {
    self.name = name
    self.path = path
    self.sha256 = sha256
    self.exptype = exptype
  }

  /// A member of a job, by its bare file name.
  public init(_ input: JobInput) {
    self.init(
      name: fileName(of: input.path), path: input.path, sha256: input.sha256, exptype: input.exptype)
    cards = input.cards ?? []
  }
}

/// The last component of a path.
package func fileName(of path: String) -> String {
  path.split(separator: "/").last.map(String.init) ?? path
}
