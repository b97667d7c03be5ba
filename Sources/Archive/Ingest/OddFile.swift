import Glibc

/// What the log says of things that are named like files and are none.
enum OddFile {
  static let folder = "a folder is named like a FITS file; its content is taken in"
  static let other = "not a regular file: links and devices are not followed"

  static func sentence(_ mode: mode_t) -> String { mode & S_IFMT == S_IFDIR ? folder : other }
}
