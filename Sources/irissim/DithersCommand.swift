import ArgumentParser
import Simulator

/// `irissim dithers`: a night of the imager with several detectors, from calibrations to a dithered field.
struct DithersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dithers",
    abstract:
      "Write a simulated imager night: one, two or four detectors, a standard star, a pinhole grid, dithers.",
    discussion: """
      The stars are the same on the sky for every detector and position. The truth of each frame tells them, the zero
      point (MAGZERO), the standard's magnitude (STDMAG) and the distortion of the pinhole grid (PINRAD, PINQUAD).
      """)

  @Option(help: "Names the instrument, the sky and the noise.") var seed: UInt64 = 1
  @Option(help: "Pixels along the side of each detector.") var detectorSize = 512
  @Option(help: "Detectors that are read at once: 1, 2 or 4.") var detectors = 1
  @Option(help: "Positions of the dither pattern.") var dithers = 5
  @Option(help: "Darks of each exposure time.") var darks = 5
  @Option(help: "Flats.") var flats = 5
  @Option(help: "Frames of the sky.") var skies = 3
  @Option(help: "Frames of the standard star.") var standards = 1
  @Option(help: "Frames of the pinhole grid.") var pinholes = 1
  @Option(help: "Start of the night, UTC: yyyy-mm-dd or yyyy-mm-ddThh:mm:ss.") var start: String?
  @Flag(help: "Replace files of an earlier run.") var replace = false
  @Option(name: [.short, .long], help: "Folder to write into; it is made when missing.") var output: String

  func validate() throws {
    let counts = [dithers, darks, flats, skies, standards, pinholes]
    guard counts.allSatisfy({ (0...1000).contains($0) }) else {
      throw ValidationError("numbers of frames are 0 to 1000")
    }
  }

  func run() throws {
    try Failure.reporting {
      let night = try Night.dithers(
        seed: seed, size: detectorSize, detectors: detectors, dithers: dithers, darks: darks, flats: flats,
        skies: skies, standards: standards, pinholes: pinholes, start: try Failure.start(start))
      let manifest = try night.write(to: Failure.folder(output), replacing: replace) { _ in }
      print("\(output)/night.json: \(manifest.files.count) files of \(night.exposures.count) exposures")
    }
  }
}
