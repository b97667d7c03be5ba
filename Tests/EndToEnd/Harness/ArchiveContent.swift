import Foundation
import Testing

/// What an archive holds, apart from names, times and numbers that a run gives out.
struct ArchiveContent: Sendable {
  /// Raw content -> state.
  var raw: [String: String] = [:]
  /// A current product: what else it was made of, and what it holds.
  struct Product: Sendable, Equatable {
    var name: String
    var degraded: String?
    /// `type=content` of each reference.
    var references: [String]
    var pixels: String

    static func == (a: Product, b: Product) -> Bool {
      a.degraded == b.degraded && a.references == b.references && a.pixels == b.pixels
    }
  }
  /// Pipeline, kind and members, by content -> the current product.
  var products: [String: Product] = [:]

  init(_ archive: TestArchive) async throws {
    let rows = try await archive.query("--all")
    var contents: [String: String] = [:]
    for row in rows {
      let sum = try #require(row.sha256)
      if row.origin == "raw" {
        raw[sum] = row.state
        contents[sum] = sum
      } else {
        contents[sum] = try PixelSums.of(try #require(row.path))
      }
    }
    for row in rows where row.origin == "product" && row.state == "current" {
      let answer = try await archive.irisarchive("show", row.name, "--provenance", "--format", "json")
      let (made, product) = try Self.product(row, answer.out, contents)
      #expect(products[made] == nil, "made twice: \(row.name)")
      products[made] = product
    }
  }

  private static func product(
    _ row: Row, _ json: String, _ contents: [String: String]
  ) throws -> (made: String, product: Product) {
    let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    let maker = (object?["provenance"] as? [String: Any])?["made_by"] as? [String: Any]
    func list(_ key: String, _ role: String) -> [String] {
      (maker?[key] as? [[String: Any]] ?? []).map { use in
        let sum = use["sha256"] as? String ?? ""
        return "\(use[role] as? String ?? "")=\(contents[sum] ?? use["origin"] as? String ?? "?")"
      }.sorted()
    }
    // Which exposures before it a ramp is told of is a matter of what had arrived when it was reduced: one that comes
    // later changes nothing by itself.
    let inputs = list("inputs", "role").filter { !$0.hasPrefix("previous=") }
    #expect(!inputs.isEmpty, "\(row.name) was made of nothing")
    let product = Product(
      name: row.name, degraded: row.degraded, references: list("references", "type"),
      pixels: contents[row.sha256 ?? ""] ?? "")
    return (([row.pipeline ?? "", row.kind ?? ""] + inputs).joined(separator: " "), product)
  }
}
