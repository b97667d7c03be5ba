import Associations

/// Which names are files for the archive.
package struct FileNameFilter: Sendable {
  /// Globs of names to leave alone (temporary names of rsync, editors, cp).
  let ignored: [String]
  private static let endings = [".fits", ".fit", ".fts", ".fits.gz", ".fit.gz", ".fits.fz"]

  package init(ignored: [String]) {
    self.ignored = ignored
  }

  package func accepts(_ name: String) -> Bool {
    let lower = name.lowercased()
    return Self.endings.contains { lower.hasSuffix($0) }
      && !ignored.contains { Glob.matches(name, pattern: $0) }
  }
}
