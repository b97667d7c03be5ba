import PipelineEngine

/// Refuses a set of frames that is not of one configuration: a reference made of it would be of none.
/// - Parameters:
///   - keywords: what frames must agree in; one that a header does not say agrees with all.
///   - hint: what such a set is for.
/// - Throws: `EngineError` `mixed-set` naming the frame and the keyword.
func checkOneConfiguration(
  of frames: [Frame], _ keywords: [String] = ["DETECTOR", "FILTER", "PUPIL"], hint: String
) throws(EngineError) {
  for keyword in keywords {
    var known: (value: ConfigurationValue, name: String)?
    for frame in frames {
      let value = ConfigurationValue(keyword, of: frame)
      guard value.isKnown else { continue }
      let first = known ?? (value, frame.member.name)
      known = first
      guard !value.agrees(with: first.value) else { continue }
      throw EngineError(
        "mixed-set", "\(keyword) is \(value) where \(first.name) has \(first.value)",
        subject: frame.member.name, hint: hint)
    }
  }
}
