/// How the background of each box of an image is estimated.
public struct BoxBackgroundOptions: Sendable, Equatable {
  /// The level of a box, from the samples that survived clipping.
  public enum Estimator: String, Sendable, CaseIterable {
    /// Tukey's biweight location, c = 6.
    case biweight
    /// `2.5 median - 1.5 mean`; the median where the two differ by 0.3 standard deviations and more.
    case sextractor
    /// The median.
    case median
    /// The mean.
    case mean
  }

  /// What becomes of rows and columns that fill no whole box.
  public enum Edge: String, Sendable, CaseIterable {
    /// They make a box of their own, smaller than the others.
    case pad
    /// They are left out, and the mesh is stretched over the image.
    case crop
  }

  /// The level of a box.
  public var estimator: Estimator
  /// Columns of a box; a narrower image is one box wide.
  public var boxWidth: Int
  /// Rows of a box.
  public var boxHeight: Int
  /// Rejection in each box, or nil for none.
  public var clipping: BoxClipping?
  /// What becomes of incomplete boxes.
  public var edge: Edge
  /// A box that lost this percentage of a whole box's pixels and more (to the mask, to clipping, to the edge)
  /// gets its level from its neighbours; 0…100.
  public var excludePercentile: Double
  /// Columns of the median filter over the mesh, odd; 1 for none.
  public var filterWidth: Int
  /// Rows of the median filter.
  public var filterHeight: Int
  /// Only boxes above this level are filtered; nil for all.
  public var filterThreshold: Float?

  /// Options with photutils' defaults, boxes of 64 x 64.
  public init(
    estimator: Estimator = .sextractor, boxWidth: Int = 64, boxHeight: Int = 64,
    clipping: BoxClipping? = BoxClipping(), edge: Edge = .pad, excludePercentile: Double = 10,
    filterWidth: Int = 3, filterHeight: Int = 3, filterThreshold: Float? = nil
  ) {
    self.estimator = estimator
    self.boxWidth = boxWidth
    self.boxHeight = boxHeight
    self.clipping = clipping
    self.edge = edge
    self.excludePercentile = excludePercentile
    self.filterWidth = filterWidth
    self.filterHeight = filterHeight
    self.filterThreshold = filterThreshold
  }

  /// Checks the options.
  ///
  /// - Throws: `box-size`, `filter-size`, `exclude-percentile`, `clip-value`.
  public func validate() throws(PixelsError) {
    func fail(_ code: String, _ message: String) -> PixelsError {
      PixelsError(code: code, message: message, subject: "background mesh")
    }
    guard boxWidth > 0, boxHeight > 0 else { throw fail("box-size", "a box of \(boxWidth) x \(boxHeight)") }
    guard filterWidth > 0, filterHeight > 0, filterWidth % 2 == 1, filterHeight % 2 == 1 else {
      throw fail("filter-size", "a filter of \(filterWidth) x \(filterHeight): both sides must be odd")
    }
    guard (0...100).contains(excludePercentile) else {
      throw fail("exclude-percentile", "\(excludePercentile) is not between 0 and 100")
    }
    if let clipping, !(clipping.lower > 0 && clipping.upper > 0 && clipping.maximumIterations > 0) {
      throw fail("clip-value", "sigmas and the number of iterations must be positive")
    }
  }
}

/// Rejection of the outliers of a box in units of its standard deviation (of n, not n - 1).
public struct BoxClipping: Sendable, Equatable {
  /// The centre that deviations are counted from.
  public enum Center: String, Sendable, CaseIterable { case median, mean }

  /// Rejected below `center - lower sigma`.
  public var lower: Double
  /// Rejected above `center + upper sigma`.
  public var upper: Double
  /// At most this many rounds; it ends when a round rejects nothing.
  public var maximumIterations: Int
  /// The centre.
  public var center: Center

  /// Clipping with photutils' defaults.
  public init(
    lower: Double = 3, upper: Double = 3, maximumIterations: Int = 10, center: Center = .median
  ) {
    self.lower = lower
    self.upper = upper
    self.maximumIterations = maximumIterations
    self.center = center
  }
}

