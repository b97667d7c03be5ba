/// Whether the HDU extents worked out from the headers add up to the file's size.
///
/// Counts of gzipped files are those of the inflated stream.
public enum Completeness: Sendable, Equatable {
  /// They do.
  case complete
  /// Bytes are missing and somebody still writes.
  case stillGrowing(have: UInt64, need: UInt64)
  /// Bytes are missing and nobody writes; `need` is what is known to be missing so far.
  case truncated(have: UInt64, need: UInt64, where: String)
  /// Not FITS, or not FITS that this reader accepts; the reason is one clause for people.
  case notFITS(reason: String)
  /// This many bytes follow the last HDU and start no other.
  case trailingBytes(UInt64)
}
