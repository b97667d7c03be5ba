import Pixels

/// What an exposure would measure without noise: photo-electrons on the detector, and the truth of its
/// reduction.
public struct Scene: Sendable {
  /// Photo-electrons and dark electrons per second that the detector collects.
  public let expected: Plane<Float>
  /// What the reduced frame should show (see `truthMeaning`), NaN where nothing can be known.
  public let truth: Plane<Float>
  /// The unit of `truth`: `adu/s`, or empty for a normalised flat.
  public let truthUnit: String
  /// Says in a few words what `truth` is.
  public let truthMeaning: String
  /// Sky before the flat, photo-electrons per second: the imager's level, or the spectrograph's relative
  /// level.
  public let sky: Double
  /// Stars in the frame.
  public let sources: [Source]
}

extension Instrument {
  /// The scene that `exposure` sees.
  ///
  /// - Throws: `unknown-detector` when the instrument was made without the exposure's detector.
  public func scene(of exposure: Exposure) throws(SimulatorError) -> Scene {
    let detector = try detector(exposure.frameClass.detector)
    if exposure.frameClass.purpose == .dark { return darkScene(exposure, detector) }
    return exposure.frameClass.isImager
      ? imagerScene(exposure, detector) : spectrographScene(exposure, detector)
  }

  private func darkScene(_ exposure: Exposure, _ detector: DetectorModel) -> Scene {
    let gain = Float(detector.gain)
    let isLeaking = exposure.lightLeak > 0
    return Scene(
      expected: isLeaking ? collected(blank(Float(exposure.lightLeak)), detector) : detector.dark,
      truth: detector.dark.map { $0 / gain }, truthUnit: "adu/s",
      truthMeaning: "dark rate", sky: 0, sources: [])
  }

  // MARK: imager

  private func imagerScene(_ exposure: Exposure, _ detector: DetectorModel) -> Scene {
    if exposure.frameClass.purpose == .flat {
      return Scene(
        expected: collected(blank(Self.lampRate), detector), truth: flatTruth(blank(1), detector),
        truthUnit: "", truthMeaning: "normalised flat", sky: 0, sources: [])
    }
    let isPinhole = exposure.frameClass.purpose == .pinhole
    let sky = isPinhole ? 0 : Self.skyRate(filter: exposure.filter) * exposure.skyLevel
    let sources =
      isPinhole
      ? PinholeGrid(size: size).sources
      : starField(exposure, detector).sources(
        size: size, scale: exposure.scale, target: exposure.target, pointing: exposure.pointing(size: size))
    let isSky = exposure.frameClass.purpose == .sky
    var object = blank(isSky ? Float(sky) : 0)
    let profile = PointSpread(fwhm: 2.8, beta: 3, radius: 36)
    for source in sources { profile.add(source, to: &object) }
    let gain = Float(detector.gain)
    let added = isSky ? 0 : Float(sky)
    return Scene(
      expected: collected(object.map { $0 + added }, detector), truth: object.map { $0 / gain },
      truthUnit: "adu/s",
      truthMeaning: isSky ? "sky, dark subtracted, flat corrected" : "object, sky subtracted, flat corrected",
      sky: sky, sources: sources)
  }

  /// White light on the imager: 15,000 adu in 10 s.
  private static let lampRate: Float = 4560

  private func starField(_ exposure: Exposure, _ detector: DetectorModel) -> StarField {
    switch exposure.frameClass.purpose {
    case .sky: StarField(stars: [])
    case .telluric: .telluric
    case .standard:
      StarField(stars: [.init(east: 0, north: 0, flux: Self.standardFlux(filter: exposure.filter))])
    default:
      .focalPlane(FocalPlane(size: size, scale: exposure.scale), seed: seed)
    }
  }

  // MARK: spectrograph

  private func spectrographScene(_ exposure: Exposure, _ detector: DetectorModel) -> Scene {
    let slicer = exposure.frameClass.channel == "SLI"
    let purpose = exposure.frameClass.purpose
    let target = spectrographTarget(exposure)
    let object = light(target, exposure)
    if slicer && purpose == .flat {
      return Scene(
        expected: collected(object, detector), truth: slicerFlatTruth(exposure, detector), truthUnit: "",
        truthMeaning: "normalised flat", sky: 0, sources: [])
    }
    var all = object
    if purpose == .science || purpose == .telluric { add(.sky(level: exposure.skyLevel), exposure, to: &all) }
    let flat = slicer && purpose != .dispersion
    let lamp = flat ? slicerFlatTruth(exposure, detector) : nil
    return Scene(
      expected: collected(all, detector), truth: detectorTruth(object, flat: lamp, detector),
      truthUnit: "adu/s", truthMeaning: Self.meaning(purpose, flat: flat), sky: exposure.skyLevel, sources: []
    )
  }

