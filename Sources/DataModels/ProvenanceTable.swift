import FITSIO
import FITSStructure

/// The `PROVENANCE` table of a product: every input, every reference and every step with its parameters, so a
/// file out of its archive still says where it came from.
public struct ProvenanceTable: Sendable, Hashable {
  /// One line of the table.
  public struct Row: Sendable, Hashable, Codable {
    /// `science`, `background`, `dark`, `flat`, `step`, …
    public var role: String
    /// The file's name, or the step's.
    public var name: String
    /// The content hash of the file in hexadecimal digits; empty for a step.
    public var sha256: String
    /// The rule that chose a reference, or the parameters of a step.
    public var detail: String

    /// Creates a line.
    public init(role: String, name: String, sha256: String = "", detail: String = "") {
      self.role = role
      self.name = name
      self.sha256 = sha256
      self.detail = detail
    }
  }

  /// The lines in order.
  public var rows: [Row]

  /// Creates a table.
  public init(rows: [Row] = []) { self.rows = rows }
}
