import CPNG
import CZlib
import Pixels

/// Draws quick-look pictures of images: grey, averaged down to a screen, in the contrast of zscale.
///
/// North is not sought: rows rise as in every FITS viewer, the first at the bottom.
public struct QuickLookPicture: Sendable {
  /// How the greys are chosen.
  public enum Scale: Sendable, Equatable {
    case zscale(ZScale)
    case range(DisplayLimits)
  }

  /// What the picture says of itself in its text chunks.
  public struct Caption: Sendable, Equatable {
    /// Bare name of the file it is of (`Title`).
    public var fileName: String
    /// Unit of the limits as FITS writes it; empty for none.
    public var unit: String
    /// Program and version.
    public var software: String

    public init(fileName: String, unit: String, software: String) {
      self.fileName = fileName
      self.unit = unit
      self.software = software
    }
  }

  public var scale: Scale
  /// The most pixels along a side.
  public var side: Int

  public init(scale: Scale = .zscale(ZScale()), side: Int = 1024) {
    self.scale = scale
    self.side = side
  }

  /// The picture of an image as the bytes of a PNG file.
  ///
  /// Each pixel is the mean of the good ones it stands for. Where none is (NaN, infinite, `DO_NOT_USE`), the grey is
  /// 0, which is transparent; the good ones have 1 (at and below the low limit) to 255.
  /// - Throws: `QuickLookError` `no-pixels` for an image of no extent, `bad-range`, `encoding-failed`.
  public func png(
    of value: Plane<Float>, quality: Plane<UInt32>? = nil, caption: Caption
  ) throws(QuickLookError) -> [UInt8] {
    guard value.count > 0 else {
      throw QuickLookError("no-pixels", "the image has no pixels", subject: caption.fileName)
    }
    let image = BinnedImage(value, quality: quality, side: side)
    let limits = try limits(of: image, subject: caption.fileName)
    let greys = Self.greys(of: image, limits)
    return try GreyPNG.encode(
      greys, width: image.width, height: image.height, texts: texts(caption, limits, image),
      subject: caption.fileName)
  }

  /// nil when no pixel is good.
  private func limits(of image: BinnedImage, subject: String) throws(QuickLookError) -> DisplayLimits? {
    switch scale {
    case .zscale(let zscale): return zscale.limits(ofSample: image.sample(zscale.samples))
    case .range(let limits):
      guard limits.low < limits.high else {
        throw QuickLookError(
          "bad-range", "the range must rise, not go from \(limits.low) to \(limits.high)", subject: subject,
          hint: "tmtrun preview --range 0,100")
      }
      return limits
    }
  }

  private static func greys(of image: BinnedImage, _ limits: DisplayLimits?) -> [UInt8] {
    guard let limits else { return [UInt8](repeating: 0, count: image.means.count) }
    let low = Float(limits.low)
    let span = Float(limits.high - limits.low)
    return [UInt8](unsafeUninitializedCapacity: image.means.count) { greys, count in
      image.means.withUnsafeBufferPointer { means in
        for y in 0..<image.height {
          let (from, to) = (y * image.width, (image.height - 1 - y) * image.width)
          for x in 0..<image.width { greys[to + x] = grey(means[from + x], low, span) }
        }
      }
      count = image.means.count
    }
  }

  /// Of an image of one value (`span` 0) all is mid-grey.
  private static func grey(_ mean: Float, _ low: Float, _ span: Float) -> UInt8 {
    guard !mean.isNaN else { return 0 }
    let part = span > 0 ? (mean - low) / span : mean < low ? 0 : mean > low ? 1 : 0.5
    return UInt8(1 + 254 * min(max(part, 0), 1) + 0.5)
  }

  private func texts(
    _ caption: Caption, _ limits: DisplayLimits?, _ image: BinnedImage
  ) -> [(keyword: String, text: String)] {
    var texts = [("Title", caption.fileName), ("Software", caption.software)]
    if let limits {
      let name = if case .zscale = scale { "zscale" } else { "range" }
      texts += [("Scale", name), ("Low", "\(Float(limits.low))"), ("High", "\(Float(limits.high))")]
    }
    if !caption.unit.isEmpty { texts.append(("Unit", caption.unit)) }
    return texts + [("Binning", "\(image.binning)")]
  }

  /// Versions of the libraries that draw.
  public static var linkedSoftware: [String: String] {
    ["libpng": String(cString: cpng_version()), "zlib": String(cString: zlibVersion())]
  }
}
