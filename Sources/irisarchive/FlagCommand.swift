import ArgumentParser
import CatalogStore
import Foundation

extension FrameVerdict.Quality: ExpressibleByArgument {
  public init?(argument: String) { self.init(rawValue: argument.uppercased()) }
}

/// `irisarchive flag`
struct FlagCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flag", abstract: "Say whether a file or product is good, with the reason.",
    discussion: """
      The verdict is recorded with who, when and why. GOOD releases a file that was held because of its name. \
      BAD keeps a file out of associations, and products that were made of it become stale.

        irisarchive flag irs_0042.fits --quality BAD --reason "dome was closed"
      """)

  @OptionGroup var root: RootOptions
  @Argument(help: "A file or product, by name or path.")
  var name: String
  @Option(name: .long, help: "GOOD, BAD or UNKNOWN.")
  var quality: FrameVerdict.Quality
  @Option(name: .long, help: ArgumentHelp("Why, for those who come after.", valueName: "text"))
  var reason: String

  mutating func validate() throws {
    if reason.allSatisfy(\.isWhitespace) { throw ValidationError("--reason needs a reason") }
  }

  func run() throws {
    let writer = try root.writer()
    let frame = try chosen(writer.reader)
    let verdict = FrameVerdict(quality: quality, reason: reason, user: NSUserName())
    let outcome = try writer.flag(frame: frame.id, verdict, at: Clock.now)
    Answer.write("\(frame.name)\t\(quality.rawValue)\t\(outcome.frame.state)\n")
    for product in outcome.stale { Answer.write("\(product)\tstale\n") }
    if outcome.released { Talk.line("released: it is associated as a new file") }
    if !outcome.released, outcome.frame.state == "held", quality == .good {
      Talk.line("it stays held: \(outcome.frame.reason ?? "")")
    }
  }

  /// The file that the name means; of several, the one that waits for a verdict.
  ///
  /// - Throws: ``CommandFailure`` `no-such-record`; `usage` when the name leaves a choice.
  private func chosen(_ reader: CatalogReader) throws -> FrameRecord {
    guard case .frame(let first) = try RecordFinder(reader: reader).find(name) else {
      throw CommandFailure(
        code: "usage", message: "only files and products have a quality", subject: name,
        hint: "irisarchive show \(ShellWord.quoted(name))")
    }
    if first.path == Paths.absolute(name) { return first }
    let all = try reader.subjects(named: name).compactMap { subject -> FrameRecord? in
      guard case .frame(let frame) = subject else { return nil }
      return ["superseded", "missing", "duplicate"].contains(frame.state) ? nil : frame
    }
    let held = all.filter { $0.state == "held" }
    if let only = held.first, held.count == 1 { return only }
    guard all.count > 1 else { return all.first ?? first }
    throw CommandFailure(
      code: "usage", message: "\(all.count) files have this name", subject: name,
      hint: "name one by its path: \(all.compactMap(\.path).map(ShellWord.quoted).joined(separator: " or "))")
  }
}
