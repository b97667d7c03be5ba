/// One subarray of a map: where it was read inside a full frame.
public struct MappedSubarray: Sendable, Hashable {
  /// Its number in the map, from 1.
  public let id: Int
  /// The smallest window that holds every pixel of that number.
  public let window: PixelWindow
  /// Pixels of that number.
  public let count: Int

  public init(id: Int, window: PixelWindow, count: Int) {
    self.id = id
    self.window = window
    self.count = count
  }

  /// Whether it fills its window.
  public var isRectangle: Bool { count == window.count }
}

/// The subarrays of a map (`SUBARR_MAP`: 0 where the full frame was read, else the subarray's number), by number.
///
/// Every number is found, also behind a missing one, and of a shape that is no rectangle the window that holds it all
/// (the reference pipeline stops at the first missing number and takes the window from the first and the last pixel).
public func subarrays(in map: Plane<UInt16>) -> [MappedSubarray] {
  struct Extent {
    var left: Int
    var right: Int
    let bottom: Int
    var top: Int
    var count = 0
  }
  var found: [UInt16: Extent] = [:]
  let (width, height) = (map.width, map.height)
  map.withUnsafeBuffer { ids in
    for y in 0..<height {
      let row = UnsafeBufferPointer(rebasing: ids[y * width..<(y + 1) * width])
      var x = 0
      while x < width {
        let id = row[x]
        let start = x
        while x < width, row[x] == id { x += 1 }
        guard id != 0 else { continue }
        var extent = found[id] ?? Extent(left: start, right: x - 1, bottom: y, top: y)
        extent.left = min(extent.left, start)
        extent.right = max(extent.right, x - 1)
        extent.top = y
        extent.count += x - start
        found[id] = extent
      }
    }
  }
  return found.sorted { $0.key < $1.key }.map { id, extent in
    MappedSubarray(
      id: Int(id),
      window: PixelWindow(
        x0: extent.left, y0: extent.bottom, width: extent.right - extent.left + 1,
        height: extent.top - extent.bottom + 1), count: extent.count)
  }
}

/// Takes the pixels that subarrays cover out of a full frame, in place: NaN, `NON_SCIENCE | DO_NOT_USE`.
///
/// Doing it twice changes nothing more. The reference pipeline marks the same pixels with bit 4; that bit stays until
/// `insertSubarray` puts a value there.
/// - Precondition: the map has the image's shape.
public func blankSubarrays(_ image: inout Measured, map: Plane<UInt16>) {
  precondition(map.width == image.width && map.height == image.height, "a map of another shape")
  let (width, height) = (image.width, image.height)
  map.withUnsafeBuffer { ids in
    image.value.withUnsafeMutableBuffer { values in
      image.quality.withUnsafeMutableBuffer { flags in
        // Bands are disjoint, so no two threads write the same pixel.
        nonisolated(unsafe) let (ids, values, flags) = (ids, values, flags)
        forEachRowBand(height: height, width: width) { rows in
          for i in rows.lowerBound * width..<rows.upperBound * width where ids[i] != 0 {
            values[i] = .nan
            flags[i] |= DQ.nonScience | DQ.doNotUse
          }
        }
      }
    }
  }
}

/// Puts a subarray's pixels into its place in a full frame, in place.
///
/// Values and errors are the subarray's. Flags are OR-ed, but for the marks that said the full frame had nothing there:
/// `NON_SCIENCE` with its `DO_NOT_USE` and `UNRELIABLE_ERROR`, and bit 4 as the reference pipeline writes it. `DO_NOT_USE` stays with
/// `DEAD`, `HOT` and `OTHER_BAD_PIXEL`, and where the frame had it without `NON_SCIENCE`. (The reference pipeline
/// overwrites the full frame's flags.)
/// - Parameters:
///   - window: the subarray's place in the image.
///   - id: its number in `map`; only pixels of that number are changed.
///   - map: the image's map of subarrays, or nil: then the whole window is changed.
/// - Precondition: the window lies inside the image and has the part's shape, the map the image's.
public func insertSubarray(
  _ part: Measured, at window: PixelWindow, id: UInt16, map: Plane<UInt16>?, into image: inout Measured
) {
  precondition(image.value.bounds.contains(window), "window \(window) does not fit")
  precondition(part.width == window.width && part.height == window.height, "a part of another shape")
  var target = image.cropped(to: window)
  // Without a map every pixel of the window is the subarray's.
  let owners = map?.cropped(to: window) ?? Plane(width: window.width, height: window.height, repeating: id)
  owners.withUnsafeBuffer { owners in
    replace(part.value, in: &target.value, where: owners, are: id)
    replace(part.error, in: &target.error, where: owners, are: id)
    part.quality.withUnsafeBuffer { flags in
      target.quality.withUnsafeMutableBuffer { out in
        for i in 0..<owners.count where owners[i] == id { out[i] = uncovered(out[i]) | flags[i] }
      }
    }
  }
  image.value.paste(target.value, x0: window.x0, y0: window.y0)
  image.error.paste(target.error, x0: window.x0, y0: window.y0)
  image.quality.paste(target.quality, x0: window.x0, y0: window.y0)
}

private func replace(
  _ source: Plane<Float>, in target: inout Plane<Float>, where owners: UnsafeBufferPointer<UInt16>,
  are id: UInt16
) {
  source.withUnsafeBuffer { source in
    target.withUnsafeMutableBuffer { target in
      for i in 0..<owners.count where owners[i] == id { target[i] = source[i] }
    }
  }
}

/// Flags of a full frame's pixel without the marks of a covering subarray.
@inline(__always)
private func uncovered(_ flags: UInt32) -> UInt32 {
  // A hole has no value: what steps after the cut said of its error says nothing of the subarray's.
  let marks =
    flags & DQ.nonScience != 0
    ? DQ.nonScience | DQ.doNotUse | DQ.outlier | DQ.unreliableError : DQ.outlier
  let rest = flags & ~marks
  return rest & (DQ.dead | DQ.hot | DQ.otherBadPixel) != 0 ? rest | DQ.doNotUse : rest
}
