/// From which level on a pixel is saturated.
public enum SaturationLevel: Sendable {
  /// The same for all pixels, in data numbers.
  case all(Float)
  /// That of each pixel, of the band's shape. NaN means that nobody knows: no cut, and `NO_SAT_CHECK`.
  case each(Plane<Float>, quality: Plane<UInt32>? = nil)
}

/// How saturation is looked for.
public struct SaturationOptions: Sendable, Equatable {
  /// The end of the converter: a read at or above it is saturated, whatever the pixel's own level; nil for none.
  public var ceiling: Float?
  /// The floor of the converter: a read at or below it says nothing; nil for none.
  public var floor: Float?

  /// Neither ceiling nor floor, unless they are given.
  public init(ceiling: Float? = nil, floor: Float? = nil) {
    self.ceiling = ceiling
    self.floor = floor
  }
}

/// Flags saturated reads.
///
/// From the first read of an integration at or above the pixel's level on, all reads of that integration get
/// `SATURATED`, also those below: a full pixel spills and is not to be believed again before its reset. Each integration
/// begins anew. The pixel gets `SATURATED`. Reads that were flagged before stay so and end the integration likewise.
///
/// - A level that is NaN, or that the reference flags `NO_SAT_CHECK`: only the converter's ceiling counts, and the pixel
///   gets `NO_SAT_CHECK`. The other flags of the reference are OR-ed.
/// - A read at or below the converter's floor gets `AD_FLOOR | DO_NOT_USE`, as JWST's `saturation` step does.
/// - NaN samples are at no level.
/// - Precondition: the planes of the level have the band's shape.
public func flagSaturation(
  _ band: inout RampBand, level: SaturationLevel, options: SaturationOptions = SaturationOptions()
) {
  switch level {
  case .all(let value):
    let ceiling = min(value, options.ceiling ?? .infinity)
    let level = Lanes(repeating: ceiling)
    band.forEachBlock { block in
      // Most blocks have no full pixel: one look at all reads together tells.
      let kernel = SaturationKernel(floor: options.floor)
      if kernel.hasCause(block, level) { kernel.flag(block) { _, _ in level } }
    }
  case .each(let levels, let quality):
    precondition(levels.count == band.samples.planeCount, "saturation levels of another shape")
    precondition(quality.map { $0.count == levels.count } ?? true, "saturation flags of another shape")
    let (base, flags) = (levels.laneBase, quality?.laneBase)
    let ceiling = Lanes(repeating: options.ceiling ?? .infinity)
    withExtendedLifetime((levels, quality)) {
      band.forEachBlock { block in
        SaturationKernel(floor: options.floor).flag(block) { i, count in
          let level = base.base.lanes(i)
          var unknown = level .!= level
          if let flags {
            let lanes = flags.base.lanes(i)
            unknown .|= lanes.has(DQ.noSatCheck)
            block.orPixel(lanes, i, count)
          }
          block.raisePixel(DQ.noSatCheck, where: unknown, i, count)
          let own = level.replacing(with: .infinity, where: unknown)
          return own.replacing(with: ceiling, where: ceiling .< own)
        }
      }
    }
  }
}

/// Flags the neighbours of saturated reads too: those up to `pixels` columns and rows away, in the same read.
///
/// Rows at the edge of the band know nothing of their neighbours in other bands: the band needs `pixels` rows more than
/// are wanted on each side.
public func growSaturation(_ band: inout RampBand, by pixels: Int) {
  guard pixels > 0 else { return }
  let (width, height, count) = (band.width, band.height, band.samples.planeCount)
  let saturated = UInt8(DQ.saturated)
  band.groupQuality.withUnsafeMutableBuffer { group in
    band.pixelQuality.withUnsafeMutableBuffer { quality in
      for start in stride(from: 0, to: group.count, by: count) {
        let full = (0..<count).filter { group[start + $0] & saturated != 0 }
        for i in full {
          let (x, y) = (i % width, i / width)
          for row in max(0, y - pixels)...min(height - 1, y + pixels) {
            for column in max(0, x - pixels)...min(width - 1, x + pixels) {
              group[start + row * width + column] |= saturated
              quality[row * width + column] |= DQ.saturated
            }
          }
        }
      }
    }
  }
}

/// Flags a block read by read, the memory of what was full going along.
private struct SaturationKernel {
  let floor: Float?
  private static let saturated = UInt8(DQ.saturated)

  /// Whether a read reaches the level or the floor, or is flagged.
  @inline(__always)
  func hasCause(_ block: RampBlock, _ level: Lanes) -> Bool {
    var (low, high) = (Lanes(repeating: .infinity), Lanes(repeating: -.infinity))
    var flags = SIMD16<UInt8>.zero
    for integration in 0..<block.integrations {
      for read in 0..<block.reads {
        block.forEachLanes { i, _, count in
          // Lanes past the end are zeros, which may be at the floor: those blocks are looked at in full. NaN is passed over.
          let x = block.values(integration, read, i, count)
          low = low.replacing(with: x, where: x .< low)
          high = high.replacing(with: x, where: x .> high)
          flags |= block.group(integration, read, i, count)
        }
      }
    }
    if anyLane(high .>= level) || anyLane(low .<= Lanes(repeating: floor ?? -.infinity)) { return true }
    return flags.hasAny(Self.saturated)
  }

  /// - Parameter levels: the levels of sixteen pixels, asked for once.
  @inline(__always)
  func flag(_ block: RampBlock, levels: (_ i: Int, _ count: Int) -> Lanes) {
    let places = RampBlock.length / 16
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: places) { level in
      withUnsafeTemporaryAllocation(of: LaneMask.self, capacity: places) { full in
        block.forEachLanes { i, place, count in level[place] = levels(i, count) }
        for integration in 0..<block.integrations {
          full.initialize(repeating: LaneMask(repeating: false))
          for read in 0..<block.reads { flag(block, integration, read, level, full) }
          block.forEachLanes { i, place, count in
            block.raisePixel(DQ.saturated, where: full[place], i, count)
          }
        }
      }
    }
  }

  @inline(__always)
  private func flag(
    _ block: RampBlock, _ integration: Int, _ read: Int, _ level: UnsafeMutableBufferPointer<Lanes>,
    _ full: UnsafeMutableBufferPointer<LaneMask>
  ) {
    block.forEachLanes { i, place, count in
      let x = block.values(integration, read, i, count)
      var now = full[place] .| (x .>= level[place])
      if block.anyGroup(Self.saturated, integration, read, i, count) {
        now .|= block.hasGroup(Self.saturated, integration, read, i, count)
      }
      full[place] = now
      if anyLane(now) { block.raiseGroup(Self.saturated, where: now, integration, read, i, count) }
      guard let floor else { return }
      let low = x .<= Lanes(repeating: floor)
      if anyLane(low) {
        block.raiseGroup(UInt8(DQ.adFloor | DQ.doNotUse), where: low, integration, read, i, count)
      }
    }
  }
}
