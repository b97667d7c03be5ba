import FITSIO
import FITSStructure
import Metadata
import Pixels

/// The readouts of one exposure while they are still landing, taken one at a time in the order of their numbers.
///
/// `@unchecked Sendable` is safe: it is used by one thread at a time, that of the run which owns it.
public final class LiveReadouts: @unchecked Sendable {
  /// Tells the next file that is whole, waiting for it; nil when none came in time.
  public typealias Arrivals = () throws -> String?

  private let arrivals: Arrivals
  private var order: ReadoutOrder
  private var known: [ReadoutOrder.Place: Readout] = [:]
  /// What was taken, in order.
  private var taken: [Readout] = []
  /// The file that began the exposure.
  public let first: String
  /// Is told every file that is taken in, at once.
  public var onTake: (@Sendable (String) -> Void)?
  private let exposure: [String]
  private let sample: Readout

  /// Waits for the first readout and takes it as the exposure's.
  ///
  /// - Parameter isWanted: whether an exposure of this detector and number is meant; others are passed over.
  /// - Throws: `no-readouts` when none came in time, or what `arrivals` throws.
  public init(
    isWanted: (_ detector: String?, _ number: Int?) -> Bool = { _, _ in true }, arrivals: @escaping Arrivals
  ) throws {
    self.arrivals = arrivals
    var begun: Readout?
    while begun == nil {
      guard let path = try arrivals() else {
        throw ModelError(
          code: "no-readouts", message: "no readout landed in time", subject: "readouts",
          hint: "look where the detector's files go, or wait longer")
      }
      guard let readout = try? Readout(path: path), readout.metadata.isReadout || readout.read >= 0 else {
        continue
      }
      let detector = readout.metadata.readoutDetectorID ?? readout.metadata.detector
      if isWanted(detector, readout.metadata.readoutExposureNumber) { begun = readout }
    }
    guard let begun else { preconditionFailure("no exposure was begun") }
    sample = begun
    first = begun.path
    exposure = begun.exposure
    order = ReadoutOrder(
      expectedReads: begun.metadata.expectedReads, expectedRamps: begun.metadata.expectedRamps ?? 1)
    take(begun)
  }

  /// What is known of the ramp before its reads: its last reads are not there yet.
  var declared: (readout: Readout, shape: RampShape) {
    let axes = sample.image.axes
    return (
      sample,
      RampShape(
        integrations: order.expectedRamps, reads: order.expectedReads ?? 0,
        height: axes.count > 1 ? axes[1] : 1, width: axes.first ?? 0)
    )
  }

  /// The next read, waited for: a band of one integration and one read that holds all rows, with its numbers and the
  /// seconds since its reset (nil when the header does not say). Nil when the exposure is complete, or nothing came in
  /// time.
  public func next() throws -> (band: RampBand, ramp: Int, read: Int, seconds: Double?)? {
    while true {
      if let place = order.next(), let readout = known.removeValue(forKey: place) {
        guard readout.isComplete else {
          taken.append(readout)
          continue
        }
        let rows = try band(of: readout)
        taken.append(readout)
        return (rows, place.ramp, place.read, readout.metadata.secondsSinceReset)
      }
      if known.isEmpty && order.isComplete { return nil }
      guard let path = try arrivals() else {
        if known.isEmpty { return nil }
        order.end()
        continue
      }
      if let readout = try? Readout(path: path), belongs(readout) { take(readout) }
    }
  }

  /// An exposure of which all is taken that came.
  public struct Finished: Sendable {
    /// The headers of its reads as one.
    public let header: Header
    /// What is missing of it, and where its headers contradict each other, one sentence each.
    public let missing: [String]
    /// What a person may want to know of the headers.
    public let notes: [String]
    /// Its files, by ramp and read.
    public let files: [String]
  }

  /// The exposure as it is when all is taken.
  ///
  /// - Parameter rules: how the headers of reads become one.
  public func finished(rules: HeaderMerging = .standard) throws(ModelError) -> Finished {
    let set = try ReadoutSet(taken)
    let merged = set.headers(rules).merged()
    return Finished(
      header: set.header(merged), missing: set.missing + merged.contradictions, notes: merged.notes,
      files: set.readouts.map(\.path))
  }

  /// The same numbers with another reset are another exposure.
  private func belongs(_ readout: Readout) -> Bool {
    guard readout.exposure == exposure else { return false }
    let reset = readout.metadata.resetTimeMicroseconds
    return (taken + known.values).allSatisfy { other in
      guard let reset, let theirs = other.metadata.resetTimeMicroseconds else { return true }
      if reset == theirs { return true }
      return other.ramp != readout.ramp && (reset > theirs) == (readout.ramp > other.ramp)
    }
  }

  private func take(_ readout: Readout) {
    let place = ReadoutOrder.Place(ramp: readout.ramp, read: readout.read)
    guard order.insert(place) else { return }
    known[place] = readout
    onTake?(readout.path)
  }

  private func band(of readout: Readout) throws -> RampBand {
    let shape = declared.shape
    let file = try FITSFile(reading: readout.path)
    let samples = try Ramp<Float>(
      uninitializedIntegrations: 1, reads: 1, height: shape.height, width: shape.width
    ) { try file.readPixels(of: readout.hdu, into: $0, startingAt: 0) }
    try file.close()
    return RampBand(samples: samples)
  }
}

extension RampSource {
  /// A ramp whose reads are still landing: it has headers and a shape as far as they are declared, and no rows.
  public init(live: LiveReadouts) {
    let (readout, shape) = live.declared
    self.init(
      header: readout.header, scienceHeader: readout.scienceHeader, unit: readout.image.unit, shape: shape,
      times: nil, fullScale: readout.image.storedType.fullScale, content: NoRows(path: readout.path))
  }
}

/// The rows of a ramp that is not there yet.
private struct NoRows: RampRows {
  let path: String

  func band(_ part: PixelWindow) throws(ModelError) -> RampBand {
    throw ModelError(
      code: "reads-outstanding", message: "the reads of this exposure are still landing", subject: path)
  }
}
