import CatalogStore
import Glibc

/// Keeps the ballast of the catalog: notices that it was given up, and makes it anew when there is room. Pure but for
/// the two closures.
package struct BallastKeeper: Sendable {
  /// What is free besides the ballast once it is made again, in ballasts.
  private static let room: Double = 2
  /// With less free than this part of the ballast the disk counts as full: what is free then may be a file's own, or
  /// not be had at all.
  private static let full: Double = 0.125

  private let ballast: CatalogBallast
  private let reserveBytes: UInt64
  private let probe: DiskWatch.Probe
  /// Made by this keeper: then it is there as long as the file is, also where the disk does not tell what it takes.
  private var wasMade = false
  /// Set while the ballast is wanted and not there.
  package private(set) var shortage: DiskShortage?

  /// - Parameters:
  ///   - reserveBytes: below this, besides the ballast, it is not made again.
  ///   - known: what was told before; one that was given up is made again only when there is ample room.
  package init(
    _ ballast: CatalogBallast, reserveBytes: UInt64, known: [DiskShortage], probe: @escaping DiskWatch.Probe
  ) {
    self.ballast = ballast
    self.reserveBytes = reserveBytes
    self.probe = probe
    shortage = known.first { $0.ballastBytes != nil }
  }

  private var folder: String {
    String(ballast.path[..<(ballast.path.lastIndex(of: "/") ?? ballast.path.startIndex)])
  }

  /// Looks whether the ballast is there: gives it up when the disk is all but full, makes it where that is possible.
  ///
  /// - Returns: whether the state is another one than before.
  package mutating func look() -> Bool {
    let before = shortage != nil
    let free = probe(folder)?.freeBytes ?? 0
    if ballast.bytes > 0, ballast.isHeld || (wasMade && ballast.isThere) {
      guard Double(free) < Self.full * Double(ballast.bytes), ballast.release() else {
        shortage = nil
        return before
      }
      shortage = short(of: free)
      return !before
    }
    // What was given up is kept again only when jobs may go on, too.
    let room = Self.room * Double(ballast.bytes)
    let needed = shortage == nil ? room : max(Double(reserveBytes), room) + Double(ballast.bytes)
    let fault = ballast.bytes == 0 ? 0 : Double(free) >= needed ? ballast.hold() : ENOSPC
    wasMade = fault == 0
    let earlier = shortage?.ballastFault
    shortage = fault == 0 ? nil : short(of: free, fault)
    return before != (shortage != nil) || earlier != shortage?.ballastFault
  }

  private func short(of free: UInt64, _ fault: Int32 = ENOSPC) -> DiskShortage {
    let isFull = [ENOSPC, EDQUOT, EFBIG].contains(fault)
    return DiskShortage(
      path: folder, freeBytes: free, reserveBytes: reserveBytes, ballastBytes: ballast.bytes,
      ballastFault: isFull ? nil : String(cString: strerror(fault)))
  }
}
