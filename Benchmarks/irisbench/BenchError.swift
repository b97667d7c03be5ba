/// What went wrong in a part of the benchmarks.
struct BenchError: Error, Sendable, CustomStringConvertible {
  /// Stable name of the fault.
  let code: String
  /// One sentence.
  let message: String
  /// The file it is about.
  let subject: String
  /// What to do.
  var hint: String?
  /// The error below.
  var underlying: (any Error)?

  var description: String { "\(message) — \(subject)" }
}
