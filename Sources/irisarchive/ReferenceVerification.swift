import CatalogStore
import Crypto
import Foundation
import Tables

/// Compares the references that the archive made of its masters with what the catalog has of them.
struct ReferenceVerification {
  let reader: CatalogReader
  /// The CRDS cache; nil when the settings do not say.
  let cache: String?

  /// One row per problem: name, problem, sentence, path.
  func rows() throws -> [[Cell]] {
    guard let cache else { return [] }
    let copies = Self.copies(cache)
    var rows: [[Cell]] = []
    for type in MasterKinds.all {
      for reference in try reader.references(type: type) where reference.state == "inserted" {
        guard let path = copies[reference.file] else {
          rows.append(row(reference, "missing", "the copy of the reference is gone", nil))
          continue
        }
        guard let sha256 = Self.sha256(path) else {
          rows.append(row(reference, "unreadable", "the copy of the reference cannot be read", path))
          continue
        }
        if sha256 != reference.sha256 {
          let sentence =
            "the copy of the reference has sha256 \(sha256) where \(reference.sha256) was recorded"
          rows.append(row(reference, "sha256", sentence, path))
        }
      }
    }
    return rows
  }

  private func row(_ reference: ReferenceRecord, _ code: String, _ sentence: String, _ path: String?)
    -> [Cell]
  {
    [.string(reference.file), .string(code), .string(sentence), Cell(path)]
  }

  /// Every file below `references`, by name.
  private static func copies(_ cache: String) -> [String: String] {
    let folder = cache + "/references"
    guard let names = FileManager.default.enumerator(atPath: folder) else { return [:] }
    var copies: [String: String] = [:]
    for case let name as String in names where name.hasSuffix(".fits") {
      copies[(name as NSString).lastPathComponent] = "\(folder)/\(name)"
    }
    return copies
  }

  static func sha256(_ path: String) -> String? {
    guard let file = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? file.close() }
    var hash = SHA256()
    do {
      while let data = try file.read(upToCount: 1 << 20), !data.isEmpty { hash.update(data: data) }
    } catch {
      return nil
    }
    return hash.finalize().map { byte in String(UInt16(byte) + 256, radix: 16).dropFirst() }.joined()
  }
}
