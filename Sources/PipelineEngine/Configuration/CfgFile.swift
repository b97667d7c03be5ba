import CfgFormat
import ChildProcess
import Foundation
import Glibc

/// A cfg of a run on disk, and what it says it configures.
public struct CfgFile: Sendable {
  public let path: String
  package let document: CfgDocument

  /// - Throws: `EngineError` `configuration-missing` when it cannot be read; `CfgError` when it is no cfg.
  public init(path: String) throws {
    self.path = path
    document = try CfgDocument(text: Self.text(of: path), path: path)
  }

  private init(path: String, document: CfgDocument) {
    self.path = path
    self.document = document
  }

  /// The file without its faulty lines, and their faults.
  static func checking(path: String) throws(EngineError) -> (file: CfgFile, faults: [CfgError]) {
    let (document, faults) = CfgDocument.checking(text: try text(of: path), path: path)
    return (CfgFile(path: path, document: document), faults)
  }

  /// A regular file only: a device or a pipe would be read for ever.
  private static func text(of path: String) throws(EngineError) -> String {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_size <= CfgDocument.maximumBytes, let data = FileManager.default.contents(atPath: path)
    else {
      let isThere = access(path, F_OK) == 0
      throw EngineError(
        "configuration-missing",
        isThere ? "the cfg is no readable file of at most 4 MB" : "there is no such cfg", subject: path)
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw EngineError(
        "cfg-encoding", "a cfg is UTF-8 text and this is not", subject: path, hint: "iconv -t UTF-8")
    }
    return text
  }

  /// What tells one file from another, whatever it is called.
  var identity: String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  /// Its absolute path by the name it was given, which may be a link's.
  var location: String { TrustedPath.withRealFolder(path) }

  /// `class` of the cfg: the pipeline or step it is for.
  public var className: String? { document.root["class"]?.string }
  /// `file:line` of `class`.
  var classPlace: String { document.root.entry("class").map { place($0.line) } ?? path }
  /// `name` of the cfg.
  public var name: String? { document.root["name"]?.string }

  /// `file:line` of an entry.
  func place(_ line: Int) -> String { "\(path):\(line)" }

  /// Another file named in this one, relative to its folder.
  func resolve(_ other: String) -> String {
    if other.hasPrefix("/") { return other }
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return folder.isEmpty ? other : folder.joined(separator: "/") + "/" + other
  }
}
