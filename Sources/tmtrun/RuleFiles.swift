import Associations
import Foundation
import Metadata
import PipelineEngine
import Template

/// The association rules and the classification that `make-asn` works with.
struct RuleFiles {
  let associator: Associator
  let classifier: Classifier
  /// Said on standard error: which rules these are.
  let origin: String

  /// - Parameter folder: of the rules (`--rules`); nil for `./config/associations`, else those inside the program. The
  ///   classification is the `classification.yaml` beside the folder, else the one inside the program.
  /// - Throws: `EngineError` `rules-missing`; `AssociationsError`, `MetadataError` for broken files.
  init(folder: String?) throws {
    let here = "config/associations"
    let chosen = folder ?? (FileManager.default.fileExists(atPath: here) ? here : nil)
    if let chosen {
      associator = try Associator(files: Self.rules(in: chosen))
      let beside = (chosen as NSString).deletingLastPathComponent
      let path = (beside.isEmpty ? "" : beside + "/") + "classification.yaml"
      classifier = try Classifier(
        yaml: (try? String(contentsOfFile: path, encoding: .utf8)) ?? Self.classification)
      origin = chosen
    } else {
      associator = try Associator(
        files: ArchiveTemplate.files.filter { Self.isRule($0.path) && $0.path.hasPrefix(here + "/") }
          .map { (path: $0.path, text: $0.text) })
      classifier = try Classifier(yaml: Self.classification)
      origin = "the rules inside tmtrun"
    }
  }

  private static var classification: String {
    ArchiveTemplate.files.first { $0.path == "config/classification.yaml" }?.text ?? ""
  }

  private static func isRule(_ path: String) -> Bool { path.hasSuffix(".yaml") || path.hasSuffix(".yml") }

  private static func rules(in folder: String) throws -> [(path: String, text: String)] {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter(isRule).sorted()
    guard !names.isEmpty else {
      throw EngineError(
        "rules-missing", "no association rule (*.yaml) in the folder", subject: folder,
        hint: "without --rules those inside tmtrun are used")
    }
    return try names.map { name in
      let path = "\(folder)/\(name)"
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
        throw EngineError("rules-missing", "the rule cannot be read", subject: path)
      }
      return (path: path, text: text)
    }
  }
}
