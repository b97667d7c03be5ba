/// Which of a file's own checksums must hold for it to be taken in (`checksum` of an adapter).
public enum ChecksumRule: String, Sendable, Decodable {
  /// `CHECKSUM` and `DATASUM`: a file with a wrong one is quarantined.
  case verify
  /// `DATASUM` alone, for observatories that change headers after they were summed: the pixels are still proven.
  case dataOnly = "data-only"
}
