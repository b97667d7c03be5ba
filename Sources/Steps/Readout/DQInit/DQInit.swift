import Pixels

/// Flags that mean a pixel cannot be used.
private let excluding = DQ.dead | DQ.hot | DQ.otherBadPixel

/// ORs the mask into `quality` and adds `DO_NOT_USE` where a pixel is `DEAD`, `HOT` or `OTHER_BAD_PIXEL`.
///
/// Doing it twice changes nothing more.
/// - Parameter mask: flags of the same shape, or nil.
func initialiseFlags(_ quality: inout Plane<UInt32>, mask: Plane<UInt32>?) {
  quality.withUnsafeMutableBuffer { flags in
    if let mask {
      mask.withUnsafeBuffer { more in for i in flags.indices { flags[i] |= more[i] } }
    }
    for i in flags.indices where flags[i] & excluding != 0 { flags[i] |= DQ.doNotUse }
  }
}

/// The same for an image; pixels that a subarray read at the same time (`holes` not 0) become NaN and
/// `NON_SCIENCE | DO_NOT_USE`.
func initialiseFlags(_ image: inout Measured, mask: Plane<UInt32>?, holes: Plane<UInt16>?) {
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
