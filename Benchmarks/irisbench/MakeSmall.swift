import ArgumentParser
import Foundation

/// `irisbench make-small`: the files of the arrival benchmark.
struct MakeSmall: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make-small", abstract: "Write small FITS files, each unlike the others.")

  @Option(help: "How many.") var count = 2000
  @Option(name: [.short, .long], help: "Folder to write into; it is made when missing.") var output: String

  func validate() throws {
    // Their clocks must stay within one night.
    guard (1...15_000).contains(count) else { throw ValidationError("--count is 1 to 15000") }
  }

  func run() throws {
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    for number in 1...count { try SmallFrame(number: number, total: count).write(to: output) }
    print("\(output): \(count) files of 2 HDUs and \(SmallFrame.cardCount) cards")
  }
}
