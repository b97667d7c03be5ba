import Foundation
import Glibc

/// The programs under test, and the tools that judge their files.
enum Programs {
  /// The folder with the built programs: the running test bundle's own, or IRISARCHIVE_TEST_PROGRAMS.
  static let folder: String = {
    if let named = ProcessInfo.processInfo.environment["IRISARCHIVE_TEST_PROGRAMS"] { return named }
    let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let places = [own, CommandLine.arguments.first].compactMap { $0 }.map {
      ($0 as NSString).deletingLastPathComponent
    }
    let built = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../.build/release").standardizedFileURL.path
    return (places + [built]).first { access($0 + "/irisarchive", X_OK) == 0 } ?? built
  }()

  static var irisarchive: String { folder + "/irisarchive" }
  static var tmtrun: String { folder + "/tmtrun" }
  static var irissim: String { folder + "/irissim" }

  /// Absolute path of a tool of the system, nil when it is not installed.
  static func tool(_ name: String) -> String? {
    ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"].map { "\($0)/\(name)" }
      .first { access($0, X_OK) == 0 }
  }

  /// A python3 that has astropy, nil when there is none.
  static let astropy: String? = {
    ["/usr/bin/python3", "/usr/local/bin/python3"].first { python in
      access(python, X_OK) == 0 && exitCode(python, ["-c", "import astropy.io.fits"]) == 0
    }
  }()

  /// True when this test may become another user.
  static var canBecomeNobody: Bool { geteuid() == 0 && tool("setpriv") != nil }

  private static func exitCode(_ program: String, _ arguments: [String]) -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return -1 }
    process.waitUntilExit()
    return process.terminationStatus
  }
}
