import Foundation
import References
import Testing

/// Files of `Tests/Golden/crds`: tables made with the published clients.
enum GoldenRules {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Golden/crds")

  static var cachePath: String { folder.appending(path: "cache").path(percentEncoded: false) }

  static func json<T: Decodable>(_ name: String, as type: T.Type) throws -> T {
    try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: name)))
  }

  static func text(_ name: String) throws -> String {
    try String(contentsOf: folder.appending(path: name), encoding: .utf8)
  }

  /// What the client's answer means in our terms: a file, `n/a`, `none` or `omitted`.
  static func verdict(_ answer: String?) -> String {
    guard let answer else { return "omitted" }
    if answer == "NOT FOUND n/a" { return "n/a" }
    return answer.hasPrefix("NOT FOUND") ? "none" : answer
  }

  static func verdict(_ result: LookupResult) -> String {
    switch result {
    case .found(let file, _, _, _): file
    case .notApplicable: "n/a"
    case .noMatch: "none"
    case .omitted: "omitted"
    }
  }
}

/// `golden/crds/synthetic.json`
struct SyntheticTable: Decodable {
  struct Case: Decodable {
    let header: [String: String?]
    let result: String?

    /// The header without its nulls.
    var present: [String: String] { header.compactMapValues { $0 } }
  }
  let rmaps: [String: [String: Case]]
}

/// `golden/crds/plain_crds14_diff.json`: rows of (rmap, case, answer of the older fork, answer of client 14).
struct ClientDifferences: Decodable {
  let differencesFromFork: [[String]]

  enum CodingKeys: String, CodingKey { case differencesFromFork = "differences_from_fork" }
}

/// `golden/crds/tmt_bestrefs.json`
struct BestReferencesTable: Decodable {
  struct Case: Decodable {
    let header: [String: String?]
    let getrecommendations: [String: String]?
    let bestReferences: [String: String]?

    enum CodingKeys: String, CodingKey {
      case header, getrecommendations
      case bestReferences = "get_best_references"
    }

    var present: [String: String] { header.compactMapValues { $0 } }
  }
  let cases: [String: Case]
}
