import ArgumentParser

/// The simulator's command.
@main
struct IrisSim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "irissim",
    abstract: "Simulate IRIS: a whole night, or one frame, with its truth.",
    subcommands: [NightCommand.self, FrameCommand.self])
}
