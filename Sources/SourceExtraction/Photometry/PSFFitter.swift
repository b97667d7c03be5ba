import Dispatch
import Foundation
import Pixels

/// Fits a PSF to places of one image.
struct PSFFitter: Sendable {
  let image: PhotometryImage
  let psf: EmpiricalPSF
  let wide: EmpiricalPSF
  let options: PSFPhotometryOptions

  /// The light of one star on one good pixel.
  private struct Sample {
    let px: Double
    let py: Double
    let value: Double
    let variance: Double
  }

  /// All stars, in parallel; `model` holds the light of all of them by the pass before.
  func fitAll(
    _ before: [PSFFit], from places: [(x: Double, y: Double)], without model: Plane<Float>, hasModel: Bool
  ) -> [PSFFit] {
    [PSFFit](unsafeUninitializedCapacity: before.count) { buffer, count in
      // Each turn writes its own element.
      nonisolated(unsafe) let out = buffer
      DispatchQueue.concurrentPerform(iterations: before.count) { i in
        let samples = samples(of: before[i], about: places[i], without: hasModel ? model : nil)
        (out.baseAddress.map { $0 + i })?.initialize(to: fit(samples, before[i], from: places[i]))
      }
      count = before.count
    }
  }

  /// The good pixels about a place, the light of other stars taken off.
  private func samples(
    of star: PSFFit, about place: (x: Double, y: Double), without model: Plane<Float>?
  ) -> [Sample] {
    guard place.x.isFinite, place.y.isFinite else { return [] }
    let radius = min(options.radius, Double(psf.radius) - 1)
    let own = model != nil && star.flux.isFinite ? star.flux : 0
    var samples: [Sample] = []
    image.value.withUnsafeBuffer { values in
      image.error.withUnsafeBuffer { errors in
        psf.grid.withUnsafeBufferPointer { grid in
          guard let grid = grid.baseAddress else { return }
          image.forEachPixel(x: place.x, y: place.y, within: radius) { i, dx, dy in
            let (px, py) = (place.x + dx, place.y + dy)
            var value = Double(values[i])
            if let model {
              value -= model.withUnsafeBuffer { Double($0[i]) }
              if own != 0 { value += own * psf.sample(grid, px - star.x, py - star.y).value }
            }
            let error = Double(errors[i])
            samples.append(Sample(px: px, py: py, value: value, variance: error * error))
          }
        }
      }
    }
    return samples
  }

  private func fit(
    _ samples: [Sample], _ before: PSFFit, from place: (x: Double, y: Double)
  ) -> PSFFit {
    psf.grid.withUnsafeBufferPointer { grid in
      guard let grid = grid.baseAddress, samples.count >= 4 else {
        return PSFFit(unfittedX: place.x, y: place.y)
      }
      var (x, y) = (before.x, before.y)
      var isMoved = true
      for _ in 0..<8 {
        guard let step = step(samples, x, y, grid) else {
          isMoved = false
          break
        }
        x += step.dx
        y += step.dy
        if hypot(step.dx, step.dy) < 1e-4 { break }
      }
      if !isMoved || !(hypot(x - place.x, y - place.y) <= options.maximumShift) {
        (x, y, isMoved) = (place.x, place.y, false)
      }
      return measured(samples, x, y, isMoved, grid)
    }
  }

