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

  func band(_ part: PixelWindow) throws(ModelError) -> RampBand {
    var band = RampBand(samples: try samples(part))
    for place in 0..<shape.integrations * shape.reads where !good.contains(place) {
      let bad = Plane<UInt8>(
        width: part.width, height: part.height, repeating: UInt8(truncatingIfNeeded: DQ.doNotUse))
      band.groupQuality.setPlane(bad, integration: place / shape.reads, read: place % shape.reads)
    }
    return band
  }

  private func samples(_ part: PixelWindow) throws(ModelError) -> Ramp<Float> {
    let (count, first) = (part.count, part.y0 * shape.width + part.x0)
    return try ModelError.wrapping("readouts") {
      try Ramp<Float>(
        uninitializedIntegrations: shape.integrations, reads: shape.reads, height: part.height,
        width: part.width
      ) { out in
        for place in 0..<shape.integrations * shape.reads {
          let target = UnsafeMutableBufferPointer(rebasing: out[place * count..<(place + 1) * count])
          guard let file = files[place] else {
            target.initialize(repeating: 0)
            continue
          }
          try ModelError.wrapping(file.shared.path) {
            try file.shared.read {
              try $0.readRows(
                of: file.hdu, into: target, startingAt: first, runsOf: part.width, every: shape.width)
            }
          }
        }
      }
    }
  }
}
