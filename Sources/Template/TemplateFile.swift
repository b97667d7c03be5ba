/// One file of the template.
public struct TemplateFile: Sendable, Equatable, Codable {
  /// Path relative to the archive's root, e.g. `config/irisarchive.cfg`.
  public var path: String
  /// Permissions in octal as text: `0644`, or `0755` for what can be run.
  public var mode: String
  public var text: String

  public init(path: String, mode: String, text: String) {
    self.path = path
    self.mode = mode
    self.text = text
  }

  /// The permissions as a number; 0644 when the text is not octal.
  public var permissions: Int { Int(mode, radix: 8) ?? 0o644 }
}

/// What became of one path of the template.
public struct LaidFile: Sendable, Equatable, Codable {
  public enum Action: String, Sendable, Codable {
    /// It was not there.
    case created
    /// It is there as the template has it.
    case kept
    /// It was there as an earlier template had laid it, and nobody had edited it.
    case updated
    /// It is edited: it stays, and the template's text lies beside it as `<path>.new` (never executable).
    case newBeside
  }

  /// Path relative to the root; a folder's ends in `/`.
  public var path: String
  public var action: Action

  public init(path: String, action: Action) {
    self.path = path
    self.action = action
  }
}
