import Astrometry
import PipelineEngine
import Pixels

/// The frames of a mosaic with their places.
struct MosaicFrames: Sendable {
  let frames: [Frame]
  let places: [FramePlace]
  /// What each frame shows of a light over what the first one shows of it.
  let responses: [Double]

  /// Whether the places are on the sky.
  var isOnSky: Bool { if case .sky = places.first { true } else { false } }

  /// Frames placed by their coordinate systems; by the telescope's offsets when that is asked for, or, of one detector,
  /// when one of them has no coordinate system that can be used.
  /// - Throws: `EngineError` when a frame has no place, or the frames are in several units.
  init(_ frames: [Frame], byOffsets: Bool, note: (String) -> Void) throws {
    self.frames = frames
    guard let first = frames.first else {
      throw EngineError("no-frames", "there is nothing to combine", subject: "frames")
    }
    if let other = frames.first(where: { $0.unit != first.unit }) {
      throw EngineError(
        "unit-mismatch", "it is in \(other.unit), and \(first.member.name) in \(first.unit)",
        subject: other.member.name, hint: "calibrate all frames of a mosaic alike")
    }
    responses = DetectorResponse.relative(of: frames, note: note)
    if byOffsets {
      places = try frames.map { try FramePlace(byOffsetOf: $0, from: first) }
      return
    }
    do {
      places = try frames.map { try FramePlace(byCoordinatesOf: $0) }
    } catch let wcs as EngineError where wcs.code == "no-wcs" {
      places = try Self.offsets(of: frames, inPlaceOf: wcs)
      note("\(wcs.subject): \(wcs.message); all frames are placed by the telescope's offsets")
    }
  }

  private static func offsets(of frames: [Frame], inPlaceOf wcs: EngineError) throws(EngineError)
    -> [FramePlace]
  {
    do {
      return try frames.map { try FramePlace(byOffsetOf: $0, from: frames[0]) }
    } catch let lack as EngineError {
      throw EngineError(
        wcs.code,
        "\(wcs.message); nor do the telescope's offsets place the frames: \(lack.message) (\(lack.subject))",
        subject: wcs.subject, hint: "run assign_wcs first", underlying: lack)
    } catch {
      throw wcs
    }
  }

  /// Refuses frames that are turned against `angle` by more than 0.05 degree: copies cannot turn them.
  /// - Throws: `EngineError` `position-angle`.
  func checkAngles(against angle: Double?) throws {
    for (frame, place) in zip(frames, places) {
      guard let angle, let own = FramePlace.angle(of: frame, place), angleBetween(own, angle) > 0.05 else {
        continue
      }
      throw EngineError(
        "position-angle", "it is turned by \(Float(angleBetween(own, angle))) degrees against the mosaic",
        subject: frame.member.name, hint: "--set resample.kernel=square")
    }
  }

  /// Refuses a frame of which the others of its detector cover less than `least`: it is of another field.
  /// - Throws: `EngineError` `overlap-too-small`.
  func checkOverlap(least: Double) throws {
    for i in frames.indices {
      let others = frames.indices.filter {
        $0 != i && frames[$0].metadata.detector == frames[i].metadata.detector
      }
      guard !others.isEmpty, least > 0 else { continue }
      let share = overlap(of: i, with: others)
      guard share < least else { continue }
      throw EngineError(
        "overlap-too-small",
        "the others cover \(Int(share * 100)) % of it, and \(Int(least * 100)) % are wanted",
        subject: frames[i].member.name, hint: "--set resample.min_overlap=0 when the field is to be that wide"
      )
    }
  }

  /// The share of a frame that others cover, by 16 x 16 of its pixels.
  private func overlap(of index: Int, with others: [Int]) -> Double {
    let frame = frames[index]
    let points = (0..<256).map { k in
      PixelPosition(
        x: (Double(k % 16) + 0.5) / 16 * Double(frame.width) - 0.5,
        y: (Double(k / 16) + 0.5) / 16 * Double(frame.height) - 0.5)
    }
    var covered = [Bool](repeating: false, count: points.count)
    for other in others {
      for (k, place) in positions(points, of: index, in: other).enumerated()
      where place.x > -0.5 && place.y > -0.5 && place.x < Double(frames[other].width) - 0.5
        && place.y < Double(frames[other].height) - 0.5
      { covered[k] = true }
    }
    return Double(covered.count { $0 }) / Double(points.count)
  }

  private func positions(_ points: [PixelPosition], of index: Int, in other: Int) -> [PixelPosition] {
    switch (places[index], places[other]) {
    case (.sky(let own), .sky(let theirs)): theirs.arrayIndices(of: own.sky(atArrayIndices: points))
    case (.offset(let x, let y), .offset(let u, let v)):
      points.map { PixelPosition(x: $0.x + x - u, y: $0.y + y - v) }
    default: []
    }
  }

  /// The inputs of a kernel.
  /// - Parameters:
  ///   - kernel: how they are resampled.
  ///   - grid: the mosaic.
  ///   - weights: one per frame.
  ///   - keepsFlux: whether values are multiplied by the ratio of pixel areas.
  func inputs(
    _ kernel: ResampleOptions.Kernel, on grid: MosaicGrid, weights: [Double], keepsFlux: Bool
  ) throws -> [ResampleInput] {
    try frames.indices.map { i in
      let (frame, place) = (frames[i], places[i])
      let scale = (keepsFlux ? grid.areaRatio(to: frame, at: place) : 1) / responses[i]
      return ResampleInput(
        width: frame.width, height: frame.height, map: try map(i, kernel, grid), weight: weights[i],
        valueScale: Float(scale), exposure: frame.metadata.exposureSeconds ?? 0
      ) { try frame.rows($0) }
    }
  }

  private func map(_ index: Int, _ kernel: ResampleOptions.Kernel, _ grid: MosaicGrid) throws -> PixelMap {
    let (frame, place) = (frames[index], places[index])
    switch kernel {
    case .lanczos3:
      // A frame beside the mosaic gathers nothing.
      guard let inverse = try grid.inverse(of: frame, at: place) else { return .shift(dx: 1e12, dy: 1e12) }
      return .grid(inverse)
    case .shift:
      let middle = (Double(frame.width - 1) / 2, Double(frame.height - 1) / 2)
      let found = try grid.map(of: frame, at: place).position(x: middle.0, y: middle.1)
      return .shift(dx: (found.x - middle.0).rounded(), dy: (found.y - middle.1).rounded())
    case .square, .turbo, .point: return .grid(try grid.map(of: frame, at: place))
    }
  }

  /// `1 / sigma²` of each frame from its median error: of read noise and smooth sky, not of its stars.
  func inverseVariances() throws -> [Double] {
    try zip(frames, responses).map { frame, response in
      let error = try medianOfBands(8, rows: 16, height: frame.height) { rows in
        let band = try frame.rows(rows)
        let sigma = Double(median(of: band.error, quality: band.quality))
        return sigma > 0 ? sigma : nil
      }
      guard let sigma = error.map({ $0 / response }) else { return 0 }
      return 1 / (sigma * sigma)
    }
  }
}
