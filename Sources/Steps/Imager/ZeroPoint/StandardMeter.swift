import Astrometry
import Foundation
import PipelineEngine
import Pixels
import SourceExtraction

/// A star of known magnitude as it was measured.
struct MeasuredStandard {
  let name: String
  let frame: String
  let magnitude: Double
  let magnitudeError: Double
  let colour: Double
  let curve: CurveOfGrowth
  let airmass: Double?
  /// Whether its own curve says how much light lies beyond an aperture.
  let isIsolated: Bool
}

/// Finds and measures standards in a frame.
struct StandardMeter {
  let settings: ZeroPointSettings
  let context: StepContext

  /// The frame's standard star: its brightest source.
  /// - Throws: `EngineError` `no-magnitude`, `no-star`, `saturated`, `star-at-edge`.
  func standard(in frame: Frame) throws -> MeasuredStandard {
    let name = frame.member.name
    let known = try magnitude(of: frame)
    let sources = try FrameSources(frame, .init())
    // The core tells the star from a wide bright patch.
    guard let star = sources.catalog.sources.max(by: { $0.flux < $1.flux }) else {
      throw EngineError("no-star", "no source was found", subject: name)
    }
    let place = sources.centre(of: star)
    try checkSaturation(sources, place, what: "the standard")
    let curve: CurveOfGrowth
    do throws(SourceExtractionError) {
      // The annulus, not the mesh, is the sky of a star whose halo the mesh follows.
      let plain = try PhotometryImage(
        value: sources.pixels.value, error: sources.pixels.error, excluding: sources.mask,
        noiseCorrelation: sources.image.noiseCorrelation)
      curve = try plain.curveOfGrowth(x: place.x, y: place.y, radii: settings.radii, sky: settings.sky)
    } catch {
      throw EngineError(error.code, error.message, subject: name, hint: error.hint, underlying: error)
    }
    if curve.flags & ApertureSum.Flag.truncated != 0 {
      context.degrade("\(name): the largest aperture reaches beyond the edge of the frame")
    }
    return MeasuredStandard(
      name: known.name, frame: name, magnitude: known.magnitude, magnitudeError: known.error, colour: .nan,
      curve: curve, airmass: frame.metadata.airmass, isIsolated: true)
  }

  private func magnitude(of frame: Frame) throws(EngineError) -> (
    name: String, magnitude: Double, error: Double
  ) {
    let object = frame.metadata.object ?? ""
    if let magnitude = settings.magnitude { return (object, magnitude, settings.magnitudeError) }
    if let star = settings.standards?.star(named: object, filter: frame.metadata.filter) {
      return (star.name, star.magnitude, star.error)
    }
    throw EngineError(
      "no-magnitude",
      settings.standards == nil
        ? "nobody said how bright the standard is"
        : "the standards hold no '\(object)' in FILTER \(frame.metadata.filter ?? "?")",
      subject: frame.member.name,
      hint: "--set zero_point.magnitude=M, zero_point.standards=FILE or zero_point.catalog=FILE")
  }

  private func checkSaturation(
    _ sources: FrameSources, _ place: (x: Double, y: Double), what: String
  ) throws(EngineError) {
    guard isSaturated(sources, place) else { return }
    throw EngineError(
      "saturated", "\(what) is saturated: it has no flux", subject: sources.name,
      hint: "take a shorter exposure or a fainter standard")
  }

  private func isSaturated(_ sources: FrameSources, _ place: (x: Double, y: Double)) -> Bool {
    sources.flags(x: place.x, y: place.y, radius: 3) & DQ.saturated != 0
  }

  // MARK: fields

  /// The catalogued stars of a field. Those that are saturated, too faint, at the edge or blended are left out.
  /// - Throws: `EngineError` `no-world-coordinates`, `no-star`.
  func field(_ frame: Frame) throws -> [MeasuredStandard] {
    let name = frame.member.name
    guard let list = settings.catalog else { return [] }
    let wcs: SkyWCS
    do throws(AstrometryError) {
      wcs = try SkyWCS(cards: frame.worldCoordinateCards)
    } catch {
      throw EngineError(
        "no-world-coordinates", "catalogued stars cannot be found without world coordinates", subject: name,
        hint: "reduce the frame with assign_wcs", underlying: error)
    }
    let sources = try FrameSources(frame, .init())
    let isolation = sources.isolation()
    let known = list.stars.filter { $0.ra != nil && $0.dec != nil }
    let places = wcs.arrayIndices(of: known.map { SkyPosition(ra: $0.ra ?? .nan, dec: $0.dec ?? .nan) })
    let scale = wcs.geometry(
      atFITSPixel: PixelPosition(x: Double(frame.width) / 2, y: Double(frame.height) / 2)
    )
    .scaleArcsec
    var result: [MeasuredStandard] = []
    for (star, place) in zip(known, places) {
      guard let i = nearest(sources, place, within: settings.matchRadius / scale) else { continue }
      let centre = sources.centre(of: sources.catalog.sources[i])
      guard !isSaturated(sources, centre), let curve = curve(sources, centre) else { continue }
      result.append(
        MeasuredStandard(
          name: star.name, frame: name, magnitude: star.magnitude, magnitudeError: star.error,
          colour: star.colour, curve: curve, airmass: frame.metadata.airmass,
          isIsolated: isolation[i] > (settings.radii.last ?? 0)))
    }
    guard !result.isEmpty else {
      throw EngineError(
        "no-star", "none of \(known.count) catalogued stars was found within \(settings.matchRadius) arcsec",
        subject: name, hint: "check the world coordinates, or widen zero_point.match_radius")
    }
    return result
  }

  private func nearest(_ sources: FrameSources, _ place: PixelPosition, within radius: Double) -> Int? {
    guard place.x.isFinite, place.y.isFinite else { return nil }
    func distance(_ i: Int) -> Double {
      hypot(sources.catalog.sources[i].x - place.x, sources.catalog.sources[i].y - place.y)
    }
    let best = sources.catalog.sources.indices.min { distance($0) < distance($1) }
    return best.flatMap { distance($0) <= radius ? $0 : nil }
  }

  /// The curve of a star of the field: the mesh is its sky, corrected by the annulus where that has enough pixels.
  private func curve(_ sources: FrameSources, _ place: (x: Double, y: Double)) -> CurveOfGrowth? {
    let curve =
      (try? sources.image.curveOfGrowth(x: place.x, y: place.y, radii: settings.radii, sky: settings.sky))
      ?? (try? sources.image.curveOfGrowth(x: place.x, y: place.y, radii: settings.radii))
    guard let curve, let best = curve.bestIndex, curve.signalToNoise(best) >= settings.leastRatio,
      curve.flags & (ApertureSum.Flag.truncated | ApertureSum.Flag.hasMasked) == 0
    else { return nil }
    return curve
  }
}
