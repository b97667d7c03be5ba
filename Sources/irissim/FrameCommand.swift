import ArgumentParser
import Simulator

/// `irissim frame`: one frame of any class.
struct FrameCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "frame", abstract: "Write one simulated frame, and its truth when asked.")

  @Option(help: "What to simulate: IMG1-SCI, LEN-SKY, SLI-NFF … (IMG1 to IMG4 for the imager).")
  var obsname: String
  @Option(help: "Names the instrument, the sky and the noise.") var seed: UInt64 = 1
  @Option(help: "Pixels along the side of the detector.") var detectorSize = 512
  @Option(help: "Seconds of exposure.") var exptime = 60.0
  @Option(help: "How the detector is read: CDS, UTR:n or MCDS:n.") var readmode = "UTR:6"
  @Option(help: "Filter of the imager (J, H, K …).") var filter: String?
  @Option(help: "Level 1 (a raw frame), or 0 (its ramp in one file).") var level = 1
  @Option(help: "Ramps in a level 0 file.") var ramps = 1
  @Option(help: "Ramps that are averaged into each one of a level 0 file.") var coadds = 1
  @Flag(help: "A real detector: outputs, reference pixels, non-linearity, cosmic rays … (else an ideal one).")
  var real = false
  @Option(help: "Outputs of a real detector: 1, 4, 16, 32 or 64.") var channels = 64
  @Option(help: "Cosmic rays per second and cm2 on a real detector.") var cosmicRate: Double?
  @Option(help: "Part of the detector that is read: x,y,width,height from 1.") var window: String?
  @Option(help: "Reads of poor quality, from 0: 3,5; their level is 300 adu too high.") var poor: String?
  @Option(help: "Numbers in a level 0 file: uint16, int16, int32, float32.") var samples = "uint16"
  @Option(help: "Axes of a level 0 file: sci, data, data-reads-first.") var layout = "sci"
  @Option(help: "Compression of a level 0 file: none, rice, gzip.") var packing = "none"
  @Option(help: "Exposure number; it also names the noise.") var expnum = 1
  @Option(help: "Telescope offset to the East in arcsec.") var east = 0.0
  @Option(help: "Telescope offset to the North in arcsec.") var north = 0.0
  @Option(help: "Number of this frame, as n of N: 2/5.") var frame = "1/1"
  @Option(help: "Position in a dither pattern, as n of N: 2/5.") var dither: String?
  @Option(help: "Start of the exposure, UTC: yyyy-mm-ddThh:mm:ss.") var start: String?
  @Flag(help: "Write SCI alone, without ERR and DQ.") var scienceOnly = false
  @Flag(help: "Replace an existing file.") var replace = false
  @Option(help: "Also write the truth into this folder.") var truth: String?
  @Option(name: [.short, .long], help: "File to write.") var output: String

  func run() throws {
    try Failure.reporting {
      let exposure = try planned()
      let instrument = Instrument(
        seed: seed, size: detectorSize, detectors: [exposure.frameClass.detector], options: try detector())
      let night = Night(instrument: instrument, exposures: [exposure])
      try night.writeFrame(exposure, toFile: output, truth: truth, replacing: replace)
      print(output)
    }
  }

  private func planned() throws -> Exposure {
    guard let frameClass = FrameClass(obsName: obsname) else {
      let known = FrameClass.all.map(\.obsName).joined(separator: " ")
      throw ValidationError("unknown OBSNAME '\(obsname)'; known: \(known)")
    }
    guard let sampling = Sampling(readmode) else {
      throw ValidationError("read mode '\(readmode)' is none of CDS, UTR:n, MCDS:n")
    }
    let counts = try count(frame)
    guard exptime > 0, exptime <= 100_000, (0...1).contains(level), (1...100).contains(ramps), expnum > 0,
      (16...8192).contains(detectorSize)
    else {
      throw ValidationError("EXPTIME, level, ramps, EXPNUM or detector size is out of range")
    }
    var exposure = Exposure(frameClass, seconds: exptime, sampling: sampling, begin: try Failure.start(start))
    (exposure.frame, exposure.frames) = counts
    (exposure.east, exposure.north) = (east, north)
    if let dither { (exposure.dither, exposure.dithers) = try count(dither) }
    exposure.number = expnum
    exposure.ramps = level == 0 ? ramps : 1
    exposure.delivery = level == 0 ? .ramp : .frame
    exposure.carriesErrors = !scienceOnly
    try setReadout(of: &exposure)
    if let filter { exposure.filter = filter }
    if [.science, .sky, .telluric, .standard].contains(frameClass.purpose) {
      exposure.observation.object = "Simulated field"
      exposure.observation.coordinates = .init(ra: 83.8397, dec: -5.4201)
    }
    return exposure
  }

  /// `n/N`, n from 1 to N.
  private func count(_ text: String) throws -> (Int, Int) {
    let counts = text.split(separator: "/").compactMap { Int($0) }
    guard counts.count == 2, counts[0] >= 1, counts[0] <= counts[1] else {
      throw ValidationError("'\(text)' is not n/N")
    }
    return (counts[0], counts[1])
  }

  private func detector() throws -> DetectorModel.Options {
    var options = DetectorModel.Options()
    guard real else { return options }
    var readout = try Failure.readout(channels: channels)
    if let cosmicRate {
      guard (0...1000).contains(cosmicRate) else {
        throw ValidationError("the rate of cosmic rays is out of range")
      }
      readout.cosmicRate = cosmicRate
    }
    options.readout = readout
    return options
  }

  private func setReadout(of exposure: inout Exposure) throws {
    guard (1...100).contains(coadds) else { throw ValidationError("the number of coadds is out of range") }
    exposure.coadds = level == 0 ? coadds : 1
    if let window {
      guard let found = ReadWindow(window), found.fits(detectorSize) else {
        throw ValidationError("'\(window)' is no window x,y,width,height of \(detectorSize) pixels")
      }
      exposure.window = found
    }
    guard poor == nil || real else { throw ValidationError("--poor needs a --real detector") }
    for read in poor?.split(separator: ",", omittingEmptySubsequences: false) ?? [] {
      guard let read = Int(read), (0..<exposure.sampling.readsPerRamp).contains(read) else {
        throw ValidationError("'\(read)' is no read of the ramp, counted from 0")
      }
      for ramp in 0..<exposure.ramps {
        exposure.faults.append(ReadFault(ramp: ramp, read: read, kind: .poor(quality: 0.3, glitch: 300)))
      }
    }
    guard let samples = RampFormat.Samples(rawValue: samples),
      let layout = RampFormat.Layout(rawValue: layout),
      let packing = RampFormat.Packing(rawValue: packing)
    else { throw ValidationError("unknown numbers, axes or compression of a ramp") }
    guard !(samples == .float32 && packing == .rice) else {
      throw ValidationError("Rice's algorithm takes integers only: use --packing gzip")
    }
    (exposure.format.samples, exposure.format.layout, exposure.format.packing) = (samples, layout, packing)
  }
}
