import CSEP
import Pixels
import Synchronization

/// Finds the sources of an image from which the background was subtracted, by `sep_extract`.
///
/// Searches run one at a time in a process: the library's limits (pixels above the threshold at once, parts of a
/// source) are settings of the process. Both are raised as far as an image needs them.
/// - Parameters:
///   - image: values; pixels that are not finite must be masked.
///   - noise: what the threshold is counted in.
///   - mask: pixels that belong to no source.
///   - options: threshold, smallest area, filter, separation of neighbours.
/// - Throws: `detection-value` for options out of range, or what the library says.
public func extractSources(
  from image: Plane<Float>, noise: DetectionNoise, excluding mask: PixelMask? = nil,
  options: DetectionOptions = DetectionOptions()
) throws(SourceExtractionError) -> SourceCatalog {
  try check(image, noise, mask, options)
  let search = Search(image: image, noise: noise, mask: mask?.plane, options: options)
  return try limits.withLock { limits throws(SourceExtractionError) in
    while true {
      sep_set_extract_pixstack(limits.pixels)
      sep_set_sub_object_limit(limits.parts)
      switch search.run() {
      case .success(let catalog): return catalog
      case .failure(let status) where status == Limits.pixelsReached && limits.pixels < image.count:
        limits.pixels = min(4 * limits.pixels, image.count + 1)
      case .failure(let status) where status == Limits.partsReached && limits.parts < 1 << 20:
        limits.parts *= 4
      case .failure(let status):
        throw SourceExtractionError(
          status: status, subject: "source detection", hint: "raise the threshold or the smallest area")
      }
    }
  }
}

/// The library's settings of the process, and the lock for them.
private let limits = Mutex(Limits())

private struct Limits {
  var pixels = 300_000
  var parts: Int32 = 1024

  /// The library's status when either was too small.
  static let pixelsReached: Int32 = 2
  static let partsReached: Int32 = 7
}

private func check(
  _ image: Plane<Float>, _ noise: DetectionNoise, _ mask: PixelMask?, _ options: DetectionOptions
) throws(SourceExtractionError) {
  func fail(_ message: String) -> SourceExtractionError {
    SourceExtractionError(code: "detection-value", message: message, subject: "source detection")
  }
  guard image.count > 0 else { throw fail("the image is empty") }
  guard options.threshold > 0, options.minimumArea > 0, options.deblendingLevels > 0 else {
    throw fail("threshold, area and levels must be positive")
  }
  switch noise {
  case .constant(let sigma):
    guard sigma > 0, sigma.isFinite else { throw fail("a noise of \(sigma)") }
  case .image(let plane):
    guard plane.width == image.width, plane.height == image.height else {
      throw fail("noise of another shape than the image")
    }
  }
  if let mask, mask.width != image.width || mask.height != image.height {
    throw fail("a mask of another shape than the image")
  }
}

/// One search, its inputs held.
private struct Search {
  let image: Plane<Float>
  let noise: DetectionNoise
  let mask: Plane<UInt8>?
  let options: DetectionOptions

  enum Outcome {
    case success(SourceCatalog)
    case failure(Int32)
  }

  func run() -> Outcome {
    image.withUnsafeBuffer { values in
      withMarks { marks in
        withNoise { sigmas, sigma in
          var input = sep_image()
          input.data = UnsafeRawPointer(values.baseAddress)
          input.dtype = Int32(SEP_TFLOAT)
          input.mask = marks.map { UnsafeRawPointer($0) }
          input.mdtype = Int32(SEP_TBYTE)
          input.noise = sigmas.map { UnsafeRawPointer($0) }
          input.ndtype = Int32(SEP_TFLOAT)
          input.noiseval = Double(sigma)
          input.noise_type = Int16(SEP_NOISE_STDDEV)
          (input.w, input.h, input.gain) = (Int32(image.width), Int32(image.height), 1)
          return extract(&input)
        }
      }
    }
  }

  private func extract(_ input: inout sep_image) -> Outcome {
    var found: UnsafeMutablePointer<sep_catalog>?
    let kernel = options.kernel
    let status = (kernel?.weights ?? []).withUnsafeBufferPointer { weights in
      sep_extract(
        &input, options.threshold, Int32(SEP_THRESH_REL), Int32(options.minimumArea),
        kernel == nil ? nil : weights.baseAddress, Int32(kernel?.width ?? 0), Int32(kernel?.height ?? 0),
        Int32(options.isMatched ? SEP_FILTER_MATCHED : SEP_FILTER_CONV), Int32(options.deblendingLevels),
        options.deblendingContrast, options.cleaning == nil ? 0 : 1, options.cleaning ?? 1, &found)
    }
    defer { if let found { sep_catalog_free(found) } }
    guard status == 0, let found else { return .failure(status == 0 ? 1 : status) }
    return .success(catalog(found.pointee))
  }

  private func catalog(_ found: sep_catalog) -> SourceCatalog {
    var segmentation = Plane<Int32>(width: image.width, height: image.height, repeating: 0)
    let sources = (0..<Int(found.nobj)).map { source($0, of: found) }
    segmentation.withUnsafeMutableBuffer { pixels in
      for i in sources.indices {
        guard let members = found.pix[i] else { continue }
        for j in 0..<sources[i].pixelCount { pixels[Int(members[j])] = Int32(i + 1) }
      }
    }
    return SourceCatalog(sources: sources, segmentation: segmentation)
  }

  private func source(_ i: Int, of found: sep_catalog) -> Source {
    Source(
      x: found.x[i], y: found.y[i], semiMajor: found.a[i], semiMinor: found.b[i], angle: found.theta[i],
      flux: found.flux[i], peak: found.peak[i], pixelCount: Int(found.npix[i]),
      bounds: PixelWindow(
        x0: Int(found.xmin[i]), y0: Int(found.ymin[i]), width: Int(found.xmax[i] - found.xmin[i]) + 1,
        height: Int(found.ymax[i] - found.ymin[i]) + 1), flags: Int(found.flag[i]))
  }

  private func withMarks<R>(_ body: (UnsafePointer<UInt8>?) -> R) -> R {
    guard let mask else { return body(nil) }
    return mask.withUnsafeBuffer { body($0.baseAddress) }
  }

  private func withNoise<R>(_ body: (UnsafePointer<Float>?, Float) -> R) -> R {
    switch noise {
    case .constant(let sigma): return body(nil, sigma)
    case .image(let plane): return plane.withUnsafeBuffer { body($0.baseAddress, 0) }
    }
  }
}
