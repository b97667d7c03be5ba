import Astrometry
import FITSIO
import FITSStructure
import Glibc

/// The headers of an exposure's files, as the data contract's first generation of keywords.
struct FrameHeader {
  let exposure: Exposure
  let instrument: Instrument
  let detector: DetectorModel

  private var size: Int { instrument.size }
  private var timing: RampTiming { exposure.timing(size: size) }

  /// The primary header of a level 0 or level 1 file.
  func primary() -> Header {
    Header(
      file() + classification() + programme() + times() + configuration() + sequence() + window() + notes())
  }

  /// The primary header of a ramp in one file: the counts as the layout has them.
  func ramp() -> Header {
    var header = primary()
    guard exposure.format.layout != .sci else { return header }
    header.cards.removeAll { $0.keyword == "NINTS" || $0.keyword == "NCOADDS" }
    header.set("NGROUPS", .integer(Int64(exposure.ramps)), comment: "Ramps")
    header.set("NREADS", .integer(Int64(timing.readTimes.count)), comment: "Reads per ramp")
    header.set("NFRAMES", .integer(Int64(exposure.coadds)), comment: "Coadds")
    return header
  }

  /// The primary header of one readout: the frame's unless it is to be bare, and the keywords of raw readouts.
  ///
  /// - Parameter quality: the value of `READQUAL`; nil leaves it out.
  func readout(ramp: Int, read: Int, isComplete: Bool = true, quality: Double? = nil) -> Header {
    let window = exposure.readWindow(size: size)
    let reset = exposure.reset(ramp: ramp, size: size)
    let start = reset.advanced(by: timing.readTimes[read])
    var header = exposure.readoutsCarryHeaders ? primary() : Header()
    header.cards.removeAll { $0.keyword == "COMMENT" }
    header.cards += [
      Card("DET_ID", exposure.readoutDetectorID, comment: "Detector"),
      Card("EXP_NO", exposure.number, comment: "Exposure"),
      Card("RAMP_NO", ramp, comment: "Ramp within the exposure, from 0"),
      Card("READ_NO", read, comment: "Read within the ramp, from 0"),
      Card("COMPLETE", isComplete, comment: "All pixels were read"),
      Card("READTIME", Int(start.microseconds), comment: "[us] First pixel's read, since MJD 0"),
      Card("RST_TIME", Int(reset.microseconds), comment: "[us] Last reset, since MJD 0"),
      Card(
        "FRM_TIME", Int((Exposure.frameSeconds(size: size) * 1e6).rounded()),
        comment: "[us] Time to read the frame"),
      Card("SARRMODE", exposure.window == nil ? "FULL_FRAME" : "SUB_ARRAY", comment: "Subarray mode"),
      Card("XSTART", window.x + 1, comment: "First column"),
      Card("YSTART", window.y + 1, comment: "First row"),
      Card("XSIZE", window.width, comment: "Columns"), Card("YSIZE", window.height, comment: "Rows"),
    ]
    if let quality {
      header.cards.append(Card("READQUAL", quality, comment: "Quality of this read, 1 is best"))
    }
    return header
  }

  /// The keywords of the `SCI` extension: the WCS of imager frames that see the sky.
  func science() -> Header {
    guard exposure.frameClass.isImager, exposure.observation.coordinates != nil else { return Header() }
    let (centre, window) = (Double(size + 1) / 2, exposure.readWindow(size: size))
    return Header(
      TangentPlane(at: exposure.pointing(size: size)).cards(
        reference: PixelPosition(x: centre - Double(window.x), y: centre - Double(window.y)),
        scale: exposure.scale, positionAngle: 0))
  }

  // MARK: groups of keywords

  private func file() -> [Card] {
    [
      Card("FILENAME", "", comment: "Name of the file"),
      Card("DATE", exposure.end(size: size).advanced(by: 1).iso, comment: "When the file was made (UTC)"),
      Card("ORIGIN", "irissim", comment: "Who made the file"),
      Card("TELESCOP", "TMT", comment: "Telescope"), Card("INSTRUME", "IRIS", comment: "Instrument"),
      Card(
        "DATAMODL", exposure.level == 0 ? "TMTRampModel" : "IRISImageModel", comment: "Type of the data model"
      ),
      Card("DATALVL", exposure.level, comment: "Level: 0 reads, 1 raw frame"),
      Card("DATAQUAL", "GOOD", comment: "Judgement of the data"),
      Card("SIMSEED", .integer(Int64(bitPattern: instrument.seed)), comment: "Seed of the simulated night"),
    ]
  }

