import ArgumentParser
import Simulator

/// `irissim night`: a night of calibrations, standards and science in the order of a real one.
struct NightCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "night",
    abstract: "Write a simulated night: <DATE>/raw, <DATE>/readouts, truth and night.json.",
    discussion: """
      The same seed, size and start give the same bytes. Files appear in --output in the order of night.json.
      """)

  @Option(help: "Names the instrument, the sky and the noise.") var seed: UInt64 = 1
  @Option(help: "Pixels along the side of each detector.") var detectorSize = 512
  @Flag(help: "Write 4096 x 4096 frames (about 15 GB).") var full = false
  @Option(help: "Start of the night, UTC: yyyy-mm-dd or yyyy-mm-ddThh:mm:ss.") var start: String?
  @Flag(help: "Replace files of an earlier run.") var replace = false
  @Flag(help: "Say nothing on the way.") var quiet = false
  @Option(name: [.short, .long], help: "Folder to write into; it is made when missing.") var output: String

  func run() throws {
    try Failure.reporting {
      let size = full ? 4096 : detectorSize
      let night = try Night.plan(seed: seed, size: size, start: try Failure.start(start))
      let count = night.exposures.count
      let manifest = try night.write(to: Failure.folder(output), replacing: replace) { exposure in
        guard !quiet else { return }
        Failure.say("\(exposure.order + 1)/\(count) \(exposure.frameClass) \(exposure.begin.iso)")
      }
      print("\(output)/night.json: \(manifest.files.count) files of \(count) exposures")
    }
  }
}
