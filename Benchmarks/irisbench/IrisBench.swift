import ArgumentParser
import CMalloc

/// Makes the inputs of the benchmarks, times what runs in process, and is the CFITSIO peer.
@main
struct IrisBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "irisbench",
    abstract: "Parts of the benchmarks; sh Benchmarks/run.sh runs them all.",
    subcommands: [
      MakeSmall.self, MakeStack.self, CFITSIOCopy.self, CombineStack.self, CosmicRayTimes.self,
      DetectionTimes.self, DrizzleTimes.self,
      LocalMedian.self, Lookups.self, MeshBackgroundTimes.self, RampCopy.self, RampTimes.self,
      ScaledSkyTimes.self,
    ])

  /// Memory is handled as `tmtrun` does.
  static func main() {
    // Up to 256 MiB of freed memory is kept for the next band of rows rather than given back and cleared anew; blocks of
    // up to 32 MiB, the most that the library takes, come from what is kept.
    _ = mallopt(M_MMAP_THRESHOLD, 32 << 20)
    _ = mallopt(M_TRIM_THRESHOLD, 256 << 20)
    main(nil)
  }
}
