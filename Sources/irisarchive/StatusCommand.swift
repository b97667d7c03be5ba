import ArgumentParser
import CatalogStore
import Foundation

/// `irisarchive status`
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "The archive at a glance.",
    discussion: "Works with the daemon running, stopped or dead.")

  enum Form: String, ExpressibleByArgument, CaseIterable { case text, json }

  @OptionGroup var root: RootOptions
  @Flag(name: .long, help: "Again every two seconds, until interrupted.")
  var watch = false
  @Option(name: .long, help: "Form of the answer: text, json.")
  var format = Form.text
  @Option(name: .long, help: "Colour: \(ColorChoice.allCases.map(\.rawValue).joined(separator: ", ")).")
  var color = ColorChoice.auto

  func run() async throws {
    let path = try root.path()
    let reader = try root.reader()
    repeat {
      let report = try StatusReport(root: path, reader: reader, folders: watchedFolders(), now: Clock.now)
      if watch && Answer.isTerminal { Answer.write("\u{1B}[H\u{1B}[2J") }
      Answer.write(format == .json ? try report.json().rendered() : report.text())
      if watch { try await Task.sleep(for: .seconds(2)) }
    } while watch
  }

  /// A status must come even when the configuration is broken.
  private func watchedFolders() -> [(name: String, path: String)] {
    guard let layout = try? root.layout() else { return [] }
    return [("incoming", layout.incoming), ("products", layout.products), ("work", layout.work)]
  }
}
