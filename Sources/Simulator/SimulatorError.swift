/// What went wrong while a night or a frame was simulated.
public struct SimulatorError: Error, Sendable, CustomStringConvertible {
  /// Stable, machine-readable kebab-case code, such as `unknown-obsname`.
  public let code: String
  /// One sentence for a person.
  public let message: String
  /// The file, option or OBSNAME it is about.
  public let subject: String
  /// What to do next, when something can be said.
  public let hint: String?
  /// The error below this one.
  public let underlying: (any Error)?

  /// Creates an error of the simulator.
  public init(
    code: String, message: String, subject: String, hint: String? = nil, underlying: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.subject = subject
    self.hint = hint
    self.underlying = underlying
  }

  /// The sentence, the subject and the cause on one line.
  public var description: String {
    let cause = underlying.map { " (\($0))" } ?? ""
    return "\(message) — \(subject)\(cause)"
  }
}
