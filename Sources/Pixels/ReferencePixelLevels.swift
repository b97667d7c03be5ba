/// What the reference pixels of an exposure say of its electronics: for each read a level of every channel and column
/// parity, and a level of every row.
///
/// Found in a pass over the border alone, before any row is corrected (`take(rows:)`), and then subtracted from any band
/// (`subtractReferencePixels`). The method is that of JWST's near-infrared detectors: in each read the mean, clipped at
/// 3 sigma, of the reference pixels of a channel in odd and in even columns, at the bottom and at the top, and the mean
/// of both ends; then the running median over rows of the side columns, left and right, and the mean of both, as far as
/// both sides agree.
public struct ReferencePixelLevels: Sendable {
  /// The parts of the exposure's window that are border.
  public let parts: ReferenceBorder.Parts
  private let options: ReferencePixelOptions
  private let integrations: Int
  private let reads: Int
  private let height: Int
  private let columns: ChannelColumns
  /// Clipped means at the bottom and at the top by (integration, read, set of columns); NaN where there is none.
  private var ends: (bottom: [Float], top: [Float])
  private var sides: SideColumns

  /// Levels not yet measured.
  /// - Parameters:
  ///   - border: the border of the detector.
  ///   - window: the exposure's place on the detector.
  ///   - detectorWidth: columns of the detector, which the channels share equally.
  ///   - shape: integrations and reads of the exposure.
  /// - Precondition: the channels divide the detector's columns.
  public init(
    border: ReferenceBorder, window: PixelWindow, detectorWidth: Int,
    shape: (integrations: Int, reads: Int), options: ReferencePixelOptions = ReferencePixelOptions()
  ) {
    precondition(
      options.channels > 0 && detectorWidth % options.channels == 0, "channels of different widths")
    parts = border.parts(of: window)
    self.options = options
    (integrations, reads) = shape
    height = window.height
    columns = ChannelColumns(
      window: window, channelWidth: detectorWidth / options.channels, separatesParity: options.separatesParity
    )
    let none = [Float](repeating: .nan, count: integrations * reads * columns.sets)
    ends = (none, none)
    sides = SideColumns(
      left: options.usesSides ? parts.left : 0..<0, right: options.usesSides ? parts.right : 0..<0,
      images: integrations * reads, height: height)
  }

  /// Measures an end of the border: `band` holds `rows` of the window, which are `parts.bottom` or `parts.top`.
  ///
  /// Pixels that the mask flags as bad, and reads that are NaN or flagged, do not count.
  /// - Precondition: the rows are one whole end.
  public mutating func takeEnd(_ band: RampBand, rows: Range<Int>) {
    precondition(rows == parts.bottom || rows == parts.top, "no end of the border")
    let means = clippedMeans(band, 0..<band.height)
    if rows == parts.top { ends.top = means } else { ends.bottom = means }
  }

  /// The columns of the sides that are to be taken in all rows; none where the sides are not used.
  public var neededSides: [Range<Int>] { sides.halves }

  /// Takes the columns of one side, of `rows` of the window; in any order.
  ///
  /// - Parameter band: those rows of `neededSides[side]`, and no other columns.
  public mutating func takeSide(_ side: Int, _ band: RampBand, rows: Range<Int>) {
    let columns = sides.halves[side]
    precondition(band.width == columns.count && band.height == rows.count, "other columns than a side's")
    for image in 0..<integrations * reads {
      band.forEachUsable(image, rows: 0..<band.height, columns: 0..<band.width) { x, y, value in
        sides.set(value, image: image, row: rows.lowerBound + y, side: side, column: x)
      }
    }
  }

