import Dispatch
import Synchronization

/// Brings images onto one grid and combines them.
///
/// The output is made in bands of rows, one per thread; for a band only the rows of each input that reach it are read, so
/// memory is that of the mosaic and of a band per thread, however many inputs there are. The result does not depend on
/// bands or threads.
///
/// With the drop of input pixel i covering the share a of its area in an output pixel, `w = a x weight`: value
/// `sum w x / sum w`, error `sqrt(sum w² s²) / sum w`, that is of the single pixel: neighbours are correlated, see
/// `correlatedNoiseFactor`. Values keep their surface brightness (`x` is per input pixel, times `valueScale`); with the
/// ratio of pixel areas as `valueScale` the sum over the output is the flux. The local area of a pixel is not applied:
/// after a flat field, which holds it, it would count twice.
/// - Parameters:
///   - inputs: the images; those that do not touch the output are read by no one.
///   - width: pixels in a row of the output.
///   - height: rows of the output.
///   - options: kernel, method and the like.
/// - Throws: `PixelsError` for options that do not fit, and what reading throws.
public func resample(
  _ inputs: [ResampleInput], width: Int, height: Int, options: ResampleOptions = ResampleOptions()
) throws -> Mosaic {
  try options.validate(inputs)
  let room = Mosaic.Room(width: width, height: height, frames: inputs.count)
  let plan = ResamplePlan(inputs, width: width, height: height, options)
  let bands = plan.bands
  let failure = Mutex<(any Error)?>(nil)
  DispatchQueue.concurrentPerform(iterations: bands.count) { i in
    guard failure.withLock({ $0 == nil }) else { return }
    do {
      try plan.fill(bands[i], of: room)
    } catch {
      failure.withLock { $0 = $0 ?? error }
    }
  }
  if let error = failure.withLock({ $0 }) { throw error }
  return room.mosaic
}

/// What all bands of a mosaic share.
struct ResamplePlan: Sendable {
  let inputs: [ResampleInput]
  let width: Int
  let height: Int
  let options: ResampleOptions
  private let reaches: [InputReach]
  private let lanczos: LanczosTable?

  init(_ inputs: [ResampleInput], width: Int, height: Int, _ options: ResampleOptions) {
    self.inputs = inputs
    self.width = width
    self.height = height
    self.options = options
    let drop = options.kernel == .point || options.kernel == .shift ? 0 : options.pixfrac
    reaches =
      options.kernel.gathers
      ? [] : inputs.map { InputReach($0, drop: drop, turboSide: options.turboSide) }
    lanczos = options.kernel == .lanczos3 ? LanczosTable() : nil
  }

  /// Disjoint rows that cover the output. Their number follows from the memory allowed, never from the machine.
  var bands: [Range<Int>] {
    var bytes = MemoryLayout<SIMD4<Double>>.stride + 4
    if case .stack = options.method { bytes += 12 * inputs.count }
    let most = max(options.bandBytes / max(width * bytes, 1), 8)
    // Eight bands at least, so that cores share the work evenly.
    let rows = max(min(most, (height + 7) / 8), 1)
    return stride(from: 0, to: height, by: rows).map { $0..<min($0 + rows, height) }
  }

  /// Makes one band of the mosaic.
  func fill(_ rows: Range<Int>, of room: Mosaic.Room) throws {
    let (start, count) = (rows.lowerBound * width, rows.count * width)
    (room.coverage.base + start).initialize(repeating: 0, count: count)
    (room.exposure.base + start).initialize(repeating: 0, count: count)
    (room.weight.base + start).initialize(repeating: 0, count: count)
    for plane in room.context { (plane.base + start).initialize(repeating: 0, count: count) }
    let band = MosaicBand(width: width, rows: rows)
    let present = inputs.indices.compactMap { i in reaching(rows, i).map { (i, $0) } }
    switch options.method {
    case .mean:
      for (i, source) in present {
        try deposit(i, source, in: band)
        band.finishFrame(i, exposure: Float(inputs[i].exposure), in: room)
      }
      band.finish(in: room)
    case .stack(let combining):
      try stack(present, combining, band, in: room)
    }
  }

  /// The rows of an input that reach a band; nil when none does.
  private func reaching(_ rows: Range<Int>, _ index: Int) -> Range<Int>? {
    guard inputs[index].weight > 0 else { return nil }
    return options.kernel.gathers
      ? gatheredRows(of: inputs[index], for: rows) : reaches[index].rows(reaching: rows)
  }

  private func deposit(_ index: Int, _ source: Range<Int>, in band: MosaicBand) throws {
    let input = inputs[index]
    let pixels = try input.rows(source)
    switch options.kernel {
    case .square:
      SquareDrops(input, pixels, source, options).drop(into: band)
    case .turbo:
      TurboDrops(input, pixels, source, options, side: reaches[index].turboSide).drop(into: band)
    case .point, .shift:
      PointDrops(input, pixels, source, options).drop(into: band)
    case .lanczos3:
      guard let lanczos else { return }
      LanczosGather(input, pixels, source, options, lanczos).gather(into: band)
    }
  }

  /// Every frame by itself into the band, then the stack combined.
  private func stack(
    _ present: [(index: Int, rows: Range<Int>)], _ combining: CombineOptions, _ band: MosaicBand,
    in room: Mosaic.Room
  ) throws {
    let (start, count) = (band.firstRow * width, band.height * width)
    guard !present.isEmpty else { return band.finish(in: room) }
    let capacity = (count + 15) / 16 * 16
    let floats = PixelStorage<Float>(uninitialized: 2 * present.count * capacity)
    let marks = PixelStorage<UInt32>(uninitialized: present.count * capacity)
    for (k, (i, source)) in present.enumerated() {
      band.clear()
      try deposit(i, source, in: band)
      let room16 = floats.base + 2 * k * capacity
      band.finishSamples(
        value: room16, error: room16 + capacity, quality: marks.base + k * capacity, in: room)
      band.finishFrame(i, exposure: Float(inputs[i].exposure), in: room)
    }
    var combining = combining
    if combining.isWeighted {
      combining.weights = .frames(present.map { Float(inputs[$0.index].weight) })
    }
    let samples = (0..<present.count).map { k in
      let room16 = floats.base + 2 * k * capacity
      return CombineSamples(
        value: room16, error: room16 + capacity, quality: marks.base + k * capacity)
    }
    let scatter = PixelStorage<Float>(uninitialized: count)
    let used = PixelStorage<UInt16>(uninitialized: count)
    combineBand(
      samples, pixels: count, options: combining,
      into: CombineTarget(
        value: room.value.base + start, error: room.error.base + start, quality: room.quality.base + start,
        count: used.base, scatter: scatter.base))
    let (quality, coverage) = (room.quality.base + start, room.coverage.base + start)
    for i in 0..<count where coverage[i] == 0 { quality[i] |= DQ.doNotUse | DQ.nonScience }
  }
}
