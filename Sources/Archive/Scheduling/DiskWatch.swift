import CatalogStore
import Glibc

/// Free space where a folder lies.
package struct FreeSpace: Sendable, Equatable {
  /// Two folders of one disk have one device.
  package var device: UInt64
  package var freeBytes: UInt64

  package init(device: UInt64, freeBytes: UInt64) {
    self.device = device
    self.freeBytes = freeBytes
  }

  /// As the kernel says; nil when the folder is not there.
  package init?(of path: String) {
    var (space, status) = (statvfs(), stat())
    guard statvfs(path, &space) == 0, stat(path, &status) == 0 else { return nil }
    device = UInt64(status.st_dev)
    freeBytes = UInt64(space.f_bavail) * UInt64(space.f_frsize)
  }
}

/// Looks at the disks that the archive writes to, now and then, and knows which have less free than the reserve.
///
/// A disk that is low stays so until it has 5 % more than the reserve, so that one file that comes and goes is not told
/// as many crossings.
package struct DiskWatch: Sendable {
  package typealias Probe = @Sendable (String) -> FreeSpace?

  private static let margin: Double = 1.05

  private let folders: [String]
  private let reserveBytes: UInt64
  private let intervalSeconds: Double
  private let probe: Probe
  private var lookedAt: Double?

  /// Those with too little space, each by the first of its folders.
  package private(set) var low: [DiskShortage]

  /// - Parameters:
  ///   - folders: where the archive writes.
  ///   - reserveBytes: 0 for none.
  ///   - low: what was low before.
  package init(
    folders: [String], reserveBytes: UInt64, intervalSeconds: Double, low: [DiskShortage],
    probe: @escaping Probe
  ) {
    self.folders = folders
    self.reserveBytes = reserveBytes
    self.intervalSeconds = intervalSeconds
    self.low = low
    self.probe = probe
  }

  /// Looks when it is time (a clock that was set back makes it time).
  ///
  /// - Returns: whether it looked.
  package mutating func look(now: Double) -> Bool {
    if let lookedAt, now >= lookedAt, now - lookedAt < intervalSeconds { return false }
    lookedAt = now
    var devices: Set<UInt64> = []
    let before = Set(low.map(\.path))
    low = folders.compactMap { path in
      guard let space = probe(path), devices.insert(space.device).inserted else { return nil }
      let limit = before.contains(path) ? Double(reserveBytes) * Self.margin : Double(reserveBytes)
      guard Double(space.freeBytes) < limit else { return nil }
      return DiskShortage(path: path, freeBytes: space.freeBytes, reserveBytes: reserveBytes)
    }
    return true
  }
}
