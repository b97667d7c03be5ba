import Pixels

/// One PSF, or several of one size with the places in the image that they are of.
///
/// A PSF's centre is its pixel (width / 2, height / 2), counted from 0 and rounded down: what it holds there
/// stays in place, and a PSF that is shifted shifts the result. Values below 0 (of a resampled PSF) count as
/// 0, and the sum is made 1.
public struct PointSpread: Sendable {
  /// Where a PSF is of: a pixel of the image, counted from 0; need not be inside.
  public struct Place: Sendable, Equatable {
    /// Column.
    public let x: Double
    /// Row.
    public let y: Double

    /// A place by column and row.
    public init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// The PSFs, each of sum 1.
  let kernels: [Plane<Float>]
  private let places: [Place]

  /// Pixels in a row of a PSF.
  public var width: Int { kernels[0].width }
  /// Rows of a PSF.
  public var height: Int { kernels[0].height }
  /// Whether it differs over the image.
  var varies: Bool { kernels.count > 1 }

  /// The same PSF everywhere.
  ///
  /// - Throws: as `init(_:at:)`.
  public init(_ psf: Plane<Float>) throws(DeconvolutionError) { try self.init([psf], at: []) }

  /// PSFs measured at places of the image; between them each is weighted by the inverse square of its
  /// distance, of the four nearest ones.
  ///
  /// - Throws: `psf-empty`, `psf-shape` (they differ in size), `psf-places` (not one place for each, or one
  ///   twice), `psf-value` (no light, or not finite).
  public init(_ psfs: [Plane<Float>], at places: [Place]) throws(DeconvolutionError) {
    guard let first = psfs.first, first.count > 0 else {
      throw DeconvolutionError(code: "psf-empty", message: "there is no PSF", subject: "PSF")
    }
    guard psfs.allSatisfy({ $0.width == first.width && $0.height == first.height }) else {
      throw DeconvolutionError(code: "psf-shape", message: "PSFs differ in size", subject: "PSF")
    }
    guard psfs.count == 1 || places.count == psfs.count,
      places.allSatisfy({ $0.x.isFinite && $0.y.isFinite }),
      !places.indices.contains(where: { places[..<$0].contains(places[$0]) })
    else {
      throw DeconvolutionError(
        code: "psf-places", message: "\(places.count) places for \(psfs.count) PSFs", subject: "PSF",
        hint: "one finite place for each PSF, no place twice")
    }
    var kernels: [Plane<Float>] = []
    for (i, psf) in psfs.enumerated() { kernels.append(try Self.normalized(psf, number: i + 1)) }
    self.kernels = kernels
    self.places = places
  }

  private static func normalized(_ psf: Plane<Float>, number: Int) throws(DeconvolutionError) -> Plane<Float>
  {
    let sum = psf.withUnsafeBuffer { $0.reduce(0.0) { $0 + ($1 < 0 ? 0 : Double($1)) } }
    guard sum > 0, sum.isFinite else {
      throw DeconvolutionError(
        code: "psf-value", message: "PSF \(number) has no light, or pixels without a number", subject: "PSF")
    }
    let scale = 1 / sum
    return psf.map { $0 < 0 ? 0 : Float(Double($0) * scale) }
  }

  /// The PSF at a place of the image.
  func kernel(at place: Place) -> Plane<Float> {
    guard varies else { return kernels[0] }
    let squares = places.map {
      ($0.x - place.x) * ($0.x - place.x) + ($0.y - place.y) * ($0.y - place.y)
    }
    let nearest = squares.indices.sorted { squares[$0] < squares[$1] }.prefix(4)
    if let here = nearest.first, squares[here] == 0 { return kernels[here] }
    let total = nearest.reduce(0) { $0 + 1 / squares[$1] }
    var mean = [Float](repeating: 0, count: width * height)
    for i in nearest {
      let weight = Float(1 / squares[i] / total)
      kernels[i].withUnsafeBuffer { for k in mean.indices { mean[k] += weight * $0[k] } }
    }
    return Plane(width: width, height: height, elements: mean)
  }

  /// How far the farthest PSF's centre of light is from its centre pixel, pixels.
  public var greatestOffset: Double {
    kernels.map { kernel in
      var (x, y) = (0.0, 0.0)
      kernel.withUnsafeBuffer {
        for i in $0.indices {
          x += Double($0[i]) * Double(i % kernel.width - kernel.width / 2)
          y += Double($0[i]) * Double(i / kernel.width - kernel.height / 2)
        }
      }
      return (x * x + y * y).squareRoot()
    }.max() ?? 0
  }
}
