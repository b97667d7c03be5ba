import CatalogStore
import Foundation
import Logging
import Settings

/// What became of one file named on the command line.
public struct IngestReport: Sendable, Equatable, Codable {
  public var path: String
  /// `recorded`, `known`, `moved`, `busy`, `refused`.
  public var outcome: String
  public var state: String
  public var obsname: String
  public var reason: String?
}

/// `irisarchive ingest FILE…`: the very same look and the very same record as the daemon's.
public struct OneShotIngest: Sendable {
  private let parts: ArchiveParts

  public init(root: String, settings: ArchiveSettings) throws(ArchiveError) {
    parts = try ArchiveParts(root: root, settings: settings, locked: false)
  }

  /// Takes each file in; one that is missing bytes is recorded as it is (nobody waits here).
  public func ingest(_ paths: [String]) throws(ArchiveError) -> [IngestReport] {
    var reports: [IngestReport] = []
    for path in paths { reports.append(try one(path)) }
    return reports
  }

  /// Compares the whole watched tree with the catalog: takes in what is new or different, marks what is gone as missing.
  ///
  /// - Returns: how many files lie there, and what became of those that were looked at.
  public func rescan() throws(ArchiveError) -> (files: Int, reports: [IngestReport]) {
    let folder = parts.layout.incoming
    let listing = TreeScan.list(folder, accepts: parts.filter.accepts)
    var comparison = PlaceComparison(listing)
    do {
      try parts.writer.reader.eachPlace(under: folder) { comparison.compare($0) }
    } catch {
      throw ArchiveParts.translated(error)
    }
    let reports = try ingest(comparison.unknown.map(\.path))
    do {
      try comparison.renumber(in: parts.writer) {}
      try MissingFiles(
        writer: parts.writer, logger: Logger(label: "ingest") { _ in SwiftLogNoOpLogHandler() }
      ).review(comparison.absent, listing, seen: comparison.seenDevices, of: folder)
    } catch {
      throw ArchiveParts.translated(error)
    }
    return (listing.files.count, reports)
  }

  private func one(_ path: String) throws(ArchiveError) -> IngestReport {
    let inspector = FileInspector(describer: parts.describer)
    let now = Date().timeIntervalSince1970
    switch inspector.inspect(path, arrivedAt: now) {
    case .ready(let frame), .incomplete(let frame): return try record(frame, now)
    case .busy:
      return refused(path, "busy", "somebody is writing to it; the daemon takes it in when it is closed")
    case .changed: return refused(path, "busy", "it changes while it is read")
    case .gone: return refused(path, "refused", "it vanished while it was looked at")
    case .notAFile(OddFile.folder):
      return refused(path, "refused", "a folder is no file; name the files in it")
    case .notAFile(let sentence): return refused(path, "refused", sentence)
    }
  }

  private func record(_ frame: NewFrame, _ now: Double) throws(ArchiveError) -> IngestReport {
    do {
      let outcome = try parts.writer.record(frame, recordedAt: now)
      let (word, id): (String, Int64) =
        switch outcome {
        case .recorded(let frame, _): ("recorded", frame)
        case .known(let frame): ("known", frame)
        case .moved(let frame): ("moved", frame)
        }
      let state = try parts.writer.reader.stateAndReason(frame: id)
      return IngestReport(
        path: frame.place.path, outcome: word, state: state?.state ?? frame.state,
        obsname: frame.description.obsname, reason: state?.reason ?? frame.reason)
    } catch {
      throw ArchiveParts.translated(error)
    }
  }

  private func refused(_ path: String, _ outcome: String, _ reason: String) -> IngestReport {
    IngestReport(path: path, outcome: outcome, state: "", obsname: "", reason: reason)
  }
}
