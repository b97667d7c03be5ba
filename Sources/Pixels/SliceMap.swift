/// Where the slices of an image slicer lie on their detector, found from the light of a flat.
///
/// The spectrum runs along x; a slice is a run of lit rows. Rows are looked at in blocks of columns, so that slices may be
/// tilted or curved: a run belongs to the slice of the previous block that it overlaps most.
public struct SliceMap: Sendable, Equatable {
  /// Slices found.
  public let count: Int
  let blockColumns: Int
  let blocks: Int
  let rows: Int
  /// Slice of (block, row); -1 for none.
  private var labels: [Int32]

  /// Rows with at least `fraction` of a block's bright rows (its 90th percentile) are lit; runs of fewer than
  /// `minimumRows` are no slices.
  init(_ profile: BlockProfile, fraction: Float, minimumRows: Int) {
    blockColumns = profile.blockColumns
    blocks = profile.blocks
    rows = profile.rows
    labels = Array(repeating: -1, count: profile.blocks * profile.rows)
    var slices = 0
    var previous: [(rows: Range<Int>, label: Int)] = []
    for block in 0..<profile.blocks {
      let runs = Self.runs(profile, block, fraction, minimumRows)
      var taken: Set<Int> = []
      var current: [(rows: Range<Int>, label: Int)] = []
      for run in runs {
        let best = previous.filter { !taken.contains($0.label) }
          .max { $0.rows.clamped(to: run).count < $1.rows.clamped(to: run).count }
        let label: Int
        if let best, !best.rows.clamped(to: run).isEmpty {
          label = best.label
        } else {
          label = slices
          slices += 1
        }
        taken.insert(label)
        current.append((run, label))
        for row in run { labels[block * rows + row] = Int32(label) }
      }
      // A block without light (a dead channel) does not end the slices.
      if !current.isEmpty { previous = current }
    }
    count = slices
  }

  /// The slice of a pixel; nil between slices.
  public func slice(x: Int, y: Int) -> Int? {
    let label = labels[min(x / blockColumns, blocks - 1) * rows + y]
    return label < 0 ? nil : Int(label)
  }

  /// The slice of each row of a block; -1 for none.
  @inline(__always) func label(row: Int, block: Int) -> Int { Int(labels[block * rows + row]) }

  private static func runs(
    _ profile: BlockProfile, _ block: Int, _ fraction: Float, _ minimumRows: Int
  ) -> [Range<Int>] {
    let levels = (0..<profile.rows).map { profile[row: $0, block: block] }
    let sorted = levels.filter(\.isFinite).sorted()
    guard !sorted.isEmpty else { return [] }
    let bright = sorted[min(sorted.count * 9 / 10, sorted.count - 1)]
    guard bright > 0 else { return [] }
    var runs: [Range<Int>] = []
    var start: Int?
    for row in 0...profile.rows {
      let isLit = row < profile.rows && levels[row] >= fraction * bright
      if isLit, start == nil { start = row }
      if !isLit, let first = start {
        if row - first >= minimumRows { runs.append(first..<row) }
        start = nil
      }
    }
    return runs
  }
}
