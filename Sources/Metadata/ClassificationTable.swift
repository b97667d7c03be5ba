import Foundation
import Yams

/// `config/classification.yaml` as read: the vocabulary of exposures.
struct ClassificationTable: Decodable, Sendable {
  struct Detector: Decodable, Sendable {
    let modes: [String]
  }

  struct Code: Decodable, Sendable {
    let obstype: String
    let modes: [String]
    let what: String
    let from: [String]?
    let joins: Bool?
  }

  struct Rule: Decodable, Sendable {
    let when: [String: String]
    let obsname: String
  }

  struct Adapter: Decodable, Sendable {
    let name: String
    let when: [String: String]
    let aliases: [String: [String]]?
    let multiply: [String: [String]]?
    let set: [String: String]?
    let checksum: ChecksumRule?
    let classes: [Rule]?
  }

  let version: Int
  let instruments: [String]
  let detectors: [String: Detector]
  let prefixes: [String: ObservationPrefix]
  let codes: [String: Code]
  let quarantineOn: [String]
  let holdOn: [String]
  let indexedKeywords: [String]
  let aliases: [String: [String]]
  let adapters: [Adapter]

  enum CodingKeys: String, CodingKey, CaseIterable {
    case version, instruments, detectors, prefixes, codes, aliases, adapters
    case quarantineOn = "quarantine_on"
    case holdOn = "hold_on"
    case indexedKeywords = "indexed_keywords"
  }
}

extension ClassificationTable {
  /// - Throws: `bad-classification` for text that is not YAML, a missing or unknown section, or a table that
  ///   refers to a detector, mode or code that it does not define.
  init(yaml: String) throws(MetadataError) {
    do {
      let sections = try Yams.compose(yaml: yaml)?.mapping?.keys.compactMap(\.string) ?? []
      for section in sections where CodingKeys(rawValue: section) == nil {
        throw Self.wrong(
          "unknown section; known: " + CodingKeys.allCases.map(\.rawValue).joined(separator: ", "), section)
      }
      self = try YAMLDecoder().decode(ClassificationTable.self, from: yaml)
    } catch let error as MetadataError {
      throw error
    } catch let error as DecodingError {
      throw Self.wrong(Self.explain(error), "classification.yaml", error)
    } catch {
      throw Self.wrong("not YAML: \(error)", "classification.yaml", error)
    }
    try check()
  }

  /// Every name in the tables, e.g. `IMG1-SCI`, sorted.
  var names: [String] {
    prefixes.flatMap { prefix, meaning in
      codes.filter { $0.value.modes.contains(meaning.mode) }.map { "\(prefix)-\($0.key)" }
    }.sorted()
  }

  private func check() throws(MetadataError) {
    guard version == 1 else { throw Self.wrong("version must be 1", "version") }
    for (name, prefix) in prefixes {
      guard let detector = detectors[prefix.detector] else {
        throw Self.wrong("prefix of a detector that is not listed: \(prefix.detector)", name)
      }
      guard detector.modes.contains(prefix.mode) else {
        throw Self.wrong("\(prefix.detector) has no mode \(prefix.mode)", name)
      }
    }
    for (name, code) in codes where !["SCI", "CAL", "ENG"].contains(code.obstype) {
      throw Self.wrong("obstype is \(code.obstype), expected SCI, CAL or ENG", name)
    }
    for rule in adapters.flatMap({ $0.classes ?? [] }) where !names.contains(rule.obsname) {
      throw Self.wrong(
        "an adapter's class names an OBSNAME that prefixes and codes do not make", rule.obsname)
    }
  }

  private static func wrong(
    _ message: String, _ subject: String, _ underlying: (any Error)? = nil
  ) -> MetadataError {
    MetadataError(
      code: "bad-classification", message: message, subject: subject,
      hint: "edit config/classification.yaml", underlying: underlying)
  }

  private static func explain(_ error: DecodingError) -> String {
    func place(_ context: DecodingError.Context) -> String {
      context.codingPath.isEmpty ? "top level" : context.codingPath.map(\.stringValue).joined(separator: ".")
    }
    return switch error {
    case .keyNotFound(let key, let context): "`\(key.stringValue)` is missing at \(place(context))"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "wrong kind of value at \(place(context))"
    case .dataCorrupted(let context): "\(context.debugDescription) at \(place(context))"
    @unknown default: "\(error)"
    }
  }
}
