import FITSIO
import FITSStructure

extension ProvenanceTable {
  /// The name of the extension.
  static let extensionName = "PROVENANCE"

  /// Reads the `PROVENANCE` table of a file; nil when it has none.
  ///
  /// - Throws: `bad-provenance` when the table lacks one of its columns, or the error of the FITS layer.
  public static func read(from path: String) throws(ModelError) -> ProvenanceTable? {
    try ModelError.wrapping(path) {
      let file = try FITSFile(reading: path)
      guard let index = try file.index(ofExtension: extensionName, version: nil) else { return nil }
      let table = try file.table(of: index)
      try file.close()
      func column(_ name: String) throws(ModelError) -> [String] {
        guard let strings = table[name]?.strings else {
          throw ModelError(
            code: "bad-provenance", message: "the table has no text column \(name)",
            subject: "\(path)[PROVENANCE]")
        }
        return strings
      }
      let (roles, names) = (try column("ROLE"), try column("NAME"))
      let (hashes, details) = (try column("SHA256"), try column("DETAIL"))
      return ProvenanceTable(
        rows: roles.indices.map {
          Row(role: roles[$0], name: names[$0], sha256: hashes[$0], detail: details[$0])
        })
    }
  }

  /// Appends the table to a file under construction.
  func append(to writer: inout FITSWriter) throws {
    try writer.appendTable(
      Header(), name: Self.extensionName,
      columns: [
        TableColumn("ROLE", .strings(rows.map { Self.printable($0.role) })),
        TableColumn("NAME", .strings(rows.map { Self.printable($0.name) })),
        TableColumn("SHA256", .strings(rows.map { Self.printable($0.sha256) })),
        TableColumn("DETAIL", .strings(rows.map { Self.printable($0.detail) })),
      ])
  }

  /// FITS text is printable ASCII: everything else becomes `?`.
  private static func printable(_ text: String) -> String {
    String(text.unicodeScalars.map { (0x20...0x7e).contains($0.value) ? Character($0) : "?" })
  }
}
