import Astrometry

/// Stars around a target, fixed on the sky for a seed.
public struct StarField: Sendable, Hashable {
  /// A star: offset from the target in arcsec (+East, +North) and photo-electrons per second.
  public struct Star: Sendable, Hashable {
    /// Arcsec East and North of the target.
    public let east: Double
    public let north: Double
    /// Photo-electrons per second in the imager.
    public let flux: Double
  }

  /// The stars, in the order they were drawn.
  public let stars: [Star]

  /// A crowded-enough science field: log-uniform fluxes, stars also where only a dither reaches.
  ///
  /// - Parameter width: the detector's side in arcsec; stars cover 1.4 times that.
  public static func science(seed: UInt64, detector: UInt64, size: Int, width: Double) -> StarField {
    var random = RandomStream(seed, detector, 0x57a25)
    let count = max(8, size * size / 4000)
    let half = 0.7 * width
    return StarField(
      stars: (0..<count).map { _ in
        Star(
          east: random.uniform(in: -half..<half), north: random.uniform(in: -half..<half),
          flux: random.logUniform(in: 40..<12_000))
      })
  }

  /// The science field of all detectors of a focal plane: the same stars on the sky for each of them. Every detector has
  /// its own stars, where those before it have none.
  static func focalPlane(_ plane: FocalPlane, seed: UInt64) -> StarField {
    let width = Double(plane.size) * plane.scale
    var stars: [Star] = []
    var taken: [(east: Double, north: Double)] = []
    for name in FocalPlane.detectors {
      let place = plane.offset(of: name)
      let own = science(
        seed: seed, detector: DetectorModel.identity(of: name), size: plane.size, width: width)
      stars += own.stars.map {
        Star(east: $0.east + place.east, north: $0.north + place.north, flux: $0.flux)
      }.filter { star in
        !taken.contains { abs(star.east - $0.east) < 0.7 * width && abs(star.north - $0.north) < 0.7 * width }
      }
      taken.append(place)
    }
    return StarField(stars: stars)
  }

  /// One bright star at the pointing.
  public static let telluric = StarField(stars: [Star(east: 0, north: 0, flux: 20_000)])

  /// Where the stars of a field around `target` fall on a detector of `size` pixels of `scale` arcsec whose centre
  /// sees `pointing`.
  ///
  /// Offsets of stars are in the plane that touches the sky at the target, pixels in the plane that touches it at the
  /// pointing. North is +y and East is −x. The image moves against the telescope: pointed East and North of it, the
  /// detector shows the target at larger x and smaller y. Sources more than 40 pixels outside are left out.
  public func sources(size: Int, scale: Double, target: SkyPosition, pointing: SkyPosition) -> [Source] {
    let centre = Double(size + 1) / 2
    let (field, image) = (TangentPlane(at: target), TangentPlane(at: pointing))
    return stars.compactMap { star in
      let sky = field.sky(east: star.east, north: star.north)
      let offset = image.offset(of: sky)
      let source = Source(
        x: centre - offset.east / scale, y: centre + offset.north / scale, sky: sky, flux: star.flux)
      let reach = -40.0...Double(size) + 40
      return reach.contains(source.x) && reach.contains(source.y) ? source : nil
    }
  }
}
