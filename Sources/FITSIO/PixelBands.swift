import Dispatch
import FITSStructure

/// Pixels in memory, summed in bands on all cores.
struct PixelBands {
  let type: PixelType
  let bytes: UnsafeRawBufferPointer
  private static let bandBytes = 1 << 18

  /// `DATASUM` of the data unit these pixels make.
  func datasum() -> UInt32 {
    guard let base = bytes.baseAddress else { return 0 }
    let bands = (bytes.count + Self.bandBytes - 1) / Self.bandBytes
    // Each band writes its own sum; the pixels are only read.
    nonisolated(unsafe) let start = base
    let total = bytes.count
    let type = type
    return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: max(1, bands)) { sums in
      nonisolated(unsafe) let results = sums
      DispatchQueue.concurrentPerform(iterations: bands) { band in
        let offset = band * Self.bandBytes
        let size = min(Self.bandBytes, total - offset)
        withUnsafeTemporaryAllocation(byteCount: Self.bandBytes, alignment: 64) { scratch in
          guard let room = scratch.baseAddress else { return }
          results[band] = ByteSwapping.datasum(type, start + offset, count: size / type.bytes, scratch: room)
        }
      }
      return sums[..<bands].reduce(0) { checksumAdd($0, $1) }
    }
  }
}
