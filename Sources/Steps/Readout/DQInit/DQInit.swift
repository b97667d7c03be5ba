import Pixels

/// Flags that mean a pixel cannot be used.
private let excluding = DQ.dead | DQ.hot | DQ.otherBadPixel

/// ORs the mask into `quality` and adds `DO_NOT_USE` where a pixel is `DEAD`, `HOT` or `OTHER_BAD_PIXEL`.
///
/// Doing it twice changes nothing more.
/// - Parameter mask: flags of the same shape, or nil.
package func initialiseFlags(_ quality: inout Plane<UInt32>, mask: Plane<UInt32>?) {
  let (width, height) = (quality.width, quality.height)
  quality.withUnsafeMutableBuffer { flags in
    // Bands are disjoint, so no two threads write the same pixel.
    nonisolated(unsafe) let flags = flags
    guard let mask else {
      forEachRowBand(height: height, width: width) { rows in
        for i in rows.lowerBound * width..<rows.upperBound * width { flags[i] = excluded(flags[i]) }
      }
      return
    }
    mask.withUnsafeBuffer { more in
      nonisolated(unsafe) let more = more
      forEachRowBand(height: height, width: width) { rows in
        for i in rows.lowerBound * width..<rows.upperBound * width { flags[i] = excluded(flags[i] | more[i]) }
      }
    }
  }
}

@inline(__always) private func excluded(_ flags: UInt32) -> UInt32 {
  flags & excluding != 0 ? flags | DQ.doNotUse : flags
}

/// The same for an image; pixels that a subarray read at the same time (`holes` not 0) become NaN and
/// `NON_SCIENCE | DO_NOT_USE`.
package func initialiseFlags(_ image: inout Measured, mask: Plane<UInt32>?, holes: Plane<UInt16>?) {
  initialiseFlags(&image.quality, mask: mask)
  guard let holes else { return }
  holes.withUnsafeBuffer { ids in
    image.value.withUnsafeMutableBuffer { values in
      image.quality.withUnsafeMutableBuffer { flags in
        for i in ids.indices where ids[i] != 0 {
          values[i] = .nan
          flags[i] |= DQ.nonScience | DQ.doNotUse
        }
      }
    }
  }
}