  /// The whole measurement in one band that holds all rows of the window, such as a single read.
  public func measured(in band: RampBand) -> ReferencePixelCorrection {
    var levels = self
    for rows in [parts.bottom, parts.top] where !rows.isEmpty {
      levels.takeEnd(band.cropped(to: rows), rows: rows)
    }
    for (side, columns) in neededSides.enumerated() {
      let part = PixelWindow(x0: columns.lowerBound, y0: 0, width: columns.count, height: band.height)
      levels.takeSide(side, band.cropped(to: part), rows: 0..<band.height)
    }
    return levels.finished()
  }

  /// Ends the measurement.
  /// - Returns: what is to be subtracted.
  public func finished() -> ReferencePixelCorrection {
    let ends = zip(ends.bottom, ends.top).map { bottom, top in
      bottom.isNaN ? top : top.isNaN ? bottom : (bottom + top) / 2
    }
    let filled = columns.fillingParity(ends)
    let levels = columns.spread(filled)
    let flat = sides.subtracting(levels, width: columns.width)
    let window = options.sideWindow ?? flat.bestWindow()
    return ReferencePixelCorrection(
      columns: levels, rows: flat.rowLevels(window: window), width: columns.width, height: height,
      unmeasured: columns.unmeasured(filled), sideWindow: sides.count > 0 ? window : nil)
  }

  private func clippedMeans(_ band: RampBand, _ rows: Range<Int>) -> [Float] {
    let byImage = concurrently(integrations * reads) { image in
      var samples = [[Float]](repeating: [], count: columns.sets)
      band.forEachUsable(image, rows: rows, columns: 0..<columns.width) { x, _, value in
        samples[columns.set(of: x)].append(value)
      }
      return samples.indices.map { Self.clippedMean(&samples[$0], options.clipSigmas) }
    }
    return byImage.flatMap { $0 }
  }

  /// The mean within some sigmas of itself, begun at the median and its scatter; NaN of nothing.
  static func clippedMean(_ values: inout [Float], _ sigmas: Double) -> Float {
    guard !values.isEmpty else { return .nan }
    values.sort()
    let middle = median(sorted: values)
    let spread = values.map { abs($0 - middle) }.sorted()
    var (mean, sigma) = (Double(middle), Double(median(sorted: spread)) * 1.4826)
    // Whole numbers may all but agree: then the mean itself is the best that is to be had.
    if sigma == 0 { sigma = .infinity }
    for _ in 0..<10 {
      let (low, high) = (mean - sigmas * sigma, mean + sigmas * sigma)
      let kept = values.lazy.map { Double($0) }.filter { $0 >= low && $0 <= high }
      let (count, sum, square) = kept.reduce((0.0, 0.0, 0.0)) {
        let d = $1 - Double(middle)
        return ($0.0 + 1, $0.1 + d, $0.2 + d * d)
      }
      guard count > 0 else { break }
      let next = Double(middle) + sum / count
      let deviation = max(square / count - (sum / count) * (sum / count), 0).squareRoot()
      let isSettled = next == mean
      (mean, sigma) = (next, deviation)
      if isSettled || sigma == 0 { break }
    }
    return Float(mean)
  }

  private static func median(sorted values: [Float]) -> Float {
    let n = values.count
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2
  }
}

extension RampBand {
  /// Calls `body` with the samples of a part of one image that may be used; x and y counted in the band.
  fileprivate func forEachUsable(
    _ image: Int, rows: Range<Int>, columns: Range<Int>, _ body: (_ x: Int, _ y: Int, _ value: Float) -> Void
  ) {
    let unusable = UInt8(DQ.doNotUse | DQ.saturated | DQ.jumpDet)
    let start = image * samples.planeCount
    samples.withUnsafeBuffer { values in
      groupQuality.withUnsafeBuffer { group in
        pixelQuality.withUnsafeBuffer { pixel in
          for y in rows {
            for x in columns {
              let i = y * width + x
              let value = values[start + i]
              guard value.isFinite, group[start + i] & unusable == 0,
                ReferencePixelOptions.isUsable(pixel[i])
              else { continue }
              body(x, y, value)
            }
          }
        }
      }
    }
  }
}
