extension Measured {
  /// The mean of the good pixels of each two by two, and where there is none; a last odd row or column is left out.
  ///
  /// - Parameter flags: pixels with any of these are not good, nor are those that are not finite.
  public func halfSize(excluding flags: UInt32) -> (value: Plane<Float>, unusable: PixelMask) {
    let (columns, rows) = (width / 2, height / 2)
    let (values, marks) = (value.laneBase, quality.laneBase)
    let source = width
    let half = withExtendedLifetime(self) {
      Plane<Float>(uninitializedWidth: columns, height: rows) { out in
        // Bands are disjoint, so no two threads write the same pixel.
        nonisolated(unsafe) let out = out
        forEachRowBand(height: rows, width: 2 * source) { band in
          for y in band {
            for x in 0..<columns {
              var (sum, count) = (Float(0), Float(0))
              for row in 0..<2 {
                for column in 0..<2 {
                  let i = (2 * y + row) * source + 2 * x + column
                  let isGood = marks.base[i] & flags == 0 && values.base[i].isFinite
                  sum += isGood ? values.base[i] : 0
                  count += isGood ? 1 : 0
                }
              }
              out[y * columns + x] = sum / count
            }
          }
        }
      }
    }
    let flagless = Measured(
      value: half, error: half, quality: Plane(width: columns, height: rows, repeating: 0))
    return (half, PixelMask(unusable: flagless))
  }
}
