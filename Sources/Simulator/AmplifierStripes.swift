/// Which output reads which column, and when: outputs read their stripes side by side, column by column from the left,
/// row by row from the bottom.
struct AmplifierStripes: Sendable {
  /// Outputs that have columns.
  let count: Int
  /// Columns of a stripe (of the last one perhaps fewer).
  let columns: Int

  /// `channels` outputs over `size` columns; a detector with fewer columns has as many outputs as columns.
  init(channels: Int, size: Int) {
    columns = max(1, (size + channels - 1) / channels)
    count = (size + columns - 1) / columns
  }

  /// The output of a column of the detector.
  func channel(_ x: Int) -> Int { x / columns }

  /// Columns of `window` by output: (output, columns of the detector).
  func stripes(of window: ReadWindow) -> [(channel: Int, columns: Range<Int>)] {
    let all = window.x..<window.x + window.width
    return (channel(all.lowerBound)...channel(all.upperBound - 1)).map { channel in
      (channel, (channel * columns..<(channel + 1) * columns).clamped(to: all))
    }
  }

  /// Pixels that the busiest output reads of a row of `window`: the length of a row in the clock of the outputs.
  func ticksPerRow(of window: ReadWindow) -> Int { stripes(of: window).map(\.columns.count).max() ?? 1 }
}
