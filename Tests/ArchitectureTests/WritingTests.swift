import Foundation
import Testing

/// How the house is written: what a compiler does not check.
@Suite struct WritingTests {
  private let sources = Checkout.files(under: "Sources") { $0.hasSuffix(".swift") }.map { "Sources/" + $0 }
  private let tests = Checkout.files(under: "Tests") { $0.hasSuffix(".swift") }.map { "Tests/" + $0 }

  /// `path:line` of every line that holds one of the words.
  private func places(of words: [String], in paths: [String]) throws -> [String] {
    try paths.flatMap { path in
      let text = String(
        decoding: try Data(contentsOf: Checkout.root.appendingPathComponent(path)), as: UTF8.self)
      return Self.lines(holding: words, in: text).map { "\(path):\($0)" }
    }
  }

  /// Numbers, from 1, of the lines that hold one of the words.
  private static func lines(holding words: [String], in text: String) -> [Int] {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().filter { _, line in
      words.contains { line.contains($0) }
    }.map { $0.offset + 1 }
  }

  @Test func wordsAreFoundWhereTheyStand() {
    #expect(Self.lines(holding: ["b", "d"], in: "a\nbc\n\nd") == [2, 4])
  }

  @Test func nothingIsForcedOrLeftUndone() throws {
    let words = ["try" + "!", " as" + "!", "TO" + "DO", "FIX" + "ME", "not impl" + "emented"]
    #expect(try places(of: words, in: sources) == [])
  }

  @Test func librariesReadNeitherEnvironmentNorCommandLine() throws {
    let commands = ["Sources/irisarchive/", "Sources/tmtrun/", "Sources/irissim/"]
    let libraries = sources.filter { path in !commands.contains { path.hasPrefix($0) } }
    let words = [
      "getenv" + "(", "processInfo" + ".environment", "processInfo" + ".arguments", "CommandLine" + ".",
    ]
    #expect(try places(of: words, in: libraries) == [])
  }

  @Test func testsWaitForConditionsAndUsePackageAccess() throws {
    let words = ["Task." + "sleep", "usle" + "ep(", "Thread." + "sleep", "@test" + "able"]
    #expect(try places(of: words, in: tests) == [])
  }

  @Test func filesStayShort() throws {
    for path in sources + tests {
      let lines = try Checkout.text(path).split(separator: "\n", omittingEmptySubsequences: false).count - 1
      #expect(lines <= 400, "\(path)")
    }
  }

  @Test func namesSayWhatThingsAre() {
    for path in sources {
      let name = (path as NSString).lastPathComponent
      for word in ["Utils", "Helper", "Common", "Manager"] {
        #expect(!name.contains(word), "\(path)")
      }
    }
  }

  @Test func everyStepFolderIsComplete() throws {
    let steps = Set(
      Checkout.files(under: "Sources/Steps").filter { $0.split(separator: "/").count >= 3 }
        .map { $0.split(separator: "/").prefix(2).joined(separator: "/") })
    for step in steps.sorted() {
      let folder = Checkout.root.appendingPathComponent("Sources/Steps/" + step)
      let name = folder.lastPathComponent
      let thin = folder.appendingPathComponent(name + "Step.swift").path
      #expect(FileManager.default.fileExists(atPath: thin), "\(step): no \(name)Step.swift")
      let readme = try? String(contentsOf: folder.appendingPathComponent("README.md"), encoding: .utf8)
      for heading in ["Description", "Arguments", "Reference files"] {
        #expect(readme?.contains(heading) == true, "\(step)/README.md: no \(heading)")
      }
    }
  }
}
