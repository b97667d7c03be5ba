import ArgumentParser

/// Makes the inputs of the benchmarks, times what runs in process, and is the CFITSIO peer.
@main
struct IrisBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "irisbench",
    abstract: "Parts of the benchmarks; sh Benchmarks/run.sh runs them all.",
    subcommands: [
      MakeSmall.self, MakeStack.self, CFITSIOCopy.self, CombineStack.self, CosmicRayTimes.self,
      DrizzleTimes.self,
      LocalMedian.self, Lookups.self, MeshBackgroundTimes.self, RampCopy.self, RampTimes.self,
      ScaledSkyTimes.self,
    ])
}
