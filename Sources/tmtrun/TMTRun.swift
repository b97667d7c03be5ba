import ArgumentParser
import CMalloc

/// The command: runs pipelines by hand, and jobs of the archive.
@main
struct TMTRun: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tmtrun",
    abstract: "Reduce IRIS data: run a pipeline or a step on files or on an association.",
    usage: """
      tmtrun <cfg | pipeline | step> <file.fits | asn.json>… [--set step.parameter=value] [--skip step] \
      [--override type=file] [-o DIR]
             tmtrun --job job.json [--lifeline]
             tmtrun <subcommand>
      """,
    discussion: """
      tmtrun image2_iris.cfg asn_subtract_bg_flat.json
      tmtrun create_dark dark_*_rate.fits -o masters
      tmtrun readout ramp.fits --set ramp_fit.read_spacing=4
      tmtrun --job job.json
      """,
    subcommands: [
      Run.self, List.self, Describe.self, Plan.self, Check.self, MakeAssociation.self, Compare.self,
      Preview.self, Refs.self, Manifest.self,
    ],
    defaultSubcommand: Run.self)

  static func main() {
    // Up to 256 MiB of freed memory is kept for the next band of rows rather than given back and cleared anew; blocks of
    // up to 32 MiB, the most that the library takes, come from what is kept.
    _ = mallopt(M_MMAP_THRESHOLD, 32 << 20)
    _ = mallopt(M_TRIM_THRESHOLD, 256 << 20)
    Self.main(Array(CommandLine.arguments.dropFirst()))
  }

  static func main(_ arguments: [String]) {
    do {
      var command = try parseAsRoot(ArgumentRewriter.rewrite(arguments))
      try command.run()
    } catch {
      Failure.end(with: error, command: self)
    }
  }
}
