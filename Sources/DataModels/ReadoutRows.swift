import FITSIO
import Pixels

/// The rows of a ramp that is in one file per readout; missing reads are 0 and `DO_NOT_USE`.
struct ReadoutRows: RampRows {
  /// The file and HDU of one read.
  struct Part: Sendable {
    let shared: SharedFile
    let hdu: Int
  }

  let shape: RampShape
  /// By place: integration x reads + read.
  let files: [Int: Part]
  /// Places whose read is there and complete.
  let good: Set<Int>

  func band(_ rows: Range<Int>) throws(ModelError) -> RampBand {
    var band = RampBand(samples: try samples(rows))
    for place in 0..<shape.integrations * shape.reads where !good.contains(place) {
      let bad = Plane<UInt8>(
        width: shape.width, height: rows.count, repeating: UInt8(truncatingIfNeeded: DQ.doNotUse))
      band.groupQuality.setPlane(bad, integration: place / shape.reads, read: place % shape.reads)
    }
    return band
  }

  private func samples(_ rows: Range<Int>) throws(ModelError) -> Ramp<Float> {
    let (part, first) = (rows.count * shape.width, rows.lowerBound * shape.width)
    return try ModelError.wrapping("readouts") {
      try Ramp<Float>(
        uninitializedIntegrations: shape.integrations, reads: shape.reads, height: rows.count,
        width: shape.width
      ) { out in
        for place in 0..<shape.integrations * shape.reads {
          let target = UnsafeMutableBufferPointer(rebasing: out[place * part..<(place + 1) * part])
          guard let file = files[place] else {
            target.initialize(repeating: 0)
            continue
          }
          try ModelError.wrapping(file.shared.path) {
            try file.shared.read { try $0.readPixels(of: file.hdu, into: target, startingAt: first) }
          }
        }
      }
    }
  }
}
