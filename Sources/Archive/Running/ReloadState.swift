import CatalogStore
import Foundation

/// Names of small facts that the daemon keeps of itself.
public enum DaemonFact {
  /// When the whole tree was last compared with the catalog: seconds since 1970 UTC.
  public static let reconciled = "reconciled"
  /// A ``ReloadState``.
  public static let reload = "reload"
}

/// What became of the last reload of a running daemon (fact `reload`), for `irisarchive status`.
public struct ReloadState: Codable, Sendable, Equatable {
  /// Seconds since 1970 UTC.
  public var at: Double
  /// False: the new configuration will not do, and the old one stays in force.
  public var accepted: Bool
  /// What changed, or what is wrong, with file and line.
  public var sentence: String

  public init(at: Double, accepted: Bool, sentence: String) {
    self.at = at
    self.accepted = accepted
    self.sentence = sentence
  }

  /// The last one; nil when the daemon that runs, or ran last, was never asked.
  public static func kept(in reader: CatalogReader) throws(CatalogError) -> ReloadState? {
    guard let text = try reader.fact(DaemonFact.reload) else { return nil }
    return try? JSONDecoder().decode(ReloadState.self, from: Data(text.utf8))
  }

  /// As JSON.
  var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    // A struct of a number, a flag and a string always encodes.
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
