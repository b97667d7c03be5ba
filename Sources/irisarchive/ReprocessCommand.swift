import Archive
import ArgumentParser
import CatalogStore
import Foundation
import Tables

/// `irisarchive reprocess`
struct ReprocessCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reprocess", abstract: "Make products again; old versions become superseded.",
    discussion: """
      Prints what would be made again and asks; without a terminal it needs --yes. The daemon does it after the work \
      of real time, calibrations before what uses them. A job that would only repeat one that is done (same inputs, \
      references, parameters and software) is recognised and not run, unless --force.

        irisarchive reprocess --stale --dry-run
        irisarchive reprocess --affected-by tmt_0003.pmap..tmt_0004.pmap --yes
      """)

  @OptionGroup var root: RootOptions
  @Argument(help: "Products, associations, or frames (everything they are in).")
  var names: [String] = []
  @Flag(name: .long, help: "Everything that irisarchive stale tells.")
  var stale = false
  @Option(
    name: .long,
    help: ArgumentHelp("Where two contexts of the rules choose differently.", valueName: "a..b"))
  var affectedBy: String?
  @Flag(name: .long, help: "Repeat jobs that are done, too.")
  var force = false
  @Flag(name: .long, help: "Only tell what would be done.")
  var dryRun = false
  @Flag(name: .long, help: "Do it without asking.")
  var yes = false
  @OptionGroup var list: ListOptions

  mutating func validate() throws {
    if names.isEmpty && !stale && affectedBy == nil {
      throw ValidationError("say what: names, --stale or --affected-by A..B")
    }
  }

  func run() async throws {
    let service = try root.staleness()
    let associations = try chosen(service)
    guard !associations.isEmpty else {
      try list.put(Self.table([]))
      throw ExitStatus.nothingMatched
    }
    let planned = try await service.plan(associations, forced: force)
    try list.put(Self.table(planned))
    if !dryRun { try carryOut(planned, service) }
    let refused = planned.filter { $0.outcome == "refused" }
    if refused.isEmpty { return }
    throw refused.count < planned.count ? ExitStatus.someFailed : .failed
  }

  private func carryOut(_ planned: [StalenessService.Planned], _ service: StalenessService) throws {
    try Confirmation.ask("make \(planned.filter { $0.outcome != "refused" }.count) again?", yes: yes)
    let reason = "asked for by \(NSUserName())"
    try service.ask(planned, forced: force, reason: reason)
    let pulse = DaemonPulse(root: try root.path(), fact: try root.reader().fact("daemon"))
    if pulse.isRunning != true { Talk.line("no daemon is running: it is done by the next irisarchive watch") }
  }

  private func chosen(_ service: StalenessService) throws -> [AssociationRecord] {
    var associations: [AssociationRecord] = []
    for name in names {
      let found = try service.associations(named: name)
      if found.isEmpty { _ = try RecordFinder(reader: try root.reader()).find(name) }
      associations += found
    }
    if stale { associations += try root.reader().staleProducts().map(\.association) }
    if let affectedBy {
      let range = try ContextRange(affectedBy)
      associations += try service.affected(from: range.old, to: range.new).map(\.association)
    }
    return associations
  }

  private static func table(_ planned: [StalenessService.Planned]) -> Table {
    Table(
      ["association", "pipeline", "products", "outcome", "detail"].map { Column($0, .string) },
      rows: planned.map {
        [
          .string($0.association.name), .string($0.association.pipeline),
          .string($0.products.joined(separator: " ")), .string($0.outcome), .string($0.detail),
        ]
      }, name: "plan")
  }
}

/// The question before something is changed for good.
enum Confirmation {
  /// Returns when the answer is yes.
  ///
  /// - Throws: ``CommandFailure`` `usage` when there is nobody to ask; ``ExitStatus`` `failed` when the answer is no.
  static func ask(_ question: String, yes: Bool) throws {
    if yes { return }
    guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
      throw CommandFailure(
        code: "usage", message: "nothing was done: this needs --yes where nobody can be asked",
        subject: question, hint: "--dry-run only tells; --yes does it")
    }
    Talk.write(question + " [y/N] ")
    guard ["y", "yes"].contains(readLine()?.lowercased() ?? "") else {
      Talk.line("nothing was done")
      throw ExitStatus.failed
    }
  }
}
