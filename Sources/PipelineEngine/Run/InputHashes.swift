import Dispatch
import Glibc
import Synchronization

/// sha256 of every member, taken on another thread while the pipeline runs, unless somebody took it already. The same
/// pass checks the CHECKSUM and DATASUM of the file (of a job the archive has done so).
final class InputHashes: Sendable {
  private let known: Mutex<[String: Result<String, EngineError>]>
  private let work = DispatchGroup()

  init(_ members: [Member]) {
    let given = members.compactMap { member in
      member.sha256.map { (member.path, Result<String, EngineError>.success($0)) }
    }
    known = Mutex(Dictionary(given, uniquingKeysWith: { first, _ in first }))
    for path in Set(members.filter { $0.sha256 == nil }.map(\.path)) { take(path) }
  }

  /// Starts hashing a further file, e.g. a reference.
  func take(_ path: String) {
    DispatchQueue.global(qos: .utility).async(group: work) { [self] in
      let result: Result<String, EngineError>
      do throws(EngineError) {
        result = .success(try CheckedContent.ofFile(path))
      } catch {
        result = .failure(error)
      }
      known.withLock { $0[path] = result }
    }
  }

  /// Above this a file whose hash the archive knows is not read once more: hashing 400 MB of masters would cost a
  /// fifth of the processor time of level 2.
  private static let againBytes = 16 << 20

  /// Starts hashing a file whose hash the archive knows, e.g. parameters or a mask, when it is small. Its checksums
  /// were looked at when it came in.
  func takeAgain(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_size <= Self.againBytes else { return }
    DispatchQueue.global(qos: .utility).async(group: work) { [self] in
      let result: Result<String, EngineError>
      do throws(EngineError) {
        result = .success(try ContentHash.ofFile(path))
      } catch {
        result = .failure(error)
      }
      known.withLock { $0[path] = result }
    }
  }

  /// The hash of a file, waited for; nil when nobody took it.
  /// - Throws: as ``hash(of:)``.
  func hashIfTaken(of path: String) throws(EngineError) -> String? {
    work.wait()
    return try known.withLock { $0[path] }?.get()
  }

  /// The hash of a file, waited for.
  /// - Throws: `EngineError` `input-missing` when the file could not be read, `wrong-checksum`.
  func hash(of path: String) throws(EngineError) -> String {
    work.wait()
    guard let result = known.withLock({ $0[path] }) else {
      return try CheckedContent.ofFile(path)
    }
    return try result.get()
  }
}
