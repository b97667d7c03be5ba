import Astrometry
import DataModels
import PipelineEngine
import Pixels

/// The frames of a field, how each is moved, and what is said about it.
struct FieldAlignment {
  private let context: StepContext
  private let names: [String]
  /// Nil for frames without coordinates that can be changed.
  private var placed: [PlacedFrame?]
  private let common: CommonPlane
  private var moves: [Move?]
  /// The frame that stays.
  private let reference: Int

  /// How a frame moves in the common plane, and what that rests on.
  private struct Move {
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

  /// Puts each frame where the telescope's offset from the first one says.
  mutating func alignByHeader(_ frames: [Frame]) throws {
    guard let first = placed[reference] else { return }
    let start = common.positions(of: try first.wcs.sky(atFITSPixels: [first.middle]))[0]
    let (x0, y0) = (frames[reference].metadata.xOffset, frames[reference].metadata.yOffset)
    for i in frames.indices {
      guard let own = placed[i] else { continue }
      guard let x0, let y0, let x = frames[i].metadata.xOffset, let y = frames[i].metadata.yOffset else {
        context.degrade("\(names[i]) is not aligned: there are no offsets (XOFFSET, YOFFSET) in the headers")
        continue
      }
      let now = common.positions(of: try own.wcs.sky(atFITSPixels: [own.middle]))[0]
      let shift = PlaneTransform(
        s: start.x + (x - x0) / common.pixel - now.x, t: start.y + (y - y0) / common.pixel - now.y)
      moves[i] = Move(map: shift, way: "header")
    }
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
    for i in frames.indices where placed[i] != nil {
      if let map = found[i].map {
        moves[i] = Move(map: map, stars: found[i].stars, rms: found[i].rms, way: "sources")
      }
    }
    guard context.parameters.boolean("xcorr"), let base = moves[reference]?.map else {
      return tellUnaligned(stars)
    }
    for i in frames.indices where moves[i] == nil && placed[i] != nil {
      guard let shift = try windowShift(of: frames[i], i, from: frames[reference], stars[reference]) else {
        continue
      }
      moves[i] = Move(map: shift.map.then(base), stars: shift.windows, rms: shift.scatter, way: "xcorr")
      context.note("\(names[i]) has too few stars: aligned by cross-correlation of \(shift.windows) windows")
    }
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
    return StarList(
      positions: common.positions(of: try frame.wcs.sky(atFITSPixels: stars.pixels)), errors: stars.errors)
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
    let (xs, ys) = (nodes.map(\.x).sorted(), nodes.map(\.y).sorted())
    guard let x0 = xs.first, let x1 = xs.last, let y0 = ys.first, let y1 = ys.last else {
      return StarList(positions: [], errors: [])
    }
    let near = all.filter {
      (x0 - margin...x1 + margin).contains($0.x) && (y0 - margin...y1 + margin).contains($0.y)
    }
    context.logger.info("\(near.count) of \(all.count) stars of the catalog are in the field")
    return StarList(positions: near, errors: near.map { _ in 0 })
  }

  private func windowShift(
    of frame: Frame, _ i: Int, from first: Frame, _ stars: FrameStars
  ) throws -> WindowShift? {
    guard let own = placed[i], let base = placed[reference] else { return nil }
    let search = Int(min(context.parameters.number("search") ?? 50, 40))
    return try WindowShift(
      of: (frame, try own.wcs), from: (first, try base.wcs), about: stars, search: search, in: common)
  }

  /// Writes the corrected coordinates and what is known of them.
  func apply(to work: inout Workpiece) throws {
    var scatters: [Double] = []
    for i in work.frames.indices {
      guard let move = moves[i], var frame = placed[i] else {
        work.frames[i].header.set("TWK_WAY", .string("none"), comment: "how the frame was aligned")
        continue
      }
      let before = common.positions(of: try frame.wcs.sky(atFITSPixels: [frame.middle]))[0]
      if move.map != .identity { try frame.move(by: common.inArcsec(move.map), in: common.plane) }
      let after = move.map(before)
      work.frames[i].place(try frame.wcs)
      tell(
        move, east: (after.x - before.x) * common.pixel, north: (after.y - before.y) * common.pixel,
        &work.frames[i])
      if move.rms.isFinite { scatters.append(move.rms) }
    }
    work.quality["tweakreg_aligned"] = Double(moves.filter { $0 != nil }.count)
    if !scatters.isEmpty { work.quality["tweakreg_rms"] = scatters.max() }
    let counts = moves.compactMap { $0 }.filter { $0.way == "sources" }.map(\.stars)
    if let least = counts.min() { work.quality["tweakreg_matches"] = Double(least) }
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
