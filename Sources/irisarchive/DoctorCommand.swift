import ArgumentParser
import Tables

/// `irisarchive doctor`
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Check the archive and the machine it runs on; exit code 4 on a problem."
  )

  @OptionGroup var root: RootOptions
  @OptionGroup var list: ListOptions

  func run() async throws {
    let findings = await Checkup(root: try root.path(), options: root).findings()
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
