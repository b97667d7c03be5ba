/// A path as a key: the same only when it is the same byte by byte, as for the file system.
///
/// Strings that are canonically equivalent are equal in Swift, so `é` in one code point and in two would be one file.
package struct PathKey: Hashable, Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  package static func == (a: PathKey, b: PathKey) -> Bool { a.path.utf8.elementsEqual(b.path.utf8) }

  package func hash(into hasher: inout Hasher) {
    for byte in path.utf8 { hasher.combine(byte) }
  }
}
