import CWCSLIB
import FITSStructure
import Synchronization

/// wcslib's own description of a coordinate system, from its cards to its release.
///
/// `@unchecked Sendable` is safe: the pointers never change, and what they point to is used under `lock` only
/// (wcslib itself asks for no lock once `wcsset` has run, but does not promise it for distortions).
final class WCSStorage: @unchecked Sendable {
  private let lock = Mutex(())
  private var all: UnsafeMutablePointer<wcsprm>?
  private var count: Int32 = 0
  private let wcs: UnsafeMutablePointer<wcsprm>
  /// Whether longitude is the first of the two axes.
  private let longitudeFirst: Bool
  /// Positions worked on at a time, so that scratch memory is bounded.
  private static let batch = 16_384

  /// - Parameter cards: cards of a two-dimensional celestial system, as `WCSCards.normalized` leaves them.
  /// - Throws: `wcs-missing`, `wcs-invalid`, `wcs-singular`, `wcs-not-celestial`, `out-of-memory`.
  init(_ cards: [Card]) throws(AstrometryError) {
    let (text, records) = try Self.text(of: cards)
    var rejected: Int32 = 0
    var all: UnsafeMutablePointer<wcsprm>?
    var count: Int32 = 0
    let parsed = text.withUnsafeBufferPointer { bytes in
      // wcspih writes into the text only for negative `ctrl`.
      bytes.withMemoryRebound(to: CChar.self) {
        wcspih(
          UnsafeMutablePointer(mutating: $0.baseAddress), Int32(records), WCSHDR_all, 0, &rejected, &count,
          &all)
      }
    }
    guard parsed == 0 else { throw Self.error(parsed, "CTYPE1") }
    guard let first = all, count > 0 else {
      throw AstrometryError("wcs-missing", "there is no coordinate system", subject: "CTYPE1")
    }
    var failure: AstrometryError?
    if rejected > 0 {
      failure = AstrometryError(
        "wcs-invalid", "\(rejected) of its cards cannot be understood", subject: "CTYPE1")
    } else if first.pointee.naxis != 2 {
      failure = AstrometryError(
        "wcs-not-celestial", "it has \(first.pointee.naxis) axes and must have 2", subject: "WCSAXES")
    } else {
      // Translates units and obsolete projections; what it cannot mend, wcsset refuses.
      var mended = [Int32](repeating: 0, count: Int(NWCSFIX))
      _ = wcsfix(0, nil, first, &mended)
      let status = wcsset(first)
      if status != 0 {
        failure = Self.error(status, "CTYPE1")
      } else if first.pointee.lng < 0 || first.pointee.lat < 0 {
        failure = AstrometryError("wcs-not-celestial", "its axes are no sky position", subject: "CTYPE1")
      }
    }
    if let failure {
      wcsvfree(&count, &all)
      throw failure
    }
    (self.all, self.count, wcs) = (all, count, first)
    longitudeFirst = first.pointee.lng == 0
  }

  deinit { wcsvfree(&count, &all) }

  /// World coordinates of FITS pixels; NaN where there are none.
  func sky(_ pixels: [PixelPosition]) -> [SkyPosition] {
    let flat = pixels.flatMap { [$0.x, $0.y] }
    let world = transform(flat) { wcs, n, given, scratch, result, status in
      wcsp2s(wcs, n, 2, given, scratch, scratch + 2 * Int(n), scratch + 3 * Int(n), result, status)
    }
    return stride(from: 0, to: world.count, by: 2).map { i in
      longitudeFirst
        ? SkyPosition(longitude: world[i], latitude: world[i + 1])
        : SkyPosition(longitude: world[i + 1], latitude: world[i])
    }
  }