  private func classification() -> [Card] {
    [
      Card("OBSTYPE", exposure.frameClass.obsType, comment: "Class of the exposure"),
      Card("OBSNAME", exposure.frameClass.obsName, comment: "Kind of the exposure"),
      Card("IMTYPE", exposure.frameClass.imageType, comment: "Type of the image"),
    ]
  }

  private func programme() -> [Card] {
    let observation = exposure.observation
    var cards = [
      Card("SEMID", observation.semester, comment: "Semester"),
      Card("PROGRAM", observation.program, comment: "Programme"),
      Card("OBSERVTN", observation.number, comment: "Observation"),
      Card(
        "OBS_ID", "\(observation.semester)-\(observation.program)-\(observation.number)",
        comment: "Identifier of the observation"),
      Card("SEQ_ID", observation.sequenceID, comment: "Sequence"),
      Card("OBJECT", exposure.objectName, comment: "Target"),
    ]
    guard let target = observation.coordinates else { return cards }
    cards += [
      Card("RA", target.ra, comment: "[deg] Right ascension of the target"),
      Card("DEC", target.dec, comment: "[deg] Declination of the target"),
      Card("EQUINOX", 2000.0, comment: "Equinox of the coordinates"),
      Card("AIRMASS", exposure.airmass, comment: "Airmass"),
    ]
    return cards
  }

  private func times() -> [Card] {
    let end = exposure.end(size: size)
    return [
      Card("DATE-OBS", exposure.begin.iso, comment: "Start of the exposure (UTC)"),
      Card("DATE-BEG", exposure.begin.iso, comment: "Start of the exposure (UTC)"),
      Card("DATE-END", end.iso, comment: "End of the exposure (UTC)"),
      Card("EXPTIME", exposure.exposureSeconds, comment: "[s] First to last read of a ramp"),
      Card("EXPNUM", exposure.number, comment: "Exposure of this detector and night"),
      Card("READMODE", exposure.sampling.readMode, comment: "How the detector is read"),
      Card("SAMPMODE", exposure.sampling.readMode, comment: "Sampling mode"),
      Card("NUMREADS", exposure.sampling.commandedReads, comment: "Reads commanded (of MCDS in each group)"),
      Card("NUMRAMPS", exposure.ramps, comment: "Ramps commanded"),
      Card("RAMPINTT", exposure.exposureSeconds, comment: "[s] Integration time of a ramp"),
      Card("NINTS", exposure.ramps, comment: "Ramps"),
      Card("NGROUPS", timing.readTimes.count, comment: "Reads per ramp"),
      Card("NCOADDS", exposure.coadds, comment: "Coadded exposures"),
      Card("TFRAME", Exposure.frameSeconds(size: size), comment: "[s] Time to read the detector"),
      Card("TGROUP", timing.spacing, comment: "[s] Time between reads"),
    ]
  }

  private func configuration() -> [Card] {
    let name = exposure.frameClass
    let band = exposure.filter == "Hbb" ? (1.474, 1.637, 1.8) : (1.485, 1.633, 1.781)
    var cards = [
      Card("DETECTOR", name.detector, comment: "Detector"), Card("INSTMODE", name.mode, comment: "Mode"),
      Card("FILTER", exposure.filter, comment: "Filter"), Card("PUPIL", "CIRCULAR", comment: "Pupil element"),
    ]
    if !name.isImager { cards.append(Card("GRATING", "H4000", comment: "Grating")) }
    cards += [
      Card("SCALE", exposure.scale, comment: "[arcsec] Pixel or spaxel"),
      Card("GAIN", detector.gain, comment: "[electron/adu] Gain"),
      Card("READNOIS", detector.readNoise, comment: "[electron] Noise of a single read"),
      Card("PA", 0.0, comment: "[deg] East of North of +y"),
    ]
    if exposure.filter.hasPrefix("H") {
      cards += [
        Card("WAVEMIN", band.0, comment: "[um] Shortest wavelength"),
        Card("WAVECEN", band.1, comment: "[um] Central wavelength"),
        Card("WAVEMAX", band.2, comment: "[um] Longest wavelength"),
      ]
    }
    let lamp = [.flat, .lensletScan, .dispersion, .pinhole].contains(name.purpose)
    if lamp {
      cards += [Card("LAMPNAME", "WHITE", comment: "Lamp"), Card("LAMPSTAT", "ON", comment: "Lamp")]
    }
    return cards
  }

