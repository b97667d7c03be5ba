import Astrometry
import DataModels
import PipelineEngine

/// The stars of a catalog in several exposures, or those that several dithered exposures share.
///
/// Places are counted in undistorted pixels of the first exposure.
struct StarObjects {
  private(set) var observed = ObservedObjects()

  /// - Throws: `too-few-exposures` for fewer than four dithers without a catalog; `AstrometryError` for
  ///   frames without coordinates; what reading a catalog throws.
  init(_ frames: [Frame], _ points: [FrameStars], in context: StepContext) throws {
    let systems = try frames.map { try TangentSystem(SkyWCS(cards: $0.worldCoordinateCards)).wcs(.none) }
    guard let base = systems.first else { return }
    let match = StarMatch(
      search: context.parameters.number("search") ?? 50,
      tolerance: context.parameters.number("tolerance") ?? 6,
      minimum: 10)
    if let path = context.parameters.string("catalog") {
      let catalog = try StarPositions(path: path)
      observed.objects = base.fitsPixels(
        of: zip(catalog.ra, catalog.dec).map { SkyPosition(ra: $0, dec: $1) })
    } else {
      guard frames.count >= 4 else {
        throw EngineError(
          "too-few-exposures", "\(frames.count) dithers, and without a catalog 4 are wanted",
          subject: "distortion_solve.catalog", hint: "--set distortion_solve.catalog=FILE")
      }
      observed.isUnknown = true
    }
    for exposure in frames.indices {
      let places = base.fitsPixels(of: systems[exposure].sky(atFITSPixels: points[exposure].pixels))
      let pairs = match.pairs(places, observed.objects)
      if pairs.isEmpty, exposure > 0 || !observed.isUnknown {
        context.degrade("\(frames[exposure].member.name) does not count: its stars match no others")
        continue
      }
      add(exposure, points[exposure], places, pairs)
    }
    dropEmptyExposures()
  }

  /// Matched stars; the others become objects of their own where nothing is known of them.
  private mutating func add(
    _ exposure: Int, _ stars: FrameStars, _ places: [PixelPosition], _ pairs: [(first: Int, second: Int)]
  ) {
    let known = Dictionary(pairs.map { ($0.first, $0.second) }, uniquingKeysWith: { a, _ in a })
    for i in places.indices {
      if let object = known[i] {
        observed.add(object, exposure, stars, i)
      } else if observed.isUnknown {
        observed.objects.append(places[i])
        observed.add(observed.objects.count - 1, exposure, stars, i)
      }
    }
  }

  private mutating func dropEmptyExposures() {
    let left = Set(observed.observations.map(\.exposure)).sorted()
    let numbers = Dictionary(uniqueKeysWithValues: left.enumerated().map { ($1, $0) })
    for i in observed.observations.indices {
      observed.observations[i].exposure = numbers[observed.observations[i].exposure] ?? 0
    }
  }
}
