import Astrometry
import Glibc
import PipelineEngine
import Pixels

/// Evens the backgrounds of frames that overlap on the sky.
public struct SkyMatchStep: Step {
  public static let declaration = StepDeclaration(
    name: "skymatch", className: "SkyMatchStep",
    summary: "Subtract what overlapping frames differ by in their backgrounds",
    aliases: ["sky_match", "jwst.skymatch.SkyMatchStep"], statusKeyword: "S_SKYMAT",
    parameters: [
      Parameter(
        "surface", .choice(SkyMatchOptions.Surface.allCases.map(\.rawValue)), default: .string("level"),
        help: "what is subtracted from each frame"),
      Parameter(
        "anchor", .choice(SkyMatchOptions.Anchor.allCases.map(\.rawValue)), default: .string("mean"),
        help: "which level is 0: the mean of all, the lowest, or that of the first frame"),
      Parameter(
        "block", .integer(4...1024), default: .integer(32), unit: "pixel",
        help: "side of the blocks whose medians are compared"),
      Parameter(
        "min_blocks", .integer(1...100_000), default: .integer(4),
        help: "frames with fewer blocks in common do not overlap"),
    ], intake: .set)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard work.frames.count > 1 else { return .skipped(reason: "one frame overlaps no other") }
    // The step that combines the frames tells it in the report.
    let responses = DetectorResponse.relative(of: work.frames) { context.logger.info("\($0)") }
    var placed: [ComparedFrame] = []
    for (i, frame) in work.frames.enumerated() {
      guard let wcs = try? SkyWCS(cards: frame.worldCoordinateCards) else {
        context.degrade("\(frame.member.name) has no world coordinates: its background was not matched")
        continue
      }
      placed.append(
        ComparedFrame(i, frame, wcs, try blocks(of: frame, response: responses[i], context.parameters)))
    }
    let match = matchSkies(placed.map(\.blocks), options: options(context.parameters)) { i, j in
      placed[i].isNear(placed[j]) ? placed[i].centers(in: placed[j]) : nil
    }
    guard !match.pairs.isEmpty else { return .skipped(reason: "no two frames overlap") }
    try apply(match, placed.map(\.index), responses, to: &work, in: context)
    return .complete
  }

  /// The blocks of a frame as the first one's detector would show them.
  private func blocks(
    of frame: Frame, response: Double, _ parameters: ParameterSet
  ) throws -> SkyBlocks {
    let blocks = try SkyBlocks(
      width: frame.width, height: frame.height, size: parameters.integer("block") ?? 32,
      excluding: DQ.doNotUse | DQ.nonScience | DQ.referencePixel
    ) { try frame.rows($0) }
    return response == 1 ? blocks : blocks.divided(by: Float(response))
  }

  private func options(_ parameters: ParameterSet) -> SkyMatchOptions {
    SkyMatchOptions(
      surface: .init(rawValue: parameters.string("surface") ?? "") ?? .level,
      anchor: .init(rawValue: parameters.string("anchor") ?? "") ?? .mean,
      minimumBlocks: parameters.integer("min_blocks") ?? 4)
  }

  /// Detectors lie side by side with gaps, and each one's frames are a group; that one detector's frames do not hang
  /// together is a fault.
  private func tellGroups(_ detectors: [Set<String?>], _ context: StepContext) {
    guard detectors.count > 1 else { return }
    let isByDetector = detectors.reduce(0) { $0 + $1.count } == Set(detectors.joined()).count
    if isByDetector {
      context.note("the detectors do not overlap: their backgrounds were evened in each")
    } else {
      context.degrade(
        "the frames fall into groups that do not overlap: their backgrounds were evened in each")
    }
  }

  private func apply(
    _ match: SkyMatch, _ indices: [Int], _ responses: [Double], to work: inout Workpiece,
    in context: StepContext
  ) throws {
    for group in match.groups where group.count == 1 {
      context.note("\(work.frames[indices[group[0]]].member.name) overlaps no other frame")
    }
    tellGroups(
      match.groups.filter { $0.count > 1 }.map { group in
        Set(group.map { work.frames[indices[$0]].metadata.detector })
      }, context)
    for (common, i) in zip(match.surfaces, indices) {
      let surface = common.times(responses[i])
      try work.frames[i].apply(.subtracting(surface, width: work.frames[i].width))
      let unit = work.frames[i].unit
      work.frames[i].addBackgroundLevel(surface.level)
      if surface.slope != .zero {
        work.frames[i].header.set("BKGSLOPX", .real(surface.slope.x), comment: "the same per column")
        work.frames[i].header.set("BKGSLOPY", .real(surface.slope.y), comment: "the same per row")
      }
      context.logger.info("\(work.frames[i].member.name): background less \(surface.level) \(unit)")
    }
    work.quality["skymatch_pairs"] = Double(match.pairs.count)
    work.quality["skymatch_residual"] = match.residual
  }
}