  /// FITS pixels of world coordinates; NaN where there are none, e.g. on the far side of the sky.
  func pixels(_ sky: [SkyPosition]) -> [PixelPosition] {
    let flat = sky.flatMap {
      longitudeFirst ? [$0.longitude, $0.latitude] : [$0.latitude, $0.longitude]
    }
    let found = transform(flat) { wcs, n, given, scratch, result, status in
      wcss2p(wcs, n, 2, given, scratch, scratch + Int(n), scratch + 2 * Int(n), result, status)
    }
    return stride(from: 0, to: found.count, by: 2).map { PixelPosition(x: found[$0], y: found[$0 + 1]) }
  }

  private typealias Call = (
    UnsafeMutablePointer<wcsprm>, Int32, UnsafePointer<Double>, UnsafeMutablePointer<Double>,
    UnsafeMutablePointer<Double>, UnsafeMutablePointer<Int32>
  ) -> Int32

  /// Pairs in, pairs out, in batches.
  private func transform(_ given: [Double], _ call: Call) -> [Double] {
    var result = [Double](repeating: .nan, count: given.count)
    let room = min(Self.batch, given.count / 2)
    var scratch = [Double](repeating: 0, count: 4 * room)
    var status = [Int32](repeating: 0, count: room)
    lock.withLock { _ in
      given.withUnsafeBufferPointer { given in
        result.withUnsafeMutableBufferPointer { result in
          guard let source = given.baseAddress, let target = result.baseAddress else { return }
          for start in stride(from: 0, to: given.count / 2, by: max(room, 1)) {
            let n = min(room, given.count / 2 - start)
            run(call, n, source + 2 * start, &scratch, target + 2 * start, &status)
          }
        }
      }
    }
    return result
  }

  /// One batch; when it fails as a whole (a distortion that does not converge), one position after another.
  private func run(
    _ call: Call, _ n: Int, _ given: UnsafePointer<Double>, _ scratch: UnsafeMutablePointer<Double>,
    _ result: UnsafeMutablePointer<Double>, _ status: UnsafeMutablePointer<Int32>
  ) {
    status.update(repeating: 0, count: n)
    let outcome = call(wcs, Int32(n), given, scratch, result, status)
    let isPartial = [WCSERR_BAD_PIX.rawValue, WCSERR_BAD_WORLD.rawValue].contains(UInt32(bitPattern: outcome))
    if outcome != 0 && !isPartial && n > 1 {
      for i in 0..<n { run(call, 1, given + 2 * i, scratch, result + 2 * i, status) }
      return
    }
    for i in 0..<n where status[i] != 0 || (outcome != 0 && !isPartial) || !Self.isFinite(given + 2 * i) {
      result[2 * i] = .nan
      result[2 * i + 1] = .nan
    }
  }

  private static func isFinite(_ pair: UnsafePointer<Double>) -> Bool { pair[0].isFinite && pair[1].isFinite }

  /// Records of 80 characters with `END`, and how many.
  private static func text(of cards: [Card]) throws(AstrometryError) -> ([UInt8], Int) {
    var records: [String] = []
    for card in cards {
      do throws(FITSStructureError) {
        records += try card.formatted()
      } catch {
        throw AstrometryError("wcs-invalid", error.message, subject: card.keyword, underlying: error)
      }
    }
    records.append("END" + String(repeating: " ", count: 77))
    return (Array(records.joined().utf8), records.count)
  }

  private static func error(_ status: Int32, _ subject: String) -> AstrometryError {
    switch wcs_errmsg_enum(rawValue: UInt32(bitPattern: status)) {
    case WCSERR_MEMORY:
      AstrometryError("out-of-memory", "no memory for a coordinate system", subject: subject)
    case WCSERR_SINGULAR_MTX:
      AstrometryError("wcs-singular", "its matrix cannot be inverted", subject: "CD1_1")
    case WCSERR_BAD_CTYPE:
      AstrometryError(
        "wcs-invalid", "its axis types are not known or do not belong together", subject: subject)
    default:
      AstrometryError(
        "wcs-invalid", "its parameters are not valid (wcslib status \(status))", subject: subject)
    }
  }
}
