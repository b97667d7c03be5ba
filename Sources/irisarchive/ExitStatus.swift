import ArgumentParser

/// The exit codes of every command. Thrown by itself, it ends the program without a word.
enum ExitStatus: Int32, Error, Sendable {
  case failed = 1
  case nothingMatched = 3
  case problemsFound = 4
  case someFailed = 5
  case usage = 64
  case badData = 65
  case inputMissing = 66
  case unreachable = 69
  case temporary = 75
  case configuration = 78
  case interrupted = 130

  /// The exit code that an error of a room means. The one place where codes of errors become exit codes.
  init(code: String) {
    self = Self.byCode[code] ?? Self.byPrefix.first { code.hasPrefix($0.0) }?.1 ?? .failed
  }

  private static let byCode: [String: ExitStatus] = [
    "unknown-column": .usage, "unknown-format": .usage, "bad-position": .usage, "where-syntax": .usage,
    "where-type": .usage, "bad-keyword": .usage, "no-archive": .usage, "usage": .usage,
    "unknown-event": .usage,
    "no-such-record": .nothingMatched, "no-match": .nothingMatched, "no-such-job": .nothingMatched,
    "input-missing": .inputMissing, "input-unreadable": .inputMissing,
    "bad-file": .badData, "not-fits": .badData, "not-regular": .badData, "read-failed": .badData,
    "not-certified": .badData, "unknown-type": .usage, "reference-collision": .badData,
    "row-invalid": .badData,
    "no-rules-for-type": .usage, "reference-name": .badData, "reference-contention": .temporary,
    "catalog-missing": .unreachable, "catalog-unreachable": .unreachable, "catalog-too-new": .unreachable,
    "catalog-corrupt": .unreachable,
    "catalog-read-only": .unreachable, "catalog-failed": .unreachable, "lock-failed": .unreachable,
    "incoming-missing": .unreachable, "daemon-unreachable": .unreachable,
    "catalog-busy": .temporary, "catalog-disk": .temporary, "daemon-running": .temporary,
    "disk-low": .temporary, "files-left-out": .temporary, "masters-not-inserted": .temporary,
    "tmtrun-unusable": .configuration, "bad-classification": .configuration, "bad-turnover": .configuration,
    "duplicate-keyword": .configuration,
  ]

  /// Families of codes, looked at in order.
  private static let byPrefix: [(String, ExitStatus)] = [
    ("cfg-", .configuration), ("settings-", .configuration), ("configuration-", .configuration),
    ("rule-", .configuration), ("classification-", .configuration), ("mapping-", .configuration),
    ("context-", .configuration),
  ]
}
