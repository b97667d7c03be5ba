/// An image that takes part in a mosaic: where it lies, what it weighs, and how its pixels are read.
public struct ResampleInput: Sendable {
  /// Reads whole rows of the image; called from several threads at once, some rows more than once.
  public typealias Reader = @Sendable (_ rows: Range<Int>) throws -> Measured

  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// Where its pixels lie in the output; for kernels that gather (`ResampleOptions.Kernel.gathers`) where the output's
  /// lie in it. A grid of the latter kind may cover a part of the output only.
  public let map: PixelMap
  /// Its weight: a number per frame, of exposure time or smooth noise.
  ///
  /// Never of a pixel's own noise: faint pixels would weigh more, and fluxes come out too low.
  public private(set) var weight: Double
  /// Further factors of the weight, pixel by pixel, of something smooth; nil for none.
  public let pixelWeights: Plane<Float>?
  /// What values and errors are multiplied by: the area of an output pixel over that of an input pixel keeps the flux of
  /// what is counted per pixel, 1 keeps surface brightness.
  public let valueScale: Float
  /// Exposure time, seconds.
  public let exposure: Double
  /// Reads rows.
  public let rows: Reader
  /// The whole image, when it is in memory.
  let image: Measured?

  /// An image whose rows `rows` reads.
  ///
  /// - Precondition: `pixelWeights` is of the image's shape.
  public init(
    width: Int, height: Int, map: PixelMap, weight: Double = 1, pixelWeights: Plane<Float>? = nil,
    valueScale: Float = 1, exposure: Double = 1, rows: @escaping Reader
  ) {
    precondition(
      pixelWeights.map { $0.width == width && $0.height == height } ?? true, "weights of another shape")
    self.width = width
    self.height = height
    self.map = map
    self.weight = weight
    self.pixelWeights = pixelWeights
    self.valueScale = valueScale
    self.exposure = exposure
    self.rows = rows
    image = nil
  }

  /// An image in memory.
  public init(
    _ image: Measured, map: PixelMap, weight: Double = 1, pixelWeights: Plane<Float>? = nil,
    valueScale: Float = 1, exposure: Double = 1
  ) {
    precondition(
      pixelWeights.map { $0.width == image.width && $0.height == image.height } ?? true,
      "weights of another shape")
    (width, height) = (image.width, image.height)
    self.map = map
    self.weight = weight
    self.pixelWeights = pixelWeights
    self.valueScale = valueScale
    self.exposure = exposure
    self.image = image
    rows = { rows in
      image.cropped(to: PixelWindow(x0: 0, y0: rows.lowerBound, width: image.width, height: rows.count))
    }
  }
}

extension [ResampleInput] {
  /// The same with weights that float32 holds, squared too: where the largest is beyond 1e±15 (inverse variances in
  /// units of fluxes are), all are taken relative to it, and so is the mosaic's plane of weights.
  func weighedWithinFloats() -> [ResampleInput] {
    let largest = map(\.weight).max() ?? 1
    guard !(1e-15...1e15).contains(largest) else { return self }
    return map { $0.weighing($0.weight / largest) }
  }
}

extension ResampleInput {
  fileprivate func weighing(_ weight: Double) -> ResampleInput {
    var input = self
    input.weight = weight
    return input
  }
}
