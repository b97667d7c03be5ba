/// How the sky of a dithered frame is made of its neighbours.
public struct DitherSkyOptions: Sendable, Equatable {
  /// Rejection of outliers among the neighbours at a pixel, or nil for none.
  public var clipping: Clipping?
  /// A sky of fewer samples is flagged `UNRELIABLE_ERROR`.
  public var minimumSamples: Int
  /// Pixels with any of these flags are no sample of the sky.
  public var excludedFlags: UInt32
  /// Pixels of a frame beyond this many sigmas (of the MAD) of its median are no sample of its level.
  public var levelKappa: Float

  /// Options with the house's defaults: kappa 3, 3 samples, level clipped at 5 sigma.
  public init(
    clipping: Clipping? = Clipping(), minimumSamples: Int = 3,
    excludedFlags: UInt32 = DQ.doNotUse | DQ.nonScience | DQ.referencePixel | DQ.dead, levelKappa: Float = 5
  ) {
    self.clipping = clipping
    self.minimumSamples = minimumSamples
    self.excludedFlags = excludedFlags
    self.levelKappa = levelKappa
  }
}

/// The sky of dithered frames of one detector, each made of those nearest to it in time (Clement 2012):
/// `sky_i = S_i + B_i` with `S_i = median over j of (I_j - B_j)` beside the sources of each j, and B the frames' levels.
///
/// Frames are read in bands of rows whenever a sky is asked for, so that a set of any length fits in memory;
/// `patterns` makes all S_i in one pass over the frames for who has the room to keep them.
public struct DitherSky: Sendable {
  /// Gives rows of a frame. May be called by any thread.
  public typealias Reader = @Sendable (_ frame: Int, _ rows: Range<Int>) throws -> Measured

  /// Pixels in a row of each frame.
  public let width: Int
  /// Rows of each frame.
  public let height: Int
  /// The frames that tell the sky of each frame.
  public let neighbors: [[Int]]
  /// How skies are made.
  public let options: DitherSkyOptions
  /// The level B of each frame.
  public var levels: [Float]
  /// The sources in each frame.
  public var masks: [PixelMask]
  private let read: Reader

  /// Skies without any source masked, of frames that have level 0.
  public init(
    width: Int, height: Int, neighbors: [[Int]], options: DitherSkyOptions = DitherSkyOptions(),
    reading read: @escaping Reader
  ) {
    self.width = width
    self.height = height
    self.neighbors = neighbors
    self.options = options
    self.read = read
    levels = Array(repeating: 0, count: neighbors.count)
    masks = Array(repeating: PixelMask(width: width, height: height), count: neighbors.count)
  }

  /// The number of frames.
  public var frameCount: Int { neighbors.count }

  /// Rows of a frame as they came.
  public func frame(_ i: Int, rows: Range<Int>) throws -> Measured { try read(i, rows) }

  /// S_i of some rows: value, one-sigma error, and `UNRELIABLE_ERROR` where fewer than `minimumSamples` frames tell it.
  /// Flags of single samples are not in it: they say something of another exposure. Where no frame tells the sky it is
  /// 0 (the frame's level is all that is known of it), with the error of one sample.
  public func pattern(of i: Int, rows: Range<Int>) throws -> Measured {
    if isComplete {
      return leaveOneOut.combined(try (0..<frameCount).map { try prepared($0, rows) }, for: [i])[0]
    }
    return combined(try neighbors[i].map { try prepared($0, rows) }, rows)
  }

  /// S of every frame in one pass: each frame is read once.
  ///
  /// - Parameters:
  ///   - rowsPerBand: rows of each frame held at a time.
  ///   - body: takes frame, rows and S; called on the caller's thread, bands upwards.
  public func forEachPattern(
    rowsPerBand: Int = 128, _ body: (_ frame: Int, _ rows: Range<Int>, _ pattern: Measured) throws -> Void
  ) throws {
    for first in stride(from: 0, to: height, by: max(rowsPerBand, 1)) {
      let rows = first..<min(first + max(rowsPerBand, 1), height)
      let bands = try (0..<frameCount).map { try prepared($0, rows) }
      if isComplete {
        let patterns = leaveOneOut.combined(bands, for: Array(0..<frameCount))
        for i in 0..<frameCount { try body(i, rows, patterns[i]) }
        continue
      }
      for i in 0..<frameCount { try body(i, rows, combined(neighbors[i].map { bands[$0] }, rows)) }
    }
  }

  /// Whether every frame has all others for neighbours: then one sorting serves them all.
  private var isComplete: Bool { frameCount > 1 && neighbors.allSatisfy { $0.count == frameCount - 1 } }

  private var leaveOneOut: LeaveOneOut {
    LeaveOneOut(frameCount: frameCount, options: combining, minimumSamples: options.minimumSamples)
  }

  /// A frame's rows less its level, what may not be used marked `DO_NOT_USE`.
  private func prepared(_ j: Int, _ rows: Range<Int>) throws -> Measured {
    var band = try read(j, rows)
    band.value.subtract(levels[j])
    masks[j].raise(DQ.doNotUse, in: &band.quality, rows: rows)
    return band
  }

  private var combining: CombineOptions {
    CombineOptions(
      method: .median, clipping: options.clipping, excludedFlags: options.excludedFlags | DQ.doNotUse)
  }

  private func combined(_ samples: [Measured], _ rows: Range<Int>) -> Measured {
    guard !samples.isEmpty else {
      var nothing = Measured(width: width, height: rows.count)
      nothing.raise(DQ.unreliableError)
      return nothing
    }
    return SkySamples(samples).finish(combine(samples, options: combining), least: options.minimumSamples)
  }
}

/// The frames that a sky was combined of, to fill what none of them tells.
struct SkySamples {
  private let samples: [Measured]

  init(_ samples: [Measured]) { self.samples = samples }

  /// The sky of a combination: flags by the number of samples, `fill` where there was none.
  func finish(_ combined: Combined, least: Int, fill: Float = 0, error: Float? = nil) -> Measured {
    var sky = combined.measured
    let used = combined.count
    let width = sky.width
    let height = sky.height
    var holes: [Int] = []
    sky.quality.withUnsafeMutableBuffer { quality in
      used.withUnsafeBuffer { used in
        // Bands are disjoint, so no two threads write the same pixel.
        nonisolated(unsafe) let (quality, used) = (quality, used)
        forEachRowBand(height: height, width: width) { rows in
          for i in rows.lowerBound * width..<rows.upperBound * width {
            quality[i] = used[i] < least ? DQ.unreliableError : 0
          }
        }
        for i in used.indices where used[i] == 0 { holes.append(i) }
      }
    }
    for i in holes {
      sky.value[i % width, i / width] = fill
      sky.error[i % width, i / width] = error ?? typicalError(i)
    }
    return sky
  }

  /// The mean of the samples' errors at a pixel, of those that have one: 0 of none.
  private func typicalError(_ i: Int) -> Float {
    var (sum, count) = (Float(0), Float(0))
    for sample in samples {
      let e = sample.error[i % sample.width, i / sample.width]
      if e.isFinite { (sum, count) = (sum + e, count + 1) }
    }
    return count > 0 ? sum / count : 0
  }
}
