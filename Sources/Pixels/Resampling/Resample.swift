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
  let inputs = inputs.weighedWithinFloats()
  let room = Mosaic.Room(width: width, height: height, frames: inputs.count)
  let plan = ResamplePlan(inputs, width: width, height: height, options)
  let strips = plan.strips
  let failure = Mutex<(any Error)?>(nil)
  DispatchQueue.concurrentPerform(iterations: strips.count) { i in
    guard failure.withLock({ $0 == nil }) else { return }
    do {
      try plan.fill(strips[i], of: room)
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

  /// Disjoint rows that cover the output, of each of which the inputs are read as a whole. Their number follows from the
  /// memory allowed, never from the machine.
  var strips: [Range<Int>] {
    var strips: [Range<Int>] = []
    // Eight at least, so that cores share the work evenly.
    let most = max((height + 7) / 8, 1)
    var start = 0
    while start < height {
      var rows = min(most, height - start)
      while rows > leastRows, inputBytes(start..<start + rows) > options.bandBytes {
        rows = max(rows / 2, leastRows)
      }
      strips.append(start..<start + rows)
      start += rows
    }
    return strips
  }

  /// A strip of so few rows is one band.
  private var leastRows: Int { min(16, bandRows) }

  /// Memory for the rows of all inputs that reach a strip; of inputs turned against the output they are many.
  private func inputBytes(_ rows: Range<Int>) -> Int {
    inputs.indices.reduce(0) { sum, i in
      guard inputs[i].image == nil || options.kernel.gathers else { return sum }
      let reached = reaching(rows, i)?.count ?? 0
      return sum + reached * inputs[i].width * (options.kernel.gathers ? 28 : 12)
    }
  }

  /// Rows whose sums stay in the cache while they are added to.
  private var bandRows: Int { min(max((3 << 20) / max(width * 36, 1), 4), height) }

  /// Makes one strip of the mosaic.
  func fill(_ rows: Range<Int>, of room: Mosaic.Room) throws {
    let step = min(bandRows, rows.count)
    let band = MosaicBand(width: width, rows: step)
    if step == rows.count, options.method == .mean { return try average(rows, band, of: room) }
    let loaded = try inputs.indices.compactMap { i in try reaching(rows, i).map { try load(i, $0) } }
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: step) {
      band.move(to: start..<min(start + step, rows.upperBound))
      fill(band, with: loaded, of: room)
    }
  }

  /// Makes a strip that is one band, one input in memory at a time.
  private func average(_ rows: Range<Int>, _ band: MosaicBand, of room: Mosaic.Room) throws {
    band.move(to: rows)
    empty(rows, of: room)
    for i in inputs.indices {
      guard let reached = reaching(rows, i) else { continue }
      let source = try load(i, reached)
      deposit(source, reached, in: band)
      band.finishFrame(i, exposure: Float(source.input.exposure), in: room)
    }
    band.finish(in: room)
  }

  /// No frame yet in some rows.
  private func empty(_ rows: Range<Int>, of room: Mosaic.Room) {
    let (start, count) = (rows.lowerBound * width, rows.count * width)
    (room.coverage.base + start).initialize(repeating: 0, count: count)
    (room.exposure.base + start).initialize(repeating: 0, count: count)
    (room.weight.base + start).initialize(repeating: 0, count: count)
    for plane in room.context { (plane.base + start).initialize(repeating: 0, count: count) }
  }

  private func fill(_ band: MosaicBand, with loaded: [LoadedInput], of room: Mosaic.Room) {
    let rows = band.firstRow..<band.firstRow + band.height
    empty(rows, of: room)
    let present = loaded.compactMap { source in reaching(rows, source.index).map { (source, $0) } }
    switch options.method {
    case .mean:
      for (source, reached) in present {
        deposit(source, reached, in: band)
        band.finishFrame(source.index, exposure: Float(source.input.exposure), in: room)
      }
      band.finish(in: room)
    case .stack(let combining):
      stack(present, combining, band, in: room)
    }
  }

  private func load(_ index: Int, _ rows: Range<Int>) throws -> LoadedInput {
    let input = inputs[index]
    guard options.kernel.gathers else {
      let pixels = try input.image ?? input.rows(rows)
      return LoadedInput(
        index: index, input: input, pixels: pixels, firstRow: input.image == nil ? rows.lowerBound : 0,
        padded: nil)
    }
    let pixels = try input.rows(rows)
    return LoadedInput(
      index: index, input: input, pixels: Measured(width: 0, height: 0), firstRow: rows.lowerBound,
      padded: PaddedInput(pixels, scale: input.valueScale, excludedFlags: options.excludedFlags))
  }

  /// The rows of an input that reach rows of the output; nil when none does.
  private func reaching(_ rows: Range<Int>, _ index: Int) -> Range<Int>? {
    guard inputs[index].weight > 0 else { return nil }
    return options.kernel.gathers
      ? gatheredRows(of: inputs[index], for: rows) : reaches[index].rows(reaching: rows)
  }

  private func deposit(_ loaded: LoadedInput, _ rows: Range<Int>, in band: MosaicBand) {
    if let lanczos, let padded = loaded.padded {
      LanczosGather(loaded, padded, lanczos).gather(into: band)
      return
    }
    let reach = reaches[loaded.index]
    let source = DropSource(
      loaded, rows: rows, reach: reach.reach, band, excludedFlags: options.excludedFlags)
    switch options.kernel {
    case .square: SquareDrops(source, pixfrac: options.pixfrac).drop(into: band)
    case .turbo: TurboDrops(source, side: reach.turboSide * options.pixfrac).drop(into: band)
    case .point, .shift, .lanczos3: PointDrops(source).drop(into: band)
    }
  }

  /// Every frame by itself into the band, then the stack combined.
  private func stack(
    _ present: [(source: LoadedInput, rows: Range<Int>)], _ combining: CombineOptions, _ band: MosaicBand,
    in room: Mosaic.Room
  ) {
    let (start, count) = (band.firstRow * width, band.height * width)
    guard !present.isEmpty else { return band.finish(in: room) }
    let capacity = (count + 15) / 16 * 16
    let floats = PixelStorage<Float>(uninitialized: 2 * present.count * capacity)
    let marks = PixelStorage<UInt32>(uninitialized: present.count * capacity)
    for (k, (source, rows)) in present.enumerated() {
      if k > 0 { band.clear() }
      deposit(source, rows, in: band)
      let own = floats.base + 2 * k * capacity
      band.finishSamples(
        value: own, error: own + capacity, quality: marks.base + k * capacity, in: room)
      band.finishFrame(source.index, exposure: Float(source.input.exposure), in: room)
    }
    var combining = combining
    combining.weights =
      combining.isWeighted ? .frames(present.map { Float($0.source.input.weight) }) : .equal
    let samples = (0..<present.count).map { k in
      let own = floats.base + 2 * k * capacity
      return CombineSamples(
        value: own, error: own + capacity, quality: marks.base + k * capacity)
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
