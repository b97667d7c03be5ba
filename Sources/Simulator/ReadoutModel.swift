import Pixels

/// The electronics and the pixels of one detector as they truly are: the same for all exposures of a seed.
public struct ReadoutModel: Sendable {
  /// The numbers it was made from.
  public let options: ReadoutOptions
  /// Mean level after a reset, adu: pixels, outputs and odd or even columns together.
  public let superbias: Plane<Float>
  /// Electrons each pixel holds.
  public let fullWell: Plane<Float>
  /// Strength of each pixel's non-linearity: see `ResponseCurve`.
  public let strength: Plane<Float>
  /// The shape of the non-linearity, common to all pixels.
  public let curve: ResponseCurve
  let stripes: AmplifierStripes
  private let size: Int

  init(seed: UInt64, identity: UInt64, size: Int, gain: Double, options: ReadoutOptions) {
    self.options = options
    self.size = size
    stripes = AmplifierStripes(channels: options.channels, size: size)
    curve = ResponseCurve(missing: options.nonlinearity, fullWell: options.fullWell / gain)
    let maps = ReadoutMaps(
      seed: seed, identity: identity, size: size, options: options, stripes: stripes, curve: curve)
    superbias = maps.plane(0x5b1a, maps.superbiasRow)
    fullWell = maps.plane(0xf0e1) { out, random, _ in
      Self.scatter(options.fullWell, options.fullWellScatter, out, &random)
    }
    let strength = ResponseCurve.strength(missing: options.nonlinearity)
    self.strength = maps.plane(0x1132) { out, random, _ in
      Self.scatter(strength, options.nonlinearityScatter, out, &random)
    }
  }

  /// Whether a pixel of the detector belongs to the border of reference pixels.
  public func isReference(x: Int, y: Int) -> Bool {
    let border = options.referenceBorder
    return x < border || y < border || x >= size - border || y >= size - border
  }

  /// Values around `mean` that stay above half of it.
  private static func scatter(
    _ mean: Double, _ relative: Double, _ out: UnsafeMutableBufferPointer<Float>, _ random: inout RandomStream
  ) {
    GaussianDeviates.standard.withSource { gauss in
      for x in out.indices { out[x] = Float(mean * max(1 + relative * gauss.next(&random), 0.5)) }
    }
  }
}

/// Draws the maps of a detector's electronics row by row.
private struct ReadoutMaps: Sendable {
  let seed: UInt64
  let identity: UInt64
  let size: Int
  let options: ReadoutOptions
  let stripes: AmplifierStripes
  let offsets: [Double]
  let parities: [Double]

  init(
    seed: UInt64, identity: UInt64, size: Int, options: ReadoutOptions, stripes: AmplifierStripes,
    curve: ResponseCurve
  ) {
    (self.seed, self.identity, self.size) = (seed, identity, size)
    (self.options, self.stripes) = (options, stripes)
    var random = RandomStream(seed, identity, 0xc4a2)
    offsets = (0..<stripes.count).map { _ in options.channelOffset * normalDeviate(&random) }
    parities = (0..<stripes.count).map { _ in options.oddEvenOffset * normalDeviate(&random) }
  }

  func plane(
    _ name: UInt64,
    _ fill: @Sendable (UnsafeMutableBufferPointer<Float>, inout RandomStream, Int) -> Void
  ) -> Plane<Float> {
    Plane(uninitializedWidth: size, height: size) { out in
      nonisolated(unsafe) let out = out
      forEachRowBand(height: size, width: size) { rows in
        for y in rows {
          var random = RandomStream(seed, identity, name, UInt64(y))
          fill(.init(rebasing: out[y * size..<(y + 1) * size]), &random, y)
        }
      }
    }
  }

  @Sendable func superbiasRow(
    _ out: UnsafeMutableBufferPointer<Float>, _ random: inout RandomStream, _ y: Int
  ) {
    GaussianDeviates.standard.withSource { gauss in
      for x in out.indices {
        let channel = stripes.channel(x)
        let parity = x & 1 == 0 ? 0.5 : -0.5
        let level = options.pedestal + options.pedestalScatter * gauss.next(&random)
        out[x] = Float(level + offsets[channel] + parity * parities[channel])
      }
    }
  }
}
