import Archive
import CatalogStore
import Foundation

/// What `status` tells: the catalog's numbers, whether the daemon is alive, and the disks.
struct StatusReport {
  let catalog: CatalogStatus
  let daemon: DaemonPulse
  let disks: [DiskSpace]
  /// What keeps the daemon from writing to the catalog.
  let troubles: [CatalogTrouble]
  let now: Double
  /// Hooks that were not told, that are refused, or whose settings are not understood.
  let hookProblems: [StatusConcern]

  /// What became of the last reload; nil when none was asked for.
  let reload: ReloadState?
  /// When the whole tree was last compared with the catalog.
  let reconciledAt: Double?

  init(root: String, reader: CatalogReader, folders: [(name: String, path: String)], now: Double) throws {
    catalog = try reader.status(now: now)
    daemon = DaemonPulse(root: root, fact: try reader.fact("daemon"))
    disks = ([("catalog", root + "/catalog")] + folders).compactMap { DiskSpace(name: $0.0, path: $0.1) }
    self.now = now
    reload = try ReloadState.kept(in: reader)
    reconciledAt = try reader.fact(DaemonFact.reconciled).flatMap(Double.init)
    hookProblems =
      HookFolder(root: root).faults().map {
        StatusConcern(name: $0.path, state: $0.state, reason: $0.reason ?? "", next: "irisarchive hooks list")
      } + catalog.hookProblems
    troubles = CatalogCheckup(path: root + "/catalog/catalog.sqlite", daemon: daemon.process)
      .concerns(newest: try reader.newestRecord(), now: now)
  }

  func json() -> JSONValue {
    .object([
      "daemon": daemon.json, "watching_since": JSONValue(time: daemon.watchingSince),
      "last_reconcile": JSONValue(time: reconciledAt),
      "reload": reload.map {
        .object([
          "at": JSONValue(time: $0.at), "accepted": .flag($0.accepted), "sentence": .text($0.sentence),
        ])
      } ?? .null,
      "arrival": .object([
        "last_minute": JSONValue(catalog.arrivedLastMinute), "last_hour": JSONValue(catalog.arrivedLastHour),
        "per_minute": .real(Double(catalog.arrivedLastHour) / 60),
      ]),
      "files": JSONValue(complete(catalog.files, StatusText.fileStates)),
      "products": JSONValue(complete(catalog.products, StatusText.productStates)),
      "queue": JSONValue(complete(catalog.queue, JobsList.states)), "waiting": list(catalog.waiting),
      "held": list(catalog.held), "quarantined": list(catalog.quarantined), "failed": list(catalog.failed),
      "stale": list(catalog.stale), "degraded": list(catalog.degraded),
      "refused_references": list(catalog.refusedReferences),
      "hooks": JSONValue(complete(catalog.hooks, StatusText.deliveryStates)),
      "hook_problems": list(hookProblems), "close_to_catalog_s": delay(catalog.closeToCatalog),
      "close_to_product_s": delay(catalog.closeToProduct), "context": JSONValue(catalog.context),
      "out_of_sight": JSONValue(catalog.outOfSight), "settled": .flag(catalog.settled),
      "disk_low": list(catalog.diskLow), "catalog_troubles": .list(troubles.map(\.json)),
      "disk": .list(disks.map(\.json)),
      "notices": .list(
        catalog.notices.map {
          .object([
            "at": JSONValue(time: $0.at), "subject": .text($0.subject), "sentence": .text($0.sentence),
          ])
        }),
    ])
  }

  func text() -> String { StatusText(report: self).text() }

  private func complete(_ counts: [String: Int], _ states: [String]) -> [String: Int] {
    counts.merging(states.map { ($0, 0) }) { count, _ in count }
  }

  private func list(_ concerns: [StatusConcern]) -> JSONValue {
    .list(
      concerns.map {
        .object([
          "name": .text($0.name), "state": .text($0.state), "reason": .text($0.reason),
          "next": .text($0.next),
        ])
      })
  }

  private func delay(_ delay: StatusDelay) -> JSONValue {
    .object([
      "count": JSONValue(delay.count), "p50": JSONValue(delay.p50), "p95": JSONValue(delay.p95),
      "p99": JSONValue(delay.p99),
    ])
  }
}
