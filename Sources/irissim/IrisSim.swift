import ArgumentParser

/// The simulator's command.
@main
struct IrisSim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "irissim",
    abstract: "Simulate IRIS: a whole night, one frame, or readouts, with their truth.",
    subcommands: [
      NightCommand.self, DithersCommand.self, FrameCommand.self, ReadoutsCommand.self, ReferencesCommand.self,
    ])
}
