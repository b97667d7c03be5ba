extension Ramp {
  /// A copy of some rows of every read.
  ///
  /// - Precondition: the rows are the ramp's.
  public func rows(_ rows: Range<Int>) -> Ramp {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= height, "rows outside the ramp")
    if rows == 0..<height { return self }
    let part = rows.count * width
    return Ramp(
      uninitializedIntegrations: integrations, reads: reads, height: rows.count, width: width
    ) { out in
      guard part > 0 else { return }
      for plane in 0..<integrations * reads {
        let source = storage.base + (plane * height + rows.lowerBound) * width
        out.baseAddress.map { ($0 + plane * part).initialize(from: source, count: part) }
      }
    }
  }

  /// A copy of a part of every read.
  ///
  /// - Precondition: the part lies in the ramp's window.
  public func cropped(to part: PixelWindow) -> Ramp {
    let wanted = part.y0..<part.y0 + part.height
    if part.x0 == 0, part.width == width { return rows(wanted) }
    precondition(
      part.x0 >= 0 && part.x0 + part.width <= width && part.y0 >= 0 && wanted.upperBound <= height,
      "a part outside the ramp")
    return Ramp(
      uninitializedIntegrations: integrations, reads: reads, height: part.height, width: part.width
    ) { out in
      guard let base = out.baseAddress else { return }
      for row in 0..<integrations * reads * part.height {
        let (plane, y) = (row / part.height, row % part.height)
        let source = storage.base + ((plane * height + part.y0 + y) * width + part.x0)
        (base + row * part.width).initialize(from: source, count: part.width)
      }
    }
  }

  /// Every sample changed by `transform`.
  public func map<T: PixelScalar>(_ transform: (Element) -> T) -> Ramp<T> {
    Ramp<T>(uninitializedIntegrations: integrations, reads: reads, height: height, width: width) { out in
      withUnsafeBuffer { source in
        for i in source.indices { out[i] = transform(source[i]) }
      }
    }
  }
}
