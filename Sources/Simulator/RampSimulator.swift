import Pixels

/// Reads a detector up the ramp: photons arrive one by one, every read adds its noise, the converter rounds.
///
/// The same exposure gives the same reads whether they are delivered as reads or already fitted.
struct RampSimulator: Sendable {
  let detector: DetectorModel
  let timing: RampTiming
  /// Names the exposure among all of a seed.
  let stream: [UInt64]
  /// The part of the detector that is read.
  let window: ReadWindow
  /// Reads the rows of a detector that has more than an ideal amplifier.
  let reader: DetailedReader?

  /// The full scale of the converter.
  static let fullScale: UInt16 = .max

  /// A level 1 frame as the detector server makes it: the ramps' mean rate in adu/s, its error, and
  /// `DQ.saturated` with `DQ.doNotUse` where a read reached full scale. See `RampTiming` for the error.
  ///
  /// - Parameter expected: photo-electrons and dark electrons per second.
  func rate(of expected: Plane<Float>) -> Measured {
    let (width, height, reads) = (expected.width, expected.height, timing.readTimes.count)
    var result = Measured(width: width, height: height)
    result.value.withUnsafeMutableBuffer { value in
      result.error.withUnsafeMutableBuffer { error in
        result.quality.withUnsafeMutableBuffer { quality in
          nonisolated(unsafe) let out = (value: value, error: error, quality: quality)
          forEachRow(of: expected) { y, row in
            withUnsafeTemporaryAllocation(of: UInt16.self, capacity: reads * width) { samples in
              read(row, y: y, integration: 0, into: samples, saturatedFrom: nil)
              for x in 0..<width {
                fit(
                  samples, x, width, y * width + x, value: out.value, error: out.error, quality: out.quality)
              }
            }
          }
        }
      }
    }
    return result
  }

  /// The reads themselves in adu, and where the detector is not ideal the first read of each integration in which a
  /// pixel is full.
  func exposed(
    to expected: Plane<Float>, integrations: Int
  ) -> (samples: Ramp<UInt16>, saturatedFrom: [Plane<Int16>]) {
    let (width, height) = (expected.width, expected.height)
    guard reader != nil else { return (ramp(of: expected, integrations: integrations, nil), []) }
    var saturated = Ramp<Int16>(
      integrations: integrations, reads: 1, height: height, width: width, repeating: 0)
    let samples = saturated.withUnsafeMutableBuffer { ramp(of: expected, integrations: integrations, $0) }
    return (samples, (0..<integrations).map { saturated.plane(integration: $0, read: 0) })
  }

  private func ramp(
    of expected: Plane<Float>, integrations: Int, _ saturated: UnsafeMutableBufferPointer<Int16>?
  ) -> Ramp<UInt16> {
    let (width, height, reads) = (expected.width, expected.height, timing.readTimes.count)
    return Ramp(uninitializedIntegrations: integrations, reads: reads, height: height, width: width) { out in
      nonisolated(unsafe) let (out, saturated) = (out, saturated)
      for integration in 0..<integrations {
        forEachRow(of: expected) { y, row in
          withUnsafeTemporaryAllocation(of: UInt16.self, capacity: reads * width) { samples in
            let first = (integration * height + y) * width
            read(
              row, y: y, integration: integration, into: samples,
              saturatedFrom: saturated.map { .init(rebasing: $0[first..<first + width]) })
            for k in 0..<reads {
              let start = ((integration * reads + k) * height + y) * width
              for x in 0..<width { out[start + x] = samples[k * width + x] }
            }
          }
        }
      }
    }
  }

  private func forEachRow(
    of expected: Plane<Float>, _ body: @Sendable (Int, UnsafeBufferPointer<Float>) -> Void
  ) {
    let (width, height) = (expected.width, expected.height)
    expected.withUnsafeBuffer { pixels in
      nonisolated(unsafe) let pixels = pixels
      forEachRowBand(height: height, width: width) { rows in
        for y in rows { body(y, UnsafeBufferPointer(rebasing: pixels[y * width..<(y + 1) * width])) }
      }
    }
  }

