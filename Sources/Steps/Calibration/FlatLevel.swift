import PipelineEngine
import Pixels

/// The level of a flat's illuminated pixels, from evenly spread rows.
struct FlatLevel: Sendable, Equatable {
  /// The lower median of the illuminated pixels, saturated ones above all others: infinite where more than half of them
  /// are saturated, NaN without a pixel.
  let median: Double
  /// Which share of the illuminated pixels is saturated.
  let saturated: Double

  /// Whether the flat is past use because most of its light is.
  var isSaturated: Bool { saturated > 0.5 }

  /// Pixels that say nothing about the light, saturated or not.
  private static let blind = DQ.nonScience | DQ.referencePixel | DQ.dead | DQ.hot

  init(of frame: Frame, limit: Int = 1 << 20) throws {
    var good: [Float] = []
    var saturated = 0
    try frame.forEachSpreadRows(limit: limit) { rows in
      let (value, quality) = (rows.value.elements, rows.quality.elements)
      for i in value.indices {
        if quality[i] & DQ.saturated != 0 {
          saturated += quality[i] & Self.blind == 0 ? 1 : 0
        } else if quality[i] & DQ.doNotUse == 0, value[i].isFinite {
          good.append(value[i])
        }
      }
    }
    self.init(good: good, saturated: saturated)
  }

  /// - Parameters:
  ///   - good: values of the good pixels.
  ///   - saturated: how many pixels more are saturated.
  init(good: [Float], saturated: Int) {
    let sorted = good.sorted()
    let first = Self.firstLit(sorted, saturated)
    let lit = sorted.count - first + saturated
    let middle = first + (lit - 1) / 2
    self.saturated = lit > 0 ? Double(saturated) / Double(lit) : 0
    median = lit == 0 ? .nan : middle < sorted.count ? Double(sorted[middle]) : .infinity
  }

  /// Where the illuminated pixels begin: at 0.3 of the 90th percentile of all. Where that is a saturated pixel, whose value
  /// is not known, the 99th percentile of the others stands for it.
  private static func firstLit(_ sorted: [Float], _ saturated: Int) -> Int {
    guard !sorted.isEmpty else { return 0 }
    let rank = (sorted.count + saturated) * 9 / 10
    let bright = sorted[rank < sorted.count ? rank : sorted.count * 99 / 100]
    guard bright > 0 else { return 0 }
    return sorted.firstIndex { $0 >= 0.3 * bright } ?? 0
  }
}

extension Frame {
  /// Goes over about `limit` pixels, in snippets of eight rows.
  func forEachSpreadRows(limit: Int, _ body: (Measured) throws -> Void) throws {
    let snippet = 8
    let wanted = max(limit / max(width, 1), 64)
    let stride = max(1, height / wanted)
    for first in Swift.stride(from: 0, to: height, by: snippet * stride) {
      try body(try rows(first..<min(first + snippet, height)))
    }
  }
}
