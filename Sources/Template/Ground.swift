import Foundation
import Glibc

/// The folder an archive is laid on: everything here that touches the disk.
struct Ground {
  enum Found {
    case nothing
    case file(Data, isLink: Bool)
  }

  let root: String

  /// Makes a folder and those above it; false when it was there.
  ///
  /// - Throws: ``TemplateError`` `template-unwritable`, or `template-in-the-way` when a file has its name.
  func make(folder: String) throws(TemplateError) -> Bool {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: place(folder), isDirectory: &isFolder) {
      guard isFolder.boolValue else { throw inTheWay(folder, "a file stands where a folder belongs") }
      return false
    }
    do {
      try FileManager.default.createDirectory(atPath: place(folder), withIntermediateDirectories: true)
    } catch {
      throw unwritable(folder, error)
    }
    return true
  }

  /// What is at a path.
  func find(_ path: String) throws(TemplateError) -> Found {
    var status = stat()
    guard lstat(place(path), &status) == 0 else { return .nothing }
    let isLink = status.st_mode & S_IFMT == S_IFLNK
    guard isLink || status.st_mode & S_IFMT == S_IFREG else {
      throw inTheWay(path, "something that is no file stands where a file belongs")
    }
    guard let data = FileManager.default.contents(atPath: place(path)) else {
      if isLink { return .file(Data(), isLink: true) }
      throw TemplateError(code: "template-in-the-way", message: "a file cannot be read", subject: place(path))
    }
    return .file(data, isLink: isLink)
  }

  /// Writes a file whole, by rename, with exactly these permissions.
  func write(_ text: String, to path: String, permissions: Int) throws(TemplateError) {
    _ = try make(folder: (path as NSString).deletingLastPathComponent)
    do {
      let temporary = place(path) + ".tmp"
      try Data(text.utf8).write(to: URL(fileURLWithPath: temporary))
      guard chmod(temporary, mode_t(permissions)) == 0, rename(temporary, place(path)) == 0 else {
        throw POSIXError(.init(rawValue: errno) ?? .EIO)
      }
    } catch {
      throw unwritable(path, error)
    }
  }

  /// What an earlier ``ArchiveTemplate/lay(at:)`` laid; nothing when there is no readable record, so that every
  /// differing file counts as edited.
  func record() -> [TemplateFile] {
    guard let data = FileManager.default.contents(atPath: place(ArchiveTemplate.recordPath)) else {
      return []
    }
    return (try? JSONDecoder().decode([TemplateFile].self, from: data)) ?? []
  }

  func write(record: [TemplateFile]) throws(TemplateError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text: String
    do {
      text = String(decoding: try encoder.encode(record), as: UTF8.self)
    } catch {
      throw unwritable(ArchiveTemplate.recordPath, error)
    }
    try write(text, to: ArchiveTemplate.recordPath, permissions: 0o644)
  }

  private func place(_ path: String) -> String { path.isEmpty ? root : root + "/" + path }

  private func inTheWay(_ path: String, _ message: String) -> TemplateError {
    TemplateError(
      code: "template-in-the-way", message: message, subject: place(path), hint: "move it away and try again")
  }

  private func unwritable(_ path: String, _ error: any Error) -> TemplateError {
    TemplateError(
      code: "template-unwritable", message: "cannot be written: \(error.localizedDescription)",
      subject: place(path), hint: "check space and permissions of \(root)", underlying: error)
  }
}
