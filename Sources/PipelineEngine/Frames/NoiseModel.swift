import Metadata
import Pixels

/// Variance of a raw count rate from gain, read noise and sampling, where the frame itself has no ERR.
///
/// With `r` the rate in e-/s, `R` the read noise of one read in e-, `T` the exposure time and `n` or `m` the reads:
/// - one read: `r/T + R²/T²`; CDS: `r/T + 2R²/T²`;
/// - MCDS: `(r/T)(1 - (m² - 1)δ/(3mT)) + 2R²/(mT²)` with `δ` the time between reads (Vacca, Cushing & Rayner 2004);
/// - UTR of equal weights: `1.2(n² + 1)/(n(n² - 1)) r/δ + 12R²/((n³ - n)δ²)`, `δ = T/(n - 1)`.
///
/// The mean of several ramps or coadds divides it by their number.
public struct NoiseModel: Sendable, Hashable {
  /// Variance in (DN/s)² is `poisson * max(rate, 0) + constant`, rate in DN/s.
  public let poisson: Double
  public let constant: Double

  public init(poisson: Double, constant: Double) {
    self.poisson = poisson
    self.constant = constant
  }

  /// - Parameters:
  ///   - gain: e-/DN, above 0.
  ///   - readNoise: e- of a single read.
  ///   - seconds: time over which the rate was measured, above 0.
  ///   - readSpacing: seconds between two reads of a group, where known (MCDS).
  ///   - repeats: ramps times coadds that were averaged.
  public init(
    gain: Double, readNoise: Double, seconds: Double, sampling: Sampling, readSpacing: Double? = nil,
    repeats: Int = 1
  ) {
    let (photons, reads) = sampling.factors(seconds: seconds, readSpacing: readSpacing)
    poisson = photons / gain / Double(max(1, repeats))
    constant = reads * readNoise * readNoise / (gain * gain) / Double(max(1, repeats))
  }

  /// How the detector was read.
  public enum Sampling: Sendable, Hashable {
    case single
    case cds
    /// Reads in each of the two groups.
    case mcds(Int)
    /// Reads up the ramp.
    case utr(Int)

    /// From READMODE/SAMPMODE and the number of reads; nil when they do not say.
    public init?(mode: String?, reads: Int?) {
      switch (mode?.uppercased(), reads) {
      case ("SINGLE", _): self = .single
      case ("CDS", _): self = .cds
      case ("MCDS", let reads?), ("MDS", let reads?), ("FOWLER", let reads?):
        self = reads <= 1 ? .cds : .mcds(reads / 2)
      case ("UTR", let reads?), ("SLOPE", let reads?): self = reads < 3 ? .cds : .utr(reads)
      case (nil, let reads?) where reads > 2: self = .utr(reads)
      case (nil, 2?): self = .cds
      case (nil, 1?): self = .single
      default: return nil
      }
    }

    /// Factors of the rate and of R² in the variance, electrons.
    func factors(seconds t: Double, readSpacing: Double?) -> (photons: Double, reads: Double) {
      switch self {
      case .single: return (1 / t, 1 / (t * t))
      case .cds: return (1 / t, 2 / (t * t))
      case .mcds(let reads):
        let m = Double(max(1, reads))
        let overlap = (readSpacing ?? 0) * (m * m - 1) / (3 * m * t)
        return ((1 - overlap) / t, 2 / (m * t * t))
      case .utr(let reads):
        let n = Double(max(2, reads))
        let spacing = t / (n - 1)
        return (
          1.2 * (n * n + 1) / (n * (n * n - 1)) / spacing, 12 / ((n * n * n - n) * spacing * spacing)
        )
      }
    }
  }

  /// Writes errors of rates in DN/s, row-parallel.
  package func fill(_ pixels: inout Measured) {
    let (a, b, width) = (Float(poisson), Float(constant), pixels.width)
    pixels.value.withUnsafeBuffer { values in
      pixels.error.withUnsafeMutableBuffer { errors in
        // Bands are disjoint, so no two threads write the same pixel.
        nonisolated(unsafe) let (source, target) = (values, errors)
        forEachRowBand(height: values.count / max(width, 1), width: width) { rows in
          for i in rows.lowerBound * width..<rows.upperBound * width {
            target[i] = (a * max(source[i], 0) + b).squareRoot()
          }
        }
      }
    }
  }
}
