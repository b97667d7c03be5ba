/// The skies of dithered frames with levels that belong to them: `sky_i = S_i + B_i`, B measured on the frame less S.
public struct SettledSky: Sendable {
  /// The frames and what S is made of.
  public let sky: DitherSky
  /// The level of each frame beside sources, less its S.
  public let levels: [Float]
  /// S of each frame where they are kept.
  private let kept: [Kept]?

  /// S without a plane of flags, of which it has one alone, and with errors to 1 of 500: the upper halves of their bits.
  private struct Kept: Sendable {
    var value: Plane<Float>
    var error: Plane<UInt16>?
    var unreliable: PixelMask
  }

  /// - Parameters:
  ///   - keepsErrors: whether errors and flags are wanted from S that are kept; else they are 0.
  ///   - memoryLimit: S are kept when they take no more bytes (4 or 6 a pixel and frame), else made whenever rows of them
  ///     are asked for.
  /// - Throws: what reading the frames throws.
  init(_ sky: DitherSky, keepingErrors keepsErrors: Bool, memoryLimit: Int) throws {
    self.sky = sky
    let bytes = (keepsErrors ? 6 : 4) * sky.width * sky.height * sky.frameCount
    let kept = bytes <= memoryLimit ? try Self.patterns(of: sky, keepingErrors: keepsErrors) : nil
    self.kept = kept
    levels = try concurrently(sky.frameCount) { i in
      try sky.level(of: i) { rows in
        try kept?[i].value.rows(rows) ?? sky.pattern(of: i, rows: rows).value
      }
    }
  }

  private static func patterns(of sky: DitherSky, keepingErrors keepsErrors: Bool) throws -> [Kept] {
    let (width, height) = (sky.width, sky.height)
    var kept = (0..<sky.frameCount).map { _ in
      Kept(
        value: Plane(uninitializedWidth: width, height: height) { _ in },
        error: keepsErrors ? Plane(uninitializedWidth: width, height: height) { _ in } : nil,
        unreliable: PixelMask(width: width, height: height))
    }
    try sky.forEachPattern { i, rows, pattern in
      kept[i].value.paste(pattern.value, x0: 0, y0: rows.lowerBound)
      guard keepsErrors else { return }
      kept[i].error?.paste(pattern.error.map { Self.coarse($0) }, x0: 0, y0: rows.lowerBound)
      let marks = PixelMask(anyOf: DQ.unreliableError, in: pattern.quality)
      guard !marks.isEmpty else { return }
      kept[i].unreliable = kept[i].unreliable.union(
        marks.moved(
          from: PixelWindow(x0: 0, y0: rows.lowerBound, width: width, height: rows.count),
          to: PixelWindow(x0: 0, y0: 0, width: width, height: height)))
    }
    return kept
  }

  /// The upper half of an error's bits, rounded; infinity and NaN stay what they are.
  private static func coarse(_ error: Float) -> UInt16 {
    error.isFinite ? UInt16((error.bitPattern + 0x8000) >> 16) : UInt16(error.bitPattern >> 16)
  }

  private static func whole(_ error: UInt16) -> Float { Float(bitPattern: UInt32(error) << 16) }

  /// Bytes that kept S take; 0 where they are made anew.
  public var keptBytes: Int {
    kept?.reduce(0) { $0 + 4 * $1.value.count + 2 * ($1.error?.count ?? 0) } ?? 0
  }

  /// The sky of some rows of a frame: value, one-sigma error, flags as `DitherSky.pattern` says.
  public func sky(of i: Int, rows: Range<Int>) throws -> Measured {
    var pattern = try pattern(of: i, rows: rows)
    pattern.value.subtract(-levels[i])
    return pattern
  }

  private func pattern(of i: Int, rows: Range<Int>) throws -> Measured {
    guard let kept = kept?[i] else {
      // Memory makes no difference to a sky.
      var pattern = try sky.pattern(of: i, rows: rows)
      pattern.error = pattern.error.map { Self.whole(Self.coarse($0)) }
      return pattern
    }
    var quality = Plane<UInt32>(width: sky.width, height: rows.count, repeating: 0)
    kept.unreliable.raise(DQ.unreliableError, in: &quality, rows: rows)
    let value = kept.value.rows(rows)
    let error = kept.error?.rows(rows).map { Self.whole($0) }
    return Measured(value: value, error: error ?? value.map { _ in 0 }, quality: quality)
  }

  /// Values of some rows of a frame less its sky, with the frame's own errors and flags: what a search looks at.
  public func subtracted(_ i: Int, rows: Range<Int>) throws -> Measured {
    var band = try sky.frame(i, rows: rows)
    band.value.subtract(try kept?[i].value.rows(rows) ?? sky.pattern(of: i, rows: rows).value)
    band.value.subtract(levels[i])
    return band
  }
}

extension DitherSky {
  /// The skies with levels that belong to them. Reads every frame twice, and holds one at a time.
  ///
  /// - Parameters:
  ///   - keepsErrors: whether S that are kept have errors and flags.
  ///   - memoryLimit: bytes that kept S may take; above it they are made anew whenever they are asked for.
  /// - Throws: what reading the frames throws.
  public func settled(keepingErrors keepsErrors: Bool = true, memoryLimit: Int = 3 << 29) throws -> SettledSky
  {
    try SettledSky(self, keepingErrors: keepsErrors, memoryLimit: memoryLimit)
  }
}
