import Associations
import CatalogStore
import Foundation
import JobContract
import Metadata
import References
import Settings

/// What daemon, one-shot ingest and explanations share: layout, catalog, rules.
struct ArchiveParts: Sendable {
  let layout: ArchiveLayout
  let writer: CatalogWriter
  let classifier: Classifier
  let associator: Associator
  let describer: FrameDescriber
  let waits: Waits
  let settings: ArchiveSettings
  let ballast: CatalogBallast
  private let lock: DaemonLock?

  var headers: HeaderLoader { HeaderLoader(reader: writer.reader, classifier: classifier) }
  var filter: FileNameFilter { FileNameFilter(ignored: settings.ignoredNames) }

  /// - Parameter locked: take the daemon's lock, and look whether the catalog is sound unless the last daemon came to its
  ///   own end.
  init(root: String, settings: ArchiveSettings, locked: Bool) throws(ArchiveError) {
    let layout = ArchiveLayout(root: root, settings: settings)
    let lock = locked ? try DaemonLock(path: layout.lock) : nil
    let ballast = CatalogBallast(catalog: layout.catalog, bytes: settings.diskBallastBytes)
    let writer: CatalogWriter
    do {
      writer = try CatalogWriter(path: layout.catalog, ballast: locked ? ballast : nil)
      if locked, try DaemonState.kept(in: writer.reader)?.state != DaemonState.stopped {
        try writer.reader.requireSound()
      }
    } catch {
      throw Self.translated(error)
    }
    try self.init(layout: layout, settings: settings, writer: writer, lock: lock)
  }

  private init(
    layout: ArchiveLayout, settings: ArchiveSettings, writer: CatalogWriter, lock: DaemonLock?
  ) throws(ArchiveError) {
    self.layout = layout
    self.settings = settings
    self.writer = writer
    self.lock = lock
    waits = Waits(settings)
    ballast = CatalogBallast(catalog: layout.catalog, bytes: settings.diskBallastBytes)
    do {
      classifier = try Classifier(yaml: try ArchiveLayout.text(layout.classification))
      associator = try Associator(files: try Self.ruleFiles(layout.associationRules))
      describer = FrameDescriber(
        classifier: classifier, night: NightName(turnoverSeconds: Int(settings.nightTurnoverSeconds)))
    } catch {
      throw Self.translated(error)
    }
  }

  /// The same archive, catalog and lock, with its rules read anew.
  func reread(_ settings: ArchiveSettings) throws(ArchiveError) -> ArchiveParts {
    try ArchiveParts(layout: layout, settings: settings, writer: writer, lock: lock)
  }

  private static let layingRulesDown = "irisarchive init ROOT lays missing files down again"

  private static func ruleFiles(_ folder: String) throws(ArchiveError) -> [(path: String, text: String)] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        .filter { $0.hasSuffix(".yaml") }
    } catch {
      throw ArchiveError(
        code: "configuration-unreadable", message: "the folder of association rules cannot be read",
        subject: folder, hint: layingRulesDown, underlying: error)
    }
    // Without a rule every file would count as associated, and never be looked at again.
    if names.isEmpty {
      throw ArchiveError(
        code: "configuration-no-rules", message: "no association rule (*.yaml) lies here", subject: folder,
        hint: layingRulesDown)
    }
    var files: [(path: String, text: String)] = []
    for name in names {
      files.append((folder + "/" + name, try ArchiveLayout.text(folder + "/" + name)))
    }
    return files
  }

  /// Any room's error as this room's, the five fields kept.
  static func translated(_ error: any Error) -> ArchiveError {
    switch error {
    case let e as ArchiveError: e
    case let e as CatalogError:
      ArchiveError(code: e.code, message: e.message, subject: e.subject, hint: e.hint, underlying: e)
    case let e as AssociationsError:
      ArchiveError(code: e.code, message: e.message, subject: e.subject, hint: e.hint, underlying: e)
    case let e as MetadataError:
      ArchiveError(code: e.code, message: e.message, subject: e.subject, hint: e.hint, underlying: e)
    case let e as ReferencesError:
      ArchiveError(code: e.code, message: e.message, subject: e.subject, hint: e.hint, underlying: e)
    default: ArchiveError(code: "unexpected", message: "\(error)", subject: "archive", underlying: error)
    }
  }
}
