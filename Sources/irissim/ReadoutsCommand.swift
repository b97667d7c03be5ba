import ArgumentParser
import Simulator

/// `irissim readouts`: interleaved exposures, one file per read, in any order and with faults.
struct ReadoutsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "readouts",
    abstract: "Write the readouts of interleaved exposures, in any order, some late, spoiled or missing.",
    discussion: """
      Writes readouts/, late/, truth/ and readouts.json, which lists the readouts in the order of delivery, \
      and of each exposure the reads that can be used. The same options give the same bytes.
      """)

  @Option(help: "Exposures in all.") var exposures = 10
  @Option(help: "Reads of each ramp.") var reads = 20
  @Option(help: "Ramps of each exposure.") var ramps = 1
  @Option(help: "Seconds of each ramp.") var exptime = 60.0
  @Option(help: "Detectors that expose in turn: IMG1 … IMG4, SLI, LEN, separated by commas.")
  var channels = "IMG1,IMG2,IMG3,IMG4,LEN"
  @Flag(help: "Deliver in random order, else in the order of time.") var shuffle = false
  @Option(help: "Reads that never come.") var missing = 0
  @Option(help: "Reads whose bytes are spoiled (a wrong DATASUM).") var damaged = 0
  @Option(help: "Reads whose file ends early.") var truncated = 0
  @Option(help: "Reads that say COMPLETE = F.") var incomplete = 0
  @Option(help: "Reads that come after all others, in late/.") var late = 0
  @Option(help: "Reads of poor quality (a low READQUAL).") var poor = 0
  @Flag(help: "Readouts with no keywords but those of readouts; the level 1 frames go to frames/.")
  var bare = false
  @Flag(help: "Detectors with ideal amplifiers.") var ideal = false
  @Option(help: "Names the instrument, the sky, the noise and the faults.") var seed: UInt64 = 1
  @Option(help: "Pixels along the side of each detector.") var detectorSize = 64
  @Option(help: "Start of the first exposure, UTC.") var start: String?
  @Flag(help: "Replace files of an earlier run.") var replace = false
  @Option(name: [.short, .long], help: "Folder to write into; it is made when missing.") var output: String

  func run() throws {
    try Failure.reporting {
      let folder = Failure.folder(output)
      let manifest = try ReadoutScenario(try options()).write(to: folder, replacing: replace)
      let files = manifest.readouts.filter { $0.file != nil }.count
      print("\(folder)/readouts.json: \(files) readouts of \(manifest.exposures.count) exposures")
    }
  }

  private func options() throws -> ReadoutScenario.Options {
    var options = ReadoutScenario.Options()
    (options.seed, options.detectorSize) = (seed, detectorSize)
    (options.exposures, options.reads, options.ramps) = (exposures, reads, ramps)
    options.seconds = exptime
    options.channels = channels.uppercased().split(separator: ",").map(String.init)
    (options.missing, options.corrupted, options.truncated) = (missing, damaged, truncated)
    (options.incomplete, options.late, options.poor) = (incomplete, late, poor)
    (options.isShuffled, options.isBare, options.isIdeal) = (shuffle, bare, ideal)
    options.start = try Failure.start(start)
    return options
  }
}
