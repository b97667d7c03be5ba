/// The state of a file in the catalog.
public enum FileState: String, Sendable, Codable, CaseIterable {
  /// Taken in, and waiting for something by rule (a readout for its raw frame).
  case received
  /// Named, and free to join associations.
  case classified
  /// Kept out of every association until a person or another file says more; always with a reason.
  case held
  /// Not usable: not FITS, truncated, wrong checksum, unreadable, or an impossible value; always with a
  /// reason.
  case quarantined
  /// Same content as a file that is already in the catalog.
  case duplicate
  /// Known to the catalog but no longer at its place.
  case missing
}
