import CSEP
import Pixels

/// An image whose sky was subtracted, ready for measuring: apertures by the SEP library (Barbary 2016), which are
/// SExtractor's (Bertin & Arnouts 1996), with exact overlap of circles, ellipses and pixels.
///
/// Positions count pixels from 0 at the centre of the first, as ``Source`` does. Errors come from the image's own
/// errors, which hold the photon noise already; no gain enters.
public struct PhotometryImage: Sendable {
  /// The values without sky.
  public let value: Plane<Float>
  /// One standard deviation of each pixel, without any correlation between pixels.
  public let error: Plane<Float>
  /// By what errors of sums are larger than those of independent pixels (`NOISECOR` of a resampled image), at least 1.
  public let noiseCorrelation: Double
  /// 1 where a pixel may not be used.
  let mask: Plane<UInt8>
  /// 1 where light of sources may lie: left out of every local sky; nil for the pixels of the segmentation.
  let lit: Plane<UInt8>?
  /// Whose pixel each is: a source's index + 1, or 0; used where a function takes an `owner`.
  let segmentation: Plane<Int32>?

  /// An image to measure in.
  ///
  /// Pixels whose value or error is not finite are masked in any case.
  /// - Parameters:
  ///   - value: values without sky.
  ///   - error: of the same shape.
  ///   - mask: pixels that may not be used.
  ///   - segmentation: pixels of the sources found in it.
  ///   - lit: pixels that no local sky is taken of, e.g. the sources dilated; nil for those of the segmentation.
  ///   - noiseCorrelation: factor on the errors of sums; smaller ones than 1 count as 1.
  /// - Throws: `photometry-shape` when the shapes differ.
  public init(
    value: Plane<Float>, error: Plane<Float>, excluding mask: PixelMask? = nil,
    segmentation: Plane<Int32>? = nil, skyExcluding lit: PixelMask? = nil, noiseCorrelation: Double = 1
  ) throws(SourceExtractionError) {
    let shapes = [
      (error.width, error.height), (mask?.width ?? value.width, mask?.height ?? value.height),
      (lit?.width ?? value.width, lit?.height ?? value.height),
      (segmentation?.width ?? value.width, segmentation?.height ?? value.height),
    ]
    guard value.count > 0, shapes.allSatisfy({ $0 == (value.width, value.height) }) else {
      throw SourceExtractionError(
        code: "photometry-shape", message: "an empty image, or errors or a mask of another shape",
        subject: "photometry")
    }
    self.value = value
    self.error = error
    self.segmentation = segmentation
    self.lit = lit?.plane
    self.noiseCorrelation = max(1, noiseCorrelation.isFinite ? noiseCorrelation : 1)
    var marks = mask?.plane ?? Plane(width: value.width, height: value.height, repeating: 0)
    Self.markNotFinite(value, error, in: &marks)
    self.mask = marks
  }

  private static func markNotFinite(
    _ value: Plane<Float>, _ error: Plane<Float>, in marks: inout Plane<UInt8>
  ) {
    marks.withUnsafeMutableBuffer { marks in
      value.withUnsafeBuffer { value in
        error.withUnsafeBuffer { error in
          for i in 0..<marks.count where !value[i].isFinite || !error[i].isFinite || error[i] < 0 {
            marks[i] = 1
          }
        }
      }
    }
  }

  /// Pixels in a row.
  public var width: Int { value.width }
  /// Rows.
  public var height: Int { value.height }

  /// Calls `body` with the image in the library's form; the pointers hold during the call only.
  ///
  /// - Parameter owned: whether the segmentation goes along; with it and no owner the library would count pixels of no
  ///   source only.
  func withLibraryImage<R>(owned: Bool, _ body: (UnsafePointer<sep_image>) -> R) -> R {
    value.withUnsafeBuffer { value in
      error.withUnsafeBuffer { error in
        mask.withUnsafeBuffer { mask in
          var image = sep_image()
          image.data = UnsafeRawPointer(value.baseAddress)
          image.noise = UnsafeRawPointer(error.baseAddress)
          image.mask = UnsafeRawPointer(mask.baseAddress)
          (image.dtype, image.ndtype, image.mdtype) = (Int32(SEP_TFLOAT), Int32(SEP_TFLOAT), Int32(SEP_TBYTE))
          (image.w, image.h, image.noise_type) = (Int32(width), Int32(height), Int16(SEP_NOISE_STDDEV))
          guard owned, let segmentation else { return withUnsafePointer(to: image, body) }
          return segmentation.withUnsafeBuffer { owners in
            image.segmap = UnsafeRawPointer(owners.baseAddress)
            image.sdtype = Int32(SEP_TINT)
            return withUnsafePointer(to: image, body)
          }
        }
      }
    }
  }
}
