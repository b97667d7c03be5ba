/// Exit codes of every command of the project (sysexits where they exist).
public enum ExitCode: Int32, Sendable {
  case ok = 0
  case failed = 1
  case nothingMatched = 3
  case problemsFound = 4
  case someFailed = 5
  case usage = 64
  case badData = 65
  case inputMissing = 66
  case unavailable = 69
  case temporary = 75
  case configuration = 78

  /// The exit code that belongs to an engine error's stable code; unknown codes are plain failures.
  public init(code: String) {
    switch code {
    case "unknown-pipeline", "unknown-step", "unknown-parameter", "bad-parameter", "usage", "unknown-rule",
      "unknown-column", "unknown-type", "no-rules-for-type":
      self = .usage
    case "input-missing", "no-readouts", "reference-missing", "configuration-missing", "open-failed":
      self = .inputMissing
    case "out-of-memory", "disk-full": self = .temporary
    case "rules-missing", "context-name", "hook-refused", "job-save-results": self = .configuration
    case "internal", "write-failed", "already-exists", "io", "output-folder", "hook-failed": self = .failed
    default: self = code.hasPrefix("mapping-") || code.hasPrefix("rule-") ? .configuration : .badData
    }
  }
}
