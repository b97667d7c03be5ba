import CatalogStore
import Foundation
import Glibc

/// Deletes a product's file and its picture, and nothing else.
struct ProductRemoval {
  /// Folder of the products; nothing outside it is deleted.
  let products: String

  /// Bytes of the product and its picture.
  func bytes(of product: FrameRecord) -> Int64 {
    guard let path = product.path else { return 0 }
    return [path, Self.picture(besides: path)].map(FolderCopy.size).reduce(0, +)
  }

  /// - Throws: ``CommandFailure`` `failed` when something else lies there, or it cannot be deleted. A file that is gone
  ///   already is no failure.
  func remove(_ candidate: PruneCandidate) throws {
    guard let path = candidate.product.path else { return }
    guard path.hasPrefix(products + "/"), !path.split(separator: "/").contains("..") else {
      throw Self.failure("it does not lie in the folder of the products", path)
    }
    var status = stat()
    if lstat(path, &status) == 0 {
      guard Self.isRecorded(candidate, path, status) else {
        throw Self.failure("what lies there is not the recorded file", path)
      }
    } else if errno != ENOENT {
      throw Self.failure(String(cString: strerror(errno)), path)
    }
    try delete(Self.picture(besides: path))
    try delete(path)
  }

  /// A file of the same size that a person put there is another one. One that was brought back from a tape may have lost
  /// its time: it is judged by its content.
  private static func isRecorded(_ candidate: PruneCandidate, _ path: String, _ status: stat) -> Bool {
    guard status.st_mode & S_IFMT == S_IFREG, candidate.product.bytes == Int64(status.st_size) else {
      return false
    }
    let modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    if modified == candidate.modifiedNanoseconds { return true }
    return candidate.product.sha256 != nil && candidate.product.sha256 == ReferenceVerification.sha256(path)
  }

  private func delete(_ path: String) throws {
    if unlink(path) == 0 || errno == ENOENT { return }
    throw Self.failure("cannot be deleted: \(String(cString: strerror(errno)))", path)
  }

  static func picture(besides path: String) -> String { (path as NSString).deletingPathExtension + ".png" }

  private static func failure(_ message: String, _ path: String) -> CommandFailure {
    CommandFailure(code: "failed", message: message, subject: path, hint: "irisarchive verify --all")
  }
}
