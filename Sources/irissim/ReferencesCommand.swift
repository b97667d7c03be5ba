import ArgumentParser
import Foundation
import Simulator

/// `irissim references`: the true reference files of a simulated detector.
struct ReferencesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "references",
    abstract: "Write mask, gain, readnoise, superbias, saturation and nonlincoeff of a simulated detector.",
    discussion: "They fit frames of the same --seed, --detector-size and --channels.")

  @Option(help: "IMG1 … IMG4 or IFU, separated by commas.") var detectors = "IMG1"
  @Option(help: "Names the instrument.") var seed: UInt64 = 1
  @Option(help: "Pixels along the side of the detector.") var detectorSize = 512
  @Option(help: "Outputs of the detector: 1, 4, 16, 32 or 64.") var channels = 64
  @Option(help: "First instant they are meant for, UTC.") var useafter: String?
  @Flag(help: "Replace existing files.") var replace = false
  @Option(name: [.short, .long], help: "Folder to write into; it is made when missing.") var output: String

  func run() throws {
    try Failure.reporting {
      let names = detectors.uppercased().split(separator: ",").map(String.init)
      guard !names.isEmpty, names.allSatisfy({ ["IMG1", "IMG2", "IMG3", "IMG4", "IFU"].contains($0) }) else {
        throw ValidationError("'\(detectors)' names a detector that is none of IMG1 … IMG4, IFU")
      }
      guard (16...8192).contains(detectorSize) else {
        throw ValidationError("the detector size is out of range")
      }
      var options = DetectorModel.Options()
      options.readout = try Failure.readout(channels: channels)
      let instrument = Instrument(
        seed: seed, size: detectorSize, detectors: names, options: options)
      let folder = Failure.folder(output)
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let after = try useafter.map { try Failure.start($0) } ?? SimulatedTime("2020-01-01")
      for name in names {
        let references = DetectorReferences(
          detector: try instrument.detector(name), name: name, useAfter: after ?? Night.defaultStart)
        for path in try references.write(in: folder, replacing: replace) { print(path) }
      }
    }
  }
}
