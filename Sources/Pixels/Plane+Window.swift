extension Plane {
  /// The window that covers the whole plane.
  public var bounds: PixelWindow { PixelWindow(x0: 0, y0: 0, width: width, height: height) }

  /// The pixels inside `window`, as a plane of the window's size.
  ///
  /// - Precondition: the window lies inside the plane (`bounds.contains(window)`); callers that take windows
  ///   from headers check first and name both windows in their error.
  public func cropped(to window: PixelWindow) -> Plane {
    precondition(bounds.contains(window), "window \(window) does not fit in \(bounds)")
    if window == bounds { return self }
    return Plane(uninitializedWidth: window.width, height: window.height) { out in
      guard let target = out.baseAddress else { return }
      for row in 0..<window.height {
        let source = storage.base + ((window.y0 + row) * width + window.x0)
        (target + row * window.width).initialize(from: source, count: window.width)
      }
    }
  }

  /// Whole rows of the plane.
  ///
  /// - Precondition: the rows are the plane's.
  public func rows(_ rows: Range<Int>) -> Plane {
    cropped(to: PixelWindow(x0: 0, y0: rows.lowerBound, width: width, height: rows.count))
  }

  /// Writes `part` into the plane with its first pixel at (`x0`, `y0`).
  ///
  /// - Precondition: the part fits.
  public mutating func paste(_ part: Plane, x0: Int, y0: Int) {
    let window = PixelWindow(x0: x0, y0: y0, width: part.width, height: part.height)
    precondition(bounds.contains(window), "window \(window) does not fit in \(bounds)")
    makeUnique()
    for row in 0..<part.height {
      let target = storage.base + ((y0 + row) * width + x0)
      target.update(from: part.storage.base + row * part.width, count: part.width)
    }
  }

  /// A plane of the same shape whose pixels are `transform` of these.
  @inlinable
  public func map<Other: PixelScalar>(_ transform: (Element) throws -> Other) rethrows -> Plane<Other> {
    try Plane<Other>(uninitializedWidth: width, height: height) { out in
      try withUnsafeBuffer { source in
        for i in 0..<source.count { out.initializeElement(at: i, to: try transform(source[i])) }
      }
    }
  }
}