  private func spectrographTarget(_ exposure: Exposure) -> SpectrographScene {
    switch exposure.frameClass.purpose {
    case .science: .object(east: exposure.east, north: exposure.north)
    case .telluric: .star
    case .sky: .sky(level: exposure.skyLevel)
    case .dispersion: .fibre
    case .standard: .star
    case .lensletScan: .lamp(step: exposure.frame - 1, of: exposure.frames)
    case .flat, .dark, .pinhole: .lamp(step: 0, of: 1)
    }
  }

  private static func meaning(_ purpose: FrameClass.Purpose, flat: Bool) -> String {
    let light = purpose == .sky ? "sky" : purpose == .science || purpose == .telluric ? "object" : "lamp"
    let subtracted = light == "object" ? "sky subtracted" : "dark subtracted"
    return "\(light), \(subtracted), \(flat ? "flat corrected" : "no flat")"
  }

  private func light(_ scene: SpectrographScene, _ exposure: Exposure) -> Plane<Float> {
    var plane = blank(0)
    add(scene, exposure, to: &plane)
    return plane
  }

  private func add(_ scene: SpectrographScene, _ exposure: Exposure, to plane: inout Plane<Float>) {
    if exposure.frameClass.channel == "SLI" {
      SlicerOptics(size: size, scale: exposure.scale).add(scene, to: &plane)
    } else {
      LensletOptics(size: size, scale: exposure.scale).add(scene, to: &plane)
    }
  }

  // MARK: detector

  private func blank(_ value: Float) -> Plane<Float> { Plane(width: size, height: size, repeating: value) }

  /// Light times response plus dark current.
  private func collected(_ light: Plane<Float>, _ detector: DetectorModel) -> Plane<Float> {
    var out = light
    out.withUnsafeMutableBuffer { out in
      detector.response.withUnsafeBuffer { response in
        detector.dark.withUnsafeBuffer { dark in
          for i in out.indices { out[i] = out[i] * response[i] + dark[i] }
        }
      }
    }
    return out
  }

  /// The slicer's flat without its smooth spectral response: the response of the pixels and the illumination of the slit
  /// over their median along the slit, of the smooth parts, at each column of each slice.
  private func slicerFlatTruth(_ exposure: Exposure, _ detector: DetectorModel) -> Plane<Float> {
    let optics = SlicerOptics(size: size, scale: exposure.scale)
    var lamp = light(.lamp(step: 0, of: 1), exposure)
    for rows in optics.sliceRows {
      for x in 0..<size {
        let smooth = rows.map { lamp[x, $0] * Float(detector.smoothResponse(x: x, y: $0)) }.sorted()
        let n = smooth.count
        let level = n % 2 == 1 ? smooth[n / 2] : 0.5 * (smooth[n / 2 - 1] + smooth[n / 2])
        for y in rows { lamp[x, y] /= level }
      }
    }
    var truth = flatTruth(lamp, detector)
    // The median is of the lit pixels: the edges of the slices do not count.
    let lit = truth.elements.filter { $0 >= 0.3 }
    let level = lit.withUnsafeBufferPointer { medianOfPositive($0) }
    if level > 0 { truth = truth.map { $0 / level } }
    return truth
  }

  /// Lamp times response over its median where there is light; 0 in dead pixels and gaps.
  private func flatTruth(_ lamp: Plane<Float>, _ detector: DetectorModel) -> Plane<Float> {
    var out = lamp
    out.withUnsafeMutableBuffer { out in
      detector.response.withUnsafeBuffer { response in
        for i in out.indices { out[i] *= response[i] }
      }
      // Scaled to the histogram's range; the median of positive values takes out any scale.
      let peak = out.max() ?? 0
      guard peak > 0 else { return }
      for i in out.indices { out[i] *= 8 / peak }
      let median = medianOfPositive(UnsafeBufferPointer(out))
      for i in out.indices { out[i] /= median }
    }
    return out
  }

  /// Light as the detector shows it, in adu/s: times the response, over `flat` where there is one (NaN where
  /// that is 0).
  private func detectorTruth(
    _ light: Plane<Float>, flat: Plane<Float>?, _ detector: DetectorModel
  ) -> Plane<Float> {
    var out = light
    let gain = Float(detector.gain)
    out.withUnsafeMutableBuffer { out in
      detector.response.withUnsafeBuffer { response in
        for i in out.indices { out[i] *= response[i] / gain }
      }
      flat?.withUnsafeBuffer { flat in
        for i in out.indices { out[i] = flat[i] > 0 ? out[i] / flat[i] : .nan }
      }
    }
    return out
  }
}
