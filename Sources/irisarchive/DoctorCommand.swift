import ArgumentParser
import Tables

/// `irisarchive doctor`
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check the archive and the machine it runs on; exit code 4 on a problem.",
    discussion: """
      With --self-test a tiny simulated exposure is also reduced from ramp to level 2, in a scratch folder, and its \
      count rate compared with what was simulated.
      """)

  @OptionGroup var root: RootOptions
  @Flag(name: .long, help: "Also simulate and reduce a tiny exposure, end to end.")
  var selfTest = false
  @OptionGroup var list: ListOptions

  func run() async throws {
    let findings = await Checkup(root: try root.path(), options: root, selfTest: selfTest).findings()
    let rows = findings.map { finding -> [Cell] in
      [
        .string(finding.check), .string(finding.state.rawValue), .string(finding.sentence),
        Cell(finding.hint),
      ]
    }
    try list.put(
      Table(
        [
          Column("check", .string), Column("state", .string), Column("finding", .string),
          Column("hint", .string),
        ],
        rows: rows, name: "doctor"))
    if findings.contains(where: { $0.state == .problem }) { throw ExitStatus.problemsFound }
  }
}