  /// One step of Gauss and Newton in place, the flux solved for at once; at most half a pixel.
  private func step(
    _ samples: [Sample], _ x: Double, _ y: Double, _ grid: UnsafePointer<Double>
  ) -> (dx: Double, dy: Double)? {
    let flux = self.flux(samples, x, y, grid)
    guard flux.isFinite, flux > 0 else { return nil }
    // Normal equations of flux and shift, the derivatives with the shift being -flux x the PSF's own.
    var (ff, fx, fy, xx, xy, yy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    var (rf, rx, ry) = (0.0, 0.0, 0.0)
    for s in samples {
      let p = psf.sample(grid, s.px - x, s.py - y)
      let (gx, gy, rest) = (-flux * p.dx, -flux * p.dy, s.value - flux * p.value)
      ff += p.value * p.value
      fx += p.value * gx
      fy += p.value * gy
      xx += gx * gx
      xy += gx * gy
      yy += gy * gy
      rf += p.value * rest
      rx += gx * rest
      ry += gy * rest
    }
    // Eliminate the flux.
    let (a, b, c) = (xx - fx * fx / ff, xy - fx * fy / ff, yy - fy * fy / ff)
    let (u, v) = (rx - fx * rf / ff, ry - fy * rf / ff)
    let determinant = a * c - b * b
    guard determinant > 1e-12 * xx * yy else { return nil }
    let (dx, dy) = ((c * u - b * v) / determinant, (a * v - b * u) / determinant)
    let length = hypot(dx, dy)
    guard length.isFinite else { return nil }
    let factor = length > 0.5 ? 0.5 / length : 1
    return (dx * factor, dy * factor)
  }

  private func flux(_ samples: [Sample], _ x: Double, _ y: Double, _ grid: UnsafePointer<Double>) -> Double {
    var (top, bottom) = (0.0, 0.0)
    for s in samples {
      let p = psf.sample(grid, s.px - x, s.py - y).value
      top += p * s.value
      bottom += p * p
    }
    return bottom > 0 ? top / bottom : .nan
  }

  /// Flux, errors and spread at a place.
  private func measured(
    _ samples: [Sample], _ x: Double, _ y: Double, _ isMoved: Bool, _ grid: UnsafePointer<Double>
  ) -> PSFFit {
    wide.grid.withUnsafeBufferPointer { wideGrid in
      guard let wideGrid = wideGrid.baseAddress else { return PSFFit(unfittedX: x, y: y) }
      var (pp, ppv, pd, light) = (0.0, 0.0, 0.0, 0.0)
      var (gg, ggv, hh, hhv) = (0.0, 0.0, 0.0, 0.0)
      var (wd, wp, wwv, wpv) = (0.0, 0.0, 0.0, 0.0)
      for s in samples {
        let p = psf.sample(grid, s.px - x, s.py - y)
        let w = wide.sample(wideGrid, s.px - x, s.py - y).value
        pp += p.value * p.value
        ppv += p.value * p.value * s.variance
        pd += p.value * s.value
        light += p.value
        gg += p.dx * p.dx
        ggv += p.dx * p.dx * s.variance
        hh += p.dy * p.dy
        hhv += p.dy * p.dy * s.variance
        wd += w * s.value
        wp += w * p.value
        wwv += w * w * s.variance
        wpv += w * p.value * s.variance
      }
      guard pp > 0, light > 0.2 * psf.sum else { return PSFFit(unfittedX: x, y: y) }
      let (flux, factor) = (pd / pp, image.noiseCorrelation)
      var fit = PSFFit(unfittedX: x, y: y)
      (fit.flux, fit.fluxError, fit.isMoved) = (flux, factor * ppv.squareRoot() / pp, isMoved)
      fit.share = light / psf.sum
      fit.xError = factor * ggv.squareRoot() / gg / abs(flux)
      fit.yError = factor * hhv.squareRoot() / hh / abs(flux)
      fit.spread = wd / pd - wp / pp
      let variance = (wwv - 2 * wd / pd * wpv + (wd / pd) * (wd / pd) * ppv) / (pd * pd)
      fit.spreadError = factor * max(0, variance).squareRoot()
      return fit
    }
  }

  /// The light of all stars.
  func model(_ fits: [PSFFit]) -> Plane<Float> {
    var plane = Plane<Float>(width: image.width, height: image.height, repeating: 0)
    let reach = psf.radius
    plane.withUnsafeMutableBuffer { out in
      psf.grid.withUnsafeBufferPointer { grid in
        guard let grid = grid.baseAddress else { return }
        for fit in fits where fit.flux.isFinite && fit.x.isFinite && fit.y.isFinite {
          let (cx, cy) = (Int(fit.x.rounded()), Int(fit.y.rounded()))
          for py in max(0, cy - reach)..<max(0, min(image.height, cy + reach + 1)) {
            for px in max(0, cx - reach)..<max(0, min(image.width, cx + reach + 1)) {
              let share = psf.sample(grid, Double(px) - fit.x, Double(py) - fit.y).value
              out[py * image.width + px] += Float(fit.flux * share)
            }
          }
        }
      }
    }
    return plane
  }
}
