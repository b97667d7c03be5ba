import Astrometry
import PipelineEngine
import Pixels

/// The pixels of a mosaic: a grid that holds all frames, and where each frame's pixels lie on it.
struct MosaicGrid: Sendable {
  /// What a person may say of it.
  struct Options: Sendable {
    /// Side of a frame's pixel over that of the mosaic's.
    var scaleRatio = 1.0
    /// Direction of +y, degrees East of North; nil: the first frame's.
    var rotation: Double?
    /// Distance of the mosaic's pixels from the frame's in whole pixels: for copies.
    var isAligned = false
  }

  let width: Int
  let height: Int
  /// The mosaic's coordinate system; nil when frames are placed by offsets only.
  let wcs: SkyWCS?
  private let scaleRatio: Double
  /// Of frames placed by offsets: where the mosaic's first pixel lies in the first frame.
  private let origin: (x: Double, y: Double)
  /// More pixels than this is a mistake in some header.
  private static let mostPixels = 1e9

  /// A tangent plane that holds all frames.
  /// - Throws: `EngineError` `mosaic-too-large`, `mixed-places`.
  init(holding frames: [Frame], at places: [FramePlace], _ options: Options) throws {
    if let first = frames.first, case .sky(let wcs)? = places.first {
      try self.init(onSky: frames, places, options, first, wcs)
    } else {
      try self.init(byOffsetsOf: frames, places, options)
    }
  }

  private init(
    onSky frames: [Frame], _ places: [FramePlace], _ options: Options, _ first: Frame, _ firstWCS: SkyWCS
  ) throws {
    let centre = firstWCS.sky(atFITSPixels: [FramePlace.middle(of: first)])[0]
    let geometry = firstWCS.geometry(atFITSPixel: FramePlace.middle(of: first))
    let scale = geometry.scaleArcsec / options.scaleRatio
    let angle = options.rotation ?? geometry.positionAngle
    // Copies need the first frame's pixels on the grid, for which the plane touches the sky at its middle.
    let rims = try zip(frames, places).map { try Self.rim(of: $0, $1, frame: firstWCS.frame) }
    let tangent = options.isAligned ? centre : Self.middle(of: rims.joined(), near: centre)
    let plane = TangentPlane(at: tangent)
    let trial = try SkyWCS(
      cards: plane.cards(reference: PixelPosition(x: 0, y: 0), scale: scale, positionAngle: angle))
    let points = trial.fitsPixels(of: Array(rims.joined()))
    let box = try Self.box(points, of: frames)
    // Aligned: the first frame's middle lies at the middle or the edge of a pixel as it does in the frame.
    let (shiftX, shiftY) =
      options.isAligned
      ? (
        FramePlace.middle(of: first).x.truncatingRemainder(dividingBy: 1),
        FramePlace.middle(of: first).y.truncatingRemainder(dividingBy: 1)
      ) : (0, 0)
    let left = (box.left + 1e-6 - 0.5 + shiftX).rounded(.down) - shiftX + 0.5
    let bottom = (box.bottom + 1e-6 - 0.5 + shiftY).rounded(.down) - shiftY + 0.5
    width = Int((box.right - left - 1e-6).rounded(.up))
    height = Int((box.top - bottom - 1e-6).rounded(.up))
    wcs = try SkyWCS(
      cards: plane.cards(
        reference: PixelPosition(x: 0.5 - left, y: 0.5 - bottom), scale: scale, positionAngle: angle))
    scaleRatio = options.scaleRatio
    origin = (0, 0)
  }

  /// The grid of another image.
  init(like wcs: SkyWCS, width: Int, height: Int, scaleRatio: Double) {
    self.wcs = wcs
    self.width = width
    self.height = height
    self.scaleRatio = scaleRatio
    origin = (0, 0)
  }

  private init(byOffsetsOf frames: [Frame], _ places: [FramePlace], _ options: Options) throws {
    var points: [PixelPosition] = []
    for (frame, place) in zip(frames, places) {
      guard case .offset(let x, let y) = place else {
        throw EngineError(
          "mixed-places", "it has world coordinates, and the first frame has none", subject: frame.member.name
        )
      }
      points.append(PixelPosition(x: x - 0.5, y: y - 0.5))
      points.append(PixelPosition(x: x - 0.5 + Double(frame.width), y: y - 0.5 + Double(frame.height)))
    }
    let box = try Self.box(points, of: frames, scaleRatio: options.scaleRatio)
    origin = ((box.left + 1e-6 + 0.5).rounded(.down) - 0.5, (box.bottom + 1e-6 + 0.5).rounded(.down) - 0.5)
    width = Int(((box.right - origin.x) * options.scaleRatio - 1e-6).rounded(.up))
    height = Int(((box.top - origin.y) * options.scaleRatio - 1e-6).rounded(.up))
    wcs = nil
    scaleRatio = options.scaleRatio
  }

  /// The map of a frame's pixels onto the mosaic's.
  func map(of frame: Frame, at place: FramePlace) throws -> CoordinateGrid {
    let window = PixelWindow(x0: 0, y0: 0, width: frame.width, height: frame.height)
    return try CoordinateGrid(window: window, map: forward(place))
  }

