import CatalogStore
import Foundation

/// Finds the one record that a name on the command line means.
struct RecordFinder {
  let reader: CatalogReader

  /// - Throws: ``CommandFailure`` `no-such-record` with near matches.
  func find(_ name: String) throws -> CatalogSubject {
    var found = try reader.subjects(named: name)
    if found.isEmpty && name.contains("/") { found = try reader.subjects(named: Paths.absolute(name)) }
    guard let first = found.first else {
      let near = try reader.namesNear(name)
      let hint =
        near.isEmpty
        ? "irisarchive query --names"
        : "did you mean \(near.map(ShellWord.quoted).joined(separator: " or "))?"
      throw CommandFailure(
        code: "no-such-record", message: "the catalog has no file, job or association of this name",
        subject: name,
        hint: hint)
    }
    let others = found.dropFirst().compactMap { subject -> String? in
      guard case .frame(let frame) = subject else { return nil }
      return "\(frame.state) \(frame.path ?? "(gone)")"
    }
    if !others.isEmpty { Talk.line("also of this name: \(others.joined(separator: ", "))") }
    return first
  }
}
