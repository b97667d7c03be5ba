import Astrometry
import DataModels
import PipelineEngine
import Pixels

/// The frames of a field, how each is moved, and what is said about it.
struct FieldAlignment {
  let context: StepContext
  let names: [String]
  /// Nil for frames without coordinates that can be changed.
  private(set) var placed: [PlacedFrame?]
  let common: CommonPlane
  var moves: [Move?]
  /// Frames whose moves lead to the reference or to the catalog; the others are aligned among themselves
  /// only.
  var tied: Set<Int> = []
  /// The frame that stays.
  let reference: Int

  /// How a frame moves in the common plane, and what that rests on.
  struct Move {
    var map: PlaneTransform
    var stars = 0
    var rms = Double.nan
    var way: String
  }

  /// - Throws: `no-wcs` when no frame has coordinates that can be changed.
  init(_ frames: [Frame], in context: StepContext) throws {
    self.context = context
    names = frames.map(\.member.name)
    placed = []
    for frame in frames {
      do throws(AstrometryError) {
        placed.append(try PlacedFrame(frame))
      } catch {
        context.degrade("\(frame.member.name) is not aligned: \(error.message)")
        placed.append(nil)
      }
    }
    guard let reference = placed.firstIndex(where: { $0 != nil }), let first = placed[reference] else {
      throw EngineError(
        "no-wcs", "no frame has gnomonic world coordinates", subject: names.joined(separator: ", "),
        hint: "reduce the frames with assign_wcs first")
    }
    self.reference = reference
    common = try CommonPlane(first)
    moves = [Move?](repeating: nil, count: frames.count)
  }

  /// Puts each frame where the telescope's offset from the first one of its detector says; windows are compared at the
  /// same pixel of the detector.
  /// - Throws: `position-angle` for a frame that is turned against that.
  mutating func alignByHeader(_ frames: [Frame]) throws {
    for i in frames.indices {
      guard let own = placed[i], let zero = zero(of: frames[i], frames), let first = placed[zero] else {
        continue
      }
      let (from, to) = (frames[zero].metadata, frames[i].metadata)
      guard let x0 = from.xOffset, let y0 = from.yOffset, let x = to.xOffset, let y = to.yOffset else {
        context.degrade("\(names[i]) is not aligned: there are no offsets (XOFFSET, YOFFSET) in the headers")
        continue
      }
      try FramePlace.checkAngle(of: frames[i], like: frames[zero])
      let pixel = PixelPosition(
        x: first.middle.x + Double(frames[zero].window.x0 - frames[i].window.x0),
        y: first.middle.y + Double(frames[zero].window.y0 - frames[i].window.y0))
      let start = common.positions(of: try first.wcs.sky(atFITSPixels: [first.middle]))[0]
      let now = common.positions(of: try own.wcs.sky(atFITSPixels: [pixel]))[0]
      let shift = PlaneTransform(
        s: start.x + (x - x0) / common.pixel - now.x, t: start.y + (y - y0) / common.pixel - now.y)
      moves[i] = Move(map: shift, way: "header")
    }
  }

  /// The first frame of a detector that can be changed: the telescope's offset says nothing of another detector's place.
  private func zero(of frame: Frame, _ frames: [Frame]) -> Int? {
    frames.indices.first { placed[$0] != nil && frames[$0].metadata.detector == frame.metadata.detector }
  }

  /// Puts each frame where a table says that its pixels are on the first one.
  mutating func align(by table: OffsetTable, _ frames: [Frame]) throws {
    guard let first = placed[reference] else { return }
    let origin = table.map(of: frames[reference]).inverse ?? .identity
    for i in frames.indices {
      guard let own = placed[i] else { continue }
      let map = table.map(of: frames[i]).then(origin)
      let now = common.positions(of: try own.wcs.sky(atFITSPixels: own.nodes))
      let wanted = common.positions(of: try first.wcs.sky(atFITSPixels: own.nodes.map { map($0) }))
      if let move = PlaneTransform.similarity(now, wanted) { moves[i] = Move(map: move, way: "file") }
    }
  }

  /// Aligns by stars, and what has too few by cross-correlation.
  mutating func alignByStars(_ frames: [Frame]) throws {
    var stars: [FrameStars] = []
    let options = FrameStars.Options(context.parameters)
    for frame in frames { stars.append(try FrameStars(of: frame, options)) }
    let lists = try stars.indices.map { i in try list(stars[i], of: placed[i]) }
    let catalog = try context.parameters.string("catalog").map { try self.catalog($0) }
    let found = try alignFrames(lists, to: catalog, reference: reference, options: alignmentOptions)
    for i in frames.indices where placed[i] != nil && found[i].group == 0 {
      moves[i] = found[i].map.map { Move(map: $0, stars: found[i].stars, rms: found[i].rms, way: "sources") }
    }
    if context.parameters.boolean("xcorr"), moves[reference] != nil {
      for i in frames.indices where found[i].group == nil && moves[i] == nil {
        guard let move = try correlated(frames, i, stars[reference]) else { continue }
        moves[i] = move
        context.note("\(names[i]) has too few stars: aligned by cross-correlation of \(move.stars) windows")
      }
    }
    try placeGroups(found, frames, stars[reference])
    followSimultaneous(frames)
    tellUnaligned(stars)
  }

  private func tellUnaligned(_ stars: [FrameStars]) {
    let others = names.indices.filter { $0 != reference && placed[$0] != nil }
    if !others.isEmpty, others.allSatisfy({ moves[$0] == nil }), stars.allSatisfy({ $0.pixels.count < 2 }) {
      return context.note("the field has no stars to align frames by: all keep their coordinates")
    }
    for i in names.indices where moves[i] == nil && placed[i] != nil {
      context.degrade(
        "\(names[i]) is not aligned and keeps its coordinates: of its \(stars[i].pixels.count) stars too few match"
      )
    }
  }

