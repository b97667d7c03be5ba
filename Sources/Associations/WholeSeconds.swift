extension Double {
  /// The number without its fraction, for sentences; any number, also those that no integer can hold.
  package var wholeText: String {
    let whole = rounded(.towardZero)
    return abs(whole) < 1e15 ? String(Int64(whole)) : "\(whole)"
  }
}