/// The background of an image, known at a mesh of boxes and interpolated between their centres.
public struct BoxBackground: Sendable, Equatable {
  /// Pixels in a row of the image.
  public let width: Int
  /// Rows of the image.
  public let height: Int
  /// Boxes in a row.
  public let columns: Int
  /// Rows of boxes.
  public let rows: Int
  /// Level of each box, row by row, after the filter.
  public let level: [Float]
  /// Standard deviation of each box, after the filter.
  public let noise: [Float]
  private let boxWidth: Int
  private let boxHeight: Int
  private let edge: BoxBackgroundOptions.Edge

  /// A mesh over an image; `level` and `noise` hold `columns * rows` values of boxes.
  package init(
    width: Int, height: Int, columns: Int, rows: Int, level: [Float], noise: [Float], boxWidth: Int,
    boxHeight: Int, edge: BoxBackgroundOptions.Edge
  ) {
    precondition(level.count == columns * rows && noise.count == level.count, "a mesh of another shape")
    self.width = width
    self.height = height
    self.columns = columns
    self.rows = rows
    self.level = level
    self.noise = noise
    self.boxWidth = boxWidth
    self.boxHeight = boxHeight
    self.edge = edge
  }

  /// The background at every pixel.
  public func levelImage() -> Plane<Float> { interpolated(level) }

  /// The standard deviation at every pixel.
  public func noiseImage() -> Plane<Float> { interpolated(noise) }

  /// The median of the boxes' levels.
  public var medianLevel: Double { SampleStatistics.median(level.map(Double.init)) }

  /// The median of the boxes' standard deviations.
  public var medianNoise: Double { SampleStatistics.median(noise.map(Double.init)) }

  private func interpolated(_ mesh: [Float]) -> Plane<Float> {
    let zoom = SplineZoom(mesh: mesh, columns: columns, rows: rows)
    return zoom.image(
      width: width, height: height, x: { position($0, of: width, nodes: columns, box: boxWidth) },
      y: { position($0, of: height, nodes: rows, box: boxHeight) })
  }

  /// Where pixel `i` lies on the mesh, in boxes from the centre of the first.
  private func position(_ i: Int, of pixels: Int, nodes: Int, box: Int) -> Double {
    switch edge {
    case .pad: (Double(i) + 0.5) / Double(box) - 0.5
    case .crop: pixels > 1 ? Double(i) * Double(nodes - 1) / Double(pixels - 1) : 0
    }
  }
}

/// The background of an image by boxes, as photutils' `Background2D` (2.3) with its `BkgZoomInterpolator`
/// defines it.
///
/// In each box the good samples are clipped and their level and standard deviation taken. Boxes with too few
/// samples get the mean of the 10 nearest others weighed by 1 / distance (of boxes equally far the last in
/// row order). The mesh is then filtered by a median, and interpolated by the cubic spline through the boxes'
/// centres, mirrored at the edges and kept within the mesh's own range. Computed in float64, stored as
/// float32; boxes go over all cores.
/// - Parameters:
///   - image: values; those that are not finite are left out.
///   - mask: pixels to leave out besides.
///   - options: boxes, clipping, estimator, filter.
/// - Throws: `no-background` when no box has enough samples; what `options.validate` throws.
public func boxBackground(
  of image: Plane<Float>, excluding mask: PixelMask? = nil,
  options: BoxBackgroundOptions = BoxBackgroundOptions()
) throws(PixelsError) -> BoxBackground {
  try options.validate()
  let grid = BoxGrid(width: image.width, height: image.height, options: options)
  var mesh = grid.statistics(of: image, excluding: mask?.plane, options)
  guard mesh.level.contains(where: { !$0.isNaN }) else {
    throw PixelsError(
      code: "no-background",
      message: "no box of \(grid.boxWidth) x \(grid.boxHeight) has more than "
        + "\(100 - options.excludePercentile) % of its pixels left", subject: "background mesh",
      hint: "use larger boxes or a larger exclude_percentile")
  }
  mesh.fill()
  mesh.filter(
    width: options.filterWidth, height: options.filterHeight, threshold: options.filterThreshold)
  return BoxBackground(
    width: image.width, height: image.height, columns: grid.columns, rows: grid.rows, level: mesh.level,
    noise: mesh.noise, boxWidth: grid.boxWidth, boxHeight: grid.boxHeight, edge: options.edge)
}
