import Astrometry
import PipelineEngine
import Pixels

/// How far a frame is off another one by cross-correlation of windows about the brightest sources of that
/// one.
struct WindowShift {
  /// Of the common plane.
  let map: PlaneTransform
  let windows: Int
  /// Of the windows' shifts about their median, pixels; not a number for one window.
  let scatter: Double

  private static let half = 16
  private static let leastCorrelation = 0.5

  /// Nil when no window correlates.
  init?(
    of frame: (frame: Frame, wcs: SkyWCS), from first: (frame: Frame, wcs: SkyWCS), about stars: FrameStars,
    search: Int,
    in common: CommonPlane
  ) throws {
    var shifts: [PixelPosition] = []
    for star in stars.pixels.prefix(5) {
      let centre = PixelPosition(x: star.x.rounded(), y: star.y.rounded())
      let sky = first.wcs.sky(atFITSPixels: [centre])
      let expected = frame.wcs.fitsPixels(of: sky)[0]
      guard expected.x.isFinite, expected.y.isFinite else { continue }
      let place = PixelPosition(x: expected.x.rounded(), y: expected.y.rounded())
      guard let patch = try Self.window(first.frame, centre, Self.half),
        let image = try Self.window(frame.frame, place, Self.half + search),
        let found = PatchShift(of: patch, in: image, search: search),
        found.correlation >= Self.leastCorrelation
      else { continue }
      let seen = frame.wcs.sky(atFITSPixels: [PixelPosition(x: place.x + found.dx, y: place.y + found.dy)])
      let (wanted, now) = (common.positions(of: sky)[0], common.positions(of: seen)[0])
      shifts.append(PixelPosition(x: wanted.x - now.x, y: wanted.y - now.y))
    }
    guard !shifts.isEmpty else { return nil }
    let (xs, ys) = (shifts.map(\.x), shifts.map(\.y))
    let (x, y) = (SampleStatistics.median(xs), SampleStatistics.median(ys))
    map = PlaneTransform(s: x, t: y)
    windows = shifts.count
    let deviations = xs.map { abs($0 - x) } + ys.map { abs($0 - y) }
    scatter = shifts.count > 1 ? 1.4826 * SampleStatistics.median(deviations) : .nan
  }

  /// The pixels about one, those that cannot be used not a number; nil when they reach beyond the frame.
  private static func window(_ frame: Frame, _ centre: PixelPosition, _ half: Int) throws -> Plane<Float>? {
    guard abs(centre.x) < 1e9, abs(centre.y) < 1e9 else { return nil }
    let (x0, y0, side) = (Int(centre.x) - 1 - half, Int(centre.y) - 1 - half, 2 * half + 1)
    guard x0 >= 0, y0 >= 0, x0 + side <= frame.width, y0 + side <= frame.height else { return nil }
    let rows = try frame.rows(y0..<y0 + side)
    let box = rows.cropped(to: PixelWindow(x0: x0, y0: 0, width: side, height: side))
    let (values, flags) = (box.value.elements, box.quality.elements)
    return Plane(
      width: side, height: side, elements: zip(values, flags).map { $1 & DQ.doNotUse == 0 ? $0 : .nan })
  }
}
