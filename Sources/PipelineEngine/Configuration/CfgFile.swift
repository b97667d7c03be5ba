import CfgFormat
import Foundation

/// A cfg of a run on disk, and what it says it configures.
public struct CfgFile: Sendable {
  public let path: String
  package let document: CfgDocument

  /// - Throws: `EngineError` `configuration-missing` when it cannot be read; `CfgError` when it is no cfg.
  public init(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw EngineError("configuration-missing", "cannot read the cfg", subject: path)
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw EngineError("cfg-encoding", "a cfg is UTF-8 text and this is not", subject: path)
    }
    self.path = path
    document = try CfgDocument(text: text, path: path)
  }

  /// `class` of the cfg: the pipeline or step it is for.
  public var className: String? { document.root["class"]?.string }
  /// `name` of the cfg.
  public var name: String? { document.root["name"]?.string }

  /// `file:line` of an entry, by the bare name of the file.
  func place(_ line: Int) -> String { "\(path):\(line)" }

  /// Another file named in this one, relative to its folder.
  func resolve(_ other: String) -> String {
    if other.hasPrefix("/") { return other }
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return folder.isEmpty ? other : folder.joined(separator: "/") + "/" + other
  }
}
