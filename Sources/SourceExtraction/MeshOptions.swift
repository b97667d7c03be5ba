/// The tiles of a background mesh and the filter over it.
public struct MeshOptions: Sendable, Equatable {
  /// Columns of a tile.
  public var boxWidth: Int
  /// Rows of a tile.
  public var boxHeight: Int
  /// Tiles of the median filter along x.
  public var filterWidth: Int
  /// Tiles of the median filter along y.
  public var filterHeight: Int
  /// A tile is replaced by the median about it when the two differ by at least this.
  public var filterThreshold: Double

  /// Options with SExtractor's defaults: tiles of 64 x 64, a filter of 3 x 3, threshold 0.
  public init(
    boxWidth: Int = 64, boxHeight: Int = 64, filterWidth: Int = 3, filterHeight: Int = 3,
    filterThreshold: Double = 0
  ) {
    self.boxWidth = boxWidth
    self.boxHeight = boxHeight
    self.filterWidth = filterWidth
    self.filterHeight = filterHeight
    self.filterThreshold = filterThreshold
  }

  /// Checks the options.
  ///
  /// - Throws: `box-size`, `filter-size`.
  func validate() throws(SourceExtractionError) {
    guard boxWidth > 0, boxHeight > 0 else {
      throw SourceExtractionError(
        code: "box-size", message: "a box of \(boxWidth) x \(boxHeight)", subject: "background mesh")
    }
    guard filterWidth > 0, filterHeight > 0 else {
      throw SourceExtractionError(
        code: "filter-size", message: "a filter of \(filterWidth) x \(filterHeight)",
        subject: "background mesh")
    }
  }
}