  /// Reads one row; `samples` is (read, x).
  private func read(
    _ row: UnsafeBufferPointer<Float>, y: Int, integration: Int,
    into samples: UnsafeMutableBufferPointer<UInt16>, saturatedFrom: UnsafeMutableBufferPointer<Int16>?
  ) {
    if let reader {
      reader.read(row, y: y, integration: integration, into: samples, saturatedFrom: saturatedFrom)
    } else {
      readIdeally(row, y: y, integration: integration, into: samples)
    }
    let (row, width) = (y + window.y, row.count)
    for pixel in detector.telegraph[row] ?? [] where (0..<width).contains(pixel.x - window.x) {
      addTelegraph(pixel.x - window.x, pixel.electrons, y: row, integration: integration, width, samples)
    }
  }

  /// Photons one by one, the noise of each read, the rounding of the converter.
  private func readIdeally(
    _ row: UnsafeBufferPointer<Float>, y: Int, integration: Int,
    into samples: UnsafeMutableBufferPointer<UInt16>
  ) {
    var random = RandomStream(keys: stream + [UInt64(integration), UInt64(y + window.y)])
    let (width, times) = (row.count, timing.readTimes)
    let (inverseGain, noise) = (1 / detector.gain, detector.readNoise / detector.gain)
    GaussianDeviates.standard.withSource { gauss in
      for x in 0..<width {
        // The reset leaves a level of its own in every pixel (kTC noise): it cancels in the rate.
        let pedestal = 1000 + 10 * gauss.next(&random)
        let rate = Double(row[x])
        var (electrons, last, interval) = (0.0, 0.0, -1.0)
        var photons = PoissonDeviates(mean: 0)
        for k in times.indices {
          let elapsed = times[k] - last
          if abs(elapsed - interval) > 1e-9 {
            interval = elapsed
            photons = PoissonDeviates(mean: rate * elapsed)
          }
          last = times[k]
          electrons += photons.next(&random)
          let level = (pedestal + electrons * inverseGain + noise * gauss.next(&random)).rounded()
          samples[k * width + x] = UInt16(min(max(level, 0), Double(Self.fullScale)))
        }
      }
    }
  }

  /// Random telegraph noise: a trapped charge comes and goes. From read to read the state changes with a probability of
  /// 0.4; drawn from a stream of its own, so that all other pixels stay as they are.
  private func addTelegraph(
    _ x: Int, _ electrons: Double, y: Int, integration: Int, _ width: Int,
    _ samples: UnsafeMutableBufferPointer<UInt16>
  ) {
    var random = RandomStream(keys: stream + [UInt64(integration), UInt64(y), UInt64(x), 0x7e1e])
    var isHigh = random.uniform() < 0.5
    for k in timing.readTimes.indices {
      if k > 0, random.uniform() < 0.4 { isHigh.toggle() }
      let level = Double(samples[k * width + x]) + (isHigh ? electrons / detector.gain : 0)
      samples[k * width + x] = UInt16(min(max(level.rounded(), 0), Double(Self.fullScale)))
    }
  }

  /// Σ w_k y_k of pixel `x` of a row of samples.
  @inline(__always) private func fit(
    _ samples: UnsafeMutableBufferPointer<UInt16>, _ x: Int, _ width: Int, _ index: Int,
    value: UnsafeMutableBufferPointer<Float>, error: UnsafeMutableBufferPointer<Float>,
    quality: UnsafeMutableBufferPointer<UInt32>
  ) {
    var rate = 0.0
    var saturated = false
    for k in timing.weights.indices {
      let sample = samples[k * width + x]
      rate += timing.weights[k] * Double(sample)
      saturated = saturated || sample == Self.fullScale
    }
    value[index] = Float(rate)
    let variance = timing.variance(rate: rate, gain: detector.gain, readNoise: detector.readNoise)
    error[index] = Float(variance.squareRoot())
    if saturated { quality[index] = DQ.saturated | DQ.doNotUse }
  }
}
