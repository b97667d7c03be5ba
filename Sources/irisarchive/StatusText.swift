import CatalogStore
import Foundation

/// The status for people.
struct StatusText {
  static let fileStates = ["received", "classified", "held", "quarantined", "duplicate", "missing"]
  static let productStates = ["current", "stale", "superseded", "missing"]
  static let deliveryStates = ["pending", "delivered", "failed", "dead"]

  let report: StatusReport
  private var catalog: CatalogStatus { report.catalog }

  init(report: StatusReport) {
    self.report = report
  }

  func text() -> String {
    var lines = ["daemon     \(report.daemon.sentence)"]
    if let reload = report.reload, !reload.accepted {
      lines.append(
        "reload     refused at \(CatalogTime.text(reload.at)), the old configuration is in force: "
          + "\(oneLine(reload.sentence)); mend it, then kill -HUP or systemctl reload")
    }
    if let time = report.reconciledAt {
      lines.append("compared   all of incoming at \(CatalogTime.text(time))")
    }
    lines.append(
      "arrival    \(catalog.arrivedLastMinute) files in the last minute, \(catalog.arrivedLastHour) in the last hour"
    )
    lines.append("files      " + counts(catalog.files, Self.fileStates))
    lines.append("products   " + counts(catalog.products, Self.productStates))
    lines.append("queue      " + counts(catalog.queue, JobsList.states))
    lines.append("hooks      " + counts(catalog.hooks, Self.deliveryStates))
    lines.append("to catalog " + delay(catalog.closeToCatalog))
    lines.append("to product " + delay(catalog.closeToProduct))
    if let context = catalog.context { lines.append("context    \(context)") }
    if let hidden = catalog.outOfSight { lines.append("incoming   \(oneLine(hidden))") }
    lines += report.disks.map { "disk       \($0.sentence)" }
    if !report.troubles.isEmpty { lines += ["", "catalog"] }
    lines += report.troubles.flatMap { ["  \($0.state): \(oneLine($0.reason))", "      \($0.next)"] }
    lines += concerns("disk low", catalog.diskLow)
    lines += concerns("waiting", catalog.waiting) + concerns("failed", catalog.failed)
    lines += concerns("held", catalog.held) + concerns("quarantined", catalog.quarantined)
    lines += concerns("stale", catalog.stale) + concerns("degraded", catalog.degraded)
    lines += concerns("references not inserted", catalog.refusedReferences)
    lines += concerns("hooks", report.hookProblems)
    if !catalog.notices.isEmpty { lines += ["", "log"] }
    lines += catalog.notices.prefix(5).map {
      "  \(CatalogTime.text($0.at))  \(oneLine($0.subject)): \(oneLine($0.sentence))"
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Known states in their order, those that are not empty.
  private func counts(_ counts: [String: Int], _ order: [String]) -> String {
    let words = order.compactMap { state in counts[state].map { "\($0) \(state)" } }
    return words.isEmpty ? "none" : words.joined(separator: ", ")
  }

  private func delay(_ delay: StatusDelay) -> String {
    guard let p50 = delay.p50, let p95 = delay.p95, let p99 = delay.p99 else { return "nothing measured yet" }
    let words = zip(["p50", "p95", "p99"], [p50, p95, p99]).map { "\($0) \(seconds($1))" }
    return "\(words.joined(separator: ", ")) (\(delay.count) newest)"
  }

  private func seconds(_ value: Double) -> String {
    value < 1 ? "\(Int((value * 1000).rounded())) ms" : "\((value * 10).rounded() / 10) s"
  }

  private func concerns(_ title: String, _ list: [StatusConcern]) -> [String] {
    guard !list.isEmpty else { return [] }
    return ["", title]
      + list.flatMap { ["  \(oneLine($0.name))  \($0.state): \(oneLine($0.reason))", "      \($0.next)"] }
  }

  private func oneLine(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "?" : $0 }))
  }
}
