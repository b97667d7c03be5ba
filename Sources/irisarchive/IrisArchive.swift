import ArgumentParser

/// The command `irisarchive`: watches the instrument's files, keeps them, reduces them and tells.
@main
struct IrisArchive: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "irisarchive",
    abstract: "The archive and reduction system of IRIS: watches, keeps, reduces, tells.",
    discussion: """
      Answers go to standard output, talk to standard error. In a pipe, lists are tab-separated.

      Exit codes: 0 ok, 1 failed, 3 nothing matched, 4 a check found problems, 5 some of many failed, 64 usage, \
      65 bad data, 66 input missing, 69 catalog or daemon unreachable, 75 try again, 78 the archive's configuration.
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(
        name: "Set up",
        subcommands: [InitCommand.self, ConfigCommand.self, DoctorCommand.self, HooksCommand.self]),
      CommandGroup(
        name: "Work",
        subcommands: [
          WatchCommand.self, IngestCommand.self, ReprocessCommand.self, JobsCommand.self,
          AssociateCommand.self,
          FlagCommand.self, NightCommand.self,
        ]),
      CommandGroup(
        name: "Look",
        subcommands: [
          QueryCommand.self, ShowCommand.self, StatusCommand.self, LogCommand.self, HeaderCommand.self,
          GetCommand.self,
        ]),
      CommandGroup(
        name: "Keep",
        subcommands: [
          VerifyCommand.self, StaleCommand.self, RefsCommand.self, BackupCommand.self, PruneCommand.self,
        ]),
    ])

  static let version = "0.1.0"

  static func main() async {
    await CommandRun.main(Array(CommandLine.arguments.dropFirst()))
  }
}
