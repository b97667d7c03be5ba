extension DitherSky {
  /// The level of a frame: the clipped median of its pixels beside sources, less a pattern where there is one, of bands
  /// spread evenly over it: of a million pixels a thousandth of the noise is the error of their median.
  ///
  /// NaN of a frame without a good pixel.
  /// - Parameters:
  ///   - samples: pixels that are looked at, all of a smaller frame.
  ///   - pattern: gives rows of what is taken away first.
  public func level(
    of i: Int, samples: Int = 1 << 20,
    less pattern: (@Sendable (_ rows: Range<Int>) throws -> Plane<Float>)? = nil
  ) throws -> Float {
    let bands = spreadRows(samples)
    let rows = bands.reduce(0) { $0 + $1.count }
    var value = Plane<Float>(uninitializedWidth: width, height: rows) { _ in }
    var quality = Plane<UInt32>(uninitializedWidth: width, height: rows) { _ in }
    var next = 0
    for band in bands {
      var part = try frame(i, rows: band)
      if let pattern { part.value.subtract(try pattern(band)) }
      masks[i].raise(DQ.doNotUse, in: &part.quality, rows: band)
      value.paste(part.value, x0: 0, y0: next)
      quality.paste(part.quality, x0: 0, y0: next)
      next += band.count
    }
    return clippedMedian(of: value, quality: quality, options: levelStatistics)
  }

  /// Bands of eight rows, evenly spread, of some pixels in all; all rows of a smaller frame.
  private func spreadRows(_ samples: Int) -> [Range<Int>] {
    let wanted = samples / max(8 * width, 1)
    let bands = height / 8
    guard wanted > 0, bands > wanted else { return [0..<height] }
    return (0..<wanted).map { k in
      let first = k * bands / wanted * 8
      return first..<first + 8
    }
  }

  /// The level of a frame over a super sky of median 1: the clipped median of their ratio beside sources.
  ///
  /// Holds one frame. NaN of a frame without a good pixel.
  public func level(of i: Int, over superSky: Plane<Float>) throws -> Float {
    var frame = try frame(i, rows: 0..<height)
    frame.value.divide(by: superSky)
    masks[i].raise(DQ.doNotUse, in: &frame.quality, rows: 0..<height)
    return clippedMedian(of: frame.value, quality: frame.quality, options: levelStatistics)
  }

  private var levelStatistics: StatisticsOptions {
    StatisticsOptions(
      excludedFlags: options.excludedFlags | DQ.doNotUse, kappaLow: options.levelKappa,
      kappaHigh: options.levelKappa)
  }

  /// What all frames have in common at each pixel of the detector: the median of `I_j - B_j`; NaN where no
  /// frame tells it. It is in every frame and so no source that the dithers moved.
  public func commonPattern() throws -> Plane<Float> {
    // A median by itself: what clipping would change is not worth as much as the rest of the search.
    try stack(dividing: false, clipping: nil).measured.value
  }

  /// The super sky: the clipped median of all frames over their levels, beside sources, of median 1.
  ///
  /// Where no frame tells it it is 1; `UNRELIABLE_ERROR` where fewer than `minimumSamples` do. Frames whose level is not
  /// above 0 are left out.
  /// - Throws: `sky-level` where no frame has a level above 0; what reading throws.
  public func superSky() throws -> Measured {
    let lit = (0..<frameCount).filter { levels[$0] > 0 && levels[$0].isFinite }
    guard !lit.isEmpty else {
      throw PixelsError(
        code: "sky-level", message: "no frame has a sky level above 0", subject: "super sky",
        hint: "mode=iterative subtracts a sky without scaling it")
    }
    let found = try stack(dividing: true, frames: lit, clipping: options.clipping)
    let sky = SkySamples([]).finish(
      found, least: options.minimumSamples, fill: 1, error: median(of: found.measured.error))
    let level = median(of: sky.value)
    return level > 0 && level.isFinite ? sky.divided(by: level) : sky
  }

  /// The frames less their levels, or over them, combined pixel by pixel.
  private func stack(dividing: Bool, frames: [Int]? = nil, clipping: Clipping?) throws -> Combined {
    let frames = frames ?? Array(0..<frameCount)
    let options = CombineOptions(
      method: .median, clipping: clipping, excludedFlags: options.excludedFlags | DQ.doNotUse)
    return try combine(frameCount: frames.count, width: width, height: height, options: options) {
      index, rows, room in
      let j = frames[index]
      var band = try frame(j, rows: rows)
      masks[j].raise(DQ.doNotUse, in: &band.quality, rows: rows)
      if dividing { band = band.divided(by: levels[j]) } else { band.value.subtract(levels[j]) }
      room.fill(with: band)
    }
  }
}

extension CombineRows {
  /// Copies rows of a frame into the room that is theirs.
  ///
  /// - Precondition: the room is of their size.
  package func fill(with band: Measured) {
    band.value.withUnsafeBuffer { _ = value.update(fromContentsOf: $0) }
    band.error.withUnsafeBuffer { _ = error.update(fromContentsOf: $0) }
    band.quality.withUnsafeBuffer { _ = quality.update(fromContentsOf: $0) }
  }
}
