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

  /// Every sample changed by `transform`.
  public func map<T: PixelScalar>(_ transform: (Element) -> T) -> Ramp<T> {
    Ramp<T>(uninitializedIntegrations: integrations, reads: reads, height: height, width: width) { out in
      withUnsafeBuffer { source in
        for i in source.indices { out[i] = transform(source[i]) }
      }
    }
  }
}
