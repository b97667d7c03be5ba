import CSEP
import Foundation
import Pixels

/// Where a source is, to a hundredth of a pixel and better: the centre of light in a Gaussian window that
/// follows it (SExtractor's `XWIN_IMAGE`, `YWIN_IMAGE`); pixels count from 0 at the centre of the first.
public struct WindowedPosition: Sendable, Equatable {
  public var x: Double
  public var y: Double
  /// One sigma of each coordinate (`ERRAWIN`, the mean of both axes); not finite when the window holds no
  /// light.
  public var error: Double
  /// Light in the window over its error.
  public var signalToNoise: Double
  /// The window's light, in the unit of the image times the window's weights.
  public var flux: Double
  /// The iteration did not converge, the window reaches beyond the image, or a masked pixel lies within two
  /// sigmas.
  public var isDoubtful: Bool
}

/// Centres of light of sources in Gaussian windows of one width.
///
/// Masked pixels take the mean of their good neighbours: away from the core that moves a centre by less than
/// 0.01 pixel, where leaving them out would move it by several.
/// - Parameters:
///   - image: values without background.
///   - noise: one sigma of each pixel.
///   - mask: pixels that do not count.
///   - sigma: of the window; best that of a star (`windowSigma`).
public func windowedPositions(
  of sources: [Source], in image: Plane<Float>, noise: DetectionNoise, excluding mask: PixelMask? = nil,
  sigma: Double
) -> [WindowedPosition] {
  let window = Window(image: image, noise: noise, mask: mask?.plane, sigma: sigma)
  return sources.map { window.position(startingAt: ($0.x, $0.y)) }
}

/// The width of the window that suits most sources: the standard deviation of a Gaussian with their median
/// half-light radius, SExtractor's rule. Sources that are blended or cut off do not count; nil when none is
/// left.
public func windowSigma(
  of sources: [Source], in image: Plane<Float>, excluding mask: PixelMask? = nil
) -> Double? {
  let whole = sources.filter { $0.flags == 0 && $0.semiMajor > 0 }
  let brightest = whole.sorted { $0.flux > $1.flux }.prefix(200)
  let window = Window(image: image, noise: .constant(1), mask: mask?.plane, sigma: 1)
  let radii = brightest.compactMap { window.halfLightRadius(of: $0) }.sorted()
  // Half of the light of a Gaussian is within 1.1774 sigmas.
  return radii.isEmpty ? nil : max(radii[radii.count / 2] / 1.1774, 0.5)
}

/// An image and a window to look at it through.
private struct Window {
  let image: Plane<Float>
  let noise: DetectionNoise
  let mask: Plane<UInt8>?
  let sigma: Double

  func position(startingAt start: (x: Double, y: Double)) -> WindowedPosition {
    let cutout = Cutout(image, mask, about: start, reach: Int((5 * sigma).rounded(.up)) + 2)
    var (x, y) = (start.x - Double(cutout.x0), start.y - Double(cutout.y0))
    let first = (x, y)
    var (rounds, flag): (Int32, Int16) = (0, 0)
    let status = cutout.values.withUnsafeBufferPointer { values in
      var input = sep_image()
      input.data = UnsafeRawPointer(values.baseAddress)
      input.dtype = Int32(SEP_TFLOAT)
      (input.w, input.h) = (Int32(cutout.width), Int32(cutout.height))
      // 0: exact overlap of pixels and the window's edge.
      return sep_windowed(&input, first.0, first.1, sigma, 0, 0, &x, &y, &rounds, &flag)
    }
    let isLost = status != 0 || !x.isFinite || hypot(x - first.0, y - first.1) > 4 * sigma
    if isLost { (x, y) = first }
    let light = light(in: cutout, at: (x, y))
    let doubt =
      flag & Int16(SEP_APER_TRUNC | SEP_APER_NONPOSITIVE) != 0 || cutout.isRepaired(near: (x, y), 2 * sigma)
    return WindowedPosition(
      x: x + Double(cutout.x0), y: y + Double(cutout.y0), error: light.error,
      signalToNoise: light.sum / light.noise, flux: light.sum, isDoubtful: isLost || doubt || !(light.sum > 0)
    )
  }