  private func sequence() -> [Card] {
    var cards: [Card] = []
    let isSky = exposure.frameClass.purpose == .sky
    if exposure.dithers > 0 {
      cards.append(Card("DITHNUM", exposure.dither, comment: "Position of the dither pattern"))
      cards.append(Card("NDITHER", exposure.dithers, comment: "Positions of the dither pattern"))
    }
    let (frame, frames) = isSky ? (1, 1) : (exposure.frame, exposure.frames)
    cards.append(Card("IFRAME", frame, comment: "Frame at this position"))
    cards.append(Card("IFRAMES", frames, comment: "Frames at this position"))
    if isSky {
      cards.append(Card("SFRAME", exposure.frame, comment: "Sky frame of the set"))
      cards.append(Card("SFRAMES", exposure.frames, comment: "Sky frames in the set"))
    }
    guard exposure.observation.coordinates != nil else { return cards }
    cards += [
      Card("XOFFSET", exposure.east, comment: "[arcsec] Telescope offset, East"),
      Card("YOFFSET", exposure.north, comment: "[arcsec] Telescope offset, North"),
      Card("ISSKY", isSky, comment: "Blank sky"), Card("BKGDTARG", isSky, comment: "Background target"),
    ]
    return cards
  }

  private func window() -> [Card] {
    let window = exposure.readWindow(size: size)
    return [
      Card("SUBARRAY", exposure.window == nil ? "FULL" : "CUSTOM", comment: "Subarray"),
      Card("SUBARRID", exposure.window == nil ? 0 : 1, comment: "Subarray, 0 is the full frame"),
      Card("SUBSTRT1", window.x + 1, comment: "First column"),
      Card("SUBSTRT2", window.y + 1, comment: "First row"),
      Card("SUBSIZE1", window.width, comment: "Columns"), Card("SUBSIZE2", window.height, comment: "Rows"),
      Card("DETXSIZE", size, comment: "Columns of the detector"),
      Card("DETYSIZE", size, comment: "Rows of the detector"),
      Card("FASTAXIS", 1, comment: "Fast readout axis"), Card("SLOWAXIS", 2, comment: "Slow readout axis"),
    ]
  }

  private func notes() -> [Card] {
    guard exposure.level == 1 else { return [] }
    let photons = timing.poissonFactor
    let noise = timing.readNoiseFactor
    return [
      .commentary("COMMENT", "Variance of a pixel, (adu/s)^2, with rate in adu/s (0 if negative):"),
      .commentary("COMMENT", "  \(photons) * rate / GAIN + \(noise) * (READNOIS / GAIN)^2"),
    ]
  }
}

extension Exposure {
  /// The value of `DET_ID`.
  var readoutDetectorID: String { frameClass.channel == "SLI" ? "SLC" : frameClass.channel }

  /// The value of `OBJECT`: the target, else what the calibration unit shows.
  var objectName: String {
    if !observation.object.isEmpty { return observation.object }
    switch frameClass.purpose {
    case .dark: return "DARK"
    case .flat: return "FLAT"
    case .lensletScan: return "LENSLET SCAN"
    case .dispersion: return "FIBRE"
    case .pinhole: return "PINHOLE GRID"
    default: return "SKY"
    }
  }

  /// A target that culminates two hours after the default start of the sky part of a night.
  var airmass: Double {
    let hours = Double(begin.microseconds % 86_400_000_000) / 3.6e9
    let angle = (hours - 6) * 15 * Double.pi / 180 * 0.7
    return (1e4 * (1.02 / max(cos(angle), 0.2))).rounded() / 1e4
  }
}
