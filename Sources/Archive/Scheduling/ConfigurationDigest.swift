import CfgFormat
import Crypto
import Foundation

/// What a pipeline's cfg of the archive says, as one content: its own text, and that of every `config_file`, hook
/// and `override_<type>` that it names, so that a change of any of them makes another job.
package struct ConfigurationDigest: Sendable {
  private let hasher: FileHasher
  /// Deeper inclusion is refused by the run itself; here it only has to end.
  private static let depth = 32
  private static let hookKeys: Set<String> = ["pre_hooks", "post_hooks"]

  package init(hasher: FileHasher) { self.hasher = hasher }

  /// The sha256 of the cfg when it names no other file, else of the sha256 of all of them; nil when it cannot be read.
  package func sha256(of path: String) -> String? {
    guard let own = hasher.sha256(of: path) else { return nil }
    var seen: [String] = []
    collect(path, into: &seen)
    let others = seen.dropFirst()
    guard !others.isEmpty else { return own }
    let text = ([own] + others.map { hasher.sha256(of: $0) ?? "missing" }).joined(separator: "\n")
    return SHA256.hash(data: Data(text.utf8)).map { byte in
      let digits = String(byte, radix: 16)
      return byte < 16 ? "0" + digits : digits
    }.joined()
  }

  /// Files in the order in which they are named, each once.
  private func collect(_ path: String, into seen: inout [String]) {
    guard !seen.contains(path), seen.count < Self.depth else { return }
    seen.append(path)
    guard let text = try? String(contentsOfFile: path, encoding: .utf8),
      let document = try? CfgDocument(text: text, path: path)
    else { return }
    var sections = [document.root]
    while let section = sections.popLast() {
      sections += section.sections
      for entry in section.entries {
        if entry.key == "config_file", let other = entry.value.string {
          collect(Self.resolve(other, beside: path), into: &seen)
        } else if entry.key.hasPrefix("override_"), let other = entry.value.string, other != "None" {
          let file = Self.resolve(other, beside: path)
          if !seen.contains(file) { seen.append(file) }
        } else if Self.hookKeys.contains(entry.key) {
          for hook in entry.value.list ?? [] {
            let file = Self.resolve(hook, beside: path)
            if !seen.contains(file) { seen.append(file) }
          }
        }
      }
    }
  }

  private static func resolve(_ name: String, beside path: String) -> String {
    name.hasPrefix("/") ? name : (path as NSString).deletingLastPathComponent + "/" + name
  }
}