  func halfLightRadius(of source: Source) -> Double? {
    withImage { image in
      var (radius, fraction, flag): (Double, Double, Int16) = (0, 0.5, 0)
      let status = sep_flux_radius(
        &image, source.x, source.y, 6 * Double(source.semiMajor), 0, 5, 0, nil, &fraction, 1, &radius, &flag)
      return status == 0 && radius.isFinite && radius > 0 ? radius : nil
    }
  }

  private func withImage<R>(_ body: (inout sep_image) -> R) -> R {
    image.withUnsafeBuffer { values in
      func run(_ marks: UnsafePointer<UInt8>?) -> R {
        var input = sep_image()
        input.data = UnsafeRawPointer(values.baseAddress)
        input.dtype = Int32(SEP_TFLOAT)
        input.mask = marks.map { UnsafeRawPointer($0) }
        input.mdtype = Int32(SEP_TBYTE)
        (input.w, input.h) = (Int32(image.width), Int32(image.height))
        return body(&input)
      }
      guard let mask else { return run(nil) }
      return mask.withUnsafeBuffer { run($0.baseAddress) }
    }
  }

  /// The window's light, its noise, and the error of its centre: `2 sqrt(sum w² d² s²) / sum w I`, the mean
  /// of both axes (SExtractor's `ERRX2WIN`; the 2 is that of the iteration's step).
  private func light(
    in cutout: Cutout, at centre: (x: Double, y: Double)
  ) -> (sum: Double, noise: Double, error: Double) {
    let reach = 4 * sigma
    var (sum, variance, moment) = (0.0, 0.0, 0.0)
    for y in 0..<cutout.height {
      for x in 0..<cutout.width {
        let (dx, dy) = (Double(x) - centre.x, Double(y) - centre.y)
        let squared = dx * dx + dy * dy
        guard squared <= reach * reach else { continue }
        let weight = exp(-squared / (2 * sigma * sigma))
        let error = noise(x + cutout.x0, y + cutout.y0)
        sum += weight * Double(cutout.values[y * cutout.width + x])
        variance += weight * weight * error * error
        moment += weight * weight * error * error * squared / 2
      }
    }
    return (sum, variance.squareRoot(), sum > 0 ? 2 * moment.squareRoot() / sum : .nan)
  }

  private func noise(_ x: Int, _ y: Int) -> Double {
    switch noise {
    case .constant(let sigma): return Double(sigma)
    case .image(let plane):
      let sigma = Double(plane[x, y])
      return sigma.isFinite ? sigma : 0
    }
  }
}

/// The surroundings of a source, masked pixels and those that are not finite replaced.
private struct Cutout {
  let x0: Int
  let y0: Int
  let width: Int
  let height: Int
  private(set) var values: [Float]
  private var repaired: [(x: Int, y: Int)] = []

  init(_ image: Plane<Float>, _ mask: Plane<UInt8>?, about centre: (x: Double, y: Double), reach: Int) {
    let (x, y) = (Int(centre.x.rounded()), Int(centre.y.rounded()))
    x0 = min(max(x - reach, 0), image.width - 1)
    y0 = min(max(y - reach, 0), image.height - 1)
    width = max(min(x + reach + 1, image.width) - x0, 1)
    height = max(min(y + reach + 1, image.height) - y0, 1)
    values = []
    values.reserveCapacity(width * height)
    for v in y0..<y0 + height {
      for u in x0..<x0 + width {
        let isGood = image[u, v].isFinite && mask.map { $0[u, v] == 0 } ?? true
        values.append(isGood ? image[u, v] : .nan)
        if !isGood { repaired.append((u - x0, v - y0)) }
      }
    }
    repair()
  }

  /// Rings of growing size until one holds a good pixel.
  private mutating func repair() {
    let given = values
    for place in repaired {
      for ring in 1...5 {
        var (sum, count): (Float, Float) = (0, 0)
        for v in max(place.y - ring, 0)...min(place.y + ring, height - 1) {
          for u in max(place.x - ring, 0)...min(place.x + ring, width - 1) where given[v * width + u].isFinite
          {
            sum += given[v * width + u]
            count += 1
          }
        }
        values[place.y * width + place.x] = count > 0 ? sum / count : 0
        if count > 0 { break }
      }
    }
  }

  func isRepaired(near centre: (x: Double, y: Double), _ radius: Double) -> Bool {
    repaired.contains { hypot(Double($0.x) - centre.x, Double($0.y) - centre.y) <= radius }
  }
}
