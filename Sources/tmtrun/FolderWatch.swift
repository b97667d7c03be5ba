import CInotify
import FITSStructure
import Foundation
import Glibc
import PipelineEngine

/// Tells the files of one folder as they become whole: those that are there already, then those that land.
final class FolderWatch {
  private let folder: String
  private let descriptor: Int32
  private var found: [String]

  /// - Throws: `EngineError` `input-missing` when the folder cannot be watched.
  init(folder: String) throws {
    self.folder = folder
    descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
    let events = UInt32(IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR)
    guard descriptor >= 0, inotify_add_watch(descriptor, folder, events) >= 0 else {
      let reason = String(cString: strerror(errno))
      throw EngineError("input-missing", "the folder cannot be watched: \(reason)", subject: folder)
    }
    found = Self.files(in: folder)
  }

  deinit { close(descriptor) }

  /// The next whole FITS file; nil when none came within `seconds`.
  ///
  /// - Throws: `EngineError` `input-missing` when the folder went away.
  func next(within seconds: Double) throws -> String? {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
      while !found.isEmpty {
        let path = found.removeFirst()
        if Self.isWhole(path) { return path }
      }
      let left = (deadline - .now) / .milliseconds(1)
      guard left > 0, waitForEvent(milliseconds: left) else { return nil }
      try readEvents()
    }
  }

  private func waitForEvent(milliseconds: Double) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&request, 1, Int32(min(milliseconds.rounded(.up), 3_600_000))) >= 0
  }

  private func readEvents() throws {
    let size = MemoryLayout<inotify_event>.size
    try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { buffer in
      let count = read(descriptor, buffer.baseAddress, buffer.count)
      var offset = 0
      while offset + size <= count {
        let event = buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
        try take(
          event, name: UnsafeRawBufferPointer(rebasing: buffer[(offset + size)...].prefix(Int(event.len))))
        offset += size + Int(event.len)
      }
    }
  }

  private func take(_ event: inotify_event, name: UnsafeRawBufferPointer) throws {
    if event.mask & UInt32(IN_Q_OVERFLOW) != 0 {
      found += Self.files(in: folder)
    } else if event.mask & UInt32(IN_IGNORED | IN_UNMOUNT) != 0 {
      throw EngineError("input-missing", "the folder is not there any more", subject: folder)
    } else {
      let text = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
      let isCreated = event.mask & UInt32(IN_CREATE) != 0
      guard Self.isCandidate(text), !isCreated || isLink(text) else { return }
      found.append("\(folder)/\(text)")
    }
  }

  /// A second name of a file is never closed after writing: it is whole from the start.
  private func isLink(_ name: String) -> Bool {
    var status = stat()
    return stat("\(folder)/\(name)", &status) == 0 && status.st_nlink > 1
  }

  private static func files(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter(isCandidate).sorted().map { "\(folder)/\($0)" }
  }

  private static func isCandidate(_ name: String) -> Bool {
    guard !name.hasPrefix(".") else { return false }
    let lower = name.lowercased()
    return [".fits", ".fit", ".fts", ".fits.gz", ".fits.fz"].contains { lower.hasSuffix($0) }
  }

  /// A file that is still written tells of itself again when it is closed.
  private static func isWhole(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    guard let structure = try? FileStructure.read(descriptor: descriptor, hasWriter: false) else {
      return false
    }
    switch structure.completeness {
    case .complete, .trailingBytes: return true
    case .stillGrowing, .truncated, .notFITS: return false
    }
  }
}
