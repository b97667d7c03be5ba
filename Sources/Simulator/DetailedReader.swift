import Glibc
import Pixels

/// Reads the rows of a detector with all that its pixels and its electronics do.
///
/// In this order: photons, dark current, released charge and cosmic rays add up to electrons, up to the full well; the
/// response curve makes adu of them; the pixel's pedestal with the noise of its reset, the level of its output, 1/f
/// noise and the noise of the read come on top; the converter rounds and clips to 16 bits.
struct DetailedReader: Sendable {
  let detector: DetectorModel
  let model: ReadoutModel
  let timing: RampTiming
  let window: ReadWindow
  let stream: [UInt64]
  let ramps: [RampDisturbance]
  private let tickSeconds: Double
  private let rowTicks: Int
  private let stripes: [(channel: Int, columns: Range<Int>)]
  private let common: FlickerNoise
  private let flicker: [FlickerNoise]

  init(
    detector: DetectorModel, model: ReadoutModel, timing: RampTiming, window: ReadWindow, stream: [UInt64],
    ramps: [RampDisturbance], frameSeconds: Double
  ) {
    (self.detector, self.model, self.timing) = (detector, model, timing)
    (self.window, self.stream, self.ramps) = (window, stream, ramps)
    rowTicks = model.stripes.ticksPerRow(of: window)
    stripes = model.stripes.stripes(of: window)
    let frameTicks = rowTicks * window.height
    let tick = frameSeconds / Double(frameTicks)
    tickSeconds = tick
    let seconds = (ramps.last?.start ?? 0) + (timing.readTimes.last ?? 0) + frameSeconds
    let noise: (UInt64, Double) -> FlickerNoise = { name, rms in
      FlickerNoise(
        name: stream + [0xf11c, name], rms: rms / detector.gain, frameTicks: frameTicks,
        totalTicks: Int(seconds / tick) + 1)
    }
    common = noise(0, model.options.commonFlicker)
    flicker = (0..<model.stripes.count).map { noise(UInt64($0) + 1, model.options.channelFlicker) }
  }

  /// Reads one row of the window.
  ///
  /// - Parameters:
  ///   - row: photo-electrons and dark electrons per second of the window's row `y`.
  ///   - samples: (read, x).
  ///   - saturatedFrom: is given the first read in which a pixel is full, the number of reads where none is.
  func read(
    _ row: UnsafeBufferPointer<Float>, y: Int, integration: Int,
    into samples: UnsafeMutableBufferPointer<UInt16>, saturatedFrom: UnsafeMutableBufferPointer<Int16>?
  ) {
    let (width, reads, ramp) = (row.count, timing.readTimes.count, ramps[integration])
    withUnsafeTemporaryAllocation(of: Double.self, capacity: reads * width) { levels in
      fillLevels(levels, width, y: y, ramp)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: reads * width) { charge in
        charge.initialize(repeating: 0)
        for hit in ramp.hits[y] ?? [] { charge[hit.read * width + hit.x] += hit.electrons }
        readPixels(
          row, y: y, integration: integration, levels: levels, charge: charge, into: samples,
          saturatedFrom: saturatedFrom)
      }
    }
  }

  /// What the outputs add, adu: shift, drift, glitch and 1/f noise of (read, x).
  private func fillLevels(
    _ levels: UnsafeMutableBufferPointer<Double>, _ width: Int, y: Int, _ ramp: RampDisturbance
  ) {
    for (k, time) in timing.readTimes.enumerated() {
      let tick = Int(((ramp.start + time) / tickSeconds).rounded()) + y * rowTicks
      withUnsafeTemporaryAllocation(of: Double.self, capacity: rowTicks) { shared in
        shared.initialize(repeating: 0)
        common.add(from: tick, to: shared)
        for (channel, columns) in stripes {
          let first = k * width + columns.lowerBound - window.x
          let part = UnsafeMutableBufferPointer(rebasing: levels[first..<first + columns.count])
          let base = ramp.shifts[channel] + ramp.drifts[channel] * time + ramp.glitches[k]
          let parity = 0.5 * ramp.parityDrifts[channel] * time
          for (i, x) in columns.enumerated() {
            part[i] = base + (x & 1 == 0 ? parity : -parity) + shared[i]
          }
          flicker[channel].add(from: tick, to: part)
        }
      }
    }
  }

  private func readPixels(
    _ row: UnsafeBufferPointer<Float>, y: Int, integration: Int, levels: UnsafeMutableBufferPointer<Double>,
    charge: UnsafeMutableBufferPointer<Double>, into samples: UnsafeMutableBufferPointer<UInt16>,
    saturatedFrom: UnsafeMutableBufferPointer<Int16>?
  ) {
    var random = RandomStream(keys: stream + [UInt64(integration), UInt64(y + window.y)])
    let (width, times, gain) = (row.count, timing.readTimes, detector.gain)
    let noise = detector.readNoise / gain
    let resetNoise = model.options.resetNoise / gain
    let ramp = ramps[integration]
    let line = (y + window.y) * detector.size + window.x
    let pixels = PixelConstants(model, line..<line + width, trapped: ramp.trapped)
    GaussianDeviates.standard.withSource { gauss in
      for x in 0..<width {
        let pedestal = pixels.superbias[x] + resetNoise * gauss.next(&random)
        let isReference = model.isReference(x: x + window.x, y: y + window.y)
        let (rate, well) = (isReference ? 0 : Double(row[x]), pixels.fullWell[x])
        let trapped = isReference ? 0 : pixels.trapped[x]
        var (electrons, last, interval) = (0.0, 0.0, -1.0)
        var photons = PoissonDeviates(mean: 0)
        var firstFull = times.count
        for k in times.indices {
          let elapsed = times[k] - last
          if abs(elapsed - interval) > 1e-9 || trapped > 0 {
            interval = elapsed
            photons = PoissonDeviates(mean: rate * elapsed + released(trapped, last, times[k]))
          }
          last = times[k]
          electrons += photons.next(&random) + charge[k * width + x]
          if electrons >= well {
            electrons = well
            firstFull = min(firstFull, k)
          }
          let signal = model.curve.measured(electrons / gain, strength: pixels.strength[x])
          let level = (pedestal + signal + noise * gauss.next(&random) + levels[k * width + x]).rounded()
          if level >= Double(RampSimulator.fullScale) { firstFull = min(firstFull, k) }
          samples[k * width + x] = UInt16(min(max(level, 0), Double(RampSimulator.fullScale)))
        }
        saturatedFrom?[x] = Int16(clamping: firstFull)
      }
    }
  }

  /// Electrons that come out of traps between two times after the reset.
  @inline(__always) private func released(_ trapped: Double, _ from: Double, _ to: Double) -> Double {
    guard trapped > 0 else { return 0 }
    let tau = model.options.persistenceSeconds
    return trapped * (exp(-from / tau) - exp(-to / tau))
  }
}

/// What the pixels of a row are like.
private struct PixelConstants {
  let superbias: [Double]
  let fullWell: [Double]
  let strength: [Double]
  let trapped: [Double]

  init(_ model: ReadoutModel, _ range: Range<Int>, trapped: Plane<Float>?) {
    superbias = Self.row(model.superbias, range)
    fullWell = Self.row(model.fullWell, range)
    strength = Self.row(model.strength, range)
    self.trapped = trapped.map { Self.row($0, range) } ?? [Double](repeating: 0, count: range.count)
  }

  private static func row(_ plane: Plane<Float>, _ range: Range<Int>) -> [Double] {
    plane.withUnsafeBuffer { $0[range].map(Double.init) }
  }
}
