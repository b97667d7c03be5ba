import CatalogStore

/// The archive's numbers in the text form of Prometheus (exposition format 0.0.4): pure.
package struct MetricsText: Sendable {
  package struct Disk: Sendable {
    /// `catalog`, `incoming`, `products`, `work`, `logs`.
    package var name: String
    package var freeBytes: UInt64

    package init(name: String, freeBytes: UInt64) {
      self.name = name
      self.freeBytes = freeBytes
    }
  }

  package var status: CatalogStatus
  package var disks: [Disk]
  /// Seconds since 1970 UTC, all three.
  package var startedAt: Double
  package var reconciledAt: Double?
  package var now: Double
  /// False when the configuration that was last asked for is not the one in force.
  package var reloaded: Bool

  package init(
    status: CatalogStatus, disks: [Disk], startedAt: Double, reconciledAt: Double?, now: Double,
    reloaded: Bool
  ) {
    self.status = status
    self.disks = disks
    self.startedAt = startedAt
    self.reconciledAt = reconciledAt
    self.now = now
    self.reloaded = reloaded
  }

  private static let fileStates = ["received", "classified", "held", "quarantined", "duplicate", "missing"]
  private static let productStates = ["current", "stale", "superseded", "missing"]
  private static let jobStates = ["waiting", "queued", "running", "done", "failed", "cancelled", "dead"]
  private static let deliveryStates = ["pending", "delivered", "failed", "dead"]

  /// One family: its help, its type, its samples.
  private struct Family {
    var name: String
    var help: String
    var samples: [(label: (String, String)?, value: Double)]
  }

  /// The whole text, with a newline at its end.
  package var text: String { families.map(Self.text).joined() }

  private var families: [Family] {
    var families = [
      states("irisarchive_files", "Raw files in the catalog.", status.files, Self.fileStates),
      states("irisarchive_products", "Products in the catalog.", status.products, Self.productStates),
      states("irisarchive_jobs", "Jobs of the queue.", status.queue, Self.jobStates),
      states(
        "irisarchive_hook_deliveries", "Events told, or to be told, to hooks.", status.hooks,
        Self.deliveryStates),
      one(
        "irisarchive_arrivals_last_hour", "Files recorded within the last hour.",
        Double(status.arrivedLastHour)),
      one(
        "irisarchive_associations_waiting", "Associations that wait, 20 at most.",
        Double(status.waiting.count)),
      delay(
        "irisarchive_close_to_catalog_seconds", "From a file's close to its record, newest 10000.",
        status.closeToCatalog),
      delay(
        "irisarchive_close_to_product_seconds",
        "From the close of a product's last input to the product's record, newest 10000.",
        status.closeToProduct),
      Family(
        name: "irisarchive_disk_free_bytes", help: "Free space where a folder of the archive lies.",
        samples: disks.map { (("folder", $0.name), Double($0.freeBytes)) }),
      one("irisarchive_disks_low", "Disks below the reserve: no job starts.", Double(status.diskLow.count)),
      one(
        "irisarchive_incoming_out_of_sight", "1 when the watched folder, or a part of it, is away.",
        status.outOfSight == nil ? 0 : 1),
      one("irisarchive_settled", "1 when nothing is under way.", status.settled ? 1 : 0),
      one(
        "irisarchive_configuration_accepted",
        "0 when the last reload was refused and the old one is in force.",
        reloaded ? 1 : 0),
      one("irisarchive_start_time_seconds", "When the daemon started, seconds since 1970.", startedAt),
      one("irisarchive_metrics_time_seconds", "When this was written, seconds since 1970.", now),
    ]
    if let reconciledAt {
      families.append(
        one(
          "irisarchive_last_reconcile_time_seconds",
          "When the whole tree was last compared with the catalog, seconds since 1970.", reconciledAt))
    }
    return families
  }

  private func one(_ name: String, _ help: String, _ value: Double) -> Family {
    Family(name: name, help: help, samples: [(nil, value)])
  }

  /// Every known state has its sample, so that a series does not end when its count becomes 0.
  private func states(_ name: String, _ help: String, _ counts: [String: Int], _ known: [String]) -> Family {
    let names = known + counts.keys.filter { !known.contains($0) }.sorted()
    return Family(
      name: name, help: help, samples: names.map { (("state", $0), Double(counts[$0] ?? 0)) })
  }

  private func delay(_ name: String, _ help: String, _ delay: StatusDelay) -> Family {
    let samples = [("50", delay.p50), ("95", delay.p95), ("99", delay.p99)].compactMap { percentile, value in
      value.map { (label: ("percentile", percentile) as (String, String)?, value: $0) }
    }
    return Family(name: name, help: help, samples: samples)
  }

  private static func text(_ family: Family) -> String {
    guard !family.samples.isEmpty else { return "" }
    let head = "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) gauge\n"
    return head
      + family.samples.map { sample in
        let label = sample.label.map { "{\($0.0)=\"\(escaped($0.1))\"}" } ?? ""
        return "\(family.name)\(label) \(number(sample.value))\n"
      }.joined()
  }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
  }
}
