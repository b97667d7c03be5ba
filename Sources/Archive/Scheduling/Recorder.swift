import CatalogStore
import FITSStructure
import Foundation
import Glibc
import JobContract
import Logging

/// Takes a finished run into the archive: checks what it reports, moves the products into place, records everything in
/// one transaction, keeps the log, clears the attempt's folder.
struct Recorder: Sendable {
  let writer: CatalogWriter
  let layout: ArchiveLayout
  let describer: FrameDescriber
  let logger: Logger

  /// - Returns: ids of the products' frames.
  /// - Throws: ``ArchiveError`` when the report does not hold (`report-…`, `product-…`).
  func record(_ report: RunReport, spec: JobSpec, job: JobRecord, run: RunRecord) throws(ArchiveError)
    -> [Int64]
  {
    let inputs = try inputs(of: spec, job: job)
    var products: [CatalogWriter.FinishedProduct] = []
    let version: Int
    do {
      version = try writer.reader.nextVersion(association: job.associationID)
    } catch {
      throw ArchiveParts.translated(error)
    }
    for product in report.products {
      products.append(try take(product, spec: spec, job: job, version: version))
    }
    guard !products.isEmpty else {
      throw ArchiveError(
        code: "report-empty", message: "the run succeeded without a product", subject: job.name,
        hint: "irisarchive log \(job.name)")
    }
    let frames: [Int64]
    do {
      frames = try writer.complete(
        job: job, run: run, report: report, inputs: inputs, products: products,
        at: Date().timeIntervalSince1970)
    } catch {
      throw ArchiveParts.translated(error)
    }
    keepLog(job: job, run: run)
    clear(run.folder)
    return frames
  }

  /// What the run was made of, by content: the association may have other members by now.
  ///
  /// - Throws: ``ArchiveError`` `input-unknown` when the catalog has no frame of a content; a product without its whole
  ///   provenance is not taken.
  private func inputs(
    of spec: JobSpec, job: JobRecord
  ) throws(ArchiveError) -> [(role: String, frame: Int64, sha256: String)] {
    var inputs: [(role: String, frame: Int64, sha256: String)] = []
    let used =
      spec.inputs.map { (role: $0.exptype.rawValue, name: $0.name, path: $0.path, sha256: $0.sha256) }
      + (spec.previous ?? []).map {
        (role: PreviousExposure.role, name: $0.name, path: $0.path, sha256: $0.sha256)
      }
    for input in used {
      let frame: FrameRecord?
      do {
        frame = try writer.reader.frame(sha256: input.sha256, name: input.name)
      } catch {
        throw ArchiveParts.translated(error)
      }
      guard let frame else {
        throw ArchiveError(
          code: "input-unknown", message: "the run used a file whose content is in no record of the catalog",
          subject: input.path, hint: "irisarchive jobs show \(job.name); then irisarchive verify")
      }
      inputs.append((role: input.role, frame: frame.id, sha256: input.sha256))
    }
    return inputs
  }

  // MARK: products

  private func take(
    _ product: ProductReport, spec: JobSpec, job: JobRecord, version: Int
  ) throws(ArchiveError) -> CatalogWriter.FinishedProduct {
    guard spec.fileNames[product.kind] == product.fileName else {
      throw ArchiveError(
        code: "report-name", message: "the run reports a product that was not asked for",
        subject: product.fileName,
        hint: "irisarchive log \(job.name)")
    }
    let source = spec.outputDirectory + "/" + product.fileName
    let described = describer.describe(headers: product.headers.map { HeaderText(text: $0) })
    let folder = product.level == 0 ? "references" : (described.description.night ?? "undated")
    let target = "\(layout.products)/\(folder)/\(product.fileName)"
    try check(product, at: access(source, F_OK) == 0 ? source : target)
    try place(product, from: source, at: target)
    placePreview(of: product, from: spec.outputDirectory, besides: target)
    return try finished(product, at: target, described, version)
  }

  private func check(_ product: ProductReport, at path: String) throws(ArchiveError) {
    guard FileHasher.read(path) == product.sha256 else {
      throw ArchiveError(
        code: "product-changed", message: "the product's content is not what its run reported", subject: path,
        hint: "irisarchive doctor checks the disk; the job runs again with irisarchive jobs retry")
    }
  }

