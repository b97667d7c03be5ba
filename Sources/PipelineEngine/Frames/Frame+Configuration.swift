/// What a header means that says nothing of a keyword, where another one says something.
public enum Silence: Sendable {
  /// Nothing against it: files of some writers leave the keyword out.
  case agrees
  /// Another configuration: what is made of both could not say of which it is.
  case differs
}

extension Frame {
  /// What two frames say of a keyword where they do not agree in it; nil where they do, and where both are
  /// silent.
  public func difference(
    in keyword: String, from other: Frame, silence: Silence
  ) -> (own: ConfigurationValue, other: ConfigurationValue)? {
    let values = (own: ConfigurationValue(keyword, of: self), other: ConfigurationValue(keyword, of: other))
    if silence == .agrees, !values.own.isKnown || !values.other.isKnown { return nil }
    return values.own.agrees(with: values.other) ? nil : values
  }

  /// Refuses a frame that is not of another one's configuration.
  /// - Parameters:
  ///   - keywords: what the two must agree in.
  ///   - silence: what it means that one of them does not say it.
  ///   - hint: what to do instead.
  /// - Throws: `EngineError` `mixed-frames` naming this frame, the first keyword that differs and both values.
  public func checkConfiguration(
    _ keywords: [String], like other: Frame, silence: Silence, hint: String
  ) throws(EngineError) {
    for keyword in keywords {
      guard let (found, wanted) = difference(in: keyword, from: other, silence: silence) else { continue }
      throw EngineError(
        "mixed-frames", "\(keyword) is \(found), and \(wanted) in \(other.member.name)",
        subject: member.name, hint: hint)
    }
  }
}
