import CatalogStore
import Foundation
import Glibc
import Logging
import ServiceLifecycle
import Synchronization

/// Writes the archive's numbers every so often, whole and by rename, for Prometheus' node exporter (textfile
/// collector).
final class MetricsService: Service {
  struct Settings: Sendable, Equatable {
    /// nil: nothing is written.
    var path: String?
    var intervalSeconds: Double
  }

  private let settings: Mutex<Settings>
  private let reader: CatalogReader
  private let layout: ArchiveLayout
  private let startedAt: Double
  private let logger: Logger
  /// The last failure that the log has.
  private let told = Mutex<String?>(nil)

  init(
    settings: Settings, reader: CatalogReader, layout: ArchiveLayout, startedAt: Double, logger: Logger
  ) {
    self.settings = Mutex(settings)
    self.reader = reader
    self.layout = layout
    self.startedAt = startedAt
    self.logger = logger
  }

  /// From the next time on.
  func use(_ new: Settings) { settings.withLock { $0 = new } }

  func run() async throws {
    await cancelWhenGracefulShutdown { await self.loop() }
  }

  private func loop() async {
    var writtenAt: ContinuousClock.Instant?
    while !Task.isCancelled {
      let settings = settings.withLock { $0 }
      let isDue = writtenAt.map { ContinuousClock.now - $0 >= .seconds(settings.intervalSeconds) } ?? true
      if let path = settings.path, isDue {
        writtenAt = .now
        write(to: path)
      }
      // Cancellation ends the wait early; a shorter interval after a reload is noticed within a second.
      try? await Task.sleep(for: .seconds(min(1, settings.intervalSeconds)))
    }
  }

  private func write(to path: String) {
    do {
      let text = try text()
      let temporary = path + ".\(getpid()).tmp"
      try Data(text.utf8).write(to: URL(fileURLWithPath: temporary))
      guard chmod(temporary, 0o644) == 0, rename(temporary, path) == 0 else {
        let why = String(cString: strerror(errno))
        unlink(temporary)
        throw ArchiveError(code: "metrics-unwritable", message: why, subject: path)
      }
      told.withLock { $0 = nil }
    } catch {
      let sentence = "\(error)"
      let isNew = told.withLock { told in
        defer { told = sentence }
        return told != sentence
      }
      if isNew { logger.error("the metrics could not be written", metadata: ["error": "\(sentence)"]) }
    }
  }

  private func text() throws -> String {
    let now = Date().timeIntervalSince1970
    let folders = [
      ("catalog", (layout.catalog as NSString).deletingLastPathComponent), ("incoming", layout.incoming),
      ("products", layout.products), ("work", layout.work), ("logs", layout.logs),
    ]
    return MetricsText(
      status: try reader.status(now: now),
      disks: folders.compactMap { name, path in
        FreeSpace(of: path).map { .init(name: name, freeBytes: $0.freeBytes) }
      }, startedAt: startedAt,
      reconciledAt: try reader.fact(DaemonFact.reconciled).flatMap(Double.init), now: now,
      reloaded: try ReloadState.kept(in: reader)?.accepted ?? true
    ).text
  }
}