  private var alignmentOptions: FrameAlignmentOptions {
    let parameters = context.parameters
    return FrameAlignmentOptions(
      geometry: FrameAlignmentOptions.Geometry(rawValue: parameters.string("geometry") ?? "") ?? .rshift,
      match: StarMatch(
        search: parameters.number("search") ?? 50, tolerance: parameters.number("tolerance") ?? 1.5,
        minimum: parameters.integer("min_matches") ?? 5),
      kappa: parameters.number("sigma_clip") ?? 3)
  }

  private func list(_ stars: FrameStars, of frame: PlacedFrame?) throws(AstrometryError) -> StarList {
    guard let frame else { return StarList(positions: [], errors: []) }
    // Stars beyond the plane's horizon, by a wild system, have no place on it.
    let places = common.positions(of: try frame.wcs.sky(atFITSPixels: stars.pixels))
    let good = places.indices.filter { places[$0].x.isFinite && places[$0].y.isFinite }
    return StarList(positions: good.map { places[$0] }, errors: good.map { stars.errors[$0] })
  }

  /// The catalog's stars within reach of the frames.
  private func catalog(_ path: String) throws -> StarList {
    let stars = try StarPositions(path: path)
    let all = common.positions(of: zip(stars.ra, stars.dec).map { SkyPosition(ra: $0, dec: $1) })
    let nodes = try placed.flatMap { frame -> [PixelPosition] in
      guard let frame else { return [] }
      return common.positions(of: try frame.wcs.sky(atFITSPixels: frame.nodes))
    }
    let margin = context.parameters.number("search") ?? 50
    // A corner beyond the plane's horizon, by a wild system, has no place on it.
    let known = nodes.filter { $0.x.isFinite && $0.y.isFinite }
    let (xs, ys) = (known.map(\.x).sorted(), known.map(\.y).sorted())
    guard let x0 = xs.first, let x1 = xs.last, let y0 = ys.first, let y1 = ys.last else {
      return StarList(positions: [], errors: [])
    }
    let near = all.filter {
      (x0 - margin...x1 + margin).contains($0.x) && (y0 - margin...y1 + margin).contains($0.y)
    }
    context.logger.info("\(near.count) of \(all.count) stars of the catalog are in the field")
    return StarList(positions: near, errors: near.map { _ in 0 })
  }

  /// How cross-correlation about the brightest sources of the reference frame moves a frame; nil where it tells nothing.
  func correlated(_ frames: [Frame], _ i: Int, _ stars: FrameStars) throws -> Move? {
    guard let own = placed[i], let base = placed[reference], let first = moves[reference]?.map else {
      return nil
    }
    let search = Int(min(context.parameters.number("search") ?? 50, 40))
    let shift = try WindowShift(
      of: (frames[i], try own.wcs), from: (frames[reference], try base.wcs), about: stars, search: search,
      in: common)
    return shift.map {
      Move(map: $0.map.then(first), stars: $0.windows, rms: $0.scatter, way: "xcorr")
    }
  }

  /// Writes the corrected coordinates and what is known of them.
  func apply(to work: inout Workpiece) throws {
    var scatters: [Double] = []
    var done: [Move] = []
    for i in work.frames.indices {
      guard let move = moves[i], let own = placed[i], let frame = moved(i) else {
        work.frames[i].header.set("TWK_WAY", .string("none"), comment: "how the frame was aligned")
        continue
      }
      done.append(move)
      let before = common.positions(of: try own.wcs.sky(atFITSPixels: [own.middle]))[0]
      let after = move.map(before)
      work.frames[i].place(try frame.wcs)
      tell(
        move, east: (after.x - before.x) * common.pixel, north: (after.y - before.y) * common.pixel,
        &work.frames[i])
      if move.rms.isFinite { scatters.append(move.rms) }
    }
    work.quality["tweakreg_aligned"] = Double(done.count)
    if !scatters.isEmpty { work.quality["tweakreg_rms"] = scatters.max() }
    let counts = done.filter { $0.way == "sources" }.map(\.stars)
    if let least = counts.min() { work.quality["tweakreg_matches"] = Double(least) }
  }

  /// A frame with corrected coordinates; nil, and said, where they are such that no move can be written into them.
  private func moved(_ i: Int) -> PlacedFrame? {
    guard let move = moves[i], var frame = placed[i] else { return nil }
    guard move.map != .identity else { return frame }
    do throws(AstrometryError) {
      try frame.move(by: common.inArcsec(move.map), in: common.plane)
      return frame
    } catch {
      context.degrade("\(names[i]) is not aligned and keeps its coordinates: \(error.message)")
      return nil
    }
  }

  private func tell(_ move: Move, east: Double, north: Double, _ frame: inout Frame) {
    frame.header.set("TWK_WAY", .string(move.way), comment: "how the frame was aligned")
    frame.header.set("TWK_DE", .real(east), comment: "[arcsec] moved East at the middle")
    frame.header.set("TWK_DN", .real(north), comment: "[arcsec] moved North at the middle")
    frame.header.set("TWK_ROT", .real(-move.map.rotationDegrees), comment: "[deg] turned East of North")
    if move.stars > 0 {
      frame.header.set("TWK_N", .integer(Int64(move.stars)), comment: "stars that agree")
    }
    if move.rms.isFinite {
      frame.header.set("TWK_RMS", .real(move.rms), comment: "[pixel] scatter of the differences")
    }
    context.logger.info(
      "\(frame.member.name) moved by \(Float(east)) East, \(Float(north)) North arcsec (\(move.way), \(move.stars) stars, rms \(Float(move.rms)) pixel)"
    )
  }
}
