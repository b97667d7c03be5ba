import Pixels

/// The error of a master that was subtracted from several frames, kept apart from their own errors.
///
/// The same master is in every frame, so averaging does not make its error smaller: `FrameStack` combines the frames'
/// own errors and adds this once. Whoever reads a frame's pixels sees both.
public struct SharedError: Sendable {
  /// Name of the master: frames that name the same one share its error.
  public let name: String
  /// How many times the master's error is in the frame; negative where it was added.
  package private(set) var factor: Float
  private let master: Measured

  /// `factor` times the error of a master that was cut to the frame's window.
  public init(of master: Measured, named name: String, factor: Float = 1) {
    self.master = master
    self.name = name
    self.factor = factor
  }

  /// The same master with `multiple` times the factor.
  package func times(_ multiple: Float) -> SharedError {
    SharedError(of: master, named: name, factor: factor * multiple)
  }

  /// The same master with another factor.
  func with(factor: Float) -> SharedError { SharedError(of: master, named: name, factor: factor) }

  /// The error, `|factor| sigma`; 0 where the master has no value or no error, for nothing was subtracted there or
  /// nothing is known (`UNRELIABLE_DARK`, `UNRELIABLE_ERROR`).
  public var plane: Plane<Float> {
    var errors = Plane<Float>(width: master.width, height: master.height, repeating: 0)
    change(&errors, 0..<master.height, sign: 1)
    return errors
  }

  /// `error = sqrt(error² + (factor sigma)²)` in rows of the frame.
  package func add(to pixels: inout Measured, rows: Range<Int>) {
    change(&pixels.error, rows, sign: 1)
  }

  /// `error = sqrt(error² - (factor sigma)²)` in rows of the frame, at least 0.
  package func remove(from pixels: inout Measured, rows: Range<Int>) {
    change(&pixels.error, rows, sign: -1)
  }

  private func change(_ plane: inout Plane<Float>, _ rows: Range<Int>, sign: Float) {
    let width = master.width
    let first = rows.lowerBound * width
    let factor = factor
    plane.withUnsafeMutableBuffer { errors in
      master.value.withUnsafeBuffer { values in
        master.error.withUnsafeBuffer { sigmas in
          // Bands are disjoint, so no two threads write the same pixel.
          nonisolated(unsafe) let (out, values, sigmas) = (errors, values, sigmas)
          forEachRowBand(height: rows.count, width: width) { band in
            for i in band.lowerBound * width..<band.upperBound * width {
              let known = values[first + i].isFinite && sigmas[first + i].isFinite
              let e = known ? factor * sigmas[first + i] : 0
              let variance = out[i] * out[i] + sign * (e * e)
              // A NaN fails the comparison and stays.
              out[i] = variance < 0 ? 0 : variance.squareRoot()
            }
          }
        }
      }
    }
  }
}
