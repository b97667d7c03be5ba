import Foundation
import Glibc

/// A folder of one's own for the time of a command, readable by nobody else.
struct ScratchFolder {
  let path: String

  /// - Parameters:
  ///   - purpose: a word of its name.
  ///   - parent: where it is made; the system's folder for such things, which TMPDIR names, by default.
  /// - Throws: ``CommandFailure`` `failed` with what the system says.
  init(
    _ purpose: String, in parent: String = (NSTemporaryDirectory() as NSString).standardizingPath
  ) throws(CommandFailure) {
    path = "\(parent)/irisarchive-\(purpose)-\(UUID().uuidString)"
    // Nothing that lies there already is taken over.
    guard mkdir(path, 0o700) == 0 else {
      throw CommandFailure(
        code: "failed", message: "no scratch folder could be made: \(String(cString: strerror(errno)))",
        subject: parent, hint: "set TMPDIR to a folder that you may write")
    }
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