  /// The map of the mosaic's pixels around a frame onto the frame's; nil when the frame lies outside.
  func inverse(of frame: Frame, at place: FramePlace) throws -> CoordinateGrid? {
    let forward = try map(of: frame, at: place)
    guard let bounds = forward.bounds(rows: 0..<frame.height) else { return nil }
    let left = max(Int(max(bounds.x.lowerBound, -1e9).rounded(.down)), 0)
    let bottom = max(Int(max(bounds.y.lowerBound, -1e9).rounded(.down)), 0)
    let right = min(Int(min(bounds.x.upperBound, 1e9).rounded(.up)) + 1, width)
    let top = min(Int(min(bounds.y.upperBound, 1e9).rounded(.up)) + 1, height)
    guard right > left, top > bottom else { return nil }
    let window = PixelWindow(x0: left, y0: bottom, width: right - left, height: top - bottom)
    return try CoordinateGrid(window: window, map: backward(place))
  }

  /// Area of a pixel of the mosaic over that of a pixel in a frame's middle.
  func areaRatio(to frame: Frame, at place: FramePlace) -> Double {
    guard let wcs, case .sky(let own) = place else { return 1 / (scaleRatio * scaleRatio) }
    let middle = PixelPosition(x: Double(width + 1) / 2, y: Double(height + 1) / 2)
    return wcs.geometry(atFITSPixel: middle).areaSquareArcsec
      / own.geometry(atFITSPixel: FramePlace.middle(of: frame)).areaSquareArcsec
  }

  private func forward(_ place: FramePlace) -> CoordinateGrid.Map {
    switch place {
    case .sky(let own):
      return { xs, ys in
        let sky = own.sky(atArrayIndices: zip(xs, ys).map { PixelPosition(x: $0, y: $1) })
        return (wcs?.arrayIndices(of: sky) ?? []).map { ($0.x, $0.y) }
      }
    case .offset(let dx, let dy):
      let (ratio, start) = (scaleRatio, origin)
      return { xs, ys in
        zip(xs, ys).map { ((($0 + dx - start.x) * ratio - 0.5), (($1 + dy - start.y) * ratio - 0.5)) }
      }
    }
  }

  private func backward(_ place: FramePlace) -> CoordinateGrid.Map {
    switch place {
    case .sky(let own):
      return { xs, ys in
        let sky = wcs?.sky(atArrayIndices: zip(xs, ys).map { PixelPosition(x: $0, y: $1) }) ?? []
        return own.arrayIndices(of: sky).map { ($0.x, $0.y) }
      }
    case .offset(let dx, let dy):
      let (ratio, start) = (scaleRatio, origin)
      return { xs, ys in
        zip(xs, ys).map { (($0 + 0.5) / ratio + start.x - dx, ($1 + 0.5) / ratio + start.y - dy) }
      }
    }
  }
}

extension MosaicGrid {
  /// Places around a frame's edge: a distorted frame is widest between its corners.
  private static func rim(of frame: Frame, _ place: FramePlace, frame system: String) throws -> [SkyPosition]
  {
    guard case .sky(let wcs) = place, wcs.frame == system else {
      throw EngineError(
        "mixed-places", "its world coordinates are not of the first frame's kind (\(system))",
        subject: frame.member.name, hint: "run assign_wcs on all frames")
    }
    let (right, top) = (Double(frame.width) + 0.5, Double(frame.height) + 0.5)
    let steps = (0...16).map { Double($0) / 16 }
    let edge = steps.flatMap { t in
      [
        PixelPosition(x: 0.5 + t * (right - 0.5), y: 0.5), PixelPosition(x: 0.5 + t * (right - 0.5), y: top),
        PixelPosition(x: 0.5, y: 0.5 + t * (top - 0.5)), PixelPosition(x: right, y: 0.5 + t * (top - 0.5)),
      ]
    }
    return wcs.sky(atFITSPixels: edge)
  }

  /// The middle of the box that holds all points, in the plane that touches the sky at `centre`.
  private static func middle(
    of points: some Sequence<SkyPosition>, near centre: SkyPosition
  ) -> SkyPosition {
    let plane = TangentPlane(at: centre)
    let offsets = points.map(plane.offset(of:)).filter { $0.east.isFinite && $0.north.isFinite }
    guard let low = offsets.map(\.east).min(), let high = offsets.map(\.east).max(),
      let south = offsets.map(\.north).min(), let north = offsets.map(\.north).max()
    else { return centre }
    return plane.sky(east: (low + high) / 2, north: (south + north) / 2)
  }

  private struct Box {
    let left: Double
    let right: Double
    let bottom: Double
    let top: Double
  }

  /// The box that holds all points.
  /// - Parameter scaleRatio: pixels of the mosaic along a side of one that points are counted in.
  private static func box(
    _ points: [PixelPosition], of frames: [Frame], scaleRatio: Double = 1
  ) throws -> Box {
    let finite = points.filter { $0.x.isFinite && $0.y.isFinite }
    guard let left = finite.map(\.x).min(), let right = finite.map(\.x).max(),
      let bottom = finite.map(\.y).min(), let top = finite.map(\.y).max(), finite.count == points.count,
      (scaleRatio * (right - left) + 1) * (scaleRatio * (top - bottom) + 1) < mostPixels
    else {
      throw EngineError(
        "mosaic-too-large", "the frames lie too far apart for one mosaic, or some have no place on its plane",
        subject: frames.map(\.member.name).joined(separator: ", "),
        hint: "mosaic the frames of one field only")
    }
    return Box(left: left, right: right, bottom: bottom, top: top)
  }
}
