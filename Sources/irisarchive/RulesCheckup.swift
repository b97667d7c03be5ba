import Archive
import Associations
import CatalogStore
import Foundation
import Metadata
import References

/// Checks of the archive's rules: classification, associations, the pinned context and its references.
struct RulesCheckup {
  let layout: ArchiveLayout
  let firstContext: String
  /// nil when the catalog cannot be read.
  let reader: CatalogReader?

  func configuration() -> [Finding] { [classification(), associations()] }

  private func classification() -> Finding {
    do {
      let classifier = try Classifier(
        yaml: try String(contentsOfFile: layout.classification, encoding: .utf8))
      return Finding(
        "classification", .ok,
        "\(classifier.obsNames.count) classes, \(classifier.indexedKeywords.count) indexed keywords")
    } catch {
      return Finding("classification", failed: error)
    }
  }

  private func associations() -> Finding {
    do {
      let folder = layout.associationRules
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
      let files = try names.sorted().map { name in
        (path: "\(folder)/\(name)", text: try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8))
      }
      let rules = try Associator(files: files).rules
      return Finding(
        "associations", rules.isEmpty ? .problem : .ok,
        rules.isEmpty ? "there is no rule in \(folder)" : "\(rules.count) rules are understood")
    } catch {
      return Finding("associations", failed: error)
    }
  }

  /// The pinned context with all its mappings, and every reference that the archive inserted.
  func references() -> [Finding] {
    let pinned = reader.flatMap { try? $0.fact("context") } ?? firstContext
    do {
      let context = try RulesContext(cachePath: layout.rules, context: pinned)
      var findings = context.warnings.map { Finding("context", .warning, $0) }
      findings.append(Finding("context", .ok, "\(pinned): \(context.mappings.count) mappings are understood"))
      var count = 0
      for type in context.types {
        for reference in try reader?.references(type: type) ?? [] {
          count += 1
          guard context.referencePath(file: reference.file) == nil else { continue }
          findings.append(
            Finding(
              "references", .problem, "\(reference.file) was inserted and is not there",
              hint: "irisarchive show \(reference.file) --provenance"))
        }
      }
      return findings + [Finding("references", .ok, "\(count) references were inserted")]
    } catch {
      return [Finding("context", failed: error)]
    }
  }
}