/// A frame, its blocks, and where these lie on the sky.
private struct ComparedFrame {
  let index: Int
  let blocks: SkyBlocks
  private let wcs: SkyWCS
  private let sky: [SkyPosition]
  /// The centre as a unit vector, and the angle from it to the farthest corner in radians.
  private let pole: SIMD3<Double>
  private let reach: Double

  init(_ index: Int, _ frame: Frame, _ wcs: SkyWCS, _ blocks: SkyBlocks) {
    (self.index, self.blocks, self.wcs) = (index, blocks, wcs)
    sky = wcs.sky(atArrayIndices: blocks.centers.map { PixelPosition(x: $0.x, y: $0.y) })
    let (right, top) = (Double(frame.width) - 0.5, Double(frame.height) - 0.5)
    let corners = wcs.sky(
      atArrayIndices: [(right / 2, top / 2), (-0.5, -0.5), (right, -0.5), (-0.5, top), (right, top)].map {
        PixelPosition(x: $0.0, y: $0.1)
      }
    ).map(\.direction)
    pole = corners[0]
    reach = corners.dropFirst().map { $0.angle(to: corners[0]) }.max() ?? .infinity
  }

  /// Whether the two may overlap: where that is not known they may.
  func isNear(_ other: ComparedFrame) -> Bool { !(pole.angle(to: other.pole) > reach + other.reach) }

  func centers(in other: ComparedFrame) -> [SIMD2<Double>] {
    other.wcs.arrayIndices(of: sky).map { SIMD2($0.x, $0.y) }
  }
}

extension SkyPosition {
  /// The position as a unit vector.
  fileprivate var direction: SIMD3<Double> {
    let (a, d) = (longitude * .pi / 180, latitude * .pi / 180)
    return SIMD3(cos(d) * cos(a), cos(d) * sin(a), sin(d))
  }
}

extension SIMD3<Double> {
  /// The angle to another unit vector, in radians; exact for small ones too.
  fileprivate func angle(to other: SIMD3<Double>) -> Double {
    let d = self - other
    return 2 * asin(Swift.min(1, (d * d).sum().squareRoot() / 2))
  }
}

extension SkyMatch.Surface {
  /// As a detector of another response shows it.
  fileprivate func times(_ response: Double) -> SkyMatch.Surface {
    var copy = self
    copy.level *= response
    copy.slope *= response
    return copy
  }
}

extension FrameOperation {
  /// Subtracts a level or a plane; errors stay.
  fileprivate static func subtracting(_ surface: SkyMatch.Surface, width: Int) -> FrameOperation {
    FrameOperation(.keepsErrors) { pixels, rows in
      guard surface.slope != .zero else { return pixels.value.subtract(Float(surface.level)) }
      pixels.value.withUnsafeMutableBuffer { values in
        for y in rows {
          let start = surface.value(at: SIMD2(0, Double(y)))
          let line = (y - rows.lowerBound) * width
          for x in 0..<width { values[line + x] -= Float(start + surface.slope.x * Double(x)) }
        }
      }
    }
  }
}
