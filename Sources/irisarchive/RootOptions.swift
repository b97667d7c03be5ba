import Archive
import ArgumentParser
import CatalogStore
import Foundation
import Settings

/// Which archive a command is about.
struct RootOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Root of the archive; else IRISARCHIVE_ROOT, else the current folder when it is one.", valueName: "dir")
  )
  var root: String?

  @Flag(name: .long, help: "Tell the code and the cause of an error.")
  var debug = false

  /// Absolute path of the archive's root, without a trailing slash.
  ///
  /// - Throws: ``CommandFailure`` `no-archive`, `input-missing`.
  func path() throws(CommandFailure) -> String {
    let environment = ProcessInfo.processInfo.environment["IRISARCHIVE_ROOT"].flatMap {
      $0.isEmpty ? nil : $0
    }
    guard let named = root ?? environment else {
      let here = FileManager.default.currentDirectoryPath
      if FileManager.default.fileExists(atPath: here + "/config/irisarchive.cfg") { return here }
      throw CommandFailure(
        code: "no-archive", message: "no archive was named, and the current folder is none", subject: here,
        hint: "--root DIR, or IRISARCHIVE_ROOT=DIR, or irisarchive init DIR")
    }
    let path = Paths.absolute(named)
    guard FileManager.default.fileExists(atPath: path) else {
      throw CommandFailure(
        code: "input-missing", message: "there is no such folder", subject: path,
        hint: "irisarchive init \(ShellWord.quoted(path))")
    }
    return path
  }

  func catalogPath() throws -> String { try path() + "/catalog/catalog.sqlite" }

  /// The catalog, for reading: works with the daemon running, stopped or dead.
  func reader() throws -> CatalogReader { try CatalogReader(path: try catalogPath()) }

  /// The catalog, for a change asked for by an operator. Never makes one.
  func writer() throws -> CatalogWriter {
    let path = try catalogPath()
    guard FileManager.default.fileExists(atPath: path) else {
      throw CommandFailure(
        code: "catalog-missing", message: "there is no catalog here", subject: path,
        hint: "irisarchive init \(ShellWord.quoted(try self.path()))")
    }
    return try CatalogWriter(path: path)
  }
}

/// Paths as a person types them.
enum Paths {
  /// Absolute, without `.`, `..` and trailing slashes; links are not followed.
  static func absolute(_ path: String) -> String {
    let full = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    var parts: [Substring] = []
    for part in full.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }
}

/// Seconds since 1970 UTC.
enum Clock {
  static var now: Double { Date().timeIntervalSince1970 }
}
