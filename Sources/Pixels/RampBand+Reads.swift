extension RampBand {
  /// Raises `DO_NOT_USE` in every pixel of some reads: they are missing, which is no gap in time.
  ///
  /// - Parameter reads: numbers from 0 of the reads of each integration (by number from 0).
  public mutating func excludeReads(_ reads: [Int: Set<Int>]) {
    let (pixels, count, integrations) = (samples.planeCount, self.reads, integrations)
    groupQuality.withUnsafeMutableBuffer { flags in
      for (integration, numbers) in reads where integration < integrations {
        for read in numbers where read < count {
          let start = (integration * count + read) * pixels
          for i in start..<start + pixels { flags[i] |= UInt8(DQ.doNotUse) }
        }
      }
    }
  }
}

extension Ramp where Element == UInt8 {
  /// The reads of each integration (both from 0) in which every pixel has one of `flags`.
  func wholeReads(flagged flags: UInt8) -> [Int: Set<Int>] {
    withUnsafeBuffer { all in
      var found: [Int: Set<Int>] = [:]
      for plane in 0..<integrations * reads where planeCount > 0 {
        let range = plane * planeCount..<(plane + 1) * planeCount
        guard all[range.lowerBound] & flags != 0, range.allSatisfy({ all[$0] & flags != 0 }) else { continue }
        found[plane / reads, default: []].insert(plane % reads)
      }
      return found
    }
  }
}