  private func finished(
    _ product: ProductReport, at path: String, _ described: FrameDescriber.Described, _ version: Int
  ) throws(ArchiveError) -> CatalogWriter.FinishedProduct {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw ArchiveError(
        code: "product-gone", message: "the product vanished from its place", subject: path,
        hint: "irisarchive doctor")
    }
    var description = described.description
    description.kind = product.kind
    description.level = product.level == 0 ? nil : product.level
    description.fields["kind"] = product.kind
    description.fields["level"] = product.level == 0 ? "reference" : String(product.level)
    let headers = product.headers.map { text in
      NewFrame.Header(
        name: HeaderText(text: text).cards.first { $0.keyword == "EXTNAME" }?.string ?? "", text: text)
    }
    let frame = NewFrame(
      place: FileInspector.place(path, status), sha256: product.sha256, state: "current", reason: nil,
      description: description, headers: headers, arrivedAt: Date().timeIntervalSince1970)
    return .init(
      frame: frame, kind: product.kind, version: version, quality: product.quality)
  }

  /// Moves a product into place. A file that lies there and that the catalog does not know is what a crash (or a
  /// rolled-back commit) left: it is kept aside under `work/orphans` and noted, never overwritten.
  private func place(_ product: ProductReport, from source: String, at target: String) throws(ArchiveError) {
    do throws(ArchiveError) {
      _ = try FileMover.move(source, to: target, sha256: product.sha256)
    } catch {
      guard error.code == "product-exists", (try? writer.reader.isPlace(target)) == false else { throw error }
      try putAside(target, "a product without a record")
      let picture = Self.previewPath(besides: target)
      if access(picture, F_OK) == 0 { try putAside(picture, "the preview of a product without a record") }
      _ = try FileMover.move(source, to: target, sha256: product.sha256)
    }
  }

  private func putAside(_ path: String, _ what: String) throws(ArchiveError) {
    let aside = "\(layout.work)/orphans/\(UUID().uuidString)-\((path as NSString).lastPathComponent)"
    _ = try FileMover.move(path, to: aside, sha256: "")
    try? writer.note(
      "\(what) was found in its place and put aside as \(aside)", subject: path,
      at: Date().timeIntervalSince1970)
  }

  // MARK: previews

  /// Where the quick-look picture of a product lies.
  static func previewPath(besides product: String) -> String {
    (product as NSString).deletingPathExtension + ".png"
  }

  /// Moves the picture beside its product, before the catalog and so before any hook knows of the product. What a
  /// crash leaves is adopted with the product; whatever else has its name is put aside. A product without its picture
  /// is as good: that is only logged.
  private func placePreview(of product: ProductReport, from folder: String, besides target: String) {
    guard let preview = product.preview else { return }
    let place = Self.previewPath(besides: target)
    do throws(ArchiveError) {
      guard (place as NSString).lastPathComponent == preview.fileName else {
        throw ArchiveError(
          code: "report-name", message: "the run's preview is not named like its product",
          subject: preview.fileName, hint: nil)
      }
      let source = folder + "/" + preview.fileName
      let isThere = access(source, F_OK) == 0
      guard FileHasher.read(isThere ? source : place) == preview.sha256 else {
        throw ArchiveError(
          code: "product-changed", message: "the preview is not what its run reported", subject: source,
          hint: nil)
      }
      if isThere, access(place, F_OK) == 0, FileHasher.read(place) != preview.sha256 {
        try putAside(place, "a file of a preview's name")
      }
      _ = try FileMover.move(source, to: place, sha256: preview.sha256)
    } catch {
      logger.warning(
        "a preview was not taken", metadata: ["product": "\(product.fileName)", "error": "\(error)"])
    }
  }

  // MARK: leftovers

  /// Moves the attempt's log to the logs folder, where `irisarchive log` finds it.
  func keepLog(job: JobRecord, run: RunRecord) {
    let target = layout.log(job.name, run.attempt)
    do {
      try FileMover.makeFolder((target as NSString).deletingLastPathComponent)
      if access(run.folder + "/job.log", F_OK) == 0 {
        try? FileManager.default.removeItem(atPath: target)
        do {
          try FileManager.default.moveItem(atPath: run.folder + "/job.log", toPath: target)
        } catch {
          logger.warning(
            "the job's log stays in its folder", metadata: ["job": "\(job.name)", "error": "\(error)"])
        }
      }
    } catch {
      logger.warning("the folder for logs cannot be made", metadata: ["error": "\(error)"])
    }
  }

  /// Removes an attempt's folder, which holds only what the run itself wrote.
  func clear(_ folder: String) {
    guard folder.hasPrefix(layout.work + "/") else { return }
    do {
      if access(folder, F_OK) == 0 { try FileManager.default.removeItem(atPath: folder) }
      rmdir((folder as NSString).deletingLastPathComponent)
    } catch {
      logger.warning("an attempt's folder stays", metadata: ["folder": "\(folder)", "error": "\(error)"])
    }
  }
}
